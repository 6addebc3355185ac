"""Separation of a group inside each area, over the census sections the area is made of.

What is due to the group's share, and to chance in units so small, is taken out: presence is
exposure, never a need.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from will_pipeline.indicators.areas import AreaCounts, Floats, evaluate
from will_pipeline.indicators.estimates import Estimate, Settings, blank, hull, nothing
from will_pipeline.indicators.kinds import Separation
from will_pipeline.statistics.segregation import separation_by_area
from will_pipeline.statistics.streams import streams

FEWEST_UNITS = 2


def separation(
    specification: Separation,
    areas: AreaCounts,
    pool: pl.DataFrame,
    settings: Settings,
    generator: np.random.Generator,
) -> Estimate:
    """Isolation of the group beyond that of a random placement: (xPx - E) / (1 - E).

    Zero where the members live among the sections of the area as if placed at random, whatever
    their number; one where nobody else lives beside them. The city's value is the mean of its areas
    weighted by the members. The interval comes from the Bayesian bootstrap of the sections.

    Args:
        specification: members of the group and residents they live among.
        areas: counts of the areas, with their sections; without them nothing is estimated.
        pool: not used.
        settings: draws, level and seed.
        generator: source of randomness.

    Source:
        Massey, D. S. and Denton, N. A. (1988), The dimensions of residential segregation, Social
        Forces 67(2); Winship, C. (1977), A revaluation of indexes of residential segregation,
        Social Forces 55(4), for chance; Rubin, D. B. (1981), The Bayesian bootstrap, Annals of
        Statistics 9(1).
    """
    empty = nothing(areas, settings)
    if areas.units is None:
        return empty
    units = areas.units.filter(pl.col("area_id").is_not_null())
    members, residents = (
        evaluate(units, text) for text in (specification.numerator, specification.denominator)
    )
    places = units["area_id"].to_numpy().astype(str)
    value, _, _, draws = blank(areas, settings.draws)
    numerator, denominator = (
        areas.evaluate(text) for text in (specification.numerator, specification.denominator)
    )
    impossible = (numerator < 0) | (denominator < 0) | (numerator > denominator)
    # Each area draws from a stream of its own, so that an area added elsewhere moves nothing here.
    names = areas.frame["area_id"].to_list()
    own = {int(rows[0]): stream for rows, stream in streams(generator, names)}
    for row, area in enumerate(names):
        inside = (places == area) & ~(residents == 0)
        x, t = members[inside], residents[inside]
        impossible[row] |= bool(((x < 0) | (x > t)).any())
        if impossible[row] or not areas.publishable[row] or not _defined(x, t):
            continue
        found = separation_by_area(x, t, np.zeros(x.size))
        value[row] = ((found.isolation - found.by_chance) / (1 - found.by_chance))[0]
        weights = own[row].dirichlet(np.ones(x.size), size=settings.draws) * x.size
        draws[:, row] = _net_of_weighted(x, t, weights)
    _fill_cities(areas, numerator, value, draws)
    lower, upper = hull(value, draws, settings.level)
    return replace(
        empty,
        value=value,
        lower=lower,
        upper=upper,
        deviation=draws.std(axis=0),
        scale=np.ones(len(areas)),
        numerator=numerator,
        denominator=denominator,
        city=value[areas.city_row],
        draws=draws,
        impossible=impossible,
    )


def _defined(x: Floats, t: Floats) -> bool:
    """Whether there are sections to compare, all counted, and both members and others in them."""
    whole = bool(np.isfinite(x + t).all())
    return whole and x.size >= FEWEST_UNITS and 0 < float(x.sum()) < float(t.sum())


def _net_of_weighted(x: Floats, t: Floats, weights: Floats) -> Floats:
    """The index with every inhabited section counted as often as it weighs, shape (draws,)."""
    members, people = weights @ x, weights @ t
    share = members / people
    met = weights @ (x**2 / t)
    spread = share * (1 - share) * people * (weights.sum(axis=1) - 1) / (people - 1)
    chance = spread + people * share**2
    return np.asarray((met - chance) / (members - chance), dtype=np.float64)


def _fill_cities(areas: AreaCounts, members: Floats, value: Floats, draws: Floats) -> None:
    for city in np.flatnonzero(areas.is_city):
        inside = (areas.city_row == city) & ~areas.is_city & np.isfinite(value)
        if inside.any() and members[inside].sum() > 0:
            weight = members[inside] / members[inside].sum()
            value[city] = value[inside] @ weight
            draws[:, city] = draws[:, inside] @ weight
