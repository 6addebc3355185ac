"""SVG paths of areas that have real boundaries.

Polygons come in as WKB in longitude and latitude and leave as paths in the box that the areas of
a city and level share; no simplification, no dissolve.
"""

import math
from itertools import pairwise

import numpy as np
import polars as pl
import shapely

SIDE = 1000.0

_COLUMNS = ("area_id", "pro_com", "livello", "geom_wkb")


def geometry_paths(areas: pl.DataFrame) -> pl.DataFrame:
    """Project the polygons of each city and level into a common box and write them as SVG paths.

    The projection is equirectangular with the parallel of the middle of the city kept true (Snyder,
    "Map projections: a working manual", U.S. Geological Survey, 1987): over a municipality the
    error is far below the tenth of a drawing unit that is written.

    Args:
        areas: one row per area with area_id, pro_com, livello and geom_wkb (polygon or
            multipolygon, WKB, EPSG:4326).

    Returns:
        One row per area, sorted by area_id: area_id, riquadro, path_svg, etichetta_x, etichetta_y
        (drawing units, y downwards; where a label has most room), schematica (false), lon, lat
        (degrees) of a point that surely lies inside.

    Raises:
        ValueError: a column is missing, an identifier repeats, or a shape is absent, empty,
            invalid, not a polygon or outside longitude and latitude.
    """
    missing = [column for column in _COLUMNS if column not in areas.columns]
    if missing:
        raise ValueError(f"Contorni: mancano le colonne {', '.join(missing)}.")
    repeated = areas.filter(pl.col("area_id").is_duplicated())["area_id"].unique().sort()
    if len(repeated):
        raise ValueError(f"Contorni: area ripetuta {', '.join(repeated)}.")
    rows: list[dict[str, object]] = []
    ordered = areas.sort("pro_com", "livello", "area_id")
    for _, group in ordered.group_by("pro_com", "livello", maintain_order=True):
        rows.extend(_draw_group(group))
    return pl.DataFrame(
        rows,
        schema={
            "area_id": pl.String,
            "riquadro": pl.String,
            "path_svg": pl.String,
            "etichetta_x": pl.Float64,
            "etichetta_y": pl.Float64,
            "schematica": pl.Boolean,
            "lon": pl.Float64,
            "lat": pl.Float64,
        },
    ).sort("area_id")


def _draw_group(group: pl.DataFrame) -> list[dict[str, object]]:
    shapes = [
        _polygon(area_id, wkb)
        for area_id, wkb in zip(
            group["area_id"].to_list(), group["geom_wkb"].to_list(), strict=True
        )
    ]
    west, south, east, north = (float(value) for value in shapely.total_bounds(np.array(shapes)))
    shrink = math.cos(math.radians((south + north) / 2))
    width, height = (east - west) * shrink, north - south
    scale = SIDE / max(width, height)
    offset = (SIDE - width * scale) / 2
    box = f"0 0 {SIDE:.0f} {math.ceil(round(height * scale, 3))}"

    def project(points: np.ndarray) -> np.ndarray:
        x = (points[:, 0] - west) * shrink * scale + offset
        y = (north - points[:, 1]) * scale
        return np.column_stack([x, y])

    rows: list[dict[str, object]] = []
    for area_id, shape in zip(group["area_id"].to_list(), shapes, strict=True):
        inner = shape.representative_point()
        label = _roomiest(shapely.transform(shape, project))
        outline = "".join(
            _ring(project(shapely.get_coordinates(ring)))
            for polygon in shapely.get_parts(shape)
            for ring in (polygon.exterior, *polygon.interiors)
        )
        rows.append(
            {
                "area_id": area_id,
                "riquadro": box,
                "path_svg": outline,
                "etichetta_x": round(float(label.x), 1),
                "etichetta_y": round(float(label.y), 1),
                "schematica": False,
                "lon": float(inner.x),
                "lat": float(inner.y),
            }
        )
    return rows


def _polygon(area_id: str, wkb: bytes | None) -> shapely.Polygon | shapely.MultiPolygon:
    if wkb is None:
        raise ValueError(f"Contorni: l'area {area_id} non ha un poligono.")
    try:
        shape = shapely.from_wkb(wkb)
    except shapely.errors.GEOSException as error:
        raise ValueError(f"Contorni: l'area {area_id} non è in formato WKB.") from error
    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon) or shape.is_empty:
        raise ValueError(f"Contorni: l'area {area_id} non è un poligono ({shape.geom_type}).")
    if not shape.is_valid:
        reason = shapely.is_valid_reason(shape)
        raise ValueError(f"Contorni: il poligono dell'area {area_id} non è valido ({reason}).")
    west, south, east, north = shape.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise ValueError(f"Contorni: l'area {area_id} non è in longitudine e latitudine.")
    return shape


def _roomiest(shape: shapely.Polygon | shapely.MultiPolygon) -> shapely.Point:
    """Centre of the largest inscribed circle, to the drawing unit: where a label has most room."""
    return shapely.get_point(shapely.maximum_inscribed_circle(shape, tolerance=1.0), 0)


def _ring(points: np.ndarray) -> str:
    """A closed subpath with one decimal; points that fall on their neighbour are written once."""
    rounded = [(round(float(x), 1), round(float(y), 1)) for x, y in points]
    kept = [rounded[0], *(after for before, after in pairwise(rounded) if after != before)]
    if len(kept) > 1 and kept[-1] == kept[0]:
        kept.pop()
    first, *rest = (f"{_short(x)} {_short(y)}" for x, y in kept)
    return "M" + first + "".join(f"L{point}" for point in rest) + "Z"


def _short(value: float) -> str:
    text = f"{value:.1f}"
    return "0" if text in {"0.0", "-0.0"} else text.removesuffix(".0")
