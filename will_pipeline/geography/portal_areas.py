"""What municipal portals say of areas, brought to the areas of the project by their names.

What belongs here is the passage from a name to an area, and which hand wins where a municipality
also hands in a file; asking the portals belongs to the sources.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

OPEN_FROM = 0
"""First age of a class that is everybody: it says nothing of ages."""


def registry_population(
    areas: pl.DataFrame, delivered: pl.DataFrame, portals: Iterable[pl.DataFrame]
) -> pl.DataFrame:
    """Residents by age of the areas, handed in or told by a portal.

    What a municipality hands in takes the place of its portal. A quartiere of which a class is
    suppressed is left out whole, for a class that is not told is not an empty one; so is one whose
    only class is everybody.

    Args:
        areas: `area_id`, `pro_com`, `level`, `name`.
        delivered: `core.population_by_age`.
        portals: `pro_com`, `area_name`, `year`, `age_from`, `age_to`, `persons` (missing where
            suppressed), one table a portal.

    Returns:
        Rows as those of `core.population_by_age`, both sexes together where a portal tells them.
    """
    told = pl.concat(list(portals))
    here = ["pro_com", "area_name", "year"]
    whole = told.with_columns(
        hidden=pl.col("persons").is_null().any().over(here),
        ages=((pl.col("age_from") > OPEN_FROM) | pl.col("age_to").is_not_null()).any().over(here),
    ).filter(~pl.col("hidden") & pl.col("ages"))
    own = delivered.select(pl.col("area_id").str.head(6).alias("pro_com")).unique()
    named = _by_name(whole, areas).join(own, on="pro_com", how="anti")
    rows = named.select(
        "area_id",
        pl.col("year").cast(pl.Int32),
        pl.lit("T").alias("sex"),
        *(pl.col(name).cast(pl.Int32) for name in ("age_from", "age_to", "persons")),
    )
    return pl.concat([delivered.select(rows.columns).cast(rows.schema), rows]).sort(
        "area_id", "year", "sex", "age_from"
    )


def portal_boundaries(areas: pl.DataFrame, drawn: pl.DataFrame, source: str) -> pl.DataFrame:
    """Polygons of a portal under the areas that have their name.

    Args:
        areas: `area_id`, `pro_com`, `level`, `name`.
        drawn: `pro_com`, `area_name`, `surface_km2`, `perimeter_km`, `geometry_wkb`.
        source: Key of the source.

    Returns:
        Rows as those of `core.delivered_boundary`.
    """
    return (
        _by_name(drawn, areas)
        .select(
            "area_id",
            "pro_com",
            "surface_km2",
            "perimeter_km",
            geom_wkb="geometry_wkb",
            source_id=pl.lit(source),
        )
        .sort("area_id")
    )


def own_or_portal(delivered: pl.DataFrame, portal: pl.DataFrame) -> pl.DataFrame:
    """Boundaries handed in, and those of a portal for the cities that hand in none.

    Args:
        delivered: `core.delivered_boundary`.
        portal: `core.portal_boundary`.

    Returns:
        Rows of both, with the columns of the first.
    """
    others = portal.join(delivered.select("pro_com").unique(), on="pro_com", how="anti")
    return pl.concat([delivered, others.select(delivered.columns)])


def _by_name(rows: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    """Rows with `area_id`, for the names that one area of the city and no other has."""
    known = areas.filter(pl.col("level") == "Q").select("area_id", "pro_com", key=_plain("name"))
    clear = known.filter(~pl.struct("pro_com", "key").is_duplicated())
    return rows.with_columns(key=_plain("area_name")).join(clear, on=["pro_com", "key"])


def _plain(column: str) -> pl.Expr:
    words = pl.col(column).str.to_lowercase().str.replace_all(r"[`\u2019]", "'")
    return words.str.replace_all(r"\s+", " ").str.strip_chars()
