"""Basins of demand: complete, connected, heavy enough, made of published numbers only."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.needs.demand_town import THEME, TOWN, checked, city, expected_town, indices
from will_pipeline.errors import SourceFault
from will_pipeline.needs.basins import (
    DEFAULT_MINIMUM,
    DemandBasins,
    basin_report,
    demand_rows,
    least_persons,
)
from will_pipeline.needs.expected import ExpectedPersons

NO_OUTLINES = pl.DataFrame(
    schema={"area_id": pl.String, "geom_wkb": pl.Binary, "schematic": pl.Boolean}
)
LON, LAT, STEP = 10.33, 44.80, 0.01


def drawn(**places: tuple[int, int]) -> pl.DataFrame:
    """Outlines of areas that are squares of a grid, about a kilometre wide."""
    return pl.DataFrame(
        {
            "area_id": [f"{TOWN}.{tail}" for tail in places],
            "geom_wkb": [
                shapely.to_wkb(
                    shapely.box(
                        LON + x * STEP, LAT + y * STEP, LON + (x + 1) * STEP, LAT + (y + 1) * STEP
                    )
                )
                for x, y in places.values()
            ],
            "schematic": [False] * len(places),
        }
    )


def found(
    expected: ExpectedPersons,
    scores: pl.DataFrame,
    outlines: pl.DataFrame = NO_OUTLINES,
    **minimum: float,
) -> DemandBasins:
    given_city = city(basin_minimum=minimum)
    made = demand_rows(expected, scores, outlines, [given_city], level=0.9)
    return DemandBasins(checked(made.basins, "bacino"), checked(made.members, "bacino_area"))


def partition(basins: DemandBasins) -> set[frozenset[str]]:
    groups = basins.members.group_by("bacino_id").agg(pl.col("area_id").str.slice(7))
    return {frozenset(each) for each in groups["area_id"]}


FOUR = {"A01": 60.0, "A02": 50.0, "A03": 70.0, "A04": 45.0}
ALIKE = {"A01": (95, 95), "A02": (105, 105), "A03": (106, 104), "A04": (94, 96)}


def test_without_boundaries_areas_alike_are_put_together() -> None:
    basins = found(expected_town(FOUR), indices(ALIKE), solitudine=100)
    assert partition(basins) == {frozenset({"A01", "A04"}), frozenset({"A02", "A03"})}
    rows = basins.basins.sort("bacino_id").to_dicts()
    assert [row["bacino_id"] for row in rows] == [
        "099001.B-solitudine-01", "099001.B-solitudine-02"
    ]  # fmt: skip
    assert [row["persone_attese"] for row in rows] == [105.0, 120.0]
    assert [row["metodo"] for row in rows] == ["profilo", "profilo"]
    assert [row["contiguo"] for row in rows] == [False, False]
    assert rows[0]["nome"] == "Area A01 e Area A04"


def test_with_boundaries_only_neighbours_are_put_together() -> None:
    line = drawn(A01=(0, 0), A02=(1, 0), A03=(2, 0), A04=(3, 0))
    basins = found(expected_town(FOUR), indices(ALIKE), line, solitudine=100)
    assert partition(basins) == {frozenset({"A01", "A02"}), frozenset({"A03", "A04"})}
    assert set(basins.basins["metodo"]) == {"contiguita"}
    assert basins.basins["contiguo"].all()


def test_a_boundary_missing_for_one_area_means_profiles() -> None:
    most = drawn(A01=(0, 0), A02=(1, 0), A03=(2, 0))
    basins = found(expected_town(FOUR), indices(ALIKE), most, solitudine=100)
    assert set(basins.basins["metodo"]) == {"profilo"}


def test_neighbourhoods_come_before_census_areas() -> None:
    both = {"Q01": 100.0, "Q02": 110.0, "A01": 90.0, "A02": 120.0}
    scores = indices({tail: (100 + place, 100) for place, tail in enumerate(both)})
    basins = found(expected_town(both), scores, solitudine=100)
    assert partition(basins) == {frozenset({"Q01"}), frozenset({"Q02"})}
    assert set(basins.basins["livello"]) == {"Q"}
    assert basins.basins["contiguo"].all()


def test_a_city_below_the_threshold_is_one_basin_that_says_so() -> None:
    basins = found(expected_town(FOUR), indices(ALIKE), solitudine=226)
    row = basins.basins.to_dicts()[0]
    assert partition(basins) == {frozenset(FOUR)}
    assert (row["metodo"], row["persone_attese"], row["soglia"]) == ("citta_intera", 225.0, 226.0)
    assert row["nome"] == "Prova, tutta la città"
    assert "non raggiunge la massa critica" in row["nota"]
    assert found(expected_town(FOUR), indices(ALIKE), solitudine=225).basins["nota"].is_null().all()


def test_the_interval_comes_from_the_draws_of_the_sum() -> None:
    expected = expected_town(FOUR)
    row = found(expected, indices(ALIKE), solitudine=225).basins.to_dicts()[0]
    summed = expected.draws(THEME, [f"{TOWN}.{tail}" for tail in FOUR]).sum(axis=1)
    lower, upper = np.quantile(summed, [0.05, 0.95])
    assert (row["persone_inf"], row["persone_sup"]) == (np.floor(lower), np.ceil(upper))
    assert row["p_soglia"] == pytest.approx((summed >= 225).mean(), abs=0.0051)
    ends = expected.frame.filter(pl.col("level") == "A").select("attesi_inf", "attesi_sup").sum()
    assert row["persone_inf"] > ends["attesi_inf"][0]
    assert row["persone_sup"] < ends["attesi_sup"][0]


WITHHELD: dict[str, float | None] = {"A00": None, **FOUR}
SMALL = {"A00": 70, "A01": 9_000, "A02": 8_000, "A03": 7_000, "A04": 4_000}


def test_a_withheld_area_takes_part_without_its_number() -> None:
    expected = expected_town(WITHHELD, residents=SMALL, steps={"A04": 5.0})
    basins = found(expected, indices(ALIKE), solitudine=100)
    assert partition(basins) == {frozenset({"A00", "A01", "A04"}), frozenset({"A02", "A03"})}
    row = basins.basins.sort("bacino_id").to_dicts()[0]
    assert (row["persone_attese"], row["aree_senza_numero"], row["n_aree"]) == (105.0, 1, 3)
    assert row["p_soglia"] is None
    assert row["persone_inf"] % 5 == row["persone_sup"] % 5 == 0
    hidden = basins.members.filter(pl.col("area_id") == f"{TOWN}.A00").to_dicts()[0]
    assert (hidden["persone_attese"], hidden["stato"]) == (None, "soppresso")


@pytest.mark.parametrize("factor", [0.0, 0.5, 40.0])
def test_whatever_a_withheld_area_holds_the_basins_are_the_same(factor: float) -> None:
    """Nothing published depends on the hidden number, so nothing can give it back."""
    expected = expected_town(WITHHELD, residents=SMALL, steps={"A04": 5.0})
    estimate = expected.estimates[THEME]
    draws = estimate.draws.copy()
    draws[:, expected.positions[f"{TOWN}.A00"]] *= factor
    other = replace(expected, estimates={THEME: replace(estimate, draws=draws)})
    for minimum in (100, 225, 226):
        one = found(expected, indices(ALIKE), solitudine=minimum)
        two = found(other, indices(ALIKE), solitudine=minimum)
        assert one.basins.equals(two.basins)
        assert one.members.equals(two.members)


def test_a_withheld_number_does_not_help_to_reach_the_threshold() -> None:
    expected = expected_town({"A00": None, "A01": 99.0, "A02": 150.0}, residents=SMALL)
    scores = indices({"A01": (95, 95), "A02": (105, 105)})
    basins = found(expected, scores, solitudine=100)
    assert partition(basins) == {frozenset({"A00", "A01", "A02"})}


def test_an_area_without_an_index_follows_the_one_it_borders_on_most() -> None:
    persons = {"A00": 6.0, "A01": 100.0, "A02": 100.0, "A03": 100.0}
    scores = indices({"A01": (95, 95), "A02": (105, 105), "A03": (100, 100)})
    grid = drawn(A01=(0, 0), A02=(1, 0), A03=(2, 0), A00=(1, 1))
    basins = found(expected_town(persons), scores, grid, solitudine=100)
    assert frozenset({"A00", "A02"}) in partition(basins)
    assert basins.basins["contiguo"].all()


def test_an_island_that_cannot_reach_the_threshold_is_tied_to_the_nearest_area() -> None:
    island = drawn(A01=(0, 0), A02=(1, 0), A03=(2, 0), A04=(5, 0))
    basins = found(expected_town(FOUR), indices(ALIKE), island, solitudine=100)
    assert frozenset({"A03", "A04"}) in partition(basins)
    by_name = {row["nome"]: row["contiguo"] for row in basins.basins.to_dicts()}
    assert by_name == {"Area A01 e Area A02": True, "Area A03 e Area A04": False}


def test_an_island_that_reaches_the_threshold_stays_alone() -> None:
    island = drawn(A01=(0, 0), A02=(1, 0), A03=(2, 0), A04=(5, 0))
    persons = {**FOUR, "A04": 130.0}
    basins = found(expected_town(persons), indices(ALIKE), island, solitudine=100)
    assert frozenset({"A04"}) in partition(basins)
    assert basins.basins["contiguo"].all()


def test_without_boundaries_and_indices_the_city_is_one_basin() -> None:
    basins = found(expected_town(FOUR), indices({}), solitudine=100)
    row = basins.basins.to_dicts()[0]
    assert (partition(basins), row["metodo"]) == ({frozenset(FOUR)}, "citta_intera")
    assert "Mancano sia i confini sia gli indici" in row["nota"]


def test_boundaries_without_indices_are_enough() -> None:
    line = drawn(A01=(0, 0), A02=(1, 0), A03=(2, 0), A04=(3, 0))
    basins = found(expected_town(FOUR), indices({}), line, solitudine=100)
    assert set(basins.basins["metodo"]) == {"contiguita"}
    assert basins.basins["contiguo"].all()


def test_a_theme_whose_persons_are_unknown_has_no_basin() -> None:
    nothing = expected_town(
        {"A01": None, "A02": None}, status={"A01": "non_disponibile", "A02": "non_disponibile"}
    )
    made = demand_rows(nothing, indices(ALIKE), NO_OUTLINES, [city()], level=0.9)
    assert made.basins.is_empty()
    assert made.members.is_empty()


def test_the_minimum_is_the_city_s_or_the_default() -> None:
    own = city(basin_minimum={"giovani": 120})
    assert least_persons(own, "giovani") == 120
    assert least_persons(own, "solitudine") == DEFAULT_MINIMUM["solitudine"]


@pytest.mark.parametrize("wrong", ["giovanni", "nuove_generazioni"])
def test_a_minimum_for_something_else_is_named(wrong: str) -> None:
    strange = city(basin_minimum={wrong: 100})
    with pytest.raises(SourceFault) as caught:
        demand_rows(expected_town(FOUR), indices(ALIKE), NO_OUTLINES, [strange], level=0.9)
    assert caught.value.file == "prova.yaml"
    assert caught.value.where == "campo basin_minimum"
    assert f"'{wrong}' non è un bisogno con persone stimate" in str(caught.value)


@pytest.mark.parametrize("wrong", [0, -5, "molte", {"a": 1}])
def test_a_minimum_is_a_number_above_zero(wrong: Any) -> None:
    with pytest.raises(ValueError, match="basin_minimum"):
        city(basin_minimum={"giovani": wrong})


@st.composite
def towns(draw: st.DrawFn) -> tuple[ExpectedPersons, pl.DataFrame, pl.DataFrame, float]:
    size = draw(st.integers(1, 9))
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    tails = [f"A{place:02d}" for place in range(size)]
    masses, counts = generator.gamma(2, 60, size) + 5, generator.integers(1_000, 9_000, size)
    persons: dict[str, float | None] = dict(zip(tails, masses.round(1).tolist(), strict=True))
    residents = dict(zip(tails, counts.tolist(), strict=True))
    if size > 2 and draw(st.booleans()):
        persons["A00"], residents["A00"] = None, 100
    scores = indices({t: generator.normal(100, 5, 3) for t in tails if persons[t] is not None})
    places = {tail: (place % 3, place // 3) for place, tail in enumerate(tails)}
    outlines = drawn(**places) if draw(st.booleans()) else NO_OUTLINES
    whole = sum(each or 0 for each in persons.values())
    minimum = max(0.01, draw(st.floats(0.05, 1.2)) * whole)
    return expected_town(persons, residents=residents), scores, outlines, minimum


@settings(deadline=None, max_examples=25)
@given(case=towns(), seed=st.integers(0, 1_000))
def test_basins_are_a_complete_partition_whatever_the_order_of_rows(
    case: tuple[ExpectedPersons, pl.DataFrame, pl.DataFrame, float], seed: int
) -> None:
    expected, scores, outlines, minimum = case
    basins = found(expected, scores, outlines, solitudine=minimum)
    areas = expected.frame.filter(pl.col("level") == "A")
    assert sorted(basins.members["area_id"]) == areas["area_id"].to_list()
    assert basins.basins["n_aree"].sum() == areas.height
    assert basins.basins["persone_attese"].sum() == pytest.approx(areas["attesi"].sum(), abs=1e-6)
    if areas["attesi"].sum() >= minimum:
        assert (basins.basins["persone_attese"] >= minimum * (1 - 1e-9)).all()
    if outlines.height:
        assert basins.basins["contiguo"].all() or basins.basins.height == 1

    def shuffled(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.sample(fraction=1, shuffle=True, seed=seed)

    again = found(
        replace(expected, frame=shuffled(expected.frame)),
        shuffled(scores),
        shuffled(outlines),
        solitudine=minimum,
    )
    assert again.basins.equals(basins.basins)
    assert again.members.equals(basins.members)


def test_the_report_says_how_many_how_and_how_small() -> None:
    tables = {
        "bacino": found(expected_town(FOUR), indices(ALIKE), solitudine=100).basins,
        "dim_comune": pl.DataFrame({"pro_com": [TOWN], "nome": ["Prova"]}),
        "dim_dimensione": pl.DataFrame(
            {
                "dimensione": ["nuove_generazioni", "solitudine"],
                "nome": ["Seconde generazioni", "Solitudine"],
                "ordine": [4, 2],
            }
        ),
    }
    assert basin_report(tables) == [
        "Prova, Solitudine: 2 bacini (per profilo), il più piccolo di 105 persone attese, "
        "sopra la soglia di 100.",
        "Seconde generazioni: nessun bacino, le persone non si stimano sulle cifre in uso.",
    ]
    whole = found(expected_town(FOUR), indices(ALIKE), solitudine=1_500.5).basins
    assert basin_report(tables | {"bacino": whole})[0] == (
        "Prova, Solitudine: 1 bacino (città intera), il più piccolo di 225 persone attese, "
        "sotto la soglia di 1.500,5."
    )
