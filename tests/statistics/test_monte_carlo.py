"""Invariants and known limits of the Monte Carlo of an index."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.composite import ampi
from will_pipeline.statistics.monte_carlo import IndexUncertainty, simulate_index
from will_pipeline.statistics.normalise import Goalposts

CITY: np.ndarray = np.array(["Novara"] * 9 + ["Rovigo"] * 6)
CERTAIN = {"aggregations": ("ampi",), "dirichlet_concentration": None, "drop_one": False}


def truth(areas: int = 15, indicators: int = 3, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.1, 0.4, (areas, indicators))


def around(values: np.ndarray, spread: float, draws: int = 400, seed: int = 2) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, spread, (draws, *values.shape))
    return values + noise


def posts(values: np.ndarray) -> list[Goalposts]:
    return [Goalposts.from_pool(values[:, j], "+") for j in range(values.shape[1])]


def run(draws: np.ndarray, pool: np.ndarray, **options: Any) -> IndexUncertainty:
    arguments: dict[str, Any] = {
        "goalposts": posts(pool),
        "city": CITY[: len(pool)],
        "generator": np.random.default_rng(3),
    }
    return simulate_index(draws, **{**arguments, **options})


def test_nothing_uncertain_leaves_the_plain_index_and_sharp_ranks() -> None:
    values = truth()
    result = run(np.repeat(values[None], 50, axis=0), values, **CERTAIN)
    plain = ampi(values, posts(values))
    for field in (result.baseline, result.median, result.lower, result.upper):
        np.testing.assert_allclose(field, plain)
    np.testing.assert_array_equal(result.rank_lower, result.rank_upper)
    novara = CITY == "Novara"
    expected = (-plain[novara]).argsort().argsort() + 1
    np.testing.assert_array_equal(result.rank_median[novara], expected)
    np.testing.assert_array_equal(result.p_top[1 / 3][novara], expected <= 3)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 5), st.floats(0.001, 0.03))
def test_top_probabilities_add_up_and_intervals_are_ordered(
    seed: int, indicators: int, spread: float
) -> None:
    values = truth(indicators=indicators, seed=seed)
    result = run(around(values, spread, draws=60), values)
    assert (result.lower <= result.median).all()
    assert (result.median <= result.upper).all()
    assert (result.rank_lower <= result.rank_median).all()
    assert (result.rank_median <= result.rank_upper).all()
    for share, probability in result.p_top.items():
        for name in ("Novara", "Rovigo"):
            inside = np.flatnonzero(np.isin(CITY, [name]))
            assert probability[inside].sum() == pytest.approx(math.ceil(inside.size * share))
            assert result.rank_lower[inside].min() >= 1
            assert result.rank_upper[inside].max() <= inside.size
    assert (result.membership_top_third.sum(axis=1) == 3 + 2).all()


def test_order_of_areas_does_not_matter() -> None:
    values = truth()
    draws = around(values, 0.02)
    order = np.random.default_rng(9).permutation(len(values))
    straight = run(draws, values)
    shuffled = run(draws[:, order], values, city=CITY[order])
    np.testing.assert_allclose(shuffled.median, straight.median[order])
    np.testing.assert_array_equal(shuffled.rank_upper, straight.rank_upper[order])


def test_units_do_not_matter() -> None:
    values = truth()
    scale = np.array([1.0, 100.0, 1e4])
    straight = run(around(values, 0.02), values)
    rescaled = run(around(values, 0.02) * scale, values * scale)
    np.testing.assert_allclose(rescaled.upper, straight.upper)
    np.testing.assert_array_equal(rescaled.rank_lower, straight.rank_lower)


def test_same_generator_same_numbers_and_another_one_differs() -> None:
    values = truth()
    draws = around(values, 0.02)
    first, second = run(draws, values), run(draws, values)
    np.testing.assert_array_equal(first.median, second.median)
    np.testing.assert_array_equal(first.membership_top_third, second.membership_top_third)
    other = run(draws, values, generator=np.random.default_rng(4))
    assert (other.median != first.median).any()


def test_more_noise_and_more_choices_widen_the_intervals() -> None:
    values = truth()
    small = run(around(values, 0.005), values, **CERTAIN)
    large = run(around(values, 0.05), values, **CERTAIN)
    assert ((large.upper - large.lower) > (small.upper - small.lower)).all()
    chosen = run(around(values, 0.005), values)
    assert (chosen.upper - chosen.lower).mean() > (small.upper - small.lower).mean()


def test_interval_covers_the_spread_of_the_draws() -> None:
    values = truth(indicators=1)
    result = run(around(values, 0.01, draws=20_000), values, **CERTAIN)
    half_range = posts(values)[0].half_range
    np.testing.assert_allclose(
        result.upper - result.lower, 2 * 1.6449 * 0.01 * 30 / half_range, rtol=0.05
    )


def test_one_indicator_is_never_dropped() -> None:
    values = truth(indicators=1)
    draws = around(values, 0.01)
    dropped = run(draws, values, aggregations=("mean",))
    kept = run(draws, values, aggregations=("mean",), drop_one=False)
    np.testing.assert_allclose(dropped.median, kept.median)


def test_areas_left_out_of_ranks_keep_their_score() -> None:
    values = truth()
    values[0] = 0.9
    ranked = np.ones(15, dtype=bool)
    ranked[0] = False
    result = run(around(values, 0.02), values, ranked=ranked)
    assert np.isnan(result.rank_median[0])
    assert np.isnan(result.p_top[1 / 5][0])
    assert not result.membership_top_third[:, 0].any()
    assert np.isfinite(result.median[0])
    assert result.ranked_in_city[1] == 8
    assert np.nanmin(result.rank_lower[:9]) == 1
    assert result.p_top[1 / 3][1:9].sum() == pytest.approx(3)


def test_a_city_without_ranked_areas_has_no_rank() -> None:
    values = truth()
    result = run(around(values, 0.02), values, ranked=CITY == "Novara")
    assert np.isnan(result.rank_lower[CITY == "Rovigo"]).all()
    assert (result.ranked_in_city[CITY == "Rovigo"] == 0).all()


def test_references_of_the_city_score_one_hundred() -> None:
    values = truth()
    own = np.where(
        (CITY == "Novara")[:, None], values[CITY == "Novara"].mean(0), values[9:].mean(0)
    )
    result = run(np.repeat(own[None], 10, axis=0), values, references=own, values=own)
    np.testing.assert_allclose(result.baseline, 100.0)
    np.testing.assert_allclose(result.median, 100.0)


def test_ties_share_the_top_fairly() -> None:
    values = truth()
    flat = np.full((2_000, 15, 3), 0.2)
    result = run(flat, values)
    np.testing.assert_allclose(result.p_top[1 / 3][:9], 3 / 9, atol=0.05)
    assert result.rank_lower[0] == 1
    assert result.rank_upper[0] == 9


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"city": ["Novara"]}, "city"),
        ({"aggregations": ("median",)}, "aggregations"),
        ({"aggregations": ()}, "aggregations"),
        ({"dirichlet_concentration": 0.0}, "dirichlet_concentration"),
        ({"top": (0.0,)}, "top"),
        ({"level": 1.0}, "level"),
        ({"ranked": np.ones(15)}, "ranked"),
        ({"references": np.zeros((2, 3))}, "references"),
        ({"values": np.zeros((2, 3))}, "values"),
        ({"goalposts": [Goalposts(0, 1, 0.5)]}, "draws"),
    ],
)
def test_broken_options_are_named(options: dict[str, Any], named: str) -> None:
    values = truth()
    with pytest.raises(InvalidInput) as caught:
        run(around(values, 0.02), values, **options)
    assert caught.value.argument == named


def test_a_missing_draw_is_refused() -> None:
    values = truth()
    draws = around(values, 0.02)
    draws[4, 2, 1] = np.nan
    with pytest.raises(InvalidInput) as caught:
        run(draws, values)
    assert caught.value.position == (4, 2, 1)


def test_the_lowest_third_mirrors_the_highest() -> None:
    pool = truth()
    result = run(around(pool, 0.02), pool)
    # Of nine areas three, of six two: the same numbers at both ends.
    for city, size in (("Novara", 3), ("Rovigo", 2)):
        assert result.p_bottom_third[city == CITY].sum() == pytest.approx(size)
    both = result.membership_top_third & result.membership_bottom_third
    assert not both.any()
    order = np.argsort(result.baseline[:9])
    assert result.p_bottom_third[order[0]] > result.p_bottom_third[order[-1]]


def test_an_area_more_in_one_city_leaves_the_other_as_it_was() -> None:
    pool = truth(16)
    draws = around(pool, 0.05)
    city = np.append(CITY, "Novara")
    before = run(draws[:, :15], pool[:15], goalposts=posts(pool))
    after = run(draws, pool, city=city)
    elsewhere = np.flatnonzero(city == "Rovigo")
    for name in ("lower", "upper", "rank_lower", "rank_upper", "p_bottom_third"):
        np.testing.assert_array_equal(
            getattr(after, name)[elsewhere], getattr(before, name)[elsewhere]
        )
    np.testing.assert_array_equal(
        after.membership_top_third[:, elsewhere], before.membership_top_third[:, elsewhere]
    )
