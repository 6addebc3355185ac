"""Basins are connected, heavy enough and complete, whatever the map."""

from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.regionalisation import Basins, demand_basins, profile_neighbours


def grid(rows: int, columns: int) -> np.ndarray:
    cell = np.arange(rows * columns).reshape(rows, columns)
    across = np.column_stack([cell[:, :-1].ravel(), cell[:, 1:].ravel()])
    down = np.column_stack([cell[:-1].ravel(), cell[1:].ravel()])
    return np.vstack([across, down])


def components(pairs: np.ndarray, n: int) -> int:
    graph = sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return int(connected_components(graph, directed=False)[0])


def assert_sound(result: Basins, mass: np.ndarray, pairs: np.ndarray, minimum: float) -> None:
    n = mass.size
    assert result.label.shape == (n,)
    assert set(result.label.tolist()) == set(range(result.mass.size))
    np.testing.assert_allclose(np.bincount(result.label, weights=mass), result.mass)
    assert result.mass.sum() == pytest.approx(mass.sum())
    assert (result.mass >= minimum * (1 - 2e-9)).all()
    assert int(result.areas.sum()) == n
    inside = pairs[result.label[pairs[:, 0]] == result.label[pairs[:, 1]]]
    assert components(inside, n) == result.mass.size


@st.composite
def maps(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(2, 7))
    seed = draw(st.integers(0, 10_000))
    generator = np.random.default_rng(seed)
    mass = generator.gamma(1.0, 60, size=rows * columns)
    share = draw(st.floats(0.01, 1.0))
    return (
        generator.normal(size=(mass.size, 3)),
        mass,
        grid(rows, columns),
        share * float(mass.sum()),
    )


@settings(deadline=None)
@given(maps())
def test_basins_are_connected_heavy_enough_and_complete(
    case: tuple[np.ndarray, np.ndarray, np.ndarray, float],
) -> None:
    profile, mass, pairs, minimum = case
    result = demand_basins(profile, mass, pairs, minimum=minimum)
    assert_sound(result, mass, pairs, minimum)


@settings(deadline=None, max_examples=30)
@given(maps(), st.randoms(use_true_random=False))
def test_the_order_of_the_areas_does_not_matter(
    case: tuple[np.ndarray, np.ndarray, np.ndarray, float], random: Random
) -> None:
    profile, mass, pairs, minimum = case
    shuffled = list(range(mass.size))
    random.shuffle(shuffled)
    order = np.array(shuffled)
    place = np.argsort(order)
    first = demand_basins(profile, mass, pairs, minimum=minimum * 0.99)
    second = demand_basins(profile[order], mass[order], place[pairs], minimum=minimum * 0.99)
    np.testing.assert_array_equal(first.label[order], second.label)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 500), st.integers(1, 5))
def test_basins_without_geometry_keep_within_their_city(seed: int, neighbours: int) -> None:
    generator = np.random.default_rng(seed)
    city = np.array(["a"] * 9 + ["b"] * 14)
    profile = np.round(generator.normal(size=(23, 2)))
    mass = generator.uniform(5, 40, size=23)
    pairs = profile_neighbours(profile, groups=city, neighbours=neighbours)
    assert components(pairs, 23) == 2
    result = demand_basins(profile, mass, pairs, minimum=45)
    assert_sound(result, mass, pairs, 45)
    for number in range(result.mass.size):
        assert len(set(city[result.label == number])) == 1


def test_a_line_of_two_halves_is_cut_where_the_profile_changes() -> None:
    profile = np.array([[0.0], [0.1], [0.0], [5.0], [5.1], [5.0]])
    pairs = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]])
    result = demand_basins(profile, [10, 10, 10, 10, 10, 10], pairs, minimum=30)
    assert len(set(result.label[:3])) == len(set(result.label[3:])) == 1
    assert result.mass.tolist() == [30, 30]
    assert result.within == pytest.approx(2 * (0.02 / 3) / profile.std() ** 2)


def test_areas_that_suffice_alone_stay_alone() -> None:
    result = demand_basins(np.eye(4), [50, 60, 70, 80], grid(2, 2), minimum=50)
    assert result.label.tolist() == [3, 2, 1, 0]
    assert result.within == 0


def test_a_border_area_moves_to_the_basin_it_resembles() -> None:
    profile = np.array([[0.0], [0.0], [9.0], [9.0], [9.0]])
    line = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    result = demand_basins(profile, [10, 90, 1, 60, 60], line, minimum=100)
    assert result.label.tolist() == [1, 1, 0, 0, 0]


def test_each_area_has_its_nearest_neighbours() -> None:
    pairs = profile_neighbours([[0.0], [1.0], [2.5], [9.0]], groups=[1, 1, 1, 1], neighbours=1)
    assert pairs.tolist() == [[0, 1], [1, 2], [2, 3]]


def test_one_area_by_itself() -> None:
    pairs = profile_neighbours([[0.0], [3.0]], groups=["a", "b"])
    assert pairs.shape == (0, 2)
    assert demand_basins([[0.0], [3.0]], [30, 40], pairs, minimum=30).label.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("call", "argument", "position"),
    [
        (lambda: demand_basins(np.eye(3), [1, 9, 9], [[1, 2]], minimum=5), "mass", (0,)),
        (lambda: demand_basins(np.eye(3), [1, -9, 9], [[1, 2]], minimum=5), "mass", (1,)),
        (lambda: demand_basins(np.eye(3), [1, 9], [[1, 2]], minimum=5), "mass", None),
        (lambda: demand_basins(np.eye(3), [9, 9, 9], [[1, 3]], minimum=5), "neighbours", (0, 1)),
        (lambda: demand_basins(np.eye(3), [9, 9, 9], [1, 2], minimum=5), "neighbours", None),
        (lambda: demand_basins(np.eye(3), [9, 9, 9], [[1, 2]], minimum=0), "minimum", None),
        (lambda: demand_basins([[1.0], [np.nan]], [9, 9], [[0, 1]], minimum=1), "profile", (1, 0)),
        (lambda: profile_neighbours(np.eye(3), groups=[1, 1]), "groups", None),
        (
            lambda: profile_neighbours(np.eye(3), groups=[1, 1, 1], neighbours=0),
            "neighbours",
            None,
        ),
    ],
)
def test_broken_input_names_argument_and_position(
    call: Callable[[], object], argument: str, position: tuple[int, ...] | None
) -> None:
    with pytest.raises(InvalidInput) as caught:
        call()
    assert caught.value.argument == argument
    assert caught.value.position == position
