"""Rates over the counts of areas: observed shares, and shares shrunk towards their city.

What the estimators of `estimators` and `gaps` are made of.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from will_pipeline.indicators.areas import AreaCounts, Flags, Floats
from will_pipeline.indicators.estimates import PERCENT, Estimate, Settings, blank
from will_pipeline.statistics.empirical_bayes import beta_binomial, jeffreys


class Ratio(Protocol):
    """Anything with a numerator and a denominator in ISTAT's codes."""

    @property
    def numerator(self) -> str:
        """Arithmetic over the codes."""

    @property
    def denominator(self) -> str:
        """Arithmetic over the codes."""


def counts_of(
    specification: Ratio,
    areas: AreaCounts,
    *,
    share: bool,
) -> tuple[Floats, Floats, Flags]:
    """Numerator, denominator and the areas where they cannot be, shape (n,).

    Args:
        specification: the two expressions.
        areas: counts of the areas.
        share: whether the numerator is a part of the denominator.
    """
    numerator = areas.evaluate(specification.numerator)
    denominator = areas.evaluate(specification.denominator)
    impossible = (numerator < 0) | (denominator < 0)
    if share:
        impossible |= numerator > denominator
    return numerator, denominator, impossible


def share_estimate(
    specification: Ratio,
    areas: AreaCounts,
    settings: Settings,
    generator: np.random.Generator,
    *,
    shrunk: bool,
) -> Estimate:
    """Share of persons in every area and city, per hundred.

    Args:
        specification: what is shared by what.
        areas: counts of the areas.
        settings: draws, level and seed.
        generator: source of randomness.
        shrunk: whether areas are shrunk towards their city; the city never is.
    """
    numerator, denominator, impossible = counts_of(specification, areas, share=True)
    usable = (denominator > 0) & ~impossible & np.isfinite(numerator) & areas.publishable
    value, lower, upper, draws = blank(areas, settings.draws)
    small = usable & ~areas.is_city if shrunk else np.zeros_like(usable)
    if small.any():
        rates = beta_binomial(
            numerator[small], denominator[small], groups=areas.groups[small], level=settings.level
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
