"""The nested-error regression: units within domains, one random effect per domain.

Engine of the unit-level models; it works on domain sums, so a survey of any size costs the same.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.convergence import NotConverged
from will_pipeline.statistics.grouping import known_labels

LOG_RATIO_BOUNDS = (-25.0, 12.0)
LOG_RATIO_TOLERANCE = 1e-10
SMALLEST_RESIDUAL_SHARE = 1e-12


@dataclass(frozen=True)
class DomainSums:
    """All that the likelihood needs of a sample of N units, m domains, p covariates, k responses.

    Attributes:
        labels: Sorted labels of the sampled domains, shape (m,).
        sizes: Sampled units per domain, shape (m,).
        covariates: Sums of the covariates per domain, shape (m, p).
        responses: Sums of the responses per domain, shape (m, k).
        gram: Cross-products of the covariates, shape (p, p).
        crossed: Cross-products of covariates and responses, shape (p, k).
        squares: Sums of squares of the responses, shape (k,).
    """

    labels: NDArray[Any]
    sizes: FloatArray
    covariates: FloatArray
    responses: FloatArray
    gram: FloatArray
    crossed: FloatArray
    squares: FloatArray

    @property
    def units(self) -> int:
        """Number of sampled units."""
        return int(self.sizes.sum())

    @property
    def degrees_of_freedom(self) -> int:
        """Units less covariates."""
        return self.units - self.gram.shape[0]


@dataclass(frozen=True)
class NestedErrorFit:
    """One response fitted at a given ratio of variances, by generalised least squares.

    Attributes:
        ratio: Variance between domains over residual variance (phi).
        residual_variance: Restricted estimate given the ratio.
        coefficients: Regression coefficients, shape (p,).
        unscaled_covariance: Covariance of the coefficients over the residual variance, (p, p).
        effects: Predicted domain effects, shape (m,).
        restricted_log_likelihood: Profiled over everything but the ratio, up to a constant.
    """

    ratio: float
    residual_variance: float
    coefficients: FloatArray
    unscaled_covariance: FloatArray
    effects: FloatArray
    restricted_log_likelihood: float


@dataclass(frozen=True)
class PredictionError:
    """Components of the mean squared error of predicted domain totals, each of shape (d,).

    `effects` comes from the domain effects (g1), `coefficients` from the regression (g2),
    `variances` from the estimated variances (g3, counted twice in the total) and `residuals` from
    the units that were not sampled (g4).
    """

    effects: FloatArray
    coefficients: FloatArray
    variances: FloatArray
    residuals: FloatArray

    @property
    def total(self) -> FloatArray:
        """g1 + g2 + 2 g3 + g4."""
        return self.effects + self.coefficients + 2 * self.variances + self.residuals


def domain_sums(
    responses: ArrayLike, design: ArrayLike, domains: ArrayLike, *, named: str = "domains"
) -> DomainSums:
    """Reduce a sample to sums by domain.

    Args:
        responses: Responses of the units, shape (N, k).
        design: Covariates of the units, shape (N, p), with a column of ones for an intercept.
        domains: Domain label of each unit, shape (N,).
        named: What the caller calls the domains, for the errors.

    Returns:
        The sums.

    Raises:
        InvalidInput: If an array is malformed, lengths differ, covariates are collinear, units are
            not more than covariates, fewer than two domains are sampled, or no domain has two units
            (the two variances could not be told apart).

    Source:
        Rao and Molina (2015), Small Area Estimation, chapter 7, Wiley.
    """
    y = checks.real_matrix(responses, argument="responses")
    x = checks.real_matrix(design, argument="design")
    labels = known_labels(domains, argument=named)
    checks.same_length(**{"responses": y, "design": x, named: labels})
    checks.at_least(y, x.shape[1] + 1, argument="responses")
    rank = int(np.linalg.matrix_rank(x))
    if rank < x.shape[1]:
        raise InvalidInput("design", f"is collinear: rank {rank} with {x.shape[1]} columns")
    distinct, member = np.unique(labels, return_inverse=True)
    checks.at_least(distinct, 2, argument=f"{named} (distinct)")
    sizes = np.bincount(member).astype(np.float64)
    if sizes.max() < 2:
        raise InvalidInput(named, "must have at least one domain with two sampled units")
    return DomainSums(
        labels=distinct,
        sizes=sizes,
        covariates=_sum_rows(x, member, distinct.size),
        responses=_sum_rows(y, member, distinct.size),
        gram=x.T @ x,
        crossed=x.T @ y,
        squares=(y**2).sum(axis=0),
    )


def fit_at(sums: DomainSums, response: int, ratio: float) -> NestedErrorFit:
    """Fit one response at a given ratio of variances.

    V = I + phi ZZ' gives V^-1 = I - Z diag(t) Z' with t = phi / (1 + n phi), so that every product
    with V^-1 is a sum over domains.

    Args:
        sums: The sample.
        response: Column of the response, below k.
        ratio: Variance between domains over residual variance, not negative.

    Returns:
        The fit.

    Raises:
        InvalidInput: If the covariates and effects leave no residual variance.

    Source:
        Rao and Molina (2015), Small Area Estimation, chapter 7, Wiley.
    """
    retained = ratio / (1 + sums.sizes * ratio)
    y = sums.responses[:, response]
    precision = sums.gram - sums.covariates.T @ (retained[:, None] * sums.covariates)
    inverse = np.asarray(np.linalg.inv(precision), dtype=np.float64)
    coefficients = inverse @ (sums.crossed[:, response] - sums.covariates.T @ (retained * y))
    residual_sums = y - sums.covariates @ coefficients
    effects = retained * residual_sums
    squares = sums.squares[response] - sums.crossed[:, response] @ coefficients - y @ effects
    if squares <= SMALLEST_RESIDUAL_SHARE * sums.squares[response]:
        raise InvalidInput(
            "responses", f"column {response} leaves no residual variance (ratio {ratio:.3g})"
        )
    variance = squares / sums.degrees_of_freedom
    log_likelihood = -0.5 * (
        sums.degrees_of_freedom * np.log(variance)
        + np.log1p(sums.sizes * ratio).sum()
        + np.linalg.slogdet(precision)[1]
    )
    return NestedErrorFit(ratio, variance, coefficients, inverse, effects, float(log_likelihood))


def maximise(sums: DomainSums, response: int) -> NestedErrorFit:
    """Maximise the restricted likelihood (REML) of one response over the ratio of variances.

    Args:
        sums: The sample.
        response: Column of the response.

    Returns:
        The fit at the maximum; `ratio` is exactly zero where the likelihood decreases from zero on.

    Raises:
        InvalidInput: If the covariates, or the domains, explain the response exactly.
        NotConverged: If the ratio runs to its upper bound (domains without variance inside).

    Source:
        Patterson, H. D. and Thompson, R. (1971), Recovery of inter-block information when block
        sizes are unequal, Biometrika 58.
    """
    at_zero = fit_at(sums, response, 0.0)

    def objective(log_ratio: float) -> float:
        return -fit_at(sums, response, float(np.exp(log_ratio))).restricted_log_likelihood

    found = minimize_scalar(
        objective,
        bounds=LOG_RATIO_BOUNDS,
        method="bounded",
        options={"xatol": LOG_RATIO_TOLERANCE, "maxiter": 500},
    )
    if not found.success or found.x > LOG_RATIO_BOUNDS[1] - 1e-3:
        raise NotConverged(
            "restricted likelihood of the nested-error model",
            iterations=int(found.nfev),
            discrepancy=float(found.x - LOG_RATIO_BOUNDS[1]),
            tolerance=LOG_RATIO_TOLERANCE,
        )
    best = fit_at(sums, response, float(np.exp(found.x)))
    if best.restricted_log_likelihood <= at_zero.restricted_log_likelihood:
        return at_zero
    return best


def ratio_variance(sums: DomainSums, fit: NestedErrorFit) -> float:
    """Sampling variance of the estimated ratio, from the expected restricted information.

    2 / (trace(PP) - trace(P)^2 / (N - p)) with P the domain sums of the projection that the
    covariates leave, of shape (m, m): the residual variance is estimated too.

    Args:
        sums: The sample.
        fit: The fit.

    Returns:
        Asymptotic variance of phi.

    Source:
        Patterson and Thompson (1971), as in `maximise`.
    """
    inflated = 1 + sums.sizes * fit.ratio
    scaled = sums.covariates / inflated[:, None]
    projected = np.diag(sums.sizes / inflated) - scaled @ fit.unscaled_covariance @ scaled.T
    crossed = float(np.trace(projected))
    information = float((projected**2).sum()) - crossed**2 / sums.degrees_of_freedom
    return 2 / information


def prediction_error(
    sums: DomainSums,
    fit: NestedErrorFit,
    *,
    sampled: NDArray[np.intp],
    remaining: FloatArray,
    remaining_covariates: FloatArray,
) -> PredictionError:
    """Mean squared error of predicted totals of domains, in components.

    With R units not sampled, covariate sums X_R, t = phi / (1 + n phi) and residual variance s2:
    g1 = s2 R^2 t, g2 = s2 d'Qd with d = X_R - R t x_s, g3 = s2 R^2 n / (1 + n phi)^3 V(phi),
    g4 = s2 R. A domain without sampled units has n = 0, so t = phi and g3 = 0.

    Args:
        sums: The sample.
        fit: The fit of the response.
        sampled: Row of each domain among the sampled ones, -1 where not sampled, shape (d,).
        remaining: Units not sampled per domain, shape (d,).
        remaining_covariates: Sums of their covariates, shape (d, p).

    Returns:
        The components of the error of the totals.

    Source:
        Prasad, N. G. N. and Rao, J. N. K. (1990), The estimation of the mean squared error of
        small-area estimators, JASA 85; Rao and Molina (2015), section 7.2, Wiley.
    """
    inside = sampled >= 0
    sizes = np.where(inside, sums.sizes[sampled], 0.0)
    covariates = np.where(inside[:, None], sums.covariates[sampled], 0.0)
    inflated = 1 + sizes * fit.ratio
    retained = fit.ratio / inflated
    difference = remaining_covariates - (remaining * retained)[:, None] * covariates
    leverage = np.einsum("ij,jk,ik->i", difference, fit.unscaled_covariance, difference)
    scale, squared = fit.residual_variance, remaining**2
    return PredictionError(
        effects=scale * squared * retained,
        coefficients=scale * leverage,
        variances=scale * squared * sizes / inflated**3 * ratio_variance(sums, fit),
        residuals=scale * remaining,
    )


def locate(sums: DomainSums, domains: ArrayLike, *, named: str = "domains") -> NDArray[np.intp]:
    """Find each domain of a population among the sampled ones.

    Args:
        sums: The sample.
        domains: Labels of the domains of the population, shape (d,), without repetition.
        named: What the caller calls them, for the errors.

    Returns:
        Row of each among the sampled domains, -1 where it has no sampled unit, shape (d,).

    Raises:
        InvalidInput: If labels are missing or repeat, or a sampled domain is not in the population.
    """
    labels = known_labels(domains, argument=named)
    if np.unique(labels).size != labels.size:
        raise InvalidInput(named, "of the population must be one label each, none repeated")
    stray = ~np.isin(sums.labels, labels)
    if stray.any():
        raise InvalidInput(
            named,
            f"of the population lack the sampled domain {sums.labels[stray].tolist()[0]!r}",
        )
    place = np.searchsorted(sums.labels, labels)
    place = np.minimum(place, sums.labels.size - 1)
    return np.where(sums.labels[place] == labels, place, -1)


def _sum_rows(values: FloatArray, member: NDArray[np.intp], groups: int) -> FloatArray:
    sums = np.zeros((groups, values.shape[1]))
    np.add.at(sums, member, values)
    return sums
