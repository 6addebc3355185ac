"""Estimators: from counts of areas to value, interval and draws of one indicator.

Each function serves one `kind` of the specification table; the statistics themselves live in
`will_pipeline.statistics`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import polars as pl

from will_pipeline.indicators.areas import AreaCounts, Flags, Floats
from will_pipeline.indicators.kinds import (
    Estimator,
    NetOfStructure,
    ObservedCount,
    ObservedRatio,
    ObservedShare,
    OverConcentration,
    ShrunkRate,
    ShrunkStandardised,
)
from will_pipeline.indicators.national import structure_slope
from will_pipeline.indicators.specification import Indicator
from will_pipeline.statistics.empirical_bayes import (
    beta_binomial,
    gamma_poisson,
    jeffreys,
    poisson_interval,
)

PERCENT = 100.0


@dataclass(frozen=True)
class Settings:
    """How estimates are drawn: number of draws, level of the intervals, seed."""

    draws: int = 1_000
    level: float = 0.90
    seed: int = 20111009

    def generator(self, name: str) -> np.random.Generator:
        """A generator of its own for `name`, so that adding an indicator moves no other."""
        return np.random.default_rng([self.seed, crc32(name.encode())])


@dataclass(frozen=True)
class Estimate:
    """Estimate of one indicator in n areas, in the published unit; NaN where it does not exist.

    Attributes:
        value: point estimate, shape (n,).
        lower: 5th percentile, shape (n,).
        upper: 95th percentile, shape (n,).
        deviation: standard deviation on the scale of `scale`, shape (n,).
        scale: what the deviation is compared with for reliability, shape (n,).
        numerator: observed numerator, shape (n,).
        denominator: observed denominator, shape (n,).
        city: value of the city, shape (n,).
        draws: plausible values, shape (draws, n).
        impossible: areas whose observed counts cannot be, shape (n,).
    """

    value: Floats
    lower: Floats
    upper: Floats
    deviation: Floats
    scale: Floats
    numerator: Floats
    denominator: Floats
    city: Floats
    draws: Floats
    impossible: Flags


def estimate(
    indicator: Indicator, areas: AreaCounts, pool: pl.DataFrame, settings: Settings
) -> Estimate:
    """Estimate one indicator in every area.

    Args:
        indicator: its entry in the specification table.
        areas: counts of the areas and of their municipalities.
        pool: census areas of Italy (`pro_com` and ISTAT's codes), for what is learnt from
            outside the cities.
        settings: draws, level and seed.

    Raises:
        KeyError: the kind of estimator takes no counts of areas.
    """
    return estimate_rate(
        indicator.estimator, areas, pool, settings, settings.generator(indicator.indicatore_id)
    )


def estimate_rate(
    estimator: Estimator,
    areas: AreaCounts,
    pool: pl.DataFrame,
    settings: Settings,
    generator: np.random.Generator,
) -> Estimate:
    """Estimate by the kind of the estimator alone, for rates that are no indicator of their own.

    Args:
        estimator: its entry in the specification table.
        areas: as in `estimate`.
        pool: as in `estimate`.
        settings: as in `estimate`.
        generator: source of randomness.

    Raises:
        KeyError: the kind of estimator takes no counts of areas.
    """
    return _ESTIMATORS[estimator.kind](estimator, areas, pool, settings, generator)


def nothing(areas: AreaCounts, settings: Settings) -> Estimate:
    """The estimate of an indicator whose source lacks a column: nothing, anywhere, never zero."""
    value, lower, upper, draws = _blank(areas, settings.draws)
    possible = np.zeros(len(areas), dtype=bool)
    return Estimate(value, lower, upper, value, value, value, value, value, draws, possible)


def _counts(
    specification: ShrunkRate
    | ObservedShare
    | ObservedRatio
    | ObservedCount
    | ShrunkStandardised
    | NetOfStructure
    | OverConcentration,
    areas: AreaCounts,
    *,
    share: bool,
) -> tuple[Floats, Floats, Flags]:
    numerator = areas.evaluate(specification.numerator)
    denominator = areas.evaluate(specification.denominator)
    impossible = (numerator < 0) | (denominator < 0)
    if share:
        impossible |= numerator > denominator
    return numerator, denominator, impossible


def _blank(areas: AreaCounts, draws: int) -> tuple[Floats, Floats, Floats, Floats]:
    n = len(areas)
    return (
        np.full(n, np.nan),
        np.full(n, np.nan),
        np.full(n, np.nan),
        np.full((draws, n), np.nan),
    )


def _share_estimate(
    specification: ShrunkRate | ObservedShare | NetOfStructure | OverConcentration,
    areas: AreaCounts,
    settings: Settings,
    generator: np.random.Generator,
    *,
    shrunk: bool,
) -> Estimate:
    numerator, denominator, impossible = _counts(specification, areas, share=True)
    usable = (denominator > 0) & ~impossible & np.isfinite(numerator) & areas.publishable
    value, lower, upper, draws = _blank(areas, settings.draws)
    small = usable & ~areas.is_city if shrunk else np.zeros_like(usable)
    if small.any():
        rates = beta_binomial(
            numerator[small], denominator[small], groups=areas.pools[small], level=settings.level
        )
        value[small], lower[small], upper[small] = rates.rate, rates.lower, rates.upper
        draws[:, small] = rates.draw(settings.draws, generator, groups=areas.groups[small])
    plain = usable & ~small
    if plain.any():
        observed = jeffreys(numerator[plain], denominator[plain], level=settings.level)
        value[plain] = numerator[plain] / denominator[plain]
        lower[plain] = np.minimum(observed.lower, value[plain])
        upper[plain] = np.maximum(observed.upper, value[plain])
        draws[:, plain] = observed.draw(settings.draws, generator, groups=areas.groups[plain])
    return Estimate(
        value=PERCENT * value,
        lower=PERCENT * lower,
        upper=PERCENT * upper,
        deviation=PERCENT * draws.std(axis=0),
        scale=PERCENT * value,
        numerator=numerator,
        denominator=denominator,
        city=(PERCENT * value)[areas.city_row],
        draws=PERCENT * draws,
        impossible=impossible,
    )


def _shrunk_rate(
    specification: ShrunkRate,
    areas: AreaCounts,
    pool: pl.DataFrame,
    settings: Settings,
    generator: np.random.Generator,
) -> Estimate:
    return _share_estimate(specification, areas, settings, generator, shrunk=True)


def _observed_share(
    specification: ObservedShare,
    areas: AreaCounts,
    pool: pl.DataFrame,
    settings: Settings,
    generator: np.random.Generator,
) -> Estimate:
    return _share_estimate(specification, areas, settings, generator, shrunk=False)


def _poisson_estimate(
    specification: ObservedRatio | ObservedCount,
    areas: AreaCounts,
    settings: Settings,
    generator: np.random.Generator,
    *,
    per_hundred: bool,
) -> Estimate:
    numerator, denominator, impossible = _counts(specification, areas, share=False)
    usable = (denominator > 0) & ~impossible & np.isfinite(numerator) & areas.publishable
    value, lower, upper, draws = _blank(areas, settings.draws)
    divisor = denominator[usable] / PERCENT if per_hundred else np.ones(int(usable.sum()))
    observed = poisson_interval(numerator[usable], level=settings.level)
    value[usable] = numerator[usable] / divisor
    lower[usable], upper[usable] = observed.lower / divisor, observed.upper / divisor
    own = areas.groups[usable]
    draws[:, usable] = observed.draw(settings.draws, generator, groups=own) / divisor
    return Estimate(
        value=value,
        lower=lower,
        upper=upper,
        deviation=draws.std(axis=0),
        scale=value,
        numerator=numerator,
        denominator=denominator,
        city=value[areas.city_row],
        draws=draws,
        impossible=impossible,
    )


def _observed_ratio(
    specification: ObservedRatio,
    areas: AreaCounts,
    pool: pl.DataFrame,
    settings: Settings,
    generator: np.random.Generator,
) -> Estimate:
    return _poisson_estimate(specification, areas, settings, generator, per_hundred=True)


def _observed_count(
    specification: ObservedCount,
    areas: AreaCounts,
    pool: pl.DataFrame,
    settings: Settings,
    generator: np.random.Generator,
) -> Estimate:
    return _poisson_estimate(specification, areas, settings, generator, per_hundred=False)


def _shrunk_standardised(
    specification: ShrunkStandardised,
    areas: AreaCounts,
    pool: pl.DataFrame,
    settings: Settings,
    generator: np.random.Generator,
) -> Estimate:
    crude = _share_estimate(
        ObservedShare(
            kind="observed_share",
            numerator=specification.numerator,
            denominator=specification.denominator,
        ),
        areas,
        settings,
        generator,
        shrunk=False,
    )
    expected = areas.evaluate(specification.expected)
    unexpected = (expected <= 0) & (crude.denominator > 0)
    impossible = crude.impossible | unexpected
    usable = (
        areas.publishable
        & ~impossible
        & ~areas.is_city
        & np.isfinite(crude.value)
        & np.isfinite(crude.city)
    )
    value, lower, upper, draws = _blank(areas, settings.draws)
    for target, source in zip(
        (value, lower, upper), (crude.value, crude.lower, crude.upper), strict=True
    ):
        target[areas.is_city] = source[areas.is_city]
    draws[:, areas.is_city] = crude.draws[:, areas.is_city]
    if usable.any():
        ratios = gamma_poisson(
            crude.numerator[usable],
            expected[usable],
            groups=areas.pools[usable],
            level=settings.level,
        )
        city = areas.city_row[usable]
        to_city = PERCENT * expected[city] / crude.denominator[city]
        value[usable] = ratios.ratio * to_city
        lower[usable], upper[usable] = ratios.lower * to_city, ratios.upper * to_city
        own = areas.groups[usable]
        draws[:, usable] = ratios.draw(settings.draws, generator, groups=own) * to_city
    return replace(
        crude,
        value=value,
        lower=lower,
        upper=upper,
        deviation=draws.std(axis=0),
        scale=value,
        draws=draws,
        impossible=impossible,
    )


def _net_of_structure(
    specification: NetOfStructure,
    areas: AreaCounts,
    pool: pl.DataFrame,
    settings: Settings,
    generator: np.random.Generator,
) -> Estimate:
    rate = _share_estimate(specification, areas, settings, generator, shrunk=True)
    slope, error = structure_slope(specification, pool)
    base = areas.evaluate(specification.structure_base)
    share = PERCENT * areas.evaluate(specification.structure) / np.where(base > 0, base, np.nan)
    excess = share - share[areas.city_row]
    slopes = generator.normal(slope, error, size=(settings.draws, 1))
    draws = rate.draws - slopes * excess
    value = rate.value - slope * excess
    lower, upper = _hull(value, draws, settings.level)
    return replace(
        rate,
        value=value,
        lower=lower,
        upper=upper,
        deviation=draws.std(axis=0),
        scale=value,
        draws=draws,
    )


def _over_concentration(
    specification: OverConcentration,
    areas: AreaCounts,
    pool: pl.DataFrame,
    settings: Settings,
    generator: np.random.Generator,
) -> Estimate:
    share = _share_estimate(specification, areas, settings, generator, shrunk=True)
    # A city without the group has no quotient: its areas cannot be above a share of zero.
    city = np.where(share.city > 0, share.city, np.nan)
    quotient = share.value / city
    # The city is its own reference: its quotient is one by definition, not by estimation.
    draws = np.where(areas.is_city, 0.0, np.maximum(0.0, share.draws / city - 1.0))
    value = np.maximum(0.0, quotient - 1.0)
    lower, upper = _hull(value, draws, settings.level)
    return replace(
        share,
        value=value,
        lower=lower,
        upper=upper,
        deviation=share.deviation / city,
        scale=quotient,
        city=value[areas.city_row],
        draws=draws,
    )


def _hull(value: Floats, draws: Floats, level: float) -> tuple[Floats, Floats]:
    tail = (1.0 - level) / 2.0
    lower, upper = np.quantile(draws, (tail, 1.0 - tail), axis=0)
    return np.minimum(lower, value), np.maximum(upper, value)


_ESTIMATORS: dict[str, Callable[..., Estimate]] = {
    "shrunk_rate": _shrunk_rate,
    "observed_share": _observed_share,
    "observed_ratio": _observed_ratio,
    "observed_count": _observed_count,
    "shrunk_standardised": _shrunk_standardised,
    "net_of_structure": _net_of_structure,
    "over_concentration": _over_concentration,
}
