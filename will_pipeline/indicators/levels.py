"""Levels of the cities: what the persons of their areas must add up to.

A city's own figure comes first, then that of its province or macro-area.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from will_pipeline.cities.catalogue import City
from will_pipeline.indicators import isolation, provincial
from will_pipeline.indicators.areas import Floats
from will_pipeline.indicators.kinds import ProvincialLevel, Synthetic
from will_pipeline.indicators.specification import Indicator, Specification

PERCENT = 100.0


@dataclass(frozen=True)
class Evidence:
    """What is known outside the areas.

    Attributes:
        pool: census areas of Italy with `pro_com`, `province`, `region` and ISTAT's codes.
        series: the BES of territories: `province_code`, `province`, `indicator_code`, `sex`,
            `year`, `value`.
        isolation: published rates of isolation: `measure`, `breakdown`, `level`, `percent`,
            `period`.
        cities: the cities, with the benchmarks of their own.
    """

    pool: pl.DataFrame
    series: pl.DataFrame
    isolation: pl.DataFrame
    cities: tuple[City, ...]


@dataclass(frozen=True)
class Level:
    """Benchmark of a city: share and standard error (within [0, 1]), year and source."""

    share: float
    error: float
    year: int
    source: str

    def draw(self, draws: int, generator: np.random.Generator) -> Floats:
        """Plausible shares (gamma with this mean and standard error), shape (draws,)."""
        if self.error == 0:
            return np.full(draws, self.share)
        shape = (self.share / self.error) ** 2
        return generator.gamma(shape, self.share / shape, size=draws)


def benchmarks(card: Indicator, evidence: Evidence) -> dict[str, Level]:
    """Benchmark of every city that has one: its own where it gives one, else the source's."""
    estimator = synthetic_of(card)
    own = {
        city.pro_com: Level(given.rate / PERCENT, given.error / PERCENT, given.year, given.source)
        for city in evidence.cities
        if (given := city.benchmarks.get(card.indicatore_id)) is not None
    }
    return _published_levels(estimator, evidence) | own


def check_overrides(specification: Specification, cities: tuple[City, ...]) -> None:
    """Check that cities give benchmarks of indicators of persons only.

    Raises:
        ValueError: a benchmark of something else, with the city that gives it.
    """
    known = {card.indicatore_id for card in specification.synthetic}
    for city in cities:
        unknown = sorted(set(city.benchmarks) - known)
        if unknown:
            raise ValueError(f"{city.slug}: benchmarks of no indicator of persons: {unknown}")


def synthetic_of(card: Indicator) -> Synthetic:
    """The estimator of a synthetic indicator.

    Raises:
        TypeError: the indicator is of another kind.
    """
    if not isinstance(card.estimator, Synthetic):
        raise TypeError(f"{card.indicatore_id} is no synthetic indicator")
    return card.estimator


def source_of(card: Indicator) -> str:
    """Key of the source that tells the level where a city gives none of its own."""
    provinces = isinstance(synthetic_of(card).level, ProvincialLevel)
    return provincial.SOURCE if provinces else isolation.SOURCE


def _published_levels(estimator: Synthetic, evidence: Evidence) -> dict[str, Level]:
    if isinstance(estimator.level, ProvincialLevel):
        known = provincial.provincial_levels(evidence.series, estimator.level.series)
        return {
            city.pro_com: Level(share, share * known.relative_error, known.year, provincial.SOURCE)
            for city in evidence.cities
            if (share := known.shares.get(city.province_code)) is not None
        }
    published, error, year = isolation.levels(estimator.level, evidence.isolation)
    return {
        city.pro_com: Level(share, error, year, isolation.SOURCE)
        for city in evidence.cities
        if (share := published.get(city.region_code)) is not None
    }
