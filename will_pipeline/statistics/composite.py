"""Aggregation: turn the indicators of an area into the score of one phenomenon.

Functions that take normalised values accept any leading axes, so that one call serves all draws.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.normalise import Goalposts, goalpost_scores, z_scores

Penalty = Literal["+", "-"]

IOD_DECAY = 23.0


def penalised_mean(
    normalised: ArrayLike,
    *,
    penalty: Penalty = "+",
    weights: ArrayLike | None = None,
    ddof: Literal[0, 1] = 0,
) -> FloatArray:
    """Average normalised indicators and add or subtract a penalty for their imbalance.

    With M the mean, S the standard deviation and cv = S / M over the indicators of an area, the
    score is M + S cv or M - S cv. "+" is right when the index measures something bad: an area with
    one very bad indicator is not rescued by the others. M + S cv grows with every indicator as long
    as none is over twice another, so everywhere between 70 and 130 (there by at least a thirteenth
    of what the mean grows); beyond, raising the one low indicator may lower it. M - S cv falls when
    an indicator far above the others rises further.

    Args:
        normalised: Normalised indicators, shape (..., m), in points, with positive means.
        penalty: "+" for phenomena where higher is worse, "-" where higher is better.
        weights: Weights of shape (..., m) or (m,), each set summing to one; equal where None.
        ddof: 1 for the sample, 0 for the population standard deviation; weights require 0.

    Returns:
        Scores of shape (...).

    Raises:
        InvalidInput: If values are not finite, a mean is not positive, weights do not sum to one,
            `ddof` is 1 with one indicator or with weights, or the penalty is unknown.

    Source:
        Mazziotta, M. and Pareto, A. (2016), Social Indicators Research 127; weighted form: same
        authors (2022), Rivista Italiana di Economia, Demografia e Statistica.
    """
    values, weight = _aggregable(normalised, weights)
    if penalty not in ("+", "-"):
        raise InvalidInput("penalty", f'must be "+" or "-", found {penalty!r}')
    size = values.shape[-1]
    if ddof == 1 and (weights is not None or size < 2):
        raise InvalidInput("ddof", "must be 0 where weights are given or one indicator only")
    mean = _mean(values, weight)
    rule = "must have a mean over indicators above zero"
    checks.require(mean > 0, mean, argument="normalised", rule=rule)
    variance = (weight * (values - mean[..., None]) ** 2).sum(axis=-1) * size / (size - ddof)
    return mean + variance / mean if penalty == "+" else mean - variance / mean


def ampi(
    values: ArrayLike,
    goalposts: Sequence[Goalposts],
    *,
    penalty: Penalty = "+",
    weights: ArrayLike | None = None,
) -> FloatArray:
    """Adjusted Mazziotta-Pareto index: goalposts, then a mean with a penalty for imbalance.

    Uses the population standard deviation over indicators. A unit equal to the references scores
    exactly 100.

    Args:
        values: Indicators in their own units, shape (n, m).
        goalposts: One per indicator, length m.
        penalty: "+" where a higher index is worse, "-" where it is better.
        weights: Weights of the indicators, shape (m,), summing to one; equal where None.

    Returns:
        Scores of shape (n,), in points.

    Raises:
        InvalidInput: If the matrix is malformed or widths and weights disagree.

    Source:
        Mazziotta, M. and Pareto, A. (2016), Social Indicators Research 127.
    """
    return penalised_mean(goalpost_scores(values, goalposts), penalty=penalty, weights=weights)


def mpi(values: ArrayLike, polarity: Sequence[str], *, penalty: Penalty = "+") -> FloatArray:
    """Mazziotta-Pareto index: z-scores with mean 100 and deviation 10, then a penalised mean.

    Relative to the areas given (it moves when one enters); sample standard deviations throughout.

    Args:
        values: Indicators in their own units, shape (n, m), m at least 2.
        polarity: "+" or "-" per indicator.
        penalty: "+" where a higher index is worse, "-" where it is better.

    Returns:
        Scores of shape (n,), in points.

    Raises:
        InvalidInput: If the matrix is malformed, an indicator constant, or m below 2.

    Source:
        De Muro, P., Mazziotta, M. and Pareto, A. (2011), Composite indices of development and
        poverty, Social Indicators Research 104.
    """
    standard = z_scores(values, polarity=polarity, mean=100.0, standard_deviation=10.0)
    return penalised_mean(standard, penalty=penalty, ddof=1)


def arithmetic(normalised: ArrayLike, *, weights: ArrayLike | None = None) -> FloatArray:
    """Weighted arithmetic mean of normalised indicators.

    Args:
        normalised: Normalised indicators, shape (..., m).
        weights: Weights of shape (..., m) or (m,), each set summing to one; equal where None.

    Returns:
        Scores of shape (...).

    Raises:
        InvalidInput: If values are not finite or weights do not sum to one.

    Source:
        OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 6.
    """
    values, weight = _aggregable(normalised, weights)
    return _mean(values, weight)


def geometric(normalised: ArrayLike, *, weights: ArrayLike | None = None) -> FloatArray:
    """Weighted geometric mean of normalised indicators, all of them above zero.

    Args:
        normalised: Normalised indicators, shape (..., m), above zero.
        weights: Weights of shape (..., m) or (m,), each set summing to one; equal where None.

    Returns:
        Scores of shape (...).

    Raises:
        InvalidInput: If a value is not finite or not above zero, or weights do not sum to one.

    Source:
        OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 6.
    """
    values, weight = _aggregable(normalised, weights)
    checks.require(values > 0, values, argument="normalised", rule="must be above zero")
    first = values[..., :1]
    return np.asarray(first[..., 0] * np.exp((np.log(values / first) * weight).sum(axis=-1)))


def exponential_scores(ranks: ArrayLike, *, total: int) -> FloatArray:
    """Exponential transformation of ranks, from 0 (least deprived) towards 100.

    With R = (total - rank + 1) / total, the score is -23 ln(1 - R (1 - exp(-100 / 23))).

    Args:
        ranks: Ranks with 1 the most deprived, any shape.
        total: Number of areas ranked, which may exceed the number of areas given.

    Returns:
        Scores of the same shape.

    Raises:
        InvalidInput: If a rank is not finite or outside 1 .. total.

    Source:
        Ministry of Housing, Communities and Local Government (2025), English Indices of
        Deprivation, technical report; Smith et al. (2015), same publisher, appendix.
    """
    rank = np.asarray(ranks, dtype=np.float64)
    within = (rank >= 1) & (rank <= total)
    checks.require(within, rank, argument="ranks", rule=f"must lie between 1 and {total}")
    share = (total - rank + 1) / total
    return np.asarray(-IOD_DECAY * np.log1p(-share * -np.expm1(-100 / IOD_DECAY)))


def exponential_ranks(ranks: ArrayLike, *, total: int, weights: ArrayLike) -> FloatArray:
    """Composite of the English Indices: weighted sum of exponentially transformed ranks.

    Args:
        ranks: Domain ranks with 1 the most deprived, shape (n, m).
        total: Number of areas ranked.
        weights: Weight of each domain, shape (m,). They are used as given: the published set adds
            up to 0.999 and renormalising it misses the published scores.

    Returns:
        Scores of shape (n,).

    Raises:
        InvalidInput: If ranks are malformed or outside 1 .. total, or widths differ.

    Source:
        As `exponential_scores`.
    """
    domain_weights = checks.weights(weights, total=None)
    matrix = checks.real_matrix(ranks, argument="ranks", columns=domain_weights.size)
    return exponential_scores(matrix, total=total) @ domain_weights


def z_sum(values: ArrayLike, polarity: Sequence[str]) -> FloatArray:
    """Sum of z-scores over the areas given, population standard deviation.

    Args:
        values: Indicators in their own units, shape (n, m).
        polarity: "+" or "-" per indicator.

    Returns:
        Sums of shape (n,), with mean zero.

    Raises:
        InvalidInput: If the matrix is malformed or an indicator constant.

    Source:
        Caranci, N. et al. (2010), The Italian deprivation index at census block level,
        Epidemiologia e Prevenzione 34(4).
    """
    return np.asarray(z_scores(values, polarity=polarity, ddof=0).sum(axis=1))


def nested_mean(
    normalised: ArrayLike,
    *,
    codes: Sequence[str],
    parents: Mapping[str, str],
    weights: Mapping[str, float],
) -> dict[str, FloatArray]:
    """Aggregate a hierarchy of indicators level by level by weighted arithmetic means.

    Weights are relative to the siblings under one parent (they are divided by their sum there, as
    the hierarchy declares them), so that a parent is always a mean of its children.

    Args:
        normalised: Normalised indicators, shape (n, m).
        codes: Code of each column, length m.
        parents: Parent of every node but the root.
        weights: Weight of every node but the root, positive.

    Returns:
        Score of every aggregate, shape (n,) each, by code.

    Raises:
        InvalidInput: If the matrix is malformed, a code has no parent or weight, or the hierarchy
            has a cycle or an aggregate whose children never become available.

    Source:
        OECD and JRC (2008), step 6; Becker, W. et al. (2022), COINr, JOSS 7(78).
    """
    matrix = checks.real_matrix(normalised, argument="normalised", columns=len(codes))
    known: dict[str, FloatArray] = {code: matrix[:, j] for j, code in enumerate(codes)}
    if len(known) != len(codes):
        raise InvalidInput("codes", "must be unique")
    orphan = next((code for code in codes if code not in parents), None)
    if orphan is not None:
        raise InvalidInput("parents", f"has no entry for {orphan!r}")
    children: dict[str, list[str]] = {}
    for child, parent in parents.items():
        if not 0 < weights.get(child, 0.0) < np.inf:
            raise InvalidInput("weights", f"must give a finite and positive weight to {child!r}")
        children.setdefault(parent, []).append(child)
    aggregates: dict[str, FloatArray] = {}
    while len(aggregates) < len(children):
        ready = [
            parent
            for parent, members in children.items()
            if parent not in known and all(member in known for member in members)
        ]
        if not ready:
            stuck = sorted(set(children) - set(aggregates))
            raise InvalidInput("parents", f"the hierarchy never completes {stuck}")
        for parent in ready:
            relative = np.array([weights[member] for member in children[parent]])
            stacked = np.column_stack([known[member] for member in children[parent]])
            known[parent] = aggregates[parent] = stacked @ (relative / relative.sum())
    return aggregates


def _mean(values: FloatArray, weight: FloatArray) -> FloatArray:
    # Taken from the first indicator, so that equal values have exactly their own value as mean.
    first = values[..., :1]
    return np.asarray(first[..., 0] + ((values - first) * weight).sum(axis=-1))


def _aggregable(normalised: ArrayLike, weights: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    values = np.asarray(normalised, dtype=np.float64)
    if values.ndim == 0 or values.size == 0:
        raise InvalidInput("normalised", f"must have shape (..., m), found {values.shape}")
    checks.require(np.isfinite(values), values, argument="normalised", rule="must be finite")
    size = values.shape[-1]
    if weights is None:
        return values, np.full(size, 1 / size)
    weight = np.asarray(weights, dtype=np.float64)
    if weight.shape[-1:] != (size,):
        raise InvalidInput("weights", f"must have {size} entries, found shape {weight.shape}")
    usable = np.isfinite(weight) & (weight >= 0)
    checks.require(usable, weight, argument="weights", rule="must be finite and not negative")
    added = np.asarray(weight.sum(axis=-1))
    close = np.asarray(np.abs(added - 1.0) <= checks.SUM_TOLERANCE)
    checks.require(close, added, argument="weights", rule="must sum to one, each set of them")
    return values, weight
