"""The areas that have a true boundary, for geographic programs: GeoPackage and GeoParquet.

Tiles of a schema are not places and never leave here.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import geopandas as gpd
import polars as pl
import pyogrio
import shapely

REFERENCE_SYSTEM = "EPSG:4326"
LAYER = "aree"


def placed_areas(areas: pl.DataFrame, shapes: pl.DataFrame, wide: pl.DataFrame) -> gpd.GeoDataFrame:
    """Areas with a boundary, with the columns of the wide table.

    Args:
        areas: rows of `dim_area`.
        shapes: rows of `area_geometria`.
        wide: rows of the wide table; municipalities are not in it and stay without scores.

    Returns:
        One row per area with a boundary, in longitude and latitude, sorted by identifier.
    """
    known = areas.select("area_id", "pro_com", "livello", area="nome", residenti="popolazione")
    scores = wide.select("area_id", *(name for name in wide.columns if name not in known.columns))
    rows = (
        shapes.filter(~pl.col("schematica"))
        .select("area_id", "geom_wkb")
        .join(known, on="area_id")
        .join(scores, on="area_id", how="left")
        .sort("area_id")
    )
    columns = {name: rows[name].to_list() for name in rows.columns if name != "geom_wkb"}
    return gpd.GeoDataFrame(
        columns,
        geometry=shapely.from_wkb(rows["geom_wkb"].to_numpy()),
        crs=REFERENCE_SYSTEM,
    )


def write_geopackage(
    path: Path, areas: gpd.GeoDataFrame, *, made_at: datetime, layer: str = LAYER
) -> None:
    """Write a GeoPackage of one layer whose only time is that of the release."""
    pyogrio.set_gdal_config_options(
        {"OGR_CURRENT_DATE": made_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")}
    )
    try:
        pyogrio.write_dataframe(areas, path, layer=layer, driver="GPKG")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def write_geoparquet(path: Path, areas: gpd.GeoDataFrame) -> None:
    """Write GeoParquet 1.1 with WKB and a covering of bounding boxes."""
    areas.to_parquet(
        path, index=False, compression="zstd", schema_version="1.1.0", write_covering_bbox=True
    )
