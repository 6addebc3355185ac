"""Suppressed counts stay unknown: worked tables, attacks that must fail, broken inputs."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.suppression import (
    audit,
    bordered,
    hierarchy_relations,
    primary_suppression,
    suppress,
    two_way_relations,
)

THRESHOLD = 5


def tables(side: int) -> st.SearchStrategy[np.ndarray]:
    shape = st.tuples(st.integers(1, side), st.integers(1, side))
    cell = st.one_of(st.integers(0, 9), st.integers(0, 400))
    return arrays(np.int64, shape, elements=cell)


# Zeros and ties are what most often lets a cover be seen through.
ZEROS_AND_TIES = st.one_of(
    st.just(0), st.sampled_from([1, 2, 4, 5, 6, 30]), st.integers(0, 9), st.integers(0, 400)
)


def determined(relations: sparse.sparray, hidden: np.ndarray) -> np.ndarray:
    """Withheld cells that subtraction alone gives away, whatever their values may be.

    A cell is free only if some change of the withheld cells that keeps all relations moves it.
    """
    columns = np.flatnonzero(hidden)
    kept = relations.toarray()[:, columns]
    _, singular, right = np.linalg.svd(kept)
    rank = int((singular > 1e-9).sum())
    return columns[np.abs(right[rank:]).max(axis=0, initial=0.0) < 1e-9]


def assert_never_recoverable(table: np.ndarray) -> None:
    cells, relations = bordered(table).ravel(), two_way_relations(*table.shape)
    hidden = suppress(cells, relations, threshold=THRESHOLD)
    shown = cells[~hidden.suppressed]
    assert not ((shown > 0) & (shown < THRESHOLD)).any()
    assert determined(relations, hidden.suppressed).size == 0
    found = audit(cells, relations, hidden.suppressed)
    assert not found.recoverable(width=1e-6).any()
    assert not found.exposed(hidden.primary, threshold=THRESHOLD).any()


@settings(max_examples=25, deadline=None)
@given(tables(3))
def test_small_tables_are_never_recoverable(table: np.ndarray) -> None:
    assert_never_recoverable(table)


@pytest.mark.slow
@pytest.mark.parametrize("columns", range(2, 7))
@pytest.mark.parametrize("rows", range(2, 7))
@settings(max_examples=max(4, settings.default.max_examples // 4), deadline=None)
@given(data=st.data())
def test_tables_of_every_size_are_never_recoverable(
    rows: int, columns: int, data: st.DataObject
) -> None:
    shape = (rows, columns)
    assert_never_recoverable(data.draw(arrays(np.int64, shape, elements=ZEROS_AND_TIES)))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(tables(6))
def test_tables_up_to_six_by_six_are_never_recoverable(table: np.ndarray) -> None:
    assert_never_recoverable(table)


@pytest.mark.slow
@pytest.mark.parametrize("mean", [1, 4, 8, 20])
def test_crowded_six_by_six_tables_are_never_recoverable(mean: int) -> None:
    generator = np.random.default_rng(mean)
    for _ in range(15):
        assert_never_recoverable(generator.poisson(mean, size=(6, 6)))


def test_primary_suppression_alone_is_recovered_by_subtraction() -> None:
    cells, relations = bordered([[3, 20], [30, 40]]).ravel(), two_way_relations(2, 2)
    primary = primary_suppression(cells, threshold=THRESHOLD)
    assert primary.sum() == 1
    assert determined(relations, primary).tolist() == [0]
    found = audit(cells, relations, primary)
    assert found.lower[0] == found.upper[0] == 3
    assert found.recoverable().tolist() == primary.tolist()


def test_the_worked_square_needs_its_three_neighbours_and_keeps_the_totals() -> None:
    cells, relations = bordered([[3, 20], [30, 40]]).ravel(), two_way_relations(2, 2)
    fixed = np.zeros(9, dtype=bool)
    fixed[[2, 5, 6, 7, 8]] = True
    hidden = suppress(cells, relations, threshold=THRESHOLD, fixed=fixed)
    assert np.flatnonzero(hidden.suppressed).tolist() == [0, 1, 3, 4]
    found = audit(cells, relations, hidden.suppressed)
    assert (found.lower[0], found.upper[0]) == (0, 23)
    assert (found.lower[4], found.upper[4]) == (37, 60)


def test_the_audit_agrees_with_an_exhaustive_attack() -> None:
    table = np.array([[2, 1, 7], [4, 9, 3]])
    cells, relations = bordered(table).ravel(), two_way_relations(2, 3)
    hidden = np.zeros(12, dtype=bool)
    hidden[[0, 1, 4, 5, 6]] = True
    found = audit(cells, relations, hidden)
    options = [
        np.array(guess)
        for guess in itertools.product(range(11), repeat=int(hidden.sum()))
        if _fits(cells, relations, hidden, np.array(guess))
    ]
    np.testing.assert_allclose(found.lower[hidden], np.min(options, axis=0), atol=1e-9)
    np.testing.assert_allclose(found.upper[hidden], np.max(options, axis=0), atol=1e-9)


def _fits(
    cells: np.ndarray, relations: sparse.sparray, hidden: np.ndarray, guess: np.ndarray
) -> bool:
    tried = cells.copy()
    tried[hidden] = guess
    return not (relations @ tried).any()


def test_city_total_fixed_by_another_publication_costs_a_second_area() -> None:
    parent = np.array([4, 4, 4, 4, -1])
    cells = np.array([3.0, 50, 8, 40, 101])
    fixed = np.array([False, False, False, False, True])
    relations = hierarchy_relations(parent)
    hidden = suppress(cells, relations, threshold=THRESHOLD, fixed=fixed)
    assert np.flatnonzero(hidden.suppressed).tolist() == [0, 2]
    found = audit(cells, relations, hidden.suppressed)
    assert (found.lower[0], found.upper[0]) == (0, 11)


def test_a_zero_is_not_the_cover_where_a_count_can_be() -> None:
    cells, relations = np.array([3.0, 0, 60, 63]), hierarchy_relations([3, 3, 3, -1])
    fixed = np.array([False, False, False, True])
    hidden = suppress(cells, relations, threshold=THRESHOLD, fixed=fixed)
    assert hidden.suppressed.tolist() == [True, False, True, False]


def test_levels_are_protected_together_against_differencing() -> None:
    cells = np.array([2.0, 30, 6, 40, 32, 46, 78])
    parent = np.array([4, 4, 5, 5, 6, 6, -1])
    relations = hierarchy_relations(parent)
    hidden = suppress(cells, relations, threshold=THRESHOLD)
    found = audit(cells, relations, hidden.suppressed)
    assert hidden.primary.tolist() == [True] + [False] * 6
    assert not found.exposed(hidden.primary, threshold=THRESHOLD).any()


def test_a_second_release_of_the_same_cells_undoes_the_first() -> None:
    first = hierarchy_relations([3, 3, 3, -1]).toarray()
    cells = np.array([3.0, 7, 20, 30, 7])
    twice = sparse.csr_array(np.vstack([np.hstack([first, [[0.0]]]), [[0, 1, 0, 0, -1.0]]]))
    hidden = np.array([True, True, False, False, False])
    assert audit(cells, twice, hidden).recoverable()[0]
    fixed = np.array([False, False, False, True, True])
    safe = suppress(cells, twice, threshold=THRESHOLD, fixed=fixed)
    assert not audit(cells, twice, safe.suppressed).recoverable()[safe.primary].any()


def test_questions_to_an_audit_must_be_whole() -> None:
    hidden = np.array([True, True, False])
    found = audit([3.0, 47, 50], hierarchy_relations([2, 2, -1]), hidden)
    with pytest.raises(InvalidInput, match="width: must be above zero"):
        found.recoverable(width=0)
    with pytest.raises(InvalidInput, match="primary: must be true or false"):
        found.exposed(np.array([1, 0, 0]), threshold=5)
    with pytest.raises(InvalidInput, match="primary: must have 3 elements"):
        found.exposed(hidden[:2], threshold=5)
    with pytest.raises(InvalidInput, match="threshold"):
        found.exposed(hidden, threshold=0)


def test_a_known_ceiling_narrows_the_range() -> None:
    relations = hierarchy_relations([2, 2, -1])
    cells, hidden = np.array([3.0, 47, 50]), np.array([True, True, False])
    free = audit(cells, relations, hidden)
    capped = audit(cells, relations, hidden, ceiling=[50, 47.5, 50])
    assert (free.lower[0], capped.lower[0]) == (0, 2.5)


def test_primary_rules() -> None:
    cells = [0, 1, 4, 5, 900]
    assert primary_suppression(cells, threshold=5).tolist() == [False, True, True, False, False]
    assert primary_suppression(cells, threshold=5, zero_is_safe=False)[0]
    rates = primary_suppression(cells, threshold=5, denominators=[30, 30, 30, 29, 1000])
    assert rates.tolist() == [False, True, True, True, False]


def test_a_table_that_cannot_be_protected_says_so() -> None:
    cells, relations = bordered([[3]]).ravel(), two_way_relations(1, 1)
    fixed = np.array([False, False, False, True])
    with pytest.raises(InvalidInput) as caught:
        suppress(cells, relations, threshold=THRESHOLD, fixed=fixed)
    assert caught.value.argument == "fixed"


@pytest.mark.parametrize(
    ("cells", "argument", "position"),
    [
        ([1, 2, 4], "relations", (0,)),
        ([-1, 2, 1], "cells", (0,)),
        ([1, np.nan, 1], "cells", (1,)),
        ([1, 2, 3, 4], "relations", None),
    ],
)
def test_broken_cells_are_named(
    cells: list[float], argument: str, position: tuple[int, ...] | None
) -> None:
    with pytest.raises(InvalidInput) as caught:
        suppress(cells, hierarchy_relations([2, 2, -1]), threshold=THRESHOLD)
    assert caught.value.argument == argument
    assert caught.value.position == position


def test_broken_masks_thresholds_and_parents_are_named() -> None:
    relations = hierarchy_relations([2, 2, -1])
    with pytest.raises(InvalidInput, match="primary"):
        suppress(
            [1, 2, 3],
            relations,
            threshold=5,
            primary=np.array([True, False, False]),
            fixed=np.array([True, False, False]),
        )
    with pytest.raises(InvalidInput, match=r"relations\[0\]: the cells miss it by nan"):
        audit([1, 2, 3], np.nan * relations, np.array([True, False, False]))
    with pytest.raises(InvalidInput, match="suppressed"):
        audit([1, 2, 3], relations, np.array([1, 0, 0]))
    with pytest.raises(InvalidInput, match="threshold"):
        primary_suppression([1, 2], threshold=0)
    with pytest.raises(InvalidInput, match=r"parent\[1\]"):
        hierarchy_relations([2, 1, -1])
    with pytest.raises(InvalidInput, match="ceiling"):
        audit([1, 2, 3], relations, np.array([True, True, False]), ceiling=[0, 5, 5])
