"""Places of a few kinds out of the municipal extracts of OpenStreetMap, in PBF.

What belongs here is the passage from nodes and closed ways to points with a kind; who edited them,
who runs them and how to call them is never read, and what is made stays apart from other data.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from types import ModuleType
from typing import Any

import polars as pl
import shapely

from will_pipeline.errors import SourceFault
from will_pipeline.readers.tabular import Origin
from will_pipeline.sources.containers import ContainerFault
from will_pipeline.sources.osm_pbf import count_blocks

SOURCE = "osm_presidi"
KINDS = (
    "community_centre", "kindergarten", "library", "school", "social_facility", "youth_centre",
)  # fmt: skip
"""Values of the key `amenity` that are kept; places of worship are left out on purpose."""
POINT, CENTRE, MISSING = "observed", "centre", "missing"
MOST_BYTES = 200_000_000
_DECIMALS = 7
_CORNERS = 3
_ADDRESS = {
    "addr:street": "street",
    "addr:housenumber": "house_number",
    "addr:postcode": "postcode",
    "addr:city": "city",
}
_SCHEMA = {
    "osm_id": pl.String,
    "pro_com": pl.String,
    "kind": pl.String,
    "name": pl.String,
    **dict.fromkeys(_ADDRESS.values(), pl.String),
    "latitude": pl.Float64,
    "longitude": pl.Float64,
    "position": pl.String,
}
_NO_OSMIUM = (
    "per leggere gli estratti di OpenStreetMap serve il pacchetto osmium: "
    "si rifà l'ambiente con make run"
)
# Of what a broken extract can raise, nothing has a type of its own.
_UNREADABLE = (RuntimeError, ValueError, KeyError, OverflowError)


def extracts(
    files: Mapping[str, bytes],
    *,
    cities: Collection[str] | None = None,
    boxes: Mapping[str, Sequence[float]] | None = None,
) -> pl.DataFrame:
    """Read the extracts of some municipalities.

    Args:
        files: Bytes of the extracts by name, whose stem ends with the six-digit code of the
            municipality (`c034027.pbf`).
        cities: Six-digit codes to keep; every one where None. One without an extract has no row.
        boxes: West, south, east and north of a municipality by code, in degrees; places outside
            are left out, and an extract with none inside is refused.

    Returns:
        Rows as `places` gives them, by municipality.

    Raises:
        SourceFault: A file names no municipality or is refused by `places`, or a box is none.

    Source:
        OpenStreetMap contributors, extracts by Wikimedia Italia, ODbL 1.0.
    """
    found = [pl.DataFrame(schema=_SCHEMA)]
    for name in sorted(files):
        code = re.fullmatch(r"\D*(\d{6})", PurePosixPath(name).name.partition(".")[0])
        if code is None:
            raise SourceFault(SOURCE, name, "", "il nome del file non dice il comune")
        if cities is None or code[1] in cities:
            within = _box((boxes or {}).get(code[1]), code[1], name)
            found.append(places(files[name], name=name, pro_com=code[1], within=within))
    return pl.concat(found).sort("pro_com", "osm_id")


def places(
    content: bytes, *, name: str, pro_com: str, within: shapely.Geometry | None = None
) -> pl.DataFrame:
    """Read the places of one extract.

    Args:
        content: Bytes of an `.osm.pbf`.
        name: Name of the file, for faults.
        pro_com: Six-digit code of the municipality.
        within: Polygon of the municipality (EPSG:4326); places outside are left out. A place
            without a position stays, since nobody knows where it is.

    Returns:
        One row a place, sorted by `osm_id` (`n` or `w`, then the number): pro_com, kind (one of
        `KINDS`), name, street, house_number, postcode, city, latitude and longitude (degrees,
        seven decimals), position (`observed` for a node, `centre` for the centre of mass of a
        closed way, `missing` where corners of the way are not in the extract). Open ways are no
        places; relations are not read.

    Raises:
        SourceFault: The file is empty, too large, cut or no PBF; it cannot be read; an object is
            repeated; there are places, and none is inside; `osmium` is not installed.
    """
    origin = Origin(SOURCE, name)
    _check(content, origin)
    osmium = _osmium(origin)
    try:
        rows = [{**row, "pro_com": pro_com} for row in _rows(osmium, content)]
    except _UNREADABLE as error:
        raise origin.fault("", f"l'estratto non si legge: {error}") from error
    table = pl.DataFrame(rows, schema=_SCHEMA).sort("osm_id")
    twice = table.filter(pl.col("osm_id").is_duplicated())
    if twice.height:
        raise origin.fault(f"oggetto {twice['osm_id'][0]}", "l'oggetto è ripetuto")
    if within is None or table.is_empty():
        return table
    inside = _inside(table, within)
    if not inside.any():
        raise origin.fault("", f"nessun luogo cade nel comune {pro_com}: è l'estratto di un altro")
    return table.filter(inside)


def _check(content: bytes, origin: Origin) -> None:
    if not content:
        raise origin.fault("", "il file è vuoto")
    if len(content) > MOST_BYTES:
        raise origin.fault("", f"{len(content)} byte: al più {MOST_BYTES}")
    try:
        count_blocks(content)
    except ContainerFault as fault:
        raise origin.fault("", str(fault)) from fault


def _osmium(origin: Origin) -> ModuleType:
    try:
        import osmium  # noqa: PLC0415  (an extra: the project works without it)
    except ImportError as error:
        raise origin.fault("", _NO_OSMIUM) from error
    module: ModuleType = osmium
    return module


def _rows(osmium: ModuleType, content: bytes) -> Iterator[dict[str, Any]]:
    buffer = osmium.io.FileBuffer(content, "pbf")
    kinds = [("amenity", kind) for kind in KINDS]
    objects = osmium.FileProcessor(buffer, osmium.osm.NODE | osmium.osm.WAY).with_locations()
    for each in objects.with_filter(osmium.filter.TagFilter(*kinds)):
        if each.is_node():
            yield _told(each, "n", (each.lon, each.lat), POINT)
        elif each.is_closed() and len(each.nodes) > _CORNERS:
            centre = _centre(each)
            yield _told(each, "w", centre, MISSING if centre is None else CENTRE)


def _told(
    each: Any, letter: str, place: tuple[float, float] | None, position: str
) -> dict[str, Any]:
    tags = each.tags
    longitude, latitude = place or (None, None)
    return {
        "osm_id": f"{letter}{each.id}",
        "kind": tags["amenity"],
        "name": tags.get("name"),
        **{column: tags.get(key) for key, column in _ADDRESS.items()},
        "latitude": latitude,
        "longitude": longitude,
        "position": position,
    }


def _centre(way: Any) -> tuple[float, float] | None:
    if not all(node.location.valid() for node in way.nodes):
        return None
    centre = shapely.Polygon([(node.lon, node.lat) for node in way.nodes]).centroid
    return round(centre.x, _DECIMALS), round(centre.y, _DECIMALS)


def _inside(table: pl.DataFrame, within: shapely.Geometry) -> pl.Series:
    known = table["longitude"].is_not_null()
    longitude, latitude = (
        table[name].fill_null(0).to_numpy() for name in ("longitude", "latitude")
    )
    covered = shapely.intersects_xy(within, longitude, latitude)
    return pl.Series(covered, dtype=pl.Boolean) | ~known


def _box(given: Sequence[float] | None, pro_com: str, name: str) -> shapely.Geometry | None:
    if given is None:
        return None
    edges = [float(each) for each in given]
    if len(edges) != 4 or not (edges[0] < edges[2] and edges[1] < edges[3]):
        rule = f"{edges} non è ovest, sud, est e nord"
        raise SourceFault(SOURCE, name, f"riquadro del comune {pro_com}", rule)
    return shapely.box(*edges)
