"""Areas of the 2011 census and their counts, harmonised over levels.

Municipality (C), sub-municipal area (Q) and census area (A) become rows of one table; that the
levels agree with each other is checked here and nowhere else.
"""

from __future__ import annotations

import polars as pl

from will_pipeline.cities.catalogue import City
from will_pipeline.errors import SourceFault
from will_pipeline.geography.schemes import (
    OWN_AREAS,
    OWN_FROM,
    SUB_MUNICIPAL,
    SUB_MUNICIPAL_SOURCE,
    available_schemes,
    chosen_schemes,
    counts_source,
)

CENSUS_AREAS = "istat_censimento_2011_ace_citta"
SUB_MUNICIPAL_AREAS = SUB_MUNICIPAL_SOURCE
SOURCE_OF_LEVEL = {"C": CENSUS_AREAS, "Q": SUB_MUNICIPAL_AREAS, "A": CENSUS_AREAS}
LEAST_RANKED_RESIDENTS = 1_000
RESIDUAL_CODE = 0
RESIDENTS, HOUSEHOLDS = "P1", "PF1"
_VARIABLE = r"^(P|ST|PF|A|E)\d+$"


def municipality_rows(cities: tuple[City, ...], balance: pl.DataFrame) -> pl.DataFrame:
    """Rows of `core.municipality`.

    Args:
        cities: the cities of the project.
        balance: population balance: `pro_com`, `year`, `sex`, `population_start` (persons on
            1 January).

    Returns:
        One row per city; population is missing where the balance does not have the city.
    """
    latest = (
        balance.filter(pl.col("sex") == "T")
        .sort("year")
        .group_by("pro_com", maintain_order=True)
        .last()
        .select("pro_com", population="population_start", population_year="year")
    )
    return pl.DataFrame(
        [
            {
                "pro_com": city.pro_com,
                "position": city.order,
                "slug": city.slug,
                "name": city.name,
                "plate": city.sigla,
                "region": city.region,
                "province": city.province,
                "province_code": city.province_code,
                "uri": city.uri,
            }
            for city in cities
        ]
    ).join(latest, on="pro_com", how="left")


