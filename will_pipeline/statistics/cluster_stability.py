"""Stability of a typology under resampling, the number of clusters, and names kept over releases.

A partition that changes when areas are redrawn is exploratory and is never shown as a typology.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.clustering import (
    STARTS,
    UNCLASSIFIED,
    Labels,
    Typology,
    fit_typology,
    k_means,
    pool_of_areas,
    repetitions,
)
from will_pipeline.statistics.screened_starts import LARGE_POOL, screened_k_means

RESAMPLES = 200
RESAMPLE_STARTS = 10
PUBLISHABLE_STABILITY = 0.75


@dataclass(frozen=True)
class Stability:
    """Adjusted Rand index between the partition of the pool and those of its resamples.

    `index` has shape (resamples,). The typology is `exploratory` while the mean stays below 0.75.
    """

    clusters: int
    index: FloatArray

    @property
    def mean(self) -> float:
        """Mean adjusted Rand index."""
        return float(self.index.mean())

    @property
    def exploratory(self) -> bool:
        """Whether the partition is too unstable to be published as a typology."""
        return self.mean < PUBLISHABLE_STABILITY


@dataclass(frozen=True)
class ClusterChoice:
    """The most stable number of clusters and the stability of every candidate, in given order."""

    chosen: int
    candidates: tuple[Stability, ...]

    @classmethod
    def among(cls, candidates: Sequence[Stability]) -> Self:
        """Choose the candidate of highest mean index, the one of fewer clusters when tied.

        Args:
            candidates: Stability of each number of clusters tried, at least one.

        Returns:
            The choice, with every candidate.

        Raises:
            InvalidInput: If there is no candidate.

        Source:
            Hennig, C. (2007), Cluster-wise assessment of cluster stability, Computational
            Statistics and Data Analysis 52.
        """
        if not candidates:
            raise InvalidInput("candidates", "must hold at least one number of clusters")
        best = max(candidates, key=lambda tried: (tried.mean, -tried.clusters))
        return cls(chosen=best.clusters, candidates=tuple(candidates))

    @property
    def finest(self) -> Stability:
        """The candidate of most clusters that is stable enough to be published.

        The most stable one where none is: it is then exploratory.
        """
        publishable = [tried for tried in self.candidates if not tried.exploratory]
        if publishable:
            return max(publishable, key=lambda tried: tried.clusters)
        return next(tried for tried in self.candidates if tried.clusters == self.chosen)


@dataclass(frozen=True)
class Alignment:
    """New names for clusters: cluster j becomes `name[j]`, shape (k,); `overlap` is the share kept.

    Clusters without a counterpart get new names after the largest previous one.
    """

    name: Labels
    overlap: float

    def apply(self, label: ArrayLike) -> Labels:
        """Rename labels, leaving unclassified areas as they are.

        Args:
            label: Labels of the current clusters, integers from -1, shape (n,).

        Returns:
            Their new names, shape (n,).

        Raises:
            InvalidInput: If labels are malformed or name a cluster that was not aligned.

        Source:
            Kuhn (1955), as in `align_labels`.
        """
        current = _labels(label, argument="label")
        beyond = np.flatnonzero(current >= self.name.size)
        if beyond.size:
            raise InvalidInput("label", "names a cluster not aligned", (int(beyond[0]),))
        return np.where(current == UNCLASSIFIED, UNCLASSIFIED, self.name[current])


def bootstrap_stability(
    values: ArrayLike,
    *,
    indicators: Sequence[str],
    clusters: int,
    generator: np.random.Generator,
    resamples: int = RESAMPLES,
    starts: int = STARTS,
    resample_starts: int = RESAMPLE_STARTS,
) -> Stability:
    """How far the partition survives resampling of the areas.

    The pool is clustered, then `resamples` bootstrap samples of it are; each resample's centroids
    partition the whole pool and the adjusted Rand index with the first partition is recorded. A
    resample is the set of its distinct rows weighted by their multiplicity, the same problem as
    with repeated rows at two thirds of the cost; in a pool of `LARGE_POOL` areas or more its starts
    are screened. Every resample has its own random stream, so the
    numbers do not depend on the number of threads.

    Args:
        values: Indicators by area, shape (n, m), NaN where missing (those areas take no part).
        indicators: Names of the m indicators.
        clusters: Number of clusters k.
        generator: Source of resamples and starts.
        resamples: Number of bootstrap samples.
        starts: Random starts for the partition of the pool.
        resample_starts: Random starts for each resample.

    Returns:
        The adjusted Rand index of each resample.

    Raises:
        InvalidInput: As `fit_typology`, or if a number of repetitions is below 1.

    Source:
        Hubert and Arabie (1985), Journal of Classification 2; Dolnicar and Leisch (2010),
        Evaluation of structure and reproducibility of cluster solutions, Marketing Letters 21.
    """
    pool = pool_of_areas(values, indicators=indicators, clusters=clusters)
    repetitions(resamples, argument="resamples")
    repetitions(resample_starts, argument="resample_starts")
    whole = fit_typology(
        pool, indicators=indicators, clusters=clusters, generator=generator, starts=starts
    )
    z = whole.standardise(pool)
    reference = cdist(z, whole.centroids).argmin(axis=1)

    def resample(stream: np.random.Generator) -> float:
        times = np.bincount(stream.integers(len(z), size=len(z)), minlength=len(z))
        drawn = times > 0
        if len(z) >= LARGE_POOL:
            found = screened_k_means(
                z[drawn],
                clusters=clusters,
                starts=resample_starts,
                generator=stream,
                weight=times[drawn],
            )
            return float(adjusted_rand_score(reference, found.labels(z)))
        model = k_means(
            z[drawn],
            clusters=clusters,
            starts=resample_starts,
            generator=stream,
            weight=times[drawn],
        )
        return float(adjusted_rand_score(reference, model.predict(z)))

    # One thread per resample: several threads inside a fit would add up in an order of their own.
    with (
        threadpool_limits(limits=1, user_api="blas"),
        ThreadPoolExecutor(os.cpu_count(), initializer=_single_threaded) as workers,
    ):
        index = list(workers.map(resample, generator.spawn(resamples)))
    return Stability(clusters=clusters, index=np.array(index))


def choose_clusters(
    values: ArrayLike,
    *,
    indicators: Sequence[str],
    candidates: Sequence[int],
    generator: np.random.Generator,
    resamples: int = RESAMPLES,
    starts: int = STARTS,
    resample_starts: int = RESAMPLE_STARTS,
) -> ClusterChoice:
    """Choose the number of clusters by the highest mean bootstrap adjusted Rand index.

    Args:
        values: Indicators by area, shape (n, m), NaN where missing.
        indicators: Names of the m indicators.
        candidates: Numbers of clusters to try, for example range(3, 9).
        generator: Source of resamples and starts.
        resamples: Bootstrap samples per candidate.
        starts: Random starts for the partition of the pool.
        resample_starts: Random starts for each resample.

    Returns:
        The chosen number (the smaller one when tied) and the stability of each candidate.

    Raises:
        InvalidInput: As `bootstrap_stability`, or if there is no candidate.

    Source:
        Dolnicar and Leisch (2010), Marketing Letters 21.
    """
    checks.at_least(candidates, 1, argument="candidates")
    tried = tuple(
        bootstrap_stability(
            values,
            indicators=indicators,
            clusters=clusters,
            generator=generator,
            resamples=resamples,
            starts=starts,
            resample_starts=resample_starts,
        )
        for clusters in candidates
    )
    return ClusterChoice.among(tried)


def align_labels(previous: ArrayLike, current: ArrayLike) -> Alignment:
    """Name new clusters after the previous ones they share most areas with.

    Maximises the number of areas that keep their label over one-to-one matchings (Hungarian
    method). Areas unclassified in either release do not count.

    Args:
        previous: Labels of the areas in the previous release, integers from -1, shape (n,).
        current: Labels of the same areas now, shape (n,).

    Returns:
        The new name of every current cluster and the share of areas that keep their label.

    Raises:
        InvalidInput: If labels are malformed, lengths differ, or no area is classified in both.

    Source:
        Kuhn (1955), Naval Research Logistics Quarterly 2; Crouse (2016), the algorithm in scipy.
    """
    old, new = _labels(previous, argument="previous"), _labels(current, argument="current")
    checks.same_length(previous=old, current=new)
    both = (old != UNCLASSIFIED) & (new != UNCLASSIFIED)
    if not both.any():
        raise InvalidInput("current", "no area is classified in both releases")
    shared = np.zeros((int(new.max()) + 1, int(old.max()) + 1))
    np.add.at(shared, (new[both], old[both]), 1.0)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    return Alignment(
        name=_named(rows, columns, *shared.shape),
        overlap=float(shared[rows, columns].sum() / both.sum()),
    )


def align_typology(previous: Typology, current: Typology) -> Typology:
    """Order the clusters of a new vintage as the previous ones they resemble.

    One-to-one matching of least total squared distance between centroids, both brought to the
    scale of the previous vintage; clusters without a counterpart follow in their own order.

    Args:
        previous: Typology of the previous vintage, centroids of shape (k, m).
        current: Typology of the new vintage on the same indicators, centroids of shape (l, m) with
            l at least k.

    Returns:
        The new typology with its clusters reordered.

    Raises:
        InvalidInput: If indicators differ, or the new vintage has fewer clusters (names would be
            left without a cluster: align labels instead).

    Source:
        Kuhn (1955), Naval Research Logistics Quarterly 2.
    """
    if previous.indicators != current.indicators:
        raise InvalidInput("current", "must be built on the indicators of the previous typology")
    if len(current.centroids) < len(previous.centroids):
        raise InvalidInput("current", "must not have fewer clusters than the previous typology")
    placed = previous.standardise(current.centroids * current.scale + current.centre)
    rows, columns = linear_sum_assignment(cdist(previous.centroids, placed, "sqeuclidean"))
    order = np.append(columns[np.argsort(rows)], np.setdiff1d(np.arange(len(placed)), columns))
    return replace(current, centroids=current.centroids[order], size=current.size[order])


def _single_threaded() -> None:
    threadpool_limits(limits=1, user_api="openmp")


def _labels(values: ArrayLike, *, argument: str) -> Labels:
    labels = np.asarray(values)
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or labels.size == 0:
        raise InvalidInput(argument, "must be a vector of whole numbers")
    below = np.flatnonzero(labels < UNCLASSIFIED)
    if below.size:
        raise InvalidInput(argument, "must not be below -1", (int(below[0]),))
    return labels.astype(np.intp)


def _named(rows: Labels, columns: Labels, now: int, before: int) -> Labels:
    name = np.full(now, UNCLASSIFIED)
    name[rows] = columns
    free = np.flatnonzero(name == UNCLASSIFIED)
    name[free] = before + np.arange(free.size)
    return name
