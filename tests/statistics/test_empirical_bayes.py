"""Published numbers, invariants and calibration of the empirical Bayes estimators."""

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.empirical_bayes import (
    beta_binomial,
    gamma_poisson,
    jeffreys,
    marshall,
    poisson_interval,
)

EVENTS = [2, 10, 30, 0, 45]
PERSONS = [20, 120, 250, 35, 600]


def _each(
    values: st.SearchStrategy[Any], areas: int, *, alike: bool
) -> st.SearchStrategy[list[Any]]:
    if alike:
        return values.map(lambda value: [value] * areas)
    return st.lists(values, min_size=areas, max_size=areas)


@st.composite
def city(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    areas = draw(st.integers(1, 14))
    # Equal areas leave no room between their own rate and the prior: the sharpest of the cases.
    alike = draw(st.booleans())
    persons, share = st.integers(1, 30_000), st.floats(0, 1)
    trials = draw(_each(persons, areas, alike=alike))
    shares = draw(_each(share, areas, alike=alike))
    events = [round(n * share) for n, share in zip(trials, shares, strict=True)]
    return np.array(events, dtype=float), np.array(trials, dtype=float)


def test_marshall_gives_the_worked_numbers() -> None:
    result = marshall(EVENTS, PERSONS)
    expected = [0.085541329, 0.084544642, 0.097678065, 0.078570424, 0.079157032]
    np.testing.assert_allclose(result.rate, expected, atol=1e-9)
    assert result.prior_mean == pytest.approx(0.08487804878, abs=1e-11)
    assert result.prior_variance == pytest.approx(0.000194685703, abs=1e-12)


def test_marshall_reproduces_the_published_estimates(shared: Path) -> None:
    published = pd.read_csv(shared / "oracles" / "shrinkage" / "spdep_EBest_expected.csv")
    result = marshall(published["r"].to_numpy(), published["n"].to_numpy())
    np.testing.assert_allclose(result.rate, published["estmm"], atol=1e-9)


def test_marshall_without_spread_gives_everyone_the_mean() -> None:
    result = marshall([10, 20, 30], [100, 200, 300])
    assert result.prior_variance == 0.0
    np.testing.assert_allclose(result.rate, 0.1)


@given(city(), st.floats(0.001, 1_000))
def test_marshall_stays_between_own_rate_and_mean_in_any_order(
    counts: tuple[np.ndarray, np.ndarray], factor: float
) -> None:
    events, population = (np.append(part, part[::-1]) for part in counts)
    result, raw = marshall(events, factor * population), events / population / factor
    slack = 1e-12 * (1 + raw.max())
    assert (result.rate >= np.minimum(raw, result.prior_mean) - slack).all()
    assert (result.rate <= np.maximum(raw, result.prior_mean) + slack).all()
    again = marshall(events[::-1], factor * population[::-1])
    np.testing.assert_allclose(again.rate, result.rate[::-1], rtol=1e-7, atol=slack)


@given(city())
def test_beta_binomial_stays_between_own_rate_and_prior(
    counts: tuple[np.ndarray, np.ndarray],
) -> None:
    events, trials = counts
    result = beta_binomial(events, trials)
    raw = events / trials
    tolerance = 1e-12
    assert (result.rate >= np.minimum(raw, result.prior_mean) - tolerance).all()
    assert (result.rate <= np.maximum(raw, result.prior_mean) + tolerance).all()
    assert (result.rate > 0).all()
    assert (result.rate < 1).all()
    assert (result.lower >= 0).all()
    assert (result.upper <= 1).all()
    assert (result.lower < result.upper).all()
    np.testing.assert_allclose(result.alpha / (result.alpha + result.beta), result.rate)


@given(city(), st.randoms(use_true_random=False))
def test_order_of_areas_does_not_matter(
    counts: tuple[np.ndarray, np.ndarray], random: Random
) -> None:
    events, trials = counts
    order = list(range(events.size))
    random.shuffle(order)
    straight, shuffled = beta_binomial(events, trials), beta_binomial(events[order], trials[order])
    np.testing.assert_allclose(shuffled.rate, straight.rate[order], rtol=1e-9)
    np.testing.assert_allclose(shuffled.upper, straight.upper[order], rtol=1e-6)


@given(city())
def test_counting_the_complement_mirrors_the_result(
    counts: tuple[np.ndarray, np.ndarray],
) -> None:
    events, trials = counts
    result, mirrored = beta_binomial(events, trials), beta_binomial(trials - events, trials)
    np.testing.assert_allclose(mirrored.rate, 1 - result.rate, atol=1e-9)


@given(city())
def test_gamma_poisson_stays_between_own_ratio_and_prior(
    counts: tuple[np.ndarray, np.ndarray],
) -> None:
    observed, expected = counts
    result = gamma_poisson(observed, expected)
    raw = observed / expected
    assert (result.ratio >= np.minimum(raw, result.prior_mean) - 1e-12).all()
    assert (result.ratio <= np.maximum(raw, result.prior_mean) + 1e-12).all()
    assert (result.lower >= 0).all()
    assert (result.lower < result.upper).all()


def test_more_persons_borrow_less() -> None:
    trials = np.array([1_000, 3_000, 10_000, 30_000, 5_000, 5_000])
    events = trials * np.array([0.10, 0.10, 0.10, 0.10, 0.04, 0.16])
    result = beta_binomial(events, trials)
    borrowed = result.prior_strength / (result.prior_strength + trials)
    assert (np.diff(borrowed[:4]) < 0).all()
    assert (np.diff((result.upper - result.lower)[:4]) < 0).all()


def test_groups_are_independent_of_each_other() -> None:
    one = beta_binomial(EVENTS, PERSONS)
    both = beta_binomial(
        [*EVENTS, 300, 500, 100, 900],
        [*PERSONS, 1000, 1100, 1200, 1300],
        groups=["Novara"] * 5 + ["Rovigo"] * 4,
    )
    np.testing.assert_allclose(both.rate[:5], one.rate)
    assert both.prior_mean[5] == pytest.approx(1800 / 4600)


@pytest.mark.parametrize("areas", [4, 8, 14])
def test_no_spread_between_areas_never_collapses_the_interval(areas: int) -> None:
    trials = np.full(areas, 2_000)
    result = beta_binomial(np.full(areas, 200), trials)
    own = jeffreys([200], [2_000])
    largest_borrowing = (areas - 3) / (areas - 1)
    np.testing.assert_allclose(
        result.prior_strength / (result.prior_strength + trials), largest_borrowing
    )
    narrowest = np.sqrt(1 - largest_borrowing) * (own.upper - own.lower)
    assert (result.upper - result.lower > 0.99 * narrowest).all()


def test_three_areas_borrow_no_more_than_half_an_event() -> None:
    result = beta_binomial([100, 200, 300], [1000, 2000, 2500])
    np.testing.assert_allclose(result.prior_strength * result.prior_mean, 0.5)


def test_a_city_without_events_keeps_an_upper_limit() -> None:
    result = beta_binomial([0, 0, 0, 0], [1000] * 4)
    assert (result.upper > 0).all()
    assert (result.upper < 0.005).all()
    ratios = gamma_poisson([0, 0, 0, 0], [10.0] * 4)
    assert (ratios.upper > 0).all()


def test_gamma_poisson_pulls_towards_the_ratio_of_the_group() -> None:
    result = gamma_poisson([8, 12, 10, 30, 0], [10, 10, 10, 10, 10])
    np.testing.assert_allclose(result.prior_mean, 1.2)
    assert 1.2 < result.ratio[3] < 3.0
    assert 0.0 < result.ratio[4] < 1.2


def test_draws_follow_the_posterior_and_the_generator() -> None:
    result = beta_binomial(EVENTS, PERSONS)
    drawn = result.draw(20_000, np.random.default_rng(7))
    assert drawn.shape == (20_000, 5)
    np.testing.assert_allclose(drawn.mean(axis=0), result.rate, rtol=0.02)
    np.testing.assert_allclose(np.quantile(drawn, 0.95, axis=0), result.upper, rtol=0.05)
    np.testing.assert_array_equal(drawn, result.draw(20_000, np.random.default_rng(7)))
    ratios = gamma_poisson([8, 12, 10, 30, 0], [10] * 5)
    np.testing.assert_allclose(
        ratios.draw(20_000, np.random.default_rng(7)).mean(axis=0), ratios.ratio, rtol=0.05
    )


def test_unshrunk_intervals_have_their_published_limits() -> None:
    # Garwood's 95 % limits for 0, 1 and 10 events, as tabulated in every epidemiology handbook.
    exact = poisson_interval([0, 1, 10], level=0.95)
    np.testing.assert_allclose(exact.lower, [0.0, 0.0253178, 4.795389], atol=1e-6)
    np.testing.assert_allclose(exact.upper, [3.688879, 5.571643, 18.390356], atol=1e-6)
    drawn = exact.draw(20_000, np.random.default_rng(1))
    np.testing.assert_allclose(drawn.mean(axis=0), [0.5, 1.5, 10.5], rtol=0.03)
    edges = jeffreys([0, 5, 10], [10, 10, 10])
    assert edges.lower[0] == 0.0
    assert edges.upper[2] == 1.0
    assert edges.lower[1] == pytest.approx(1 - edges.upper[1])
    assert edges.draw(3, np.random.default_rng(1)).shape == (3, 3)


@pytest.mark.parametrize(
    ("events", "trials", "groups", "named"),
    [
        ([1, 2], [1, 1], None, "events"),
        ([1, np.nan], [2, 2], None, "events"),
        ([-1, 0], [2, 2], None, "events"),
        ([0, 0], [2, 0], None, "trials"),
        ([0, 0, 0], [2, 2], None, "trials"),
        ([0, 0], [2, 2], ["a"], "groups"),
        ([0, 0], [2, 2], np.array(["a", None], dtype=object), "groups"),
    ],
)
def test_broken_input_is_named(
    events: list[float], trials: list[float], groups: list[str] | None, named: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        beta_binomial(events, trials, groups=groups)
    assert caught.value.argument == named


def test_one_area_alone_cannot_be_shrunk_by_marshall() -> None:
    with pytest.raises(InvalidInput, match="at least 2"):
        marshall([1], [10])
    with pytest.raises(InvalidInput, match="draws"):
        jeffreys([1], [10]).draw(0, np.random.default_rng(1))


@pytest.mark.slow
@pytest.mark.parametrize("mean", [0.08, 0.2, 0.5])
@pytest.mark.parametrize("variation", [0.15, 0.3])
def test_nominal_ninety_percent_covers_the_truth(mean: float, variation: float) -> None:
    generator = np.random.default_rng(20_240_101)
    areas = generator.integers(4, 15, 1_000)
    groups = np.repeat(np.arange(1_000), areas)
    trials = np.exp(generator.uniform(np.log(1_000), np.log(30_000), groups.size)).round()
    strength = (1 - mean) / (mean * variation**2) - 1
    truth = generator.beta(mean * strength, (1 - mean) * strength, groups.size)
    events = generator.binomial(trials.astype(int), truth)
    rates = beta_binomial(events, trials, groups=groups)
    assert 0.87 <= ((rates.lower <= truth) & (truth <= rates.upper)).mean() <= 0.93

    expected = trials * mean
    risk = generator.gamma(1 / variation**2, variation**2, groups.size)
    ratios = gamma_poisson(generator.poisson(expected * risk), expected, groups=groups)
    assert 0.87 <= ((ratios.lower <= risk) & (risk <= ratios.upper)).mean() <= 0.93
