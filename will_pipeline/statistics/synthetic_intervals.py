"""Intervals of synthetic counts by parametric bootstrap.

Every uncertainty that has a number is drawn; what has none is named in the docstring.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.synthetic import (
    Tilt,
    bounded_risk,
    check_tilt,
    exposed_structure,
    relative_risk,
    synthetic_counts,
)

FEWEST_DRAWS = 100


@dataclass(frozen=True)
class SyntheticIntervals:
    """Parametric-bootstrap distribution of synthetic counts.

    Attributes:
        lower: Lower end of the interval of the count per area, shape (n,).
        upper: Upper end, shape (n,).
        rate_lower: Lower end of the interval of the rate, shape (n,).
        rate_upper: Upper end, shape (n,).
        standard_error: Standard deviation of the count, shape (n,).
        coefficient_of_variation: Standard error over the mean of the draws, shape (n,); NaN where
            the mean is zero.
        draws: Counts of every draw, shape (draws, n); each draw adds up to its own benchmark, but
            for one with nobody in the condition: there is nothing to scale, and it stays at zero.
        limited_share: Share of draws in which the risk of the area went past one and was held at
            one, shape (n,): above a few per cent the model does not fit the area.
    """

    lower: FloatArray
    upper: FloatArray
    rate_lower: FloatArray
    rate_upper: FloatArray
    standard_error: FloatArray
    coefficient_of_variation: FloatArray
    draws: FloatArray
    limited_share: FloatArray


def bootstrap_intervals(
    populations: ArrayLike,
    rates: ArrayLike,
    total: float,
    *,
    generator: np.random.Generator,
    rate_errors: ArrayLike,
    total_error: float,
    signals: ArrayLike | None = None,
    tilt: Tilt | None = None,
    population_errors: ArrayLike | None = None,
    draws: int = 1_000,
    level: float = 0.90,
) -> SyntheticIntervals:
    """Give intervals of the persons really in the condition, by parametric bootstrap.

    Every draw takes new group rates (Beta), exposed persons (Gamma, where they have an error),
    weights of the signals (normal), unexplained risk of each area (lognormal with the tilt's
    heterogeneity) and benchmark (Gamma), computes the risk of each area, draws the persons in the
    condition (binomial) and benchmarks them to the benchmark drawn. Left out are errors of the
    model's form: signals that act differently in neighbourhoods than where they were estimated.

    Args:
        populations: Exposed persons by area and group, shape (n, g).
        rates: Rate of each group, shape (g,).
        total: Benchmark: persons in the condition in all the areas together, above zero.
        generator: Source of randomness; the same state gives the same intervals.
        rate_errors: Standard errors of the rates, shape (g,); zero for known rates.
        total_error: Standard error of the benchmark (persons); zero for a known one.
        signals: Signals of the areas, shape (n, k); needed with a tilt, refused without.
        tilt: The tilt; None has no signals and no heterogeneity.
        population_errors: Standard errors of the exposed persons, shape (n, g); None for counts.
        draws: Number of draws, at least 100.
        level: Nominal coverage of the equal-tailed intervals.

    Returns:
        Intervals of counts and rates, with all the draws for what is computed from them.

    Raises:
        InvalidInput: As in `synthetic_counts`, or if an error is negative, a rate of zero or one is
            uncertain, an error is too large for its rate, or draws are too few.

    Source:
        Gonzalez-Manteiga, W. and others (2008), Bootstrap mean squared error of a small-area EBLUP,
        Journal of Statistical Computation and Simulation 78; Rao and Molina (2015), section 3.2.
    """
    persons, share = exposed_structure(populations, rates)
    nominal = checks.confidence_level(level)
    benchmark = checks.positive([total], argument="total")
    benchmark_error = checks.counts([total_error], argument="total_error")
    if draws < FEWEST_DRAWS:
        raise InvalidInput("draws", f"must be at least {FEWEST_DRAWS}, found {draws}")
    risks = _risk_draws(signals, tilt, areas=len(persons), draws=draws, generator=generator)
    middle = None if signals is None or tilt is None else relative_risk(signals, tilt).risk
    synthetic_counts(persons, share, total, risks=middle)
    group_rates = _beta_draws(share, rate_errors, draws=draws, generator=generator)
    exposed, expected = _expected_draws(persons, group_rates, population_errors, generator)
    totals = _gamma_draws(benchmark, benchmark_error, draws, generator)
    weighted = expected * risks
    risk = weighted * totals / weighted.sum(axis=1, keepdims=True) / exposed
    limited = risk > 1
    counts = generator.binomial(np.rint(exposed).astype(np.int64), np.minimum(risk, 1.0))
    added = counts.sum(axis=1, keepdims=True)
    drawn = counts * np.divide(totals, added, out=np.ones_like(totals), where=added > 0)
    ends = [(1 - nominal) / 2, (1 + nominal) / 2]
    lower, upper = np.quantile(drawn, ends, axis=0)
    rate_lower, rate_upper = np.quantile(drawn / exposed, ends, axis=0)
    error, mean = drawn.std(axis=0, ddof=1), drawn.mean(axis=0)
    return SyntheticIntervals(
        lower=lower,
        upper=upper,
        rate_lower=rate_lower,
        rate_upper=rate_upper,
        standard_error=error,
        coefficient_of_variation=np.divide(
            error, mean, out=np.full_like(error, np.nan), where=mean > 0
        ),
        draws=drawn,
        limited_share=limited.mean(axis=0),
    )


def _risk_draws(
    signals: ArrayLike | None,
    tilt: Tilt | None,
    *,
    areas: int,
    draws: int,
    generator: np.random.Generator,
) -> FloatArray:
    if (signals is None) != (tilt is None):
        raise InvalidInput("signals", "and tilt go together: give both or neither")
    if signals is None or tilt is None:
        return np.ones((draws, areas))
    check_tilt(tilt)
    clean = checks.real_matrix(signals, argument="signals", columns=tilt.weights.size)
    if len(clean) != areas:
        raise InvalidInput("signals", f"must have {areas} rows, found {len(clean)}")
    weights = generator.multivariate_normal(
        tilt.weights, tilt.covariance, size=draws, method="cholesky" if _definite(tilt) else "svd"
    )
    unexplained = tilt.heterogeneity * generator.standard_normal((draws, areas))
    return bounded_risk(weights @ clean.T, tilt.bound) * np.exp(unexplained)


def _definite(tilt: Tilt) -> bool:
    return bool(np.linalg.eigvalsh(tilt.covariance)[0] > 0)


def _beta_draws(
    rates: FloatArray, errors: ArrayLike, *, draws: int, generator: np.random.Generator
) -> FloatArray:
    """Rates with the given means and standard errors; a rate without error is a constant."""
    error = checks.counts(errors, argument="rate_errors")
    checks.same_length(rates=rates, rate_errors=error)
    uncertain = error > 0
    room = rates * (1 - rates)
    unfit = np.flatnonzero(uncertain & (error**2 >= room))
    if unfit.size:
        raise InvalidInput(
            "rate_errors", "is too large for its rate (no distribution has both)", (int(unfit[0]),)
        )
    drawn = np.tile(rates, (draws, 1))
    if uncertain.any():
        mean = rates[uncertain]
        size = room[uncertain] / error[uncertain] ** 2 - 1
        drawn[:, uncertain] = generator.beta(
            mean * size, (1 - mean) * size, size=(draws, mean.size)
        )
    return drawn


def _gamma_draws(
    mean: FloatArray, error: FloatArray, draws: int, generator: np.random.Generator
) -> FloatArray:
    """Positive quantities with the given means and standard errors, shape (draws, ...)."""
    drawn = np.broadcast_to(mean, (draws, *mean.shape)).copy()
    uncertain = (error > 0) & (mean > 0)
    if uncertain.any():
        shape = (mean[uncertain] / error[uncertain]) ** 2
        drawn[:, uncertain] = generator.gamma(
            shape, mean[uncertain] / shape, size=(draws, shape.size)
        )
    return drawn


def _expected_draws(
    persons: FloatArray,
    group_rates: FloatArray,
    population_errors: ArrayLike | None,
    generator: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Exposed persons, shape (1 or draws, n), and expected ones, shape (draws, n)."""
    if population_errors is None:
        return persons.sum(axis=1)[None, :], group_rates @ persons.T
    errors = checks.count_matrix(
        population_errors, argument="population_errors", columns=persons.shape[1]
    )
    checks.same_length(populations=persons, population_errors=errors)
    drawn = _gamma_draws(persons, errors, len(group_rates), generator)
    return drawn.sum(axis=2), np.einsum("dng,dg->dn", drawn, group_rates)
