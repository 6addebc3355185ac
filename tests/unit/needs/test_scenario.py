"""Scenarios: cohorts worked by hand, sums, errors, confidentiality and reasons."""

import runpy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.contracts.model import TableContract
from will_pipeline.needs.age_structures import age_structures
from will_pipeline.needs.cohorts import LAPLACE_90, expected_error, project_ages
from will_pipeline.needs.scenario import scenario_rows

TOWN = runpy.run_path(str(Path(__file__).with_name("ages_of_a_town.py")))
structure, population, areas, facts = (
    TOWN[name] for name in ("structure", "population", "areas", "facts")
)
CITY = TOWN["TOWN"]
ONE, TWO, THREE = (f"{CITY}.Q0{k}" for k in (1, 2, 3))
EARLIER = [300, 310, 320, 330, 340, 350, 360, 370, 380, 390, 400, 380, 360, 1500]
LATER = [280, 290, 330, 300, 400, 420, 350, 360, 370, 380, 390, 400, 410, 1700]


@cache
def contract() -> TableContract:
    return load_contracts("mart")["proiezione"]


def scenario(rows: pl.DataFrame, *, of: pl.DataFrame | None = None, **given_: Any) -> pl.DataFrame:
    town = areas(1) if of is None else of
    found = scenario_rows(
        town,
        given_.get("municipalities", TOWN["municipalities"]()),
        rows,
        given_.get("facts", facts(town["area_id"].to_list())),
        themes=TOWN["THEMES"],
        totals=given_.get("totals", {}),
    )
    return conform(found, contract())


def at(rows: pl.DataFrame, area: str, theme: str, years: str = "dieci_anni") -> dict[str, Any]:
    chosen = rows.filter(
        (pl.col("area_id") == area)
        & (pl.col("dimensione") == theme)
        & (pl.col("scenario") == years)
    )
    return chosen.row(0, named=True)


@pytest.fixture
def two_dates() -> pl.DataFrame:
    return population(structure(ONE, 2015, EARLIER), structure(ONE, 2025, LATER))


def test_cohorts_worked_by_hand(two_dates: pl.DataFrame) -> None:
    # One area is its own city, so that shrinkage leaves its ratios as they are.
    rows = scenario(two_dates)
    old = at(rows, ONE, "solitudine")
    survivors = 1700 / (380 + 360 + 1500)
    assert old["esposti_base"] == 1700
    assert old["esposti"] == pytest.approx(survivors * (400 + 410 + 1700), abs=0.05)
    assert old["persone"] == pytest.approx(0.20 * survivors * 2510, abs=0.05)
    pupils = at(rows, ONE, "mobilita")
    assert pupils["esposti"] == pytest.approx(330 / 300 * 280, abs=0.05)
    assert (pupils["anno_base"], pupils["anno"]) == (2025, 2035)
    young = at(rows, ONE, "giovani")
    cohorts = 300 / 310 * 290 + 400 / 320 * 330 + 420 / 330 * 300
    assert young["esposti"] == pytest.approx((cohorts + 300 + 400 + 420) / 2, abs=0.05)
    assert young["tasso"] == 10.0


def test_the_interval_joins_both_errors(two_dates: pl.DataFrame) -> None:
    old = at(scenario(two_dates), ONE, "solitudine")
    # Published error of 7.7 % after five years, twice that after ten; share of 20 from 15 to 25.
    assert (old["errore_prova"], old["prova"]) == (15.4, "pubblicata")
    width = LAPLACE_90 * 0.154
    below = np.exp(-np.hypot(width, np.log(20 / 15)))
    above = np.exp(np.hypot(width, np.log(25 / 20)))
    assert old["inf"] == pytest.approx(old["persone"] * below, rel=1e-3)
    assert old["sup"] == pytest.approx(old["persone"] * above, rel=1e-3)


def test_five_years_apart_give_a_five_year_scenario() -> None:
    rows = scenario(population(structure(ONE, 2020, EARLIER), structure(ONE, 2025, LATER)))
    assert set(rows.filter(pl.col("stato") == "valido")["scenario"]) == {"cinque_anni"}
    pupils = at(rows, ONE, "mobilita", "cinque_anni")
    assert pupils["anno"] == 2030
    assert pupils["esposti"] == pytest.approx(330 / 310 * 290, abs=0.05)
    assert pupils["errore_prova"] == 9.2


