"""Sections of 2021 in their areas, and the bridge that leads there from 2011."""

from __future__ import annotations

import polars as pl

from tests.unit.geography.grid_town import town
from will_pipeline.geography.recent_areas import (
    disagreements,
    recent_areas,
    recent_bridge,
    recent_sections,
)

TOWN = "034027"
CRS = {TOWN: "EPSG:32632"}
HOMELESS = f"{TOWN}8888881"
GRID = town(4, 1)["geom_wkb"].to_list()
NUMBERS = (1, 2, 3, 4)


def ids(shift: int) -> list[str]:
    return [f"{TOWN}{number + shift:07d}" for number in NUMBERS]


def drawn(asc1: list[int | None], people: list[int | None] | None = None) -> pl.DataFrame:
    counts = people or [100, 200, 300, 400]
    return pl.DataFrame(
        {
            "section_id": ids(10_000),
            "pro_com": [TOWN] * 4,
            "is_fictitious": [False] * 4,
            "has_counts": [each is not None for each in counts],
            "asc1": pl.Series(asc1, dtype=pl.Int64),
            "geometry_wkb": GRID,
            "P1": counts,
            "PF1": [None if each is None else each // 2 for each in counts],
        }
    )


def written(frame: pl.DataFrame) -> pl.DataFrame:
    """As the regional tables have them: no polygons, and those without a home."""
    homeless = pl.DataFrame(
        {
            "section_id": [HOMELESS], "pro_com": [TOWN], "is_fictitious": [True],
            "has_counts": [True], "asc1": [1], "P1": [7], "PF1": [7],
        }
    )  # fmt: skip
    return pl.concat([frame.drop("geometry_wkb"), homeless])


def census_areas(cells: dict[str, list[int]]) -> pl.DataFrame:
    rows = [(name, GRID[cell]) for name, own in cells.items() for cell in own]
    return pl.DataFrame(
        [(f"{TOWN}.{name}", TOWN, "A", shape) for name, shape in rows],
        schema=["area_id", "pro_com", "level", "geom_wkb"],
        orient="row",
    )


NO_BOUNDARY = census_areas({"A01": [0]}).clear()


def placed(frame: pl.DataFrame, boundaries: pl.DataFrame = NO_BOUNDARY) -> pl.DataFrame:
    tables = {2021: written(frame), 2023: written(frame)}
    return recent_sections(frame, tables, boundaries, CRS)


def named(sections: pl.DataFrame, vintage: int = 2023) -> list[str | None]:
    return sections.filter(pl.col("vintage") == vintage)["area_id"].to_list()


def test_sections_are_in_the_area_their_code_says_and_the_homeless_in_the_city_alone() -> None:
    found = placed(drawn([1, 1, 2, 2]))
    expected = [f"{TOWN}.Q01@2021"] * 2 + [f"{TOWN}.Q02@2021"] * 2 + [None]
    assert named(found, 2021) == named(found, 2023) == expected
    last = found.filter(pl.col("section_id") == HOMELESS)
    assert last["source_id"].to_list() == ["istat_sezioni_2021", "istat_sezioni_2023"]
    assert found["source_id"][5] == "agid_censimento_citta"
    assert found.group_by("vintage").agg(pl.col("P1").sum())["P1"].to_list() == [1007, 1007]


def test_where_there_are_no_codes_a_point_inside_the_section_tells_its_census_area() -> None:
    found = placed(drawn([None] * 4), census_areas({"A00": [0], "A01": [1], "A02": [2, 3]}))
    expected = [f"{TOWN}.A{code}@2021" for code in ("00", "01", "02", "02")]
    assert named(found) == [*expected, None]
    assert found["placed_by"].drop_nulls().unique().to_list() == ["punto"]


def test_a_city_with_residents_in_no_area_has_none() -> None:
    found = placed(drawn([None] * 4), census_areas({"A00": [0], "A01": [1]}))
    assert named(found) == [None] * 5


def test_an_empty_section_without_a_code_takes_no_area_away_from_the_others() -> None:
    found = placed(drawn([1, 1, 2, None], [100, 200, 300, None]))
    assert named(found)[:4] == [f"{TOWN}.Q01@2021"] * 2 + [f"{TOWN}.Q02@2021", None]


def test_a_section_where_nobody_lives_takes_no_area_away_one_of_unknown_residents_does() -> None:
    nobody = placed(drawn([1, 1, 2, None], [100, 200, 300, 0]))
    assert named(nobody)[:4] == [f"{TOWN}.Q01@2021"] * 2 + [f"{TOWN}.Q02@2021", None]
    blank = drawn([1, 1, 2, None]).with_columns(
        P1=pl.when(pl.int_range(pl.len()) < 3).then("P1").otherwise(None)
    )
    assert named(placed(blank)) == [None] * 5


def test_without_downloads_there_are_no_sections_and_no_areas() -> None:
    nothing = drawn([1, 1, 2, 2]).clear().drop("P1", "PF1")
    tables = dict.fromkeys((2021, 2023), nothing.drop("geometry_wkb"))
    assert recent_sections(nothing, tables, NO_BOUNDARY, CRS).is_empty()


def test_residents_of_an_area_are_not_known_where_those_of_a_section_are_not() -> None:
    frame = drawn([1, 1, 2, 2]).with_columns(
        P1=pl.when(pl.int_range(pl.len()) > 0).then("P1").otherwise(None)
    )
    frame = frame.with_columns(has_counts=pl.lit(True))
    sections = placed(frame)
    known = pl.DataFrame(schema={"area_id": pl.String, "name": pl.String})
    bridge = pl.DataFrame(
        schema={
            "area_from": pl.String,
            "area_to": pl.String,
            "population_weight": pl.Float64,
        }
    )
    found = recent_areas(sections, known, bridge)
    residents = dict(found.select("area_id", "residents").iter_rows())
    assert residents == {f"{TOWN}.C": None, f"{TOWN}.Q01@2021": None, f"{TOWN}.Q02@2021": 700}


def old(asc: list[int], residents: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "section_id": ids(0),
            "pro_com": [TOWN] * 4,
            "ace": [0] * 4,
            "asc": asc,
            "residents": residents,
            "geometry_wkb": GRID,
        }
    )


