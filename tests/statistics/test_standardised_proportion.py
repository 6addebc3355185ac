"""Known limits, invariants and calibration of indirectly standardised proportions."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.empirical_bayes import beta_binomial, gamma_poisson
from will_pipeline.statistics.standardised_proportion import standardised_proportion

OBSERVED = [450, 610, 1500, 280, 900]
EXPECTED = [500.0, 580, 1400, 300, 1000]
PERSONS = [1000, 1200, 2500, 700, 2100]


@st.composite
def city(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    areas = draw(
        st.lists(
            st.tuples(st.integers(1, 30_000), st.floats(0.02, 0.45), st.floats(0, 2)),
            min_size=1,
            max_size=14,
        )
    )
    persons, shares, ratios = np.array(areas, dtype=float).T
    return np.floor(persons * shares * ratios), persons * shares, persons


def simulate(
    share: float, variation: float, *, cities: int = 1_000
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(20_240_101)
    groups = np.repeat(np.arange(cities), generator.integers(4, 15, cities))
    persons = np.exp(generator.uniform(np.log(1_000), np.log(30_000), groups.size)).round()
    expected_share = share * np.exp(generator.normal(0, 0.08, groups.size))
    truth = generator.gamma(1 / variation**2, variation**2, groups.size)
    truth = np.minimum(truth, 0.98 / expected_share)
    observed = generator.binomial(persons.astype(int), truth * expected_share)
    return observed, persons * expected_share, persons, groups, truth


@given(city())
def test_equal_expected_shares_give_the_beta_binomial(
    counts: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    observed, _, persons = counts
    result = standardised_proportion(observed, 0.25 * persons, persons)
    plain = beta_binomial(observed, persons)
    np.testing.assert_allclose(0.25 * result.ratio, plain.rate, rtol=1e-9)
    np.testing.assert_allclose(0.25 * result.lower, plain.lower, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(0.25 * result.upper, plain.upper, rtol=1e-6)
    np.testing.assert_allclose(result.prior_strength, 0.25 * plain.prior_strength, rtol=1e-9)


@given(city())
def test_ratios_stay_between_raw_and_prior_and_imply_no_more_than_all(
    counts: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    observed, expected, persons = counts
    result = standardised_proportion(observed, expected, persons)
    raw = observed / expected
    assert (result.ratio >= np.minimum(raw, result.prior_mean) - 1e-12).all()
    assert (result.ratio <= np.maximum(raw, result.prior_mean) + 1e-12).all()
    assert (result.lower >= 0).all()
    assert (result.lower < result.upper).all()
    assert (result.upper * result.expected_share <= 1 + 1e-12).all()


@given(city(), st.randoms(use_true_random=False))
def test_order_of_areas_does_not_matter(
    counts: tuple[np.ndarray, np.ndarray, np.ndarray], random: Random
) -> None:
    order = list(range(counts[0].size))
    random.shuffle(order)
    straight = standardised_proportion(*counts)
    shuffled = standardised_proportion(*(column[order] for column in counts))
    np.testing.assert_allclose(shuffled.ratio, straight.ratio[order], rtol=1e-9)
    np.testing.assert_allclose(shuffled.upper, straight.upper[order], rtol=1e-6)


def test_rare_conditions_agree_with_the_poisson_ratios() -> None:
    persons = np.array([80_000, 50_000, 120_000, 60_000, 90_000])
    expected, observed = persons * 0.001, np.array([95, 40, 118, 66, 70])
    binomial = standardised_proportion(observed, expected, persons)
    poisson = gamma_poisson(observed, expected)
    np.testing.assert_allclose(binomial.ratio, poisson.ratio, rtol=2e-3)
    np.testing.assert_allclose(binomial.upper, poisson.upper, rtol=5e-3)


def test_common_conditions_have_shorter_intervals_than_poisson_ratios() -> None:
    binomial = standardised_proportion(OBSERVED, EXPECTED, PERSONS)
    poisson = gamma_poisson(OBSERVED, EXPECTED)
    assert (binomial.upper - binomial.lower < 0.85 * (poisson.upper - poisson.lower)).all()


def test_groups_are_independent_of_each_other() -> None:
    one = standardised_proportion(OBSERVED, EXPECTED, PERSONS)
    both = standardised_proportion(
        [*OBSERVED, 30, 50, 10, 90],
        [*EXPECTED, 40, 40, 15, 70],
        [*PERSONS, 100, 110, 120, 130],
        groups=["Novara"] * 5 + ["Rovigo"] * 4,
    )
    np.testing.assert_allclose(both.ratio[:5], one.ratio)
    assert both.prior_mean[5] == pytest.approx(180 / 165)


@pytest.mark.parametrize(("observed", "share"), [(0, 0.0), (1000, 1.0)])
def test_a_city_of_nobody_or_everybody_keeps_an_interval(observed: int, share: float) -> None:
    result = standardised_proportion([observed] * 4, [400.0] * 4, [1000] * 4)
    np.testing.assert_allclose(0.4 * result.ratio, share, atol=2e-3)
    assert (result.upper - result.lower > 1e-4).all()


def test_draws_follow_the_posterior_and_the_generator() -> None:
    result = standardised_proportion(OBSERVED, EXPECTED, PERSONS)
    drawn = result.draw(20_000, np.random.default_rng(7))
    assert drawn.shape == (20_000, 5)
    np.testing.assert_allclose(drawn.mean(axis=0), result.ratio, rtol=0.01)
    np.testing.assert_allclose(np.quantile(drawn, 0.05, axis=0), result.lower, rtol=0.01)
    np.testing.assert_array_equal(drawn, result.draw(20_000, np.random.default_rng(7)))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("variation", [0.1, 0.2])
def test_nominal_ninety_percent_covers_the_truth(share: float, variation: float) -> None:
    observed, expected, persons, groups, truth = simulate(share, variation)
    result = standardised_proportion(observed, expected, persons, groups=groups)
    assert 0.88 <= ((result.lower <= truth) & (truth <= result.upper)).mean() <= 0.92


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_poisson_ratios_would_be_too_cautious_for_common_conditions(share: float) -> None:
    observed, expected, _, groups, truth = simulate(share, 0.1)
    result = gamma_poisson(observed, expected, groups=groups)
    assert ((result.lower <= truth) & (truth <= result.upper)).mean() > 0.93


@pytest.mark.parametrize(
    ("observed", "expected", "trials", "named", "position"),
    [
        ([5, 2], [1.0, 1], [4, 4], "observed", (0,)),
        ([1, 2], [1.0, 5], [4, 4], "expected", (1,)),
        ([1, 2], [1.0, 0], [4, 4], "expected", (1,)),
        ([1, 2], [1.0], [4, 4], "trials", None),
        ([90, 40], [70.0, 20], [100, 100], "expected", (0,)),
    ],
)
def test_broken_input_is_named(
    observed: list[float],
    expected: list[float],
    trials: list[float],
    named: str,
    position: tuple[int, ...] | None,
) -> None:
    with pytest.raises(InvalidInput) as caught:
        standardised_proportion(observed, expected, trials)
    assert caught.value.argument == named
    assert caught.value.position == position
