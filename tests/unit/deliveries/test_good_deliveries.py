"""Good files of every kind, in every format a municipality may write, become the same tables."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.deliveries.examples import (
    GOOD,
    TODAY,
    TOWN,
    as_csv,
    as_workbook,
    changed,
    examined,
)  # fmt: skip
from will_pipeline.deliveries.areas import Areas
from will_pipeline.deliveries.blank import blank_csv, blank_workbook
from will_pipeline.deliveries.catalogue import harmonised, load_templates
from will_pipeline.deliveries.intake import Tables, examine

KINDS = sorted(GOOD)


def same(one: Tables, other: Tables) -> bool:
    return one.keys() == other.keys() and all(one[name].equals(other[name]) for name in one)


def test_every_kind_has_a_good_example() -> None:
    assert sorted(load_templates()) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_delivery_fills_its_tables_alike_from_csv_and_workbook(
    kind: str, areas: Areas
) -> None:
    from_csv = examined(as_csv(kind, GOOD[kind]), kind, areas)
    from_workbook = examined(as_workbook(kind, GOOD[kind]), kind, areas)
    assert from_csv.problems == from_workbook.problems == ()
    assert same(from_csv.tables, from_workbook.tables)
    rows = {part.table: len(GOOD[kind][part.name]) for part in load_templates()[kind].parts}
    assert {name: frame.height for name, frame in from_csv.tables.items()} == rows


def test_users_are_read_as_written(areas: Areas) -> None:
    table = examined(as_csv("utenti_servizi", GOOD["utenti_servizi"]), "utenti_servizi", areas)
    assert table.tables["service_users"].rows() == [
        (f"{TOWN}.Q01", "solitudine", 2024, 42),
        (f"{TOWN}.Q02", "mobilita", 2025, 0),
        (f"{TOWN}.Q03", "nuove_generazioni", 2025, 17),
    ]


def test_codes_of_a_town_never_meet_those_of_another(areas: Areas) -> None:
    places = examined(as_csv("presidi", GOOD["presidi"]), "presidi", areas).tables[
        "delivered_place"
    ]
    assert places["place_id"].to_list() == [f"{TOWN}-B1", f"{TOWN}-B2"]
    assert set(places["source_id"]) == {f"consegna_presidi_{TOWN}"}
    assert places["lon"].to_list() == [None, 10.333]
    assert places["lat"].to_list() == [None, 44.801]
    assert places["verified_on"].to_list() == [date(2026, 3, 12), None]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", [lambda rows: rows[::-1], lambda rows: rows[1:] + rows[:1]])
def test_the_order_of_rows_changes_nothing(kind: str, turn, areas: Areas) -> None:
    moved = {part: turn(rows) for part, rows in GOOD[kind].items()}
    before = examined(as_csv(kind, GOOD[kind]), kind, areas)
    assert same(before.tables, examined(as_csv(kind, moved), kind, areas).tables)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_any_usual_csv_is_read(encoding: str, separator: str, newline: str, areas: Areas) -> None:
    lines = ["area;bisogno;anno;utenti", "Città Alta;mobilità;2025;42", "", "Q03;giovani;2025;7;"]
    text = newline.join(lines).replace(";", separator)
    found = examined({"utenti_servizi.csv": text.encode(encoding)}, "utenti_servizi", areas)
    assert found.problems == ()
    assert found.tables["service_users"]["users"].to_list() == [42, 7]


def test_columns_may_stand_in_any_order_and_case(areas: Areas) -> None:
    text = "sep=;\r\nUtenti; ANNO ;Area;Bisogno\r\n42;2025;q01;Giovani\r\n"
    found = examined({"utenti_servizi.csv": text.encode()}, "utenti_servizi", areas)
    assert found.tables["service_users"].row(0) == (f"{TOWN}.Q01", "giovani", 2025, 42)


@pytest.mark.parametrize(
    "written", ["Q01", "q01", f"{TOWN}.Q01", "Centro", "centro", "Q01 - Centro"]
)
def test_an_area_may_be_written_by_code_or_name(written: str, areas: Areas) -> None:
    rows = changed("utenti_servizi", "utenti", 0, area=written)
    found = examined(as_csv("utenti_servizi", rows), "utenti_servizi", areas)
    assert found.tables["service_users"]["area_id"].to_list()[0] == f"{TOWN}.Q01"


HOSTILE = [
    '=HYPERLINK("http://x.example";"qui")', "<img src=x onerror=alert(1)>",
    "'; DROP TABLE service_users; --", "+cmd|' /C calc'!A0", "@SUM(A1)", 'due "virgolette"; e ;',
    "riga\nsu due righe", "{{ 7 * 7 }}", "${jndi:ldap://x}",
]  # fmt: skip


@pytest.mark.parametrize("write", [as_csv, as_workbook])
def test_hostile_text_passes_as_text(write, areas: Areas) -> None:
    first = GOOD["voce_tavolo"]["voci"][0]
    rows = [first | {"codice": str(at), "sintesi": text} for at, text in enumerate(HOSTILE)]
    found = examined(write("voce_tavolo", {"voci": rows}), "voce_tavolo", areas)
    assert found.problems == ()
    assert found.tables["table_statement"]["summary"].to_list() == HOSTILE


@st.composite
def users(draw: st.DrawFn) -> list[dict[str, str]]:
    keys = st.tuples(
        st.sampled_from(["Q01", "Q02", "Colle"]),
        st.sampled_from(["giovani", "solitudine", "Mobilità", "nuove_generazioni"]),
        st.integers(1990, TODAY.year),
    )
    chosen = draw(st.lists(keys, min_size=1, max_size=12, unique=True))
    return [
        {
            "area": area, "bisogno": theme, "anno": str(year),
            "utenti": str(draw(st.integers(0, 3_000))),
        }
        for area, theme, year in chosen
    ]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=20)
@given(rows=users())
def test_what_is_written_in_the_template_is_what_is_read(
    rows: list[dict[str, str]], areas: Areas
) -> None:
    for write in (blank_csv, blank_workbook):
        template = load_templates()["utenti_servizi"]
        files = write(template, areas, rows={"utenti": rows})
        tables = {n: c for n, c in files.items() if n.endswith((".csv", ".xlsx"))}
        found = examine(tables, template, areas, today=TODAY)
        assert found.problems == ()
        table = found.tables["service_users"]
        assert table.schema == pl.Schema(
            {"area_id": pl.String, "theme": pl.String, "year": pl.Int32, "users": pl.Int32}
        )
        assert sorted(table["users"].to_list()) == sorted(int(row["utenti"]) for row in rows)
        assert set(table.select("area_id", "year").rows()) == {
            (areas.find(row["area"], "Q"), int(row["anno"])) for row in rows
        }


@settings(max_examples=30)
@given(value=st.decimals(-(10**6), 10**6, places=2), comma=st.booleans())
def test_decimals_come_back_exactly(value, comma: bool, areas: Areas) -> None:
    text = f"{value:.2f}".replace(".", "," if comma else ".")
    rows = changed("misure", "serie", 0, valore=text)
    found = examined(as_csv("misure", rows), "misure", areas)
    assert found.tables["measure_outcome"]["value"].to_list()[0] == float(value)


@pytest.mark.parametrize("kind", KINDS)
def test_templates_fill_every_column_of_their_contracts(kind: str) -> None:
    for part in load_templates()[kind].parts:
        contract = harmonised()[part.table]
        assert contract.from_deliveries
        targets = {column.target: column for column in part.columns}
        given_by_intake = {"pro_com", "source_id"}
        assert {c.name for c in contract.columns} - given_by_intake == set(targets)
        for column in contract.columns:
            if column.name in targets:
                mine = targets[column.name]
                assert mine.required or not column.required
                assert column.allowed is None or set(mine.allowed) <= set(column.allowed)
                assert column.min is None or mine.min is not None or mine.type == "anno"
                assert mine.min is None or column.min is None or mine.min >= column.min
