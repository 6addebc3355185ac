"""The Battese-Harter-Fuller unit-level model: small-area means from a survey and known means.

For municipal surveys with the area of each respondent and covariates known for the whole area.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from will_pipeline.statistics import checks, nested_error
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.threads import single_threaded


@dataclass(frozen=True)
class BatteseHarterFullerFit:
    """Empirical best linear unbiased predictions of area means.

    Attributes:
        eblup: Predicted mean of the finite population of each area, shape (d,).
        mse: Estimated mean squared error, shape (d,).
        model_mean: Mean under the model, x'b + u, without the sampled units, shape (d,).
        synthetic: Regression part alone, x'b, shape (d,).
        shrinkage: Weight of the sample of the area, shape (d,); zero where nothing was sampled.
        coefficients: Regression coefficients, shape (p,).
        coefficient_covariance: Their covariance, shape (p, p).
        variance_between: Variance of the area effects.
        residual_variance: Variance of the units inside an area.
        at_boundary: Whether the variance between areas was estimated at zero.
        areas: Labels in the order of the results, shape (d,).
    """

    eblup: FloatArray
    mse: FloatArray
    model_mean: FloatArray
    synthetic: FloatArray
    shrinkage: FloatArray
    coefficients: FloatArray
    coefficient_covariance: FloatArray
    variance_between: float
    residual_variance: float
    at_boundary: bool
    areas: NDArray[Any]


@single_threaded
def battese_harter_fuller(
    response: ArrayLike,
    design: ArrayLike,
    sample_areas: ArrayLike,
    *,
    areas: ArrayLike,
    population_means: ArrayLike,
    population_sizes: ArrayLike,
) -> BatteseHarterFullerFit:
    """Fit y_ij = x_ij'b + u_i + e_ij by REML and predict the mean of every area.

    The predicted mean is that of the finite population: the sampled units count with their own
    value, the others with x'b + u_i. The mean squared error is that of Prasad and Rao for the units
    not sampled, (1 - n/N)^2 (g1 + g2 + 2 g3), plus their residual variance (N - n) / N^2 s2.

    MixedLM of statsmodels reaches the same coefficients and variances (a test compares them). It is
    not used here because it stops a little short (a variance of 140.0241 where 140.0239 is
    published) and gives neither the mean of the finite population nor its error.

    Args:
        response: Value of each sampled unit, shape (N,).
        design: Its covariates, shape (N, p), with a column of ones for an intercept.
        sample_areas: Its area, shape (N,).
        areas: Labels of the areas to predict, shape (d,); they include all the sampled ones.
        population_means: Means of the covariates in each area, shape (d, p), same columns.
        population_sizes: Units in each area, shape (d,), at least those sampled.

    Returns:
        Predictions, errors and the estimated model, in the order of `areas`.

    Raises:
        InvalidInput: If an array is malformed, shapes disagree, covariates are collinear, a sampled
            area is not among `areas`, or a size is below the units sampled.
        NotConverged: If the variance between areas runs to infinity.

    Source:
        Battese, G. E., Harter, R. M. and Fuller, W. A. (1988), An error-components model for
        prediction of county crop areas using survey and satellite data, JASA 83; Prasad and Rao
        (1990), JASA 85; Rao and Molina (2015), Small Area Estimation, chapter 7, Wiley.
    """
    values = checks.real_vector(response, argument="response")
    sums = nested_error.domain_sums(values[:, None], design, sample_areas, named="sample_areas")
    columns = sums.gram.shape[0]
    means = checks.real_matrix(population_means, argument="population_means", columns=columns)
    sizes = checks.positive(population_sizes, argument="population_sizes")
    place = nested_error.locate(sums, areas, named="areas")
    checks.same_length(areas=place, population_means=means, population_sizes=sizes)
    inside = place >= 0
    sampled = np.where(inside, sums.sizes[place], 0.0)
    short = np.flatnonzero(sampled > sizes)
    if short.size:
        raise InvalidInput(
            "population_sizes", "is below the number of sampled units", (int(short[0]),)
        )
    fit = nested_error.maximise(sums, 0)
    effects = np.where(inside, fit.effects[place], 0.0)
    observed = np.where(inside, sums.responses[place, 0], 0.0)
    remaining = sizes - sampled
    remaining_covariates = means * sizes[:, None] - np.where(
        inside[:, None], sums.covariates[place], 0.0
    )
    total = observed + remaining_covariates @ fit.coefficients + remaining * effects
    error = nested_error.prediction_error(
        sums,
        fit,
        sampled=place,
        remaining=remaining,
        remaining_covariates=remaining_covariates,
    )
    synthetic = means @ fit.coefficients
    return BatteseHarterFullerFit(
        eblup=total / sizes,
        mse=error.total / sizes**2,
        model_mean=synthetic + effects,
        synthetic=synthetic,
        shrinkage=sampled * fit.ratio / (1 + sampled * fit.ratio),
        coefficients=fit.coefficients,
        coefficient_covariance=fit.residual_variance * fit.unscaled_covariance,
        variance_between=fit.ratio * fit.residual_variance,
        residual_variance=fit.residual_variance,
        at_boundary=fit.ratio == 0.0,
        areas=np.asarray(areas),
    )
