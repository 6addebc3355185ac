"""Census sections as vector tiles in one PMTiles file, for maps that show a city close up.

Shapes and codes only: no count of a section is ever published, see the rule on confidentiality.
"""

from __future__ import annotations

import gzip
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import mapbox_vector_tile  # type: ignore[import-untyped]
import numpy as np
import pandas as pd
import polars as pl
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

FILE = "sezioni.pmtiles"
LEAST_ZOOM, MOST_ZOOM = 8, 14
EXTENT = 4096
"""Steps on the side of a tile, as Mapbox Vector Tile 2.1 takes them."""
BUFFER = 64
"""Steps around a tile that are kept, so that outlines do not end at its border."""
SIMPLIFIED = 4.0
"""Steps that a point may move: less than a pixel of a tile of 512."""
HALF_WORLD = 20037508.342789244
"""Half the side of the world in Web Mercator, metres."""
LAYER = "sezioni_{}"
ATTRIBUTES = ("section_id", "pro_com", "asc1", "ace")
NAMES = {"section_id": "sezione", "asc1": "area_subcomunale", "ace": "area_di_censimento"}
E7 = 10_000_000


@dataclass(frozen=True)
class _Tile:
    zoom: int
    column: int
    row: int

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        side = 2 * HALF_WORLD / 2**self.zoom
        left, top = self.column * side - HALF_WORLD, HALF_WORLD - self.row * side
        return left, top - side, left + side, top


def placed_sections(sections: pl.DataFrame) -> gpd.GeoDataFrame:
    """Sections that have a polygon, with their codes and nothing that counts persons.

    Args:
        sections: rows of `core.section`.

    Returns:
        One row per section, in longitude and latitude, sorted by edition and code.
    """
    rows = sections.filter(pl.col("geom_wkb").is_not_null() & ~pl.col("fictitious")).sort(
        "edition", "section_id"
    )
    columns = {name: rows[name].to_list() for name in ("edition", *ATTRIBUTES)}
    shapes = shapely.from_wkb(rows["geom_wkb"].to_numpy())
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326")


def whom_to_name(sections: pl.DataFrame, sources: pl.DataFrame) -> str:
    """Attributions of the sources of some sections, as a map must show them.

    Args:
        sections: rows of `core.section`.
        sources: rows of `dim_fonte`; a source that is not there is named by its identifier.
    """
    known = dict(sources.select("fonte_id", "attribuzione").iter_rows())
    found = sorted(set(sections["source_id"]))
    return "; ".join(dict.fromkeys(known.get(name) or name for name in found))


def section_tiles(sections: gpd.GeoDataFrame, *, attribution: str = "") -> bytes:
    """Cut sections into vector tiles, zooms 8 to 14, one layer per edition of the boundaries.

    Args:
        sections: polygons in EPSG:4326 with `edition` and the columns of `ATTRIBUTES`, at least
            one row.
        attribution: whom a map must name.

    Returns:
        A PMTiles archive, version 3; the same whatever the order of the rows.

    Raises:
        ValueError: there is no section, or they are in another reference system.

    Source:
        Mapbox, Vector Tile Specification 2.1 (2016); Protomaps, PMTiles Specification 3 (2022).
    """
    if sections.empty:
        raise ValueError("there is no section to draw")
    if sections.crs is None or sections.crs.to_epsg() != 4326:
        raise ValueError(f"sections must be in EPSG:4326, found {sections.crs}")
    ordered = sections.sort_values(["edition", "section_id"], ignore_index=True)
    drawn = np.asarray(ordered.to_crs("EPSG:3857").geometry.array)
    codes = ordered[["edition", *ATTRIBUTES]].to_dict("records")
    tiles = {
        zxy_to_tileid(tile.zoom, tile.column, tile.row): content
        for zoom in range(LEAST_ZOOM, MOST_ZOOM + 1)
        for tile, content in _tiles_of(zoom, drawn, codes)
    }
    buffer = io.BytesIO()
    writer = Writer(buffer)
    for number in sorted(tiles):
        writer.write_tile(number, tiles[number])
    writer.finalize(_header(ordered), _metadata(codes, attribution))
    return buffer.getvalue()


