"""Sections as vector tiles: the archive is read back, and says where every section is."""

from __future__ import annotations

import gzip
import math

import geopandas as gpd
import mapbox_vector_tile
import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pmtiles.reader import MemorySource, Reader, all_tiles
from pmtiles.tile import Compression, TileType

from tests.mart.sections import SIDE, SOUTH, WEST, grid
from will_pipeline.mart.vector_tiles import (
    EXTENT,
    LEAST_ZOOM,
    MOST_ZOOM,
    placed_sections,
    section_tiles,
)

HOSTILE = "'; DROP TABLE <img onerror>"


def tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int, float, float]:
    """Column and row of a point, and its place inside the tile from its top left corner."""
    x = (lon + 180) / 360 * 2**zoom
    sine = math.asinh(math.tan(math.radians(lat)))
    y = (1 - sine / math.pi) / 2 * 2**zoom
    return int(x), int(y), (x % 1) * EXTENT, (y % 1) * EXTENT


def test_the_archive_tells_where_it_is_and_what_it_holds() -> None:
    reader = Reader(MemorySource(section_tiles(placed_sections(grid()), attribution="ISTAT")))
    header, said = reader.header(), reader.metadata()
    assert header["tile_type"] == TileType.MVT
    assert header["tile_compression"] == Compression.GZIP
    assert (header["min_zoom"], header["max_zoom"]) == (LEAST_ZOOM, MOST_ZOOM)
    assert header["clustered"]
    assert header["min_lon_e7"] == round(WEST * 1e7)
    assert header["max_lat_e7"] == round((SOUTH + 2 * SIDE) * 1e7)
    assert said["attribution"] == "ISTAT"
    assert [layer["id"] for layer in said["vector_layers"]] == ["sezioni_2011"]


def test_every_section_is_found_where_it_lies() -> None:
    sections = placed_sections(grid())
    reader = Reader(MemorySource(section_tiles(sections)))
    assert len(sections) == 6
    for code, shape in zip(sections["section_id"], sections.geometry, strict=True):
        lon, lat = shape.centroid.x, shape.centroid.y
        column, row, x, y = tile_at(lon, lat, MOST_ZOOM)
        tile = reader.get(MOST_ZOOM, column, row)
        assert tile is not None
        layers = mapbox_vector_tile.decode(
            gzip.decompress(tile), default_options={"y_coord_down": True}
        )
        inside = [
            feature["properties"]
            for feature in layers["sezioni_2011"]["features"]
            if shapely.geometry.shape(feature["geometry"]).contains(shapely.Point(x, y))
        ]
        assert inside == [{"sezione": code, "pro_com": "034027", "area_subcomunale": 4}]


def test_nothing_in_the_tiles_counts_persons() -> None:
    archive = section_tiles(placed_sections(grid()))
    said: set[str] = set()
    codes: set[str] = set()
    for _, tile in all_tiles(MemorySource(archive)):
        for layer in mapbox_vector_tile.decode(gzip.decompress(tile)).values():
            said |= {name for each in layer["features"] for name in each["properties"]}
            codes |= {each["properties"]["sezione"] for each in layer["features"]}
    assert said == {"sezione", "pro_com", "area_subcomunale"}
    assert codes == set(placed_sections(grid())["section_id"])
    assert len(codes) == 6


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_order_of_the_rows_does_not_matter(seed: int) -> None:
    rows = grid()
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=seed)
    assert section_tiles(placed_sections(shuffled)) == section_tiles(placed_sections(rows))


def test_two_editions_are_two_layers() -> None:
    later = grid().with_columns(edition=pl.lit("2021"))
    reader = Reader(MemorySource(section_tiles(placed_sections(pl.concat([grid(), later])))))
    layers = [layer["id"] for layer in reader.metadata()["vector_layers"]]
    assert layers == ["sezioni_2011", "sezioni_2021"]


def test_a_hostile_text_is_text() -> None:
    named = grid().with_columns(section_id=pl.lit(HOSTILE))
    archive = section_tiles(placed_sections(named.head(1)), attribution=HOSTILE)
    assert Reader(MemorySource(archive)).metadata()["attribution"] == HOSTILE
    for _, tile in all_tiles(MemorySource(archive)):
        layers = mapbox_vector_tile.decode(gzip.decompress(tile))
        assert layers["sezioni_2011"]["features"][0]["properties"]["sezione"] == HOSTILE


def test_without_sections_or_in_metres_nothing_is_drawn() -> None:
    sections = placed_sections(grid())
    with pytest.raises(ValueError, match="no section"):
        section_tiles(sections.head(0))
    with pytest.raises(ValueError, match="EPSG:4326"):
        section_tiles(gpd.GeoDataFrame(sections).to_crs("EPSG:32632"))