AREAS = pl.DataFrame(
    {
        "area_id": [f"{TOWN}.C", f"{TOWN}.Q01", f"{TOWN}.Q02", f"{TOWN}.A00"],
        "name": ["Parma", "Centro", "Colle", "Resto"],
    }
)


def test_people_pass_by_whole_sections_and_none_is_lost() -> None:
    frame = drawn([1, 2, 2, 2])
    bridge = recent_bridge(old([1, 1, 2, 2], [30, 10, 50, 50]), placed(frame), frame, AREAS)
    assert bridge.select("area_from", "area_to", "population_weight").rows() == [
        (f"{TOWN}.Q01", f"{TOWN}.Q01@2021", 0.75),
        (f"{TOWN}.Q01", f"{TOWN}.Q02@2021", 0.25),
        (f"{TOWN}.Q02", f"{TOWN}.Q02@2021", 1.0),
    ]


def test_people_outside_every_new_area_go_to_the_city() -> None:
    frame = drawn([1, 1, 2, None], [100, 200, 300, None])
    bridge = recent_bridge(old([1, 1, 2, 2], [30, 10, 50, 50]), placed(frame), frame, AREAS)
    assert bridge.filter(pl.col("area_to") == f"{TOWN}.C")["population_weight"].to_list() == [0.5]


def test_a_city_published_by_other_areas_in_2011_has_no_bridge() -> None:
    frame = drawn([1, 1, 2, 2])
    own = AREAS.filter(~pl.col("area_id").str.contains("Q"))
    assert recent_bridge(old([1, 1, 2, 2], [1, 1, 1, 1]), placed(frame), frame, own).is_empty()


def test_an_area_keeps_its_name_only_where_it_keeps_its_people() -> None:
    frame = drawn([1, 2, 2, 2])
    sections = placed(frame)
    moved = recent_bridge(old([1, 1, 2, 2], [30, 10, 50, 50]), sections, frame, AREAS)
    same = recent_bridge(old([1, 2, 2, 2], [30, 10, 50, 50]), sections, frame, AREAS)
    shown = ("area_id", "earlier_id", "name", "residents", "households", "sections")
    assert recent_areas(sections, AREAS, same).select(shown).rows() == [
        (f"{TOWN}.C", f"{TOWN}.C", "Parma", 1007, 507, 5),
        (f"{TOWN}.Q01@2021", f"{TOWN}.Q01", "Centro", 100, 50, 1),
        (f"{TOWN}.Q02@2021", f"{TOWN}.Q02", "Colle", 900, 450, 3),
    ]
    assert recent_areas(sections, AREAS, moved)["name"].to_list() == [
        "Parma", "Area sub-comunale 1", "Area sub-comunale 2",
    ]  # fmt: skip


def test_two_publishers_of_one_census_are_compared_section_by_section() -> None:
    frame = drawn([1, 1, 2, 2])
    other = written(frame).with_columns(
        P1=pl.when(pl.col("section_id") == ids(10_000)[2]).then(301).otherwise("P1")
    )
    assert disagreements(frame, written(frame)).is_empty()
    assert disagreements(frame, other).rows() == [(ids(10_000)[2], 300, 301)]
