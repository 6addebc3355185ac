"""Polygons of a town: repairs are told, unions are coverages and no ground is lost."""

import numpy as np
import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.geography.grid_town import SIDE_M, town, wkb
from will_pipeline.errors import SourceFault
from will_pipeline.geography.contiguity import contiguous_areas
from will_pipeline.geography.coverage import METRIC, dissolve, projected, repair


def shapes(frame: pl.DataFrame) -> np.ndarray:
    return np.asarray(shapely.from_wkb(frame["geom_wkb"].to_list()), dtype=object)


def polygons(**given: shapely.Geometry) -> pl.DataFrame:
    return pl.DataFrame({"polygon_id": list(given), "geom_wkb": wkb(*given.values())})


@given(
    columns=st.integers(1, 6),
    rows=st.integers(1, 6),
    tolerance=st.sampled_from([0.0, 5.0, 60.0]),
    draw=st.data(),
)
@settings(deadline=None, max_examples=15)
def test_any_division_of_a_grid_town_is_a_coverage_of_the_same_ground(
    columns: int, rows: int, tolerance: float, draw: st.DataObject
) -> None:
    cells = town(columns, rows, shift=40)
    count = cells.height
    areas = draw.draw(st.lists(st.sampled_from("abcd"), min_size=count, max_size=count))
    members = cells.with_columns(pl.Series("area_id", areas))
    joined = dissolve(members, tolerance_m=tolerance)
    outlines = shapes(joined)
    assert shapely.is_valid(outlines).all()
    assert shapely.coverage_is_valid(outlines)
    ground = shapely.area(projected(shapes(cells))).sum() / 1e6
    assert joined["surface_km2"].sum() == pytest.approx(ground, rel=1e-9)
    assert joined["members"].sum() == count
    if tolerance == 0:
        drawn = shapely.area(projected(outlines)).sum() / 1e6
        assert drawn == pytest.approx(ground, rel=1e-4)
    shuffled = members.sample(fraction=1, shuffle=True, seed=3)
    assert dissolve(shuffled, tolerance_m=tolerance).equals(joined)


@given(columns=st.integers(2, 6), rows=st.integers(2, 6), draw=st.data())
@settings(deadline=None, max_examples=12)
def test_borders_are_the_same_from_both_sides_and_close_the_perimeter(
    columns: int, rows: int, draw: st.DataObject
) -> None:
    cells = town(columns, rows, shift=30)
    count = cells.height
    areas = draw.draw(st.lists(st.sampled_from("abc"), min_size=count, max_size=count))
    joined = dissolve(cells.with_columns(pl.Series("area_id", areas)), tolerance_m=0)
    found = contiguous_areas(joined, crs=METRIC, least_shared_m=0)
    renamed = joined.with_columns(area_id=pl.col("area_id").replace({"a": "z"}))
    mirrored = contiguous_areas(renamed, crs=METRIC, least_shared_m=0)
    both = {frozenset(row[:2]): row[2] for row in found.rows()}
    again = {frozenset(row[:2]): row[2] for row in mirrored.rows()}
    assert {frozenset("a" if n == "z" else n for n in pair): m for pair, m in again.items()} == both
    outer = shapely.length(shapely.unary_union(projected(shapes(joined))))
    inner = (joined["perimeter_km"].sum() * 1_000 - outer) / 2
    assert sum(both.values()) == pytest.approx(inner, abs=0.1 * max(len(both), 1))


def test_a_crossed_ring_is_rebuilt_and_told_and_the_others_stay_as_they_were() -> None:
    crossed = shapely.Polygon(
        [(0, 0), (100, 0), (100, 100), (50, 50), (40, 60), (50, 50), (0, 100)]
    )
    frame = polygons(a=crossed, b=shapely.box(100, 0, 200, 100))
    good, log = repair(frame)
    assert log["polygon_id"].to_list() == ["a"]
    assert log["problem"][0].startswith("Ring Self-intersection")
    assert log["action"].to_list() == ["anello rifatto"]
    assert log["after_m2"][0] == pytest.approx(log["before_m2"][0], rel=1e-6)
    assert shapely.is_valid(shapes(good)).all()
    assert good["geom_wkb"][1] == frame["geom_wkb"][1]


def test_a_good_town_comes_out_as_it_went_in() -> None:
    cells = town(4, 3, shift=20)
    good, log = repair(cells.sample(fraction=1, shuffle=True, seed=1))
    assert log.is_empty()
    assert good.equals(cells)


def test_a_small_overlap_goes_to_one_side_and_both_are_told() -> None:
    frame = polygons(a=shapely.box(0, 0, 500, 500), b=shapely.box(499, 0, 1_000, 400))
    good, log = repair(frame)
    assert shapely.coverage_is_valid(shapes(good))
    assert log["polygon_id"].to_list() == ["a", "b"]
    assert set(log["action"]) == {"bordi accostati ai vicini"}


def test_a_thin_hole_between_two_borders_is_closed_and_a_lake_is_not() -> None:
    ends = [(500, 400), (500, 500)]
    left = shapely.Polygon([(0, 0), (500, 0), (500, 100), (499.4, 250), *ends, (0, 500)])
    right = shapely.Polygon([(1_000, 0), (500, 0), (500, 100), *ends, (1_000, 500)])
    good, log = repair(polygons(a=left, b=right))
    assert not log.is_empty()
    assert shapely.area(projected(shapes(good))).sum() == pytest.approx(500_000, rel=1e-6)
    around = shapely.box(0, 0, 900, 900).difference(shapely.box(300, 300, 600, 600))
    kept, nothing = repair(polygons(a=around))
    assert nothing.is_empty()
    assert len(shapes(kept)[0].interiors) == 1


@pytest.mark.parametrize(
    ("frame", "rule"),
    [
        (
            polygons(a=shapely.box(0, 0, 500, 500), b=shapely.box(300, 0, 800, 500)),
            "poligono a: si sovrappone ai vicini",
        ),
        (polygons(a=shapely.Point(0, 0)), "poligono a: non è un poligono"),
        (
            polygons(a=shapely.Polygon([(0, 0), (1, 1), (0, 0), (0, 0)])),
            "poligono a: non ha superficie",
        ),
        (
            pl.concat([polygons(a=shapely.box(0, 0, 1, 1))] * 2),
            "poligono a: è ripetuto",
        ),
        (
            pl.DataFrame(
                {"polygon_id": ["a"], "geom_wkb": [None]},
                schema={"polygon_id": pl.String, "geom_wkb": pl.Binary},
            ),
            "poligono a: non ha un contorno",
        ),
    ],
)
def test_what_cannot_be_mended_is_named(frame: pl.DataFrame, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        repair(frame, file="prova.gpkg")


def test_polygons_that_are_no_coverage_are_not_dissolved() -> None:
    frame = polygons(a=shapely.box(0, 0, 500, 500), b=shapely.box(490, 0, 800, 400))
    with pytest.raises(SourceFault, match="i bordi non combaciano con i vicini"):
        dissolve(frame.with_columns(area_id=pl.lit("x")))


def test_ground_is_square_kilometres_and_borders_kilometres_of_the_plane() -> None:
    joined = dissolve(town(4, 2).with_columns(area_id=pl.lit("x")))
    assert joined["surface_km2"].to_list() == pytest.approx([8 * (SIDE_M / 1_000) ** 2], rel=1e-9)
    assert joined["perimeter_km"].to_list() == pytest.approx([12 * SIDE_M / 1_000], rel=1e-9)
