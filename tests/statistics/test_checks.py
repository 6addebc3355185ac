"""Behaviour of the argument checks: clean arrays pass unchanged, broken ones are named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.grouping import group_index


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_a_finite_vector_passes_unchanged_and_is_a_copy(values: list[float]) -> None:
    source = np.array(values)
    clean = checks.real_vector(source, argument="x")
    np.testing.assert_array_equal(clean, source)
    assert not np.shares_memory(clean, source)


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_named_by_position(broken: float) -> None:
    with pytest.raises(InvalidInput, match=r"rate\[2\]: must be finite") as caught:
        checks.real_vector([0.0, 1.0, broken], argument="rate")
    assert caught.value.argument == "rate"
    assert caught.value.position == (2,)
    assert "finite" in caught.value.rule


def test_matrix_position_is_row_and_column() -> None:
    with pytest.raises(InvalidInput) as caught:
        checks.real_matrix([[1.0, 2.0], [3.0, np.nan]], argument="x")
    assert caught.value.position == (1, 1)


def test_shape_type_and_emptiness() -> None:
    with pytest.raises(InvalidInput, match="1 dimension"):
        checks.real_vector([[1.0]], argument="x")
    with pytest.raises(InvalidInput, match="real numbers"):
        checks.real_vector(["1"], argument="x")
    with pytest.raises(InvalidInput, match="real numbers"):
        checks.real_vector(np.array([1.0, None]), argument="x")
    with pytest.raises(InvalidInput, match="empty"):
        checks.real_vector([], argument="x")
    with pytest.raises(InvalidInput, match="3 columns"):
        checks.real_matrix([[1.0, 2.0]], argument="x", columns=3)


def test_counts_refuse_negatives_and_accept_fractions() -> None:
    assert checks.counts([0, 1.5], argument="x").tolist() == [0.0, 1.5]
    with pytest.raises(InvalidInput, match="negative"):
        checks.counts([0, -1], argument="x")


def test_arrays_of_any_shape_are_named_by_their_full_position() -> None:
    cube = np.ones((2, 3, 2))
    np.testing.assert_array_equal(checks.count_array(cube, argument="x"), cube)
    cube[1, 2, 0] = -1
    with pytest.raises(InvalidInput, match=r"x\[1, 2, 0\]: must not be negative, found -1.0"):
        checks.count_array(cube, argument="x")
    with pytest.raises(InvalidInput, match=r"x\[1, 0\]: must not be negative"):
        checks.count_matrix([[0, 1], [-2, 3]], argument="x")
    with pytest.raises(InvalidInput, match="3 columns"):
        checks.count_matrix([[0, 1]], argument="x", columns=3)
    with pytest.raises(InvalidInput, match="dimension"):
        checks.real_array(3.0, argument="x")


def test_flags_are_not_numbers() -> None:
    assert checks.flags([True, False], argument="x").tolist() == [True, False]
    for broken in ([1, 0], [[True]], []):
        with pytest.raises(InvalidInput, match="must be true or false"):
            checks.flags(broken, argument="x")
    with pytest.raises(InvalidInput, match="must have 3 elements"):
        checks.flags([True], argument="x", length=3)


def test_numerator_within_denominator() -> None:
    numerator, denominator = checks.numerator_within([0, 3], [1, 3])
    assert numerator.tolist() == [0, 3]
    assert denominator.tolist() == [1, 3]
    with pytest.raises(InvalidInput, match=r"events\[1\]: must not exceed trials"):
        checks.numerator_within([0, 4], [1, 3], argument="events", denominator_argument="trials")
    with pytest.raises(InvalidInput, match=r"denominator\[0\]: must be above zero"):
        checks.numerator_within([0], [0])
    with pytest.raises(InvalidInput, match="length of numerator"):
        checks.numerator_within([0], [1, 2])


def test_lengths_and_sizes() -> None:
    assert checks.same_length(a=[1, 2], b=[3, 4]) == 2
    with pytest.raises(InvalidInput, match="b: must have the length of a"):
        checks.same_length(a=[1, 2], b=[3])
    assert checks.at_least([1, 2], 2, argument="x") == 2
    with pytest.raises(InvalidInput, match="at least 2"):
        checks.at_least([1], 2, argument="x")


def test_weights_must_sum_and_are_not_renormalised() -> None:
    assert checks.weights([0.25, 0.75]).tolist() == [0.25, 0.75]
    assert checks.weights([2, 2], total=None).tolist() == [2, 2]
    with pytest.raises(InvalidInput, match=r"sum to 1\.0"):
        checks.weights([0.225, 0.774])
    with pytest.raises(InvalidInput, match="all be zero"):
        checks.weights([0, 0], total=None)
    with pytest.raises(InvalidInput, match="negative"):
        checks.weights([1.5, -0.5])


def test_constant_columns_are_named() -> None:
    with pytest.raises(InvalidInput, match="constant"):
        checks.not_constant([2.0, 2.0], argument="x")
    with pytest.raises(InvalidInput) as caught:
        checks.not_constant([[1.0, 5.0], [2.0, 5.0]], argument="x")
    assert caught.value.position == (0, 1)
    checks.not_constant([[1.0, 5.0], [2.0, 6.0]], argument="x")


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_probability_and_level_bounds(value: float) -> None:
    with pytest.raises(InvalidInput):
        checks.probability([0.5, value], argument="p")
    with pytest.raises(InvalidInput):
        checks.confidence_level(value)
    assert checks.probability([0.0, 1.0], argument="p").tolist() == [0.0, 1.0]
    with pytest.raises(InvalidInput):
        checks.confidence_level(1.0)


def test_groups_are_numbered_in_sorted_order() -> None:
    index = group_index(["b", "a", "b"], length=3, argument="city")
    assert index.tolist() == [1, 0, 1]
    with pytest.raises(InvalidInput, match=r"city\[1\]: must not be missing"):
        group_index(np.array(["a", None], dtype=object), length=2, argument="city")
    with pytest.raises(InvalidInput, match="shape"):
        group_index(["a"], length=2, argument="city")
