"""The attacker's programmes: what a publication leaves possible, with answers known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.recovery import Contradiction, Difference, recoverable_ranges

NONE = float("nan")


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


def free(n: int) -> np.ndarray:
    return np.full((n, 1), np.inf)


def test_one_gap_beside_its_total_is_known() -> None:
    found = recoverable_ranges(column(100, 40, NONE), free(3), [(0, (1, 2))])
    assert_allclose(found.lower, column(100, 40, 60))
    assert_allclose(found.upper, column(100, 40, 60))


def test_two_gaps_share_what_is_left_and_no_more_than_their_residents() -> None:
    found = recoverable_ranges(
        column(100, 40, NONE, NONE), column(1000, 1000, 20, 1000), [(0, (1, 2, 3))]
    )
    assert_allclose(found.lower[2:, 0], [0, 40])
    assert_allclose(found.upper[2:, 0], [20, 60])


def test_nothing_bounds_a_gap_in_no_sum() -> None:
    found = recoverable_ranges(column(5, NONE), free(2))
    assert found.lower[1, 0] == 0
    assert found.upper[1, 0] == np.inf


def test_a_group_is_what_two_unions_differ_by() -> None:
    group = Difference(upper=(0,), lower=(1, 2), ceiling=50)
    known = recoverable_ranges(column(100, 60, 30), free(3), groups=[group])
    assert known.groups_lower.item() == known.groups_upper.item() == pytest.approx(10)
    hidden = recoverable_ranges(column(100, 60, NONE), free(3), groups=[group])
    assert_allclose([hidden.groups_lower.item(), hidden.groups_upper.item()], [0, 40])


def test_a_part_never_exceeds_its_whole() -> None:
    published = np.array([[30.0, 100.0], [NONE, 10.0], [NONE, 90.0]])
    found = recoverable_ranges(published, np.full((3, 2), np.inf), [(0, (1, 2))], within=[(0, 1)])
    assert_allclose(found.lower[1:, 0], [0, 20])
    assert_allclose(found.upper[1:, 0], [10, 30])


def test_rounding_leaves_room_around_a_difference() -> None:
    found = recoverable_ranges(column(10.0, 4.0, NONE), free(3), [(0, (1, 2))], rounding=0.05)
    assert_allclose([found.lower[2, 0], found.upper[2, 0]], [5.85, 6.15])


def test_numbers_that_contradict_each_other_are_told() -> None:
    with pytest.raises(Contradiction):
        recoverable_ranges(column(100, 140, NONE), free(3), [(0, (1, 2))])


@pytest.mark.parametrize(
    ("ceilings", "rounding", "argument"), [(free(2), 0.0, "ceilings"), (free(3), -1.0, "rounding")]
)
def test_bad_input_is_named(ceilings: np.ndarray, rounding: float, argument: str) -> None:
    with pytest.raises(InvalidInput, match=argument):
        recoverable_ranges(column(1, 1, NONE), ceilings, rounding=rounding)


@settings(max_examples=25, deadline=None)
@given(
    counts=st.lists(st.integers(0, 60), min_size=3, max_size=6),
    hidden=st.sets(st.integers(0, 5)),
)
def test_the_truth_is_always_possible(counts: list[int], hidden: set[int]) -> None:
    true = np.array([sum(counts), *counts], dtype=float)
    published = true.copy()
    published[[k + 1 for k in hidden if k < len(counts)]] = NONE
    found = recoverable_ranges(
        published[:, None],
        np.full((len(true), 1), 60.0 * len(counts)),
        [(0, range(1, len(true)))],
    )
    assert (found.lower[:, 0] <= true + 1e-6).all()
    assert (true <= found.upper[:, 0] + 1e-6).all()
