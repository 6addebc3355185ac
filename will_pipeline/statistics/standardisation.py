"""Standardisation: what an area would show if only its composition by age set it apart.

Rates by stratum come from a published table or, where none exists, from an ecological regression.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import lsq_linear

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.threads import single_threaded

LARGEST_CONDITION_NUMBER = 1e8


class IndirectStandardisation(NamedTuple):
    """Expected events and standardised ratio (observed / expected) per area, each of shape (n,)."""

    expected: FloatArray
    ratio: FloatArray


@dataclass(frozen=True)
class EcologicalRates:
    """Rates by band estimated across areas, with what is needed to judge them.

    Attributes:
        rates: Rate per band, shape (b,), in events per person.
        standard_error: Heteroscedasticity-robust standard error per band, shape (b,); NaN where the
            rate sits on a bound, since no sampling distribution applies there.
        at_bound: Whether the rate was stopped by a bound, shape (b,): many such bands mean that the
            areas do not carry the information asked of them.
        r_squared: Weighted share of the variance between area rates explained by composition.
        condition_number: Of the weighted share matrix; above 30 neighbouring bands are hard to tell
            apart (Belsley, Kuh and Welsch 1980).
        total_ratio: Events implied by the rates over events observed, all areas together.
    """

    rates: FloatArray
    standard_error: FloatArray
    at_bound: NDArray[np.bool_]
    r_squared: float
    condition_number: float
    total_ratio: float


def indirect(
    observed: ArrayLike, population_by_band: ArrayLike, standard_rates: ArrayLike
) -> IndirectStandardisation:
    """Standardise counts indirectly: compare them with those expected at standard rates.

    expected_i = sum over bands of population_ib x rate_b, ratio_i = observed_i / expected_i. A
    ratio above one is more than the area's composition explains. Ratios of different areas are
    comparable with the standard, and with each other only as far as compositions are similar.

    Args:
        observed: Events per area, shape (n,); they may exceed the persons, who can have several.
        population_by_band: Persons per area and band, shape (n, b).
        standard_rates: Events per person of each band in the standard population, shape (b,).

    Returns:
        Expected events and ratios, both of shape (n,).

    Raises:
        InvalidInput: If an array is malformed or negative, shapes disagree, or an area expects no
            event (its ratio does not exist).

    Source:
        Breslow, N. E. and Day, N. E. (1987), Statistical Methods in Cancer Research, volume II,
        chapter 2, IARC.
    """
    count = checks.counts(observed, argument="observed")
    rates = checks.counts(standard_rates, argument="standard_rates")
    population = checks.count_matrix(
        population_by_band, argument="population_by_band", columns=rates.size
    )
    checks.same_length(observed=count, population_by_band=population)
    expected = population @ rates
    rule = "must expect an event at the standard rates"
    checks.require(expected > 0, expected, argument="population_by_band", rule=rule)
    return IndirectStandardisation(expected, count / expected)


@single_threaded
def ecological_stratum_rates(
    counts: ArrayLike, population_by_band: ArrayLike, *, bounds: tuple[float, float] = (0.0, 1.0)
) -> EcologicalRates:
    """Estimate rates by band from area totals, where counts by band are not published.

    Bounded least squares of area rates on band shares without intercept, weighted by population:
    minimise sum_i N_i (count_i / N_i - sum_b share_ib rate_b)^2 with rates within `bounds`.

    The estimate assumes that the rate of a band does not depend on the composition of the area. It
    often does (the ecological fallacy: Robinson 1950): use the result only as the standard of an
    indirect standardisation over the same kind of areas, fitted on many of them (all the areas of
    the country rather than those of one city), and never publish it as the rate of an age group.

    Args:
        counts: Events per area, shape (n,), all bands together.
        population_by_band: Persons per area and band, shape (n, b); n must exceed b.
        bounds: Least and greatest admissible rate.

    Returns:
        Rates with their diagnostics.

    Raises:
        InvalidInput: If an array is malformed, lengths differ, an area has no residents or a rate
            out of `bounds` (events above residents, as a rule), areas are too few, bounds are not
            increasing, or the shares are collinear.

    Source:
        Goodman, L. A. (1953), Ecological regressions and behavior of individuals, American
        Sociological Review 18; Robinson, W. S. (1950), same journal 15.
    """
    count = checks.counts(counts, argument="counts")
    population = checks.count_matrix(population_by_band, argument="population_by_band")
    checks.same_length(counts=count, population_by_band=population)
    bands = population.shape[1]
    checks.at_least(count, bands + 1, argument="counts")
    if not bounds[0] < bounds[1]:
        raise InvalidInput("bounds", f"must be increasing, found {bounds!r}")
    residents = checks.positive(population.sum(axis=1), argument="population_by_band total")
    within = (count >= bounds[0] * residents) & (count <= bounds[1] * residents)
    rule = f"must lie between the bounds {bounds!r} times the residents"
    checks.require(within, count, argument="counts", rule=rule)
    root = np.sqrt(residents)
    design = population / residents[:, None] * root[:, None]
    target = count / residents * root
    condition = float(np.linalg.cond(design))
    if not condition < LARGEST_CONDITION_NUMBER:
        raise InvalidInput(
            "population_by_band", f"shares are collinear (condition number {condition:.3g})"
        )
    fit = lsq_linear(design, target, bounds=bounds, method="bvls", tol=1e-13)
    residual = target - design @ fit.x
    at_bound = np.asarray(fit.active_mask != 0)
    centred = target - count.sum() / residents.sum() * root
    spread = float(centred @ centred)
    observed_total = float(count.sum())
    return EcologicalRates(
        rates=fit.x,
        standard_error=_robust_standard_error(design, residual, free=~at_bound),
        at_bound=at_bound,
        r_squared=1 - float(residual @ residual) / spread if spread > 0 else float("nan"),
        condition_number=condition,
        total_ratio=(
            float((population @ fit.x).sum()) / observed_total
            if observed_total > 0
            else float("nan")
        ),
    )


def _robust_standard_error(
    design: FloatArray, residual: FloatArray, *, free: NDArray[np.bool_]
) -> FloatArray:
    """HC1 sandwich over the bands that no bound stopped."""
    errors = np.full(design.shape[1], np.nan)
    if not free.any():
        return errors
    used = design[:, free]
    bread = np.linalg.inv(used.T @ used)
    meat = used.T @ (used * residual[:, None] ** 2)
    scale = len(residual) / (len(residual) - used.shape[1])
    errors[free] = np.sqrt(scale * np.diag(bread @ meat @ bread))
    return errors