def census_counts(
    cities: tuple[City, ...],
    census_areas: pl.DataFrame,
    sub_municipal: pl.DataFrame,
    own_counts: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Counts by area and level, over the variables that both levels publish.

    Args:
        cities: the cities of the project.
        census_areas: `pro_com`, `ace` and ISTAT's codes, one row per census area.
        sub_municipal: `pro_com`, `asc_code` and ISTAT's codes, one row per sub-municipal area.
        own_counts: result of `will_pipeline.geography.schemes.own_area_counts`; none where no
            municipality has areas of its own.

    Returns:
        `area_id`, `pro_com`, `level` and the shared codes; municipalities are sums of their
        census areas, and neighbourhoods are of the scheme that each city prefers.

    Raises:
        SourceFault: a missing count, a city without census areas, or a city whose sub-municipal
            areas do not add up to its census areas on some variable.
    """
    codes = [city.pro_com for city in cities]
    shared = [
        name
        for name in census_areas.select(pl.selectors.matches(_VARIABLE)).columns
        if name in sub_municipal.columns
    ]
    inside = pl.col("pro_com").is_in(codes)
    lower = census_areas.filter(inside).select("pro_com", *shared, code="ace", level=pl.lit("A"))
    upper = sub_municipal.filter(inside).select(
        "pro_com", *shared, code="asc_code", level=pl.lit("Q")
    )
    _no_count_is_missing(CENSUS_AREAS, lower, shared)
    _no_count_is_missing(SUB_MUNICIPAL_AREAS, upper, shared)
    totals = lower.group_by("pro_com").agg(pl.col(shared).sum())
    _every_city_is_covered(codes, totals)
    _levels_agree(totals, upper.group_by("pro_com").agg(pl.col(shared).sum()), shared)
    upper = _of_chosen_scheme(cities, upper, own_counts, totals, shared)
    whole = totals.with_columns(level=pl.lit("C"), code=pl.lit(None, dtype=pl.Int64))
    every = pl.concat([whole, upper, lower], how="diagonal")
    return every.select(_area_id(), "pro_com", "level", *shared).sort("area_id")


def area_rows(
    counts: pl.DataFrame,
    municipalities: pl.DataFrame,
    sub_municipal: pl.DataFrame,
    own: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Rows of `core.area`.

    Args:
        counts: result of `census_counts`.
        municipalities: rows of `core.municipality`.
        sub_municipal: `pro_com`, `asc_code`, `asc_name`.
        own: rows of `core.own_area`; none where no municipality has areas of its own.

    Returns:
        One row per area of `counts`.
    """
    code = pl.col("area_id").str.extract(r"\.[QA](\d+)$").cast(pl.Int64)
    names = sub_municipal.select("pro_com", "asc_name", code="asc_code", level=pl.lit("Q"))
    if own is not None:
        number = pl.col("code").cast(pl.Int64) + OWN_FROM
        mine = own.select("pro_com", asc_name="name", code=number, level=pl.lit("Q"))
        names = pl.concat([names, mine])
    cities = municipalities.select("pro_com", city_name="name")
    residual = (pl.col("level") == "A") & (pl.col("code") == RESIDUAL_CODE)
    return (
        counts.with_columns(code=code)
        .join(names, on=["pro_com", "level", "code"], how="left")
        .join(cities, on="pro_com", how="left")
        .select(
            "area_id",
            "pro_com",
            "level",
            "code",
            name=pl.when(pl.col("level") == "C")
            .then("city_name")
            .when(pl.col("level") == "Q")
            .then("asc_name")
            .when(residual)
            .then(pl.lit("Resto del comune (area di censimento 0)"))
            .otherwise(pl.format("Area di censimento {}", "code")),
            residents=RESIDENTS,
            households=HOUSEHOLDS,
            residual=residual.fill_null(value=False),
            ranked=(pl.col("level") != "C") & (pl.col(RESIDENTS) >= LEAST_RANKED_RESIDENTS),
            source_id=pl.col("level").replace_strict(SOURCE_OF_LEVEL, return_dtype=pl.String),
        )
        .with_columns(counts_source("area_id", "source_id"))
        .sort("area_id")
    )


def _of_chosen_scheme(
    cities: tuple[City, ...],
    sub_municipal: pl.DataFrame,
    own_counts: pl.DataFrame | None,
    totals: pl.DataFrame,
    shared: list[str],
) -> pl.DataFrame:
    """Neighbourhoods of the scheme that each city prefers among those it has."""
    own = sub_municipal.clear()
    if own_counts is not None and own_counts.height:
        known = [name for name in shared if name in own_counts.columns]
        absent = [pl.lit(None, pl.Int64).alias(name) for name in shared if name not in known]
        rows = own_counts.select("pro_com", *known, *absent, code="asc_code", level=pl.lit("Q"))
        own = _no_more_than_the_city(rows, totals, shared).select(own.columns)
    chosen = chosen_schemes(cities, available_schemes(sub_municipal, own))
    takers = {
        scheme: [town for town, each in chosen.items() if each == scheme]
        for scheme in (SUB_MUNICIPAL, OWN_AREAS)
    }
    return pl.concat(
        [
            sub_municipal.filter(pl.col("pro_com").is_in(takers[SUB_MUNICIPAL])),
            own.filter(pl.col("pro_com").is_in(takers[OWN_AREAS])),
        ],
        how="vertical_relaxed",
    )


def _no_more_than_the_city(
    own: pl.DataFrame, totals: pl.DataFrame, shared: list[str]
) -> pl.DataFrame:
    """Cities whose own areas hold no more than the city, variable by variable, and no hole.

    They may hold less: people without a home live in no area.
    """
    summed = own.group_by("pro_com").agg(pl.col(shared).sum())
    both = summed.join(totals, on="pro_com", suffix="_city")
    over = both.filter(pl.any_horizontal(pl.col(name) > pl.col(f"{name}_city") for name in shared))
    holes = own.filter(pl.any_horizontal(pl.col(shared).is_null()))
    wrong = pl.concat([over.select("pro_com"), holes.select("pro_com")])
    return own.join(wrong, on="pro_com", how="anti")


def _area_id() -> pl.Expr:
    tail = (
        pl.when(pl.col("level") == "C")
        .then(pl.lit("C"))
        .otherwise(pl.concat_str("level", pl.col("code").cast(pl.String).str.zfill(2)))
    )
    return pl.concat_str("pro_com", pl.lit("."), tail).alias("area_id")


def _no_count_is_missing(source: str, areas: pl.DataFrame, shared: list[str]) -> None:
    # A sum skips what is missing, and a city's total would silently lose an area.
    for name in shared:
        holes = areas.filter(pl.col(name).is_null())
        if holes.height:
            raise SourceFault(
                source,
                f"{source}.parquet",
                f"comune {holes['pro_com'][0]}, area {holes['code'][0]}, variabile {name}",
                "il conteggio manca",
            )


def _every_city_is_covered(codes: list[str], totals: pl.DataFrame) -> None:
    missing = sorted(set(codes) - set(totals["pro_com"]))
    if missing:
        raise SourceFault(
            CENSUS_AREAS,
            f"{CENSUS_AREAS}.parquet",
            f"pro_com {', '.join(missing)}",
            "il comune non ha aree di censimento",
        )


def _levels_agree(totals: pl.DataFrame, upper: pl.DataFrame, shared: list[str]) -> None:
    both = totals.join(upper, on="pro_com", suffix="_upper").sort("pro_com")
    for row in both.iter_rows(named=True):
        for name in shared:
            if row[name] != row[f"{name}_upper"]:
                raise SourceFault(
                    SUB_MUNICIPAL_AREAS,
                    f"{SUB_MUNICIPAL_AREAS}.parquet",
                    f"comune {row['pro_com']}, variabile {name}",
                    f"le aree sub-comunali sommano {row[f'{name}_upper']}, "
                    f"le aree di censimento {row[name]}",
                )
