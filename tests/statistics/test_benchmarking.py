"""Totals, rounding and refusals of benchmarking."""

from collections.abc import Hashable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.statistics.benchmarking import difference, largest_remainder, ratio
from will_pipeline.statistics.checks import InvalidInput

COUNTS = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=40)


@given(COUNTS, st.floats(0, 1e7))
def test_ratio_meets_the_total_and_keeps_proportions(values: list[float], total: float) -> None:
    result = ratio(values, total)
    assert result.values.sum() == pytest.approx(total, rel=1e-12)
    np.testing.assert_allclose(result.values, np.array(values) * result.adjustment)


@given(
    st.lists(st.tuples(st.floats(0.001, 1e6), st.integers(0, 4)), min_size=1, max_size=40),
    st.integers(0, 10_000),
)
def test_every_city_meets_its_own_total_in_any_order(
    areas: list[tuple[float, int]], seed: int
) -> None:
    generator = np.random.default_rng(seed)
    values, city = np.array([area[0] for area in areas]), np.array([area[1] for area in areas])
    totals: dict[Hashable, float] = {
        int(label): float(generator.integers(0, 10**6)) for label in np.unique(city)
    }
    result = ratio(values, totals, groups=city)
    whole = largest_remainder(result.values, totals, groups=city)
    for label, total in totals.items():
        assert result.values[city == label].sum() == pytest.approx(total, rel=1e-12)
        assert int(whole[city == label].sum()) == total
    order = generator.permutation(values.size)
    again = ratio(values[order], totals, groups=city[order])
    np.testing.assert_array_equal(again.values, result.values[order])


def test_ratio_by_city() -> None:
    result = ratio([1, 3, 5, 5], {"Como": 8, "Novara": 5}, groups=["Como", "Como"] + ["Novara"] * 2)
    np.testing.assert_allclose(result.values, [2, 6, 2.5, 2.5])
    np.testing.assert_allclose(result.adjustment, [2, 2, 0.5, 0.5])


def test_ratio_leaves_an_empty_group_at_zero() -> None:
    result = ratio([0, 0, 4], {"a": 0, "b": 2}, groups=["a", "a", "b"])
    np.testing.assert_array_equal(result.values, [0, 0, 2])


@given(COUNTS, st.floats(-1e6, 1e6))
def test_difference_meets_the_total(values: list[float], total: float) -> None:
    result = difference(values, total, variances=np.ones(len(values)))
    assert result.values.sum() == pytest.approx(total, abs=1e-6)
    assert np.ptp(result.adjustment) == 0


def test_difference_moves_the_uncertain_and_not_the_certain() -> None:
    result = difference([10, 10, 10], 36, variances=[0, 1, 2])
    np.testing.assert_allclose(result.values, [10, 12, 14])


def test_difference_refuses_what_falls_below_the_least() -> None:
    with pytest.raises(InvalidInput, match=r"estimates\[1\].*below 0"):
        difference([10, 1], 5, variances=[1, 1], least=0)


@given(
    st.lists(st.integers(0, 5_000), min_size=1, max_size=30).filter(any),
    st.integers(0, 100_000),
)
def test_largest_remainder_is_exact_and_never_a_unit_away(parts: list[int], total: int) -> None:
    shares = [float(Fraction(part * total, sum(parts))) for part in parts]
    whole = largest_remainder(shares, total)
    assert whole.sum() == total
    assert np.abs(whole - shares).max() < 1 + 1e-9


def test_largest_remainder_serves_ties_in_order_and_groups_apart() -> None:
    whole = largest_remainder(
        [0.5, 1.5, 0.25, 0.75, 1.0], {"a": 2, "b": 2}, groups=["a", "a", "b", "b", "b"]
    )
    np.testing.assert_array_equal(whole, [1, 1, 0, 1, 1])


def test_rounded_benchmark_keeps_the_city() -> None:
    generator = np.random.default_rng(4)
    benchmarked = ratio(generator.gamma(2, 50, size=200), 12_345)
    assert largest_remainder(benchmarked.values, 12_345).sum() == 12_345


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ratio([1, np.nan], 3), r"estimates\[1\]: must be finite"),
        (lambda: ratio([1, -1], 3), r"estimates\[1\]: must not be negative"),
        (lambda: ratio([0, 0], 3), r"estimates\[0\]: are all zero"),
        (lambda: ratio([1, 1], -3), r"totals\[0\]: must not be negative"),
        (lambda: ratio([1, 1], {"a": 1}, groups=["a", "b"]), r"unmatched: \['b'\]"),
        (lambda: ratio([1, 1], {"a": 1}), "groups: is needed"),
        (lambda: ratio([1, 1], 2.0, groups=["a", "b"]), "one total for each of 2 groups"),
        (lambda: ratio([1, 1], {"a": 1}, groups=["a"]), "groups: must have shape"),
        (lambda: difference([1, 1], 3, variances=[0, 0]), "variances.*all zero"),
        (lambda: difference([1, 1], 3, variances=[1]), "variances: must have the length"),
        (lambda: largest_remainder([0.5, 0.6]), "add up to 1.1"),
        (lambda: largest_remainder([0.5, 0.5], 1.5), "must be whole"),
        (lambda: largest_remainder([1.0, 2.0], 4), "and not to 4"),
    ],
)
def test_refusals(call: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        call()  # type: ignore[operator]  # parametrised lambdas
