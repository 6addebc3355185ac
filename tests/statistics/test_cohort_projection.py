"""Published county projections, identities of the cohort method and its back-test."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.cohort_projection import (
    Projection,
    back_test,
    blend_with_no_change,
    cohort_change_ratios,
    error_interval,
    hamilton_perry,
    rake_to_totals,
)

AGES = ["09", "1019", "2029", "3039", "4049", "5059", "6069", "70up"]
MOTHERS = [[0, 0.5, 1, 1, 1, 0, 0, 0]]
COUNTY = "12031"
MEN_2000 = [58205, 57030, 56028, 63830, 58140, 39592, 22752, 22199]
WOMEN_2000 = [55999, 55176, 56998, 64699, 61541, 43213, 26580, 36885]
MEN_2010 = [58572, 57288, 67628, 58327, 60608, 55986, 35289, 25727]
WOMEN_2010 = [56284, 55971, 67271, 59995, 63311, 61613, 41032, 39361]

CITY = arrays(np.float64, (5, 6), elements=st.floats(1, 5000))


def one_county() -> Projection:
    return hamilton_perry(
        [WOMEN_2000], [WOMEN_2010], [MEN_2000], [MEN_2010], fertile=MOTHERS, prior_persons=0
    )


def test_the_worked_county_before_rounding() -> None:
    result = one_county()
    men = result.men[0]
    assert men[1] == pytest.approx(57288 / 58205 * 58572, rel=1e-12)
    np.testing.assert_allclose(men[[1, 2, 3, 7]], [57649.2, 67933.9, 70403.0, 34921.6], atol=0.05)
    assert result.women[0, 0] == men[0] == pytest.approx(59351.820488, abs=1e-6)


def test_the_published_counties_are_reproduced_to_the_person(shared: Path) -> None:
    folder = shared / "oracles" / "hamilton_perry"
    before, launch, expected = (
        pd.read_csv(folder / name)
        for name in ("p1200co.csv", "p1210co.csv", "p1220co_expected.csv")
    )
    women, men = [f"f{age}" for age in AGES], [f"m{age}" for age in AGES]
    result = hamilton_perry(
        before[women].to_numpy(),
        launch[women].to_numpy(),
        before[men].to_numpy(),
        launch[men].to_numpy(),
        fertile=MOTHERS,
        prior_persons=0,
    )
    np.testing.assert_array_equal(np.round(result.women), expected[women])
    np.testing.assert_array_equal(np.round(result.men), expected[men])
    assert before[women + men].to_numpy().sum() == 1_698_883
    assert launch[women + men].to_numpy().sum() == 1_960_902
    assert np.round(result.persons).sum() == 2_230_163


@settings(deadline=None)
@given(CITY, CITY, st.floats(0.1, 400))
def test_shrunk_ratios_lie_between_the_area_and_the_city(
    before: np.ndarray, after: np.ndarray, prior: float
) -> None:
    raw = cohort_change_ratios(before, after, prior_persons=0)
    shrunk = cohort_change_ratios(before, after, prior_persons=prior)
    city = cohort_change_ratios(before.sum(axis=0)[None], after.sum(axis=0)[None], prior_persons=0)
    tolerance = 1e-9 * (1 + np.maximum(raw, city))
    assert (shrunk >= np.minimum(raw, city) - tolerance).all()
    assert (shrunk <= np.maximum(raw, city) + tolerance).all()
    order = [3, 0, 4, 2, 1]
    again = cohort_change_ratios(before[order], after[order], prior_persons=prior)
    np.testing.assert_allclose(again, shrunk[order], rtol=1e-12)


def test_a_stationary_population_stays_as_it_is() -> None:
    women = np.array([[30.0, 25, 25, 20, 10, 40], [60, 70, 65, 40, 35, 90]])
    men = women * 0.9
    fertile = [[0, 0, 1, 1, 0.5, 0], [0, 0, 0.5, 1, 1, 0]]
    result = hamilton_perry(women, women, men, men, fertile=fertile, shift=2, girls=1 / 1.9)
    city = hamilton_perry(
        women.sum(axis=0)[None],
        women.sum(axis=0)[None],
        men.sum(axis=0)[None],
        men.sum(axis=0)[None],
        fertile=fertile,
        shift=2,
        girls=1 / 1.9,
    )
    np.testing.assert_allclose(city.women[0], women.sum(axis=0))
    plain = hamilton_perry(
        women, women, men, men, fertile=fertile, shift=2, girls=1 / 1.9, prior_persons=0
    )
    np.testing.assert_allclose(plain.women, women)
    np.testing.assert_allclose(plain.men, men)
    assert not np.allclose(result.women, women)


def test_ten_years_in_five_year_groups_age_two_groups() -> None:
    ratios = cohort_change_ratios(
        [[100, 80, 60, 40, 50]], [[90, 70, 50, 72, 75]], shift=2, prior_persons=0
    )
    np.testing.assert_allclose(ratios, [[50 / 100, 72 / 80, 75 / 150]])


def test_an_empty_cohort_takes_the_ratio_of_the_city() -> None:
    before = np.array([[0.0, 10, 5], [50, 40, 30]])
    after = np.array([[4.0, 0, 8], [45, 40, 35]])
    ratios = cohort_change_ratios(before, after, prior_persons=50)
    assert ratios[0, 0] == pytest.approx(40 / 50)
    with pytest.raises(InvalidInput, match=r"earlier\[0, 0\]"):
        cohort_change_ratios(before, after, prior_persons=0)


@given(CITY, arrays(np.float64, 6, elements=st.integers(0, 90_000)))
def test_raking_meets_every_control_and_keeps_the_shares(
    city: np.ndarray, ages: np.ndarray
) -> None:
    raked = rake_to_totals(city, by_age=ages)
    np.testing.assert_allclose(raked.sum(axis=0), ages, rtol=1e-12)
    whole = rake_to_totals(city, total=1000)
    assert whole.sum() == pytest.approx(1000)
    np.testing.assert_allclose(whole / 1000, city / city.sum())


def test_blending_half_and_half() -> None:
    blended = blend_with_no_change([[10, 20]], [[30, 40]], no_change_share=[0.5, 0])
    assert blended.tolist() == [[20, 20]]


def test_back_test_summaries_worked_by_hand() -> None:
    test = back_test([110, 90, 400], [100, 100, 400])
    assert test.mean_absolute_percentage == pytest.approx(20 / 3)
    assert test.weighted_absolute_percentage == pytest.approx(100 * 20 / 600)
    assert test.mean_percentage == pytest.approx(0)


def test_intervals_from_errors_cover_new_areas() -> None:
    generator = np.random.default_rng(3)
    caught = []
    for _ in range(400):
        errors = np.exp(generator.standard_t(4, size=70) * 0.05)
        actual = 1000 * errors
        past = back_test(np.full(69, 1000.0), actual[:69])
        bounds = error_interval([1000.0], past)
        caught.append(bounds.lower[0] <= actual[69] <= bounds.upper[0])
    assert 0.86 <= np.mean(caught) <= 0.95


def test_too_few_areas_give_no_interval() -> None:
    with pytest.raises(InvalidInput, match="too few"):
        error_interval([100], back_test([100] * 8, [101] * 8))


@pytest.mark.parametrize(
    ("call", "argument", "position"),
    [
        (lambda: cohort_change_ratios([[1, np.nan]], [[1, 1]]), "earlier", (0, 1)),
        (lambda: cohort_change_ratios([[1, 2]], [[1, -1]]), "later", (0, 1)),
        (lambda: cohort_change_ratios([[1, 2]], [[1, 1, 2]]), "later", None),
        (lambda: cohort_change_ratios([[1, 2]], [[1, 1]], shift=2), "shift", None),
        (lambda: cohort_change_ratios([[0, 0]], [[1, 1]]), "earlier", None),
        (lambda: cohort_change_ratios([[1, 2]], [[1, 1]], prior_persons=-1), "prior_persons", None),
        (lambda: rake_to_totals([[0, 1]], by_age=[5, 1]), "by_age", (0,)),
        (lambda: rake_to_totals([[0, 1]]), "total", None),
        (lambda: rake_to_totals([[2, 1]], by_age=[5, 1], total=7), "total", None),
        (lambda: blend_with_no_change([[1]], [[1]], no_change_share=[2]), "no_change_share", (0,)),
        (lambda: back_test([0], [1]), "projected", (0,)),
        (
            lambda: hamilton_perry([[1, 1]], [[1, 1]], [[0, 0]], [[1, 1]], fertile=[[0, 1]]),
            "earlier_men",
            None,
        ),
        (
            lambda: hamilton_perry(
                [[1, 1]], [[1, 1]], [[1, 1]], [[1, 1]], fertile=[[0, 1], [0, 1]]
            ),
            "fertile",
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
