"""Stability gate, choice of the number of clusters, and names kept between releases."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.cluster_stability import (
    ClusterChoice,
    Stability,
    align_labels,
    align_typology,
    bootstrap_stability,
    choose_clusters,
)
from will_pipeline.statistics.clustering import UNCLASSIFIED, Typology, assign, fit_typology

CENTRES = np.array([[0.0, 0], [8, 0], [0, 8]])
NAMES = ("x", "y")


def groups(areas: int = 90) -> np.ndarray:
    generator = np.random.default_rng(8)
    return CENTRES[np.arange(areas) % 3] + generator.normal(size=(areas, 2))


def typology_of(values: np.ndarray, seed: int = 0) -> Typology:
    return fit_typology(
        values, indicators=NAMES, clusters=3, generator=np.random.default_rng(seed), starts=20
    )


def test_separated_groups_are_stable_and_noise_is_exploratory() -> None:
    clear = bootstrap_stability(
        groups(), indicators=NAMES, clusters=3, generator=np.random.default_rng(1), resamples=20
    )
    noise = np.random.default_rng(9).normal(size=(90, 2))
    vague = bootstrap_stability(
        noise, indicators=NAMES, clusters=6, generator=np.random.default_rng(1), resamples=20
    )
    assert clear.index.shape == (20,)
    assert clear.mean > 0.97
    assert not clear.exploratory
    assert vague.mean < 0.75
    assert vague.exploratory


def test_the_same_seed_gives_the_same_indices_whatever_the_row_order() -> None:
    values = groups(30)
    first, second = (
        bootstrap_stability(
            rows, indicators=NAMES, clusters=4, generator=np.random.default_rng(7), resamples=8
        )
        for rows in (values, values[::-1])
    )
    np.testing.assert_array_equal(first.index, second.index)


def test_the_number_of_clusters_is_the_most_stable_one() -> None:
    choice = choose_clusters(
        groups(),
        indicators=NAMES,
        candidates=range(2, 6),
        generator=np.random.default_rng(3),
        resamples=15,
        starts=20,
    )
    assert choice.chosen == 3
    assert [stability.clusters for stability in choice.candidates] == [2, 3, 4, 5]


@given(st.permutations(range(4)), st.lists(st.integers(-1, 3), min_size=8, max_size=40))
def test_renamed_clusters_get_their_names_back(order: list[int], tail: list[int]) -> None:
    previous = np.array([0, 1, 2, 3, *tail])
    current = np.where(previous == UNCLASSIFIED, UNCLASSIFIED, np.array(order)[previous])
    alignment = align_labels(previous, current)
    np.testing.assert_array_equal(alignment.apply(current), previous)
    assert alignment.overlap == 1


def test_a_new_cluster_gets_a_new_name() -> None:
    alignment = align_labels([0, 0, 1, 1, 1, -1], [2, 2, 0, 0, 1, 1])
    assert alignment.name.tolist() == [1, 2, 0]
    assert alignment.overlap == pytest.approx(4 / 5)


def test_a_cluster_that_was_not_aligned_has_no_name() -> None:
    renamed = align_labels([0, 1, 1], [1, 0, 0])
    assert renamed.apply([1, -1, 0]).tolist() == [0, -1, 1]
    with pytest.raises(InvalidInput, match=r"label\[1\]: names a cluster not aligned"):
        renamed.apply([0, 2])


def test_a_new_vintage_keeps_the_order_of_the_previous_clusters() -> None:
    values = groups()
    previous = typology_of(values)
    shuffled = replace(
        previous, centroids=previous.centroids[[2, 0, 1]], size=previous.size[[2, 0, 1]]
    )
    moved = replace(shuffled, centre=shuffled.centre + 0.2)
    aligned = align_typology(previous, moved)
    np.testing.assert_array_equal(aligned.centroids, previous.centroids)
    np.testing.assert_array_equal(
        assign(values, align_typology(previous, shuffled)).label, assign(values, previous).label
    )


def test_typologies_of_other_indicators_or_fewer_clusters_cannot_be_aligned() -> None:
    previous = typology_of(groups())
    with pytest.raises(InvalidInput, match="indicators"):
        align_typology(previous, replace(previous, indicators=("x", "z")))
    with pytest.raises(InvalidInput, match="fewer"):
        align_typology(previous, replace(previous, centroids=previous.centroids[:2]))


@pytest.mark.parametrize(
    ("previous", "current", "argument", "position"),
    [
        ([0, 1], [0, 1, 1], "current", None),
        ([0, -2], [0, 1], "previous", (1,)),
        ([-1, 0], [0, -1], "current", None),
        ([0.5, 1], [0, 1], "previous", None),
    ],
)
def test_broken_labels_are_named(
    previous: list[float], current: list[int], argument: str, position: tuple[int, ...] | None
) -> None:
    with pytest.raises(InvalidInput) as caught:
        align_labels(previous, current)
    assert caught.value.argument == argument
    assert caught.value.position == position


def test_no_repetitions_or_candidates_are_refused() -> None:
    with pytest.raises(InvalidInput, match="resamples"):
        bootstrap_stability(
            groups(), indicators=NAMES, clusters=3, generator=np.random.default_rng(), resamples=0
        )
    with pytest.raises(InvalidInput, match="candidates"):
        choose_clusters(
            groups(), indicators=NAMES, candidates=[], generator=np.random.default_rng()
        )


def test_the_finest_publishable_number_is_found_and_the_most_stable_where_none_is() -> None:
    def tried(**means: float) -> ClusterChoice:
        return ClusterChoice.among(
            [Stability(int(k.removeprefix("k")), np.array([mean])) for k, mean in means.items()]
        )

    assert tried(k3=0.92, k4=0.75, k5=0.74).finest.clusters == 4
    assert tried(k3=0.92, k4=0.75, k5=0.74).chosen == 3
    assert tried(k3=0.6, k4=0.5).finest.clusters == 3
    assert tried(k3=0.6, k4=0.5).finest.exploratory
