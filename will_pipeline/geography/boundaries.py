"""Boundaries of areas from every hand that draws them, and which of them are in use.

Who wins where more than one drawing is there, and the union of sections into areas, belong here;
how areas are drawn on the page does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from will_pipeline.geography.coverage import dissolve
from will_pipeline.geography.schemes import own_area_id

MUNICIPALITY_BOUNDARIES = "istat_confini_comuni"
PARMA_BOUNDARIES = "istat_parma_aree_2011"
CENSUS_EDITION, NEXT_EDITION = "2011", "2021"
DRAWN_BY_TOWN = "comune"
_LEVEL_OF_BOUNDARY = {"asc": "Q", "ace": "A"}
_LEVEL_OF_CODE = {"asc1": "Q", "ace": "A"}
_BEST_FIRST = {"delivered": 0, CENSUS_EDITION: 1, "embedded": 2, NEXT_EDITION: 3}
BOUNDARIES = pl.Schema(
    {
        "area_id": pl.String(),
        "pro_com": pl.String(),
        "level": pl.String(),
        "edition": pl.String(),
        "surface_km2": pl.Float64(),
        "geom_wkb": pl.Binary(),
        "source_id": pl.String(),
    }
)


def embedded_boundaries(municipalities: pl.DataFrame, parma: pl.DataFrame) -> pl.DataFrame:
    """Boundaries that ship with the project.

    Args:
        municipalities: `pro_com`, `geometry_wkb`, `area_km2`.
        parma: `pro_com`, `level` (`asc` or `ace`), `code`, `geometry_wkb`, `area_km2`.

    Returns:
        `area_id`, `pro_com`, `level`, `edition`, `surface_km2`, `geom_wkb` (EPSG:4326),
        `source_id`.
    """
    whole = municipalities.select(
        "pro_com",
        area_id=pl.concat_str("pro_com", pl.lit(".C")),
        level=pl.lit("C"),
        edition=pl.lit(CENSUS_EDITION),
        geom_wkb="geometry_wkb",
        surface_km2="area_km2",
        source_id=pl.lit(MUNICIPALITY_BOUNDARIES),
    )
    level = pl.col("level").replace_strict(_LEVEL_OF_BOUNDARY, return_dtype=pl.String)
    parts = parma.select(
        "pro_com",
        area_id=_area_id(level, pl.col("code")),
        level=level,
        edition=pl.lit(CENSUS_EDITION),
        geom_wkb="geometry_wkb",
        surface_km2="area_km2",
        source_id=pl.lit(PARMA_BOUNDARIES),
    )
    return pl.concat([frame.select(BOUNDARIES.names()) for frame in (whole, parts)])


def section_boundaries(sections: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Boundaries of areas joined from census sections.

    Levels of sub-municipal areas are never mixed: neighbourhoods are those of the first level, or
    the areas that a municipality made of the sections itself.

    Args:
        sections: rows of `core.section`.
        own: rows of `core.own_area_section`.

    Returns:
        As `embedded_boundaries`; a level is there where sections carry its codes.

    Raises:
        SourceFault: the sections of a city are not a valid coverage.
    """
    drawn = sections.filter(pl.col("geom_wkb").is_not_null()).with_columns(
        section_number=pl.col("section_id").cast(pl.Int64)
    )
    mine = own.select("section_number", own_code="code")
    coded = drawn.join(mine, on="section_number", how="left").with_columns(
        own_id=own_area_id(pl.col("pro_com"), pl.col("own_code"))
    )
    members = [
        coded.filter(pl.col(column).is_not_null()).select(
            "pro_com", "edition", "source_id", "geom_wkb",
            area_id=_area_id(pl.lit(level), pl.col(column)),
            level=pl.lit(level),
            polygon_id="section_id",
        )
        for column, level in _LEVEL_OF_CODE.items()
    ]  # fmt: skip
    members.append(
        coded.filter(pl.col("own_id").is_not_null()).select(
            "pro_com", "edition", "source_id", "geom_wkb",
            area_id="own_id",
            level=pl.lit("Q"),
            polygon_id="section_id",
        )
    )  # fmt: skip
    rows = [pl.DataFrame(schema=BOUNDARIES)]
    for scheme in members:
        for _, group in scheme.sort("pro_com").group_by("pro_com", maintain_order=True):
            first = group.select("area_id", "pro_com", "level", "edition", "source_id")
            joined = dissolve(group, file="core.section", source=group["source_id"][0])
            named = joined.join(first.unique("area_id"), on="area_id")
            rows.append(named.select(BOUNDARIES.names()))
    return pl.concat(rows).sort("area_id")


