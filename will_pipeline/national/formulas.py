"""Rates of every area of the country from plain counts, and indices over the national pool.

Rates here are raw, numerator over denominator: they are neither shrunk nor standardised, and have
other names than the estimates published for the cities.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import yaml

from will_pipeline.indicators.areas import evaluate
from will_pipeline.indicators.goalposts import POOL_METHOD, methods
from will_pipeline.indicators.kinds import (
    NetOfStructure,
    ObservedCount,
    ObservedRatio,
    ObservedShare,
    ShrunkRate,
    ShrunkStandardised,
)
from will_pipeline.indicators.specification import LEAST_RESIDENTS, Specification
from will_pipeline.statistics.composite import ampi
from will_pipeline.statistics.normalise import Goalposts

STRUCTURE = Path(__file__).parent / "structure.yaml"
RATE, INDEX = "tasso_", "indice_"
GIVEN, SMALL, UNCOUNTED = "osservato", "oscurato", "mancante"
PERCENT = 100.0
_PLAIN = (
    ShrunkRate,
    ObservedShare,
    ObservedRatio,
    ObservedCount,
    ShrunkStandardised,
    NetOfStructure,
)
"""Estimators whose numerator and denominator speak of the area alone."""
_CODE = re.compile(r"[A-Z]+\d+\w*")


@dataclass(frozen=True)
class Formula:
    """One rate: a numerator and a denominator in ISTAT's codes, per hundred."""

    name: str
    numerator: str
    denominator: str


@dataclass(frozen=True)
class Formulas:
    """All rates, and which of them make the index of each need with their polarity."""

    rates: tuple[Formula, ...]
    themes: Mapping[str, tuple[tuple[str, int], ...]]

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes that some formula uses, and the residents, in order."""
        written = " ".join(f"{rate.numerator} {rate.denominator}" for rate in self.rates)
        return tuple(sorted({"P1", *_CODE.findall(written)}))


def national_formulas(specification: Specification, structure: Path = STRUCTURE) -> Formulas:
    """Take the rates of a vintage from the specification, and those of structure from their table.

    Args:
        specification: the specification of one vintage.
        structure: table of the rates of structure.
    """
    rates: list[Formula] = []
    for card in specification.indicators.values():
        estimator = card.estimator
        if isinstance(estimator, _PLAIN):
            rates.append(Formula(card.indicatore_id, estimator.numerator, estimator.denominator))
    for name, row in yaml.safe_load(structure.read_text("utf-8")).items():
        rates.append(Formula(name, row["numeratore"], row["denominatore"]))
    known = {rate.name for rate in rates}
    themes = {
        theme.dimensione: tuple(
            (card.indicatore_id, card.polarita)
            for card in specification.index_indicators(theme.dimensione)
            if card.indicatore_id in known
        )
        for theme in specification.themes
        if POOL_METHOD in methods(specification, theme.dimensione)
    }
    return Formulas(tuple(rates), themes)


def rates(areas: pl.DataFrame, formulas: Formulas) -> pl.DataFrame:
    """Raw rates of every area, per hundred.

    Args:
        areas: `area_id`, `pro_com`, `level`, the codes of the formulas (missing where unknown).
        formulas: the rates.

    Returns:
        `area_id`, `pro_com`, `level`, `stato` (`osservato`, `oscurato` under 250 residents,
        `mancante` without counts) and `tasso_<name>`, missing unless observed and possible.
    """
    residents = pl.col("P1")
    frame = areas.select(
        "area_id",
        "pro_com",
        "level",
        stato=pl.when(residents.is_null())
        .then(pl.lit(UNCOUNTED))
        .when(residents < LEAST_RESIDENTS)
        .then(pl.lit(SMALL))
        .otherwise(pl.lit(GIVEN)),
    )
    given = (frame["stato"] == GIVEN).to_numpy()
    values = {}
    for rate in formulas.rates:
        top, base = evaluate(areas, rate.numerator), evaluate(areas, rate.denominator)
        possible = given & (base > 0) & (top >= 0)
        value = np.full(len(given), np.nan)
        value[possible] = PERCENT * top[possible] / base[possible]
        values[RATE + rate.name] = pl.Series(value).fill_nan(None)
    return frame.with_columns(**values)


def indices(table: pl.DataFrame, formulas: Formulas, *, pool: pl.Series) -> pl.DataFrame:
    """Index of every need over the national pool.

    Goalposts are the mean of the pool and half its range on either side.

    Args:
        table: result of `rates`.
        formulas: which rates make which index.
        pool: rows that set the goalposts, shape (n,).

    Returns:
        `area_id` and `indice_<need>`, missing where one of its rates is.

    Source:
        Mazziotta and Pareto (2016), Social Indicators Research 127.
    """
    scores = {}
    for theme, parts in formulas.themes.items():
        values = table.select(RATE + name for name, _ in parts).cast(pl.Float64).to_numpy()
        known = np.isfinite(values).all(axis=1)
        chosen = known & pool.to_numpy()
        score = np.full(table.height, np.nan)
        if chosen.sum() > 1 and (np.ptp(values[chosen], axis=0) > 0).all():
            posts = [
                Goalposts.from_pool(values[chosen, place], "+" if polarity > 0 else "-")
                for place, (_, polarity) in enumerate(parts)
            ]
            score[known] = ampi(values[known], posts)
        scores[INDEX + theme] = pl.Series(score).fill_nan(None)
    return table.select("area_id").with_columns(**scores)
