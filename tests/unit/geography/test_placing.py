"""Points and areas: a few metres off the border are forgiven, what is far is reported."""

import polars as pl
import pytest
import shapely

from tests.unit.geography.grid_town import SOUTH_M, WEST_M, wkb
from will_pipeline.geography.coverage import geographic
from will_pipeline.geography.placing import outside_report, place_points

CRS = {"034027": "EPSG:32632"}


@pytest.fixture
def areas() -> pl.DataFrame:
    boxes = [shapely.box(0, 0, 500, 500), shapely.box(500, 0, 1_000, 500)]
    return pl.DataFrame(
        {
            "area_id": ["034027.Q01", "034027.Q02"],
            "pro_com": ["034027"] * 2,
            "level": ["Q"] * 2,
            "geom_wkb": wkb(*boxes),
        }
    )


def points(**metres: tuple[float, float]) -> pl.DataFrame:
    spots = geographic(shapely.points([(WEST_M + x, SOUTH_M + y) for x, y in metres.values()]))
    return pl.DataFrame(
        {
            "point_id": list(metres),
            "pro_com": ["034027"] * len(metres),
            "lon": shapely.get_x(spots),
            "lat": shapely.get_y(spots),
        }
    )


def test_every_point_has_a_place_or_is_told_to_be_outside(areas: pl.DataFrame) -> None:
    given = points(inside=(100, 100), near=(1_030, 100), far=(1_500, 100), corner=(500, -20))
    placed = place_points(given, areas, CRS)
    assert placed.select("point_id", "area_id", "position").rows() == [
        ("corner", "034027.Q01", "vicino"),
        ("far", None, "fuori"),
        ("inside", "034027.Q01", "dentro"),
        ("near", "034027.Q02", "vicino"),
    ]
    metres = dict(placed.select("point_id", "distance_m").iter_rows())
    assert metres["near"] == pytest.approx(30, abs=0.01)
    assert metres["far"] == pytest.approx(500, abs=0.01)
    assert place_points(given.reverse(), areas.reverse(), CRS).equals(placed)
    report = outside_report(placed)
    assert report.select("points", "inside", "near", "outside", "outside_share").row(0) == (
        4, 1, 2, 1, 0.25,
    )  # fmt: skip


def test_without_a_limit_only_what_is_inside_has_an_area(areas: pl.DataFrame) -> None:
    placed = place_points(points(near=(1_001, 100)), areas, CRS, limit_m=0)
    assert placed["position"].to_list() == ["fuori"]


def test_a_city_without_a_plane_is_named(areas: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match="la città 034027 non ha un sistema di riferimento"):
        place_points(points(far=(1_500, 100)), areas, {})
