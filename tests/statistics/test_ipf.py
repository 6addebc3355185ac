"""Published fits, fixed points and refusals of iterative proportional fitting."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.convergence import NotConverged
from will_pipeline.statistics.ipf import loglinear, rake, spree

DIMENSIONS = ["Hair", "Eye", "Sex"]
TABLES = st.tuples(st.integers(2, 4), st.integers(2, 4), st.integers(1, 3)).flatmap(
    lambda shape: arrays(float, shape, elements=st.floats(0.1, 100))
)


def cube(path: Path, value: str) -> np.ndarray:
    frame = pd.read_csv(path)
    levels = [list(dict.fromkeys(frame[name])) for name in DIMENSIONS]
    return (
        frame.set_index(DIMENSIONS)[value]
        .reindex(pd.MultiIndex.from_product(levels))
        .to_numpy()
        .reshape([len(level) for level in levels])
    )


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    path = shared / "oracles" / "ipf"
    if not path.is_dir():
        pytest.skip("the published tables of hair and eye colour are absent")
    return path


def test_reproduces_the_published_raking(folder: Path) -> None:
    margins = pd.read_csv(folder / "haireye_margins.csv")
    targets: dict[tuple[int, ...], Any] = {
        (axis,): margins.loc[margins["margin"] == name, "target"].to_numpy()
        for axis, name in enumerate(DIMENSIONS)
    }
    result = rake(cube(folder / "haireye_seed.csv", "seed"), targets, tolerance=1e-14)
    expected = cube(folder / "haireye_ipf_expected.csv", "ipf")
    np.testing.assert_allclose(result.table, expected, atol=1e-9, rtol=0)


def test_reproduces_the_published_fit_without_three_way_interaction(folder: Path) -> None:
    result = loglinear(cube(folder / "haireye_seed.csv", "seed"), [(0, 1), (0, 2), (1, 2)])
    expected = cube(folder / "haireye_loglin_no3way_expected.csv", "fit")
    np.testing.assert_allclose(result.fitted, expected, atol=1e-9, rtol=0)
    assert result.deviance == pytest.approx(6.76125041877, abs=1e-9)
    assert result.degrees_of_freedom == 9


def test_independence_is_the_product_of_margins() -> None:
    observed = np.array([[10.0, 20, 30], [5, 0, 15]])
    result = loglinear(observed, [(0,), (1,)])
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / observed.sum()
    np.testing.assert_allclose(result.fitted, expected)
    assert result.degrees_of_freedom == 2


@given(TABLES)
def test_a_table_with_its_own_margins_is_a_fixed_point(table: np.ndarray) -> None:
    result = rake(table, {(0,): table.sum(axis=(1, 2)), (1, 2): table.sum(axis=0)})
    np.testing.assert_allclose(result.table, table, rtol=1e-9)
    assert result.iterations == 1


@settings(deadline=None)
@given(TABLES, st.integers(0, 2**32 - 1))
def test_margins_are_met_and_odds_ratios_kept(seed: np.ndarray, entropy: int) -> None:
    other = np.random.default_rng(entropy).gamma(2, 10, size=seed.shape)
    result = rake(seed, {(0,): other.sum(axis=(1, 2)), (1,): other.sum(axis=(0, 2))})
    exact = 1e-10 * other.sum()
    for away in ((1, 2), (0, 2)):
        np.testing.assert_allclose(
            result.table.sum(axis=away), other.sum(axis=away), rtol=0, atol=exact
        )
    assert result.largest_discrepancy <= exact
    odds = [
        table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0]) for table in (seed, result.table)
    ]
    np.testing.assert_allclose(odds[1], odds[0], rtol=1e-8)


@settings(deadline=None)
@given(st.integers(2, 4), st.integers(0, 2**32 - 1), st.floats(0.0, 0.5))
def test_margins_of_any_number_of_dimensions_are_met_around_structural_zeros(
    dimensions: int, entropy: int, emptiness: float
) -> None:
    # Margins come from a table with the zeros of the seed, so that there is one to be found.
    generator = np.random.default_rng(entropy)
    shape = tuple(generator.integers(2, 5, size=dimensions))
    possible = generator.random(shape) >= emptiness
    seed = np.where(possible, generator.gamma(2, 10, size=shape), 0.0)
    other = np.where(possible, generator.gamma(2, 10, size=shape), 0.0)
    wanted = [(axis,) for axis in range(dimensions)] + [(0, 1)] * (dimensions > 2)
    margins = {
        axes: other.sum(axis=tuple(axis for axis in range(dimensions) if axis not in axes))
        for axes in wanted
    }
    result = rake(seed, margins, tolerance=1e-9)
    for axes, target in margins.items():
        away = tuple(axis for axis in range(dimensions) if axis not in axes)
        fitted = result.table.sum(axis=away)
        np.testing.assert_allclose(fitted, target, rtol=0, atol=1.01e-9 * other.sum())
    assert (result.table[~possible] == 0).all()
    assert result.structural_zeros == (~possible).sum()


def test_order_of_areas_does_not_matter() -> None:
    old = np.array([[40.0, 60], [10, 90], [33, 11]])
    areas, categories = np.array([120.0, 90, 50]), np.array([100.0, 160])
    order = [2, 0, 1]
    np.testing.assert_allclose(
        spree(old[order], areas[order], categories).table,
        spree(old, areas, categories).table[order],
    )


def test_spree_with_the_same_growth_everywhere_scales_the_table() -> None:
    old = np.array([[40.0, 60], [10, 90]])
    result = spree(old, old.sum(axis=1) * 1.1, old.sum(axis=0) * 1.1)
    np.testing.assert_allclose(result.table, old * 1.1)


def test_structural_zeros_stay_and_are_reported() -> None:
    result = rake(np.array([[0.0, 2], [3, 4]]), {(0,): [5, 10], (1,): [4, 11]})
    assert result.table[0, 0] == 0
    assert result.structural_zeros == 1
    np.testing.assert_allclose(result.table.sum(axis=1), [5, 10])


def test_margins_no_table_can_meet_do_not_pass_in_silence() -> None:
    with pytest.raises(NotConverged, match="iterative proportional fitting") as caught:
        rake(np.array([[0.0, 1], [1, 1]]), {(0,): [8, 2], (1,): [5, 5]}, max_iterations=200)
    assert caught.value.iterations == 200
    assert caught.value.discrepancy > caught.value.tolerance


@pytest.mark.parametrize(
    ("seed", "margins", "message"),
    [
        ([[1, -1], [1, 1]], {(0,): [1, 1]}, r"seed\[0, 1\]: must not be negative"),
        ([[1, np.nan], [1, 1]], {(0,): [1, 1]}, "seed.*finite"),
        ([[1, 1], [1, 1]], {(0,): [1, 1], (1,): [1, 2]}, "grand total by 1"),
        ([[1, 1], [1, 1]], {(0,): [1, 1, 1]}, r"must have shape \(2,\)"),
        ([[1, 1], [1, 1]], {(2,): [1, 1]}, "axes must be increasing and below 2"),
        ([[1, 1], [0, 0]], {(0,): [1, 1]}, r"margins\[\(0,\)\]\[1\]: is above zero where the seed"),
        ([[1, 1], [1, 1]], {}, "at least one margin"),
    ],
)
def test_refusals(seed: Any, margins: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        rake(seed, margins)


def test_two_way_margins_must_agree_on_the_axis_they_share() -> None:
    with pytest.raises(InvalidInput, match=r"on axes \(1,\)"):
        rake(np.ones((2, 2, 2)), {(0, 1): [[1, 3], [1, 3]], (1, 2): [[2, 2], [2, 2]]})


def test_loglinear_needs_a_model() -> None:
    with pytest.raises(InvalidInput, match="interactions"):
        loglinear([[1, 2], [3, 4]], [])
