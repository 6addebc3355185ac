"""Published numbers and invariants of the shrinkage on the logit scale."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.logit_shrinkage import shrink_logit

EVENTS = np.array([2.0, 10, 30, 0, 45])
PERSONS = np.array([20.0, 120, 250, 35, 600])


def test_worked_numbers() -> None:
    expected = [0.108052, 0.086635, 0.119979, 0.036356, 0.075922]
    np.testing.assert_allclose(shrink_logit(EVENTS, PERSONS).rate, expected, atol=1e-6)


def test_reproduces_the_reference_file(shared: Path) -> None:
    reference = pd.read_csv(shared / "oracles" / "shrinkage" / "iod_logit_shrinkage_fixture.csv")
    result = shrink_logit(reference["r"].to_numpy(), reference["n"].to_numpy())
    np.testing.assert_allclose(result.own_logit, reference["logit"], atol=1e-9)
    np.testing.assert_allclose(result.own_weight, reference["w"], atol=1e-9)
    np.testing.assert_allclose(result.rate, reference["shrunk"], atol=1e-9)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 500)), min_size=2, max_size=12))
def test_result_lies_between_own_and_parent(pairs: list[tuple[int, int]]) -> None:
    events = np.array([pair[0] for pair in pairs], dtype=float)
    trials = events + [pair[1] + 1 for pair in pairs]
    result = shrink_logit(events, trials)
    logit = np.log(result.rate / (1 - result.rate))
    assert (logit >= np.minimum(result.own_logit, result.parent_logit) - 1e-9).all()
    assert (logit <= np.maximum(result.own_logit, result.parent_logit) + 1e-9).all()


def test_parents_are_separate() -> None:
    both = shrink_logit(
        np.tile(EVENTS, 2), np.concatenate([PERSONS, PERSONS * 2]), parent=["a"] * 5 + ["b"] * 5
    )
    np.testing.assert_allclose(both.rate[:5], shrink_logit(EVENTS, PERSONS).rate)


def test_equal_areas_take_the_parent() -> None:
    result = shrink_logit([0, 0], [10, 10])
    assert (result.rate > 0).all()
    assert result.rate[0] == result.rate[1]


def test_broken_input_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"parent\[1\]"):
        shrink_logit([1, 1, 1], [10, 10, 10], parent=["a", "b", "a"])
    with pytest.raises(InvalidInput, match=r"events\[0\]"):
        shrink_logit([11, 1], [10, 10])
