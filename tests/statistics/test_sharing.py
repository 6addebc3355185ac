"""Shares by hand, sums and floors always kept, optimality against a solver."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import linprog

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.sharing import (
    above_floors,
    least_after_losses,
    level_filling,
    whole_shares,
)

NEED = np.array([10.0, 30, 60])
PROBLEMS = st.integers(0, 100_000).map(np.random.default_rng)


def problem(noise: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """Needs (some zero), least quantities and a total that holds them."""
    n = int(noise.integers(2, 9))
    need = noise.gamma(1.0, 50.0, n) * (noise.random(n) > 0.2)
    least = noise.uniform(0, 20, n)
    return need, least, float(least.sum() + noise.uniform(0, 300))


def test_floors_first_then_the_rest_by_need() -> None:
    found = above_floors(NEED, total=130, least=np.full(3, 10.0))
    np.testing.assert_allclose(found, [20, 40, 70])


def test_a_level_lifts_whoever_has_least_per_person() -> None:
    # 100 persons, 130 to give, 20 each at least: the first keeps 20, the others share 110 by need.
    found = level_filling(NEED, total=130, least=np.full(3, 20.0))
    np.testing.assert_allclose(found, [20, 110 / 3, 220 / 3])


def test_without_floors_both_rules_are_proportional() -> None:
    for rule in (above_floors, level_filling):
        np.testing.assert_allclose(rule(NEED, total=50, least=np.zeros(3)), [5, 15, 30])


@pytest.mark.parametrize("rule", [above_floors, level_filling])
def test_without_any_need_the_rest_is_shared_equally(rule: object) -> None:
    found = rule(np.zeros(3), total=12.0, least=np.array([1.0, 2, 0]))
    np.testing.assert_allclose(found, [4, 5, 3])


@given(PROBLEMS)
@pytest.mark.parametrize("rule", [above_floors, level_filling])
def test_all_is_given_and_every_least_is_kept(rule: object, noise: np.random.Generator) -> None:
    need, least, total = problem(noise)
    found = rule(need, total=total, least=least)
    assert found.sum() == pytest.approx(total)
    assert (found >= least - 1e-9).all()


@given(PROBLEMS)
def test_many_draws_are_shared_one_by_one(noise: np.random.Generator) -> None:
    need, least, total = problem(noise)
    draws = np.vstack([need, noise.gamma(1.0, 50.0, (4, need.size)), np.zeros(need.size)])
    for rule in (above_floors, level_filling):
        together = rule(draws, total=total, least=least)
        alone = [rule(draw, total=total, least=least) for draw in draws]
        np.testing.assert_allclose(together, alone)


@given(PROBLEMS)
def test_no_transfer_raises_whoever_has_least(noise: np.random.Generator) -> None:
    need, least, total = problem(noise)
    assume(need.sum() > 0)
    found = level_filling(need, total=total, least=least)
    some = need > 0
    coverage = found[some] / need[some]
    lowest = coverage.min()
    # Whoever is above the lowest coverage is there only because of its own least.
    above = coverage > lowest * (1 + 1e-9)
    np.testing.assert_allclose(found[some][above], least[some][above])
    np.testing.assert_allclose(found[~some], least[~some])


@given(PROBLEMS)
def test_the_least_coverage_is_that_of_a_solver(noise: np.random.Generator) -> None:
    need, least, total = problem(noise)
    some = need > 0
    assume(some.any())
    n = need.size
    # Maximise t with q - t need >= 0, q >= least, sum of q the total.
    solved = linprog(
        np.r_[np.zeros(n), -1.0],
        A_ub=np.hstack([-np.eye(n), need[:, None]]),
        b_ub=np.zeros(n),
        A_eq=np.r_[np.ones(n), 0.0][None, :],
        b_eq=[total],
        bounds=[*((low, None) for low in least), (0, None)],
    )
    found = level_filling(need, total=total, least=least)
    assert (found[some] / need[some]).min() == pytest.approx(-solved.fun, rel=1e-6)


@given(PROBLEMS)
def test_the_unmet_need_is_the_smallest_a_linear_programme_finds(
    noise: np.random.Generator,
) -> None:
    need, floors, total = problem(noise)
    assume(need.sum() > 0)
    least, _ = least_after_losses(
        noise.gamma(1.0, 40.0, need.size), total=total, least=floors, loss=0.2
    )
    target = total * need / need.sum()
    n = need.size
    # Minimise the sum of u with u >= target - q, u >= 0, q >= least, sum of q the total.
    solved = linprog(
        np.r_[np.zeros(n), np.ones(n)],
        A_ub=np.hstack([-np.eye(n), -np.eye(n)]),
        b_ub=-target,
        A_eq=np.r_[np.ones(n), np.zeros(n)][None, :],
        b_eq=[total],
        bounds=[*((low, None) for low in least * (1 - 1e-12)), *((0, None) for _ in range(n))],
    )
    found = level_filling(need, total=total, least=least)
    assert np.maximum(target - found, 0).sum() == pytest.approx(solved.fun, abs=1e-6 * total)


def test_a_tiny_programme_agrees_with_trying_every_division() -> None:
    need, today, total = np.array([1.0, 2, 5]), np.array([10.0, 6, 4]), 20
    least, loss = least_after_losses(today, total=total, least=np.full(3, 2.0), loss=0.2)
    assert loss == 0.2
    np.testing.assert_allclose(least, [8, 4.8, 3.2])
    target = total * need / need.sum()
    steps = np.arange(0, 20.001, 0.2)
    tried = min(
        np.maximum(target - [a, b, total - a - b], 0).sum()
        for a in steps
        for b in steps
        if a >= 8 - 1e-9 and b >= 4.8 - 1e-9 and total - a - b >= 3.2 - 1e-9
    )
    found = level_filling(need, total=total, least=least)
    assert np.maximum(target - found, 0).sum() == pytest.approx(tried)


def test_losses_are_counted_from_today_brought_to_the_total() -> None:
    least, loss = least_after_losses([10.0, 30], total=80, least=[0.0, 0], loss=0.25)
    np.testing.assert_allclose(least, [15, 45])
    assert loss == 0.25


def test_a_bound_that_floors_do_not_allow_is_relaxed_to_the_smallest_that_fits() -> None:
    # 100 to give, 40 each at least: the third area had 80 and can keep only 20 over the floors.
    least, loss = least_after_losses([10.0, 10, 80], total=100, least=np.full(3, 30.0), loss=0.2)
    np.testing.assert_allclose(least, [30, 30, 40])
    assert loss == pytest.approx(0.5)


def test_nobody_has_anything_today() -> None:
    least, loss = least_after_losses(np.zeros(3), total=30, least=np.full(3, 5.0), loss=0.2)
    np.testing.assert_allclose(least, [5, 5, 5])
    assert loss == 0.2


@given(PROBLEMS)
def test_whole_shares_sum_keep_floors_and_stay_within_one(noise: np.random.Generator) -> None:
    n = int(noise.integers(2, 12))
    least = noise.integers(0, 30, n).astype(float)
    total = int(least.sum() + noise.integers(0, 500))
    shares = level_filling(noise.gamma(1.0, 50.0, n), total=total, least=least)
    whole = whole_shares(shares, total=total, least=least)
    assert whole.sum() == total
    assert (whole >= least).all()
    assert (np.abs(whole - shares) < 1).all()


def test_equal_remainders_go_in_the_order_given() -> None:
    assert whole_shares([2.5, 2.5, 2.5, 2.5], total=10, least=np.zeros(4)).tolist() == [3, 3, 2, 2]


def test_a_large_total_in_hundredths_stays_exact() -> None:
    total = 987_654_321_012
    shares = above_floors(np.array([1.0, 3, 7, 11]), total=total, least=np.zeros(4))
    assert whole_shares(shares, total=total, least=np.zeros(4)).sum() == total


@pytest.mark.parametrize("rule", [above_floors, level_filling])
def test_floors_above_the_total_are_refused(rule: object) -> None:
    with pytest.raises(InvalidInput, match="above the total"):
        rule(NEED, total=20, least=np.full(3, 10.0))


def test_shares_that_do_not_sum_are_refused() -> None:
    with pytest.raises(InvalidInput, match="must sum to 9"):
        whole_shares([4.0, 4.0], total=9, least=np.zeros(2))


def test_a_share_under_its_least_is_refused() -> None:
    with pytest.raises(InvalidInput, match="under its least"):
        whole_shares([1.0, 9.0], total=10, least=[2.0, 0.0])
