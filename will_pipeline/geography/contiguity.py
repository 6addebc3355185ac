"""Which areas of a city border on each other, and for how long, from their outlines.

Neighbours by a common border (rook) and distances belong here; what is made of them belongs to
whoever asks.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from will_pipeline.errors import SourceFault

SOURCE = "confini delle aree"
TABLE = "core.area_outline"
GEOGRAPHIC = "EPSG:4326"
LEAST_SHARED_M = 50.0
"""Metres of common border that make neighbours: nobody walks from one area to the other across
less than the width of a square."""
Objects = NDArray[np.object_]
_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def contiguous_areas(
    outlines: pl.DataFrame, *, crs: str, least_shared_m: float = LEAST_SHARED_M
) -> pl.DataFrame:
    """Pairs of areas with a common border, and its length.

    A border is common where the very same edges, between the very same vertices, belong to two
    areas: outlines have to be a valid coverage, as `will_pipeline.geography.coverage` makes them.
    Areas that meet in a point only share no edge.

    Args:
        outlines: `area_id`, `geom_wkb` (polygons, EPSG:4326), one row per area.
        crs: projected reference system in which metres are measured.
        least_shared_m: metres of common border that make neighbours.

    Returns:
        `area_id`, `other_id` (the smaller identifier first), `shared_m`; sorted, whatever the
        order of the rows.

    Raises:
        SourceFault: an area is there twice, has no valid polygon, or its border does not match
            those of its neighbours edge by edge.

    Source:
        Cliff and Ord (1981), Spatial Processes: Models and Applications, Pion (rook contiguity).
    """
    names, shapes = _polygons(outlines)
    if not shapely.coverage_is_valid(shapes):
        wrong = ~shapely.is_empty(shapely.coverage_invalid_edges(shapes))
        _refuse(names, wrong, "i bordi non combaciano con i vicini")
    edges = _edges(names, shapes)
    ends = ["x0", "y0", "x1", "y1"]
    both = edges.join(edges, on=ends, suffix="_other").filter(pl.col("area") < pl.col("area_other"))
    pairs = both.with_columns(metres=pl.Series(_metres(both.select(ends), crs), dtype=pl.Float64))
    return (
        pairs.sort("area", "area_other", *ends)
        .group_by("area", "area_other", maintain_order=True)
        .agg(shared_m=pl.col("metres").sum())
        .filter(pl.col("shared_m") >= least_shared_m)
        .select(area_id="area", other_id="area_other", shared_m=pl.col("shared_m").round(1))
        .sort("area_id", "other_id")
    )


def distances(outlines: pl.DataFrame, *, crs: str) -> pl.DataFrame:
    """Metres between every two areas: zero where they touch.

    Args:
        outlines: `area_id`, `geom_wkb` (polygons, EPSG:4326), one row per area.
        crs: projected reference system in which metres are measured.

    Returns:
        `area_id`, `other_id` (the smaller identifier first), `distance_m`; sorted.

    Raises:
        SourceFault: an area is there twice, or has no valid polygon.
    """
    names, degrees = _polygons(outlines)
    shapes = np.asarray(gpd.GeoSeries(degrees, crs=GEOGRAPHIC).to_crs(crs).values, dtype=object)
    first, second = np.triu_indices(len(names), k=1)
    return pl.DataFrame(
        {
            "area_id": names[first],
            "other_id": names[second],
            "distance_m": shapely.distance(shapes[first], shapes[second]),
        },
        schema={"area_id": pl.String, "other_id": pl.String, "distance_m": pl.Float64},
    )


def _polygons(outlines: pl.DataFrame) -> tuple[Objects, Objects]:
    rows = outlines.sort("area_id")
    names = np.array(rows["area_id"].to_list(), dtype=object)
    _refuse(names, rows["area_id"].is_duplicated().to_numpy(), "l'area è ripetuta")
    _refuse(names, rows["geom_wkb"].is_null().to_numpy(), "manca il poligono")
    shapes = np.asarray(shapely.from_wkb(rows["geom_wkb"].to_list()), dtype=object)
    polygonal = np.isin(shapely.get_type_id(shapes), _POLYGONS)
    _refuse(names, ~polygonal | shapely.is_empty(shapes), "il contorno non è un poligono")
    _refuse(names, ~shapely.is_valid(shapes), "il poligono non è valido")
    return names, shapes


def _edges(names: Objects, shapes: Objects) -> pl.DataFrame:
    """Every edge of every area, its ends in one order whatever the way it is walked."""
    parts, area = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    here, there = points[:-1], points[1:]
    inside = ring[:-1] == ring[1:]
    here, there, ring = here[inside], there[inside], ring[:-1][inside]
    turned = (here[:, 0] > there[:, 0]) | ((here[:, 0] == there[:, 0]) & (here[:, 1] > there[:, 1]))
    first = np.where(turned[:, None], there, here)
    last = np.where(turned[:, None], here, there)
    return pl.DataFrame(
        {
            "area": names[area[part[ring]]],
            "x0": first[:, 0],
            "y0": first[:, 1],
            "x1": last[:, 0],
            "y1": last[:, 1],
        },
        schema_overrides={"area": pl.String},
    )


def _metres(ends: pl.DataFrame, crs: str) -> NDArray[np.float64]:
    points = ends.to_numpy().reshape(-1, 2, 2)
    lines = gpd.GeoSeries(shapely.linestrings(points), crs=GEOGRAPHIC)
    return np.asarray(lines.to_crs(crs).length.to_numpy(), dtype=np.float64)


def _refuse(names: Objects, wrong: NDArray[np.bool_], rule: str) -> None:
    for place in np.flatnonzero(wrong):
        raise SourceFault(SOURCE, TABLE, f"area {names[place]}", rule)
