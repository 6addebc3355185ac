"""Screened starts find partitions as good as a full search, and the same whatever the day."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from will_pipeline.statistics.cluster_stability import bootstrap_stability
from will_pipeline.statistics.screened_starts import LARGE_POOL, Screened, screened_k_means

GROUPS = 5


def pool(rows: int) -> np.ndarray:
    generator = np.random.default_rng(4)
    centres = generator.normal(0, 0.9, (GROUPS, 8))
    return centres[np.arange(rows) % GROUPS] + generator.normal(size=(rows, 8))


def screened(z: np.ndarray, seed: int, weight: np.ndarray) -> Screened:
    return screened_k_means(
        z, clusters=GROUPS, starts=6, generator=np.random.default_rng(seed), weight=weight
    )


def test_the_sum_of_squares_is_that_of_a_full_search() -> None:
    z = pool(LARGE_POOL)
    weight = np.random.default_rng(2).integers(0, 4, len(z))
    full = KMeans(GROUPS, n_init=6, random_state=1).fit(np.repeat(z, weight, axis=0))
    assert screened(z, 1, weight).within == pytest.approx(full.inertia_, rel=1e-3)


def test_seeds_agree_and_one_seed_gives_one_result() -> None:
    z = pool(LARGE_POOL)
    once = np.ones(len(z), dtype=np.intp)
    first, again, other = (screened(z, seed, once) for seed in (1, 1, 2))
    assert np.array_equal(first.centroids, again.centroids)
    assert adjusted_rand_score(first.labels(z), other.labels(z)) >= 0.9


def test_a_large_pool_of_distinct_groups_is_stable() -> None:
    found = bootstrap_stability(
        pool(LARGE_POOL),
        indicators=[f"x{number}" for number in range(8)],
        clusters=GROUPS,
        generator=np.random.default_rng(3),
        resamples=3,
        starts=3,
        resample_starts=4,
    )
    assert found.mean > 0.9
