"""Random streams by group: what one group draws never depends on another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.empirical_bayes import (
    beta_binomial,
    gamma_poisson,
    jeffreys,
    poisson_interval,
)
from will_pipeline.statistics.standardised_proportion import standardised_proportion
from will_pipeline.statistics.streams import draw_in_groups, streams

EVENTS, PERSONS = np.array([8.0, 12, 10, 30, 5, 6, 7]), np.full(7, 50.0)
CITIES = np.array(["a", "b", "a", "b", "b", "a", "a"])


def generator() -> np.random.Generator:
    return np.random.default_rng(11)


@given(st.permutations(list("xyz")), st.integers(1, 4))
def test_a_group_draws_the_same_whoever_else_is_there(order: list[str], more: int) -> None:
    ((_, alone),) = streams(generator(), ["y"])
    expected = alone.random(3)
    labels = [label for label in order for _ in range(more)]
    for rows, stream in streams(generator(), labels):
        if labels[rows[0]] == "y":
            assert rows.tolist() == [k for k, label in enumerate(labels) if label == "y"]
            np.testing.assert_array_equal(stream.random(3), expected)


def test_groups_differ_and_the_generator_moves_by_one_step_whatever_they_are() -> None:
    one, other = generator(), generator()
    (_, first), (_, second) = streams(one, ["a", "b"])
    list(streams(other, list("abcdef")))
    assert first.random() != second.random()
    assert one.random() == other.random()


@pytest.mark.parametrize(
    "posterior",
    [
        beta_binomial(EVENTS, PERSONS, groups=CITIES),
        gamma_poisson(EVENTS, PERSONS / 5, groups=CITIES),
        standardised_proportion(EVENTS, PERSONS / 5, PERSONS, groups=CITIES),
        jeffreys(EVENTS, PERSONS),
        poisson_interval(EVENTS),
    ],
)
def test_posteriors_draw_each_group_apart(posterior: object) -> None:
    drawn = posterior.draw(400, generator(), groups=CITIES)
    assert drawn.shape == (400, 7)
    again = posterior.draw(400, generator(), groups=np.where(CITIES == "a", "a", "other"))
    np.testing.assert_array_equal(again[:, CITIES == "a"], drawn[:, CITIES == "a"])
    assert (again[:, CITIES == "b"] != drawn[:, CITIES == "b"]).all()
    plain = posterior.draw(400, generator())
    np.testing.assert_allclose(drawn.mean(axis=0), plain.mean(axis=0), rtol=0.15)


def test_one_label_for_each_member_is_asked_for() -> None:
    with pytest.raises(InvalidInput) as caught:
        draw_in_groups(
            lambda stream, rows: stream.random((2, rows.size)),
            shape=(2, 3), generator=generator(), groups=["a", "b"],
        )  # fmt: skip
    assert caught.value.argument == "groups"
