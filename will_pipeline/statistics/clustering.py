"""Typologies of areas: k-means on a pool, frozen assignment, soft membership.

A typology is fitted once per vintage on a pool of areas and then only applied: its centroids and
its scale are part of a release, so that new figures move areas and never the clusters.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.missing import complete_rows, matrix_with_gaps, reasons

Labels = NDArray[np.intp]
Covariance = Literal["diag", "tied", "spherical", "full"]

UNCLASSIFIED = -1
STARTS = 200
SEED_RANGE = 2**31 - 1
ITERATIONS = 1000


@dataclass(frozen=True)
class Typology:
    """Frozen centroids and the scale they live on.

    `centre` and `scale` (mean and population standard deviation of the pool) have shape (m,),
    `centroids` shape (k, m) in standardised units, `size` (areas of the pool) shape (k,);
    `within` is the sum of squared distances of the pool from its centroids.
    """

    indicators: tuple[str, ...]
    centre: FloatArray
    scale: FloatArray
    centroids: FloatArray
    size: Labels
    within: float

    def standardise(self, values: FloatArray) -> FloatArray:
        """Put values on the scale of the centroids, (value - centre) / scale.

        Args:
            values: Indicators by area, shape (n, m), in the typology's order, NaN where missing.

        Returns:
            Standardised values, shape (n, m), NaN where missing.

        Raises:
            InvalidInput: If the width is not that of the typology.

        Source:
            Milligan, G. W. and Cooper, M. C. (1988), A study of standardization of variables in
            cluster analysis, Journal of Classification 5 (division by the standard deviation).
        """
        if values.ndim != 2 or values.shape[1] != self.centre.size:
            raise InvalidInput(
                "values", f"must have shape (n, {self.centre.size}), found {values.shape}"
            )
        return (values - self.centre) / self.scale


@dataclass(frozen=True)
class Assignment:
    """Cluster of each area; every field has length n.

    `label` is -1 for an area with missing inputs, whose `reason` says which (None elsewhere).
    `margin` = 1 - distance / second_distance: 0 on the border of two clusters, 1 on a centroid.
    Distances are standardised Euclidean, NaN where unclassified.
    """

    label: Labels
    second: Labels
    distance: FloatArray
    second_distance: FloatArray
    margin: FloatArray
    reason: tuple[str | None, ...]


@dataclass(frozen=True)
class SoftMembership:
    """Probability of each cluster for each area, shape (n, k), NaN where inputs are missing.

    Column j is cluster j of the typology; `converged` tells whether the mixture settled, `bic` is
    its Bayesian information criterion on the complete areas.
    """

    probability: FloatArray
    reason: tuple[str | None, ...]
    bic: float
    converged: bool


def fit_typology(
    values: ArrayLike,
    *,
    indicators: Sequence[str],
    clusters: int,
    generator: np.random.Generator,
    starts: int = STARTS,
) -> Typology:
    """Find the clusters of a pool of areas by k-means on standardised indicators.

    Minimises sum_i min_j |z_i - c_j|^2 (Lloyd from k-means++ starts, best of `starts`) over the
    areas without missing values. The result does not depend on the order of the rows: they are
    sorted before, and clusters are numbered by decreasing size, then by centroid.

    Args:
        values: Indicators by area, shape (n, m), NaN where missing.
        indicators: Names of the m indicators.
        clusters: Number of clusters k, at least 2.
        generator: Source of the random starts.
        starts: Number of random starts.

    Returns:
        The typology with its frozen centroids.

    Raises:
        InvalidInput: If values or names are malformed, an indicator is constant, or fewer than k
            distinct areas are complete.

    Source:
        Lloyd (1982), IEEE Transactions on Information Theory 28(2); Arthur and Vassilvitskii
        (2007), k-means++, SODA; practice of the UK Output Area Classification (ONS and UCL).
    """
    pool = pool_of_areas(values, indicators=indicators, clusters=clusters)
    repetitions(starts, argument="starts")
    centre, scale = pool.mean(axis=0), pool.std(axis=0)
    z = (pool - centre) / scale
    with threadpool_limits(limits=1):
        model = k_means(z, clusters=clusters, starts=starts, generator=generator)
    size = np.bincount(model.labels_, minlength=clusters)
    order = np.lexsort((*model.cluster_centers_.T[::-1], -size))
    return Typology(
        indicators=tuple(indicators),
        centre=centre,
        scale=scale,
        centroids=model.cluster_centers_[order],
        size=size[order],
        within=float(model.inertia_),
    )


def assign(values: ArrayLike, typology: Typology) -> Assignment:
    """Give each area the nearest frozen centroid; areas with missing inputs get none and a reason.

    Args:
        values: Indicators by area, shape (n, m), in the typology's order, NaN where missing.
        typology: The frozen typology.

    Returns:
        Label, second-nearest cluster, distances and margin of each area.

    Raises:
        InvalidInput: If values are malformed or of another width than the typology.

    Source:
        Nearest centroid; margin as the simplified silhouette of Hruschka, de Castro and Campello
        (2004), IEEE International Conference on Data Mining.
    """
    matrix = matrix_with_gaps(values, indicators=typology.indicators)
    complete = complete_rows(matrix)
    n = len(matrix)
    label, second = np.full(n, UNCLASSIFIED), np.full(n, UNCLASSIFIED)
    near, far = np.full(n, np.nan), np.full(n, np.nan)
    if complete.any():
        distance = cdist(typology.standardise(matrix[complete]), typology.centroids)
        ranking = np.argsort(distance, axis=1, kind="stable")[:, :2]
        label[complete], second[complete] = ranking.T
        near[complete], far[complete] = np.take_along_axis(distance, ranking, axis=1).T
    return Assignment(
        label=label,
        second=second,
        distance=near,
        second_distance=far,
        margin=1.0 - near / far,
        reason=reasons(matrix, indicators=typology.indicators),
    )


def frozen_membership(values: ArrayLike, typology: Typology) -> FloatArray:
    """Probability of each cluster for each area, from the frozen typology alone.

    The Gaussian mixture that k-means is the limit of: components centred on the frozen centroids,
    equally likely, with one variance for every indicator and cluster, `within` / (areas x
    indicators). The likeliest cluster is therefore always the nearest one, and no other area has
    a say.

    Args:
        values: Indicators by area, shape (n, m), in the typology's order, NaN where missing.
        typology: The frozen typology.

    Returns:
        Probabilities of shape (n, k) that add up to 1; NaN in rows with a missing value.

    Raises:
        InvalidInput: If values are malformed, or the typology has no spread within its clusters.

    Source:
        Celeux and Govaert (1992), A classification EM algorithm for clustering and two stochastic
        versions, Computational Statistics and Data Analysis 14; Fraley and Raftery (2002), JASA 97.
    """
    matrix = matrix_with_gaps(values, indicators=typology.indicators)
    variance = typology.within / (typology.size.sum() * len(typology.indicators))
    if variance <= 0:
        raise InvalidInput("typology", "must have some spread within its clusters")
    complete = complete_rows(matrix)
    probability = np.full((len(matrix), len(typology.centroids)), np.nan)
    if complete.any():
        z = typology.standardise(matrix[complete])
        exponent = -cdist(z, typology.centroids, "sqeuclidean") / (2 * variance)
        mass = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        probability[complete] = mass / mass.sum(axis=1, keepdims=True)
    return probability


def soft_membership(
    values: ArrayLike,
    typology: Typology,
    *,
    generator: np.random.Generator,
    covariance: Covariance = "diag",
) -> SoftMembership:
    """Probability that an area belongs to each cluster, from a Gaussian mixture.

    The mixture is fitted by expectation-maximisation on the standardised areas starting at the
    typology's centroids; components are then matched to the clusters by the assignment of least
    total distance, so that column j speaks of cluster j.

    Args:
        values: Indicators by area, shape (n, m), NaN where missing.
        typology: The typology to soften.
        generator: Source of randomness of the fit.
        covariance: Shape of the components: own variances, one shared matrix, spheres, or full.

    Returns:
        Probabilities that add up to 1 in each complete row.

    Raises:
        InvalidInput: If values are malformed or fewer areas than clusters are complete.

    Source:
        Fraley and Raftery (2002), Model-based clustering, discriminant analysis and density
        estimation, Journal of the American Statistical Association 97.
    """
    matrix = matrix_with_gaps(values, indicators=typology.indicators)
    complete = complete_rows(matrix)
    clusters = len(typology.centroids)
    z = typology.standardise(matrix[complete])
    checks.at_least(z, clusters + 1, argument="values")
    model = GaussianMixture(
        clusters,
        covariance_type=covariance,
        means_init=typology.centroids,
        weights_init=typology.size / typology.size.sum(),
        max_iter=ITERATIONS,
        random_state=int(generator.integers(SEED_RANGE)),
    )
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(z)
        posterior, criterion = model.predict_proba(z), float(model.bic(z))
    component = linear_sum_assignment(cdist(typology.centroids, model.means_))[1]
    probability = np.full((len(matrix), clusters), np.nan)
    probability[complete] = posterior[:, component]
    return SoftMembership(
        probability=probability,
        reason=reasons(matrix, indicators=typology.indicators),
        bic=criterion,
        converged=bool(model.converged_),
    )


def k_means(
    z: FloatArray,
    *,
    clusters: int,
    starts: int,
    generator: np.random.Generator,
    weight: Labels | None = None,
) -> KMeans:
    """Take the best of several k-means++ starts, the one of least sum of squared distances.

    Not limited to one thread here: callers choose between threads and repetitions.

    Args:
        z: Standardised rows, shape (n, m).
        clusters: Number of clusters.
        starts: Number of random starts.
        generator: Source of the random starts.
        weight: Times each row counts, shape (n,); once each where None.

    Returns:
        The fitted model of scikit-learn.

    Source:
        Lloyd (1982), IEEE Transactions on Information Theory 28(2); Arthur and Vassilvitskii
        (2007), k-means++, SODA.
    """
    model = KMeans(clusters, n_init=starts, random_state=int(generator.integers(SEED_RANGE)))
    return model.fit(z, sample_weight=weight)


def pool_of_areas(values: ArrayLike, *, indicators: Sequence[str], clusters: int) -> FloatArray:
    """Complete areas in an order of their own, so that the order they came in has no influence.

    Args:
        values: Indicators by area, shape (n, m), NaN where missing.
        indicators: Names of the m indicators.
        clusters: Number of clusters the pool has to support, at least 2.

    Returns:
        The complete rows in lexicographic order.

    Raises:
        InvalidInput: If malformed, an indicator is constant, or distinct areas are too few.
    """
    matrix = matrix_with_gaps(values, indicators=indicators)
    pool = matrix[complete_rows(matrix)]
    if clusters < 2:
        raise InvalidInput("clusters", f"must be at least 2, found {clusters!r}")
    if len(np.unique(pool, axis=0)) <= clusters:
        raise InvalidInput("values", f"needs more than {clusters} distinct complete areas")
    checks.not_constant(pool, argument="values")
    return pool[np.lexsort(pool.T[::-1])]


def repetitions(value: int, *, argument: str) -> int:
    """Check a number of starts or resamples.

    Args:
        value: The number.
        argument: Name of the argument, for the error.

    Returns:
        The number.

    Raises:
        InvalidInput: If it is below 1.
    """
    if value < 1:
        raise InvalidInput(argument, f"must be at least 1, found {value!r}")
    return value
