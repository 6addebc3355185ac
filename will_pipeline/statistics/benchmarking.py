"""Benchmarking: adjust the estimates of areas so that they add up to the figure of their city.

Every adjustment is reported beside the adjusted values, because it measures the model's error.
"""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.grouping import group_index

Totals = float | Mapping[Hashable, float]

WHOLE_TOTAL_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Benchmarked:
    """Estimates that add up to their benchmark.

    Attributes:
        values: Adjusted estimate per area, shape (n,).
        adjustment: What was applied per area, shape (n,): the factor of a ratio adjustment, the
            addend of a difference adjustment. Far from 1 (or 0) the model missed the level.
    """

    values: FloatArray
    adjustment: FloatArray


def ratio(estimates: ArrayLike, totals: Totals, *, groups: ArrayLike | None = None) -> Benchmarked:
    """Multiply the estimates of each group by one factor, so that they add up to its total.

    benchmarked_i = estimate_i x total / (sum of the estimates of the group). Ratios between areas
    are kept and an area estimated at zero stays at zero.

    Args:
        estimates: Estimated totals (persons) per area, shape (n,), not negative.
        totals: Benchmark of all areas (persons), or of each group by its label.
        groups: Group (city) label per area, shape (n,); None puts all areas in one group.

    Returns:
        Adjusted estimates and the factor of each area; sums are exact to floating point.

    Raises:
        InvalidInput: If an estimate or total is negative or not finite, labels and totals do not
            match one to one, or a positive total meets estimates that are all zero.

    Source:
        Rao, J. N. K. and Molina, I. (2015), Small Area Estimation, 2nd edition, section 6.4.6,
        Wiley; the same adjustment as benchSAE in mind, ISTAT's package for small areas.
    """
    clean = checks.counts(estimates, argument="estimates")
    labels, member = _members(groups, size=clean.size)
    benchmark = _benchmarks(totals, labels)
    checks.counts(benchmark, argument="totals")
    added = _group_sums(clean, member, benchmark.size)
    empty = np.flatnonzero((added == 0) & (benchmark > 0))
    if empty.size:
        first = int(np.flatnonzero(member == empty[0])[0])
        raise InvalidInput(
            "estimates", "are all zero in a group whose total is above zero", (first,)
        )
    factor = np.divide(benchmark, added, out=np.ones_like(benchmark), where=added > 0)
    return Benchmarked(clean * factor[member], factor[member])


def difference(
    estimates: ArrayLike,
    totals: Totals,
    *,
    variances: ArrayLike,
    groups: ArrayLike | None = None,
    least: float | None = None,
) -> Benchmarked:
    """Share the gap to the total of each group among its areas, the least certain taking most.

    benchmarked_i = estimate_i + (total - sum of estimates) x variance_i / (sum of variances): the
    solution that minimises sum (change_i)^2 / variance_i under the constraint. With equal variances
    everyone takes the same share of the gap; an area of variance zero does not move.

    Args:
        estimates: Estimated totals per area, shape (n,), of any sign.
        totals: Benchmark of all areas, or of each group by its label.
        variances: Mean squared error of each estimate, shape (n,), not negative.
        groups: Group (city) label per area, shape (n,); None puts all areas in one group.
        least: Smallest admissible adjusted value (zero for counts); None admits any.

    Returns:
        Adjusted estimates and the addend of each area.

    Raises:
        InvalidInput: If an array is malformed, labels and totals do not match one to one, a group
            with a gap has only zero variances, or an adjusted value falls below `least` (nothing is
            clipped: use `ratio` for counts that must stay positive).

    Source:
        Wang, J., Fuller, W. A. and Qu, Y. (2008), Small area estimation under a restriction, Survey
        Methodology 34(1), Statistics Canada.
    """
    clean = checks.real_vector(estimates, argument="estimates")
    spread = checks.counts(variances, argument="variances")
    checks.same_length(estimates=clean, variances=spread)
    labels, member = _members(groups, size=clean.size)
    benchmark = _benchmarks(totals, labels)
    gap = benchmark - _group_sums(clean, member, benchmark.size)
    pooled = _group_sums(spread, member, benchmark.size)
    stuck = np.flatnonzero((pooled == 0) & (gap != 0))
    if stuck.size:
        first = int(np.flatnonzero(member == stuck[0])[0])
        raise InvalidInput("variances", "are all zero in a group that misses its total", (first,))
    share = np.divide(spread, pooled[member], out=np.zeros_like(spread), where=pooled[member] > 0)
    addend = gap[member] * share
    values = clean + addend
    if least is not None and (values < least).any():
        worst = int(np.flatnonzero(values < least)[0])
        raise InvalidInput(
            "estimates",
            f"falls to {float(values[worst])!r} once benchmarked, below {least!r}",
            (worst,),
        )
    return Benchmarked(values, addend)


