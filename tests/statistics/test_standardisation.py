"""Indirect standardisation and ecological regression on cases with a known answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.standardisation import ecological_stratum_rates, indirect

RATES = np.array([0.05, 0.20, 0.60])


def areas(count: int, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).uniform(100, 4_000, (count, 3)).round()


def test_indirect_by_hand() -> None:
    expected, ratio = indirect([30, 10], [[100, 100], [200, 0]], [0.1, 0.2])
    np.testing.assert_allclose(expected, [30, 20])
    np.testing.assert_allclose(ratio, [1.0, 0.5])


@given(st.integers(2, 30), st.integers(0, 1_000))
def test_rates_of_the_whole_as_standard_leave_the_total_unchanged(count: int, seed: int) -> None:
    population = areas(count, seed)
    by_band = population * np.random.default_rng(seed + 1).uniform(0, 0.5, population.shape)
    standard = by_band.sum(axis=0) / population.sum(axis=0)
    expected, _ = indirect(by_band.sum(axis=1), population, standard)
    assert expected.sum() == pytest.approx(by_band.sum())


def test_age_alone_gives_ratio_one_whatever_the_composition() -> None:
    population = areas(12)
    _, ratio = indirect(population @ RATES, population, RATES)
    np.testing.assert_allclose(ratio, 1.0)


def test_ecological_regression_recovers_constant_rates() -> None:
    population = areas(60)
    result = ecological_stratum_rates(population @ RATES, population)
    np.testing.assert_allclose(result.rates, RATES, atol=1e-9)
    assert not result.at_bound.any()
    assert result.r_squared == pytest.approx(1.0)
    assert result.total_ratio == pytest.approx(1.0)


def test_ecological_standard_errors_describe_repeated_samples() -> None:
    generator = np.random.default_rng(3)
    population = areas(200)
    fits = [
        ecological_stratum_rates(
            generator.binomial(population.astype(int), RATES).sum(axis=1), population
        )
        for _ in range(200)
    ]
    estimates = np.array([fit.rates for fit in fits])
    errors = np.array([fit.standard_error for fit in fits])
    np.testing.assert_allclose(estimates.mean(axis=0), RATES, atol=0.002)
    np.testing.assert_allclose(errors.mean(axis=0), estimates.std(axis=0), rtol=0.2)


def test_a_rate_stopped_by_a_bound_is_flagged() -> None:
    population = areas(40)
    result = ecological_stratum_rates(
        population @ np.array([0.0, 0.2, 0.6]), population, bounds=(0.05, 1.0)
    )
    assert result.at_bound.tolist() == [True, False, False]
    assert result.rates[0] == pytest.approx(0.05)
    assert np.isnan(result.standard_error[0])
    assert np.isfinite(result.standard_error[1:]).all()


def test_fallacy_shows_when_rates_depend_on_composition() -> None:
    population = areas(200)
    share = population[:, 2] / population.sum(axis=1)
    events = population[:, 2] * share
    truth = events.sum() / population[:, 2].sum()
    result = ecological_stratum_rates(events, population)
    assert result.rates[2] > 1.1 * truth


def test_more_events_than_residents_are_refused_unless_bounds_admit_them() -> None:
    persons = np.array([[50.0, 50], [80, 20], [30, 70], [10, 90]])
    with pytest.raises(InvalidInput, match=r"counts\[2\]: must lie between the bounds"):
        ecological_stratum_rates([10, 20, 101, 30], persons)
    assert ecological_stratum_rates([10, 20, 101, 30], persons, bounds=(0, 3)).rates.size == 2


def test_broken_input_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"population_by_band\[\d\]: must expect an event"):
        indirect([1, 0], [[1, 1], [0, 0]], [0.1, 0.1])
    with pytest.raises(InvalidInput, match="2 columns"):
        indirect([1], [[1, 1, 1]], [0.1, 0.1])
    with pytest.raises(InvalidInput, match=r"population_by_band\[0, 1\]"):
        indirect([1], [[1, -1]], [0.1, 0.1])
    with pytest.raises(InvalidInput, match="length of observed"):
        indirect([1, 2], [[1, 1]], [0.1, 0.1])
    with pytest.raises(InvalidInput, match="collinear"):
        ecological_stratum_rates([1, 2, 3], [[5, 5], [6, 6], [7, 7]])
    with pytest.raises(InvalidInput, match="at least 3"):
        ecological_stratum_rates([1, 2], [[5, 5], [6, 7]])
    with pytest.raises(InvalidInput, match="increasing"):
        ecological_stratum_rates([1, 2, 3], [[5, 5], [6, 7], [7, 1]], bounds=(1.0, 0.0))
    with pytest.raises(InvalidInput, match="total"):
        ecological_stratum_rates([1, 2, 0], [[5, 5], [6, 7], [0, 0]])
