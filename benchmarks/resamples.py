"""Bootstrap k-means of a large pool beside plain scikit-learn, and agreement between seeds.

Both sides cluster the same resamples with the same number of starts, in turns and on one thread;
CPU-seconds and sums of squared distances are compared, on overlapping and on distinct groups.

Run: python -m benchmarks.resamples [--areas 10000] [--resamples 100]
"""

import argparse
import time

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from will_pipeline.statistics.screened_starts import screened_k_means

INDICATORS, CLUSTERS, STARTS = 30, 8, 10
SEPARATIONS = (0.25, 0.4)
AGREEING, SEEDS = 20_000, 4


def pool(areas: int, separation: float) -> np.ndarray:
    generator = np.random.default_rng(1)
    centres = generator.normal(0, separation, (CLUSTERS, INDICATORS))
    drawn = centres[np.arange(areas) % CLUSTERS] + generator.normal(size=(areas, INDICATORS))
    return (drawn - drawn.mean(axis=0)) / drawn.std(axis=0)


def beside(z: np.ndarray, resamples: int) -> tuple[float, float, np.ndarray]:
    """CPU-seconds of plain and screened, and relative excess of the sums of squares."""
    plain = screened = 0.0
    excess = []
    for number in range(resamples):
        generator = np.random.default_rng(number)
        drawn = generator.integers(len(z), size=len(z))
        begun = time.process_time()
        theirs = KMeans(CLUSTERS, n_init=STARTS, random_state=number).fit(z[drawn])
        plain += time.process_time() - begun
        begun = time.process_time()
        times = np.bincount(drawn, minlength=len(z))
        ours = screened_k_means(
            z[times > 0],
            clusters=CLUSTERS,
            starts=STARTS,
            generator=generator,
            weight=times[times > 0],
        )
        screened += time.process_time() - begun
        excess.append(ours.within / theirs.inertia_ - 1)
    return plain, screened, np.array(excess)


def agreement(separation: float) -> float:
    """Least adjusted Rand index between the partitions of different seeds."""
    z = pool(AGREEING, separation)
    once = np.ones(len(z), dtype=np.intp)
    labels = [
        screened_k_means(
            z,
            clusters=CLUSTERS,
            starts=STARTS,
            generator=np.random.default_rng(seed),
            weight=once,
        ).labels(z)
        for seed in range(SEEDS)
    ]
    return min(
        float(adjusted_rand_score(one, other))
        for place, one in enumerate(labels)
        for other in labels[place + 1 :]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--areas", type=int, default=10_000)
    parser.add_argument("--resamples", type=int, default=100)
    options = parser.parse_args()
    print("| separation | plain CPU-s | screened CPU-s | ratio | sum of squares, mean | worst |")
    print("| --- | --- | --- | --- | --- | --- |")
    with threadpool_limits(limits=1):
        for separation in SEPARATIONS:
            plain, ours, excess = beside(pool(options.areas, separation), options.resamples)
            print(
                f"| {separation} | {plain:.1f} | {ours:.1f} | {plain / ours:.1f} "
                f"| {excess.mean():+.3%} | {excess.max():+.3%} |"
            )
        for separation in SEPARATIONS:
            found = agreement(separation)
            print(f"agreement of {SEEDS} seeds, {AGREEING} rows, {separation}: {found:.3f}")


if __name__ == "__main__":
    main()
