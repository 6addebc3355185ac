"""Empirical Bayes for rates and ratios of areas, and the plain posteriors they are compared with.

Every estimator here is closed form: priors by moments within a group (a city), posteriors by area.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray
from will_pipeline.statistics.grouping import group_members
from will_pipeline.statistics.prior_moments import (
    HALF_EVENT,
    BetaPosterior,
    beta_parameters,
    checked_draws,
    morris_weights,
)
from will_pipeline.statistics.streams import Rows, draw_in_groups


@dataclass(frozen=True)
class MarshallRates:
    """Rates shrunk by Marshall's global estimator; `rate` has shape (n,)."""

    rate: FloatArray
    prior_mean: float
    prior_variance: float


@dataclass(frozen=True)
class ShrunkenRates(BetaPosterior):
    """Posterior of a proportion per area; every field has shape (n,).

    `prior_strength` is the weight of the prior in trials (persons) of that area, `alpha` and `beta`
    are the parameters of the Beta posterior, `lower` and `upper` its equal-tailed interval.
    """

    rate: FloatArray
    lower: FloatArray
    upper: FloatArray
    prior_mean: FloatArray
    prior_strength: FloatArray
    alpha: FloatArray
    beta: FloatArray


@dataclass(frozen=True)
class ShrunkenRatios:
    """Posterior of a ratio observed/expected per area; every field has shape (n,).

    `prior_strength` is the weight of the prior in expected events, `shape` and `inverse_scale` are
    the parameters of the Gamma posterior, `lower` and `upper` its equal-tailed interval.
    """

    ratio: FloatArray
    lower: FloatArray
    upper: FloatArray
    prior_mean: FloatArray
    prior_strength: FloatArray
    shape: FloatArray
    inverse_scale: FloatArray

    def draw(
        self, draws: int, generator: np.random.Generator, *, groups: ArrayLike | None = None
    ) -> FloatArray:
        """Draw ratios from the posteriors Gamma(shape, inverse scale), independent between areas.

        Args:
            draws: Number of draws D, at least 1.
            generator: Source of randomness; the same state gives the same draws.
            groups: Label per area, shape (n,); each group then has a stream of its own, so that
                areas of one group never move the draws of another.

        Returns:
            Ratios, shape (D, n).

        Raises:
            InvalidInput: If `draws` is below 1.

        Source:
            Clayton, D. and Kaldor, J. (1987), Biometrics 43.
        """
        shape, scale = (checked_draws(draws), self.shape.size), 1.0 / self.inverse_scale

        def sample(stream: np.random.Generator, rows: Rows) -> FloatArray:
            return stream.gamma(self.shape[rows], scale[rows], size=(draws, rows.size))

        return draw_in_groups(sample, shape=shape, generator=generator, groups=groups)


@dataclass(frozen=True)
class ObservedRates(BetaPosterior):
    """Unshrunk rates with Jeffreys intervals; every field has shape (n,), `rate` is the raw one."""

    rate: FloatArray
    lower: FloatArray
    upper: FloatArray
    alpha: FloatArray
    beta: FloatArray


@dataclass(frozen=True)
class ObservedCounts:
    """Unshrunk counts with exact Poisson intervals of their mean; every field has shape (n,)."""

    events: FloatArray
    lower: FloatArray
    upper: FloatArray

    def draw(
        self, draws: int, generator: np.random.Generator, *, groups: ArrayLike | None = None
    ) -> FloatArray:
        """Draw Poisson means from their Jeffreys posteriors Gamma(events + 1/2, 1).

        Args:
            draws: Number of draws D, at least 1.
            generator: Source of randomness; the same state gives the same draws.
            groups: Label per area, shape (n,); each group then has a stream of its own, so that
                areas of one group never move the draws of another.

        Returns:
            Means in events, shape (D, n).

        Raises:
            InvalidInput: If `draws` is below 1.

        Source:
            Jeffreys, H. (1961), Theory of Probability, 3rd edition, section 3.10, Oxford.
        """
        shape = (checked_draws(draws), self.events.size)

        def sample(stream: np.random.Generator, rows: Rows) -> FloatArray:
            return stream.gamma(self.events[rows] + HALF_EVENT, 1.0, size=(draws, rows.size))

        return draw_in_groups(sample, shape=shape, generator=generator, groups=groups)


