"""Synthetic estimation: counts of persons in a condition that no source publishes by area.

Structure by group comes from one source, the tilt from the area's signals, the level from another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from will_pipeline.statistics import benchmarking, checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.fay_herriot import fay_herriot

DEFAULT_BOUND = 2.0
ROUNDING = 1e-12


@dataclass(frozen=True)
class Tilt:
    """How much the signals of an area move its risk away from what its groups explain.

    Attributes:
        weights: Change of the log relative risk per unit of each signal, shape (k,).
        covariance: Uncertainty of the weights, shape (k, k).
        heterogeneity: Standard deviation of the log relative risk that the signals leave
            unexplained between areas.
        bound: Greatest relative risk; the least is its inverse.
    """

    weights: FloatArray
    covariance: FloatArray
    heterogeneity: float
    bound: float = DEFAULT_BOUND

    def inflated(self, factor: float) -> "Tilt":
        """The same tilt with its heterogeneity multiplied, for areas smaller than those it is from.

        Args:
            factor: Multiplier of the heterogeneity, at least one.

        Returns:
            The inflated tilt.

        Raises:
            InvalidInput: If the factor is below one or not finite.

        Source:
            Sensitivity to what no figure measures, one choice at a time: OECD and JRC (2008),
            Handbook on Constructing Composite Indicators, step 7.
        """
        if not 1 <= factor < np.inf:
            raise InvalidInput("factor", f"must be finite and at least one, found {factor!r}")
        return replace(self, heterogeneity=self.heterogeneity * factor)


@dataclass(frozen=True)
class RelativeRisks:
    """Bounded relative risks.

    Attributes:
        risk: Relative risk per area, shape (n,), within (1 / bound, bound).
        saturated: Whether the linear score lies beyond the logarithm of the bound, shape (n,): the
            bound, rather than the signals, then decides the value.
    """

    risk: FloatArray
    saturated: NDArray[np.bool_]


@dataclass(frozen=True)
class SyntheticCounts:
    """Synthetic counts that add up to their benchmark.

    Attributes:
        counts: Expected persons per area after tilt and benchmark, shape (n,).
        rates: The same over the exposed persons of the area, shape (n,).
        expected: Persons expected from the groups alone, shape (n,), before tilt and benchmark.
        adjustment: Benchmark over the sum of the tilted counts: far from one, group rates and
            benchmark tell different levels.
    """

    counts: FloatArray
    rates: FloatArray
    expected: FloatArray
    adjustment: float


def relative_risk(signals: ArrayLike, tilt: Tilt) -> RelativeRisks:
    """Turn the signals of areas into bounded relative risks.

    With score s = signals x weights and b = log(bound), risk = exp(b tanh(s / b)): equal to exp(s)
    for small scores, within (1 / bound, bound) always, and strictly increasing in s, so that the
    bound never makes two areas equal as a cut would.

    Args:
        signals: Signals of the areas, shape (n, k), standardised so that zero is the city's mean.
        tilt: Weights and bound.

    Returns:
        Relative risks with the areas where the bound decides.

    Raises:
        InvalidInput: If signals or tilt are malformed or their widths differ.

    Source:
        Log-linear tilt of a synthetic estimate as in `estimate_tilt`; the bound is this library's
        own choice.
    """
    check_tilt(tilt)
    clean = checks.real_matrix(signals, argument="signals", columns=tilt.weights.size)
    score = clean @ tilt.weights
    limit = np.log(tilt.bound)
    return RelativeRisks(bounded_risk(score, tilt.bound), np.abs(score) > limit)


def estimate_tilt(
    observed: ArrayLike,
    standard_errors: ArrayLike,
    expected: ArrayLike,
    signals: ArrayLike,
    *,
    bound: float = DEFAULT_BOUND,
) -> Tilt:
    """Estimate the weights of the signals where both the condition and the signals are known.

    Fay-Herriot regression (REML) of log(observed / expected) on the signals across provinces or
    municipalities, with sampling variance (standard error / observed)^2 by the delta method. The
    weights are the slopes (the intercept is a level, and levels come from the benchmark), and the
    standard deviation between units is the heterogeneity left unexplained. Signals must be on the
    scale on which they are then applied; carrying slopes from provinces to neighbourhoods assumes
    that the relation holds at both levels, which no published figure can verify.

    Args:
        observed: Persons in the condition per unit from a survey, shape (m,), above zero.
        standard_errors: Their standard errors, shape (m,), above zero.
        expected: Persons expected from groups and rates, shape (m,), above zero.
        signals: Signals of the units, shape (m, k).
        bound: Greatest relative risk to admit when the tilt is applied.

    Returns:
        The tilt with its uncertainty.

    Raises:
        InvalidInput: If an array is malformed, lengths differ, units are too few, or signals are
            collinear or constant.
        NotConverged: If the variance between units does not converge.

    Source:
        Fay and Herriot (1979) as in `fay_herriot`; Gonzalez, M. E. (1973), Use and evaluation of
        synthetic estimates, Proceedings of the Social Statistics Section, American Statistical
        Association.
    """
    count = checks.positive(observed, argument="observed")
    error = checks.positive(standard_errors, argument="standard_errors")
    base = checks.positive(expected, argument="expected")
    clean = checks.not_constant(checks.real_matrix(signals, argument="signals"), argument="signals")
    checks.same_length(observed=count, standard_errors=error, expected=base, signals=clean)
    fit = fay_herriot(
        np.log(count / base),
        (error / count) ** 2,
        np.column_stack([np.ones(count.size), clean]),
    )
    tilt = Tilt(
        weights=fit.coefficients[1:],
        covariance=fit.covariance[1:, 1:],
        heterogeneity=float(np.sqrt(fit.variance_between)),
        bound=bound,
    )
    check_tilt(tilt)
    return tilt


def synthetic_counts(
    populations: ArrayLike,
    rates: ArrayLike,
    total: float,
    *,
    risks: ArrayLike | None = None,
) -> SyntheticCounts:
    """Estimate persons in a condition by area from group rates, a tilt and a benchmark.

    count_i = total x risk_i sum_g N_ig p_g / sum over areas of the same: group structure carried by
    rates, multiplied by the relative risk of the area, ratio-benchmarked.

    Args:
        populations: Exposed persons by area and group (age, sex), shape (n, g), not negative.
        rates: Rate of each group in the source that publishes them, shape (g,), within [0, 1].
        total: Persons in the condition in all the areas together (the city's figure).
        risks: Relative risk per area, shape (n,), above zero; None is one everywhere.

    Returns:
        Counts and rates; counts add up to `total` to floating point.

    Raises:
        InvalidInput: If an array is malformed, widths or lengths differ, an area has no exposed
            person, a positive total meets no expected person, or an area would hold more persons in
            the condition than exposed (nothing is clipped: the inputs contradict each other).

    Source:
        Gonzalez (1973) as in `estimate_tilt`; Rao and Molina (2015), Small Area Estimation,
        sections 3.2 and 6.4.6, Wiley.
    """
    persons, share = exposed_structure(populations, rates)
    expected = persons @ share
    exposed = checks.positive(persons.sum(axis=1), argument="populations total")
    relative = np.ones(exposed.size) if risks is None else checks.positive(risks, argument="risks")
    checks.same_length(populations=exposed, risks=relative)
    benchmarked = benchmarking.ratio(expected * relative, total)
    excess = np.flatnonzero(benchmarked.values > exposed)
    if excess.size:
        worst = int(excess[0])
        raise InvalidInput(
            "total",
            f"gives area {worst} {benchmarked.values[worst]:.1f} persons in the condition, "
            f"more than the {exposed[worst]:.1f} exposed",
        )
    return SyntheticCounts(
        counts=benchmarked.values,
        rates=benchmarked.values / exposed,
        expected=expected,
        adjustment=float(benchmarked.adjustment[0]),
    )


def tilt_sensitivity(
    populations: ArrayLike,
    rates: ArrayLike,
    total: float,
    signals: ArrayLike,
    tilt: Tilt,
    *,
    factors: Sequence[float] = (0.0, 0.5, 1.5, 2.0),
) -> FloatArray:
    """Show how counts move when the weights of the signals are scaled.

    To publish beside any tilt whose weights are a documented prior rather than an estimate.

    Args:
        populations: As in `synthetic_counts`, shape (n, g).
        rates: As in `synthetic_counts`, shape (g,).
        total: As in `synthetic_counts`.
        signals: Signals of the areas, shape (n, k).
        tilt: The tilt to vary.
        factors: Multipliers of the weights; zero is no tilt at all.

    Returns:
        Counts under each factor, shape (len(factors), n).

    Raises:
        InvalidInput: As in `synthetic_counts` and `relative_risk`.

    Source:
        One choice varied at a time: OECD and JRC (2008), Handbook on Constructing Composite
        Indicators, step 7.
    """
    clean = checks.real_vector(factors, argument="factors")
    persons, _ = exposed_structure(populations, rates)
    scores = checks.real_matrix(signals, argument="signals", columns=tilt.weights.size)
    checks.same_length(populations=persons, signals=scores)
    variants = [replace(tilt, weights=factor * tilt.weights) for factor in clean]
    return np.array(
        [
            synthetic_counts(
                persons, rates, total, risks=relative_risk(scores, variant).risk
            ).counts
            for variant in variants
        ]
    )


def exposed_structure(populations: ArrayLike, rates: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Check exposed persons by group and the rates of the groups.

    Args:
        populations: Exposed persons by area and group, shape (n, g).
        rates: Rate of each group, shape (g,).

    Returns:
        Both, clean.

    Raises:
        InvalidInput: If malformed or negative, or if an area has no exposed person.
    """
    share = checks.probability(rates, argument="rates")
    persons = checks.count_matrix(populations, argument="populations", columns=share.size)
    checks.positive(persons.sum(axis=1), argument="populations total")
    return persons, share


def check_tilt(tilt: Tilt) -> None:
    """Check the parts of a tilt against each other.

    Args:
        tilt: The tilt.

    Raises:
        InvalidInput: If a part is malformed, shapes disagree, or the bound is not above one.
    """
    weights = checks.real_vector(tilt.weights, argument="tilt.weights")
    covariance = checks.real_matrix(
        tilt.covariance, argument="tilt.covariance", columns=weights.size
    )
    checks.same_length(weights=weights, covariance=covariance)
    smallest = float(np.linalg.eigvalsh(covariance)[0])
    symmetric = np.allclose(covariance, covariance.T)
    if not symmetric or smallest < -ROUNDING * max(1.0, float(np.trace(covariance))):
        raise InvalidInput("tilt.covariance", "must be symmetric and positive semidefinite")
    checks.counts([tilt.heterogeneity], argument="tilt.heterogeneity")
    if not 1 < tilt.bound < np.inf:
        raise InvalidInput("tilt.bound", f"must be finite and above one, found {tilt.bound!r}")


def bounded_risk(score: FloatArray, bound: float) -> FloatArray:
    """Relative risk of linear scores, exp(b tanh(score / b)) with b = log(bound).

    Args:
        score: Scores, any shape.
        bound: Greatest relative risk, above one.

    Returns:
        Relative risks, in the shape of the scores.

    Source:
        This library's own choice, as in `relative_risk`.
    """
    limit = np.log(bound)
    return np.asarray(np.exp(limit * np.tanh(score / limit)), dtype=np.float64)
