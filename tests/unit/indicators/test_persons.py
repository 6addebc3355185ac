"""Persons in need on two towns that can be worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.indicators import country
from will_pipeline.cities.catalogue import Benchmark
from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Settings
from will_pipeline.indicators.facts import persons_facts, unavailable_indicators
from will_pipeline.indicators.indices import estimate_all
from will_pipeline.indicators.persons import Persons, estimate_persons
from will_pipeline.indicators.specification import Indicator, Specification

MakeTown = Callable[..., AreaCounts]
MakeCard = Callable[..., Indicator]
MakeSpecification = Callable[..., Specification]

EXPOSED = [100, 200, 300, 400, 500, 500, 500, 500]
EVENTS = [10, 40, 30, 120, 25, 25, 25, 25]
FIRST, SECOND = slice(0, 4), slice(5, 9)
NOVARA = country.share("Novara") / 100
SYNTHETIC = {
    "kind": "synthetic",
    "exposed": [{"name": "tutti", "population": "G"}],
    "signals": [{"name": "segnale"}],
    "level": {"kind": "provincial", "series": country.SERIES},
}


@pytest.fixture(scope="module")
def specification(make_card: MakeCard, make_specification: MakeSpecification) -> Specification:
    given = {"ruolo": "persone", "tipo": "sintetico"}
    return make_specification(
        tema=[
            make_card(
                "segnale", estimator={"kind": "shrunk_rate", "numerator": "E", "denominator": "N"}
            ),
            make_card("persone", estimator=SYNTHETIC, decimali=0, **given),
            make_card("quota", estimator={"kind": "synthetic_share", "of": "persone"}, **given),
        ]
    )


def estimated(
    specification: Specification,
    areas: AreaCounts,
    settings: Settings,
    known: Any = None,
) -> dict[str, Persons]:
    told = known or country.evidence()
    estimates = estimate_all(specification, areas, told.pool, settings)
    return estimate_persons(specification, areas, estimates, evidence=told, settings=settings)


@pytest.fixture
def town(make_town: MakeTown) -> AreaCounts:
    counts = make_town(E=EVENTS, N=[500] * 8, G=EXPOSED).frame
    return AreaCounts(counts.with_columns(residents=pl.lit(5000)))


def test_persons_are_structure_times_risk_shared_out_of_the_benchmark(
    specification: Specification, town: AreaCounts, settings: Settings
) -> None:
    found = estimated(specification, town, settings)["persone"]
    estimates = estimate_all(specification, town, country.pool(), settings)["segnale"]
    signal = np.log(estimates.value[FIRST] / estimates.city[FIRST])
    weighted = np.array(EXPOSED[:4]) * country.bounded(country.WEIGHT * signal)
    expected = 1000 * NOVARA * weighted / weighted.sum()
    np.testing.assert_allclose(found.estimate.value[FIRST], expected, rtol=1e-6)
    assert found.estimate.value[4] == pytest.approx(1000 * NOVARA)
    # In the second town all the areas are alike, so structure alone decides.
    np.testing.assert_allclose(found.estimate.value[SECOND], 500 * NOVARA, rtol=1e-9)
    assert found.model is not None
    assert found.model.tilt.weights == pytest.approx([country.WEIGHT], abs=1e-6)


def test_nothing_is_presented_as_observed_and_both_years_are_told(
    specification: Specification, town: AreaCounts, settings: Settings
) -> None:
    found = estimated(specification, town, settings)
    facts = persons_facts(specification, town, found, structure_year=2011)
    assert facts["numeratore"].null_count() == facts.height
    assert set(facts["anno"]) == {2024}
    assert set(facts["anno_struttura"]) == {2011}
    assert set(facts["fonte_id"]) == {"istat_bes_territori"}
    persons = facts.filter(pl.col("indicatore_id") == "persone")
    assert persons["denominatore"].to_list()[:5] == [*EXPOSED[:4], 1000]
    assert persons["lettura"].null_count() == persons["indice_100"].null_count() == 10
    share = facts.filter(pl.col("indicatore_id") == "quota")
    assert share["lettura"].null_count() == 2
    np.testing.assert_allclose(
        share["valore"], 100 * persons["valore"] / persons["denominatore"], atol=0.06
    )


@given(
    st.lists(st.integers(1, 900), min_size=8, max_size=8),
    st.lists(st.integers(0, 400), min_size=8, max_size=8),
)
def test_areas_add_up_to_their_city_and_stay_within_twice_the_bound(
    specification: Specification,
    make_town: MakeTown,
    exposed: list[int],
    events: list[int],
) -> None:
    areas = make_town(E=[e + 1 for e in events], N=[1000] * 8, G=exposed)
    found = estimated(specification, areas, Settings(draws=100))
    persons, share = found["persone"].estimate, found["quota"].estimate
    for town in (FIRST, SECOND):
        assert abs(persons.value[town].sum() - persons.city[town][0]) < 1e-6
        assert (persons.lower[town] <= persons.value[town]).all()
        assert (persons.value[town] <= persons.upper[town]).all()
        ratio = share.value[town] / share.city[town]
        assert ((ratio >= 1 / 4 - 1e-9) & (ratio <= 4 + 1e-9)).all()


def test_a_figure_of_the_city_takes_the_place_of_the_province(
    specification: Specification, town: AreaCounts, settings: Settings
) -> None:
    own = Benchmark(rate=12.5, year=2025, source="anagrafe", error=0.0)
    cities = (country.city("001001", benchmarks={"persone": own}), country.city("001002"))
    found = estimated(specification, town, settings, country.evidence(*cities))["persone"]
    assert found.estimate.value[4] == pytest.approx(125)
    assert found.estimate.value[FIRST].sum() == pytest.approx(125, abs=1e-9)
    assert found.estimate.lower[4] == found.estimate.upper[4] == found.estimate.value[4]
    assert found.years.tolist() == [2025] * 5 + [2024] * 5
    assert found.sources[4:6] == ("anagrafe", "istat_bes_territori")
    assert found.estimate.value[9] == pytest.approx(2000 * NOVARA)


def test_a_benchmark_of_no_indicator_names_the_city(
    specification: Specification, town: AreaCounts, settings: Settings
) -> None:
    own = Benchmark(rate=12.5, year=2025, source="anagrafe", error=1.0)
    wrong = country.city("001001", benchmarks={"segnale": own})
    with pytest.raises(ValueError, match="segnale"):
        estimated(specification, town, settings, country.evidence(wrong, country.city("001002")))


def test_the_error_of_the_benchmark_widens_every_interval(
    specification: Specification, town: AreaCounts
) -> None:
    width = []
    for error in (0.0, 5.0):
        own = Benchmark(rate=20, year=2025, source="anagrafe", error=error)
        cities = [country.city(code, benchmarks={"persone": own}) for code in country.TOWNS]
        found = estimated(specification, town, Settings(draws=400), country.evidence(*cities))[
            "persone"
        ].estimate
        width.append(found.upper - found.lower)
    assert (width[1] > width[0]).all()


@pytest.mark.parametrize("column", ["E", "N", "G"])
def test_a_missing_column_leaves_nothing_and_says_which(
    specification: Specification, town: AreaCounts, settings: Settings, column: str
) -> None:
    areas = AreaCounts(town.frame.drop(column))
    found = estimated(specification, areas, settings)
    for name in ("persone", "quota"):
        assert np.isnan(found[name].estimate.value).all()
    facts = persons_facts(specification, areas, found, structure_year=2011)
    assert set(facts["stato"]) == {"non_disponibile"}
    assert facts["valore"].null_count() == facts.height
    told = dict(unavailable_indicators(specification, areas, country.pool()).iter_rows())
    assert set(told) == {"persone", "quota"} | (set() if column == "G" else {"segnale"})
    assert all(column in reason for reason in told.values())


def test_an_area_without_its_signal_leaves_the_level_unshared_and_the_city_told(
    specification: Specification, town: AreaCounts, settings: Settings
) -> None:
    holed = town.frame.with_columns(E=pl.when(pl.col("area_id") != "001001.A01").then("E"))
    found = estimated(specification, AreaCounts(holed), settings)["persone"].estimate
    assert np.isnan(found.value[FIRST]).all()
    assert found.value[4] == pytest.approx(1000 * NOVARA)
    assert np.isfinite(found.value[SECOND]).all()


def test_an_area_with_nobody_exposed_has_no_value_and_takes_no_part(
    specification: Specification, make_town: MakeTown, settings: Settings
) -> None:
    areas = make_town(E=EVENTS, N=[500] * 8, G=[0, *EXPOSED[1:]])
    found = estimated(specification, areas, settings)["persone"].estimate
    assert np.isnan(found.value[0])
    assert found.value[1:4].sum() == pytest.approx(900 * NOVARA, abs=1e-9)


def test_an_area_under_the_floor_keeps_the_mean_and_stays_in_the_total(
    specification: Specification, town: AreaCounts, settings: Settings
) -> None:
    sizes = pl.when(pl.col("area_id") == "001001.A04").then(100).otherwise(5000)
    areas = AreaCounts(town.frame.with_columns(residents=sizes), 250)
    found = estimated(specification, areas, settings)
    assert found["persone"].model is not None
    np.testing.assert_array_equal(found["persone"].model.signals.values[3], [0.0])
    assert found["persone"].estimate.value[FIRST].sum() == pytest.approx(1000 * NOVARA, abs=1e-6)
    facts = persons_facts(specification, areas, found, structure_year=2011)
    hidden = facts.filter(pl.col("area_id") == "001001.A04")
    assert set(hidden["stato"]) == {"soppresso"}
    assert hidden["valore"].null_count() == hidden["denominatore"].null_count() == 2


def test_fewer_than_five_persons_are_withheld_with_their_share(
    specification: Specification, make_town: MakeTown, settings: Settings
) -> None:
    counts = make_town(E=EVENTS, N=[500] * 8, G=[20, 200, 300, 480, 500, 500, 500, 500]).frame
    areas = AreaCounts(counts.with_columns(residents=pl.Series([900, 1000, 1100, 1200, 4200] * 2)))
    found = estimated(specification, areas, settings)
    assert found["persone"].estimate.value[0] < 5
    facts = persons_facts(specification, areas, found, structure_year=2011)
    few = facts.filter(pl.col("area_id") == "001001.A01")
    assert few["stato"].to_list() == ["soppresso"] * 2
    beside = facts.filter(pl.col("area_id") == "001001.A02")
    assert beside["denominatore"].null_count() == 2
    # Thirty exposed residents, at the rate of the area, are the step of rounding.
    persons = beside.filter(pl.col("indicatore_id") == "persone")["valore"][0]
    exact = found["persone"].estimate.value[1]
    step = 30 * exact / 200
    assert persons == pytest.approx(exact, abs=step)
    assert persons % 5 == pytest.approx(0, abs=1e-9)
    assert set(facts.filter(pl.col("area_id").str.starts_with("001002"))["stato"]) == {"valido"}


def test_the_seed_moves_intervals_a_little_and_values_not_at_all(
    specification: Specification, town: AreaCounts
) -> None:
    one, same, other = (
        estimated(specification, town, Settings(draws=1_000, seed=seed))["persone"].estimate
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.draws, same.draws)
    np.testing.assert_array_equal(one.value, other.value)
    assert not np.array_equal(one.lower, other.lower)
    width = one.upper - one.lower
    assert (np.abs(one.lower - other.lower) < 0.2 * width).all()
    middle = np.abs(np.median(one.draws, axis=0) - np.median(other.draws, axis=0))
    assert (middle < 0.1 * width).all()
