"""Published milk expenditures, invariants and calibration of the area model."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.convergence import NotConverged
from will_pipeline.statistics.fay_herriot import Method, fay_herriot, posterior

STOPPING_RULE_OF_SAE = 1e-4
PUBLISHED_NAME: dict[Method, str] = {"REML": "REML", "ML": "ML", "moments": "FH"}


def numbers(text: str) -> np.ndarray:
    return np.array(text.split(), dtype=float)


# Fresh milk expenditures of 43 areas in 1989 (Arora and Lahiri 1997; You and Chapman 2006).
MILK_DIRECT = numbers(
    """
    1.099 1.075 1.105 0.628 0.753 0.981 1.257 1.095 1.405 1.356 0.615 1.46 1.338 0.854
    1.176 1.111 1.257 1.43 1.278 1.292 1.002 1.183 1.044 1.267 1.193 0.791 0.795 0.759
    0.796 0.565 0.886 0.952 0.807 0.582 0.684 0.787 0.44 0.759 0.77 0.8 0.756 0.865 0.64
    """
)
MILK_ERROR = numbers(
    """
    0.163 0.08 0.083 0.109 0.119 0.141 0.202 0.127 0.168 0.178 0.1 0.201 0.148 0.143 0.149
    0.145 0.135 0.172 0.137 0.163 0.125 0.247 0.14 0.171 0.106 0.121 0.121 0.259 0.106
    0.089 0.225 0.205 0.119 0.067 0.106 0.126 0.092 0.132 0.1 0.113 0.083 0.121 0.129
    """
)
MILK_MAJOR_AREA = np.repeat([1, 2, 3, 4], [7, 7, 11, 18])


@pytest.fixture(scope="module")
def milk(shared: Path) -> pd.DataFrame:
    path = shared / "oracles" / "sae" / "milk_fh_expected.csv"
    if not path.is_file():
        pytest.skip("the published milk expenditures are absent")
    return pd.read_csv(path)


def milk_model(milk: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    dummies = [(milk["MajorArea"] == area).to_numpy(float) for area in (2, 3, 4)]
    design = np.column_stack([np.ones(len(milk)), *dummies])
    return milk["yi"].to_numpy(), milk["SD"].to_numpy() ** 2, design


def city(seed: int, areas: int, between: float) -> tuple[np.ndarray, ...]:
    generator = np.random.default_rng(seed)
    design = np.column_stack([np.ones(areas), generator.normal(size=areas)])
    truth = design @ [1.0, 0.5] + generator.normal(0, np.sqrt(between), areas)
    variances = generator.uniform(0.2, 2.0, areas)
    return truth + generator.normal(0, np.sqrt(variances)), variances, design, truth


@pytest.mark.parametrize("method", ["REML", "ML", "moments"])
def test_reproduces_the_published_fit(milk: pd.DataFrame, shared: Path, method: Method) -> None:
    fit = fay_herriot(*milk_model(milk), method=method, tolerance=STOPPING_RULE_OF_SAE)
    name = PUBLISHED_NAME[method]
    np.testing.assert_allclose(fit.eblup, milk[f"eblup_{name}"], atol=1e-5, rtol=0)
    np.testing.assert_allclose(fit.mse, milk[f"mse_{name}"], atol=1e-5, rtol=0)
    published = pd.read_csv(shared / "oracles" / "sae" / "milk_fh_expected_coef.csv")
    published = published[published["method"] == name]
    np.testing.assert_allclose(
        [fit.variance_between, *fit.coefficients], published["value"], atol=1e-6, rtol=0
    )
    np.testing.assert_allclose(
        np.sqrt(np.diag(fit.covariance)), published["std.error"].iloc[1:], atol=1e-5
    )


def test_worked_numbers_at_a_tight_tolerance() -> None:
    design = np.column_stack([np.ones(43), *(area == MILK_MAJOR_AREA for area in (2, 3, 4))])
    fit = fay_herriot(MILK_DIRECT, MILK_ERROR**2, design)
    assert fit.variance_between == pytest.approx(0.01855033, abs=1e-8)
    np.testing.assert_allclose(
        fit.eblup[:5], [1.0219703, 1.0476018, 1.0679513, 0.7608170, 0.8461574], atol=1e-5
    )
    np.testing.assert_allclose(
        fit.mse[:5], [0.013460220, 0.005372876, 0.005701990, 0.008541740, 0.009579594], atol=1e-6
    )
    assert fit.log_likelihood == pytest.approx(12.6774781, abs=1e-4)
    assert fit.akaike == pytest.approx(-15.3549563, abs=1e-4)
    assert not fit.at_boundary


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 40), st.floats(0, 3))
def test_prediction_lies_between_direct_and_synthetic(
    seed: int, areas: int, between: float
) -> None:
    direct, variances, design, _ = city(seed, areas, between)
    fit = fay_herriot(direct, variances, design)
    low, high = np.minimum(direct, fit.synthetic), np.maximum(direct, fit.synthetic)
    assert (fit.eblup >= low - 1e-9).all()
    assert (fit.eblup <= high + 1e-9).all()
    assert (fit.mse > 0).all()
    order = np.argsort(direct)
    again = fay_herriot(direct[order], variances[order], design[order])
    np.testing.assert_allclose(again.eblup, fit.eblup[order], atol=1e-6)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_units_do_not_matter(seed: int, unit: float) -> None:
    direct, variances, design, _ = city(seed, 15, 1.0)
    fit = fay_herriot(direct, variances, design)
    scaled = fay_herriot(direct * unit, variances * unit**2, design)
    np.testing.assert_allclose(scaled.eblup, fit.eblup * unit, rtol=1e-5, atol=1e-6 * unit)


def test_no_variance_between_areas_is_flagged_and_gives_the_regression() -> None:
    design = np.column_stack([np.ones(6), np.arange(6)])
    fit = fay_herriot(design @ [2.0, 1.0], np.full(6, 0.5), design)
    assert fit.at_boundary
    assert fit.variance_between == 0
    np.testing.assert_allclose(fit.eblup, fit.synthetic)


def test_areas_without_a_direct_estimate_get_the_regression_and_a_larger_error() -> None:
    direct, variances, design, _ = city(3, 20, 1.0)
    fit = fay_herriot(direct, variances, design)
    prediction, error = fit.predict([[1.0, 0.0], [1.0, 5.0]])
    np.testing.assert_allclose(prediction[0], fit.coefficients[0])
    assert fit.variance_between < error[0] < error[1]


def test_posterior_agrees_with_eblup_where_areas_are_many() -> None:
    direct, variances, design, _ = city(5, 400, 1.0)
    fit, result = fay_herriot(direct, variances, design), posterior(direct, variances, design)
    np.testing.assert_allclose(result.mean, fit.eblup, atol=0.02)
    np.testing.assert_allclose(result.standard_deviation, np.sqrt(fit.mse), rtol=0.03)
    half = 1.6448536 * result.standard_deviation
    np.testing.assert_allclose(result.upper - result.mean, half, rtol=0.03)


@pytest.mark.slow
def test_posterior_intervals_cover_where_plain_ones_do_not() -> None:
    plain, integrated = [], []
    for seed in range(300):
        direct, variances, design, truth = city(seed, 9, 0.15)
        fit, result = fay_herriot(direct, variances, design), posterior(direct, variances, design)
        plain.append(np.abs(truth - fit.eblup) <= 1.6448536 * np.sqrt(fit.mse))
        integrated.append((truth >= result.lower) & (truth <= result.upper))
    assert abs(np.mean(integrated) - 0.90) <= abs(np.mean(plain) - 0.90)


@pytest.mark.parametrize(
    ("direct", "variances", "design", "message"),
    [
        ([1.0, np.nan, 2], [1, 1, 1], np.ones((3, 1)), r"direct\[1\]: must be finite"),
        ([1.0, 2, 3], [1, 0, 1], np.ones((3, 1)), r"variances\[1\]: must be above zero"),
        ([1.0, 2, 3], [1, 1], np.ones((3, 1)), "variances: must have the length of direct"),
        ([1.0], [1], np.ones((1, 1)), "direct: needs at least 2"),
        ([1.0, 2, 3], [1, 1, 1], np.ones((3, 2)), "design: is collinear: rank 1"),
    ],
)
def test_refusals(
    direct: list[float], variances: list[float], design: np.ndarray, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        fay_herriot(direct, variances, design)


def test_other_refusals() -> None:
    direct, variances, design, _ = city(1, 4, 1.0)
    with pytest.raises(InvalidInput, match="method"):
        fay_herriot(direct, variances, design, method="median")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(InvalidInput, match="direct: needs at least 5"):
        posterior(direct, variances, design)
    with pytest.raises(InvalidInput, match="design: must have 2 columns"):
        fay_herriot(direct, variances, design).predict([[1.0]])


def test_stopping_too_soon_is_an_error() -> None:
    direct, variances, design, _ = city(2, 30, 2.0)
    with pytest.raises(NotConverged, match="Fay-Herriot REML"):
        fay_herriot(direct, variances, design, max_iterations=2)