def marshall(events: ArrayLike, population: ArrayLike) -> MarshallRates:
    """Shrink rates towards the mean of all areas by moments, without intervals.

    With r = events / population, prior mean m = sum(events) / sum(population) and prior variance
    A = max(0, sum(population (r - m)^2) / sum(population) - m / mean(population)), the estimate is
    m + A (r - m) / (A + m / population). A negative moment estimate of A means that the areas
    differ no more than chance allows: every area then gets m.

    Args:
        events: Events per area, shape (n,), whole or fractional, not negative; they may exceed the
            population where a person can have several.
        population: Persons (or person-years) at risk per area, shape (n,), above zero.

    Returns:
        The shrunken rates with the prior they were shrunk towards.

    Raises:
        InvalidInput: If the arrays are malformed, differ in length, or hold fewer than two areas.

    Source:
        Marshall, R. J. (1991), Mapping disease and mortality rates using empirical Bayes
        estimators, Applied Statistics 40(2), Royal Statistical Society.
    """
    count = checks.counts(events, argument="events")
    at_risk = checks.positive(population, argument="population")
    checks.same_length(events=count, population=at_risk)
    checks.at_least(count, 2, argument="events")
    raw = count / at_risk
    mean = float(count.sum() / at_risk.sum())
    spread = float((at_risk * (raw - mean) ** 2).sum() / at_risk.sum())
    variance = max(0.0, spread - mean / float(at_risk.mean()))
    if variance == 0.0:
        return MarshallRates(np.full_like(raw, mean), mean, variance)
    shrunk = mean + variance * (raw - mean) / (variance + mean / at_risk)
    return MarshallRates(shrunk, mean, variance)


def beta_binomial(
    events: ArrayLike,
    trials: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    level: float = 0.90,
) -> ShrunkenRates:
    """Shrink proportions towards the rate of their group (city), with calibrated intervals.

    Events are binomial given the area's rate, rates are Beta within a group. The prior mean m is
    the pooled rate of the group and the prior variance A is estimated by moments with the binomial
    variance taken out (Marshall 1991; Kleinman 1973). The weight of the prior in area i is
    B_i = (k - 3) / (k - 1) * V_i / (V_i + max(A, 0)) with V_i = m (1 - m) / trials_i and k areas:
    Morris's factor keeps B below one, so a prior variance estimated at zero or less (which happens
    by chance in cities of few areas) never collapses the areas onto one number. The posterior is a
    Beta with mean B m + (1 - B) r and with the variance given the prior, plus that of the estimated
    prior mean, plus that of the estimated weight, 2 / (k - 3) B^2 (r - m)^2; without the last two
    terms intervals are too short (Morris 1983; Laird and Louis 1987).

    Simulated coverage of the nominal 90 % is 90-91 % where areas differ by a tenth of their mean or
    more, as those of Italian cities do, and up to 99 % where they do not differ at all: with few
    areas their being equal cannot be known, and the interval errs on the wide side.

    Groups of fewer than four areas cannot estimate their own spread, so nothing is borrowed beyond
    the floor: everywhere the prior is worth at least half an event and half a non-event, as much as
    Jeffreys's prior but centred on the group, so that no interval has zero width. A group with no
    event at all (or nothing else) has prior mean (events + 1/2) / (trials + 1).

    Args:
        events: Persons with the condition per area, shape (n,).
        trials: Persons of the base per area, shape (n,), above zero.
        groups: Group label per area, shape (n,); None puts all areas in one group.
        level: Nominal coverage of the equal-tailed interval.

    Returns:
        Posterior by area, in the order given.

    Raises:
        InvalidInput: If an event count exceeds its trials, an array is malformed, or lengths
            differ.

    Source:
        Marshall (1991) as in `marshall`; Kleinman, J. C. (1973), Proportions with extraneous
        variance, JASA 68; Morris, C. N. (1983), Parametric empirical Bayes inference, JASA 78;
        Laird, N. M. and Louis, T. A. (1987), Empirical Bayes confidence intervals based on
        bootstrap samples, JASA 82.
    """
    count, base = checks.numerator_within(
        events, trials, argument="events", denominator_argument="trials"
    )
    nominal = checks.confidence_level(level)
    member = group_members(groups, count.size)
    total_count = np.bincount(member, weights=count)
    total_base = np.bincount(member, weights=base)
    degenerate = (total_count == 0) | (total_count == total_base)
    group_mean = np.where(
        degenerate,
        (total_count + HALF_EVENT) / (total_base + 2 * HALF_EVENT),
        total_count / total_base,
    )
    mean = group_mean[member]
    weight, uncertainty = morris_weights(
        count / base, base, mean, unit_variance=mean * (1 - mean), member=member, trial=1.0
    )
    floor = HALF_EVENT / np.minimum(mean, 1 - mean)
    strength = np.maximum(base * weight / (1 - weight), floor)
    rate = (count + mean * strength) / (base + strength)
    variance = rate * (1 - rate) / (base + strength + 1) + uncertainty
    alpha, beta = beta_parameters(rate, variance)
    lower, upper = stats.beta.ppf([[(1 - nominal) / 2], [(1 + nominal) / 2]], alpha, beta)
    return ShrunkenRates(rate, lower, upper, mean, strength, alpha, beta)


