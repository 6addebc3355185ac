"""Permutations worked by hand, intervals that invert the test, error rates that hold."""

import os
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.statistics.area_permutation import (
    attainable_size,
    permuted_effect,
    permuted_trends,
)
from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.difference_in_differences import minimum_detectable_effect, two_by_two

AREAS, TREATED = 12, np.arange(12) < 4
SIMULATIONS = 2_000 if os.environ.get("WILL_LONG") else 200
# Three standard errors of a 5 % rate over so many simulations.
HELD = 0.05 + 3 * np.sqrt(0.05 * 0.95 / SIMULATIONS)


def generator() -> np.random.Generator:
    return np.random.default_rng(7)


def dependent(noise: np.random.Generator, *, periods: int, dependence: float = 0.7) -> np.ndarray:
    """Autocorrelated outcome of the twelve areas, shape (areas, periods)."""
    values = noise.normal(size=(AREAS, periods))
    values[:, 0] /= np.sqrt(1 - dependence**2)
    for column in range(1, periods):
        values[:, column] += dependence * values[:, column - 1]
    return values


def test_the_p_value_counts_the_assignments_by_hand() -> None:
    change = np.array([5.0, 9.0, 1.0, 2.0, 0.0, 4.0, 1.5])
    treated = np.arange(7) < 2
    result = permuted_effect(change, treated=treated, generator=generator())
    gaps = [
        change[list(own)].mean() - np.delete(change, list(own)).mean()
        for own in combinations(range(7), 2)
    ]
    assert result.assignments == len(gaps) == 21
    assert result.estimate == pytest.approx(7 - 1.7)
    assert result.p_value == pytest.approx(np.mean(np.abs(gaps) >= abs(gaps[0]) - 1e-12))
    assert result.attainable_size == pytest.approx(1 / 21)


def test_the_detectable_effect_is_bloom_s_with_the_pooled_variance() -> None:
    change = np.arange(12.0) ** 1.5
    result = permuted_effect(change, treated=TREATED, generator=generator())
    pooled = (3 * change[TREATED].var(ddof=1) + 7 * change[~TREATED].var(ddof=1)) / 10
    error = np.sqrt(pooled * (1 / 4 + 1 / 8))
    assert result.minimum_detectable == pytest.approx(
        minimum_detectable_effect(error, 10, size=24 / 495)
    )


@given(st.integers(0, 100_000), st.integers(2, 5), st.floats(-4, 4))
def test_the_interval_holds_exactly_the_effects_that_are_not_rejected(
    seed: int, own: int, shift: float
) -> None:
    change, treated = np.random.default_rng(seed).normal(size=10), np.arange(10) < own
    if own == 5:
        change = np.append(change, 0.3)
        treated = np.append(treated, False)
    result = permuted_effect(change, treated=treated, generator=generator())
    moved = permuted_effect(change - shift * treated, treated=treated, generator=generator())
    assert result.lower <= result.estimate <= result.upper
    near_an_end = min(abs(shift - result.lower), abs(shift - result.upper)) < 1e-6
    assert near_an_end or (moved.p_value > 0.05) == (result.lower < shift < result.upper)


@given(st.integers(0, 100_000), st.floats(-50, 50), st.floats(0.1, 20))
def test_order_level_and_units_do_not_matter(seed: int, shift: float, factor: float) -> None:
    noise = np.random.default_rng(seed)
    change = noise.normal(size=AREAS)
    plain = permuted_effect(change, treated=TREATED, generator=generator())
    order = noise.permutation(AREAS)
    other = permuted_effect(
        (shift + factor * change)[order], treated=TREATED[order], generator=generator()
    )
    assert other.p_value == plain.p_value
    assert other.lower == pytest.approx(factor * plain.lower)
    assert other.minimum_detectable == pytest.approx(factor * plain.minimum_detectable)


