"""Sections of 2021 and 2023 as the graph takes them: those of the run, as their sources say."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.unit.readers.census_tables import KEYS, as_workbook, section
from tests.unit.readers.test_agid_census import collection, feature
from will_pipeline.errors import SourceFault
from will_pipeline.readers.census_layouts import codes
from will_pipeline.readers.sections_recent import counts, drawn
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import validate, without_rows
from will_pipeline.sources.online import as_online

SOURCES = load_sources(Path(__file__).parents[3] / "assets" / "raw")
AGID = "agid_censimento_citta"


def described(key: str, frame: pl.DataFrame) -> pl.DataFrame:
    return validate(frame, as_online(SOURCES[key], SOURCES[key].online))


def test_a_city_without_a_file_has_no_rows_and_stops_no_other() -> None:
    files = {
        f"{AGID}/c003106.geojson": collection(feature(1, vars={"P1": 3, "P2": 1, "P3": 2})),
        f"{AGID}/c034027.geojson": collection(feature(1, town=34027, vars={})),
        f"{AGID}/c016024.geojson": collection(feature(1, town=16024, vars={"P1": 1})),
    }
    found = described(AGID, drawn(files, cities=["003106", "034027", "039014"]))
    assert found.select("pro_com", "has_counts", "P1", "P14").rows() == [
        ("003106", True, 3, None), ("034027", False, None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("vintage", [2021, 2023])
def test_regional_tables_are_cut_to_the_cities_of_the_run(vintage: int) -> None:
    rows = [
        section(vintage, 1, P1=5, P2=2, P3=3),
        section(vintage, 8_888_888, P1=1, P2=1),
        section(vintage, 1, town=35033, P1=9),
    ]
    table = as_workbook(rows, [*KEYS[vintage], *codes(vintage)])
    key = f"istat_sezioni_{vintage}"
    files = {f"{key}/regioni/r08_sezioni.xlsx": table}
    found = described(key, counts(files, cities=["034027"], vintage=vintage))
    assert found.select("section", "is_fictitious", "asc1", "P1").rows() == [
        (1, False, 1, 5), (8_888_888, True, 1, 1),
    ]  # fmt: skip
    with pytest.raises(SourceFault, match="039014"):
        counts(files, cities=["039014"], vintage=vintage)


def test_residents_that_are_not_men_and_women_are_refused() -> None:
    files = {f"{AGID}/c003106.geojson": collection(feature(1, vars={"P1": 3, "P2": 1, "P3": 1}))}
    with pytest.raises(SourceFault, match="non vale P1 = P2"):
        described(AGID, drawn(files, cities=["003106"]))


def test_a_source_never_downloaded_has_columns_and_no_rows() -> None:
    for key in (AGID, "istat_sezioni_2011", "istat_sezioni_2021", "istat_sezioni_2023"):
        assert SOURCES[key].is_only_online
        assert SOURCES[key].has_table
        empty = without_rows(SOURCES[key])
        assert empty.is_empty()
        assert empty.columns == [column.name for column in SOURCES[key].columns]
