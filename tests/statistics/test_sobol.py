"""Sobol indices on functions whose indices are known."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.sobol import Factor, SobolIndices, sobol_indices

THREE = [Factor("first"), Factor("second"), Factor("third")]


def ishigami(uniform: np.ndarray) -> np.ndarray:
    x = (2 * uniform - 1) * np.pi
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def estimate(
    model: Callable[[np.ndarray], np.ndarray], factors: list[Factor], samples: int = 4096
) -> SobolIndices:
    return sobol_indices(model, factors, generator=np.random.default_rng(12), samples=samples)


def test_ishigami_indices() -> None:
    result = estimate(ishigami, THREE)
    np.testing.assert_allclose(result.first, [0.3139, 0.4424, 0.0], atol=0.01)
    np.testing.assert_allclose(result.total, [0.5576, 0.4424, 0.2437], atol=0.01)
    # Analytic moments: mean a / 2, variance a^2 / 8 + b pi^4 / 5 + b^2 pi^8 / 18 + 1 / 2.
    assert result.mean == pytest.approx(3.5, abs=0.01)
    assert result.variance == pytest.approx(13.8446, rel=0.01)
    truth = np.array([0.3139, 0.4424, 0.0])
    assert (result.first_lower < result.first_upper).all()
    assert (result.first_lower - 0.01 < truth).all()
    assert (truth < result.first_upper + 0.01).all()


def test_a_choice_without_effect_has_indices_exactly_zero() -> None:
    result = estimate(lambda x: x[:, 0] * x[:, 1], THREE, samples=256)
    assert result.first[2] == 0.0
    assert result.total[2] == 0.0
    assert result.total_upper[2] == 0.0
    assert (result.total[:2] > 0.3).all()


@given(st.integers(1, 4), st.integers(0, 3), st.integers(1, 5))
def test_no_kind_of_idle_choice_has_an_effect(active: int, place: int, options: int) -> None:
    factors = [Factor(f"dial {number}") for number in range(active)]
    place = min(place, active)
    for idle in (Factor("idle"), Factor("idle", options=options)):
        every = [*factors[:place], idle, *factors[place:]]

        def model(x: np.ndarray, column: int = place) -> np.ndarray:
            return np.asarray(np.exp(np.delete(x, column, axis=1)).prod(axis=1))

        result = estimate(model, every, samples=64)
        assert result.first[place] == result.total[place] == 0.0
        assert result.first_upper[place] == result.total_upper[place] == 0.0


def test_discrete_options_of_an_additive_model() -> None:
    factors = [Factor("rule", options=3), Factor("switch", options=2)]
    seen: list[np.ndarray] = []

    def model(x: np.ndarray) -> np.ndarray:
        seen.append(x)
        return 3 * x[:, 0] + 2 * x[:, 1]

    result = estimate(model, factors, samples=1024)
    every = np.concatenate(seen)
    assert set(every[:, 0]) == {0.0, 1.0, 2.0}
    assert set(every[:, 1]) == {0.0, 1.0}
    # Variances 9 x 2/3 and 4 x 1/4 add up to 7.
    np.testing.assert_allclose(result.first, [6 / 7, 1 / 7], atol=0.02)
    np.testing.assert_allclose(result.total, [6 / 7, 1 / 7], atol=0.02)
    assert result.names == ("rule", "switch")


def test_same_generator_same_indices() -> None:
    one, two = estimate(ishigami, THREE, samples=128), estimate(ishigami, THREE, samples=128)
    np.testing.assert_array_equal(one.first_upper, two.first_upper)
    np.testing.assert_array_equal(one.total, two.total)


@pytest.mark.parametrize(
    ("model", "factors", "samples", "named"),
    [
        (ishigami, [], 128, "factors"),
        (ishigami, [Factor("a"), Factor("a")], 128, "factors"),
        (ishigami, [Factor("a", options=0)], 128, "factors"),
        (ishigami, THREE, 100, "samples"),
        (ishigami, THREE, 32, "samples"),
        (lambda x: np.ones(len(x)), THREE, 128, "model"),
        (lambda x: x, THREE, 128, "model"),
        (lambda x: x[:, 0] * np.nan, THREE, 128, "model"),
    ],
)
def test_broken_designs_are_named(
    model: Callable[[np.ndarray], np.ndarray], factors: list[Factor], samples: int, named: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        estimate(model, factors, samples=samples)
    assert caught.value.argument == named