def gamma_poisson(
    observed: ArrayLike,
    expected: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    level: float = 0.90,
) -> ShrunkenRatios:
    """Shrink ratios observed/expected towards the ratio of their group, with intervals.

    The Poisson counterpart of `beta_binomial`: observed counts are Poisson with mean
    ratio x expected, ratios are Gamma within a group, V_i = m / expected_i, and the floor of the
    prior is half an event. Where the expected counts were standardised on the group itself the
    prior mean is one. For conditions that more than a tenth of the persons are in, counts vary less
    than Poisson ones and `standardised_proportion` has intervals that are not too long.

    Args:
        observed: Events per area, shape (n,), not negative.
        expected: Expected events per area under the standard, shape (n,), above zero.
        groups: Group label per area, shape (n,); None puts all areas in one group.
        level: Nominal coverage of the equal-tailed interval.

    Returns:
        Posterior by area, in the order given.

    Raises:
        InvalidInput: If an array is malformed or lengths differ.

    Source:
        Clayton, D. and Kaldor, J. (1987), Empirical Bayes estimates of age-standardized relative
        risks for use in disease mapping, Biometrics 43; Marshall (1991); Morris (1983).
    """
    count = checks.counts(observed, argument="observed")
    base = checks.positive(expected, argument="expected")
    checks.same_length(observed=count, expected=base)
    nominal = checks.confidence_level(level)
    member = group_members(groups, count.size)
    total_count = np.bincount(member, weights=count)
    group_mean = np.where(total_count == 0, HALF_EVENT, total_count) / np.bincount(
        member, weights=base
    )
    mean = group_mean[member]
    weight, uncertainty = morris_weights(
        count / base, base, mean, unit_variance=mean, member=member, trial=0.0
    )
    strength = np.maximum(base * weight / (1 - weight), HALF_EVENT / mean)
    ratio = (count + mean * strength) / (base + strength)
    variance = ratio / (base + strength) + uncertainty
    shape, inverse_scale = ratio**2 / variance, ratio / variance
    lower, upper = stats.gamma.ppf(
        [[(1 - nominal) / 2], [(1 + nominal) / 2]], shape, scale=1 / inverse_scale
    )
    return ShrunkenRatios(ratio, lower, upper, mean, strength, shape, inverse_scale)


def jeffreys(events: ArrayLike, trials: ArrayLike, *, level: float = 0.90) -> ObservedRates:
    """Give raw proportions their Jeffreys interval, without shrinkage.

    The posterior is Beta(events + 1/2, trials - events + 1/2); following Brown, Cai and DasGupta
    the lower limit is 0 where there is no event and the upper limit 1 where there is nothing else.

    Args:
        events: Persons with the condition per area, shape (n,).
        trials: Persons of the base per area, shape (n,), above zero.
        level: Nominal coverage of the equal-tailed interval.

    Returns:
        Raw rates with interval and posterior, by area.

    Raises:
        InvalidInput: If an event count exceeds its trials, an array is malformed, or lengths
            differ.

    Source:
        Brown, L. D., Cai, T. T. and DasGupta, A. (2001), Interval estimation for a binomial
        proportion, Statistical Science 16.
    """
    count, base = checks.numerator_within(
        events, trials, argument="events", denominator_argument="trials"
    )
    nominal = checks.confidence_level(level)
    alpha, beta = count + HALF_EVENT, base - count + HALF_EVENT
    lower, upper = stats.beta.ppf([[(1 - nominal) / 2], [(1 + nominal) / 2]], alpha, beta)
    lower = np.where(count == 0, 0.0, lower)
    upper = np.where(count == base, 1.0, upper)
    return ObservedRates(count / base, lower, upper, alpha, beta)


def poisson_interval(events: ArrayLike, *, level: float = 0.90) -> ObservedCounts:
    """Give raw counts the exact interval of their Poisson mean.

    Limits are chi-square quantiles: half the quantile of 2 x events degrees of freedom (0 where
    there is no event) and half that of 2 x events + 2. Coverage is never below the nominal one.

    Args:
        events: Events per area, shape (n,), not negative.
        level: Nominal coverage of the equal-tailed interval.

    Returns:
        Counts with their limits, in events.

    Raises:
        InvalidInput: If the array is malformed.

    Source:
        Garwood, F. (1936), Fiducial limits for the Poisson distribution, Biometrika 28.
    """
    count = checks.counts(events, argument="events")
    nominal = checks.confidence_level(level)
    # A Gamma with the count as shape is half a chi-square, and has no value at shape zero.
    shape = np.where(count > 0, count, 1.0)
    lower = np.where(count > 0, stats.gamma.ppf((1 - nominal) / 2, shape), 0.0)
    upper = stats.gamma.ppf((1 + nominal) / 2, count + 1)
    return ObservedCounts(count, lower, upper)
