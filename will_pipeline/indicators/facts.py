"""Rows of `fatto_indicatore`: estimates with status, reliability and reading, confidentiality kept.

Estimates come in as arrays; what leaves this module may be published.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from will_pipeline.indicators.areas import MUNICIPALITY_LEVEL, AreaCounts
from will_pipeline.indicators.estimators import Estimate
from will_pipeline.indicators.specification import Indicator, Specification

GRADE_A_LIMIT = 0.165
GRADE_B_LIMIT = 0.333
WITHHELD = (
    "valore",
    "numeratore",
    "denominatore",
    "ic_inf",
    "ic_sup",
    "affidabilita",
    "indice_100",
    "lettura",
)
RECOVERABLE_TIERS = ("osservato", "derivato")


def census_facts(
    specification: Specification,
    areas: AreaCounts,
    estimates: Mapping[str, Estimate],
    *,
    year: int,
    sources: Mapping[str, str],
) -> pl.DataFrame:
    """Rows of `fatto_indicatore` for the indicators estimated from counts.

    Args:
        specification: the specification table.
        areas: areas in the order of the estimates, with `area_id` and `residents`.
        estimates: estimate of each indicator.
        year: year of the counts.
        sources: source of each level (`C`, `Q`, `A`).

    Returns:
        One row per area and indicator, values under the confidentiality floor withheld.
    """
    facts = [
        _with_status(_rows(specification.indicators[name], areas, found, year, sources))
        for name, found in estimates.items()
    ]
    return withhold(pl.concat(facts), areas.frame, specification)


def _rows(
    indicator: Indicator,
    areas: AreaCounts,
    found: Estimate,
    year: int,
    sources: Mapping[str, str],
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "area_id": areas.frame["area_id"],
            "indicatore_id": pl.repeat(indicator.indicatore_id, len(areas), eager=True),
            "anno": pl.repeat(year, len(areas), dtype=pl.Int32, eager=True),
            "gruppo": pl.repeat("totale", len(areas), eager=True),
            "valore": found.value,
            # Counts that cannot be go to the report of controls, not to readers.
            "numeratore": np.where(found.impossible, np.nan, found.numerator),
            "denominatore": np.where(found.impossible, np.nan, found.denominator),
            "ic_inf": found.lower,
            "ic_sup": found.upper,
            "variazione": found.deviation / np.where(found.scale == 0, np.nan, np.abs(found.scale)),
            "anno_struttura": pl.repeat(year, len(areas), dtype=pl.Int32, eager=True),
            "valore_comune": found.city,
            "fonte_id": areas.frame["level"].replace_strict(sources, return_dtype=pl.String),
            "confrontabile": (areas.frame["level"] != MUNICIPALITY_LEVEL)
            & (indicator.estimator.kind != "observed_count"),
        }
    ).with_columns(pl.selectors.float().fill_nan(None))


def _with_status(rows: pl.DataFrame) -> pl.DataFrame:
    valid = pl.col("valore").is_not_null()
    compared = valid & pl.col("confrontabile")
    return rows.with_columns(
        stato=pl.when(valid).then(pl.lit("valido")).otherwise(pl.lit("non_disponibile")),
        affidabilita=pl.when(~valid | pl.col("variazione").is_null())
        .then(None)
        .when(pl.col("variazione") <= GRADE_A_LIMIT)
        .then(pl.lit("A"))
        .when(pl.col("variazione") <= GRADE_B_LIMIT)
        .then(pl.lit("B"))
        .otherwise(pl.lit("C")),
        indice_100=pl.when(compared & (pl.col("valore_comune") > 0)).then(
            100 * pl.col("valore") / pl.col("valore_comune")
        ),
        lettura=pl.when(~compared)
        .then(None)
        .when(pl.col("ic_inf") > pl.col("valore_comune"))
        .then(pl.lit("sopra"))
        .when(pl.col("ic_sup") < pl.col("valore_comune"))
        .then(pl.lit("sotto"))
        .otherwise(pl.lit("non_distinguibile")),
    ).drop("variazione", "confrontabile")


def withhold(
    facts: pl.DataFrame, areas: pl.DataFrame, specification: Specification
) -> pl.DataFrame:
    """Withhold values under the floor, and what would give them back by difference from the city.

    Where one area of a city is under the floor, the observed counts of the next smallest area of
    the same city and level are withheld too, since city totals are published; observed and
    derived values, from which the count could be worked out, go with them (complementary
    suppression, Hundepool et al. 2012).

    Args:
        facts: rows of `fatto_indicatore`.
        areas: `area_id`, `pro_com`, `level`, `residents`.
        specification: the specification table, for floor and tier.

    Returns:
        The same rows; withheld ones have status `soppresso` or `soppresso_secondario`.
    """
    cards = pl.DataFrame(
        [
            {
                "indicatore_id": i.indicatore_id,
                "floor": i.soglia_riservatezza,
                "recoverable": i.tipo in RECOVERABLE_TIERS,
            }
            for i in specification.indicators.values()
        ]
    )
    rows = facts.join(
        areas.select("area_id", "pro_com", "level", "residents"),
        on="area_id",
        how="left",
        maintain_order="left",
    ).join(cards, on="indicatore_id", how="left", maintain_order="left")
    below = (pl.col("residents") < pl.col("floor")) & (pl.col("level") != MUNICIPALITY_LEVEL)
    within = ["pro_com", "level", "indicatore_id", "anno", "gruppo"]
    rows = rows.with_columns(below=below).with_columns(
        any_below=pl.col("below").any().over(within),
        next_smallest=(
            pl.when(~pl.col("below")).then(pl.col("residents")).rank("ordinal").over(within) == 1
        ).fill_null(value=False),
    )
    second = pl.col("any_below") & pl.col("next_smallest") & ~pl.col("below")
    rows = rows.with_columns(
        stato=pl.when(pl.col("below"))
        .then(pl.lit("soppresso"))
        .when(second & pl.col("recoverable"))
        .then(pl.lit("soppresso_secondario"))
        .otherwise(pl.col("stato")),
        counts_withheld=second,
    )
    withheld = pl.col("stato").is_in(["soppresso", "soppresso_secondario"])
    return (
        rows.with_columns(*(pl.when(~withheld).then(pl.col(name)).alias(name) for name in WITHHELD))
        .with_columns(
            *(
                pl.when(~pl.col("counts_withheld")).then(pl.col(name)).alias(name)
                for name in ("numeratore", "denominatore")
            )
        )
        .select(facts.columns)
    )


def impossible_counts(areas: AreaCounts, estimates: Mapping[str, Estimate]) -> pl.DataFrame:
    """Areas whose observed counts contradict a definition: `indicatore_id`, `area_id`, counts.

    They are published as not available and reported as a failed control, never clipped.
    """
    found = [
        areas.frame.select("area_id")
        .with_columns(
            indicatore_id=pl.lit(name),
            numeratore=pl.Series(estimate.numerator),
            denominatore=pl.Series(estimate.denominator),
        )
        .filter(pl.Series(estimate.impossible))
        for name, estimate in estimates.items()
    ]
    return pl.concat(found).select("indicatore_id", "area_id", "numeratore", "denominatore")
