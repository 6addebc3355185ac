"""Fay-Herriot area models: the direct estimate of each area combined with a regression.

For surveys and published indices that give an estimate and its sampling variance for every area.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtr

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.convergence import NotConverged
from will_pipeline.statistics.threads import single_threaded

Method = Literal["REML", "ML", "moments"]

GRID_POINTS = 400
BISECTIONS = 60
LARGEST_STANDARD_DEVIATION_RATIO = 1e3


@dataclass(frozen=True)
class FayHerriotFit:
    """Empirical best linear unbiased predictions of an area model.

    Attributes:
        eblup: Prediction per area, shape (n,).
        mse: Estimated mean squared error of the prediction, shape (n,).
        synthetic: Regression part alone, shape (n,).
        shrinkage: Weight of the direct estimate, shape (n,), within [0, 1).
        coefficients: Regression coefficients, shape (p,).
        covariance: Their covariance, shape (p, p).
        variance_between: Variance of the area effects (sigma squared u).
        log_likelihood: Gaussian log-likelihood at the estimates.
        akaike: Akaike's criterion, p + 1 parameters.
        iterations: Scoring iterations done.
        at_boundary: Whether the variance between areas was estimated at zero: every prediction is
            then the regression, and `mse` understates the error (use `posterior`).
        method: Estimator of the variance between areas.
    """

    eblup: FloatArray
    mse: FloatArray
    synthetic: FloatArray
    shrinkage: FloatArray
    coefficients: FloatArray
    covariance: FloatArray
    variance_between: float
    log_likelihood: float
    akaike: float
    iterations: int
    at_boundary: bool
    method: Method

    def predict(self, design: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Predict areas without a direct estimate.

        Args:
            design: Covariates of the new areas, shape (k, p).

        Returns:
            Synthetic predictions and their mean squared errors, both of shape (k,).

        Raises:
            InvalidInput: If the design is malformed or has another number of columns.

        Source:
            Rao and Molina (2015), Small Area Estimation, chapter 6, Wiley.
        """
        covariates = checks.real_matrix(design, argument="design", columns=self.coefficients.size)
        leverage = _quadratic(covariates, self.covariance)
        return covariates @ self.coefficients, self.variance_between + leverage


@dataclass(frozen=True)
class HierarchicalPosterior:
    """Posterior of the area values with the variance between areas integrated out.

    Every field has shape (n,): mean, standard deviation and equal-tailed interval.
    """

    mean: FloatArray
    standard_deviation: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True)
class _Weighted:
    """Weighted least squares at a given variance between areas."""

    weights: FloatArray
    coefficients: FloatArray
    covariance: FloatArray
    residuals: FloatArray


@single_threaded
def fay_herriot(
    direct: ArrayLike,
    variances: ArrayLike,
    design: ArrayLike,
    *,
    method: Method = "REML",
    tolerance: float = 1e-10,
    max_iterations: int = 500,
) -> FayHerriotFit:
    """Fit direct_i = x_i'b + u_i + e_i and predict x_i'b + u_i for every area.

    var(u) = A is estimated, var(e_i) = D_i is known. With gamma_i = A / (A + D_i) the prediction is
    gamma_i direct_i + (1 - gamma_i) x_i'b, between the direct estimate and the regression. The mean
    squared error is g1 + g2 + 2 g3 with g1 = gamma D, g2 = (1 - gamma)^2 x' V(b) x and
    g3 = D^2 / (A + D)^3 V(A), less the bias of A times (1 - gamma)^2 for ML and moments.

    Args:
        direct: Direct estimates, shape (n,), on the scale of the model (a rate, a log).
        variances: Sampling variances of the direct estimates, shape (n,), above zero.
        design: Covariates, shape (n, p), with a column of ones if an intercept is wanted; n > p.
        method: "REML", "ML" (Fisher scoring from the median of `variances`) or "moments" (Fay and
            Herriot's equation).
        tolerance: Relative change of A at which scoring stops. R's package sae stops at 1e-4, so
            its published digits are those of that setting.
        max_iterations: Limit of scoring iterations.

    Returns:
        Predictions, errors and the estimated model.

    Raises:
        InvalidInput: If an array is malformed, lengths differ, areas are not more than covariates,
            the design is collinear, or the method is unknown.
        NotConverged: If scoring meets its limit first.

    Source:
        Fay, R. E. and Herriot, R. A. (1979), Estimates of income for small places, JASA 74; Prasad
        and Rao (1990), JASA 85; Datta and Lahiri (2000), Statistica Sinica 10; Datta, Rao and Smith
        (2005), Biometrika 92; Rao and Molina (2015), Small Area Estimation, chapter 6, Wiley.
    """
    y, sampling, x = _model(direct, variances, design)
    if method == "moments":
        between, iterations = _moments(y, sampling, x), 0
    elif method in ("REML", "ML"):
        between, iterations = _scoring(
            y, sampling, x, method, tolerance=tolerance, max_iterations=max_iterations
        )
    else:
        raise InvalidInput("method", f"must be REML, ML or moments, found {method!r}")
    fit = _weighted(y, sampling, x, between)
    shrinkage = between * fit.weights
    synthetic = x @ fit.coefficients
    log_likelihood = -0.5 * float(
        y.size * np.log(2 * np.pi)
        - np.log(fit.weights).sum()
        + (fit.weights * fit.residuals**2).sum()
    )
    return FayHerriotFit(
        eblup=shrinkage * y + (1 - shrinkage) * synthetic,
        mse=_mean_squared_error(sampling, x, shrinkage, fit, method),
        synthetic=synthetic,
        shrinkage=shrinkage,
        coefficients=fit.coefficients,
        covariance=fit.covariance,
        variance_between=between,
        log_likelihood=log_likelihood,
        akaike=2 * (x.shape[1] + 1) - 2 * log_likelihood,
        iterations=iterations,
        at_boundary=between == 0.0,
        method=method,
    )


