"""What an estimate is and how it is drawn: the shape that every estimator gives back.

Nothing is estimated here.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from will_pipeline.indicators.areas import AreaCounts, Flags, Floats

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


def nothing(areas: AreaCounts, settings: Settings) -> Estimate:
    """The estimate of an indicator whose source lacks a column: nothing, anywhere, never zero."""
    value, lower, upper, draws = blank(areas, settings.draws)
    possible = np.zeros(len(areas), dtype=bool)
    return Estimate(value, lower, upper, value, value, value, value, value, draws, possible)


def blank(areas: AreaCounts, draws: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Value, lower, upper, shape (n,), and draws, shape (draws, n): all unknown."""
    n = len(areas)
    return (
        np.full(n, np.nan),
        np.full(n, np.nan),
        np.full(n, np.nan),
        np.full((draws, n), np.nan),
    )


def hull(value: Floats, draws: Floats, level: float) -> tuple[Floats, Floats]:
    """Ends of the equal-tailed interval of the draws, widened to hold the value, shape (n,)."""
    tail = (1.0 - level) / 2.0
    lower, upper = np.quantile(draws, (tail, 1.0 - tail), axis=0)
    return np.minimum(lower, value), np.maximum(upper, value)
