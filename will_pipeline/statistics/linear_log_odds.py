"""Logistic coefficients of a survey applied to the composition of areas: linear log-odds.

The level comes from elsewhere and must be calibrated; what carries over is the order of the areas.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import expit, logit

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput


@dataclass(frozen=True)
class PublishedLogit:
    """Coefficients of a published logistic regression.

    Attributes:
        terms: Names of the covariates, k of them.
        coefficients: Log odds ratio per unit of each covariate, shape (k,).
        standard_errors: Their standard errors, shape (k,).
        constant: Intercept.
        constant_error: Its standard error.
        source: Author, publisher and population.
    """

    terms: tuple[str, ...]
    coefficients: tuple[float, ...]
    standard_errors: tuple[float, ...]
    constant: float
    constant_error: float
    source: str


AGE_UK_ELSA = PublishedLogit(
    terms=(
        "health_poor",
        "health_fair",
        "household_size",
        "widowed",
        "health_good",
        "eye_conditions_3plus",
        "pets",
        "adl_2plus",
        "age_75_79",
        "adl_1",
    ),
    coefficients=(
        *(2.0344, 1.5819, -1.0402, 1.0317, 0.9842),
        *(0.8551, 0.4284, 0.3759, -0.3542, 0.3169),
    ),
    standard_errors=(
        *(0.3894, 0.3689, 0.2402, 0.2582, 0.3640),
        *(0.5056, 0.1362, 0.1779, 0.1945, 0.1692),
    ),
    constant=-2.62,
    constant_error=0.6119,
    source=(
        "Age UK, loneliness of people aged 65 and over, English Longitudinal Study of Ageing; "
        "health is against excellent or very good, household size in persons, the rest are shares"
    ),
)


@dataclass(frozen=True)
class CalibratedPrevalence:
    """Prevalence of areas moved to a known level.

    Attributes:
        prevalence: Share of persons per area, shape (n,).
        shift: Addend common to all log-odds; far from zero the published level does not apply.
    """

    prevalence: FloatArray
    shift: float


def linear_log_odds(model: PublishedLogit, shares: Mapping[str, ArrayLike]) -> FloatArray:
    """Apply published coefficients to the composition of areas.

    log-odds_i = constant + sum over terms of coefficient x (mean of the covariate in area i). The
    logistic of a mean is not the mean of logistics: use the result for differences between areas,
    and `calibrate` it before reading a prevalence.

    Args:
        model: The published regression.
        shares: Mean of each covariate per area, shape (n,), by term: a share within [0, 1], or
            persons for `household_size`. Terms of the model left out count as zero everywhere,
            which moves the level and nothing else.

    Returns:
        Log-odds per area, shape (n,).

    Raises:
        InvalidInput: If a term is unknown, a share is not within [0, 1], a size is below one, or
            lengths differ.

    Source:
        Iparraguirre, J. (2016), Predicting the prevalence of loneliness at older ages, Age UK; the
        Greater London Authority warns that it understates the level and misreads care homes.
    """
    unknown = sorted(set(shares) - set(model.terms))
    if unknown:
        raise InvalidInput("shares", f"hold terms that the model does not have: {unknown}")
    if not shares:
        raise InvalidInput("shares", "must hold at least one term of the model")
    columns = {term: _covariate(term, values) for term, values in shares.items()}
    size = checks.same_length(**columns)
    weight = dict(zip(model.terms, model.coefficients, strict=True))
    total = np.full(size, model.constant)
    for term, values in columns.items():
        total += weight[term] * values
    return total


def prevalence(log_odds: ArrayLike) -> FloatArray:
    """Turn log-odds into shares, 1 / (1 + exp(-log-odds)).

    Args:
        log_odds: Log-odds per area, shape (n,).

    Returns:
        Shares, shape (n,).

    Raises:
        InvalidInput: If the vector is malformed.

    Source:
        Berkson, J. (1944), Application of the logistic function to bio-assay, JASA 39.
    """
    shares: FloatArray = expit(checks.real_vector(log_odds, argument="log_odds"))
    return shares


def calibrate(log_odds: ArrayLike, population: ArrayLike, target: float) -> CalibratedPrevalence:
    """Shift all log-odds alike, so that the population-weighted prevalence meets a known one.

    Solves sum population_i / sum population x logistic(log-odds_i + shift) = target. Odds ratios
    between areas stay those of the model.

    Args:
        log_odds: Log-odds per area, shape (n,).
        population: Persons exposed per area, shape (n,), not all zero.
        target: Known prevalence of all areas together, strictly between 0 and 1.

    Returns:
        Prevalence per area and the shift.

    Raises:
        InvalidInput: If an array is malformed, lengths differ, or the target is out of range.

    Source:
        Intercept correction for a known prevalence: King, G. and Zeng, L. (2001), Logistic
        regression in rare events data, Political Analysis 9(2).
    """
    odds = checks.real_vector(log_odds, argument="log_odds")
    persons = checks.weights(population, argument="population", total=None)
    checks.same_length(log_odds=odds, population=persons)
    level = checks.confidence_level(target, argument="target")
    share = persons / persons.sum()

    def excess(shift: float) -> float:
        return float((share * expit(odds + shift)).sum()) - level

    centre = float(logit(level)) - odds
    shift = float(brentq(excess, centre.min() - 1.0, centre.max() + 1.0, xtol=1e-14, rtol=1e-14))
    return CalibratedPrevalence(expit(odds + shift), shift)


def _covariate(term: str, values: ArrayLike) -> FloatArray:
    if term != "household_size":
        return checks.probability(values, argument=term)
    sizes = checks.positive(values, argument=term)
    small = np.flatnonzero(sizes < 1)
    if small.size:
        raise InvalidInput(term, "must be at least one person", (int(small[0]),))
    return sizes
