"""Signals of areas and of provinces: what tilts an expected count away from its structure.

Every signal is a logarithm of a rate over that of the whole it belongs to, so that zero is the
mean and a weight estimated between provinces can be applied between areas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from will_pipeline.indicators.areas import AreaCounts, Flags, Floats, evaluate
from will_pipeline.indicators.estimates import Estimate, Settings
from will_pipeline.indicators.estimators import estimate_rate
from will_pipeline.indicators.kinds import NetOfExcess, ShrunkRate, ShrunkStandardised, Synthetic
from will_pipeline.indicators.specification import Specification
from will_pipeline.statistics.empirical_bayes import beta_binomial


@dataclass(frozen=True)
class AreaSignals:
    """Signals of n areas.

    Attributes:
        values: logarithm of the area's rate over its city's, shape (n, k); NaN where unknown.
        draws: the same, draw by draw, shape (draws, n, k).
        impossible: areas whose own rate of a signal cannot be, shape (n,).
    """

    values: Floats
    draws: Floats
    impossible: Flags


def area_signals(
    estimator: Synthetic,
    specification: Specification,
    areas: AreaCounts,
    estimates: Mapping[str, Estimate],
    *,
    pool: pl.DataFrame,
    settings: Settings,
) -> AreaSignals:
    """Signals of the areas, zero at the city's mean.

    Areas under the floor have no estimate of their own and keep the mean: what is hidden there
    must not move what is shown elsewhere.

    Args:
        estimator: the synthetic indicator.
        specification: the specification table, for the indicators that serve as signals.
        areas: counts of the areas.
        estimates: estimates of the indicators that come from counts.
        pool: census areas of Italy.
        settings: draws, level and seed.
    """
    values, draws = [], []
    impossible = np.zeros(len(areas), dtype=bool)
    for signal in estimator.signals:
        rate = specification.rate_of(signal)
        if isinstance(rate, NetOfExcess):
            point, drawn, wrong = _net_of_excess(rate, areas, settings, signal.name)
            impossible |= wrong
        else:
            found = estimates.get(signal.name) if signal.estimator is None else None
            if found is None:
                found = estimate_rate(
                    _own_rate(rate),
                    areas,
                    pool,
                    settings,
                    settings.generator(f"signal.{signal.name}"),
                )
                impossible |= found.impossible
            point, drawn = found.value, found.draws
        city = point[areas.city_row]
        values.append(_logarithm(point / np.where(city > 0, city, np.nan)))
        draws.append(_logarithm(drawn / np.where(city > 0, city, np.nan)))
    mean = areas.is_city | ~areas.publishable
    stacked, cube = np.stack(values, axis=-1), np.stack(draws, axis=-1)
    stacked[mean], cube[:, mean] = 0.0, 0.0
    return AreaSignals(stacked, cube, impossible & ~mean)


def province_signals(
    estimator: Synthetic, specification: Specification, pool: pl.DataFrame, provinces: pl.DataFrame
) -> Floats:
    """Signals of provinces from the counts of their census areas, shape (provinces, k).

    Rates are observed ones, standardised ones observed over expected at the national rates by
    age; the logarithm is taken against the sum of all the provinces.

    Args:
        estimator: the synthetic indicator; its signals are shrunk rates or standardised ones.
        specification: the specification table.
        pool: census areas of Italy, for the rates by age.
        provinces: sums of ISTAT's codes, one row per province.

    Raises:
        TypeError: a signal is of another kind.
    """
    columns = []
    for signal in estimator.signals:
        rate = specification.rate_of(signal)
        if isinstance(rate, ShrunkStandardised):
            base = evaluate(provinces, rate.expected)
        elif isinstance(rate, ShrunkRate):
            base = evaluate(provinces, rate.denominator)
        else:
            raise TypeError(f"no province has a rate for the signal {signal.name}")
        events = evaluate(provinces, rate.numerator)
        columns.append(_logarithm(events / base * (base.sum() / events.sum())))
    return np.column_stack(columns)


def _own_rate(rate: object) -> ShrunkRate:
    if not isinstance(rate, ShrunkRate):
        raise TypeError("a signal of its own must be a shrunk rate")
    return rate


def _logarithm(ratio: Floats) -> Floats:
    return np.log(np.where(ratio > 0, ratio, np.nan))


def _net_of_excess(
    rate: NetOfExcess, areas: AreaCounts, settings: Settings, name: str
) -> tuple[Floats, Floats, Flags]:
    """Share without the excess of a group, shrunk; draws; areas where the excess is too large.

    The excess is the group beyond what the rest of the residents would have at the city's ratio;
    whoever joins group, numerator and denominator together changes nothing.
    """
    group, base = areas.evaluate(rate.excess), areas.evaluate(rate.base)
    rest = base - group
    city = areas.city_row
    excess = group - rest * group[city] / np.where(rest[city] > 0, rest[city], np.nan)
    numerator = areas.evaluate(rate.numerator) - excess
    denominator = areas.evaluate(rate.denominator) - excess
    known = (
        np.isfinite(numerator) & np.isfinite(denominator) & (areas.evaluate(rate.denominator) > 0)
    )
    wrong = known & ((numerator < 0) | (numerator > denominator) | (denominator <= 0))
    usable = known & ~wrong & areas.publishable & ~areas.is_city
    value = np.full(len(areas), np.nan)
    draws = np.full((settings.draws, len(areas)), np.nan)
    if usable.any():
        shrunk = beta_binomial(
            numerator[usable],
            denominator[usable],
            groups=areas.groups[usable],
            level=settings.level,
        )
        value[usable] = shrunk.rate
        draws[:, usable] = shrunk.draw(
            settings.draws, settings.generator(f"signal.{name}"), groups=areas.groups[usable]
        )
    whole = known & areas.is_city
    value[whole] = numerator[whole] / denominator[whole]
    draws[:, whole] = value[whole]
    return value, draws, wrong
