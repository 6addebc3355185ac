"""Do nominal 90 % intervals of shrunken rates and ratios cover the truth nine times out of ten?

Cities of 4-14 areas with 1,000-30,000 people are invented with a known truth, over and over: first
with means and spreads as wide as those between the census areas of Italian cities, then by spread.

Run: python benchmarks/coverage_rates.py [--cities 1000] [--seed 20240101]
"""

import argparse
import sys
from collections.abc import Callable

import numpy as np

from will_pipeline.statistics.empirical_bayes import beta_binomial, gamma_poisson

LEVEL = 0.90
PROMISE = (0.88, 0.92)
# Coefficients of variation between census areas of a city in 2011 go from 0.09 (widowed and
# separated) to 0.44 (large households); rates from 1 % to 50 %.
RATES = (0.01, 0.50)
SPREADS = (0.10, 0.40)
LADDER = (0.0, 0.02, 0.05, 0.10, 0.20, 0.40)

Simulation = Callable[[int, tuple[float, float], np.random.Generator], float]


def invent_cities(
    cities: int, spread: tuple[float, float], generator: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """City, persons, mean rate and coefficient of variation of every area, shape (n,) each."""
    city = np.repeat(np.arange(cities), generator.integers(4, 15, cities))
    persons = np.exp(generator.uniform(np.log(1_000), np.log(30_000), city.size)).round()
    mean = np.exp(generator.uniform(np.log(RATES[0]), np.log(RATES[1]), cities))[city]
    variation = generator.uniform(*spread, cities)[city]
    return city, persons, mean, variation


def cover_proportions(
    cities: int, spread: tuple[float, float], generator: np.random.Generator
) -> float:
    """Share of true proportions inside the interval of `beta_binomial`."""
    city, persons, mean, variation = invent_cities(cities, spread, generator)
    truth = mean.copy()
    varied = variation > 0
    strength = (1 - mean[varied]) / (mean[varied] * variation[varied] ** 2) - 1
    truth[varied] = generator.beta(mean[varied] * strength, (1 - mean[varied]) * strength)
    events = generator.binomial(persons.astype(int), truth)
    result = beta_binomial(events, persons, groups=city, level=LEVEL)
    return float(((result.lower <= truth) & (truth <= result.upper)).mean())


def cover_ratios(cities: int, spread: tuple[float, float], generator: np.random.Generator) -> float:
    """Share of true ratios inside the interval of `gamma_poisson`."""
    city, persons, mean, variation = invent_cities(cities, spread, generator)
    truth = np.ones(city.size)
    varied = variation > 0
    truth[varied] = generator.gamma(1 / variation[varied] ** 2, variation[varied] ** 2)
    expected = persons * mean
    result = gamma_poisson(generator.poisson(expected * truth), expected, groups=city, level=LEVEL)
    return float(((result.lower <= truth) & (truth <= result.upper)).mean())


def main() -> int:
    """Print the coverages; return 1 if a realistic one breaks the promise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cities", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=20_240_101)
    options = parser.parse_args()
    generator = np.random.default_rng(options.seed)
    kept = True
    simulations: dict[str, Simulation] = {
        "beta_binomial": cover_proportions,
        "gamma_poisson": cover_ratios,
    }
    print(f"{options.cities} cities, nominal coverage {LEVEL:.0%}")
    for name, simulate in simulations.items():
        realistic = simulate(options.cities, SPREADS, generator)
        kept = kept and PROMISE[0] <= realistic <= PROMISE[1]
        print(f"\n{name}: {realistic:.3f} for spreads between {SPREADS[0]} and {SPREADS[1]}")
        for spread in LADDER:
            coverage = simulate(options.cities, (spread, spread), generator)
            print(f"  coefficient of variation between areas {spread:4.2f}: {coverage:.3f}")
    print(f"\n{'kept' if kept else 'BROKEN'}: {PROMISE[0]:.0%}-{PROMISE[1]:.0%} where realistic")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
