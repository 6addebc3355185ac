"""Shrinkage of proportions on the logit scale towards the parent area, as in the English Indices.

It is kept as a robustness variant; published rates come from the beta-binomial estimator.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray
from will_pipeline.statistics.grouping import group_index

HALF = 0.5


@dataclass(frozen=True)
class LogitShrinkage:
    """Result of the shrinkage; every field has shape (n,).

    Attributes:
        rate: Shrunken proportion.
        own_weight: Weight given to the area's own logit, between 0 and 1.
        own_logit: Logit of the area with half an event added on each side.
        parent_logit: The same logit for the parent area of each area.
    """

    rate: FloatArray
    own_weight: FloatArray
    own_logit: FloatArray
    parent_logit: FloatArray


def shrink_logit(
    events: ArrayLike, trials: ArrayLike, *, parent: ArrayLike | None = None
) -> LogitShrinkage:
    """Shrink proportions towards their parent area on the logit scale.

    With r events in n trials: m = ln((r + 1/2) / (n - r + 1/2)) and its variance
    s2 = (n + 1)(n + 2) / (n (r + 1)(n - r + 1)). The parent's logit M is m of the summed counts,
    t2 = sum (m - M)^2 / (k - 1) over its k areas, and the result is expit(w m + (1 - w) M) with
    w = (1 / s2) / (1 / s2 + 1 / t2). Where all k areas have the parent's logit, w is zero.

    Args:
        events: Persons with the condition per area, shape (n,).
        trials: Persons of the base per area, shape (n,), above zero.
        parent: Label of the parent area, shape (n,); None puts all areas under one.

    Returns:
        Shrunken proportions and their ingredients.

    Raises:
        InvalidInput: If an event count exceeds its trials, an array is malformed, lengths differ,
            or a parent has a single area (its spread does not exist).

    Source:
        Noble, M. et al. (2003), Scottish Indices of Deprivation 2003, appendix 1, University of
        Oxford; same procedure in the English Indices of Deprivation.
    """
    count, base = checks.numerator_within(
        events, trials, argument="events", denominator_argument="trials"
    )
    labels = np.zeros(count.size) if parent is None else parent
    member = group_index(labels, length=count.size, argument="parent")
    areas = np.bincount(member)
    alone = np.flatnonzero(areas[member] < 2)
    if alone.size:
        raise checks.InvalidInput(
            "parent", "must have at least two areas for each parent", (int(alone[0]),)
        )
    own = _logit(count, base)
    above = _logit(_total(member, count), _total(member, base))[member]
    within = (base + 1) * (base + 2) / (base * (count + 1) * (base - count + 1))
    between = (_total(member, (own - above) ** 2) / (areas - 1))[member]
    own_weight = between / (between + within)
    rate = special.expit(own_weight * own + (1 - own_weight) * above)
    return LogitShrinkage(rate, own_weight, own, above)


def _total(member: NDArray[np.intp], values: FloatArray) -> FloatArray:
    return np.asarray(np.bincount(member, weights=values), dtype=np.float64)


def _logit(events: FloatArray, trials: FloatArray) -> FloatArray:
    return np.asarray(np.log((events + HALF) / (trials - events + HALF)))
