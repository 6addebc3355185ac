"""What is drawn: boundaries where every area of a city and level has one, tiles elsewhere."""

import polars as pl
import pytest
import shapely

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.geography.boundaries import (
    MUNICIPALITY_BOUNDARIES,
    PARMA_BOUNDARIES,
    embedded_boundaries,
)
from will_pipeline.geography.outlines import outline_rows

PARMA, COMO = "034027", "013075"


def square(west: float, south: float, side: float = 0.1) -> bytes:
    return shapely.to_wkb(shapely.box(west, south, west + side, south + side))


@pytest.fixture
def published() -> pl.DataFrame:
    municipalities = pl.DataFrame(
        {
            "pro_com": [PARMA, COMO],
            "geometry_wkb": [square(10.2, 44.7, 0.2), square(9.0, 45.8)],
            "area_km2": [260.0, 37.0],
        }
    )
    parts = pl.DataFrame(
        {
            "pro_com": [PARMA] * 3,
            "level": ["asc", "asc", "ace"],
            "code": [1, 13, 0],
            "geometry_wkb": [square(10.2, 44.7), square(10.3, 44.7), square(10.2, 44.8)],
            "area_km2": [4.0, 5.0, 6.0],
        }
    )
    return embedded_boundaries(municipalities, parts)


@pytest.fixture
def areas() -> pl.DataFrame:
    names = [
        f"{PARMA}.C", f"{PARMA}.Q01", f"{PARMA}.Q13", f"{PARMA}.A00", f"{PARMA}.A01",
        f"{COMO}.C", f"{COMO}.A01", f"{COMO}.A02",
    ]  # fmt: skip
    return pl.DataFrame(
        {
            "area_id": names,
            "pro_com": [name[:6] for name in names],
            "level": [name[7] for name in names],
            "residents": [100 * (k + 1) for k in range(8)],
            "source_id": ["census"] * 8,
        }
    )


def test_boundaries_are_named_as_the_areas_are(published: pl.DataFrame) -> None:
    assert published.select("area_id", "surface_km2", "source_id").rows() == [
        (f"{PARMA}.C", 260.0, MUNICIPALITY_BOUNDARIES),
        (f"{COMO}.C", 37.0, MUNICIPALITY_BOUNDARIES),
        (f"{PARMA}.Q01", 4.0, PARMA_BOUNDARIES),
        (f"{PARMA}.Q13", 5.0, PARMA_BOUNDARIES),
        (f"{PARMA}.A00", 6.0, PARMA_BOUNDARIES),
    ]


def test_a_level_with_a_missing_boundary_is_drawn_in_tiles_whole(
    areas: pl.DataFrame, published: pl.DataFrame
) -> None:
    rows = outline_rows(areas, published)
    drawn = dict(rows.select("area_id", "schematic").iter_rows())
    assert drawn == {
        f"{COMO}.A01": True,
        f"{COMO}.A02": True,
        f"{COMO}.C": False,
        f"{PARMA}.A00": True,
        f"{PARMA}.A01": True,
        f"{PARMA}.C": False,
        f"{PARMA}.Q01": False,
        f"{PARMA}.Q13": False,
    }
    tiles = rows.filter("schematic")
    assert tiles["geom_wkb"].null_count() == tiles["lon"].null_count() == tiles.height
    assert set(tiles["source_id"]) == {"census"}


def test_places_keep_their_polygon_their_source_and_an_inner_point(
    areas: pl.DataFrame, published: pl.DataFrame
) -> None:
    places = outline_rows(areas, published).filter(~pl.col("schematic"))
    for row in places.iter_rows(named=True):
        shape = shapely.from_wkb(row["geom_wkb"])
        assert shape.contains(shapely.Point(row["lon"], row["lat"]))
    sources = dict(places.select("area_id", "source_id").iter_rows())
    assert sources[f"{PARMA}.Q01"] == PARMA_BOUNDARIES
    assert sources[f"{PARMA}.C"] == MUNICIPALITY_BOUNDARIES


def test_areas_of_one_drawing_share_its_frame(areas: pl.DataFrame, published: pl.DataFrame) -> None:
    rows = outline_rows(areas, published).with_columns(drawing=pl.col("area_id").str.head(8))
    frames = rows.group_by("drawing").agg(pl.col("view_box").n_unique())
    assert set(frames["view_box"]) == {1}
    conform(rows.drop("drawing"), load_contracts("core")["area_outline"])


@pytest.mark.parametrize("whole", [True, False])
def test_a_country_of_tiles_or_of_places_alone_is_drawn(
    areas: pl.DataFrame, published: pl.DataFrame, whole: bool
) -> None:
    chosen = areas.filter((pl.col("level") == "C") == whole)
    known = published if whole else published.clear()
    rows = outline_rows(chosen, known)
    assert rows.height == chosen.height
    assert set(rows["schematic"]) == {not whole}
