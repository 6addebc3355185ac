"""Points in areas: inside, outside, on borders, and distances in metres."""

import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from will_pipeline.geography.location import locate, nearest_metres

TOWN, OTHER = "099001", "099002"
CRS = {TOWN: "EPSG:32632", OTHER: "EPSG:32632"}


def square(west: float, south: float, side: float = 1.0) -> bytes:
    return shapely.to_wkb(shapely.box(west, south, west + side, south + side))


AREAS = pl.DataFrame(
    [
        ("099001.Q01", TOWN, "Q", square(10, 45)),
        ("099001.Q02", TOWN, "Q", square(11, 45)),
        ("099001.A01", TOWN, "A", square(10, 45, 2.0)),
        ("099002.Q01", OTHER, "Q", square(10, 45)),
    ],
    schema=["area_id", "pro_com", "level", "geom_wkb"],
    orient="row",
)


def points(*rows: tuple[str, str, float | None, float | None]) -> pl.DataFrame:
    schema = {"point_id": pl.String, "pro_com": pl.String, "lon": pl.Float64, "lat": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def found(*rows: tuple[str, str, float, float]) -> dict[tuple[str, str], str | None]:
    answer = locate(points(*rows), AREAS)
    return {(row[0], row[1]): row[2] for row in answer.iter_rows()}


def test_a_point_falls_in_one_area_of_each_level_of_its_own_city() -> None:
    assert found(("a", TOWN, 10.5, 45.5), ("b", OTHER, 10.5, 45.5)) == {
        ("a", "Q"): "099001.Q01",
        ("a", "A"): "099001.A01",
        ("b", "Q"): "099002.Q01",
    }


def test_a_point_outside_every_area_is_kept_without_one() -> None:
    assert found(("a", TOWN, 11.5, 46.5)) == {("a", "Q"): None, ("a", "A"): "099001.A01"}
    assert found(("a", OTHER, 11.5, 45.5)) == {("a", "Q"): None}


def test_a_point_of_a_city_without_boundaries_has_no_answer() -> None:
    assert found(("a", "099003", 10.5, 45.5)) == {}


@pytest.mark.parametrize("lat", [45.0, 45.5, 46.0])
def test_a_point_on_a_border_goes_to_the_first_identifier(lat: float) -> None:
    assert found(("a", TOWN, 11.0, lat))["a", "Q"] == "099001.Q01"
    turned = locate(points(("a", TOWN, 11.0, lat)), AREAS.reverse())
    assert turned.filter(pl.col("level") == "Q")["area_id"].to_list() == ["099001.Q01"]


@settings(max_examples=25)
@given(
    st.permutations(range(6)),
    st.lists(st.sampled_from([9.5, 10.0, 10.5, 11.0, 11.5, 12.0]), min_size=6, max_size=6),
)
def test_the_order_of_the_rows_changes_nothing(order: list[int], east: list[float]) -> None:
    given_points = points(*((f"p{place}", TOWN, lon, 45.5) for place, lon in enumerate(east)))
    assert_frame_equal(locate(given_points[order], AREAS.reverse()), locate(given_points, AREAS))


@pytest.mark.parametrize("lon", [None, float("nan"), 200.0])
def test_an_impossible_coordinate_is_named(lon: float | None) -> None:
    with pytest.raises(ValueError, match="b ha coordinate impossibili"):
        locate(points(("a", TOWN, 10.5, 45.5), ("b", TOWN, lon, 45.0)), AREAS)


def test_a_repeated_point_is_named() -> None:
    with pytest.raises(ValueError, match="ripetuto a"):
        locate(points(("a", TOWN, 10.5, 45.5), ("a", TOWN, 10.6, 45.5)), AREAS)


def origins(lon: float, lat: float, town: str = TOWN) -> pl.DataFrame:
    schema = ["area_id", "pro_com", "lon", "lat"]
    return pl.DataFrame([("x", town, lon, lat)], schema=schema, orient="row")


def targets(*rows: tuple[str, float, float]) -> pl.DataFrame:
    schema = {"pro_com": pl.String, "lon": pl.Float64, "lat": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_a_minute_of_the_meridian_is_a_nautical_mile() -> None:
    # On the central meridian of the zone the scale is 0.9996.
    answer = nearest_metres(origins(9.0, 45.0), targets((TOWN, 9.0, 45 + 1 / 60)), CRS)
    assert answer["metres"][0] == pytest.approx(1852 * 0.9996, abs=2.0)


def test_the_nearest_counts_and_only_in_the_same_city() -> None:
    near, far = (TOWN, 10.51, 45.5), (TOWN, 10.6, 45.5)
    alone = nearest_metres(origins(10.5, 45.5), targets(near), CRS)
    assert_frame_equal(
        nearest_metres(origins(10.5, 45.5), targets(far, near, (OTHER, 10.5, 45.5)), CRS), alone
    )
    assert nearest_metres(origins(10.5, 45.5), targets((OTHER, 10.5, 45.5)), CRS).is_empty()


def test_a_city_without_a_reference_system_in_metres_is_named() -> None:
    with pytest.raises(ValueError, match=f"della città {TOWN}"):
        nearest_metres(origins(10.5, 45.5), targets((TOWN, 10.5, 45.5)), {})
    with pytest.raises(ValueError, match="non è in metri"):
        nearest_metres(origins(10.5, 45.5), targets((TOWN, 10.5, 45.5)), {TOWN: "EPSG:4326"})
