"""Bridges between editions: weights add up, totals stay, and who is outside is told."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.geography.grid_town import SIDE_M, town, wkb
from will_pipeline.geography.bridges import bridge_of_polygons, bridge_of_sections, carry


def sections(areas: list[str], people: list[int], columns: int, rows: int) -> pl.DataFrame:
    return town(columns, rows).select(
        "geom_wkb",
        pl.Series("area_from", areas),
        pl.Series("population", people),
        section_id="polygon_id",
    )


def strip(*edges: float, rows: int) -> pl.DataFrame:
    """New areas `n0`, `n1`, ... between vertical lines, in metres."""
    shapes = [shapely.box(west, 0, east, rows * SIDE_M) for west, east in pairwise(edges)]
    names = [f"n{k}" for k in range(len(shapes))]
    return pl.DataFrame({"area_id": names, "geom_wkb": wkb(*shapes)})


@given(
    columns=st.integers(2, 5),
    rows=st.integers(1, 4),
    method=st.sampled_from(["intersezione", "punto"]),
    cut=st.floats(0.1, 0.9),
    short=st.floats(0, 0.6),
    draw=st.data(),
)
@settings(deadline=None, max_examples=20)
def test_totals_cross_a_bridge_whatever_the_new_areas(
    columns: int, rows: int, method: str, cut: float, short: float, draw: st.DataObject
) -> None:
    count, width = columns * rows, columns * SIDE_M
    areas = draw.draw(st.lists(st.sampled_from("abc"), min_size=count, max_size=count))
    people = draw.draw(st.lists(st.integers(0, 3_000), min_size=count, max_size=count))
    old = sections(areas, people, columns, rows)
    new = strip(short * cut * width, cut * width, width, rows=rows)
    bridge = bridge_of_polygons(old, new, method=method)
    for name in ("population_weight", "surface_weight"):
        sums = bridge.group_by("area_from").agg(pl.col(name).sum())[name].to_numpy()
        np.testing.assert_allclose(sums, 1, rtol=0, atol=1e-12)
    values = old.group_by(area_id="area_from").agg(value=pl.col("population").sum() * 1.0)
    carried = carry(values, bridge)
    assert carried["value"].sum() == pytest.approx(values["value"].sum(), rel=1e-9, abs=1e-9)
    shuffled = bridge_of_polygons(
        old.sample(fraction=1, shuffle=True, seed=2), new.reverse(), method=method
    )
    assert shuffled.equals(bridge)


def test_people_weigh_more_than_ground() -> None:
    old = sections(["a", "a"], [900, 100], 2, 1)
    bridge = bridge_of_polygons(old, strip(0, SIDE_M, 2 * SIDE_M, rows=1))
    assert bridge.select("area_to", "population_weight").rows() == [
        ("n0", pytest.approx(0.9)), ("n1", pytest.approx(0.1)),
    ]  # fmt: skip
    assert bridge["surface_weight"].to_list() == pytest.approx([0.5, 0.5], rel=1e-6)


def test_what_is_put_together_whole_is_a_count_and_what_is_divided_an_estimate() -> None:
    old = sections(["a", "b", "c", "c"], [10, 20, 30, 40], 4, 1)
    new = strip(0, 2 * SIDE_M, 3 * SIDE_M, 4 * SIDE_M, rows=1)
    values = pl.DataFrame({"area_id": ["a", "b", "c"], "value": [10.0, 20.0, 70.0]})
    carried = carry(values, bridge_of_polygons(old, new, method="punto"))
    assert carried.select("area_id", "value", "estimated").rows() == [
        ("n0", 30.0, False), ("n1", pytest.approx(30.0), True), ("n2", pytest.approx(40.0), True),
    ]  # fmt: skip


def test_slivers_are_shared_out_and_a_section_outside_stays_outside() -> None:
    old = sections(["a", "b"], [100, 50], 2, 1)
    nearly = bridge_of_polygons(old, strip(0, 2 * SIDE_M - 1, rows=1))
    assert nearly["area_to"].to_list() == ["n0", "n0"]
    half = bridge_of_polygons(old, strip(0, SIDE_M, rows=1))
    assert half.select("area_from", "area_to").rows() == [("a", "n0"), ("b", None)]
    carried = carry(pl.DataFrame({"area_id": ["a", "b"], "value": [100.0, 50.0]}), half)
    assert carried.select("area_id", "value").rows() == [("n0", 100.0), (None, 50.0)]


def test_schemes_of_the_same_sections_need_no_polygons() -> None:
    frame = pl.DataFrame(
        {
            "section_id": ["1", "2", "3", "4"],
            "area_from": ["a", "a", "b", "z"],
            "area_to": ["x", "y", "y", None],
            "population": [30, 10, 5, 0],
            "surface_m2": [1.0, 1.0, 1.0, 1.0],
        }
    )
    bridge = bridge_of_sections(frame)
    assert bridge.select("area_from", "area_to", "population_weight").rows() == [
        ("a", "x", 0.75), ("a", "y", 0.25), ("b", "y", 1.0), ("z", None, 1.0),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="sezione è ripetuta"):
        bridge_of_sections(pl.concat([frame, frame]))
    with pytest.raises(ValueError, match="alla sezione 3 manca"):
        bridge_of_sections(
            frame.with_columns(population=pl.when(pl.col("population") != 5).then("population"))
        )


def test_an_area_the_bridge_does_not_know_is_named() -> None:
    bridge = bridge_of_polygons(sections(["a"], [1], 1, 1), strip(0, SIDE_M, rows=1))
    with pytest.raises(ValueError, match="il ponte non ha q"):
        carry(pl.DataFrame({"area_id": ["q"], "value": [1.0]}), bridge)
    with pytest.raises(ValueError, match="il metodo a_occhio non esiste"):
        bridge_of_polygons(sections(["a"], [1], 1, 1), strip(0, SIDE_M, rows=1), method="a_occhio")
