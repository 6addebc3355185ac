"""Priors of empirical Bayes by moments within groups, shared by rates, ratios and shares.

Only what the estimators have in common is here: the weight of a prior and what was not known of it.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.streams import Rows, draw_in_groups

HALF_EVENT = 0.5
SMALLEST_SHRINKABLE_GROUP = 4


class BetaPosterior:
    """What results with a Beta posterior per area have in common; fields have shape (n,)."""

    alpha: FloatArray
    beta: FloatArray

    def draw(
        self, draws: int, generator: np.random.Generator, *, groups: ArrayLike | None = None
    ) -> FloatArray:
        """Draw rates from the posteriors Beta(alpha, beta), independent between areas.

        Args:
            draws: Number of draws D, at least 1.
            generator: Source of randomness; the same state gives the same draws.
            groups: Label per area, shape (n,); each group then has a stream of its own, so that
                areas of one group never move the draws of another.

        Returns:
            Rates, shape (D, n).

        Raises:
            InvalidInput: If `draws` is below 1.

        Source:
            Kleinman, J. C. (1973), Proportions with extraneous variance, JASA 68.
        """
        shape = (checked_draws(draws), self.alpha.size)

        def sample(stream: np.random.Generator, rows: Rows) -> FloatArray:
            return stream.beta(self.alpha[rows], self.beta[rows], size=(draws, rows.size))

        return draw_in_groups(sample, shape=shape, generator=generator, groups=groups)


def morris_weights(
    raw: FloatArray,
    base: FloatArray,
    mean: FloatArray,
    *,
    unit_variance: FloatArray,
    member: NDArray[np.intp],
    trial: float | FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Weigh the prior of each area and the variance due to having estimated that prior.

    raw_i has sampling variance V_i = u_i / base_i and its expectation has variance A within the
    group. A solves sum base (raw - mean)^2 = sum u_i (1 - share_i) + A sum (base_i - trial_i)
    (1 - share_i), share_i being base_i over the group's and a base below one trial telling nothing
    of A; a negative solution counts as zero. The
    weight is B_i = (k - 3) / (k - 1) V_i / (V_i + A), zero in groups of fewer than four areas. The
    variance is B^2 var(mean) + 2 / (k - 3) B^2 (raw - mean)^2, up to the ratio of the typical
    V + A to the area's.

    Args:
        raw: Raw rate or ratio per area, shape (n,).
        base: What it is divided by (persons, expected events), shape (n,), above zero.
        mean: Prior mean of the group of each area, shape (n,).
        unit_variance: Sampling variance u_i of one unit of the base at the prior mean, shape (n,).
        member: Index of the group of each area, shape (n,).
        trial: What one trial takes from the base because binomial variance shrinks as rates
            vary: 1 for binomial rates, 0 for Poisson ratios, the expected share for binomial
            ratios.

    Returns:
        Weight of the prior within [0, 1) and added variance, both of shape (n,).

    Source:
        Marshall, R. J. (1991), Applied Statistics 40(2); Kleinman, J. C. (1973), JASA 68; Morris,
        C. N. (1983), Parametric empirical Bayes inference, JASA 78.
    """
    areas = np.bincount(member)
    total = np.bincount(member, weights=base)[member]
    share = base / total
    by_chance = np.bincount(member, weights=unit_variance * (1 - share))
    excess = np.bincount(member, weights=base * (raw - mean) ** 2) - by_chance
    information = np.bincount(member, weights=np.maximum(base - trial, 0.0) * (1 - share))
    between = np.where(
        information > 0, np.maximum(excess, 0.0) / np.where(information > 0, information, 1.0), 0.0
    )[member]

    k = areas[member]
    shrinkable = k >= SMALLEST_SHRINKABLE_GROUP
    factor = np.where(shrinkable, (k - 3) / np.maximum(k - 1, 1), 0.0)
    within = unit_variance / base
    weight = factor * within / (within + between)

    safe_factor = np.where(shrinkable, factor, 1.0)
    of_mean = np.bincount(member, weights=share**2 * (within + between) / safe_factor)[member]
    typical = np.bincount(member, weights=within)[member] / k
    of_weight = (
        2 / np.where(shrinkable, k - 3, 1) * weight**2 * (typical + between) / (within + between)
    )
    return weight, weight**2 * of_mean + of_weight * (raw - mean) ** 2


def beta_parameters(mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Find the Beta distributions with given means and variances.

    alpha = mean k and beta = (1 - mean) k with k = mean (1 - mean) / variance - 1, but at least
    one: a distribution worth less than one observation would have a spike at both ends, and no area
    is that vague.

    Args:
        mean: Means, shape (n,), strictly between 0 and 1.
        variance: Variances, shape (n,), above zero.

    Returns:
        alpha and beta, shape (n,) each.

    Source:
        Kleinman, J. C. (1973), Proportions with extraneous variance, JASA 68 (method of moments).
    """
    size = np.maximum(mean * (1 - mean) / variance - 1, 1.0)
    return mean * size, (1 - mean) * size


def checked_draws(draws: int) -> int:
    """Check a number of draws.

    Args:
        draws: Number of draws.

    Returns:
        The number.

    Raises:
        InvalidInput: If it is below 1; the argument named is `draws`.
    """
    if draws < 1:
        raise InvalidInput("draws", f"must be at least 1, found {draws}")
    return draws
