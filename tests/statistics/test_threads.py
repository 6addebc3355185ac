"""The same seed gives the same numbers, to the last bit, with one and with two threads."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from threadpoolctl import (
    threadpool_info,
    threadpool_limits,
)

from will_pipeline.statistics.area_permutation import permuted_effect, permuted_trends
from will_pipeline.statistics.battese_harter_fuller import battese_harter_fuller
from will_pipeline.statistics.cluster_stability import bootstrap_stability, choose_clusters
from will_pipeline.statistics.clustering import assign, fit_typology, soft_membership
from will_pipeline.statistics.composite import exponential_ranks, nested_mean
from will_pipeline.statistics.difference_in_differences import event_study, two_by_two
from will_pipeline.statistics.fay_herriot import fay_herriot, posterior
from will_pipeline.statistics.ipf import rake
from will_pipeline.statistics.linear_log_odds import calibrate
from will_pipeline.statistics.monte_carlo import simulate_index
from will_pipeline.statistics.multivariate_mixed import multivariate_mixed
from will_pipeline.statistics.normalise import Goalposts
from will_pipeline.statistics.regionalisation import demand_basins, profile_neighbours
from will_pipeline.statistics.segregation import entropy_index, interaction, isolation
from will_pipeline.statistics.sobol import Factor, sobol_indices
from will_pipeline.statistics.standardisation import ecological_stratum_rates, indirect
from will_pipeline.statistics.structural_series import project_series
from will_pipeline.statistics.suppression import (
    audit,
    bordered,
    suppress,
    two_way_relations,
)
from will_pipeline.statistics.synthetic import Tilt, estimate_tilt, synthetic_counts
from will_pipeline.statistics.synthetic_intervals import bootstrap_intervals
from will_pipeline.statistics.threads import single_threaded
from will_pipeline.statistics.twins import nearest_areas

# Libraries of linear algebra use a second thread only from some ten thousand rows on.
ROWS = 30_000
DOMAINS = np.arange(ROWS) % 3_000
DESIGN = np.column_stack([np.ones(ROWS), np.random.default_rng(1).normal(size=(ROWS, 7))])
OUTCOME = DESIGN @ np.arange(8.0) + np.random.default_rng(2).normal(size=ROWS)
PERSONS = np.random.default_rng(3).uniform(50, 900, (ROWS, 12)).round()
RATES = np.linspace(0.05, 0.5, 12)
POOL = np.random.default_rng(4).normal(size=(4_000, 10))
NAMES = [f"x{column}" for column in range(10)]
CITY_TILT = Tilt(np.array([0.2, 0.1]), 0.01 * np.eye(2), 0.1)


def generator() -> np.random.Generator:
    return np.random.default_rng(20_240_101)


def arrays(result: Any) -> Iterator[np.ndarray]:
    """All the numbers of a result, whatever it is made of."""
    if is_dataclass(result):
        for field in fields(result):
            yield from arrays(getattr(result, field.name))
    elif isinstance(result, dict):
        for value in result.values():
            yield from arrays(value)
    elif isinstance(result, tuple | list):
        for value in result:
            yield from arrays(value)
    elif isinstance(result, np.ndarray | float | int):
        yield np.asarray(result)


def typology() -> object:
    fitted = fit_typology(POOL, indicators=NAMES, clusters=5, generator=generator(), starts=3)
    soft = soft_membership(POOL, fitted, generator=generator(), covariance="full")
    return fitted, assign(POOL, fitted), soft


def stability() -> object:
    few = POOL[:1_500]
    options: dict[str, Any] = {"resamples": 4, "starts": 2, "resample_starts": 2}
    one = bootstrap_stability(few, indicators=NAMES, clusters=4, generator=generator(), **options)
    several = choose_clusters(
        few, indicators=NAMES, candidates=[2, 3], generator=generator(), **options
    )
    return one, several


def basins() -> object:
    pairs = profile_neighbours(POOL[:1_200], groups=np.arange(1_200) // 400)
    return pairs, demand_basins(POOL[:1_200], np.full(1_200, 10.0), pairs, minimum=200)


def mixed_models() -> object:
    labels = np.arange(3_000)
    sizes = np.full(3_000, 100.0)
    means = np.column_stack([np.ones(3_000), np.zeros((3_000, 7))])
    multivariate = multivariate_mixed(np.column_stack([OUTCOME, -(OUTCOME**2)]), DESIGN, DOMAINS)
    univariate = battese_harter_fuller(
        OUTCOME, DESIGN, DOMAINS, areas=labels, population_means=means, population_sizes=sizes
    )
    return multivariate, multivariate.predict(labels, sizes[:, None] * means, sizes), univariate


def panel() -> object:
    area, year = np.repeat(np.arange(400), 6), np.tile(np.arange(6), 400)
    outcome = np.random.default_rng(5).normal(size=area.size)
    treated = area < 150
    return (
        two_by_two(outcome, treated=treated, after=year >= 3, area=area),
        event_study(outcome, treated=treated, period=year, area=area, start=3),
    )


def permuted() -> object:
    treated = np.arange(60) < 20
    return (
        permuted_effect(POOL[:60, 0], treated=treated, generator=generator()),
        permuted_trends(POOL[:60, :5], treated=treated, generator=generator()),
    )


def synthetic() -> object:
    persons, signals = PERSONS[:3_000], POOL[:3_000, :2]
    expected = persons @ RATES
    tilt = estimate_tilt(expected * np.exp(0.1 * POOL[:3_000, 2]), expected / 20, expected, signals)
    drawn = bootstrap_intervals(
        persons[:400],
        RATES,
        50_000,
        generator=generator(),
        rate_errors=np.full(12, 0.01),
        total_error=900.0,
        signals=signals[:400],
        tilt=CITY_TILT,
        draws=200,
    )
    return tilt, synthetic_counts(persons, RATES, 50_000), drawn


def tables() -> object:
    counts = np.random.default_rng(7).poisson(6, size=(6, 6))
    cells, relations = bordered(counts).ravel(), two_way_relations(6, 6)
    hidden = suppress(cells, relations, threshold=5)
    other = PERSONS[:2_000, ::-1]
    raked = rake(PERSONS[:2_000], {(0,): other.sum(axis=1), (1,): other.sum(axis=0)})
    return hidden, audit(cells, relations, hidden.suppressed), raked


def index() -> object:
    draws = 100 + 10 * np.random.default_rng(6).normal(size=(200, 200, 4))
    return simulate_index(
        draws,
        goalposts=[Goalposts(50, 150, 100)] * 4,
        city=np.arange(200) // 20,
        generator=generator(),
    )


@pytest.mark.parametrize(
    "call",
    [
        typology,
        stability,
        basins,
        mixed_models,
        panel,
        permuted,
        synthetic,
        index,
        tables,
        lambda: nearest_areas(POOL, np.arange(4_000) % 8, indicators=NAMES),
        lambda: fay_herriot(OUTCOME, np.linspace(0.2, 2, ROWS), DESIGN),
        lambda: posterior(OUTCOME[:400], np.linspace(0.2, 2, 400), DESIGN[:400]),
        lambda: ecological_stratum_rates(PERSONS @ RATES, PERSONS),
        lambda: indirect(PERSONS[:, 0], PERSONS, RATES),
        lambda: exponential_ranks(1 + PERSONS, total=1_000, weights=np.full(12, 1 / 12)),
        lambda: nested_mean(
            PERSONS[:, :3],
            codes=["a", "b", "c"],
            parents=dict.fromkeys("abc", "top"),
            weights={"a": 1.0, "b": 2.0, "c": 4.0},
        ),
        lambda: (
            isolation(PERSONS[:, 0], PERSONS.sum(axis=1)),
            interaction(PERSONS[:, 0], PERSONS[:, 1], PERSONS.sum(axis=1)),
            entropy_index(PERSONS),
        ),
        lambda: calibrate(OUTCOME / 100, PERSONS[:, 0], 0.1),
        lambda: project_series(20 + POOL[:14, 0].cumsum(), np.arange(2010, 2024), horizon=3),
        lambda: sobol_indices(
            lambda x: x @ np.arange(1.0, 7.0),
            [Factor(str(number)) for number in range(6)],
            generator=generator(),
            samples=4_096,
        ),
    ],
)
def test_one_and_two_threads_give_the_same_bits(call: Callable[[], object]) -> None:
    with threadpool_limits(limits=1):
        one = list(arrays(call()))
    with threadpool_limits(limits=2):
        two = list(arrays(call()))
    assert one
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_limit_ends_with_the_call() -> None:
    def threads() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    with threadpool_limits(limits=2, user_api="blas"):
        before = threads()
        assert single_threaded(threads)() == {1}
        assert threads() == before
