"""Tables made of downloads: what is in use, and what is said, when files and readers go wrong."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.faults.archives import zipped
from tests.faults.conftest import HOST, Bench
from tests.replica.formats import workbook
from tests.replica.server import Answer
from tests.unit.sources.conftest import minimal
from will_pipeline.errors import SourceFault
from will_pipeline.mart.dimensions import source_dimension
from will_pipeline.sources.descriptor import Descriptor
from will_pipeline.sources.online import OnlineTables, TableState, make_all

TODAY = datetime.datetime(2026, 11, 26, 2, 30, tzinfo=datetime.UTC)
HEADER = (
    "DATAFLOW,FREQ,REF_AREA,DATA_TYPE,SEX,TIME_PERIOD,OBS_VALUE,OBS_STATUS,NOTE_DS,"
    "NOTE_REF_AREA,NOTE_DATA_TYPE,NOTE_SEX,BASE_PER,UNIT_MEAS,UNIT_MULT\n"
)


def answer(value: object, *, town: str = "034027", year: int = 2024) -> bytes:
    other = f"IT1:29_316(1.0),A,035033,FJAN,9,{year}-01-01,20.0,,,,,,,,\n"
    one = f"IT1:29_316(1.0),A,{town},FJAN,9,{year}-01-01,{value},,,,,,,,\n"
    return (HEADER + one + other).encode()


def a_table(**online: Any) -> Descriptor:
    made = {
        **minimal(),
        "key": "stranieri",
        "key_columns": ["pro_com", "year"],
        "columns": [
            {"name": "pro_com", "type": "String", "it": "Comune.", "pattern": r"^\d{6}$"},
            {"name": "year", "type": "Int64", "it": "Anno.", "max": 2025},
            {"name": "sex", "type": "String", "it": "Sesso."},
            {"name": "foreign_population", "type": "Int64", "it": "Stranieri.", "min": 1},
            {"name": "flag", "type": "String", "it": "Segno.", "required": False},
        ],
        "invariants": [],
        "variable_columns": None,
        "rows": {"min": 1, "max": 10},
        "live": {
            "host": HOST,
            "files": [{"name": "dati", "path": "/dati.csv"}],
            "format": "sdmx_csv",
            "delimiter": ",",
            "size_bytes": {"min": 10, "max": 100_000},
            "rows": {"min": 1, "max": 100},
            "retry": {"attempts": 1, "read": 5.0},
        },
        "online": {
            "downloads": ["stranieri"],
            "reader": "istat_sdmx:foreign_residents",
            "rows": {"min": 1, "max": 10},
            **online,
        },
    }
    return Descriptor.model_validate(made)


@dataclass
class Table:
    """A source, its downloads and its table."""

    bench: Bench
    source: Descriptor
    tables: OnlineTables
    corrections: Path

    def night(self, content: Answer | bytes | None = None) -> TableState:
        if content is not None:
            self.bench.replica.serve("/dati.csv", content)
        self.bench.refresh(self.source)
        return self.make()

    def make(
        self, cities: tuple[str, ...] = ("034027", "035033"), *, replicas: bool = True
    ) -> TableState:
        made = make_all(
            {self.source.key: self.source},
            self.tables,
            self.bench.archive,
            cities=cities,
            corrections=self.corrections,
            now=TODAY,
            replicas=replicas,
        )
        return made[self.source.key]

    def people(self) -> list[int]:
        table = self.tables.table(self.source)
        assert table is not None
        return table.read()["foreign_population"].to_list()


@pytest.fixture
def table(bench: Bench, tmp_path: Path) -> Table:
    return Table(bench, a_table(), OnlineTables(tmp_path / "tavole"), tmp_path)


def test_a_table_is_sealed_and_says_what_it_was_made_of(table: Table) -> None:
    state = table.night(answer("10.0"))
    assert (state.mark, state.reason) == ("", "")
    assert table.people() == [10, 20]
    found = table.tables.table(table.source)
    assert found is not None
    pin = found.pin()
    assert pin.sha256 == state.table
    assert [each.name for each in pin.source_files] == ["stranieri/dati"]


def test_nothing_is_read_again_while_nothing_changes(table: Table) -> None:
    first = table.night(answer("10.0"))
    folder = table.tables.folder / "stranieri"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert table.night() == first
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_other_bytes_of_the_same_figures_are_the_same_table(table: Table) -> None:
    first = table.night(answer("10.0"))
    second = table.night(answer("10"))
    assert second.asked != first.asked
    assert second.table == first.table


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (Answer(status=503), "risponde 503"),
        (b"<html></html>", "una pagina web"),
        (answer("10.5"), "10.5"),
        (answer("0.0"), "sotto il minimo"),
        (answer("10.0", year=2031), "sopra il massimo"),
        (answer("10.0", town="099999"), "034027"),
        (answer("10.0", town="035033"), ""),
    ],
    ids=["dead", "page", "t14-fraction", "zero", "t14-extra-period", "absent-town", "repeated"],
)
def test_t14_what_cannot_be_read_leaves_the_last_good_table_marked(
    table: Table, content: Answer | bytes, told: str
) -> None:
    good = table.night(answer("10.0"))
    state = table.night(content)
    assert told in state.reason
    assert state.table == good.table
    assert table.people() == [10, 20]
    assert state.mark.startswith("L'ultima copia non si è potuta avere o non va bene")
    healed = table.night(answer("11.0"))
    assert (healed.mark, table.people()) == ("", [11, 20])


def test_a_mark_is_the_same_whatever_went_wrong(table: Table) -> None:
    table.night(answer("10.0"))
    dead, broken = table.night(Answer(status=503)), table.night(answer("x"))
    assert dead.mark == broken.mark != ""


def test_without_a_first_copy_the_embedded_figures_are_in_use_and_marked(table: Table) -> None:
    state = table.night(Answer(status=404))
    assert state.table is None
    assert "cifre incluse nel progetto" in state.mark
    assert table.tables.table(table.source) is None


def test_other_cities_are_read_from_the_same_copies(table: Table) -> None:
    table.night(answer("10.0"))
    asked = len(table.bench.replica.asked)
    assert table.make(cities=("035033",)).mark == ""
    assert table.people() == [20]
    assert len(table.bench.replica.asked) == asked


def test_what_a_replica_served_is_never_taken_for_the_source(table: Table) -> None:
    table.bench.refresh(table.source)
    table.bench.replica.serve("/dati.csv", answer("10.0"))
    table.bench.refresh(table.source)
    state = table.make(replicas=False)
    assert state.table is None
    assert "viene da una replica" in state.reason


def test_f07_a_flipped_bit_in_a_table_is_seen_and_the_table_made_again(table: Table) -> None:
    state = table.night(answer("10.0"))
    path = next((table.tables.folder / "stranieri").rglob("*.parquet"))
    good = path.read_bytes()
    for place in range(0, len(good), max(len(good) // 40, 1)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        found = table.tables.table(table.source)
        assert found is not None
        with pytest.raises(SourceFault, match="il contenuto è cambiato"):
            found.read()
    assert table.night().table == state.table
    assert path.read_bytes() == good


def test_f07_an_altered_copy_in_the_archive_is_not_read(table: Table) -> None:
    table.night(answer("10.0"))
    copy = next((table.bench.archive.root / "stranieri").glob("*.csv"))
    copy.write_bytes(copy.read_bytes().replace(b"10.0", b"90.0"))
    assert table.make().reason == "stranieri, file -: non c'è ancora nessuna copia"
    assert table.people() == [10, 20]


def test_f05_a_sheet_of_another_shape_is_not_read(bench: Bench, tmp_path: Path) -> None:
    declared = a_table(reader="istat_bes:provinces").model_dump()
    declared["live"] |= {"format": "xlsx_zip", "size_bytes": {"min": 10, "max": 10**6}}
    declared["live"]["members"] = [{"name": "bes.xlsx", "pattern": r".*\.xlsx"}]
    source = Descriptor.model_validate(declared)
    table = Table(bench, source, OnlineTables(tmp_path / "tavole"), tmp_path)
    rows = [["Totale comuni", "", ""], ["codice", "residenti"], [16024.0, 10], ["Totale", 10]]
    state = table.night(zipped({"r.xlsx": workbook({"Foglio1": rows, "Note": [["x"]]})}))
    assert "cifre incluse" in state.mark
    assert "bes.xlsx" in state.reason


def test_a_marked_source_is_told_to_readers_of_the_mart(table: Table) -> None:
    table.night(answer("10.0"))
    state = table.night(Answer(status=503))
    found = table.tables.table(table.source)
    assert found is not None
    rows = source_dimension({"stranieri": (found.source, found.pin())}, {"stranieri": state.mark})
    assert rows["aggiornata"].to_list() == [False]
    assert "resta in uso quella del" in rows["problemi_noti"][0]
    assert isinstance(rows, pl.DataFrame)
