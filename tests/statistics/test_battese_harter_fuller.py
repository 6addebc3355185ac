"""Published crop areas, agreement with statsmodels, and what holds on any survey."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from will_pipeline.statistics.battese_harter_fuller import (
    BatteseHarterFullerFit,
    battese_harter_fuller,
)
from will_pipeline.statistics.checks import InvalidInput

OUTLIER_ROW = 32


def numbers(text: str) -> np.ndarray:
    return np.array(text.split(), dtype=float)


# Corn and soybeans in 12 counties of Iowa, without the outlier (Battese and others 1988).
CORN_HECTARES = numbers(
    """
    165.76 96.32 76.08 185.35 116.43 162.08 152.04 161.75 92.88 149.94 64.75 127.07 133.55
    77.7 206.39 108.33 118.17 99.96 140.43 98.95 131.04 114.12 100.6 127.88 116.9 87.41
    93.48 121 109.91 122.66 104.21 88.59 165.35 104 88.63 153.7
    """
)
CORN_PIXELS = numbers(
    """
    374 209 253 432 367 361 288 369 206 316 145 355 295 223 459 290 307 252 293 206 302
    313 246 353 271 237 221 369 343 342 294 220 355 261 187 350
    """
)
SOYBEAN_PIXELS = numbers(
    """
    55 218 250 96 178 137 206 165 218 221 338 128 147 204 77 217 258 303 221 222 274 190
    270 172 228 297 167 191 249 182 179 262 160 221 345 190
    """
)
SEGMENTS = [1, 1, 1, 2, 3, 3, 3, 3, 4, 5, 5, 5]
COUNTY_SEGMENTS = numbers(
    """
    545 566 394 424 564 570 402 567 687 569 965 556
    """
)
COUNTY_CORN_PIXELS = numbers(
    """
    295.29 300.4 289.6 290.74 318.21 257.17 291.77 301.26 262.17 314.28 298.65 325.99
    """
)
COUNTY_SOYBEAN_PIXELS = numbers(
    """
    189.7 196.65 205.28 220.22 188.06 247.13 185.37 221.36 247.09 198.66 204.61 177.05
    """
)


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    path = shared / "oracles" / "sae"
    if not path.is_dir():
        pytest.skip("the published crop areas are absent")
    return path


def corn(folder: Path, *, drop_outlier: bool) -> BatteseHarterFullerFit:
    sample = pd.read_csv(folder / "cornsoybean.csv")
    if drop_outlier:
        sample = sample.drop(index=OUTLIER_ROW)
    counties = pd.read_csv(folder / "cornsoybeanmeans.csv")
    means = counties[["MeanCornPixPerSeg", "MeanSoyBeansPixPerSeg"]].to_numpy()
    return battese_harter_fuller(
        sample["CornHec"].to_numpy(),
        sm.add_constant(sample[["CornPix", "SoyBeansPix"]].to_numpy(float)),
        sample["County"].to_numpy(),
        areas=counties["CountyIndex"].to_numpy(),
        population_means=np.column_stack([np.ones(len(counties)), means]),
        population_sizes=counties["PopnSegments"].to_numpy(),
    )


def survey(seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    areas = np.repeat(np.arange(20), generator.integers(2, 12, 20))
    design = np.column_stack([np.ones(areas.size), generator.normal(size=areas.size)])
    effects = generator.normal(0, 1.5, 20)
    return design @ [3.0, 1.0] + effects[areas] + generator.normal(size=areas.size), design, areas


def fit_survey(unit: float = 1.0) -> BatteseHarterFullerFit:
    response, design, areas = survey()
    return battese_harter_fuller(
        response * unit,
        design,
        areas,
        areas=np.arange(21),
        population_means=np.column_stack([np.ones(21), np.linspace(-1, 1, 21)]),
        population_sizes=np.full(21, 1_000),
    )


@pytest.mark.parametrize(("drop", "column"), [(False, "eblup_all"), (True, "eblup_drop33")])
def test_reproduces_the_published_county_means(folder: Path, drop: bool, column: str) -> None:
    expected = pd.read_csv(folder / "cornsoybean_bhf_expected.csv")
    fit = corn(folder, drop_outlier=drop)
    np.testing.assert_allclose(fit.eblup, expected[column], atol=1e-5, rtol=1e-6)


def test_worked_numbers() -> None:
    fit = battese_harter_fuller(
        CORN_HECTARES,
        np.column_stack([np.ones(36), CORN_PIXELS, SOYBEAN_PIXELS]),
        np.repeat(np.arange(12), SEGMENTS),
        areas=np.arange(12),
        population_means=np.column_stack([np.ones(12), COUNTY_CORN_PIXELS, COUNTY_SOYBEAN_PIXELS]),
        population_sizes=COUNTY_SEGMENTS,
    )
    np.testing.assert_allclose(fit.coefficients, [51.070398, 0.32872173, -0.13456845], rtol=1e-6)
    assert fit.variance_between == pytest.approx(140.02389, rel=1e-5)
    assert fit.residual_variance == pytest.approx(147.26863, rel=1e-5)
    expected = [122.19540, 126.22802, 106.66376, 108.42219, 144.30717, 112.15859]
    expected += [112.78010, 122.00197, 115.34385, 124.41437, 106.88827, 143.03121]
    np.testing.assert_allclose(fit.eblup, expected, atol=1e-4)
    np.testing.assert_allclose(fit.model_mean[[0, 11]], [122.1962, 143.0149], atol=1e-4)


def test_agrees_with_statsmodels() -> None:
    response, design, areas = survey()
    theirs = sm.MixedLM(response, design, areas).fit(reml=True)
    ours = fit_survey()
    np.testing.assert_allclose(ours.coefficients, theirs.fe_params, rtol=1e-5)
    assert ours.variance_between == pytest.approx(float(theirs.cov_re[0, 0]), rel=1e-4)
    assert ours.residual_variance == pytest.approx(float(theirs.scale), rel=1e-4)


def test_model_mean_lies_between_regression_and_sample() -> None:
    response, design, areas = survey()
    fit = fit_survey()
    residual = response - design @ fit.coefficients
    sample_gap = np.bincount(areas, residual) / np.bincount(areas)
    np.testing.assert_allclose(
        (fit.model_mean - fit.synthetic)[:20], fit.shrinkage[:20] * sample_gap, atol=1e-9
    )
    assert ((fit.shrinkage[:20] > 0) & (fit.shrinkage[:20] < 1)).all()


def test_an_area_without_sample_gets_the_regression_and_the_largest_error() -> None:
    fit = fit_survey()
    assert fit.shrinkage[20] == 0
    np.testing.assert_allclose(fit.eblup[20], fit.synthetic[20])
    assert (fit.mse[20] > fit.mse[:20]).all()


def test_units_do_not_matter() -> None:
    fit, scaled = fit_survey(), fit_survey(unit=60.0)
    np.testing.assert_allclose(scaled.eblup, 60 * fit.eblup, rtol=1e-6)
    np.testing.assert_allclose(scaled.mse, 3600 * fit.mse, rtol=1e-5)


def test_areas_that_do_not_differ_are_flagged() -> None:
    generator = np.random.default_rng(0)
    areas = np.repeat(np.arange(10), 4)
    noise = generator.normal(size=40)
    noise -= (np.bincount(areas, noise) / 4)[areas]
    fit = battese_harter_fuller(
        5 + noise,
        np.ones((40, 1)),
        areas,
        areas=np.arange(10),
        population_means=np.ones((10, 1)),
        population_sizes=np.full(10, 50),
    )
    assert fit.at_boundary
    np.testing.assert_allclose(fit.model_mean, 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"population_sizes": [1, 50]}, r"population_sizes\[0\]: is below the number"),
        ({"population_sizes": [50]}, "population_sizes: must have the length of areas"),
        ({"population_means": [[1.0, 1.0]] * 2}, "population_means: must have 1 columns"),
        ({"areas": ["a", "c"]}, "lack the sampled domain 'b'"),
        ({"areas": ["a", "a"]}, "none repeated"),
    ],
)
def test_refusals(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "areas": ["a", "b"],
        "population_means": [[1.0]] * 2,
        "population_sizes": [50, 50],
    }
    with pytest.raises(InvalidInput, match=message):
        battese_harter_fuller(
            [1.0, 2.0, 3.0, 5.0], np.ones((4, 1)), ["a", "a", "b", "b"], **{**arguments, **change}
        )
