"""Neighbours by common edges: sides count, corners do not, and borders that differ are refused."""

import numpy as np
import polars as pl
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from will_pipeline.errors import SourceFault
from will_pipeline.geography.contiguity import contiguous_areas, distances

CRS = "EPSG:32632"
LON, LAT, DEGREE_M = 10.33, 44.80, 111_320.0
"""A square of Parma: metres from it are degrees divided by these, well within a metre a side."""


def place(shape: BaseGeometry) -> bytes:
    """WKB in degrees of a shape drawn in metres from a corner of the square."""

    def degrees(xy: np.ndarray) -> np.ndarray:
        scale = np.array([DEGREE_M * np.cos(np.radians(LAT)), DEGREE_M])
        return xy / scale + np.array([LON, LAT])

    return shapely.to_wkb(shapely.transform(shape, degrees))


def outlines(**shapes: BaseGeometry) -> pl.DataFrame:
    return pl.DataFrame(
        {"area_id": list(shapes), "geom_wkb": [place(shape) for shape in shapes.values()]}
    )


def pairs(frame: pl.DataFrame, **given: float) -> set[tuple[str, str]]:
    return set(contiguous_areas(frame, crs=CRS, **given).select("area_id", "other_id").rows())


def square(x: float, y: float, side: float = 1_000) -> BaseGeometry:
    return shapely.box(x, y, x + side, y + side)


def test_a_side_makes_neighbours_and_a_corner_does_not() -> None:
    four = outlines(a=square(0, 0), b=square(1_000, 0), c=square(0, 1_000), d=square(1_000, 1_000))
    assert pairs(four) == {("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")}
    shared = contiguous_areas(four, crs=CRS)["shared_m"].to_numpy()
    np.testing.assert_allclose(shared, 1_000, rtol=0.01)


@pytest.mark.parametrize("overlap", [3.0, 200.0])
def test_borders_that_do_not_match_are_refused(overlap: float) -> None:
    frame = outlines(a=square(0, 0), b=square(1_000 - overlap, 0))
    with pytest.raises(SourceFault, match="area a: i bordi non combaciano con i vicini"):
        contiguous_areas(frame, crs=CRS)


def test_a_border_of_many_vertices_is_measured_along_them() -> None:
    border = [(1_000, 0), (1_300, 400), (1_000, 800)]
    left = shapely.Polygon([(0, 0), *border, (0, 800)])
    right = shapely.Polygon([*border, (2_000, 800), (2_000, 0)])
    found = contiguous_areas(outlines(a=left, b=right), crs=CRS)
    assert found["shared_m"].to_list() == pytest.approx([1_000], rel=0.01)


def test_a_gap_is_no_border_and_neither_are_thirty_metres() -> None:
    assert pairs(outlines(a=square(0, 0), b=square(1_003, 0))) == set()
    narrow = shapely.Polygon([(1_000, 1_000), (1_000, 970), (2_000, 970), (2_000, 1_000)])
    wall = shapely.Polygon([(0, 0), (1_000, 0), (1_000, 970), (1_000, 1_000), (0, 1_000)])
    assert pairs(outlines(a=wall, b=narrow)) == set()
    assert pairs(outlines(a=wall, b=narrow), least_shared_m=20) == {("a", "b")}


def test_a_ring_borders_on_what_it_surrounds() -> None:
    ring = square(-500, -500, 2_000).difference(square(0, 0))
    assert pairs(outlines(ring=ring, town=square(0, 0), far=square(5_000, 5_000))) == {
        ("ring", "town")
    }


def test_the_order_of_rows_changes_nothing() -> None:
    frame = outlines(a=square(0, 0), b=square(1_000, 0), c=square(2_000, 0), d=square(0, 1_000))
    expected = contiguous_areas(frame, crs=CRS)
    for seed in range(5):
        shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
        assert contiguous_areas(shuffled, crs=CRS).equals(expected)
        assert distances(shuffled, crs=CRS).equals(distances(frame, crs=CRS))


def test_distances_are_metres_and_zero_where_areas_touch() -> None:
    found = distances(outlines(a=square(0, 0), b=square(1_000, 0), c=square(3_000, 0)), crs=CRS)
    metres = {(row[0], row[1]): row[2] for row in found.rows()}
    assert metres["a", "b"] == pytest.approx(0, abs=1)
    assert metres["b", "c"] == pytest.approx(1_000, rel=0.01)
    assert metres["a", "c"] == pytest.approx(2_000, rel=0.01)


def test_one_area_alone_has_no_neighbours() -> None:
    assert contiguous_areas(outlines(a=square(0, 0)), crs=CRS).is_empty()


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (None, "manca il poligono"),
        (place(shapely.Point(0, 0)), "il contorno non è un poligono"),
        (place(shapely.Polygon()), "il contorno non è un poligono"),
        (place(shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])), "il poligono non è valido"),
    ],
)
def test_what_is_no_polygon_is_named(content: bytes | None, rule: str) -> None:
    good = outlines(a=square(0, 0))
    bad = pl.DataFrame({"area_id": ["b"], "geom_wkb": [content]}, schema=good.schema)
    with pytest.raises(SourceFault) as caught:
        contiguous_areas(pl.concat([good, bad]), crs=CRS)
    assert str(caught.value) == f"confini delle aree, file core.area_outline, area b: {rule}"


def test_the_same_area_twice_is_refused() -> None:
    frame = outlines(a=square(0, 0))
    with pytest.raises(SourceFault, match="area a: l'area è ripetuta"):
        contiguous_areas(pl.concat([frame, frame]), crs=CRS)
