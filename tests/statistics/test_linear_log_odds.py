"""The worked case of the published loneliness coefficients, calibration and refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.linear_log_odds import (
    AGE_UK_ELSA,
    calibrate,
    linear_log_odds,
    prevalence,
)

WORKED_CASE = {
    "health_poor": [0.10],
    "health_fair": [0.30],
    "health_good": [0.40],
    "household_size": [1.7],
    "widowed": [0.25],
    "age_75_79": [0.20],
}


def test_worked_case() -> None:
    odds = linear_log_odds(AGE_UK_ELSA, WORKED_CASE)
    assert odds[0] == pytest.approx(-3.129565, abs=1e-9)
    assert prevalence(odds)[0] == pytest.approx(0.041904, abs=1e-6)


def test_coefficients_are_the_published_ones(shared: Path) -> None:
    path = shared / "oracles" / "loneliness" / "ageuk_elsa_coefficients.csv"
    if not path.is_file():
        pytest.skip("the published coefficients are absent")
    published = pd.read_csv(path).set_index("term")
    ours = pd.DataFrame(
        {
            "estimate": [AGE_UK_ELSA.constant, *AGE_UK_ELSA.coefficients],
            "std_error": [AGE_UK_ELSA.constant_error, *AGE_UK_ELSA.standard_errors],
        },
        index=["constant", *AGE_UK_ELSA.terms],
    )
    assert set(ours.index) == set(published.index)
    pd.testing.assert_frame_equal(
        ours, published.loc[list(ours.index), ["estimate", "std_error"]], check_names=False
    )


@given(
    st.lists(st.tuples(st.floats(-6, 3), st.floats(0.5, 5_000)), min_size=1, max_size=30),
    st.floats(0.001, 0.999),
)
def test_calibration_meets_the_level_and_keeps_odds_ratios(
    areas: list[tuple[float, float]], target: float
) -> None:
    odds, persons = np.array(areas).T
    result = calibrate(odds, persons, target)
    assert result.prevalence @ persons / persons.sum() == pytest.approx(target, abs=1e-12)
    np.testing.assert_allclose(logit(result.prevalence) - odds, result.shift, atol=1e-6)


def test_more_widowed_and_smaller_households_mean_more_loneliness() -> None:
    odds = linear_log_odds(
        AGE_UK_ELSA, {"widowed": [0.2, 0.3, 0.2], "household_size": [2.0, 2.0, 1.5]}
    )
    assert odds[1] > odds[0]
    assert odds[2] > odds[0]


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({}, "at least one term"),
        ({"income": [0.5]}, r"does not have: \['income'\]"),
        ({"widowed": [0.2, 1.2]}, r"widowed\[1\]: must lie between 0 and 1"),
        ({"widowed": [np.nan]}, r"widowed\[0\]: must be finite"),
        ({"household_size": [0.7]}, r"household_size\[0\]: must be at least one person"),
        ({"widowed": [0.2], "pets": [0.1, 0.2]}, "pets: must have the length of widowed"),
    ],
)
def test_refusals(shares: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        linear_log_odds(AGE_UK_ELSA, shares)


@pytest.mark.parametrize(
    ("population", "target", "message"),
    [([0, 0], 0.1, "population"), ([1, -1], 0.1, r"population\[1\]"), ([1, 1], 1.0, "target")],
)
def test_calibration_refusals(population: list[float], target: float, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        calibrate([-1.0, 0.0], population, target)