def test_a_third_date_measures_the_error_on_these_very_areas() -> None:
    town = areas(12)
    quartieri = town["area_id"].to_list()[1:]
    dates = [
        structure(area, year, [size + 10 * k for k in range(14)])
        for place, area in enumerate(quartieri)
        for year, size in ((2005, 300), (2015, 300 + 3 * place), (2025, 300 + 9 * place))
    ]
    rows = population(*dates)
    old = at(scenario(rows, of=town), ONE, "solitudine")
    assert old["prova"] == "propria"
    structures = age_structures(rows, quartieri)
    outlook = project_ages(structures, ((65, None),), interval=10, totals={})
    error = expected_error(outlook, (65, None))
    assert old["errore_prova"] == round(error.percent, 1)
    # The half-width is the 12th smallest error: ceil(13 x 0.9) = 12.
    worst = np.sort(np.abs(outlook.tests[65, None].log_error))[11]
    assert error.half_width == pytest.approx(worst)


def test_a_test_on_few_areas_only_widens_the_published_error() -> None:
    town = areas(2)
    dates = [
        structure(area, year, size)
        for area in (ONE, TWO)
        for year, size in ((2005, 300), (2015, 300), (2025, 900))
    ]
    old = at(scenario(population(*dates), of=town), ONE, "solitudine")
    assert old["prova"] == "pubblicata"
    assert old["errore_prova"] > 15.4


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.lists(st.integers(50, 900), min_size=14, max_size=14), min_size=4, max_size=4),
    st.floats(5_000, 50_000),
)
def test_areas_add_up_to_the_municipality_where_a_total_is_given(
    persons: list[list[int]], total: float
) -> None:
    rows = population(
        structure(ONE, 2015, persons[0]),
        structure(TWO, 2015, persons[1]),
        structure(ONE, 2025, persons[2]),
        structure(TWO, 2025, persons[3]),
    )
    every_age = ((0, None),)
    outlook = project_ages(
        age_structures(rows, [ONE, TWO]), every_age, interval=10, totals={2035: total}
    )
    assert outlook.raked
    assert outlook.ahead[0, None].sum() == pytest.approx(total, rel=1e-9)


def test_a_total_of_another_year_leaves_the_areas_alone(two_dates: pl.DataFrame) -> None:
    free = scenario(two_dates, totals={CITY: {2034: 9_000.0}})
    assert free["riportato"].drop_nulls().to_list().count(True) == 0
    held = at(scenario(two_dates, totals={CITY: {2035: 9_000.0}}), ONE, "giovani")
    assert held["riportato"]
    assert "sommano alla proiezione del comune" in held["nota"]


def test_the_city_is_the_sum_of_its_areas() -> None:
    dates = [structure(area, year, 300) for area in (ONE, TWO) for year in (2015, 2025)]
    rows = scenario(population(*dates), of=areas(2))
    for theme in ("giovani", "solitudine", "mobilita"):
        city, parts = at(rows, f"{CITY}.C", theme), [at(rows, a, theme) for a in (ONE, TWO)]
        for name in ("persone", "inf", "sup", "esposti"):
            assert city[name] == pytest.approx(sum(part[name] for part in parts))


def reasons(rows: pl.DataFrame) -> set[str]:
    assert set(rows["stato"]) == {"non_disponibile"}
    return set(rows.filter(pl.col("dimensione") == "giovani")["motivo"])


def test_without_deliveries_every_area_says_why() -> None:
    rows = scenario(population(), of=areas(2, 3))
    assert rows.height == 6 * 4
    (reason,) = reasons(rows)
    assert reason.startswith("C'è una sola struttura per età, quella del censimento 2011")
    assert rows["anno"].unique().to_list() == [2035]


def test_a_municipality_without_a_year_starts_from_the_census() -> None:
    unknown = TOWN["municipalities"]().with_columns(population_year=pl.lit(None, pl.Int64))
    assert set(scenario(population(), municipalities=unknown)["anno"]) == {2021}


@pytest.mark.parametrize(
    ("years", "reason"),
    [((2025,), "ci sono: 2025"), ((2018, 2025), "servono due date a 10 anni di distanza")],
)
def test_dates_that_do_not_pair_are_named(years: tuple[int, ...], reason: str) -> None:
    (told,) = reasons(scenario(population(*(structure(ONE, year, 300) for year in years))))
    assert reason in told


def test_a_level_that_is_not_covered_is_named() -> None:
    dates = [structure(ONE, year, 300) for year in (2015, 2025)]
    (told,) = reasons(scenario(population(*dates), of=areas(2)))
    assert "mancano 1 aree su 2, per esempio 099001.Q02" in told


