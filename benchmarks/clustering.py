"""Is the bootstrap stability of k-means as fast as plain scikit-learn in a loop?

All sides cluster the same pool, draw the same number of resamples with the same number of starts,
partition the pool by each and compare partitions. Plain scikit-learn runs with its own threads and
with one, which is faster where the machine has other work. Sides are timed in turns and the best
time of each counts; mean adjusted Rand indices are printed as a check that they agree.

Run: python benchmarks/clustering.py [--areas 10000] [--resamples 20] [--rounds 3] [--seed 20240101]
"""

import argparse
import sys
import time

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from will_pipeline.statistics.cluster_stability import bootstrap_stability

INDICATORS = 30
CLUSTERS = 8
STARTS = 10
SEPARATION = 0.25
PROMISE = 1.0
AGREEMENT = 0.05


def invent_pool(areas: int, generator: np.random.Generator) -> np.ndarray:
    """Overlapping groups of areas, shape (areas, 30)."""
    centres = generator.normal(0, SEPARATION, (CLUSTERS, INDICATORS))
    return centres[np.arange(areas) % CLUSTERS] + generator.normal(size=(areas, INDICATORS))


def library(pool: np.ndarray, resamples: int, seed: int) -> float:
    """Mean adjusted Rand index by the library."""
    return bootstrap_stability(
        pool,
        indicators=[f"x{column}" for column in range(INDICATORS)],
        clusters=CLUSTERS,
        generator=np.random.default_rng(seed),
        resamples=resamples,
        starts=STARTS,
        resample_starts=STARTS,
    ).mean


def plain(pool: np.ndarray, resamples: int, seed: int) -> float:
    """Mean adjusted Rand index by scikit-learn in a loop, with its own threads."""
    generator = np.random.default_rng(seed)
    z = (pool - pool.mean(axis=0)) / pool.std(axis=0)
    reference = KMeans(CLUSTERS, n_init=STARTS, random_state=seed).fit(z).labels_
    indices = []
    for number in range(resamples):
        drawn = z[generator.integers(len(z), size=len(z))]
        model = KMeans(CLUSTERS, n_init=STARTS, random_state=seed + number).fit(drawn)
        indices.append(adjusted_rand_score(reference, model.predict(z)))
    return float(np.mean(indices))


def one_thread(pool: np.ndarray, resamples: int, seed: int) -> float:
    """The same on one thread."""
    with threadpool_limits(limits=1):
        return plain(pool, resamples, seed)


def main() -> int:
    """Print the best time of every side and their ratio; return 1 if it misses the promise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--areas", type=int, default=10_000)
    parser.add_argument("--resamples", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=20240101)
    options = parser.parse_args()
    pool = invent_pool(options.areas, np.random.default_rng(options.seed))
    library(pool[:500], 2, options.seed)
    plain(pool[:500], 2, options.seed)
    sides = {"library": library, "plain, own threads": plain, "plain, one thread": one_thread}
    best = dict.fromkeys(sides, np.inf)
    index: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(options.rounds):
        for name, side in sides.items():
            begun = time.perf_counter()
            index[name].append(side(pool, options.resamples, options.seed + turn))
            best[name] = min(best[name], time.perf_counter() - begun)
    print(f"pool {options.areas} x {INDICATORS}, k = {CLUSTERS}, {options.resamples} resamples")
    for name, seconds in best.items():
        print(f"  {name}: {seconds:.2f} s, mean adjusted Rand index {np.mean(index[name]):.3f}")
    ratio = best["library"] / min(best["plain, own threads"], best["plain, one thread"])
    apart = abs(np.mean(index["library"]) - np.mean(index["plain, one thread"]))
    print(
        f"library over the faster of the plain ones: {ratio:.2f} (promise: at most {PROMISE:.2f})"
    )
    return 0 if ratio <= PROMISE and apart <= AGREEMENT else 1


if __name__ == "__main__":
    sys.exit(main())
