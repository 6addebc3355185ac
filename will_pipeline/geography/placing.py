"""Points given to the areas they stand in, with what stands outside told and never dropped.

The tolerance at the edges of a city and the report of what is outside belong here; plain
containment is in `location`.
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import polars as pl
import shapely

from will_pipeline.geography.location import BY_LEVEL, GEOGRAPHIC, locate

LIMIT_M = 50.0
"""Metres beyond the border at which a point is still of the nearest area: what a coordinate taken
in the street, or a border drawn along a river, may be wrong by."""
INSIDE, NEAR, OUTSIDE = "dentro", "vicino", "fuori"


def place_points(
    points: pl.DataFrame,
    areas: pl.DataFrame,
    crs: Mapping[str, str],
    *,
    limit_m: float = LIMIT_M,
) -> pl.DataFrame:
    """Find the area of each point, looking a little beyond the borders of the city.

    Args:
        points: `point_id`, `pro_com`, `lon`, `lat` (degrees, EPSG:4326), none missing.
        areas: `area_id`, `pro_com`, `level`, `geom_wkb` (polygons, EPSG:4326), none missing.
        crs: projected reference system in metres by city.
        limit_m: metres outside every area up to which a point is given to the nearest one.

    Returns:
        One row per point and level of its city, sorted: `point_id`, `pro_com`, `level`,
        `area_id` (missing outside), `position` (`dentro`, `vicino` or `fuori`) and `distance_m`
        from the nearest area (zero inside). Between areas equally near the identifier that comes
        first is taken.

    Raises:
        ValueError: a coordinate is missing or is none, a point repeats, or a city has no
            reference system.
    """
    town = points.select("point_id", "pro_com")
    found = locate(points, areas).join(town, on="point_id")
    inside = found.filter(pl.col("area_id").is_not_null()).with_columns(
        position=pl.lit(INSIDE), distance_m=pl.lit(0.0)
    )
    lost = found.filter(pl.col("area_id").is_null()).join(
        points.select("point_id", "lon", "lat"), on="point_id"
    )
    rows = [inside.select(_COLUMNS)]
    for key, group in lost.sort("point_id").group_by(BY_LEVEL, maintain_order=True):
        city, level = str(key[0]), str(key[1])
        here = areas.filter((pl.col("pro_com") == city) & (pl.col("level") == level))
        rows.append(_nearest(group, here.sort("area_id"), _system(crs, city), limit_m))
    return pl.concat(rows).sort("point_id", "level")


def outside_report(placed: pl.DataFrame) -> pl.DataFrame:
    """How many points of each city and level are inside, near and outside.

    Args:
        placed: result of `place_points`.

    Returns:
        `pro_com`, `level`, `points`, `inside`, `near`, `outside`, `outside_share`, sorted.
    """
    count = {
        name: (pl.col("position") == word).sum().cast(pl.Int64)
        for name, word in (("inside", INSIDE), ("near", NEAR), ("outside", OUTSIDE))
    }
    return (
        placed.group_by(BY_LEVEL)
        .agg(points=pl.len().cast(pl.Int64), **count)
        .with_columns(outside_share=pl.col("outside") / pl.col("points"))
        .sort(BY_LEVEL)
    )


_COLUMNS = ("point_id", "pro_com", "level", "area_id", "position", "distance_m")


def _nearest(points: pl.DataFrame, areas: pl.DataFrame, crs: str, limit_m: float) -> pl.DataFrame:
    spots = gpd.GeoSeries(gpd.points_from_xy(points["lon"], points["lat"]), crs=GEOGRAPHIC)
    shapes = gpd.GeoSeries(shapely.from_wkb(areas["geom_wkb"].to_list()), crs=GEOGRAPHIC)
    apart = shapely.distance(
        np.asarray(spots.to_crs(crs).values)[:, None], np.asarray(shapes.to_crs(crs).values)[None]
    ).round(3)
    nearest = apart.argmin(axis=1)
    metres = apart.min(axis=1)
    names = areas["area_id"].to_list()
    close = metres <= limit_m
    return points.with_columns(
        pl.Series(
            "area_id",
            [names[k] if near else None for k, near in zip(nearest, close, strict=True)],
            dtype=pl.String,
        ),
        pl.Series("position", np.where(close, NEAR, OUTSIDE).tolist(), dtype=pl.String),
        pl.Series("distance_m", metres, dtype=pl.Float64),
    ).select(_COLUMNS)


def _system(crs: Mapping[str, str], city: str) -> str:
    if city not in crs:
        raise ValueError(f"Punti: la città {city} non ha un sistema di riferimento.")
    return crs[city]
