"""Published outlier treatment and behaviour of the rule at its edges."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.outliers import freeze_treatment, treat_outliers

PLAIN = np.arange(1.0, 31.0)


def one_column(*extremes: float) -> np.ndarray:
    return np.concatenate([PLAIN, extremes])[:, None]


def test_reproduces_the_asem_treatment(shared: Path) -> None:
    folder = shared / "oracles" / "coinr"
    before = pd.read_csv(folder / "ASEM_stage_Screened.csv").set_index("uCode")
    after = pd.read_csv(folder / "ASEM_stage_Treated.csv").set_index("uCode")
    details = pd.read_csv(folder / "ASEM_treat_details.csv").set_index("iCode")
    result = treat_outliers(before.to_numpy(dtype=float))
    np.testing.assert_allclose(result.values, after.loc[before.index], rtol=1e-12)
    for code, record in zip(before.columns, result.columns, strict=True):
        row = details.loc[code]
        assert record.skewness == pytest.approx(row["check_SkewKurt0.Skew"], abs=1e-10)
        assert record.kurtosis == pytest.approx(row["check_SkewKurt0.Kurt"], abs=1e-10)
        assert record.passed
        assert not record.logged
        if row["check_SkewKurt0.Pass"]:
            assert record.winsorised == 0
        else:
            assert record.winsorised == row["winsorise.nwin"]
            assert record.skewness_after == pytest.approx(row["check_SkewKurt1.Skew"], abs=1e-10)
            assert record.kurtosis_after == pytest.approx(row["check_SkewKurt1.Kurt"], abs=1e-10)


def test_a_plain_column_is_left_alone() -> None:
    result = treat_outliers(PLAIN[:, None])
    np.testing.assert_array_equal(result.values[:, 0], PLAIN)
    assert result.columns[0].winsorised == 0
    assert result.columns[0].upper_limit == np.inf


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_one_extreme_is_moved_onto_its_neighbour(side: float) -> None:
    result = treat_outliers(side * one_column(900.0))
    record = result.columns[0]
    assert record.winsorised == 1
    assert result.values[-1, 0] == side * 30.0
    assert (record.upper_limit if side > 0 else record.lower_limit) == side * 30.0
    assert (record.lower_limit if side > 0 else record.upper_limit) == -side * np.inf


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_too_many_extremes_call_for_the_logarithm(side: float) -> None:
    values = side * np.exp(np.linspace(0, 9, 40))[:, None]
    result = treat_outliers(values, most_points=1)
    record = result.columns[0]
    assert record.logged
    assert record.winsorised == 0
    assert abs(record.skewness_after) < abs(record.skewness)
    assert (np.diff(result.values[:, 0]) * side > 0).all()


def test_tied_extremes_move_together_or_not_at_all() -> None:
    values = one_column(900.0, 900.0)
    assert treat_outliers(values, most_points=2).columns[0].winsorised == 2
    assert treat_outliers(values, most_points=1).columns[0].logged


def test_a_column_of_one_exception_is_reported_as_failing() -> None:
    result = treat_outliers(np.array([[0.0]] * 30 + [[1.0]]))
    assert result.columns[0].logged
    assert not result.columns[0].passed


@given(arrays(float, (20, 1), elements=st.integers(-50, 50).map(float), unique=True))
def test_order_of_values_survives_treatment(values: np.ndarray) -> None:
    values[0] = 5_000.0
    result = treat_outliers(values)
    order = values[:, 0].argsort()
    assert (np.diff(result.values[order, 0]) >= 0).all()


def test_broken_input_is_named() -> None:
    with pytest.raises(InvalidInput, match="constant"):
        treat_outliers(np.ones((5, 1)))
    with pytest.raises(InvalidInput, match="at least 4"):
        treat_outliers([[1.0], [2.0], [3.0]])
    with pytest.raises(InvalidInput, match="finite"):
        treat_outliers(one_column(np.nan))
    with pytest.raises(InvalidInput, match="most_points"):
        treat_outliers(PLAIN[:, None], most_points=-1)


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("extremes", [0, 1, 9])
def test_a_frozen_treatment_gives_the_pool_what_it_had(side: float, extremes: int) -> None:
    column = np.append(np.linspace(10, 30, 60), np.linspace(500, 900, extremes)) * side
    treated = treat_outliers(column[:, None])
    frozen = freeze_treatment(column, treated.columns[0])
    assert (frozen.log != 0) == treated.columns[0].logged
    np.testing.assert_allclose(frozen.apply(column), treated.values[:, 0], rtol=1e-12)
    beyond = frozen.apply(np.array([5_000.0, -5_000.0, np.nan]))
    assert np.isfinite(beyond[:2]).all()
    assert np.isnan(beyond[2])
