"""Which areas of a city border on each other, from their published outlines.

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
SNAP_M = 10.0
"""Metres within which two borders are the same: twice the tolerance outlines are simplified at."""
LEAST_SHARED_M = 50.0
"""Metres of common border that make neighbours; areas that meet at a corner share about twice the
snap, so that this tells borders from corners down to angles of some 25 degrees."""
Objects = NDArray[np.object_]
_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def contiguous_areas(
    outlines: pl.DataFrame,
    *,
    crs: str,
    snap_m: float = SNAP_M,
    least_shared_m: float = LEAST_SHARED_M,
) -> pl.DataFrame:
    """Pairs of areas with a common border.

    The common border is what of each outline lies within `snap_m` of the other area, the shorter
    of the two ways of measuring it: outlines simplified one by one leave slivers and gaps, so that
    asking for identical vertices would find no neighbours.

    Args:
        outlines: `area_id`, `geom_wkb` (polygons, EPSG:4326), one row per area.
        crs: projected reference system in which metres are measured.
        snap_m: metres within which two borders are the same.
        least_shared_m: metres of common border that make neighbours.

    Returns:
        `area_id`, `other_id` (the smaller identifier first), `shared_m`; sorted, whatever the
        order of the rows.

    Raises:
        SourceFault: an area is there twice, or has no valid polygon.

    Source:
        Cliff and Ord (1981), Spatial Processes: Models and Applications, Pion (rook contiguity).
    """
    names, shapes = _polygons(outlines, crs)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=snap_m)
    apart = first < second
    first, second = first[apart], second[apart]
    shared = np.minimum(
        _within(shapes[first], shapes[second], snap_m),
        _within(shapes[second], shapes[first], snap_m),
    )
    near = shared >= least_shared_m
    return pl.DataFrame(
        {
            "area_id": names[first[near]],
            "other_id": names[second[near]],
            "shared_m": shared[near].round(1),
        },
        schema={"area_id": pl.String, "other_id": pl.String, "shared_m": pl.Float64},
    ).sort("area_id", "other_id")


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
    names, shapes = _polygons(outlines, crs)
    first, second = np.triu_indices(len(names), k=1)
    return pl.DataFrame(
        {
            "area_id": names[first],
            "other_id": names[second],
            "distance_m": shapely.distance(shapes[first], shapes[second]),
        },
        schema={"area_id": pl.String, "other_id": pl.String, "distance_m": pl.Float64},
    )


def _polygons(outlines: pl.DataFrame, crs: str) -> tuple[Objects, Objects]:
    rows = outlines.sort("area_id")
    names = np.array(rows["area_id"].to_list(), dtype=object)
    _refuse(names, rows["area_id"].is_duplicated().to_numpy(), "l'area è ripetuta")
    _refuse(names, rows["geom_wkb"].is_null().to_numpy(), "manca il poligono")
    shapes = np.asarray(shapely.from_wkb(rows["geom_wkb"].to_list()), dtype=object)
    polygonal = np.isin(shapely.get_type_id(shapes), _POLYGONS)
    _refuse(names, ~polygonal | shapely.is_empty(shapes), "il contorno non è un poligono")
    _refuse(names, ~shapely.is_valid(shapes), "il poligono non è valido")
    projected = gpd.GeoSeries(shapes, crs=GEOGRAPHIC).to_crs(crs)
    return names, np.asarray(projected.values, dtype=object)


def _within(outline_of: Objects, near: Objects, snap_m: float) -> NDArray[np.float64]:
    shared = shapely.intersection(shapely.boundary(outline_of), shapely.buffer(near, snap_m))
    return np.asarray(shapely.length(shared), dtype=np.float64)


def _refuse(names: Objects, wrong: NDArray[np.bool_], rule: str) -> None:
    for place in np.flatnonzero(wrong):
        raise SourceFault(SOURCE, TABLE, f"area {names[place]}", rule)
