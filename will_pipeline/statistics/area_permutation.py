"""Effects and trends judged by moving the measure, on paper, to every other set of areas.

Areas of a city are few: errors clustered by area then promise more than they hold, while a
permutation keeps its error rate whatever the dependence over time within an area.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb, floor, isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.difference_in_differences import POWER, minimum_detectable_effect
from will_pipeline.statistics.threads import single_threaded

SIZE = 0.05
MOST_ASSIGNMENTS = 20_000
FEWEST_AREAS = 2
TIE = 1e-9


@dataclass(frozen=True)
class PermutedEffect:
    """Difference of mean change between treated and control areas, in units of the outcome.

    `p_value` is the share of assignments of the measure to as many areas with a difference at least
    as large; `lower` and `upper` hold the effects that this test does not reject at `size`;
    `attainable_size` is the largest error rate not above `size` that so many areas allow;
    `minimum_detectable` the smallest true effect that would have been found with the stated power;
    `assignments` how many were compared, the real one included.
    """

    estimate: float
    p_value: float
    lower: float
    upper: float
    attainable_size: float
    minimum_detectable: float
    assignments: int


def attainable_size(treated: int, control: int, *, size: float = SIZE) -> float:
    """Largest error rate, not above the wanted one, that a permutation of so few areas can have.

    With as many treated as control areas an assignment and its reverse give the same difference, so
    the rate comes in steps of two.

    Args:
        treated: Areas with the measure.
        control: Areas without it.
        size: Wanted probability of a false alarm.

    Returns:
        The rate; zero where no result, however large, could be told from chance.

    Raises:
        InvalidInput: If there are fewer than two areas of a kind or the size is not a probability.

    Source:
        Lehmann and Romano (2005), Testing Statistical Hypotheses, chapter 15.2, Springer.
    """
    checks.confidence_level(size, argument="size")
    for argument, number in (("treated", treated), ("control", control)):
        if number < FEWEST_AREAS:
            raise InvalidInput(argument, f"must be at least {FEWEST_AREAS}, found {number}")
    possible = min(comb(treated + control, treated), MOST_ASSIGNMENTS)
    step = 2 if treated == control else 1
    return step * floor(size * possible / step + TIE) / possible


@single_threaded
def permuted_effect(
    change: ArrayLike,
    *,
    treated: ArrayLike,
    generator: np.random.Generator,
    size: float = SIZE,
    power: float = POWER,
) -> PermutedEffect:
    """Effect of a measure on the change of each area, judged by permutation of the areas.

    The change is the mean after the start minus the mean before, one number for each area, so the
    dependence between years does not matter. All assignments are compared where there are at most
    20,000, else as many drawn at random. The interval inverts the test for an effect d equal in all
    treated areas: for assignment S, whose treated areas include a share of the real ones, the
    difference is a_S - d w_S, and the effects for which it is not below the real one, |a - d|, form
    a segment; the interval ends where no more than `size` of the segments reach. The minimum
    detectable effect is Bloom's with the pooled variance of the change, areas minus two degrees
    of freedom and the attainable size.

    Valid where, without the measure, any set of areas could have been the treated one: areas that
    were chosen because they had just had a bad year, or treated areas much smaller and more erratic
    than the others, break it.

    Args:
        change: Change of each area, shape (n,).
        treated: Whether the area has the measure, booleans of shape (n,).
        generator: Source of the assignments where they are too many to list.
        size: Probability of a false alarm.
        power: Probability of detection that defines the minimum detectable effect.

    Returns:
        The effect with its p-value, interval and minimum detectable size.

    Raises:
        InvalidInput: If arrays are malformed, lengths differ, or the areas are so few that no
            difference could be told from chance at this size.

    Source:
        Bertrand, Duflo and Mullainathan (2004), Quarterly Journal of Economics 119(1), for one
        change per area; Ernst (2004), Permutation methods, Statistical Science 19(4); MacKinnon and
        Webb (2020), Randomization inference for difference-in-differences with few treated
        clusters, Journal of Econometrics 218(2); Bloom (1995), Evaluation Review 19(5).
    """
    changes = checks.real_vector(change, argument="change")
    measure = checks.flags(treated, argument="treated")
    checks.same_length(change=changes, treated=measure)
    checks.confidence_level(power, argument="power")
    own = int(measure.sum())
    reachable = attainable_size(own, measure.size - own, size=size)
    if reachable == 0:
        raise InvalidInput("treated", f"too few areas for an error rate of {size}")
    sets = _assignments(measure, generator)
    differences = _differences(sets, changes)
    estimate = float(_differences(measure[None, :].astype(np.float64), changes)[0])
    tie = TIE * float(np.abs(differences).max())
    lower, upper = _interval(
        estimate, differences, _differences(sets, measure.astype(np.float64)), size
    )
    groups = (changes[measure], changes[~measure])
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in groups)
    freedom = changes.size - 2
    error = np.sqrt(squares / freedom * sum(1 / group.size for group in groups))
    return PermutedEffect(
        estimate=estimate,
        p_value=float((np.abs(differences) >= abs(estimate) - tie).mean()),
        lower=lower,
        upper=upper,
        attainable_size=reachable,
        minimum_detectable=minimum_detectable_effect(
            float(error), freedom, size=reachable, power=power
        ),
        assignments=len(sets),
    )


@single_threaded
def permuted_trends(
    paths: ArrayLike, *, treated: ArrayLike, generator: np.random.Generator
) -> float:
    """Test that treated and control areas moved alike before the start, by permutation of areas.

    Each path loses its own mean; the statistic is the sum of squares, over the periods, of the
    difference between the mean paths. Any shape counts: a slope, a step, a dip just before. With
    few areas or periods the test sees only large departures: not rejecting proves nothing.

    Args:
        paths: Outcome before the start by area and period, shape (n, p), p at least 2.
        treated: Whether the area has the measure, booleans of shape (n,).
        generator: Source of the assignments where they are too many to list.

    Returns:
        Share of assignments whose mean paths differ at least as much.

    Raises:
        InvalidInput: If arrays are malformed, lengths differ, there are fewer than two periods or
            fewer than two areas of a kind.

    Source:
        Ernst (2004), Permutation methods, Statistical Science 19(4); Roth (2022), Pretest with
        caution, American Economic Review: Insights 4(3), for what such a test cannot see.
    """
    before = checks.real_matrix(paths, argument="paths")
    measure = checks.flags(treated, argument="treated")
    checks.same_length(paths=before, treated=measure)
    if before.shape[1] < 2:
        raise InvalidInput("paths", f"needs at least two periods, found {before.shape[1]}")
    own = int(measure.sum())
    attainable_size(own, measure.size - own)
    centred = before - before.mean(axis=1, keepdims=True)
    real = (_differences(measure[None, :].astype(np.float64), centred) ** 2).sum()
    others = (_differences(_assignments(measure, generator), centred) ** 2).sum(axis=1)
    return float((others >= real - TIE * others.max()).mean())


def _assignments(measure: NDArray[np.bool_], generator: np.random.Generator) -> FloatArray:
    """Sets of as many areas as have the measure, the real one among them, shape (sets, n)."""
    n, own = measure.size, int(measure.sum())
    if comb(n, own) <= MOST_ASSIGNMENTS:
        chosen = np.array(list(combinations(range(n), own)))
    else:
        drawn = generator.random((MOST_ASSIGNMENTS - 1, n)).argsort(axis=1)[:, :own]
        chosen = np.vstack([np.flatnonzero(measure), drawn])
    sets = np.zeros((len(chosen), n))
    np.put_along_axis(sets, chosen, 1.0, axis=1)
    return sets


def _differences(sets: FloatArray, values: FloatArray) -> FloatArray:
    """Mean of the values inside each set minus the mean outside, shape (sets,) or (sets, p)."""
    own = float(sets[0].sum())
    return np.asarray((sets / own - (1 - sets) / (sets.shape[1] - own)) @ values)


def _interval(
    estimate: float, differences: FloatArray, overlap: FloatArray, size: float
) -> tuple[float, float]:
    """Effects that the permutation test does not reject, in closed form."""
    same, reverse = overlap > 1 - TIE, overlap < -1 + TIE
    with np.errstate(divide="ignore", invalid="ignore"):
        first = (estimate - differences) / (1 - overlap)
        second = (estimate + differences) / (1 + overlap)
    everywhere = same | reverse
    lower = np.where(everywhere, -np.inf, np.minimum(first, second))
    upper = np.where(everywhere, np.inf, np.maximum(first, second))
    rank = floor(size * len(differences) + TIE)
    ends = float(np.sort(lower)[rank]), float(np.sort(upper)[::-1][rank])
    if not all(isfinite(end) for end in ends):
        raise InvalidInput("treated", f"too few areas for an error rate of {size}")
    # Every segment holds the estimate; rounding must not push it out.
    return min(ends[0], estimate), max(ends[1], estimate)
