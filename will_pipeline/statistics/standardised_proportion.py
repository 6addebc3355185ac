"""Empirical Bayes for indirectly standardised proportions: events over those expected, of persons.

Common conditions are not rare events: their counts are binomial and vary less than Poisson ones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.grouping import group_members
from will_pipeline.statistics.prior_moments import (
    HALF_EVENT,
    BetaPosterior,
    beta_parameters,
    morris_weights,
)


@dataclass(frozen=True)
class StandardisedProportions(BetaPosterior):
    """Posterior of a ratio observed/expected of proportions; every field has shape (n,).

    `prior_strength` is the weight of the prior in expected events. The area's own proportion, ratio
    x `expected_share`, has posterior Beta(`alpha`, `beta`): a ratio never implies more than all.
    """

    ratio: FloatArray
    lower: FloatArray
    upper: FloatArray
    prior_mean: FloatArray
    prior_strength: FloatArray
    expected_share: FloatArray
    alpha: FloatArray
    beta: FloatArray

    def draw(
        self, draws: int, generator: np.random.Generator, *, groups: ArrayLike | None = None
    ) -> FloatArray:
        """Draw ratios, proportions from the posteriors Beta(alpha, beta) over the expected shares.

        Args:
            draws: Number of draws D, at least 1.
            generator: Source of randomness; the same state gives the same draws.
            groups: Label per area, shape (n,); each group then has a stream of its own, so that
                areas of one group never move the draws of another.

        Returns:
            Ratios observed / expected, independent between areas, shape (D, n).

        Raises:
            InvalidInput: If `draws` is below 1.

        Source:
            Kleinman, J. C. (1973), JASA 68, as in `standardised_proportion`.
        """
        return super().draw(draws, generator, groups=groups) / self.expected_share


def standardised_proportion(
    observed: ArrayLike,
    expected: ArrayLike,
    trials: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    level: float = 0.90,
) -> StandardisedProportions:
    """Shrink ratios of observed to expected persons towards their group, with binomial variance.

    With s_i = expected_i / trials_i the share expected from the area's composition, events are
    binomial with probability s_i x ratio_i, and ratios vary within a group with mean m, the group's
    own ratio, and variance A. The sampling variance of a raw ratio at the prior mean is
    V_i = m (1 - s_i m) / expected_i, where `gamma_poisson` has m / expected_i: for a condition that
    half of the persons are in, its intervals are 1.4 times too long. A is estimated by moments with
    the binomial variance taken out and the prior weighs B_i = (k - 3) / (k - 1) V_i / (V_i + A).
    The posterior of the area's proportion is a Beta with mean s_i (B m + (1 - B) raw) and with
    the variance given the prior plus those of the estimated prior, as in `beta_binomial`, which
    this is when every area expects the same share.

    Simulated coverage of the nominal 90 % is 90-91 % for conditions of 10, 30 and 50 % of persons
    where areas differ by a tenth of their mean or more; it rises where they differ less, as that of
    `beta_binomial` does.

    Args:
        observed: Persons with the condition per area, shape (n,).
        expected: Persons expected from the area's composition at standard rates, shape (n,), above
            zero and not above `trials`.
        trials: Persons of the base per area, shape (n,), above zero.
        groups: Group label per area, shape (n,); None puts all areas in one group.
        level: Nominal coverage of the equal-tailed interval.

    Returns:
        Posterior by area, in the order given.

    Raises:
        InvalidInput: If observed or expected persons exceed the trials, an array is malformed,
            lengths differ, or an area's expected share times the ratio of its group reaches one
            (standard rates and group contradict each other; nothing is cut).

    Source:
        Kleinman, J. C. (1973), Proportions with extraneous variance, JASA 68; Marshall, R. J.
        (1991), Applied Statistics 40(2); Morris, C. N. (1983), JASA 78; indirect standardisation:
        Breslow and Day (1987), Statistical Methods in Cancer Research, volume II, IARC.
    """
    count, base = checks.numerator_within(
        observed, trials, argument="observed", denominator_argument="trials"
    )
    standard, _ = checks.numerator_within(
        checks.positive(expected, argument="expected"),
        base,
        argument="expected",
        denominator_argument="trials",
    )
    nominal = checks.confidence_level(level)
    member = group_members(groups, count.size)
    share = standard / base
    mean = _group_ratio(np.array([count, standard, base]), member)[member]
    prior = share * mean
    beyond = np.flatnonzero(prior >= 1)
    if beyond.size:
        first = int(beyond[0])
        raise InvalidInput(
            "expected",
            f"times the ratio of the group must stay below trials, found a share of "
            f"{float(prior[first])!r}",
            (first,),
        )
    weight, uncertainty = morris_weights(
        count / standard,
        standard,
        mean,
        unit_variance=mean * (1 - prior),
        member=member,
        trial=share,
    )
    strength = np.maximum(base * weight / (1 - weight), HALF_EVENT / np.minimum(prior, 1 - prior))
    rate = (count + prior * strength) / (base + strength)
    variance = rate * (1 - rate) / (base + strength + 1) + share**2 * uncertainty
    alpha, beta = beta_parameters(rate, variance)
    lower, upper = stats.beta.ppf([[(1 - nominal) / 2], [(1 + nominal) / 2]], alpha, beta) / share
    return StandardisedProportions(
        rate / share, lower, upper, mean, share * strength, share, alpha, beta
    )


def _group_ratio(sums: FloatArray, member: np.ndarray) -> FloatArray:
    """Ratio of each group; a group of nobody or of everybody is half a person away from it."""
    count, standard, base = (np.bincount(member, weights=row) for row in sums)
    degenerate = (count == 0) | (count == base)
    inside = base * (count + HALF_EVENT) / (base + 2 * HALF_EVENT)
    return np.where(degenerate, inside, count) / standard
