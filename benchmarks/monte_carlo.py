"""How much faster is the vectorised Monte Carlo of an index than the same one area by area?

Both run in one process on the same draws of four themes, and must first give the same scores. The
loop is timed on a few draws only, since its time is proportional to their number.

Run: python benchmarks/monte_carlo.py [--areas 2000] [--draws 1000] [--loop-draws 3]
"""

import argparse
import sys
import time

import numpy as np
import pandas as pd

from will_pipeline.statistics.monte_carlo import simulate_index
from will_pipeline.statistics.normalise import Goalposts

THEMES = (3, 3, 5, 3)
AREAS_PER_CITY = 20
PROMISED_RATIO = 20.0
Theme = tuple[np.ndarray, list[Goalposts]]


def invent_theme(indicators: int, areas: int, draws: int, generator: np.random.Generator) -> Theme:
    values = generator.uniform(0.05, 0.40, (areas, indicators))
    noise = generator.normal(0, 0.01, (draws, areas, indicators))
    goalposts = [Goalposts.from_pool(values[:, j], "+") for j in range(indicators)]
    return values + noise, goalposts


def score_of_area(row: pd.Series, goalposts: list[Goalposts]) -> float:
    normalised = pd.Series(
        {
            name: 60 * (value - posts.minimum) / (posts.maximum - posts.minimum) + 70
            for (name, value), posts in zip(row.items(), goalposts, strict=True)
        }
    )
    mean, deviation = normalised.mean(), normalised.std(ddof=0)
    return float(mean + deviation * deviation / mean)


def area_by_area(theme: Theme, city: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores of shape (draws, areas) and probability of the top fifth, with pandas row by row."""
    draws, goalposts = theme
    scores, top = [], []
    for draw in draws:
        frame = pd.DataFrame(draw)
        score = frame.apply(score_of_area, axis=1, args=(goalposts,))
        rank = score.groupby(city).rank(ascending=False, method="first")
        size = score.groupby(city).transform("size")
        scores.append(score.to_numpy())
        top.append((rank <= np.ceil(size / 5)).to_numpy())
    return np.array(scores), np.array(top).mean(axis=0)


def main() -> int:
    """Print both times per draw and their ratio; return 1 if it falls short of the promise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--areas", type=int, default=2_000)
    parser.add_argument("--draws", type=int, default=1_000)
    parser.add_argument("--loop-draws", type=int, default=3)
    options = parser.parse_args()
    generator = np.random.default_rng(1)
    city = np.arange(options.areas) // AREAS_PER_CITY
    vectorised = loop = 0.0
    for indicators in THEMES:
        theme = invent_theme(indicators, options.areas, options.draws, generator)
        few = (theme[0][: options.loop_draws], theme[1])
        started = time.perf_counter()
        scores, top = area_by_area(few, city)
        loop += time.perf_counter() - started
        same = simulate_index(
            few[0],
            goalposts=few[1],
            city=city,
            generator=generator,
            aggregations=("ampi",),
            dirichlet_concentration=None,
            drop_one=False,
        )
        np.testing.assert_allclose(same.median, np.median(scores, axis=0))
        np.testing.assert_allclose(same.p_top[1 / 5], top)
        started = time.perf_counter()
        simulate_index(theme[0], goalposts=theme[1], city=city, generator=generator)
        vectorised += time.perf_counter() - started
    per_draw, per_loop_draw = vectorised / options.draws, loop / options.loop_draws
    ratio = per_loop_draw / per_draw
    print(f"{len(THEMES)} themes, {options.areas} areas")
    print(f"vectorised, {options.draws} draws with weights, drop-one and three aggregations:")
    print(f"  {vectorised:8.2f} s in all, {per_draw * 1e3:10.3f} ms a draw")
    print(f"area by area with pandas, {options.loop_draws} draws of the plain index:")
    print(f"  {loop:8.2f} s in all, {per_loop_draw * 1e3:10.3f} ms a draw")
    print(f"ratio {ratio:.0f} (promised {PROMISED_RATIO:.0f})")
    return 0 if ratio >= PROMISED_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
