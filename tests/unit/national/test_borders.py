"""Common borders of polygons against borders known by hand, and against what is drawn badly."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry import MultiPolygon, Polygon, box

from will_pipeline.national.borders import TOLERANCE_M, common_borders


def pairs(shapes: list[shapely.Geometry]) -> tuple[dict[tuple[int, int], float], np.ndarray]:
    found = common_borders(np.array(shapes, dtype=object))
    keys = zip(found.first.tolist(), found.second.tolist(), strict=True)
    return dict(zip(keys, found.metres.tolist(), strict=True)), found.mended


def test_squares_that_share_a_side_are_neighbours_and_those_that_share_a_corner_are_not() -> None:
    links, mended = pairs([box(0, 0, 10, 10), box(10, 0, 20, 10), box(10, 10, 20, 20)])
    assert links == {(0, 1): 10.0, (1, 2): 10.0}
    assert not mended.any()


def test_an_enclave_borders_on_what_surrounds_it_whatever_way_its_ring_runs() -> None:
    hole = box(4, 4, 6, 6)
    around = Polygon(box(0, 0, 10, 10).exterior, [hole.exterior])
    for inner in (hole, hole.reverse()):
        links, mended = pairs([around, inner])
        assert links == {(0, 1): 8.0}
        assert not mended.any()


def test_parts_of_a_polygon_add_up() -> None:
    parts = MultiPolygon([box(0, 0, 1, 5), box(9, 0, 10, 5)])
    links, _ = pairs([parts, Polygon([(1, 0), (1, 5), (9, 5), (9, 0)])])
    assert links == {(0, 1): 10.0}


def test_a_border_with_vertices_on_one_side_only_is_found_by_distance_and_said() -> None:
    plain = box(0, 0, 10, 10)
    halved = Polygon([(10, 0), (10, 4), (10, 10), (20, 10), (20, 0)])
    links, mended = pairs([plain, halved, box(20, 0, 30, 10)])
    assert links.keys() == {(0, 1), (1, 2)}
    assert links[0, 1] == pytest.approx(10, abs=4 * TOLERANCE_M)
    assert links[1, 2] == pytest.approx(10, abs=4 * TOLERANCE_M)
    assert mended.tolist() == [True, True, False]


def test_overlapping_polygons_are_neighbours_and_said() -> None:
    links, mended = pairs([box(0, 0, 10, 10), box(8, 0, 18, 10), box(40, 0, 50, 10)])
    assert links.keys() == {(0, 1)}
    assert mended.tolist() == [True, True, False]


def test_a_polygon_drawn_twice_is_said() -> None:
    _, mended = pairs([box(0, 0, 10, 10), box(0, 0, 10, 10), box(10, 0, 20, 10)])
    assert mended[:2].all()


def test_a_polygon_that_crosses_itself_is_mended_and_keeps_its_neighbour() -> None:
    crossed = Polygon([(0, 0), (0, 10), (10, 0), (10, 10)])
    links, mended = pairs([crossed, box(10, 0, 20, 10)])
    assert mended[0]
    assert links[0, 1] == pytest.approx(10, abs=4 * TOLERANCE_M)


def test_polygons_a_corner_apart_by_less_than_the_tolerance_are_no_neighbours() -> None:
    links, _ = pairs([box(0, 0, 10, 10), box(10 + TOLERANCE_M / 2, 10, 20, 20)])
    assert links == {}


def grid(side: int) -> list[shapely.Geometry]:
    generator = np.random.default_rng(side)
    knots = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1)), axis=-1) * 10.0
    knots += generator.uniform(-3, 3, knots.shape)
    return [
        Polygon([knots[r, c], knots[r + 1, c], knots[r + 1, c + 1], knots[r, c + 1]])
        for r in range(side)
        for c in range(side)
    ]


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(16)))
def test_no_order_of_polygons_changes_the_borders(order: list[int]) -> None:
    shapes = grid(4)
    straight, _ = pairs(shapes)
    turned, _ = pairs([shapes[place] for place in order])
    names = {tuple(sorted((order[one], order[other]))): m for (one, other), m in turned.items()}
    assert names == straight
    assert len(straight) == 24


def test_borders_are_those_of_intersections() -> None:
    shapes = [affinity.translate(shape, 5e5, 4.9e6) for shape in grid(6)]
    links, mended = pairs(shapes)
    assert not mended.any()
    for (one, other), metres in links.items():
        line = shapes[one].boundary.intersection(shapes[other].boundary)
        assert metres == pytest.approx(line.length, rel=1e-9)
    touching = sum(
        a.boundary.intersection(b.boundary).length > 0
        for place, a in enumerate(shapes)
        for b in shapes[place + 1 :]
    )
    assert touching == len(links)
