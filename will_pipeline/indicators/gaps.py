"""Gaps between two groups of residents: how far one group's rate is from that of another.

A gap is about the distance between groups, never about the presence of either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import PERCENT, Estimate, Settings, hull
from will_pipeline.indicators.kinds import MissingParity, RateGap
from will_pipeline.indicators.rates import share_estimate


@dataclass(frozen=True)
class _Reference:
    """The rate that the other one is compared with."""

    numerator: str
    denominator: str


def rate_gap(
    specification: RateGap | MissingParity,
    areas: AreaCounts,
    pool: pl.DataFrame,
    settings: Settings,
    generator: np.random.Generator,
) -> Estimate:
    """Rate of the reference group minus that of the group, percentage points.

    Both rates are shrunk towards the city by themselves, so a group of few persons tells little
    about its gap and says so in the interval. Numerator and denominator are those of the group; the
    error is judged against its rate, since a gap of zero has no relative error.

    Args:
        specification: the two rates.
        areas: counts of the areas.
        pool: not used.
        settings: draws, level and seed.
        generator: source of randomness.
    """
    named = _Reference(specification.reference_numerator, specification.reference_denominator)
    reference = share_estimate(named, areas, settings, generator, shrunk=True)
    own = share_estimate(specification, areas, settings, generator, shrunk=True)
    value, draws = reference.value - own.value, reference.draws - own.draws
    lower, upper = hull(value, draws, settings.level)
    return replace(
        own,
        value=value,
        lower=lower,
        upper=upper,
        deviation=draws.std(axis=0),
        scale=own.value,
        city=value[areas.city_row],
        draws=draws,
        impossible=own.impossible | reference.impossible,
    )


def missing_parity(
    specification: MissingParity,
    areas: AreaCounts,
    pool: pl.DataFrame,
    settings: Settings,
    generator: np.random.Generator,
) -> Estimate:
    """Persons of the group who would be counted in the rate at the reference group's level.

    max(0, gap) x persons of the group: nobody is missing where the group is not behind. They are
    never observed, so there is no numerator.

    Args:
        specification: the two rates.
        areas: counts of the areas.
        pool: not used.
        settings: draws, level and seed.
        generator: source of randomness.
    """
    gap = rate_gap(specification, areas, pool, settings, generator)
    persons = gap.denominator / PERCENT
    value = np.maximum(0.0, gap.value) * persons
    draws = np.maximum(0.0, gap.draws) * persons
    lower, upper = hull(value, draws, settings.level)
    return replace(
        gap,
        value=value,
        lower=lower,
        upper=upper,
        deviation=draws.std(axis=0),
        scale=value,
        numerator=np.full(len(areas), np.nan),
        city=value[areas.city_row],
        draws=draws,
    )
