"""Sensitivity of a result to the choices behind it, by variance-based (Sobol) indices.

A choice is a factor with a few options or a continuous dial; the model is any function of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput

SMALLEST_SAMPLE = 64


@dataclass(frozen=True)
class Factor:
    """A modelling choice.

    Attributes:
        name: What is being chosen.
        options: Number of equally likely options, passed to the model as 0, 1, ...; None for a
            continuous dial, passed as a number uniform in [0, 1).
    """

    name: str
    options: int | None = None


@dataclass(frozen=True)
class SobolIndices:
    """Shares of the variance of the output due to each factor; arrays have shape (d,).

    Attributes:
        names: Names of the factors, in order.
        first: First-order indices: what is explained by the factor alone.
        first_lower: Lower bootstrap limit of the first-order index.
        first_upper: Upper bootstrap limit of the first-order index.
        total: Total indices: what is explained by the factor alone or with others.
        total_lower: Lower bootstrap limit of the total index.
        total_upper: Upper bootstrap limit of the total index.
        mean: Mean of the output.
        variance: Variance of the output.
    """

    names: tuple[str, ...]
    first: FloatArray
    first_lower: FloatArray
    first_upper: FloatArray
    total: FloatArray
    total_lower: FloatArray
    total_upper: FloatArray
    mean: float
    variance: float


def sobol_indices(
    model: Callable[[FloatArray], FloatArray],
    factors: Sequence[Factor],
    *,
    generator: np.random.Generator,
    samples: int = 1024,
    resamples: int = 200,
    level: float = 0.90,
) -> SobolIndices:
    """Estimate first-order and total sensitivity indices.

    Two matrices A and B are taken from one scrambled Sobol' sequence; AB_i is A with column i of B.
    First order (Saltelli et al. 2010): mean(f(B) (f(AB_i) - f(A))) / V; total (Jansen 1999):
    mean((f(A) - f(AB_i))^2) / (2 V). The model is run samples x (d + 2) times, in d + 2 calls.
    Estimates are not forced into [0, 1]: a first-order index may come out slightly negative.

    Args:
        model: Function from factor values of shape (samples, d) to outputs of shape (samples,). It
            must be deterministic given its argument.
        factors: The choices, length d, with distinct names.
        generator: Source of randomness for the scrambling and the bootstrap.
        samples: Base sample, a power of two of at least 64.
        resamples: Bootstrap resamples for the limits.
        level: Nominal width of the bootstrap intervals.

    Returns:
        Indices with their limits.

    Raises:
        InvalidInput: If there is no factor, names repeat, options or samples are unsuitable, or the
            model returns a wrong shape, values that are not finite, or a constant.

    Source:
        Saltelli, A. et al. (2010), Variance based sensitivity analysis of model output, Computer
        Physics Communications 181; Jansen, M. J. W. (1999), same journal 117; Saisana, Saltelli and
        Tarantola (2005), JRSS A 168, for composite indicators.
    """
    nominal = checks.confidence_level(level)
    _check_design(factors, samples, resamples)
    size = len(factors)
    sequence = qmc.Sobol(2 * size, rng=generator).random(samples)
    first_matrix, second_matrix = sequence[:, :size], sequence[:, size:]
    at_first = _evaluate(model, first_matrix, factors)
    at_second = _evaluate(model, second_matrix, factors)
    at_mixed = np.empty((size, samples))
    for position in range(size):
        mixed = first_matrix.copy()
        mixed[:, position] = second_matrix[:, position]
        at_mixed[position] = _evaluate(model, mixed, factors)

    both = np.concatenate([at_first, at_second])
    mean, variance = float(both.mean()), float(both.var())
    if not variance > 0:
        raise InvalidInput("model", "returns a constant: no variance to apportion")
    everything = np.arange(samples)[None, :]
    drawn = generator.integers(samples, size=(resamples, samples))
    first, total = _estimate(at_first - mean, at_second - mean, at_mixed - mean, everything)
    tails = [(1 - nominal) / 2, (1 + nominal) / 2]
    boot_first, boot_total = _estimate(at_first - mean, at_second - mean, at_mixed - mean, drawn)
    first_lower, first_upper = np.quantile(boot_first, tails, axis=0)
    total_lower, total_upper = np.quantile(boot_total, tails, axis=0)
    return SobolIndices(
        names=tuple(factor.name for factor in factors),
        first=first[0],
        first_lower=first_lower,
        first_upper=first_upper,
        total=total[0],
        total_lower=total_lower,
        total_upper=total_upper,
        mean=mean,
        variance=variance,
    )


def _check_design(factors: Sequence[Factor], samples: int, resamples: int) -> None:
    checks.at_least(factors, 1, argument="factors")
    if len({factor.name for factor in factors}) != len(factors):
        raise InvalidInput("factors", "must have distinct names")
    for position, factor in enumerate(factors):
        if factor.options is not None and factor.options < 1:
            raise InvalidInput("factors", "must have at least one option", (position,))
    if samples < SMALLEST_SAMPLE or samples & (samples - 1):
        raise InvalidInput(
            "samples", f"must be a power of two of at least {SMALLEST_SAMPLE}, found {samples}"
        )
    if resamples < 1:
        raise InvalidInput("resamples", f"must be at least 1, found {resamples}")


def _evaluate(
    model: Callable[[FloatArray], FloatArray], uniform: FloatArray, factors: Sequence[Factor]
) -> FloatArray:
    settings = uniform.copy()
    for position, factor in enumerate(factors):
        if factor.options is not None:
            settings[:, position] = np.floor(settings[:, position] * factor.options)
    output = np.asarray(model(settings), dtype=np.float64)
    if output.shape != (len(uniform),):
        raise InvalidInput("model", f"must return shape ({len(uniform)},), found {output.shape}")
    return checks.real_vector(output, argument="model")


def _estimate(
    at_first: FloatArray, at_second: FloatArray, at_mixed: FloatArray, rows: np.ndarray
) -> tuple[FloatArray, FloatArray]:
    """Indices of shape (resamples, d) for each set of sample rows, shape (resamples, samples)."""
    own, other = at_first[rows], at_second[rows]
    variance = np.concatenate([own, other], axis=1).var(axis=1)
    first = np.column_stack([(other * (mixed[rows] - own)).mean(axis=1) for mixed in at_mixed])
    total = np.column_stack([((own - mixed[rows]) ** 2).mean(axis=1) / 2 for mixed in at_mixed])
    return first / variance[:, None], total / variance[:, None]