def largest_remainder(
    values: ArrayLike, totals: Totals | None = None, *, groups: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Round the values of each group to whole numbers that add up to its total, to the unit.

    Every value is rounded down; the units still missing go, one each, to the largest remainders
    (Hamilton's method). Equal remainders are served in the order given, so the result depends on
    nothing but the input. No value moves by one unit or more.

    Args:
        values: Values per area, shape (n,), not negative, adding up to the total of their group up
            to floating point (benchmark them first).
        totals: Whole total of all areas, or of each group by its label; None asks that the sums be
            whole already.
        groups: Group (city) label per area, shape (n,); None puts all areas in one group.

    Returns:
        Whole numbers, shape (n,).

    Raises:
        InvalidInput: If an array is malformed, a total is not whole, or the values of a group do
            not add up to its total within a millionth of it.

    Source:
        Balinski, M. L. and Young, H. P. (2001), Fair Representation, 2nd edition, Brookings.
    """
    clean = checks.counts(values, argument="values")
    labels, member = _members(groups, size=clean.size)
    added = _group_sums(clean, member, len(labels))
    benchmark = np.rint(added) if totals is None else _benchmarks(totals, labels)
    _check_whole(benchmark, added)
    down = np.floor(clean)
    missing = np.rint(benchmark - _group_sums(down, member, benchmark.size)).astype(np.int64)
    order = np.lexsort((np.arange(clean.size), -(clean - down), member))
    starts = np.concatenate([[0], np.cumsum(np.bincount(member, minlength=benchmark.size))[:-1]])
    place = np.empty(clean.size, dtype=np.int64)
    place[order] = np.arange(clean.size) - starts[member[order]]
    whole: NDArray[np.int64] = down.astype(np.int64) + (place < missing[member])
    return whole


def _members(groups: ArrayLike | None, *, size: int) -> tuple[list[Hashable], NDArray[np.intp]]:
    """Distinct labels and, per area, the position of its label among them."""
    if groups is None:
        return [None], np.zeros(size, dtype=np.intp)
    member = group_index(groups, length=size, argument="groups")
    return np.unique(np.asarray(groups)).tolist(), member


def _benchmarks(totals: Totals, labels: list[Hashable]) -> FloatArray:
    """Totals in the order of the labels."""
    if not isinstance(totals, Mapping):
        if len(labels) != 1:
            raise InvalidInput("totals", f"needs one total for each of {len(labels)} groups")
        return checks.real_vector([totals], argument="totals")
    if len(labels) == 1 and labels[0] is None:
        raise InvalidInput("groups", "is needed when totals are given by label")
    if set(totals) != set(labels):
        wrong = sorted(str(label) for label in set(totals) ^ set(labels))
        raise InvalidInput("totals", f"must match groups one to one, unmatched: {wrong}")
    return checks.real_vector([totals[label] for label in labels], argument="totals")


def _group_sums(values: FloatArray, member: NDArray[np.intp], groups: int) -> FloatArray:
    """Sum by group, exactly rounded: order of rows and size of the group do not matter."""
    if groups == 1:
        return np.array([math.fsum(values)])
    order = np.argsort(member, kind="stable")
    cuts = np.cumsum(np.bincount(member, minlength=groups))[:-1]
    return np.array([math.fsum(part) for part in np.split(values[order], cuts)])


def _check_whole(benchmark: FloatArray, added: FloatArray) -> None:
    fractional = np.flatnonzero(benchmark != np.rint(benchmark))
    if fractional.size:
        at = int(fractional[0])
        raise InvalidInput("totals", f"must be whole, found {float(benchmark[at])!r}", (at,))
    off = np.flatnonzero(np.abs(added - benchmark) > WHOLE_TOTAL_TOLERANCE * (1 + benchmark))
    if off.size:
        at = int(off[0])
        raise InvalidInput(
            "values",
            f"of group {at} add up to {float(added[at])!r} and not to {float(benchmark[at])!r}",
        )
