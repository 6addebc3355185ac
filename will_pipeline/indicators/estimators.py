"""Estimators: from counts of areas to value, interval and draws of one indicator.

Each function serves one `kind` of the specification table; the statistics themselves live in
`will_pipeline.statistics`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from will_pipeline.indicators.areas import AreaCounts, Flags, Floats
from will_pipeline.indicators.estimates import (
    PERCENT,
    Estimate,
    Settings,
    blank,
    hull,
)
from will_pipeline.indicators.gaps import missing_parity, rate_gap
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
from will_pipeline.indicators.rates import counts_of, share_estimate
from will_pipeline.indicators.separation import separation
from will_pipeline.indicators.specification import Indicator
from will_pipeline.statistics.empirical_bayes import poisson_interval
from will_pipeline.statistics.standardised_proportion import standardised_proportion


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


def _shrunk_rate(
    specification: ShrunkRate,
    areas: AreaCounts,
    pool: pl.DataFrame,
    settings: Settings,
    generator: np.random.Generator,
) -> Estimate:
    return share_estimate(specification, areas, settings, generator, shrunk=True)


def _observed_share(
    specification: ObservedShare,
    areas: AreaCounts,
    pool: pl.DataFrame,
    settings: Settings,
    generator: np.random.Generator,
) -> Estimate:
    return share_estimate(specification, areas, settings, generator, shrunk=False)


def _poisson_estimate(
    specification: ObservedRatio | ObservedCount,
    areas: AreaCounts,
    settings: Settings,
    generator: np.random.Generator,
    *,
    per_hundred: bool,
) -> Estimate:
    numerator, denominator, impossible = counts_of(specification, areas, share=False)
    usable = (denominator > 0) & ~impossible & np.isfinite(numerator) & areas.publishable
    value, lower, upper, draws = blank(areas, settings.draws)
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
    crude = share_estimate(
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
    impossible = crude.impossible | _contradicts(crude, expected, areas)
    usable = (
        areas.publishable
        & ~impossible
        & ~areas.is_city
        & np.isfinite(crude.value)
        & np.isfinite(crude.city)
    )
    value, lower, upper, draws = blank(areas, settings.draws)
    for target, source in zip(
        (value, lower, upper), (crude.value, crude.lower, crude.upper), strict=True
    ):
        target[areas.is_city] = source[areas.is_city]
    draws[:, areas.is_city] = crude.draws[:, areas.is_city]
    if usable.any():
        ratios = standardised_proportion(
            crude.numerator[usable],
            expected[usable],
            crude.denominator[usable],
            groups=areas.groups[usable],
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


def _contradicts(crude: Estimate, expected: Floats, areas: AreaCounts) -> Flags:
    """Areas whose ages the standard rates cannot describe: they leave nobody, or more than all."""
    city = areas.city_row
    ratio = np.divide(
        crude.numerator[city], expected[city], out=np.ones(len(areas)), where=expected[city] > 0
    )
    most = expected * np.maximum(ratio, 1.0)
    return (crude.denominator > 0) & ((expected <= 0) | (most >= crude.denominator))


def _net_of_structure(
    specification: NetOfStructure,
    areas: AreaCounts,
    pool: pl.DataFrame,
    settings: Settings,
    generator: np.random.Generator,
) -> Estimate:
    rate = share_estimate(specification, areas, settings, generator, shrunk=True)
    slope, error = structure_slope(specification, pool)
    base = areas.evaluate(specification.structure_base)
    share = PERCENT * areas.evaluate(specification.structure) / np.where(base > 0, base, np.nan)
    excess = share - share[areas.city_row]
    slopes = generator.normal(slope, error, size=(settings.draws, 1))
    draws = rate.draws - slopes * excess
    value = rate.value - slope * excess
    lower, upper = hull(value, draws, settings.level)
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
    share = share_estimate(specification, areas, settings, generator, shrunk=True)
    # A city without the group has no quotient: its areas cannot be above a share of zero.
    city = np.where(share.city > 0, share.city, np.nan)
    quotient = share.value / city
    # The city is its own reference: its quotient is one by definition, not by estimation.
    draws = np.where(areas.is_city, 0.0, np.maximum(0.0, share.draws / city - 1.0))
    value = np.maximum(0.0, quotient - 1.0)
    lower, upper = hull(value, draws, settings.level)
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


_ESTIMATORS: dict[str, Callable[..., Estimate]] = {
    "shrunk_rate": _shrunk_rate,
    "observed_share": _observed_share,
    "observed_ratio": _observed_ratio,
    "observed_count": _observed_count,
    "shrunk_standardised": _shrunk_standardised,
    "net_of_structure": _net_of_structure,
    "over_concentration": _over_concentration,
    "rate_gap": rate_gap,
    "missing_parity": missing_parity,
    "separation": separation,
}
