"""Known answers, totals, calibration and refusals of synthetic estimation."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.synthetic import (
    Tilt,
    estimate_tilt,
    relative_risk,
    synthetic_counts,
    tilt_sensitivity,
)
from will_pipeline.statistics.synthetic_intervals import SyntheticIntervals, bootstrap_intervals

RATES = np.array([0.1, 0.2])
PERSONS = np.array([[100.0, 100], [200, 0], [0, 200]])
PLAIN = Tilt(np.array([0.3]), np.array([[0.01]]), 0.1)
SIGNALS = np.array([[-1.0], [0.0], [1.0]])


def intervals(**changes: Any) -> SyntheticIntervals:
    arguments: dict[str, Any] = {
        "generator": np.random.default_rng(7),
        "rate_errors": [0.01, 0.01],
        "total_error": 5.0,
        "draws": 400,
    }
    return bootstrap_intervals(PERSONS, RATES, 90.0, **{**arguments, **changes})


def test_group_structure_and_benchmark_by_hand() -> None:
    result = synthetic_counts(PERSONS, RATES, 45)
    np.testing.assert_allclose(result.expected, [30, 20, 40])
    np.testing.assert_allclose(result.counts, [15, 10, 20])
    np.testing.assert_allclose(result.rates, [0.075, 0.05, 0.1])
    assert result.adjustment == pytest.approx(0.5)


def test_relative_risks_move_persons_between_areas() -> None:
    result = synthetic_counts(PERSONS, RATES, 100, risks=[1, 1, 1.25])
    np.testing.assert_allclose(result.counts, [30, 20, 50])


@settings(deadline=None)
@given(
    arrays(float, st.tuples(st.integers(1, 20), st.just(3)), elements=st.floats(10, 1e4)),
    st.floats(0.001, 0.05),
    st.floats(0, 1),
)
def test_counts_add_up_to_the_benchmark(persons: np.ndarray, share: float, first: float) -> None:
    total = share * persons.sum()
    result = synthetic_counts(persons, [0.2 + first / 2, 0.3, 0.4], total)
    assert result.counts.sum() == pytest.approx(total, rel=1e-12)
    assert (result.rates <= 1).all()


@given(st.floats(-50, 50), st.floats(1.01, 10))
def test_risks_stay_within_the_bound(signal: float, bound: float) -> None:
    result = relative_risk([[signal]], Tilt(np.ones(1), np.eye(1), 0.0, bound))
    assert 1 / bound - 1e-12 <= result.risk[0] <= bound + 1e-12
    assert result.saturated[0] == (abs(signal) > np.log(bound))


def test_small_scores_are_exponential_and_order_is_kept() -> None:
    risks = relative_risk([[-3.0], [-0.01], [0.0], [0.01], [3.0], [4.0]], PLAIN).risk
    np.testing.assert_allclose(risks[1:4], np.exp([-0.003, 0, 0.003]), rtol=1e-7)
    assert (np.diff(risks) > 0).all()


def test_tilt_is_recovered_where_condition_and_signals_are_known() -> None:
    generator = np.random.default_rng(3)
    signals = generator.normal(size=(4_000, 2))
    expected = generator.uniform(1e3, 1e4, 4_000)
    risk = np.exp(signals @ [0.25, -0.1] + generator.normal(0, 0.12, 4_000))
    observed = expected * risk * (1 + 0.05 * generator.normal(size=4_000))
    tilt = estimate_tilt(observed, 0.05 * observed, 2 * expected, signals)
    np.testing.assert_allclose(tilt.weights, [0.25, -0.1], atol=0.01)
    assert tilt.heterogeneity == pytest.approx(0.12, abs=0.01)


def test_every_draw_adds_up_and_the_seed_decides() -> None:
    known = intervals(total_error=0.0, signals=SIGNALS, tilt=PLAIN)
    np.testing.assert_allclose(known.draws.sum(axis=1), 90)
    again = intervals(total_error=0.0, signals=SIGNALS, tilt=PLAIN)
    np.testing.assert_array_equal(known.draws, again.draws)
    assert (known.lower < known.upper).all()
    np.testing.assert_allclose(known.rate_lower, known.lower / 200)


@pytest.mark.parametrize(
    "more",
    [
        {"total_error": 30.0},
        {"signals": SIGNALS, "tilt": Tilt(np.array([0.3]), np.array([[0.2]]), 0.1)},
        {"signals": SIGNALS, "tilt": Tilt(np.array([0.3]), np.array([[0.0]]), 0.8)},
        {"rate_errors": [0.09, 0.09]},
        {"population_errors": np.full((3, 2), 60.0)},
    ],
)
def test_each_source_of_error_widens_the_intervals(more: dict[str, Any]) -> None:
    base = intervals(draws=3_000)
    wider = intervals(draws=3_000, **more)
    assert wider.standard_error.sum() > 1.05 * base.standard_error.sum()


def test_draws_centre_on_the_estimate() -> None:
    estimate = synthetic_counts(PERSONS, RATES, 90).counts
    np.testing.assert_allclose(intervals(draws=20_000).draws.mean(axis=0), estimate, rtol=0.01)


def test_risks_held_at_one_are_reported() -> None:
    result = bootstrap_intervals(
        [[100.0], [100.0]],
        [0.5],
        150,
        generator=np.random.default_rng(0),
        rate_errors=[0.0],
        total_error=0.0,
        signals=[[-1.0], [1.0]],
        tilt=Tilt(np.array([0.3]), np.array([[0.0]]), 0.3),
    )
    assert result.limited_share[0] < 0.05 < result.limited_share[1]


def test_sensitivity_goes_from_no_tilt_to_twice_the_tilt() -> None:
    counts = tilt_sensitivity(PERSONS, RATES, 90, SIGNALS, PLAIN)
    np.testing.assert_allclose(counts.sum(axis=1), 90)
    np.testing.assert_allclose(counts[0], synthetic_counts(PERSONS, RATES, 90).counts)
    assert (np.diff(counts[:, 2]) > 0).all()


@pytest.mark.slow
def test_intervals_cover_the_truth_of_simulated_cities() -> None:
    generator = np.random.default_rng(11)
    tilt = Tilt(np.array([0.25]), np.array([[0.001]]), 0.15)
    inside = []
    for _ in range(300):
        persons = np.rint(generator.gamma(2, 400, size=(15, 2))) + 20
        signals = generator.normal(size=(15, 1))
        weight = generator.normal(0.25, np.sqrt(0.001), 1)
        risk = relative_risk(signals, Tilt(weight, tilt.covariance, 0.0)).risk
        risk = risk * np.exp(generator.normal(0, 0.15, 15))
        truth = generator.binomial(persons.astype(int), RATES * risk[:, None]).sum(axis=1)
        total = truth.sum() * (1 + 0.05 * generator.normal())
        result = bootstrap_intervals(
            persons,
            RATES,
            float(total),
            generator=generator,
            rate_errors=[0.0, 0.0],
            total_error=0.05 * float(total),
            signals=signals,
            tilt=tilt,
            draws=400,
        )
        inside.append(((truth >= result.lower) & (truth <= result.upper)).mean())
    assert 0.88 <= np.mean(inside) <= 0.92


@pytest.mark.parametrize(
    ("populations", "rates", "total", "risks", "message"),
    [
        ([[1.0, -1]], RATES, 1, None, r"populations\[0, 1\]: must not be negative"),
        ([[1.0, np.nan]], RATES, 1, None, r"populations\[0, 1\]: must be finite"),
        ([[1.0, 1], [0, 0]], RATES, 1, None, r"populations total\[1\]: must be above zero"),
        (PERSONS, [0.1, 1.2], 1, None, r"rates\[1\]: must lie between 0 and 1"),
        (PERSONS, [0.1], 1, None, "populations: must have 1 columns"),
        (PERSONS, RATES, -1, None, r"totals\[0\]: must not be negative"),
        (PERSONS, RATES, 599, None, "total: gives area 2 .* more than the 200.0 exposed"),
        (PERSONS, RATES, 10, [1, 0, 1], r"risks\[1\]: must be above zero"),
        (PERSONS, RATES, 10, [1, 1], "risks: must have the length of populations"),
        (PERSONS, [0.0, 0.0], 10, None, "are all zero"),
    ],
)
def test_refusals(populations: Any, rates: Any, total: float, risks: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        synthetic_counts(populations, rates, total, risks=risks)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"draws": 10}, "draws: must be at least 100"),
        ({"level": 1.0}, "level"),
        ({"signals": SIGNALS}, "signals: and tilt go together"),
        ({"signals": SIGNALS[:2], "tilt": PLAIN}, "signals: must have 3 rows"),
        ({"rate_errors": [0.01, 0.5]}, r"rate_errors\[1\]: is too large"),
        ({"rate_errors": [0.01]}, "rate_errors: must have the length"),
        ({"total_error": -1.0}, "total_error"),
        ({"population_errors": -np.ones((3, 2))}, "population_errors"),
        (
            {"signals": SIGNALS, "tilt": Tilt(np.ones(1), np.eye(1), -0.1)},
            "tilt.heterogeneity",
        ),
        ({"signals": SIGNALS, "tilt": Tilt(np.ones(1), np.eye(1), 0.1, 0.5)}, "tilt.bound"),
        ({"signals": SIGNALS, "tilt": Tilt(np.ones(1), -np.eye(1), 0.1)}, "semidefinite"),
    ],
)
def test_bootstrap_refusals(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        intervals(**changes)


def test_a_benchmark_beyond_the_exposed_persons_is_refused_not_held_at_one() -> None:
    with pytest.raises(InvalidInput, match=r"total: gives area 0 .* more than the"):
        bootstrap_intervals(
            PERSONS,
            RATES,
            2 * float(PERSONS.sum()),
            generator=np.random.default_rng(0),
            rate_errors=np.zeros(RATES.size),
            total_error=0.0,
        )


def test_an_inflated_tilt_has_wider_intervals_and_the_same_weights() -> None:
    wide = PLAIN.inflated(3.0)
    assert wide.heterogeneity == pytest.approx(0.3)
    np.testing.assert_array_equal(wide.weights, PLAIN.weights)
    base = intervals(signals=SIGNALS, tilt=PLAIN, draws=2_000)
    assert intervals(signals=SIGNALS, tilt=wide, draws=2_000).upper.sum() > base.upper.sum()
    with pytest.raises(InvalidInput, match="factor: must be finite and at least one"):
        PLAIN.inflated(0.9)


def test_constant_signals_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"signals\[0, 0\]: must not be constant"):
        estimate_tilt(np.ones(9), np.ones(9), np.ones(9), np.ones((9, 1)))