def test_a_cohort_without_anybody_is_named() -> None:
    nobody = [0, *EARLIER[1:]]
    rows = population(structure(ONE, 2015, nobody), structure(ONE, 2025, LATER))
    (told,) = reasons(scenario(rows))
    assert "la città non ha nessuno" in told


def test_a_level_that_is_covered_speaks_for_the_city() -> None:
    census_area = f"{CITY}.A01"
    dates = [structure(census_area, year, 300) for year in (2015, 2025)]
    rows = scenario(population(*dates), of=areas(2, 1))
    assert at(rows, census_area, "giovani")["stato"] == "valido"
    assert at(rows, ONE, "giovani")["stato"] == "non_disponibile"
    assert (
        at(rows, f"{CITY}.C", "giovani")["persone"] == at(rows, census_area, "giovani")["persone"]
    )


def test_a_small_area_is_withheld_with_the_next_and_the_sum() -> None:
    sizes = {ONE: 10, TWO: 300, THREE: 400}
    dates = [structure(area, year, size) for area, size in sizes.items() for year in (2015, 2025)]
    rows = scenario(population(*dates), of=areas(3))
    states = {area: at(rows, area, "solitudine")["stato"] for area in (*sizes, f"{CITY}.C")}
    assert states == {
        ONE: "soppresso",
        TWO: "soppresso_secondario",
        THREE: "valido",
        f"{CITY}.C": "soppresso_secondario",
    }
    hidden = at(rows, ONE, "solitudine")
    assert hidden["esposti"] is hidden["tasso"] is hidden["errore_prova"] is None


def test_few_expected_persons_are_withheld() -> None:
    few = [30] * 13 + [10]
    dates = [structure(ONE, year, few) for year in (2015, 2025)]
    rows = scenario(population(*dates))
    assert at(rows, ONE, "solitudine")["stato"] == "soppresso"
    assert at(rows, ONE, "giovani")["stato"] == "valido"


def test_an_area_whose_share_is_withheld_stays_withheld() -> None:
    dates = [structure(area, year, 300) for area in (ONE, TWO, THREE) for year in (2015, 2025)]
    town = areas(3)
    shares = facts(town["area_id"].to_list(), Q02="soppresso")
    rows = scenario(population(*dates), of=town, facts=shares)
    assert at(rows, TWO, "giovani")["stato"] == "soppresso"
    assert at(rows, f"{CITY}.C", "giovani")["persone"] is None


def test_an_area_without_a_share_has_no_number_and_neither_has_its_city() -> None:
    dates = [structure(area, year, 300) for area in (ONE, TWO) for year in (2015, 2025)]
    shares = facts([TWO])
    rows = scenario(population(*dates), of=areas(2), facts=shares)
    assert "non è stimata" in at(rows, ONE, "giovani")["motivo"]
    assert at(rows, TWO, "giovani")["persone"] > 0
    assert at(rows, f"{CITY}.C", "giovani")["stato"] == "non_disponibile"


def test_a_share_of_nobody_is_withheld_and_not_an_error() -> None:
    dates = [structure(ONE, year, 300) for year in (2015, 2025)]
    shares = facts([ONE]).with_columns(valore=pl.lit(0.0), ic_inf=pl.lit(0.0))
    assert at(scenario(population(*dates), facts=shares), ONE, "giovani")["stato"] == "soppresso"


def test_both_sexes_together_are_projected_like_equal_halves(two_dates: pl.DataFrame) -> None:
    halves = [
        structure(ONE, year, [number // 2 for number in persons], sex=sex)
        for year, persons in ((2015, EARLIER), (2025, LATER))
        for sex in ("M", "F")
    ]
    together, apart = scenario(two_dates), scenario(population(*halves))
    names = ["area_id", "dimensione", "persone", "esposti"]
    assert_frame_equal(together.select(names), apart.select(names))
    assert "insieme" in at(together, ONE, "giovani")["nota"]
    assert "insieme" not in at(apart, ONE, "giovani")["nota"]


def test_the_order_of_the_rows_changes_nothing() -> None:
    dates = [
        structure(area, year, [base + 7 * k for k in range(14)])
        for area, base in ((ONE, 200), (TWO, 260), (THREE, 310))
        for year in (2005, 2015, 2025)
    ]
    rows, town = population(*dates), areas(3)
    assert_frame_equal(
        scenario(rows.sample(fraction=1.0, shuffle=True, seed=3), of=town.reverse()),
        scenario(rows, of=town),
    )
