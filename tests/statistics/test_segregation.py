"""Worked numbers, bounds and identities of the segregation indices."""

from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.segregation import (
    dissimilarity,
    entropy_index,
    interaction,
    isolation,
    location_quotient,
    separation_by_area,
)

COUNTS = arrays(np.int64, st.tuples(st.integers(2, 12), st.just(2)), elements=st.integers(0, 900))


def populated(table: np.ndarray) -> bool:
    return bool((table.sum(axis=0) > 0).all())


def test_a_two_unit_city_worked_by_hand() -> None:
    group, others = [30, 10], [10, 50]
    total = [40, 60]
    assert dissimilarity(group, others) == pytest.approx(0.5 * (7 / 12 + 7 / 12))
    assert isolation(group, total) == pytest.approx(0.75 * 0.75 + 0.25 / 6)
    assert interaction(group, others, total) == pytest.approx(1 - isolation(group, total))
    np.testing.assert_allclose(location_quotient(group, total), [0.75 / 0.4, (1 / 6) / 0.4])


def test_extremes_of_the_entropy_index() -> None:
    assert entropy_index([[10, 20, 30], [20, 40, 60]]) == pytest.approx(0, abs=1e-12)
    assert entropy_index([[10, 0], [0, 20]]) == pytest.approx(1)


def test_entropy_of_a_mixed_and_a_closed_unit() -> None:
    whole = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert entropy_index([[10, 10], [20, 0]]) == pytest.approx(1 - 0.5 * np.log(2) / whole)


@given(COUNTS.filter(populated), st.integers(2, 9), st.randoms(use_true_random=False))
def test_indices_ignore_order_and_scale_and_stay_in_bounds(
    table: np.ndarray, factor: int, random: Random
) -> None:
    order = list(range(len(table)))
    random.shuffle(order)
    total = table.sum(axis=1)
    values = (
        dissimilarity(table[:, 0], table[:, 1]),
        isolation(table[:, 0], total),
        entropy_index(table),
    )
    again = (
        dissimilarity(table[order, 0] * factor, table[order, 1] * factor),
        isolation(table[order, 0] * factor, total[order] * factor),
        entropy_index(table[order] * factor),
    )
    np.testing.assert_allclose(values, again, atol=1e-9)
    assert all(-1e-9 <= value <= 1 + 1e-9 for value in values)
    assert values[1] >= table[:, 0].sum() / total.sum() - 1e-12


def test_isolation_inside_areas_matches_the_city_index_of_each() -> None:
    group = np.array([3, 0, 7, 2, 5, 0])
    total = np.array([10, 0, 20, 9, 5, 30])
    areas = np.array(["b", "b", "b", "a", "a", "a"])
    result = separation_by_area(group, total, areas)
    assert result.area.tolist() == ["a", "b"]
    for row, area in enumerate(result.area):
        inside = areas == area
        assert result.isolation[row] == pytest.approx(isolation(group[inside], total[inside]))
    share = 7 / 44
    assert result.eta_squared[0] == pytest.approx((result.isolation[0] - share) / (1 - share))


def test_isolation_by_chance_is_what_random_placement_gives() -> None:
    total = np.array([4, 9, 30, 2, 15])
    generator = np.random.default_rng(5)
    drawn = generator.multivariate_hypergeometric(total, 18, size=20_000)
    simulated = (drawn**2 / total).sum(axis=1) / 18
    result = separation_by_area([2, 6, 8, 1, 1], total, np.zeros(5))
    assert result.by_chance[0] == pytest.approx(simulated.mean(), abs=4 * simulated.std() / 141)


def test_an_area_without_the_group_is_undefined_not_zero() -> None:
    result = separation_by_area([0, 0, 1], [10, 5, 1], [1, 1, 2])
    assert np.isnan(result.isolation[0])
    assert np.isnan(result.by_chance[0])
    assert result.isolation[1] == 1
    assert np.isnan(result.eta_squared[1])


@pytest.mark.parametrize(
    ("call", "argument", "position"),
    [
        (lambda: isolation([5, 11], [10, 10]), "group", (1,)),
        (lambda: isolation([0, 0], [10, 10]), "group", None),
        (lambda: isolation([1, 2], [10]), "total", None),
        (lambda: dissimilarity([1, np.nan], [1, 1]), "group", (1,)),
        (lambda: interaction([5, 5], [6, 1], [10, 10]), "others", (0,)),
        (lambda: location_quotient([0, 1], [0, 5]), "total", (0,)),
        (lambda: entropy_index([[1, -1], [2, 2]]), "counts", (0, 1)),
        (lambda: entropy_index([[1, 0], [2, 0]]), "counts", None),
        (lambda: separation_by_area([1, 2], [0, 5], [1, 1]), "group", (0,)),
    ],
)
def test_broken_input_names_argument_and_position(
    call: Callable[[], object], argument: str, position: tuple[int, ...] | None
) -> None:
    with pytest.raises(InvalidInput) as caught:
        call()
    assert caught.value.argument == argument
    assert caught.value.position == position
