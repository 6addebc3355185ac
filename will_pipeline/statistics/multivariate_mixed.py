"""The multivariate linear mixed model of ISTAT's mind: several responses over unplanned domains.

For labour-force style surveys: sampled persons with a status, and the whole population by profile.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from will_pipeline.statistics import checks, nested_error
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.convergence import NotConverged
from will_pipeline.statistics.nested_error import DomainSums, NestedErrorFit, PredictionError
from will_pipeline.statistics.threads import single_threaded

Algorithm = Literal["maximum", "expectation-maximisation"]


@dataclass(frozen=True)
class DomainTotals:
    """Predicted totals (persons) of d domains and k responses.

    Attributes:
        eblup: Sampled persons with their own response, the others predicted, shape (d, k).
        projection: Everybody predicted, x'b + u, shape (d, k).
        synthetic: Regression alone, x'b, shape (d, k).
        mse: Mean squared error of `eblup`, shape (d, k), residual variance included.
        components: Its components, one per response.
    """

    eblup: FloatArray
    projection: FloatArray
    synthetic: FloatArray
    mse: FloatArray
    components: tuple[PredictionError, ...]


@dataclass(frozen=True)
class MultivariateMixedFit:
    """k responses fitted on the same units, with diagonal covariances of effects and errors.

    Attributes:
        coefficients: Regression coefficients, shape (p, k).
        residual_deviation: Standard deviation of the units in a domain (sigma e), shape (k,).
        domain_deviation: Standard deviation of the domain effects (sigma u), shape (k,).
        intraclass: Share of the variance that is between domains, shape (k,).
        effects: Predicted effects of the sampled domains, shape (m, k).
        domains: Labels of the sampled domains, shape (m,).
        iterations: Iterations done; zero where the likelihood was maximised directly.
        sums: The sample, reduced to sums by domain.
        fits: The fit of each response.
    """

    coefficients: FloatArray
    residual_deviation: FloatArray
    domain_deviation: FloatArray
    intraclass: FloatArray
    effects: FloatArray
    domains: NDArray[Any]
    iterations: int
    sums: DomainSums
    fits: tuple[NestedErrorFit, ...]

    def predict(
        self, domains: ArrayLike, population_covariates: ArrayLike, population_sizes: ArrayLike
    ) -> DomainTotals:
        """Predict the totals of the domains of a population.

        Args:
            domains: Labels of the domains, shape (d,); they include all the sampled ones.
            population_covariates: Sums of the covariates over all persons of each domain, shape
                (d, p), in the columns of the design.
            population_sizes: Persons in each domain, shape (d,).

        Returns:
            Totals of persons with their errors. Rows of indicator responses that add up to one do
            not add up exactly to the domain, since each response has its own shrinkage: rake them.

        Raises:
            InvalidInput: If an array is malformed, shapes disagree, a sampled domain is missing, or
                a domain has fewer persons than were sampled.

        Source:
            As `multivariate_mixed`; Rao and Molina (2015), Small Area Estimation, chapter 7, Wiley.
        """
        sums = self.sums
        x = checks.real_matrix(
            population_covariates,
            argument="population_covariates",
            columns=self.coefficients.shape[0],
        )
        sizes = checks.positive(population_sizes, argument="population_sizes")
        place = nested_error.locate(sums, domains)
        checks.same_length(domains=place, population_covariates=x, population_sizes=sizes)
        inside = (place >= 0)[:, None]
        remaining = sizes - np.where(inside[:, 0], sums.sizes[place], 0.0)
        short = np.flatnonzero(remaining < 0)
        if short.size:
            raise InvalidInput(
                "population_sizes", "is below the number of sampled units", (int(short[0]),)
            )
        remaining_covariates = x - np.where(inside, sums.covariates[place], 0.0)
        effects = np.where(inside, self.effects[place], 0.0)
        observed = np.where(inside, sums.responses[place], 0.0)
        synthetic = x @ self.coefficients
        components = tuple(
            nested_error.prediction_error(
                sums,
                fit,
                sampled=place,
                remaining=remaining,
                remaining_covariates=remaining_covariates,
            )
            for fit in self.fits
        )
        return DomainTotals(
            eblup=observed
            + remaining_covariates @ self.coefficients
            + remaining[:, None] * effects,
            projection=synthetic + sizes[:, None] * effects,
            synthetic=synthetic,
            mse=np.column_stack([part.total for part in components]),
            components=components,
        )


@single_threaded
def multivariate_mixed(
    responses: ArrayLike,
    design: ArrayLike,
    domains: ArrayLike,
    *,
    algorithm: Algorithm = "maximum",
    start: float = 0.05,
    tolerance: float = 1e-5,
    max_iterations: int = 200,
) -> MultivariateMixedFit:
    """Fit y_ijk = x_ij'b_k + u_ik + e_ijk by REML.

    Effects and errors are independent between responses, as in mind.

    "maximum" finds the maximum of the restricted likelihood of each response.
    "expectation-maximisation" repeats the iterations of mind (Saei and Chambers), all responses
    together, until the ratios of variances and the residual variances move less than `tolerance`.
    These iterations are slow near zero and may stop well before the maximum: on ISTAT's example the
    third response stops at a domain deviation of 0.01508 where the maximum is at 0.01101. Use them
    to reproduce published results, not to make new ones.

    Args:
        responses: Responses of the units, shape (N, k), typically indicators of a status.
        design: Covariates of the units, shape (N, p), with a column of ones for an intercept.
        domains: Domain label of each unit, shape (N,).
        algorithm: How to estimate the variances.
        start: First ratio of variances, only for expectation-maximisation.
        tolerance: Stopping rule, only for expectation-maximisation.
        max_iterations: Limit, only for expectation-maximisation.

    Returns:
        The fit, ready to predict domains.

    Raises:
        InvalidInput: If an array is malformed, lengths differ, covariates are collinear, or an
            argument of the iterations is not above zero.
        NotConverged: If the iterations meet their limit first.

    Source:
        D'Alo, M., Falorsi, S. and Fasulo, A. (2021), MIND, an R package for multivariate small area
        estimation with multiple random effects, SAE2021; Saei, A. and Chambers, R. (2003), S3RI
        working paper M03/15; Datta, G. S., Day, B. and Basawa, I. (1999), Journal of Statistical
        Planning and Inference 75.
    """
    sums = nested_error.domain_sums(responses, design, domains)
    columns = range(sums.squares.size)
    if algorithm == "maximum":
        fits, iterations = tuple(nested_error.maximise(sums, column) for column in columns), 0
        ratio = np.array([fit.ratio for fit in fits])
    elif algorithm == "expectation-maximisation":
        options = {"start": start, "tolerance": tolerance, "max_iterations": max_iterations}
        for argument, value in options.items():
            checks.positive([value], argument=argument)
        fits, ratio, iterations = _expectation_maximisation(
            sums, start=start, tolerance=tolerance, max_iterations=max_iterations
        )
    else:
        raise InvalidInput("algorithm", f"is unknown: {algorithm!r}")
    residual = np.array([fit.residual_variance for fit in fits])
    return MultivariateMixedFit(
        coefficients=np.column_stack([fit.coefficients for fit in fits]),
        residual_deviation=np.sqrt(residual),
        domain_deviation=np.sqrt(ratio * residual),
        intraclass=ratio / (1 + ratio),
        effects=np.column_stack([fit.effects for fit in fits]),
        domains=sums.labels,
        iterations=iterations,
        sums=sums,
        fits=fits,
    )


def _expectation_maximisation(
    sums: DomainSums, *, start: float, tolerance: float, max_iterations: int
) -> tuple[tuple[NestedErrorFit, ...], FloatArray, int]:
    """Fits at the ratios of the last iteration, the ratios they lead to, and the iterations done.

    phi' = (trace(T + T x_s Q x_s' T) + u'u / s2) / m, with T = diag(phi / (1 + n phi)).
    """
    ratio = np.full(sums.squares.size, start)
    variance = _ordinary_variances(sums)
    change = np.inf
    for iteration in range(1, max_iterations + 1):
        fits = tuple(
            nested_error.fit_at(sums, column, float(value)) for column, value in enumerate(ratio)
        )
        updated = np.array([_updated_ratio(sums, fit) for fit in fits])
        residual = np.array([fit.residual_variance for fit in fits])
        change = float(max(np.abs(updated - ratio).max(), np.abs(residual - variance).max()))
        ratio, variance = updated, residual
        if change < tolerance:
            return fits, ratio, iteration
    raise NotConverged(
        "expectation-maximisation of the multivariate mixed model",
        iterations=max_iterations,
        discrepancy=change,
        tolerance=tolerance,
    )


def _ordinary_variances(sums: DomainSums) -> FloatArray:
    """Residual variances of ordinary least squares, where the iterations start."""
    return np.array(
        [
            nested_error.fit_at(sums, column, 0.0).residual_variance
            for column in range(sums.squares.size)
        ]
    )


def _updated_ratio(sums: DomainSums, fit: NestedErrorFit) -> float:
    retained = fit.ratio / (1 + sums.sizes * fit.ratio)
    leverage = np.einsum("ij,jk,ik->i", sums.covariates, fit.unscaled_covariance, sums.covariates)
    uncertainty = float((retained + retained**2 * leverage).sum())
    return (uncertainty + float(fit.effects @ fit.effects) / fit.residual_variance) / len(retained)
