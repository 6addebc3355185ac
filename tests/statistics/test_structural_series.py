"""Local trend: least squares as a special case, equivariance, coverage, limits."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.structural_series import project_series

YEARS = np.arange(2010, 2022)
SERIES = np.array([20.1, 21.3, 22.0, 23.5, 24.9, 25.7, 24.8, 24.0, 23.3, 22.9, 22.1, 23.3])


def test_without_moving_trend_it_is_the_prediction_of_least_squares() -> None:
    result = project_series(SERIES, YEARS, horizon=4, level_ratios=[0], trend_ratios=[0])
    x = np.column_stack([np.ones(12), YEARS - 2010])
    beta, rest = np.linalg.lstsq(x, SERIES)[:2]
    ahead = np.column_stack([np.ones(4), np.arange(12, 16)])
    spread = 1 + np.einsum("ij,jk,ik->i", ahead, np.linalg.inv(x.T @ x), ahead)
    reach = stats.t.ppf(0.95, 10) * np.sqrt(spread * rest[0] / 10)
    np.testing.assert_allclose(result.median, ahead @ beta, rtol=1e-8)
    np.testing.assert_allclose(result.upper - result.median, reach, rtol=1e-6)
    np.testing.assert_allclose(result.median - result.lower, reach, rtol=1e-6)
    assert result.year.tolist() == [2022, 2023, 2024, 2025]


def test_a_gap_is_not_observed_rather_than_filled() -> None:
    kept = np.delete(np.arange(12), [4, 5])
    result = project_series(
        SERIES[kept], YEARS[kept], horizon=1, level_ratios=[0], trend_ratios=[0]
    )
    slope, intercept = np.polyfit(kept, SERIES[kept], 1)
    assert result.median[0] == pytest.approx(intercept + slope * 12, rel=1e-8)


@settings(deadline=None, max_examples=20)
@given(st.floats(-1000, 1000), st.floats(0.01, 100), st.integers(1, 4))
def test_origin_and_units_do_not_matter(shift: float, factor: float, horizon: int) -> None:
    plain = project_series(SERIES, YEARS, horizon=horizon)
    moved = project_series(shift + factor * SERIES, YEARS - 300, horizon=horizon)
    for field in ("median", "lower", "upper"):
        np.testing.assert_allclose(
            getattr(moved, field), shift + factor * getattr(plain, field), atol=1e-5 * factor
        )


def test_intervals_widen_with_the_horizon_and_the_level() -> None:
    result = project_series(SERIES, YEARS, horizon=4)
    assert (np.diff(result.upper - result.lower) > 0).all()
    wider = project_series(SERIES, YEARS, horizon=4, level=0.99)
    assert (wider.upper > result.upper).all()
    assert (wider.lower < result.lower).all()


def test_shares_stay_shares_and_positive_values_positive() -> None:
    shares = SERIES / 100 - 0.19
    result = project_series(shares, YEARS, horizon=4, scale="logit", level=0.99)
    assert (result.lower > 0).all()
    assert (result.upper < 1).all()
    assert (project_series(shares, YEARS, horizon=4, scale="log", level=0.99).lower > 0).all()


def local_trend(years: int, deviations: tuple[float, float, float], seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    noise, level, slope = (generator.normal(0, sd, years) for sd in deviations)
    trend = 50 + np.cumsum(generator.normal(0, 0.3) + np.cumsum(slope) + level)
    return np.asarray(trend + noise)


@pytest.mark.slow
@pytest.mark.parametrize("deviations", [(0.5, 0.5, 0.0), (0.5, 0.5, 0.2), (0.2, 1.0, 0.0)])
def test_ninety_per_cent_intervals_hold_their_promise(
    deviations: tuple[float, float, float],
) -> None:
    caught = []
    for seed in range(150):
        series = local_trend(16, deviations, seed)
        result = project_series(series[:12], np.arange(12), horizon=4)
        caught.append((result.lower <= series[12:]) & (series[12:] <= result.upper))
    assert 0.85 <= np.mean(caught) <= 0.97


@pytest.mark.parametrize(
    ("call", "argument", "position"),
    [
        (lambda: project_series(SERIES, YEARS, horizon=5), "horizon", None),
        (lambda: project_series(SERIES, YEARS, horizon=0), "horizon", None),
        (lambda: project_series(SERIES[:5], YEARS[:5], horizon=1), "values", None),
        (lambda: project_series(np.ones(12), YEARS, horizon=1), "values", None),
        (lambda: project_series(np.arange(12.0), YEARS, horizon=1), "values", None),
        (lambda: project_series(SERIES, YEARS[::-1], horizon=1), "years", (1,)),
        (lambda: project_series(SERIES, YEARS + 0.5, horizon=1), "years", None),
        (lambda: project_series(SERIES, YEARS[1:], horizon=1), "years", None),
        (lambda: project_series(SERIES, YEARS, horizon=1, scale="logit"), "values", (0,)),
        (lambda: project_series(-SERIES, YEARS, horizon=1, scale="log"), "values", (0,)),
        (
            lambda: project_series(np.where(YEARS == 2013, np.nan, SERIES), YEARS, horizon=1),
            "values",
            (3,),
        ),
    ],
)
def test_broken_input_names_argument_and_position(
    call: Callable[[], object], argument: str, position: tuple[int, ...] | None
) -> None:
    with pytest.raises(InvalidInput) as caught:
        call()
    assert caught.value.argument == argument
    assert caught.value.position == position
