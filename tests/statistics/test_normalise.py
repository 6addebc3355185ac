"""Scales with known answers and invariants of the normalisations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.normalise import (
    Goalposts,
    Polarity,
    goalpost_scores,
    inverse_hyperbolic_sine,
    min_max,
    ranks,
    signs,
    z_scores,
)

VALUES = np.array([[10.0, 5, 2], [20, 5, 8], [30, 15, 4], [40, 25, 6]])
pools = st.lists(st.integers(-1_000, 1_000), min_size=2, max_size=30, unique=True)


def test_goalposts_of_the_worked_example() -> None:
    goalposts = Goalposts.from_pool(VALUES[:, 1], "+")
    assert (goalposts.minimum, goalposts.maximum, goalposts.reference) == (2.5, 22.5, 12.5)
    np.testing.assert_allclose(goalposts.normalise(VALUES[:, 1]), [77.5, 77.5, 107.5, 137.5])


@given(pools, st.sampled_from(["+", "-"]), st.floats(-500, 500))
def test_reference_scores_exactly_one_hundred(
    pool: list[int], polarity: Polarity, reference: float
) -> None:
    goalposts = Goalposts.from_pool(pool, polarity, reference=reference)
    assert goalposts.normalise([goalposts.reference])[0] == 100.0
    moved = goalposts.with_reference(reference + 7.5)
    assert moved.normalise([reference + 7.5])[0] == 100.0
    assert moved.half_range == pytest.approx(goalposts.half_range)


@given(pools, st.floats(0.01, 100), st.floats(-100, 100))
def test_unit_of_measurement_does_not_matter(pool: list[int], scale: float, shift: float) -> None:
    values = np.array(pool, dtype=float)
    rescaled = values * scale + shift
    np.testing.assert_allclose(
        Goalposts.from_pool(rescaled, "+").normalise(rescaled),
        Goalposts.from_pool(values, "+").normalise(values),
        rtol=1e-6,
    )


@given(pools)
def test_polarity_is_the_complement_to_two_hundred(pool: list[int]) -> None:
    plus, minus = Goalposts.from_pool(pool, "+"), Goalposts.from_pool(pool, "-")
    np.testing.assert_allclose(plus.normalise(pool) + minus.normalise(pool), 200.0)


def test_goalposts_refuse_broken_ranges() -> None:
    with pytest.raises(InvalidInput, match="constant"):
        Goalposts.from_pool([3, 3, 3], "+")
    with pytest.raises(InvalidInput, match="exceed"):
        Goalposts(1.0, 1.0, 1.0)
    with pytest.raises(InvalidInput, match="middle"):
        Goalposts(0.0, 10.0, 4.0)
    with pytest.raises(InvalidInput, match="polarity"):
        Goalposts(0.0, 10.0, 5.0, "negative")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="2 columns"):
        goalpost_scores(VALUES, [Goalposts(0, 10, 5)] * 2)


def test_z_scores_have_the_mean_and_deviation_asked_for() -> None:
    scores = z_scores(VALUES, polarity=["+", "-", "+"], mean=100, standard_deviation=10)
    np.testing.assert_allclose(scores.mean(axis=0), 100)
    np.testing.assert_allclose(scores.std(axis=0, ddof=1), 10)
    assert scores[3, 1] < 100 < scores[3, 0]
    np.testing.assert_allclose(z_scores(VALUES, ddof=0).std(axis=0), 1)


def test_min_max_reaches_both_ends_in_the_right_direction() -> None:
    scores = min_max(VALUES, polarity=["+", "-", "+"])
    np.testing.assert_allclose(scores[:, 0], [0, 100 / 3, 200 / 3, 100])
    np.testing.assert_allclose(scores[:, 1], [100, 100, 50, 0])
    assert min_max(VALUES, lower=1, upper=100).min() == 1


def test_ranks_put_the_highest_first_and_share_ties() -> None:
    assert ranks([5, 9, 5, 1]).tolist() == [2.5, 1.0, 2.5, 4.0]


def test_inverse_hyperbolic_sine() -> None:
    np.testing.assert_allclose(inverse_hyperbolic_sine([[0.0, 1.0]]), [[0, np.log(1 + np.sqrt(2))]])


def test_broken_input_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"polarity\[1\]"):
        signs(["+", "x"])
    with pytest.raises(InvalidInput, match="one entry per indicator"):
        z_scores(VALUES, polarity=["+"])
    with pytest.raises(InvalidInput, match="column 0"):
        min_max([[1.0, 2.0], [1.0, 3.0]])
    with pytest.raises(InvalidInput, match="finite"):
        Goalposts(0, 10, 5).normalise([np.nan])