def _tiles_of(
    zoom: int, drawn: np.ndarray, codes: list[dict[str, Any]]
) -> Iterator[tuple[_Tile, bytes]]:
    side = 2 * HALF_WORLD / 2**zoom
    step, margin = side / EXTENT, BUFFER * side / EXTENT
    plain = shapely.simplify(drawn, SIMPLIFIED * step)
    for tile, members in sorted(_members(zoom, drawn, margin).items()):
        bounds = _Tile(zoom, *tile).bounds
        left, bottom, right, top = bounds
        cut = shapely.clip_by_rect(
            plain[members], left - margin, bottom - margin, right + margin, top + margin
        )
        layers: dict[str, list[dict[str, Any]]] = {}
        for place, shape in zip(members, cut, strict=True):
            # A section smaller than a step leaves nothing to draw at this zoom.
            if shape.area > step * step:
                layers.setdefault(LAYER.format(codes[place]["edition"]), []).append(
                    {"geometry": shape, "properties": _properties(codes[place])}
                )
        if layers:
            told = [{"name": name, "features": layers[name]} for name in sorted(layers)]
            encoded = mapbox_vector_tile.encode(
                told, default_options={"quantize_bounds": bounds, "extents": EXTENT}
            )
            yield _Tile(zoom, *tile), gzip.compress(encoded, mtime=0)


def _members(zoom: int, drawn: np.ndarray, margin: float) -> dict[tuple[int, int], list[int]]:
    """Positions of the shapes whose box meets each tile, in their order."""
    side = 2 * HALF_WORLD / 2**zoom
    members: dict[tuple[int, int], list[int]] = {}
    for place, (left, bottom, right, top) in enumerate(shapely.bounds(drawn)):
        columns = range(_number(left - margin, side), _number(right + margin, side) + 1)
        rows = range(_number(-top - margin, side), _number(-bottom + margin, side) + 1)
        for column in columns:
            for row in rows:
                members.setdefault((column, row), []).append(place)
    return members


def _number(metres: float, side: float) -> int:
    return math.floor((metres + HALF_WORLD) / side)


def _properties(codes: dict[str, Any]) -> dict[str, Any]:
    known = {NAMES.get(name, name): codes[name] for name in ATTRIBUTES}
    return {
        name: value if isinstance(value, str) else int(value)
        for name, value in known.items()
        if not pd.isna(value)
    }


def _header(sections: gpd.GeoDataFrame) -> dict[str, Any]:
    left, bottom, right, top = sections.total_bounds
    return {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": round(left * E7),
        "min_lat_e7": round(bottom * E7),
        "max_lon_e7": round(right * E7),
        "max_lat_e7": round(top * E7),
        "center_zoom": LEAST_ZOOM,
        "center_lon_e7": round((left + right) / 2 * E7),
        "center_lat_e7": round((bottom + top) / 2 * E7),
    }


def _metadata(codes: list[dict[str, Any]], attribution: str) -> dict[str, Any]:
    fields = {NAMES.get(name, name): "Number" for name in ATTRIBUTES}
    fields |= {NAMES.get(name, name): "String" for name in ATTRIBUTES[:2]}
    layers = sorted({LAYER.format(each["edition"]) for each in codes})
    return {
        "name": "Sezioni di censimento",
        "description": "I confini delle sezioni, senza numeri di persone.",
        "attribution": attribution,
        "type": "overlay",
        "version": "1",
        "vector_layers": [
            {"id": layer, "minzoom": LEAST_ZOOM, "maxzoom": MOST_ZOOM, "fields": fields}
            for layer in layers
        ],
    }
