"""Sections handed to the engine of the indicators: areas by level, the rest to the city."""

import polars as pl
import pytest

from tests.unit.readers.census_tables import KEYS, as_csv, section
from will_pipeline.errors import SourceFault
from will_pipeline.indicators.areas import areas_of_sections
from will_pipeline.readers.census_layouts import codes
from will_pipeline.readers.census_rows import engine_rows
from will_pipeline.readers.istat_census_sections import sections


def table_of(*rows: dict[str, object]) -> pl.DataFrame:
    content = as_csv(rows, [*KEYS[2011], *codes(2011)])
    return sections({"R08_indicatori_2011_sezioni.csv": content}, vintage=2011)


def test_the_engine_adds_sections_up_to_areas_and_city() -> None:
    table = table_of(
        section(2011, 1, area=4, P1=10),
        section(2011, 2, area=4, P1=5),
        section(2011, 3, area=12, P1=7),
        section(2011, 8_888_881, area=4, P1=2),
        section(2011, 5, area="") | dict.fromkeys(codes(2011), ""),
    )
    rows = engine_rows(table, level="asc")
    assert rows["area_id"].to_list() == ["034027.Q04", "034027.Q04", "034027.Q12", None]
    counts = areas_of_sections(rows).frame
    found = dict(counts.select("area_id", "residents").iter_rows())
    assert (found["034027.Q04"], found["034027.Q12"]) == (15, 7)
    assert max(found.values()) == 24


def test_census_areas_have_their_own_letter_and_may_be_zero() -> None:
    rows = engine_rows(table_of(section(2011, 1)), level="ace")
    assert rows["area_id"].to_list() == ["034027.A00"]


def test_refuses_sections_without_an_area_and_unknown_levels() -> None:
    table = table_of(section(2011, 1, area=0, P1=3))
    with pytest.raises(SourceFault, match="0340270000001: non ha un'area di livello asc"):
        engine_rows(table, level="asc")
    for level in ("asc1", "quartiere"):
        with pytest.raises(SourceFault, match="non è un livello di aree"):
            engine_rows(table, level=level)
