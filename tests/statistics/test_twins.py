"""Twins: brute-force distances, other cities only, gaps stated."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.twins import nearest_areas

NAMES = ("a", "b", "c", "d")


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_twins_are_those_of_an_exhaustive_search(seed: int, factor: float) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(24, 4)) * [1, 10, 0.1, factor]
    city = generator.integers(0, 3, size=24)
    city[:3] = [0, 1, 2]
    result = nearest_areas(values, city, indicators=NAMES, count=2)
    z = (values - values.mean(axis=0)) / values.std(axis=0)
    gap = np.sqrt(((z[:, None] - z[None]) ** 2).mean(axis=2))
    gap[city[:, None] == city[None]] = np.inf
    np.testing.assert_allclose(result.distance, np.sort(gap, axis=1)[:, :2], rtol=1e-9)
    assert (city[result.position] != city[:, None]).all()
    assert set(result.indicators) == {NAMES}
    order = generator.permutation(24)
    again = nearest_areas(values[order], city[order], indicators=NAMES, count=2)
    np.testing.assert_array_equal(order[again.position], result.position[order])


def test_missing_indicators_are_left_out_and_stated() -> None:
    values = np.array(
        [[0.0, 0, 0, 9], [0, 0, 0, np.nan], [5, 5, 5, 9], [np.nan, 0, 0, 0], [np.nan] * 2 + [1, 2]]
    )
    city = ["x", "y", "y", "x", "y"]
    result = nearest_areas(values, city, indicators=NAMES, count=1)
    assert result.indicators[1] == ("a", "b", "c")
    assert result.position[1, 0] == 0
    assert result.distance[1, 0] == 0
    assert result.position[0, 0] == 2
    assert result.indicators[3] == ("b", "c", "d")
    assert result.position[3, 0] == 2
    assert result.reason[4] == "indicatori disponibili 2, ne servono 3"
    assert result.position[4, 0] == -1
    assert np.isnan(result.distance[4, 0])
    assert result.reason[0] is None


def test_fewer_candidates_than_wanted_leave_the_rest_empty() -> None:
    values = np.array([[1.0], [2], [4]])
    result = nearest_areas(values, [1, 2, 2], indicators=["a"], minimum_indicators=1)
    assert result.position.tolist() == [[1, 2, -1], [0, -1, -1], [0, -1, -1]]


def test_no_candidate_with_the_same_indicators_says_so() -> None:
    values = np.array([[1.0, 2], [3, 9], [5, np.nan]])
    result = nearest_areas(values, [1, 1, 2], indicators=["a", "b"], minimum_indicators=1)
    assert result.reason[0] == "nessuna area di altre città ha gli stessi indicatori"
    assert result.position[2, 0] == 1


@pytest.mark.parametrize(
    ("call", "argument", "position"),
    [
        (lambda: nearest_areas(np.eye(4), [1] * 4, indicators=NAMES), "cities", None),
        (lambda: nearest_areas(np.eye(4), [1, 2], indicators=NAMES), "cities", None),
        (lambda: nearest_areas(np.ones((3, 1)), [1, 2, 3], indicators=["a"]), "values", (0, 0)),
        (
            lambda: nearest_areas(np.full((3, 1), np.nan), [1, 2, 3], indicators=["a"]),
            "values",
            (0, 0),
        ),
        (lambda: nearest_areas(np.eye(4), [1, 2, 1, 2], indicators=NAMES, count=0), "count", None),
        (lambda: nearest_areas(np.eye(4), [1, 2, 1, 2], indicators=["a"]), "indicators", None),
    ],
)
def test_broken_input_names_argument_and_position(
    call: Callable[[], object], argument: str, position: tuple[int, ...] | None
) -> None:
    with pytest.raises(InvalidInput) as caught:
        call()
    assert caught.value.argument == argument
    assert caught.value.position == position


def test_of_areas_equally_far_the_first_wins() -> None:
    values = np.array([[0.0], [1], [-1], [1], [-1]])
    result = nearest_areas(
        values, [1, 2, 2, 3, 3], indicators=["a"], count=4, minimum_indicators=1, standardised=True
    )
    assert result.position[0].tolist() == [1, 2, 3, 4]
    assert result.distance[0].tolist() == [1.0] * 4


def test_on_a_scale_of_their_own_distances_do_not_depend_on_other_areas() -> None:
    values = np.random.default_rng(5).normal(size=(12, 4)) * 3
    city = np.arange(12) % 3
    options = {"indicators": NAMES, "count": 1, "standardised": True}
    few = nearest_areas(values[:9], city[:9], **options)
    more = nearest_areas(values, city, **options)
    gap = np.sqrt(((values[0] - values[few.position[0, 0]]) ** 2).mean())
    assert few.distance[0, 0] == pytest.approx(gap)
    kept = more.position[:9, 0] < 9
    assert kept.any()
    np.testing.assert_array_equal(more.distance[:9][kept], few.distance[kept])
    assert (more.distance[:9] <= few.distance).all()