@pytest.mark.parametrize(
    ("own", "others", "rate"),
    [(2, 5, 1 / 21), (2, 4, 0.0), (3, 3, 0.0), (4, 4, 2 / 70), (3, 9, 11 / 220), (2, 2, 0.0)],
)
def test_few_areas_allow_few_error_rates(own: int, others: int, rate: float) -> None:
    assert attainable_size(own, others) == pytest.approx(rate)
    if rate == 0:
        treated = np.arange(own + others) < own
        with pytest.raises(InvalidInput, match="too few areas"):
            permuted_effect(np.arange(own + others) ** 2.0, treated=treated, generator=generator())


def test_many_areas_are_sampled_with_the_seed() -> None:
    noise = np.random.default_rng(1)
    treated = np.arange(40) < 15
    change = noise.normal(size=40) + 0.9 * treated
    first = permuted_effect(change, treated=treated, generator=generator())
    assert first == permuted_effect(change, treated=treated, generator=generator())
    assert first.assignments == 20_000
    assert first.lower < first.estimate < first.upper
    assert (first.p_value <= 0.05) == (first.lower > 0)


def test_an_unchanged_outcome_has_no_effect_and_no_trend() -> None:
    flat = permuted_effect(np.full(AREAS, 3.0), treated=TREATED, generator=generator())
    assert (flat.estimate, flat.p_value, flat.lower, flat.upper) == (0.0, 1.0, 0.0, 0.0)
    assert permuted_trends(np.ones((AREAS, 3)), treated=TREATED, generator=generator()) == 1.0


def test_trends_compare_shapes_and_never_levels() -> None:
    noise = np.random.default_rng(2)
    paths = noise.normal(size=(AREAS, 4))
    plain = permuted_trends(paths, treated=TREATED, generator=generator())
    raised = paths + 100 * TREATED[:, None] + noise.normal(size=(AREAS, 1))
    assert permuted_trends(raised, treated=TREATED, generator=generator()) == plain
    leaning = paths + 3 * TREATED[:, None] * np.arange(4)
    assert permuted_trends(leaning, treated=TREATED, generator=generator()) < 0.01


def test_trends_need_two_periods() -> None:
    with pytest.raises(InvalidInput, match="two periods"):
        permuted_trends(np.ones((AREAS, 1)), treated=TREATED, generator=generator())


@pytest.mark.parametrize("own", [3, 4])
def test_false_alarms_hold_their_rate_where_clustered_errors_do_not(own: int) -> None:
    noise, treated = np.random.default_rng(20_260), np.arange(AREAS) < own
    area, after = np.repeat(np.arange(AREAS), 7), np.tile(np.arange(7) >= 4, AREAS)
    permuted, clustered, trends = [], [], []
    for _ in range(SIMULATIONS):
        values = dependent(noise, periods=7)
        change = values[:, 4:].mean(axis=1) - values[:, :4].mean(axis=1)
        permuted.append(
            permuted_effect(change, treated=treated, generator=generator()).p_value <= 0.05
        )
        trends.append(
            permuted_trends(values[:, :4], treated=treated, generator=generator()) <= 0.05
        )
        naive = two_by_two(values.ravel(), treated=treated[area], after=after, area=area)
        clustered.append(naive.p_value <= 0.05)
    assert np.mean(permuted) <= HELD
    assert np.mean(trends) <= HELD
    assert np.mean(clustered) > np.mean(permuted)


def test_the_detectable_effect_is_found_four_times_in_five() -> None:
    noise = np.random.default_rng(5)
    # Standard deviation one: the effect that four treated areas of twelve can show.
    size = minimum_detectable_effect(np.sqrt(1 / 4 + 1 / 8), 10, size=24 / 495)
    found = [
        permuted_effect(
            noise.normal(size=AREAS) + size * TREATED, treated=TREATED, generator=generator()
        ).p_value
        <= 0.05
        for _ in range(SIMULATIONS)
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=3 * np.sqrt(0.16 / SIMULATIONS))
