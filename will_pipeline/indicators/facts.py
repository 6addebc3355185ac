"""Rows of `fatto_indicatore`: estimates with status, reliability and reading, confidentiality kept.

Estimates come in as arrays; what leaves this module may be published.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from will_pipeline.indicators.areas import MUNICIPALITY_LEVEL, AreaCounts
from will_pipeline.indicators.disclosure import reading, withhold
from will_pipeline.indicators.estimates import Estimate, Settings, nothing
from will_pipeline.indicators.kinds import COUNTS_OF_PERSONS, Separation, Unavailable
from will_pipeline.indicators.levels import Evidence
from will_pipeline.indicators.persons import Persons, estimate_persons
from will_pipeline.indicators.specification import Indicator, Specification

GRADE_A_LIMIT = 0.165
GRADE_B_LIMIT = 0.333
SPARE_DECIMALS = 1
"""Decimals published beyond those shown: more carry no knowledge, and could be turned back."""


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
    places = _places(areas, year, sources)
    facts = [
        _with_status(_rows(specification.indicators[name], areas, found, places))
        for name, found in estimates.items()
    ]
    return withhold(pl.concat(facts), areas, specification)


def indicator_facts(
    specification: Specification,
    areas: AreaCounts,
    estimates: Mapping[str, Estimate],
    *,
    evidence: Evidence,
    settings: Settings,
    year: int,
    sources: Mapping[str, str],
) -> pl.DataFrame:
    """Rows of `fatto_indicatore` for all that is said about areas: rates, persons, what is missing.

    Args:
        specification: the specification table.
        areas: areas in the order of the estimates, with `area_id` and `residents`.
        estimates: estimates of the indicators that come from counts.
        evidence: what is known outside the areas, for the persons.
        settings: draws, level and seed.
        year: year of the counts.
        sources: source of each level (`C`, `Q`, `A`).
    """
    persons = estimate_persons(
        specification, areas, estimates, evidence=evidence, settings=settings
    )
    return pl.concat(
        [
            census_facts(specification, areas, estimates, year=year, sources=sources),
            persons_facts(specification, areas, persons, structure_year=year),
            unavailable_facts(specification, areas, year=year, sources=sources),
        ]
    )


def persons_facts(
    specification: Specification,
    areas: AreaCounts,
    persons: Mapping[str, Persons],
    *,
    structure_year: int,
) -> pl.DataFrame:
    """Rows of `fatto_indicatore` for the indicators of persons and their shares.

    Persons are published with one decimal: rounding moves the sum of n areas by at most n / 20
    from the city's. Persons are not compared with their city, shares are.

    Args:
        specification: the specification table.
        areas: areas in the order of the estimates, with `area_id` and `residents`.
        persons: estimate of each indicator with the year and source of its level.
        structure_year: year of the counts.

    Returns:
        One row per area and indicator, values under the confidentiality floor withheld.
    """
    facts = []
    for name, found in persons.items():
        places = pl.DataFrame(
            {
                "anno": pl.Series(found.years, dtype=pl.Int32),
                "anno_struttura": pl.repeat(structure_year, len(areas), dtype=pl.Int32, eager=True),
                "fonte_id": pl.Series(found.sources, dtype=pl.String),
            }
        )
        rows = _rows(specification.indicators[name], areas, found.estimate, places)
        facts.append(_with_status(rows))
    return withhold(pl.concat(facts), areas, specification)


def unavailable_facts(
    specification: Specification, areas: AreaCounts, *, year: int, sources: Mapping[str, str]
) -> pl.DataFrame:
    """Rows of `fatto_indicatore` for indicators that these counts cannot give: not available.

    Args:
        specification: the specification table; the reason is on the card of the indicator.
        areas: areas with `area_id`.
        year: year of the counts.
        sources: source of each level (`C`, `Q`, `A`).
    """
    blank = nothing(areas, Settings(draws=1))
    places = _places(areas, year, sources)
    return pl.concat(
        _with_status(_rows(card, areas, blank, _told_by(places, card)))
        for card in specification.unavailable
    )


def _told_by(places: pl.DataFrame, card: Indicator) -> pl.DataFrame:
    source = card.estimator.source if isinstance(card.estimator, Unavailable) else None
    return places if source is None else places.with_columns(fonte_id=pl.lit(source))


def _places(areas: AreaCounts, year: int, sources: Mapping[str, str]) -> pl.DataFrame:
    years = pl.repeat(year, len(areas), dtype=pl.Int32, eager=True)
    return pl.DataFrame(
        {
            "anno": years,
            "anno_struttura": years,
            "fonte_id": areas.frame["level"].replace_strict(sources, return_dtype=pl.String),
        }
    )


def _rows(
    indicator: Indicator, areas: AreaCounts, found: Estimate, places: pl.DataFrame
) -> pl.DataFrame:
    digits = indicator.decimali + SPARE_DECIMALS
    return pl.DataFrame(
        {
            "area_id": areas.frame["area_id"],
            "indicatore_id": pl.repeat(indicator.indicatore_id, len(areas), eager=True),
            "anno": places["anno"],
            "gruppo": pl.repeat("totale", len(areas), eager=True),
            "valore": found.value.round(digits),
            # Counts that cannot be go to the report of controls, not to readers.
            "numeratore": np.where(found.impossible, np.nan, found.numerator),
            "denominatore": np.where(found.impossible, np.nan, found.denominator),
            "ic_inf": found.lower.round(digits),
            "ic_sup": found.upper.round(digits),
            "variazione": found.deviation / np.where(found.scale == 0, np.nan, np.abs(found.scale)),
            "anno_struttura": places["anno_struttura"],
            "valore_comune": found.city.round(digits),
            "fonte_id": places["fonte_id"],
            "confrontabile": (areas.frame["level"] != MUNICIPALITY_LEVEL)
            & (indicator.estimator.kind not in COUNTS_OF_PERSONS),
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
        # A gap below zero is no multiple of that of the city.
        indice_100=pl.when(compared & (pl.col("valore_comune") > 0) & (pl.col("valore") >= 0)).then(
            100 * pl.col("valore") / pl.col("valore_comune")
        ),
        lettura=pl.when(compared).then(reading()),
        nota=pl.lit(None, dtype=pl.String),
    ).drop("variazione", "confrontabile")


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


def unavailable_indicators(
    specification: Specification, areas: AreaCounts, pool: pl.DataFrame
) -> pl.DataFrame:
    """Indicators that the figures in use cannot give: `indicatore_id`, `motivo` (in Italian).

    Args:
        specification: the specification table.
        areas: counts of the areas.
        pool: census areas of Italy.
    """
    reasons = {}
    for name, card in specification.indicators.items():
        absent = specification.missing(name, areas.frame.columns, pool.columns)
        if isinstance(card.estimator, Unavailable):
            reasons[name] = card.estimator.reason
        elif absent:
            reasons[name] = f"nella fonte mancano le variabili {', '.join(absent)}"
        elif isinstance(card.estimator, Separation) and areas.units is None:
            reasons[name] = "nella fonte mancano le sezioni di censimento dentro le aree"
    return pl.DataFrame(
        {"indicatore_id": list(reasons), "motivo": list(reasons.values())},
        schema={"indicatore_id": pl.String, "motivo": pl.String},
    )
