"""What is drawn for every area: its boundary where one is published, a tile where none is.

Paths and tiles are made in their own modules; here is the choice between them, city by city.
"""

from __future__ import annotations

import polars as pl

from will_pipeline.geography.paths import geometry_paths
from will_pipeline.geography.tiles import tile_schema


def outline_rows(areas: pl.DataFrame, published: pl.DataFrame) -> pl.DataFrame:
    """Rows of `core.area_outline`.

    A city and level is drawn from its boundaries only when every one of its areas has one; a
    drawing that mixes places and tiles would be neither.

    Args:
        areas: `area_id`, `pro_com`, `level`, `residents`, `source_id`.
        published: rows of `core.area_boundary`.

    Returns:
        One row per area.
    """
    joined = areas.select(
        "area_id", "pro_com", "source_id", livello="level", popolazione="residents"
    ).join(
        published.select("area_id", "geom_wkb", boundary_source="source_id"),
        on="area_id",
        how="left",
    )
    real = pl.col("geom_wkb").is_not_null().all().over("pro_com", "livello")
    drawn = joined.with_columns(real=real)
    placed = drawn.filter("real")
    tiled = drawn.filter(~pl.col("real"))
    paths = geometry_paths(placed.select("area_id", "pro_com", "livello", "geom_wkb"))
    tiles = tile_schema(tiled.select("area_id", "pro_com", "livello", "popolazione"))
    shapes = pl.concat(
        [
            paths.join(
                placed.select("area_id", "geom_wkb", source_id="boundary_source"), on="area_id"
            ),
            tiles.join(tiled.select("area_id", "source_id"), on="area_id"),
        ],
        how="diagonal",
    )
    return shapes.select(
        "area_id",
        "geom_wkb",
        "lon",
        "lat",
        view_box="riquadro",
        path="path_svg",
        label_x="etichetta_x",
        label_y="etichetta_y",
        schematic="schematica",
        source_id="source_id",
    ).sort("area_id")
