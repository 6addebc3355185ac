"""Monte Carlo of a whole index: how far scores and ranks could be from those shown.

One draw changes everything at once: the figures, the weights, the indicators used, the aggregation.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from will_pipeline.statistics import checks, composite
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.grouping import group_index
from will_pipeline.statistics.normalise import AMPI_CENTRE, AMPI_RANGE, Goalposts, signs
from will_pipeline.statistics.streams import streams

Aggregation = Literal["ampi", "geometric", "mean"]

TOP_THIRD = 1 / 3


@dataclass(frozen=True)
class IndexUncertainty:
    """Scores and ranks of n areas with their uncertainty over D draws.

    Attributes:
        baseline: AMPI+ of the published values, equal weights, all indicators, shape (n,).
        median: Median score over the draws, shape (n,), in points.
        lower: Lower limit of the score, shape (n,).
        upper: Upper limit of the score, shape (n,).
        rank_median: Median rank in the city, 1 the highest need, shape (n,); NaN where not ranked.
        rank_lower: Best (least) rank within the interval, shape (n,); NaN where not ranked.
        rank_upper: Worst (greatest) rank within the interval, shape (n,); NaN where not ranked.
        ranked_in_city: Number of ranked areas of the city of each area, shape (n,).
        p_top: Probability of being among the ceil(share x ranked areas) highest of the city, by
            share, shape (n,) each; NaN where not ranked.
        membership_top_third: Whether each draw puts the area in the top third of its city, shape
            (D, n); False where not ranked.
        membership_bottom_third: The same for the third with least need.
        p_bottom_third: Probability of being in that third, shape (n,); NaN where not ranked.
    """

    baseline: FloatArray
    median: FloatArray
    lower: FloatArray
    upper: FloatArray
    rank_median: FloatArray
    rank_lower: FloatArray
    rank_upper: FloatArray
    ranked_in_city: NDArray[np.intp]
    p_top: dict[float, FloatArray]
    membership_top_third: NDArray[np.bool_]
    membership_bottom_third: NDArray[np.bool_]
    p_bottom_third: FloatArray


def simulate_index(
    draws: ArrayLike,
    *,
    goalposts: Sequence[Goalposts],
    city: ArrayLike,
    generator: np.random.Generator,
    values: ArrayLike | None = None,
    references: ArrayLike | None = None,
    ranked: ArrayLike | None = None,
    aggregations: Sequence[Aggregation] = ("ampi", "geometric", "mean"),
    dirichlet_concentration: float | None = 10.0,
    drop_one: bool = True,
    level: float = 0.90,
    top: Sequence[float] = (1 / 5, 1 / 3),
) -> IndexUncertainty:
    """Propagate the uncertainty of figures and of choices to scores and ranks.

    Every draw takes one set of indicator values, one aggregation chosen at random, either all
    indicators or all but one (each of the m + 1 cases equally likely) and weights from a symmetric
    Dirichlet over the indicators kept. Ties of rank are broken at random, by lots of each
    city's own, so that the probabilities of the top add up to its size.

    Args:
        draws: Draws of the indicators in their own units, shape (D, n, m), complete.
        goalposts: One per indicator, length m.
        city: Label of the city of each area, shape (n,); ranks are within a city.
        generator: Source of randomness; the same state gives the same result.
        values: Published values for the baseline, shape (n, m); the mean of the draws where None.
        references: Value scored 100 per area and indicator, shape (n, m), for scores relative to
            each area's own city; the goalposts' references where None.
        ranked: Whether an area takes part in ranks, shape (n,); all where None.
        aggregations: Rules to choose from, all on the scale of the goalposts.
        dirichlet_concentration: Dirichlet parameter of each indicator; 10 makes a weight vary by
            about a quarter of itself with three to five indicators. None keeps weights equal.
        drop_one: Whether one indicator may be left out; has no effect with a single indicator.
        level: Nominal width of the intervals.
        top: Shares of the city whose probability of membership is wanted.

    Returns:
        Medians, intervals and probabilities by area.

    Raises:
        InvalidInput: If an array is malformed or not finite, shapes disagree, an aggregation is
            unknown, a share is outside (0, 1], or normalised values are too low to be aggregated.

    Source:
        Saisana, M., Saltelli, A. and Tarantola, S. (2005), Uncertainty and sensitivity analysis
        techniques as tools for the quality assessment of composite indicators, JRSS A 168;
        Goldstein, H. and Spiegelhalter, D. J. (1996), League tables and their limitations, JRSS A
        159, for intervals of ranks.
    """
    cube = _cube(draws, indicators=len(goalposts))
    areas = cube.shape[1]
    place = group_index(city, length=areas, argument="city")
    in_ranking = (
        np.ones(areas, dtype=bool)
        if ranked is None
        else checks.flags(ranked, argument="ranked", length=areas)
    )
    nominal = checks.confidence_level(level)
    _check_choices(aggregations, dirichlet_concentration, top)
    centre, slope = _scale(goalposts, references, areas)
    point = (
        cube.mean(axis=0)
        if values is None
        else checks.real_matrix(values, argument="values", columns=len(goalposts))
    )
    checks.same_length(city=place, values=point)
    baseline = composite.penalised_mean(AMPI_CENTRE + slope * (point - centre))

    weights = _draw_weights(
        cube.shape[0],
        indicators=len(goalposts),
        concentration=dirichlet_concentration,
        drop_one=drop_one,
        generator=generator,
    )
    rule = generator.integers(len(aggregations), size=cube.shape[0])
    scores = np.empty(cube.shape[:2])
    for position, aggregation in enumerate(aggregations):
        used = rule == position
        if used.any():
            normalised = AMPI_CENTRE + slope * (cube[used] - centre)
            scores[used] = _aggregate(normalised, weights[used][:, None, :], aggregation)

    tails = [(1 - nominal) / 2, 0.5, (1 + nominal) / 2]
    lower, median, upper = np.quantile(scores, tails, axis=0)
    ranks, ranked_in_city = _ranks_by_city(scores, city, in_ranking, generator=generator)
    rank_lower, rank_median, rank_upper = np.quantile(ranks, tails, axis=0, method="inverted_cdf")
    lowest = ranks > ranked_in_city - _top_size(ranked_in_city, TOP_THIRD)
    membership = {share: ranks <= _top_size(ranked_in_city, share) for share in {*top, TOP_THIRD}}
    return IndexUncertainty(
        baseline=baseline,
        median=median,
        lower=lower,
        upper=upper,
        rank_median=rank_median,
        rank_lower=rank_lower,
        rank_upper=rank_upper,
        ranked_in_city=ranked_in_city,
        p_top={
            share: np.where(in_ranking, membership[share].mean(axis=0), np.nan) for share in top
        },
        membership_top_third=membership[TOP_THIRD],
        membership_bottom_third=lowest,
        p_bottom_third=np.where(in_ranking, lowest.mean(axis=0), np.nan),
    )


def _cube(draws: ArrayLike, *, indicators: int) -> FloatArray:
    cube = np.asarray(draws, dtype=np.float64)
    if cube.ndim != 3 or cube.size == 0 or cube.shape[2] != indicators:
        raise InvalidInput(
            "draws", f"must have shape (draws, areas, {indicators}), found {cube.shape}"
        )
    checks.require(np.isfinite(cube), cube, argument="draws", rule="must be finite")
    return cube


def _check_choices(
    aggregations: Sequence[str], concentration: float | None, top: Sequence[float]
) -> None:
    known = get_args(Aggregation)
    checks.at_least(aggregations, 1, argument="aggregations")
    for position, aggregation in enumerate(aggregations):
        if aggregation not in known:
            raise InvalidInput(
                "aggregations", f"must be one of {known}, found {aggregation!r}", (position,)
            )
    if concentration is not None and not 0 < concentration < math.inf:
        raise InvalidInput("dirichlet_concentration", f"must be above zero, found {concentration}")
    for position, share in enumerate(top):
        if not 0 < share <= 1:
            raise InvalidInput("top", f"must lie in (0, 1], found {share!r}", (position,))


def _scale(
    goalposts: Sequence[Goalposts], references: ArrayLike | None, areas: int
) -> tuple[FloatArray, FloatArray]:
    """Reference (m,) or (n, m) and points per unit (m,), so that one expression normalises all."""
    polarity = signs([goalpost.polarity for goalpost in goalposts])
    slope = polarity * AMPI_RANGE / 2 / np.array([goalpost.half_range for goalpost in goalposts])
    if references is None:
        return np.array([goalpost.reference for goalpost in goalposts]), slope
    centre = checks.real_matrix(references, argument="references", columns=len(goalposts))
    if len(centre) != areas:
        raise InvalidInput("references", f"must have {areas} rows, found {len(centre)}")
    return centre, slope


def _draw_weights(
    draws: int,
    *,
    indicators: int,
    concentration: float | None,
    drop_one: bool,
    generator: np.random.Generator,
) -> FloatArray:
    """Weights of shape (draws, indicators), each row summing to one, zero where left out."""
    if concentration is None:
        mass = np.ones((draws, indicators))
    else:
        # A Dirichlet is a set of Gammas divided by their sum: leaving one out keeps it a Dirichlet.
        mass = generator.gamma(concentration, size=(draws, indicators))
    if drop_one and indicators > 1:
        left_out = generator.integers(indicators + 1, size=draws)
        mass = np.where(np.arange(indicators) == left_out[:, None], 0.0, mass)
    return mass / mass.sum(axis=1, keepdims=True)


def _aggregate(normalised: FloatArray, weights: FloatArray, aggregation: Aggregation) -> FloatArray:
    if aggregation == "geometric":
        return composite.geometric(normalised, weights=weights)
    if aggregation == "mean":
        return composite.arithmetic(normalised, weights=weights)
    return composite.penalised_mean(normalised, weights=weights)


def _ranks_by_city(
    scores: FloatArray,
    city: ArrayLike,
    in_ranking: NDArray[np.bool_],
    *,
    generator: np.random.Generator,
) -> tuple[FloatArray, NDArray[np.intp]]:
    """Rank of every draw and area within its city, and the number of areas ranked there."""
    ranks = np.full(scores.shape, np.nan)
    ranked_in_city = np.zeros(scores.shape[1], dtype=np.intp)
    for members, stream in streams(generator, city):
        columns = members[in_ranking[members]]
        ranked_in_city[members] = columns.size
        lots = stream.random((scores.shape[0], columns.size))
        order = np.lexsort((lots, -scores[:, columns]), axis=1)
        within = np.empty(order.shape)
        np.put_along_axis(within, order, np.arange(1.0, columns.size + 1)[None, :], axis=1)
        ranks[:, columns] = within
    return ranks, ranked_in_city


def _top_size(ranked_in_city: NDArray[np.intp], share: float) -> FloatArray:
    # The small amount taken off keeps 1/3 of 3 from becoming 1.0000000000000002 and so two.
    return np.ceil(ranked_in_city * share - 1e-9)