@single_threaded
def posterior(
    direct: ArrayLike, variances: ArrayLike, design: ArrayLike, *, level: float = 0.90
) -> HierarchicalPosterior:
    """Give calibrated intervals of an area model, also with few areas and A near zero.

    EBLUP plus or minus normal quantiles of the root mean squared error is too short in cities of
    ten or twenty areas, and collapses when A is estimated at zero. Here b has a flat prior and so
    has A on [0, inf): given A the area value is normal with mean the EBLUP and variance g1 + g2,
    and A, whose posterior is then proportional to the restricted likelihood, is integrated out on a
    grid. The interval is that of the resulting mixture of normals.

    Args:
        direct: Direct estimates, shape (n,).
        variances: Sampling variances, shape (n,), above zero.
        design: Covariates, shape (n, p); n >= p + 3, else the posterior is improper.
        level: Nominal coverage of the equal-tailed interval.

    Returns:
        Posterior mean, standard deviation and interval per area.

    Raises:
        InvalidInput: As in `fay_herriot`, or if areas are fewer than covariates plus three.

    Source:
        Datta, G. S., Rao, J. N. K. and Smith, D. D. (2005), Biometrika 92; Morris, C. N. and Tang,
        R. (2011), Estimating random effects via adjustment for density maximization, Statistical
        Science 26; Rao and Molina (2015), section 10.3.
    """
    y, sampling, x = _model(direct, variances, design)
    checks.at_least(y, x.shape[1] + 3, argument="direct")
    nominal = checks.confidence_level(level)
    grid, mass = _variance_posterior(y, sampling, x)
    means = np.empty((grid.size, y.size))
    spreads = np.empty_like(means)
    for row, between in enumerate(grid):
        fit = _weighted(y, sampling, x, float(between))
        gamma = between * fit.weights
        means[row] = y - (1 - gamma) * fit.residuals
        spreads[row] = gamma * sampling + (1 - gamma) ** 2 * _quadratic(x, fit.covariance)
    centre = mass @ means
    variance = mass @ (spreads + (means - centre) ** 2)
    tails = ((1 - nominal) / 2, (1 + nominal) / 2)
    lower, upper = (_mixture_quantile(tail, mass, means, np.sqrt(spreads)) for tail in tails)
    return HierarchicalPosterior(centre, np.sqrt(variance), lower, upper)


