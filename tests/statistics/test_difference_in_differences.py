"""Effects recovered exactly, clustered errors by hand, calibration, broken inputs."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.difference_in_differences import (
    event_study,
    minimum_detectable_effect,
    two_by_two,
)

AREAS, YEARS = 12, 6
AREA = np.repeat(np.arange(AREAS), YEARS)
YEAR = np.tile(np.arange(2018, 2018 + YEARS), AREAS)
TREATED = AREA < 5
START = 2021


def panel(effect: float, generator: np.random.Generator, *, lead: float = 0.0) -> np.ndarray:
    own = generator.normal(0, 3, AREAS)[AREA]
    common = generator.normal(0, 1, YEARS)[YEAR - 2018]
    noise = generator.normal(0, 1, AREA.size)
    drift = lead * (YEAR - START) * TREATED
    return own + common + noise + drift + effect * (TREATED & (YEAR >= START))


def test_the_effect_is_the_difference_of_the_four_means() -> None:
    y = np.array([19.0, 21, 20, 24, 30, 31, 28, 33])
    treated = np.array([True, True, True, True, False, False, False, False])
    after = np.array([False, True] * 4)
    result = two_by_two(y, treated=treated, after=after, area=[1, 1, 2, 2, 3, 3, 4, 4])
    assert result.estimate == pytest.approx((22.5 - 19.5) - (32 - 29))
    assert (result.treated_areas, result.control_areas) == (2, 2)


def test_clustered_errors_are_those_of_the_sandwich_worked_by_hand() -> None:
    generator = np.random.default_rng(1)
    y, after = panel(2.0, generator), YEAR >= START
    result = two_by_two(y, treated=TREATED, after=after, area=AREA)
    x = np.column_stack([np.ones(y.size), TREATED, after, TREATED & after]).astype(float)
    bread = np.linalg.inv(x.T @ x)
    residual = y - x @ (bread @ x.T @ y)
    scores = np.array([x[a == AREA].T @ residual[a == AREA] for a in range(AREAS)])
    factor = AREAS / (AREAS - 1) * (y.size - 1) / (y.size - 4)
    variance = factor * (bread @ scores.T @ scores @ bread)[3, 3]
    assert result.standard_error == pytest.approx(np.sqrt(variance))
    assert result.degrees_of_freedom == AREAS - 1
    t = result.estimate / result.standard_error
    assert result.p_value == pytest.approx(2 * stats.t.sf(abs(t), AREAS - 1))
    assert result.upper - result.estimate == pytest.approx(
        stats.t.ppf(0.95, AREAS - 1) * result.standard_error
    )


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.floats(-50, 50), st.floats(0.1, 20))
def test_order_level_and_units_do_not_matter(seed: int, shift: float, factor: float) -> None:
    generator = np.random.default_rng(seed)
    y, after = panel(1.5, generator), YEAR >= START
    plain = two_by_two(y, treated=TREATED, after=after, area=AREA)
    order = generator.permutation(y.size)
    other = two_by_two(
        (shift + factor * y)[order], treated=TREATED[order], after=after[order], area=AREA[order]
    )
    assert other.estimate == pytest.approx(factor * plain.estimate, abs=1e-8)
    assert other.standard_error == pytest.approx(factor * plain.standard_error)
    assert other.minimum_detectable == pytest.approx(factor * plain.minimum_detectable)


def test_the_event_study_is_the_difference_from_the_reference_period() -> None:
    y = panel(3.0, np.random.default_rng(4))
    result = event_study(y, treated=TREATED, period=YEAR, area=AREA, start=START)
    assert result.period.tolist() == [2018, 2019, 2021, 2022, 2023]
    assert result.reference == 2020
    gap = [
        y[TREATED & (t == YEAR)].mean() - y[~TREATED & (t == YEAR)].mean()
        for t in range(2018, 2024)
    ]
    np.testing.assert_allclose(result.estimate, np.delete(gap, 2) - gap[2])


def test_trends_that_differ_before_the_start_are_noticed() -> None:
    generator = np.random.default_rng(6)
    parallel = [
        event_study(
            panel(3.0, generator), treated=TREATED, period=YEAR, area=AREA, start=START
        ).pre_trend_p_value
        for _ in range(100)
    ]
    diverging = event_study(
        panel(3.0, generator, lead=4.0), treated=TREATED, period=YEAR, area=AREA, start=START
    )
    assert np.mean(np.array(parallel) < 0.05) < 0.2
    assert not diverging.parallel
    assert diverging.pre_trend_detectable > 0


@pytest.mark.slow
def test_intervals_cover_and_the_detectable_effect_is_detected() -> None:
    generator = np.random.default_rng(11)
    many = np.repeat(np.arange(60), 4)
    treated, after = many < 30, np.tile([False, False, True, True], 60)
    covered, found = [], []
    detectable = 0.0
    for _ in range(600):
        noise = generator.normal(0, 2, 60)[many] + generator.normal(0, 1, many.size)
        null = two_by_two(noise, treated=treated, after=after, area=many)
        detectable = detectable or null.minimum_detectable
        covered.append(null.lower <= 0 <= null.upper)
        real = two_by_two(
            noise + detectable * (treated & after), treated=treated, after=after, area=many
        )
        found.append(real.p_value < 0.05)
    assert 0.87 <= np.mean(covered) <= 0.93
    assert 0.70 <= np.mean(found) <= 0.90


def test_the_detectable_effect_with_many_areas_is_bloom_s_multiple() -> None:
    assert minimum_detectable_effect(1.0, 10_000_000) == pytest.approx(2.8016, abs=1e-4)
    assert minimum_detectable_effect(2.0, 8) > 2 * 2.8016


@pytest.mark.parametrize(
    ("changes", "argument", "position"),
    [
        ({"outcome": [1, 2, np.nan, 4, 5, 6, 7, 8]}, "outcome", (2,)),
        ({"treated": np.array([True, False, True, True] + [False] * 4)}, "treated", (1,)),
        ({"treated": np.array([True] * 2 + [False] * 6)}, "area", None),
        ({"treated": [1, 1, 1, 1, 0, 0, 0, 0]}, "treated", None),
        ({"after": np.ones(8, dtype=bool)}, "after", None),
        ({"area": [1, 1, 2, 2, 3, 3, 4]}, "area", None),
        ({"level": 1.0}, "level", None),
        ({"power": 0.0}, "power", None),
    ],
)
def test_broken_two_by_two_input_is_named(
    changes: dict[str, object], argument: str, position: tuple[int, ...] | None
) -> None:
    arguments: dict[str, object] = {
        "outcome": [1.0, 2, 3, 4, 5, 6, 7, 9],
        "treated": np.array([True] * 4 + [False] * 4),
        "after": np.array([False, True] * 4),
        "area": [1, 1, 2, 2, 3, 3, 4, 4],
    }
    call: Callable[..., object] = two_by_two
    with pytest.raises(InvalidInput) as caught:
        call(**arguments | changes)
    assert caught.value.argument == argument
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("changes", "argument", "position"),
    [
        ({"start": 2019}, "start", None),
        ({"start": 2030}, "start", None),
        ({"period": np.where(np.arange(AREA.size) == 7, 2018, YEAR)}, "period", (7,)),
    ],
)
def test_broken_event_study_input_is_named(
    changes: dict[str, object], argument: str, position: tuple[int, ...] | None
) -> None:
    arguments: dict[str, object] = {
        "outcome": panel(1.0, np.random.default_rng(0)),
        "treated": TREATED,
        "period": YEAR,
        "area": AREA,
        "start": START,
    }
    call: Callable[..., object] = event_study
    with pytest.raises(InvalidInput) as caught:
        call(**arguments | changes)
    assert caught.value.argument == argument
    assert caught.value.position == position


def test_an_absent_row_is_noticed() -> None:
    kept = np.arange(AREA.size) != 7
    y = panel(1.0, np.random.default_rng(0))
    with pytest.raises(InvalidInput, match="every area needs a row"):
        event_study(y[kept], treated=TREATED[kept], period=YEAR[kept], area=AREA[kept], start=START)
