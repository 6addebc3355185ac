"""Gaps between groups and separation inside areas, on counts that can be worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.indicators.areas import AreaCounts, areas_of_sections
from will_pipeline.indicators.estimates import Settings
from will_pipeline.indicators.estimators import estimate
from will_pipeline.indicators.specification import Indicator
from will_pipeline.statistics.segregation import separation_by_area

MakeTown = Callable[..., AreaCounts]
MakeCard = Callable[..., Indicator]
FIRST = slice(0, 4)
GAP = {
    "kind": "rate_gap",
    "reference_numerator": "IE",
    "reference_denominator": "I",
    "numerator": "FE",
    "denominator": "F",
}
PARITY = GAP | {"kind": "missing_parity"}
SEPARATION = {"kind": "separation", "numerator": "K", "denominator": "N"}
# The first town has a gap of ten points everywhere, the second none, the other way round in A04.
COUNTS = {
    "I": [1000] * 8,
    "IE": [700] * 4 + [700, 700, 700, 600],
    "F": [200] * 8,
    "FE": [120] * 4 + [140, 140, 140, 160],
}


@pytest.fixture
def town(make_town: MakeTown) -> AreaCounts:
    return make_town(**COUNTS)


def test_a_gap_is_the_reference_minus_the_group_in_points(
    town: AreaCounts, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    found = estimate(make_card(estimator=GAP), town, no_pool, settings)
    np.testing.assert_allclose(found.value[:5], 10)
    assert found.value[9] == pytest.approx(100 * (2700 / 4000 - 580 / 800))
    assert found.value[8] < 0
    assert (found.lower <= found.value).all()
    assert (found.value <= found.upper).all()
    np.testing.assert_array_equal(found.numerator[FIRST], 120)
    np.testing.assert_array_equal(found.denominator[FIRST], 200)
    np.testing.assert_allclose(found.city[FIRST], 10)


def test_few_foreign_residents_make_a_wide_interval(
    make_town: MakeTown, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    counts = COUNTS | {
        "F": [20, 2000, 200, 200, *[200] * 4],
        "FE": [12, 1200, 120, 120, *[140] * 4],
    }
    found = estimate(make_card(estimator=GAP), make_town(**counts), no_pool, settings)
    width = found.upper - found.lower
    assert width[0] > 2 * width[1]


def test_missing_persons_are_the_gap_times_the_group_and_never_negative(
    town: AreaCounts, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    found = estimate(make_card(estimator=PARITY), town, no_pool, settings)
    np.testing.assert_allclose(found.value[FIRST], 20)
    assert found.value[4] == pytest.approx(80)
    assert found.value[8] == 0
    assert (found.draws >= 0).all()
    assert np.isnan(found.numerator).all()


def test_counts_that_cannot_be_are_reported_by_both_sides(
    make_town: MakeTown, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    wrong = COUNTS | {
        "IE": [1001, *COUNTS["IE"][1:]],
        "FE": [120, 201, *COUNTS["FE"][2:]],
    }
    found = estimate(make_card(estimator=GAP), make_town(**wrong), no_pool, settings)
    np.testing.assert_array_equal(np.flatnonzero(found.impossible), [0, 1])
    assert np.isnan(found.value[[0, 1]]).all()


def sectioned(members: dict[str, list[int]], size: int = 10) -> AreaCounts:
    """A town whose sections have so many members out of `size`."""
    rows = [
        {"pro_com": "001001", "area_id": area and f"001001.{area}", "K": k, "N": size, "P1": 500}
        for area, counts in members.items()
        for k in counts
    ]
    return areas_of_sections(pl.DataFrame(rows, schema_overrides={"area_id": pl.String}))


def separated(areas: AreaCounts, make_card: MakeCard, settings: Settings) -> Any:
    return estimate(make_card(estimator=SEPARATION), areas, pl.DataFrame(), settings)


def test_complete_separation_is_one_and_the_city_is_the_mean_of_its_areas(
    make_card: MakeCard, settings: Settings
) -> None:
    areas = sectioned({"A01": [10, 10, 0, 0], "A02": [3, 0, 1, 2, 4, 5]})
    found = separated(areas, make_card, settings)
    first, second, city = found.value
    assert areas.frame["area_id"].to_list() == ["001001.A01", "001001.A02", "001001.C"]
    assert first == pytest.approx(1)
    by_hand = separation_by_area([3, 0, 1, 2, 4, 5], [10] * 6, [0] * 6)
    expected = (by_hand.isolation - by_hand.by_chance) / (1 - by_hand.by_chance)
    assert second == pytest.approx(expected[0])
    assert city == pytest.approx((20 * first + 15 * second) / 35)
    assert (found.lower <= found.value).all()
    assert (found.value <= found.upper).all()


@given(st.integers(1, 9), st.integers(0, 10_000))
def test_presence_alone_is_no_separation(
    make_card: MakeCard, settings: Settings, members: int, seed: int
) -> None:
    spread = np.random.default_rng(seed).multivariate_hypergeometric([10] * 400, 400 * members)
    found = separated(sectioned({"A01": spread.tolist()}), make_card, settings)
    assert abs(found.value[0]) < 0.03


def test_what_is_not_defined_has_no_value(make_card: MakeCard, settings: Settings) -> None:
    areas = sectioned({"A01": [5], "A02": [0, 0], "A03": [10, 10], "A04": [1, 6], None: [9]})
    found = separated(areas, make_card, settings)
    np.testing.assert_array_equal(np.isnan(found.value), [True, True, True, False, False])
    assert not found.impossible.any()
    # Whoever lives in no area counts in the city's persons, not in the separation of its areas.
    assert found.numerator[4] == 5 + 20 + 7 + 9
    assert found.value[4] == pytest.approx(found.value[3])


def test_without_sections_nothing_is_estimated(
    make_town: MakeTown, make_card: MakeCard, settings: Settings
) -> None:
    areas = make_town(K=[1] * 8, N=[10] * 8)
    assert np.isnan(separated(areas, make_card, settings).value).all()


def test_sections_without_anybody_change_nothing(make_card: MakeCard, settings: Settings) -> None:
    full = sectioned({"A01": [3, 0, 1, 8]})
    units = full.units
    assert units is not None
    empty = units.head(1).with_columns(K=pl.lit(0), N=pl.lit(0), P1=pl.lit(0)).cast(units.schema)
    padded = AreaCounts(full.frame, 0, pl.concat([units, empty]))
    one, two = (separated(areas, make_card, settings) for areas in (full, padded))
    np.testing.assert_array_equal(one.draws, two.draws)


def test_a_count_missing_in_one_section_is_missing_for_the_area(
    make_card: MakeCard, settings: Settings
) -> None:
    whole = sectioned({"A01": [1, 9], "A02": [2, 8]})
    assert whole.units is not None
    holed = whole.units.with_columns(
        K=pl.when(pl.int_range(pl.len()) > 0).then("K"), pro_com=pl.lit("001001")
    )
    areas = areas_of_sections(holed)
    assert areas.frame["K"].to_list() == [None, 10, None]
    assert areas.frame["N"].to_list() == [20, 20, 40]
    found = separated(areas, make_card, settings)
    np.testing.assert_array_equal(np.isnan(found.value[:2]), [True, False])
