"""Estimators on two towns whose answers can be worked by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Estimate, Settings
from will_pipeline.indicators.estimators import estimate, structure_slope
from will_pipeline.indicators.indices import estimate_all
from will_pipeline.indicators.kinds import NetOfStructure
from will_pipeline.indicators.specification import Indicator, Specification
from will_pipeline.statistics.empirical_bayes import gamma_poisson
from will_pipeline.statistics.standardised_proportion import standardised_proportion

MakeTown = Callable[..., AreaCounts]
MakeCard = Callable[..., Indicator]

BASE = [100, 200, 300, 400, 500, 500, 500, 500]
EVENTS = [10, 40, 30, 120, 25, 25, 25, 25]
OWN = np.array([10, 20, 10, 30, 20, 5, 5, 5, 5, 5])
CITY = np.array([20.0] * 5 + [5.0] * 5)
FIRST, SECOND = slice(0, 4), slice(5, 9)
RATE = {"kind": "shrunk_rate", "numerator": "E", "denominator": "N"}
STANDARDISED = {
    "kind": "shrunk_standardised",
    "numerator": "E",
    "denominator": "Y + O",
    "expected": "0.1 * Y + 0.5 * O",
    "standard": "published_rates",
}
NET = {
    "kind": "net_of_structure",
    "numerator": "E",
    "denominator": "N",
    "structure": "Y",
    "structure_base": "P1",
}
CONCENTRATION = {"kind": "over_concentration", "numerator": "E", "denominator": "N"}


@pytest.fixture
def town(make_town: MakeTown) -> AreaCounts:
    return make_town(E=EVENTS, N=BASE)


@pytest.fixture(scope="module")
def within() -> pl.DataFrame:
    """A pool where, inside each municipality, a point more of young is half a point of events."""
    share = np.array([0.1, 0.2, 0.3, 0.2, 0.4, 0.5])
    level = np.array([0.3, 0.3, 0.3, 0.1, 0.1, 0.1])
    return pl.DataFrame(
        {
            "pro_com": ["a", "a", "a", "b", "b", "b"],
            "P1": [2000] * 6,
            "N": [1000] * 6,
            "Y": 2000 * share,
            "E": 1000 * (level + 0.5 * share),
        }
    )


def whole(found: Estimate) -> bool:
    return bool(
        np.isfinite(found.value).all()
        and (found.lower <= found.value).all()
        and (found.value <= found.upper).all()
        and np.isfinite(found.draws).all()
    )


def test_a_shrunk_rate_lies_between_the_area_and_its_own_city(
    town: AreaCounts, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    found = estimate(make_card(estimator=RATE), town, no_pool, settings)
    assert whole(found)
    np.testing.assert_allclose(found.value[town.is_city], [20, 5])
    np.testing.assert_allclose(found.city, CITY)
    assert (np.minimum(OWN, CITY) <= found.value + 1e-9).all()
    assert (found.value <= np.maximum(OWN, CITY) + 1e-9).all()
    uneven = np.array([0, 2, 3])
    assert (np.abs(found.value - CITY) < np.abs(OWN - CITY))[uneven].all()
    assert found.value[1] == pytest.approx(20)
    np.testing.assert_allclose(found.value[SECOND], 5)
    np.testing.assert_array_equal(found.numerator[FIRST], EVENTS[:4])
    np.testing.assert_array_equal(found.denominator[FIRST], BASE[:4])
    assert found.draws.shape == (200, 10)
    assert not found.impossible.any()


def test_a_small_area_is_pulled_more_than_a_large_one(
    make_town: MakeTown, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    areas = make_town(E=[4, 400, 100, 10, 1, 1, 1, 1], N=[10, 1000, 1000, 100, 9, 9, 9, 9])
    found = estimate(make_card(estimator=RATE), areas, no_pool, settings)
    city = 100 * 514 / 2110
    assert 40 - found.value[0] > 40 - found.value[1] > 0
    assert found.value[0] > city
    width = found.upper - found.lower
    assert width[0] > width[1]


@pytest.mark.parametrize("bad", [{"E": 101}, {"E": -1}, {"N": -100}])
def test_counts_that_cannot_be_are_reported_and_not_clipped(
    bad: dict[str, int],
    make_town: MakeTown,
    make_card: MakeCard,
    no_pool: pl.DataFrame,
    settings: Settings,
) -> None:
    events, base = EVENTS.copy(), BASE.copy()
    events[0], base[0] = bad.get("E", 10), bad.get("N", 100)
    areas = make_town(E=events, N=base)
    for kind in ("shrunk_rate", "observed_share", "over_concentration"):
        found = estimate(make_card(estimator=RATE | {"kind": kind}), areas, no_pool, settings)
        np.testing.assert_array_equal(np.flatnonzero(found.impossible), [0])
        for numbers in (found.value, found.lower, found.upper, found.deviation):
            np.testing.assert_array_equal(np.flatnonzero(np.isnan(numbers)), [0])
        assert np.isnan(found.draws[:, 0]).all()
        assert found.numerator[0] == events[0]
        assert found.denominator[0] == base[0]


@pytest.mark.parametrize(
    "kind", ["shrunk_rate", "observed_share", "observed_ratio", "observed_count"]
)
def test_an_area_without_anybody_has_no_value_and_no_fault(
    kind: str,
    make_town: MakeTown,
    make_card: MakeCard,
    no_pool: pl.DataFrame,
    settings: Settings,
) -> None:
    areas = make_town(E=[0, *EVENTS[1:]], N=[0, *BASE[1:]])
    found = estimate(make_card(estimator=RATE | {"kind": kind}), areas, no_pool, settings)
    assert np.isnan(found.value[0])
    assert np.isnan(found.upper[0])
    assert np.isfinite(found.value[1:]).all()
    assert not found.impossible.any()


def test_a_missing_count_gives_a_missing_value(
    make_town: MakeTown, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    frame = make_town(E=EVENTS, N=BASE).frame
    holed = frame.with_columns(E=pl.when(pl.col("area_id") != "001001.A01").then("E"))
    found = estimate(make_card(estimator=RATE), AreaCounts(holed), no_pool, settings)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(found.value)), [0])
    assert not found.impossible.any()


def test_an_observed_share_is_the_share_with_its_jeffreys_interval(
    town: AreaCounts, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    found = estimate(
        make_card(estimator=RATE | {"kind": "observed_share"}), town, no_pool, settings
    )
    np.testing.assert_allclose(found.value, OWN)
    assert whole(found)
    limits = stats.beta(10.5, 90.5).cdf([found.lower[0] / 100, found.upper[0] / 100])
    np.testing.assert_allclose(limits, [0.05, 0.95], atol=1e-9)


def test_a_share_of_none_or_of_all_stays_inside_its_interval(
    make_town: MakeTown, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    areas = make_town(E=[0, 200, *EVENTS[2:]], N=BASE)
    card = make_card(estimator=RATE | {"kind": "observed_share"})
    found = estimate(card, areas, no_pool, settings)
    assert (found.value[0], found.lower[0]) == (0, 0)
    assert (found.value[1], found.upper[1]) == (100, 100)
    assert found.upper[0] > 0
    assert found.lower[1] < 100


def test_a_ratio_and_a_count_keep_poisson_intervals(
    town: AreaCounts, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    swapped = {"kind": "observed_ratio", "numerator": "N", "denominator": "E"}
    ratio = estimate(make_card(estimator=swapped), town, no_pool, settings)
    np.testing.assert_allclose(ratio.value, 100 * 100 / OWN)
    assert whole(ratio)
    count = estimate(
        make_card(estimator=RATE | {"kind": "observed_count"}), town, no_pool, settings
    )
    np.testing.assert_array_equal(count.value, [10, 40, 30, 120, 200, 25, 25, 25, 25, 100])
    # Garwood's exact limits for ten events at 90 %.
    assert count.lower[0] == pytest.approx(5.4254, abs=1e-3)
    assert count.upper[0] == pytest.approx(16.9622, abs=1e-3)
    np.testing.assert_array_equal(count.city[FIRST], 200)


def test_an_area_like_its_city_gets_the_rate_of_the_city(
    make_town: MakeTown, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    areas = make_town(
        Y=[50, 100, 150, 200, 300, 200, 100, 50],
        O=[50, 100, 150, 200, 100, 200, 300, 50],
        E=[30, 60, 90, 120, 80, 120, 160, 30],
    )
    found = estimate(make_card(estimator=STANDARDISED), areas, no_pool, settings)
    assert whole(found)
    np.testing.assert_allclose(found.value[:5], 30)
    # In the second town the areas differ by age alone: at equal age nothing is left.
    np.testing.assert_allclose(found.value[5:], 100 * 390 / 1300)
    np.testing.assert_array_equal(found.numerator[FIRST], [30, 60, 90, 120])


def test_more_events_than_age_explains_stand_above_the_city(
    make_town: MakeTown, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    areas = make_town(
        Y=[200, 200, 200, 200, 300, 200, 100, 50],
        O=[200, 200, 200, 200, 100, 200, 300, 50],
        E=[200, 120, 120, 40, 0, 0, 0, 0],
    )
    found = estimate(make_card(estimator=STANDARDISED), areas, no_pool, settings)
    assert found.value[4] == pytest.approx(30)
    assert 30 < found.value[0] < 50
    assert 10 < found.value[3] < 30
    assert found.value[1] == pytest.approx(30)
    # A town without any event is a town at zero, not a town without a value.
    assert found.value[9] == 0
    assert np.isfinite(found.value[SECOND]).all()
    assert (found.value[SECOND] < 1).all()


def test_standardisation_reports_impossible_counts_and_forgives_empty_areas(
    make_town: MakeTown, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    areas = make_town(
        Y=[0, 510, 150, 200, 300, 200, 100, 50],
        O=[0, -110, 150, 200, 100, 200, 300, 50],
        E=[0, 60, 90, 120, 80, 120, 160, 30],
    )
    found = estimate(make_card(estimator=STANDARDISED), areas, no_pool, settings)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(found.value)), [0, 1])
    np.testing.assert_array_equal(np.flatnonzero(found.impossible), [1])


def test_the_interval_of_a_standardised_rate_is_that_of_persons_out_of_persons(
    make_town: MakeTown, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    ages = {"Y": [500] * 8, "O": [500] * 8}
    events = [500, 560, 440, 500, 300, 250, 350, 300]
    found = estimate(
        make_card(estimator=STANDARDISED), make_town(E=events, **ages), no_pool, settings
    )
    shares = standardised_proportion([500, 560, 440, 500], [300] * 4, [1000] * 4)
    poisson = gamma_poisson([500, 560, 440, 500], [300] * 4)
    np.testing.assert_allclose(found.value[FIRST], 30 * shares.ratio)
    np.testing.assert_allclose(found.upper[FIRST], 30 * shares.upper)
    own = (found.upper - found.lower)[FIRST]
    assert (own < 0.9 * 30 * (poisson.upper - poisson.lower)).all()
    assert (found.upper <= 100).all()


def test_ages_that_the_standard_rates_cannot_describe_are_reported(
    make_town: MakeTown, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    # With more retired people than people of working age, more are expected than there are.
    rates = STANDARDISED | {"expected": "0.1 * Y + 0.5 * O + 0.9 * R"}
    areas = make_town(Y=[50] * 8, O=[50] * 8, R=[90, *[0] * 7], E=[30, 60, 30, 30, 30, 20, 20, 30])
    found = estimate(make_card(estimator=rates), areas, no_pool, settings)
    np.testing.assert_array_equal(np.flatnonzero(found.impossible), [0])
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(found.value)), [0])


def test_the_slope_on_structure_is_taken_inside_municipalities(within: pl.DataFrame) -> None:
    slope, error = structure_slope(NetOfStructure.model_validate(NET), within)
    assert slope == pytest.approx(0.5)
    assert error == pytest.approx(0, abs=1e-12)
    tiny = within.with_columns(P1=pl.lit(10), pro_com=pl.lit("c"), E=pl.lit(0.0))
    slope, _ = structure_slope(NetOfStructure.model_validate(NET), pl.concat(
        [within.cast({"P1": pl.Int64}), tiny.cast({"P1": pl.Int64})]
    ))  # fmt: skip
    assert slope == pytest.approx(0.5)


def test_equal_structure_leaves_the_rate_and_excess_structure_is_taken_out(
    make_town: MakeTown,
    make_card: MakeCard,
    within: pl.DataFrame,
    no_pool: pl.DataFrame,
    settings: Settings,
) -> None:
    residents = [1000] * 8
    areas = make_town(E=EVENTS, N=BASE, P1=residents, Y=[200, 200, 200, 200, 300, 100, 200, 200])
    rate = estimate(make_card(estimator=RATE), areas, no_pool, settings)
    net = estimate(make_card(estimator=NET), areas, within, settings)
    assert whole(net)
    np.testing.assert_allclose(net.value[:5], rate.value[:5])
    # Ten points of young above the city, half a point each: five points less; and the reverse.
    np.testing.assert_allclose(net.value[5:], rate.value[5:] - [5, -5, 0, 0, 0])
    np.testing.assert_allclose(net.value[areas.is_city], [20, 5])


def test_structure_of_an_empty_area_is_unknown(
    make_town: MakeTown, make_card: MakeCard, within: pl.DataFrame, settings: Settings
) -> None:
    areas = make_town(E=[0, *EVENTS[1:]], N=[0, *BASE[1:]], P1=[0, *[1000] * 7], Y=[0, *[200] * 7])
    found = estimate(make_card(estimator=NET), areas, within, settings)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(found.value)), [0])
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(found.lower)), [0])


def test_an_even_city_has_no_concentration_whatever_the_presence(
    make_town: MakeTown, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    areas = make_town(E=[10, 20, 30, 40, 400, 400, 400, 400], N=BASE)
    found = estimate(make_card(estimator=CONCENTRATION), areas, no_pool, settings)
    np.testing.assert_allclose(found.value, 0, atol=1e-12)
    np.testing.assert_array_equal(found.city, 0)
    np.testing.assert_array_equal(found.draws[:, areas.is_city], 0)


def test_concentration_is_the_share_over_that_of_the_city_minus_one(
    town: AreaCounts, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    rate = estimate(make_card(estimator=RATE), town, no_pool, settings)
    found = estimate(make_card(estimator=CONCENTRATION), town, no_pool, settings)
    assert whole(found)
    assert found.value[3] == pytest.approx(rate.value[3] / 20 - 1)
    assert found.value[3] > 0
    assert found.value[0] == 0
    assert (found.draws >= 0).all()


def test_a_city_without_the_group_has_no_concentration_to_speak_of(
    make_town: MakeTown, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    areas = make_town(E=[*EVENTS[:4], 0, 0, 0, 0], N=BASE)
    found = estimate(make_card(estimator=CONCENTRATION), areas, no_pool, settings)
    assert np.isnan(found.value[SECOND]).all()
    assert not np.isinf(found.draws).any()
    assert np.isfinite(found.value[:5]).all()


@pytest.mark.parametrize("estimator", [RATE, STANDARDISED, CONCENTRATION])
def test_the_order_of_areas_does_not_move_an_estimate(
    estimator: dict[str, Any],
    make_town: MakeTown,
    make_card: MakeCard,
    no_pool: pl.DataFrame,
    settings: Settings,
) -> None:
    areas = make_town(
        E=EVENTS,
        N=BASE,
        Y=[60, 20, 90, 200, 300, 100, 90, 40],
        O=[40, 180, 210, 200, 200, 400, 410, 460],
    )
    turned = AreaCounts(areas.frame.reverse())
    card = make_card(estimator=estimator)
    there, back = (estimate(card, each, no_pool, settings) for each in (areas, turned))
    np.testing.assert_allclose(there.value, back.value[::-1])
    np.testing.assert_allclose(there.city, back.city[::-1])
    if estimator is not CONCENTRATION:
        np.testing.assert_allclose(there.lower, back.lower[::-1])
        np.testing.assert_allclose(there.upper, back.upper[::-1])


def test_one_more_indicator_moves_no_draw_of_the_others(
    town: AreaCounts,
    make_card: MakeCard,
    make_specification: Callable[..., Specification],
    no_pool: pl.DataFrame,
    settings: Settings,
) -> None:
    first, other = make_card("uno", estimator=RATE), make_card("zero", estimator=RATE)
    alone = estimate_all(make_specification(t=[first]), town, no_pool, settings)
    beside = estimate_all(make_specification(t=[other, first]), town, no_pool, settings)
    np.testing.assert_array_equal(alone["uno"].draws, beside["uno"].draws)
    assert not np.array_equal(beside["zero"].draws, beside["uno"].draws)


def test_the_seed_decides_the_draws_and_not_the_value(
    town: AreaCounts, make_card: MakeCard, no_pool: pl.DataFrame
) -> None:
    card = make_card(estimator=RATE)
    same, again, other = (
        estimate(card, town, no_pool, Settings(draws=50, seed=seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(same.draws, again.draws)
    assert not np.array_equal(same.draws, other.draws)
    np.testing.assert_array_equal(same.value, other.value)


def test_context_is_not_estimated_from_counts(
    town: AreaCounts, make_card: MakeCard, no_pool: pl.DataFrame, settings: Settings
) -> None:
    with pytest.raises(KeyError, match="context"):
        estimate(make_card(estimator={"kind": "context"}), town, no_pool, settings)


def test_every_town_needs_its_own_total(town: AreaCounts) -> None:
    with pytest.raises(ValueError, match="001002"):
        AreaCounts(town.frame.filter(pl.col("area_id") != "001002.C"))
    with pytest.raises(ValueError, match="exactly one row"):
        AreaCounts(pl.concat([town.frame, town.frame.filter(pl.col("level") == "C")]))


def test_arithmetic_over_codes_keeps_what_is_missing() -> None:
    frame = pl.DataFrame({"P1": [3, None], "P2": [1, 1]})
    areas = AreaCounts(frame.with_columns(pro_com=pl.Series(["a", "b"]), level=pl.lit("C")))
    np.testing.assert_array_equal(areas.evaluate("P1 - P2"), [2, np.nan])