def _model(
    direct: ArrayLike, variances: ArrayLike, design: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    y = checks.real_vector(direct, argument="direct")
    sampling = checks.positive(variances, argument="variances")
    x = checks.real_matrix(design, argument="design")
    checks.same_length(direct=y, variances=sampling, design=x)
    checks.at_least(y, x.shape[1] + 1, argument="direct")
    rank = int(np.linalg.matrix_rank(x))
    if rank < x.shape[1]:
        raise InvalidInput("design", f"is collinear: rank {rank} with {x.shape[1]} columns")
    return y, sampling, x


def _weighted(y: FloatArray, sampling: FloatArray, x: FloatArray, between: float) -> _Weighted:
    weights: FloatArray = 1 / (between + sampling)
    covariance = np.asarray(np.linalg.inv(x.T @ (weights[:, None] * x)), dtype=np.float64)
    coefficients: FloatArray = covariance @ (x.T @ (weights * y))
    residuals: FloatArray = y - x @ coefficients
    return _Weighted(weights, coefficients, covariance, residuals)


def _quadratic(x: FloatArray, covariance: FloatArray) -> FloatArray:
    quadratic: FloatArray = np.einsum("ij,jk,ik->i", x, covariance, x)
    return quadratic


def _score(fit: _Weighted, x: FloatArray, method: Method) -> tuple[float, float]:
    """Derivative of the (restricted) log-likelihood in A and its expected information."""
    weights, quadratic = fit.weights, float((fit.weights**2 * fit.residuals**2).sum())
    trace, trace_squared = float(weights.sum()), float((weights**2).sum())
    if method == "REML":
        squared = x.T @ ((weights**2)[:, None] * x) @ fit.covariance
        cubed = x.T @ ((weights**3)[:, None] * x) @ fit.covariance
        trace -= float(np.trace(squared))
        trace_squared += float(np.trace(squared @ squared) - 2 * np.trace(cubed))
    return (quadratic - trace) / 2, trace_squared / 2


def _scoring(
    y: FloatArray,
    sampling: FloatArray,
    x: FloatArray,
    method: Method,
    *,
    tolerance: float,
    max_iterations: int,
) -> tuple[float, int]:
    between, change = float(np.median(sampling)), np.inf
    low, high, previous = -1.0, np.inf, np.inf
    for iteration in range(1, max_iterations + 1):
        slope, information = _score(_weighted(y, sampling, x, between), x, method)
        if between == 0.0 and slope <= 0:
            return 0.0, iteration
        # Plain scoring can swing for ever around the maximum: halve the bracket of opposite slopes
        # whenever its step leaves the bracket or shrinks too slowly.
        low, high = (between, high) if slope > 0 else (low, between)
        updated, enclosed = max(0.0, between + slope / information), low >= 0 and np.isfinite(high)
        slow = abs(updated - between) > previous / 2
        if enclosed and (slow or not low < updated < high):
            updated = (low + high) / 2
        previous = abs(updated - between)
        change = abs(updated - between) / between if between > 0 else np.inf
        between = updated
        if change < tolerance:
            return between, iteration
    raise NotConverged(
        f"Fay-Herriot {method}",
        iterations=max_iterations,
        discrepancy=change,
        tolerance=tolerance,
    )


def _moments(y: FloatArray, sampling: FloatArray, x: FloatArray) -> float:
    degrees = y.size - x.shape[1]

    def excess(between: float) -> float:
        fit = _weighted(y, sampling, x, between)
        return float((fit.weights * fit.residuals**2).sum()) - degrees

    if excess(0.0) <= 0:
        return 0.0
    ceiling = float(sampling.max())
    while excess(ceiling) > 0:
        ceiling *= 2
    return float(brentq(excess, 0.0, ceiling, xtol=1e-14, rtol=1e-13))


def _mean_squared_error(
    sampling: FloatArray, x: FloatArray, shrinkage: FloatArray, fit: _Weighted, method: Method
) -> FloatArray:
    total, squares = float(fit.weights.sum()), float((fit.weights**2).sum())
    remainder = (1 - shrinkage) ** 2
    areas = sampling.size
    if method == "moments":
        variance = 2 * areas / total**2
        bias = 2 * (areas * squares - total**2) / total**3
    else:
        variance = 2 / squares
        crossed = x.T @ ((fit.weights**2)[:, None] * x)
        bias = 0.0 if method == "REML" else -float(np.trace(fit.covariance @ crossed)) / squares
    known = shrinkage * sampling + remainder * _quadratic(x, fit.covariance)
    estimated: FloatArray = known + 2 * sampling**2 * fit.weights**3 * variance - bias * remainder
    return estimated


def _restricted_log_likelihood(
    y: FloatArray, sampling: FloatArray, x: FloatArray
) -> Callable[[float], float]:
    def value(between: float) -> float:
        fit = _weighted(y, sampling, x, between)
        return 0.5 * float(
            np.log(fit.weights).sum()
            + np.linalg.slogdet(fit.covariance)[1]
            - (fit.weights * fit.residuals**2).sum()
        )

    return value


def _variance_posterior(
    y: FloatArray, sampling: FloatArray, x: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Grid over A and its posterior mass, under a flat prior.

    The grid is even in the logarithm of A + D, where D is a typical sampling variance: fine near
    zero, and wide enough for the slow tail of the posterior when areas are few.
    """
    typical = float(np.exp(np.log(sampling).mean()))
    residual = _weighted(y, sampling, x, float(sampling.max())).residuals
    largest = LARGEST_STANDARD_DEVIATION_RATIO * max(typical, float(residual @ residual) / y.size)
    edges = np.linspace(0.0, np.log1p(largest / typical), GRID_POINTS + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    grid = typical * np.expm1(middle)
    log_likelihood = np.vectorize(_restricted_log_likelihood(y, sampling, x))(grid)
    log_mass = log_likelihood + middle
    mass = np.exp(log_mass - log_mass.max())
    kept = mass > np.finfo(float).eps * mass.max()
    return grid[kept], mass[kept] / mass[kept].sum()


def _mixture_quantile(
    tail: float, mass: FloatArray, means: FloatArray, deviations: FloatArray
) -> FloatArray:
    """Quantile of a mixture of normals per column, by bisection."""
    low = (means - 10 * deviations).min(axis=0)
    high = (means + 10 * deviations).max(axis=0)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        below = mass @ ndtr((middle - means) / deviations) < tail
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2
