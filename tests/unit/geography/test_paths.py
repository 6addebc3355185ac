"""Paths of real polygons: projection, shared box, holes and refusals."""

import itertools
import math
import re

import polars as pl
import pytest
import shapely

from will_pipeline.geography.paths import geometry_paths


def frame(*shapes: shapely.Geometry, town: str = "034027") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "area_id": [f"{town}.Q{n:02d}" for n in range(1, len(shapes) + 1)],
            "pro_com": [town] * len(shapes),
            "livello": ["Q"] * len(shapes),
            "geom_wkb": [shape.wkb for shape in shapes],
        }
    )


def points(path: str) -> list[tuple[float, float]]:
    return [tuple(map(float, pair)) for pair in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


WEST = shapely.box(10.30, 44.78, 10.32, 44.80)
EAST = shapely.box(10.32, 44.78, 10.34, 44.80)


def test_parallel_is_shortened_by_the_cosine_of_the_latitude():
    drawn = geometry_paths(frame(WEST, EAST))
    height = 0.02 / (0.04 * math.cos(math.radians(44.79))) * 1000
    assert drawn["riquadro"].to_list() == [f"0 0 1000 {math.ceil(height)}"] * 2
    xs, ys = zip(*points(drawn["path_svg"][0]), strict=True)
    assert (min(xs), max(xs)) == (0.0, 500.0)
    assert (min(ys), max(ys)) == (0.0, round(height, 1))


def test_north_is_up_and_neighbours_share_their_border():
    north = shapely.box(10.30, 44.80, 10.32, 44.82)
    drawn = geometry_paths(frame(WEST, north))
    assert max(y for _, y in points(drawn["path_svg"][1])) == min(
        y for _, y in points(drawn["path_svg"][0])
    )


def test_tall_city_is_centred_in_the_box():
    tall = shapely.box(10.30, 44.70, 10.31, 44.80)
    drawn = geometry_paths(frame(tall))
    assert drawn["riquadro"][0] == "0 0 1000 1000"
    xs = [x for x, _ in points(drawn["path_svg"][0])]
    assert min(xs) + max(xs) == pytest.approx(1000, abs=0.2)


def test_representative_point_is_inside_and_agrees_with_the_label():
    ring = WEST.difference(shapely.box(10.305, 44.785, 10.315, 44.795))
    row = geometry_paths(frame(ring)).to_dicts()[0]
    assert ring.contains(shapely.Point(row["lon"], row["lat"]))
    assert row["schematica"] is False
    assert row["path_svg"].count("M") == 2
    assert row["path_svg"].count("Z") == 2
    drawn = shapely.Polygon(
        *[
            ([points(part)] if n else points(part))
            for n, part in enumerate(row["path_svg"].split("Z")[:2])
        ]
    )
    assert drawn.contains(shapely.Point(row["etichetta_x"], row["etichetta_y"]))


def test_every_part_of_a_multipolygon_is_drawn():
    both = shapely.MultiPolygon([WEST, shapely.box(10.33, 44.78, 10.34, 44.79)])
    assert geometry_paths(frame(both))["path_svg"][0].count("Z") == 2


def test_coordinates_have_one_decimal_and_no_repeated_point():
    curve = shapely.Point(10.3, 44.8).buffer(0.01, quad_segs=400)
    path = geometry_paths(frame(curve))["path_svg"][0]
    assert not re.findall(r"\.\d\d", path)
    drawn = points(path)
    assert all(first != second for first, second in itertools.pairwise(drawn))


def test_order_of_input_does_not_matter():
    areas = pl.concat([frame(WEST, EAST), frame(EAST, town="013075")])
    assert geometry_paths(areas.reverse()).equals(geometry_paths(areas))


def test_broken_shapes_are_named():
    bow_tie = shapely.Polygon([(10, 44), (11, 45), (11, 44), (10, 45)])
    projected = shapely.box(600_000, 4_950_000, 601_000, 4_951_000)
    for shape, reason in (
        (shapely.Point(10, 44), "poligono"),
        (shapely.Polygon(), "poligono"),
        (bow_tie, "valido"),
        (projected, "longitudine"),
    ):
        with pytest.raises(ValueError, match=rf"034027\.Q01.*{reason}"):
            geometry_paths(frame(shape))
    empty = frame(WEST).with_columns(geom_wkb=pl.lit(None, dtype=pl.Binary))
    with pytest.raises(ValueError, match="non ha un poligono"):
        geometry_paths(empty)
    with pytest.raises(ValueError, match="formato WKB"):
        geometry_paths(frame(WEST).with_columns(geom_wkb=pl.lit(b"no", dtype=pl.Binary)))
    with pytest.raises(ValueError, match="geom_wkb"):
        geometry_paths(frame(WEST).drop("geom_wkb"))
    with pytest.raises(ValueError, match="ripetuta"):
        geometry_paths(pl.concat([frame(WEST), frame(EAST)]))
