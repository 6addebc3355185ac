"""Typologies: the optimum, invariances, frozen assignment, gaps and soft membership."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from threadpoolctl import threadpool_limits

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.clustering import (
    UNCLASSIFIED,
    Typology,
    assign,
    fit_typology,
    frozen_membership,
    soft_membership,
)

NAMES = ("disoccupazione", "affollamento", "anziani_75")
CENTRES = np.array([[0.0, 0, 0], [6, 0, 6], [0, 7, -6]])
SMALL = arrays(np.float64, (7, 2), elements=st.integers(0, 40), unique=True)


def three_groups(areas: int = 60, *, seed: int = 4) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    group = np.arange(areas) % 3
    return CENTRES[group] + generator.normal(size=(areas, 3)), group


def fitted(values: np.ndarray, clusters: int = 3, *, seed: int = 0, starts: int = 40) -> Typology:
    names = [f"x{column}" for column in range(values.shape[1])]
    return fit_typology(
        values,
        indicators=names,
        clusters=clusters,
        generator=np.random.default_rng(seed),
        starts=starts,
    )


def test_separated_groups_are_found() -> None:
    values, group = three_groups()
    typology = fitted(values)
    label = assign(values, typology).label
    assert len(set(zip(group.tolist(), label.tolist(), strict=True))) == 3
    assert typology.size.tolist() == [20, 20, 20]


@settings(max_examples=15, deadline=None)
@given(SMALL)
def test_the_within_sum_of_squares_is_the_smallest_of_all_partitions(values: np.ndarray) -> None:
    z = (values - values.mean(axis=0)) / values.std(axis=0)
    best = min(
        sum(((z[side] - z[side].mean(axis=0)) ** 2).sum() for side in (chosen, ~chosen))
        for chosen in (
            np.array([True, *rest]) for rest in itertools.product([True, False], repeat=6)
        )
        if not chosen.all()
    )
    assert fitted(values, clusters=2).within == pytest.approx(best, rel=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(30)), st.floats(0.001, 1000))
def test_row_order_and_units_do_not_matter(order: list[int], factor: float) -> None:
    values, _ = three_groups(30)
    typology, again = fitted(values), fitted(values[order])
    np.testing.assert_array_equal(typology.centroids, again.centroids)
    np.testing.assert_array_equal(
        assign(values, typology).label[order], assign(values[order], again).label
    )
    rescaled = fitted(values * [factor, 1, 1])
    np.testing.assert_allclose(rescaled.centroids, typology.centroids, atol=1e-8)


def test_threads_do_not_change_the_numbers() -> None:
    values = np.random.default_rng(2).normal(size=(3000, 6))
    with threadpool_limits(limits=1):
        one = fitted(values, 5, starts=3)
    with threadpool_limits(limits=2):
        two = fitted(values, 5, starts=3)
    np.testing.assert_array_equal(one.centroids, two.centroids)


def test_areas_with_missing_inputs_stay_unclassified_with_a_reason() -> None:
    values, _ = three_groups()
    values[4, 1] = np.nan
    values[9, :2] = np.nan
    typology = fit_typology(
        values, indicators=NAMES, clusters=3, generator=np.random.default_rng(1), starts=20
    )
    result = assign(values, typology)
    assert result.label[[4, 9]].tolist() == [UNCLASSIFIED, UNCLASSIFIED]
    assert result.reason[4] == "dati mancanti: affollamento"
    assert result.reason[9] == "dati mancanti: disoccupazione, affollamento"
    assert result.reason[0] is None
    assert np.isnan(result.distance[4])
    assert int(typology.size.sum()) == 58
    assert (np.delete(result.label, [4, 9]) >= 0).all()


def test_frozen_centroids_do_not_move_with_new_figures() -> None:
    values, _ = three_groups()
    typology = fitted(values)
    alone = assign(values[:1], typology)
    among = assign(np.vstack([values[:1], values[3:] + 40]), typology)
    assert alone.label[0] == among.label[0]
    assert alone.distance[0] == among.distance[0]


def test_values_of_another_width_are_not_on_the_scale() -> None:
    typology = fit_typology(
        np.arange(12.0).reshape(6, 2) ** 2,
        indicators=["a", "b"],
        clusters=2,
        generator=np.random.default_rng(0),
        starts=2,
    )
    with pytest.raises(InvalidInput, match=r"values: must have shape \(n, 2\)"):
        typology.standardise(np.zeros((3, 1)))


def test_margin_is_one_on_a_centroid_and_zero_half_way() -> None:
    typology = Typology(
        ("x",), np.zeros(1), np.ones(1), np.array([[0.0], [4.0]]), np.array([1, 1]), 0.0
    )
    result = assign([[0.0], [2.0], [3.0]], typology)
    np.testing.assert_allclose(result.margin, [1, 0, 1 - 1 / 3])
    assert (result.label[2], result.second[2]) == (1, 0)


def test_soft_membership_agrees_with_separated_clusters_and_adds_up() -> None:
    values, _ = three_groups()
    typology = fitted(values)
    with_gap = np.vstack([values, [[np.nan, 0, 0]]])
    soft = soft_membership(with_gap, typology, generator=np.random.default_rng(0))
    assert soft.converged
    np.testing.assert_allclose(soft.probability[:-1].sum(axis=1), 1)
    assert np.isnan(soft.probability[-1]).all()
    assert soft.reason[-1] == "dati mancanti: x0"
    label = assign(values, typology).label
    np.testing.assert_array_equal(soft.probability[:-1].argmax(axis=1), label)


def test_an_area_between_two_clusters_is_shared() -> None:
    values, _ = three_groups(300)
    typology = fitted(values)
    soft = soft_membership(
        np.vstack([values, [[3.0, 0, 3]]]), typology, generator=np.random.default_rng(0)
    )
    assert soft.probability[-1].max() < 0.999
    assert np.sort(soft.probability[-1])[1] > 0.001


@pytest.mark.parametrize(
    ("call", "argument", "position"),
    [
        (lambda: fitted(np.array([[1.0, np.inf], [2, 3]]), 2), "values", (0, 1)),
        (lambda: fitted(np.array([[1.0, 5], [2, 5], [3, 5]]), 2), "values", (0, 1)),
        (lambda: fitted(np.array([[1.0], [2], [2]]), 2), "values", None),
        (lambda: fitted(np.eye(4), 1), "clusters", None),
        (lambda: fitted(np.eye(4), 2, starts=0), "starts", None),
        (lambda: assign([["a"]], fitted(np.eye(4), 2)), "values", None),
        (lambda: assign([[1.0, 2]], fitted(np.eye(4), 2)), "indicators", None),
        (
            lambda: fit_typology(
                np.eye(3), indicators=["a", "a", "b"], clusters=2, generator=np.random.default_rng()
            ),
            "indicators",
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


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1_000))
def test_frozen_membership_prefers_the_nearest_centroid_and_hears_no_other_area(seed: int) -> None:
    pool = np.random.default_rng(7).normal(size=(80, 3))
    typology = fitted(pool, 4)
    values = np.random.default_rng(seed).normal(size=(9, 3))
    values[4, 1] = np.nan
    together = frozen_membership(values, typology)
    known = np.arange(9) != 4
    np.testing.assert_allclose(together[known].sum(axis=1), 1.0)
    assert np.isnan(together[4]).all()
    label = assign(values, typology).label
    np.testing.assert_array_equal(together[known].argmax(axis=1), label[known])
    np.testing.assert_array_equal(frozen_membership(values[:1], typology), together[:1])


def test_frozen_membership_worked_by_hand() -> None:
    typology = Typology(
        indicators=("a",), centre=np.zeros(1), scale=np.ones(1), size=np.array([2, 2]),
        centroids=np.array([[0.0], [2.0]]), within=4.0,
    )  # fmt: skip
    # Variance 4 / (4 x 1) = 1: halfway a toss of a coin, on a centroid odds of exp(2).
    middle, first = frozen_membership(np.array([[1.0], [0.0]]), typology)
    assert middle.tolist() == [0.5, 0.5]
    assert first[0] / first[1] == pytest.approx(np.exp(2))
    with pytest.raises(InvalidInput, match="spread"):
        frozen_membership(np.array([[1.0]]), replace(typology, within=0.0))
