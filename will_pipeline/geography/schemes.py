"""Schemes of areas: which one a city is published by, and the areas it made for itself.

The order of preference is written in the file of each city; what makes a scheme usable, and the
identifiers of a municipality's own areas, belong here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from will_pipeline.cities.catalogue import City

OWN_AREAS, SUB_MUNICIPAL, CENSUS_AREAS = "aree_proprie", "asc1", "ace"
SUB_MUNICIPAL_SOURCE = "istat_censimento_2011_asc"
OWN_FROM = 100
"""Added to the number of a municipality's own area, so that it is never taken for ISTAT's."""
LEAST_COUNTED = 0.5
"""Share of the sections of a city's own areas that must have counts."""


def own_area_id(pro_com: pl.Expr, code: pl.Expr) -> pl.Expr:
    """Identifier of a municipality's own area: number 4 of 035033 is `035033.Q104`."""
    return pl.concat_str(pro_com, pl.lit(".Q"), (code.cast(pl.Int64) + OWN_FROM).cast(pl.String))


def counts_source(area_id: str, source: str) -> pl.Expr:
    """Source of the counts of an area: those of a municipality's own areas came from itself.

    Args:
        area_id: name of the column of the identifiers.
        source: name of the column of the sources by level.
    """
    own = pl.col(area_id).str.contains(r"\.Q1\d\d$")
    handed_in = pl.concat_str(pl.lit("consegna_conteggi_sezioni_"), pl.col(area_id).str.head(6))
    # Sources of another kind, such as a province's figures, are the same for every area.
    by_level = pl.col(source) == pl.lit(SUB_MUNICIPAL_SOURCE)
    return pl.when(own & by_level).then(handed_in).otherwise(pl.col(source)).alias(source)


def chosen_schemes(
    cities: Collection[City], available: Mapping[str, Collection[str]]
) -> dict[str, str]:
    """Scheme that each city is published by: the first it prefers among those that are there.

    Args:
        cities: the cities, each with its schemes in order of preference.
        available: schemes with areas and counts, by `pro_com`.

    Returns:
        Scheme by `pro_com`; census areas where nothing else is there.
    """
    return {
        city.pro_com: next(
            (each for each in city.schemes if each in available.get(city.pro_com, ())),
            CENSUS_AREAS,
        )
        for city in cities
    }


def available_schemes(sub_municipal: pl.DataFrame, own_counts: pl.DataFrame) -> dict[str, set[str]]:
    """Schemes with areas and counts, by city.

    Args:
        sub_municipal: `pro_com` of ISTAT's sub-municipal areas.
        own_counts: result of `own_area_counts`.
    """
    found: dict[str, set[str]] = {}
    for scheme, frame in ((SUB_MUNICIPAL, sub_municipal), (OWN_AREAS, own_counts)):
        for town in frame["pro_com"].unique():
            found.setdefault(town, set()).add(scheme)
    return found


def own_area_counts(
    own: pl.DataFrame, correspondence: pl.DataFrame, counts: pl.DataFrame
) -> pl.DataFrame:
    """Census counts of the areas that municipalities made of census sections.

    Sections of people without a home and of disputed zones are in no area: the areas of a city may
    add up to less than the city, never to more.

    Args:
        own: rows of `core.own_area`: `pro_com`, `code`, `name`.
        correspondence: rows of `core.own_area_section`: `section_number`, `pro_com`, `code`.
        counts: rows of `core.section_count`: `section_number`, `pro_com`, `variable`, `value`.

    Returns:
        `pro_com`, `asc_code` (number above `OWN_FROM`), `asc_name`, then the variables in order;
        left out are the cities without counts, and those whose counts are of other sections: one
        with residents is in no area, or most of those of the areas have no counts.
    """
    told = counts.join(own.select("pro_com").unique(), on="pro_com", how="semi")
    placed = correspondence.join(_strangers(correspondence, told), on="pro_com", how="anti")
    summed = (
        told.join(placed.select("section_number", "code"), on="section_number")
        .group_by("pro_com", "code", "variable")
        .agg(pl.col("value").sum())
    )
    if summed.is_empty():
        return pl.DataFrame(
            schema={"pro_com": pl.String, "asc_code": pl.Int64, "asc_name": pl.String}
        )
    wide = summed.sort("variable").pivot("variable", index=["pro_com", "code"], values="value")
    return (
        wide.join(own, on=["pro_com", "code"])
        .select(
            "pro_com",
            pl.exclude("pro_com", "code", "name"),
            asc_code=pl.col("code").cast(pl.Int64) + OWN_FROM,
            asc_name="name",
        )
        .sort("pro_com", "asc_code")
    )


def without_counts(own: pl.DataFrame, own_counts: pl.DataFrame) -> list[str]:
    """Cities with areas of their own that cannot be published, for want of their counts."""
    return sorted(set(own["pro_com"]) - set(own_counts["pro_com"]))


def _strangers(placed: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Cities whose areas and counts are not of the same sections."""
    lived = told.filter((pl.col("variable") == "P1") & (pl.col("value") > 0))
    inside = pl.col("section_number") % 10_000_000
    apart = inside.is_between(8_888_881, 8_888_889) | inside.is_between(9_999_998, 9_999_999)
    unplaced = lived.filter(~apart).join(placed, on="section_number", how="anti")
    # Empty sections are often left out of the tables of counts, never most of a city's.
    counted = told.select("section_number", known=pl.lit(value=True)).unique()
    few = (
        placed.join(counted, on="section_number", how="left")
        .group_by("pro_com")
        .agg(share=pl.col("known").fill_null(value=False).mean())
        .filter(pl.col("share") < LEAST_COUNTED)
    )
    return pl.concat([unplaced.select("pro_com"), few.select("pro_com")]).unique()