def delivered_boundaries(delivered: pl.DataFrame) -> pl.DataFrame:
    """Boundaries of areas that a municipality draws itself, from `core.delivered_boundary`."""
    return delivered.with_columns(
        level=pl.col("area_id").str.extract(r"\.([CQA])"), edition=pl.lit(DRAWN_BY_TOWN)
    ).select(BOUNDARIES.names())


def boundaries_in_use(
    areas: pl.DataFrame,
    *,
    embedded: pl.DataFrame,
    sections: pl.DataFrame,
    delivered: pl.DataFrame,
) -> pl.DataFrame:
    """Choose, for every city and level, one drawing that has all of its areas.

    What a municipality draws itself comes first, then sections of the census that the areas are
    of, then what ships with the project, then sections of the following census, where they make
    the very same areas. Drawings are never mixed within a level, for their borders would not meet.

    Args:
        areas: `area_id`, `pro_com`, `level`: rows of `core.area`.
        embedded: result of `embedded_boundaries`.
        sections: result of `section_boundaries`.
        delivered: result of `delivered_boundaries`.

    Returns:
        Rows of `core.area_boundary`: levels without a whole drawing have none.
    """
    every = _ranked(embedded, sections, delivered).join(
        areas.select("area_id"), on="area_id", how="semi"
    )
    wanted = areas.group_by("pro_com", "level").agg(wanted=pl.len())
    drawings = (
        every.group_by("pro_com", "level", "rank")
        .agg(found=pl.len())
        .join(wanted, on=["pro_com", "level"])
        .filter(pl.col("found") == pl.col("wanted"))
        .group_by("pro_com", "level")
        .agg(pl.col("rank").min())
    )
    chosen = every.join(drawings, on=["pro_com", "level", "rank"], how="semi")
    return chosen.select(BOUNDARIES.names()).sort("area_id")


def boundaries_left_out(
    used: pl.DataFrame, *, sections: pl.DataFrame, delivered: pl.DataFrame
) -> pl.DataFrame:
    """Drawings handed in that are not in use, so that nobody wonders where they went.

    Args:
        used: result of `boundaries_in_use`.
        sections: result of `section_boundaries`.
        delivered: result of `delivered_boundaries`.

    Returns:
        `source_id`, `level`, `areas` (how many it draws), sorted.
    """
    given = pl.concat([sections, delivered])
    return (
        given.join(
            used.select("source_id", "level").unique(), on=["source_id", "level"], how="anti"
        )
        .group_by("source_id", "level")
        .agg(areas=pl.col("area_id").n_unique().cast(pl.Int64))
        .sort("source_id", "level")
    )


def left_out_words(left: pl.DataFrame, waiting: Sequence[str]) -> str:
    """What was handed in and is not in use, in one Italian line.

    Args:
        left: result of `boundaries_left_out`.
        waiting: cities whose own areas have no counts.
    """
    told = [
        f"{source} non disegna tutte le aree di livello {level}, o altri confini vengono prima"
        for source, level in left.select("source_id", "level").iter_rows()
    ]
    if waiting:
        told.append(
            f"le aree proprie di {', '.join(waiting)} aspettano i conteggi delle loro sezioni"
        )
    return f"Da sapere: {'; '.join(told)}." if told else "Tutto quello che è consegnato è in uso."


def _ranked(
    embedded: pl.DataFrame, sections: pl.DataFrame, delivered: pl.DataFrame
) -> pl.DataFrame:
    ranks = (
        embedded.with_columns(hand=pl.lit("embedded")),
        sections.with_columns(hand=pl.col("edition")),
        delivered.with_columns(hand=pl.lit("delivered")),
    )
    order = pl.col("hand").replace_strict(_BEST_FIRST, return_dtype=pl.Int64)
    return pl.concat(ranks).with_columns(rank=order)


def _area_id(level: pl.Expr, code: pl.Expr) -> pl.Expr:
    number = code.cast(pl.String).str.zfill(2)
    return pl.concat_str("pro_com", pl.lit("."), level, number)
