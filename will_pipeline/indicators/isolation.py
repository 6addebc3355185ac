"""What a surveillance of older people teaches: rates by age and the level of a macro-area.

No benchmark of isolation exists below the macro-area, so the weights of the signals are a
documented prior; nothing here looks at a single area.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from will_pipeline.indicators.areas import Floats, evaluate
from will_pipeline.indicators.kinds import MacroAreaLevel, Synthetic
from will_pipeline.statistics.synthetic import Tilt

SOURCE = "iss_passi_argento"
MACRO_AREAS = {
    "north": frozenset(f"{code:02d}" for code in range(1, 9)),
    "centre": frozenset(f"{code:02d}" for code in range(9, 13)),
    "south_and_islands": frozenset(f"{code:02d}" for code in range(13, 21)),
}
"""Regions of each macro-area, by ISTAT code."""
_PER_HUNDRED = 100.0


@dataclass(frozen=True)
class IsolationLesson:
    """Rates by group and the prior tilt.

    Attributes:
        rates: rate of each exposed group, shape (g,), within [0, 1].
        errors: their standard errors, shape (g,).
        tilt: prior weights with their uncertainty.
    """

    rates: Floats
    errors: Floats
    tilt: Tilt


def levels(level: MacroAreaLevel, published: pl.DataFrame) -> tuple[dict[str, float], float, int]:
    """Level of every region: share of its macro-area, standard error, last year.

    Args:
        level: measure and documented error of a published rate.
        published: `measure`, `breakdown`, `level`, `percent`, `period`.

    Raises:
        ValueError: the rate of a macro-area is not published.
    """
    found = _rates(level, published, [("area", name) for name in MACRO_AREAS])
    shares = {
        region: found["area", name] for name, codes in MACRO_AREAS.items() for region in codes
    }
    periods = published.filter(pl.col("measure") == level.measure)["period"].to_list()
    return shares, level.rate_error / _PER_HUNDRED, max(int(period[-4:]) for period in periods)


def learn(estimator: Synthetic, pool: pl.DataFrame, published: pl.DataFrame) -> IsolationLesson:
    """Learn rates by age from the published rates, and take the prior weights.

    One group may have no published rate: it takes what the total leaves at the age structure of
    the census areas of Italy, (total - sum of share x rate) / share of the group.

    Args:
        estimator: the synthetic indicator, of macro-area level.
        pool: census areas of Italy, for the age structure.
        published: `measure`, `breakdown`, `level`, `percent`, `period`.

    Raises:
        TypeError: the level of the indicator is not that of a macro-area.
        ValueError: a rate is not published, more than one group lacks one, or the rate that is
            left is no share.
    """
    level = estimator.level
    if not isinstance(level, MacroAreaLevel):
        raise TypeError("the level must be that of a macro-area")
    named = [("age", group.published) for group in estimator.exposed if group.published]
    found = _rates(level, published, [("total", "total"), *named])
    rates, errors = _group_rates(estimator, pool, found, level.rate_error / _PER_HUNDRED)
    priors = [signal.prior for signal in estimator.signals if signal.prior is not None]
    return IsolationLesson(
        rates=rates,
        errors=errors,
        tilt=Tilt(
            weights=np.array([prior.weight for prior in priors]),
            covariance=np.diag([prior.error**2 for prior in priors]),
            heterogeneity=level.heterogeneity,
        ),
    )


def _rates(
    level: MacroAreaLevel, published: pl.DataFrame, needed: list[tuple[str, str]]
) -> dict[tuple[str, str], float]:
    rows = published.filter(pl.col("measure") == level.measure)
    found = {
        (breakdown, name): percent / _PER_HUNDRED
        for breakdown, name, percent in rows.select("breakdown", "level", "percent").iter_rows()
    }
    absent = [name for name in needed if name not in found]
    if absent:
        raise ValueError(f"{SOURCE}: no published rate for {absent}")
    return found


def _group_rates(
    estimator: Synthetic, pool: pl.DataFrame, found: dict[tuple[str, str], float], error: float
) -> tuple[Floats, Floats]:
    persons = np.array([evaluate(pool, group.population).sum() for group in estimator.exposed])
    shares = persons / persons.sum()
    known = np.array([group.published is not None for group in estimator.exposed])
    rates, errors = np.zeros(known.size), np.full(known.size, error)
    rates[known] = [found["age", g.published] for g in estimator.exposed if g.published]
    if (~known).sum() > 1:
        raise ValueError(f"{SOURCE}: at most one group may lack a published rate")
    if not known.all():
        left = found["total", "total"] - shares[known] @ rates[known]
        rates[~known] = left / shares[~known]
        errors[~known] = error * np.sqrt(1 + (shares[known] ** 2).sum()) / shares[~known]
    if not ((rates > 0) & (rates < 1)).all():
        raise ValueError(f"{SOURCE}: rates {rates.tolist()} are no shares")
    return rates, errors
