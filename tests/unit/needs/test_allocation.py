"""Budgets kept to the last unit, floors, bounded losses, intervals, and areas that stay out."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform, empty
from will_pipeline.documentation.readability import LEAST_FOR_EVERYONE, gulpease
from will_pipeline.indicators.estimators import Settings
from will_pipeline.needs.allocation import Allocations, allocate
from will_pipeline.needs.allocation_words import OUTSIDE

SETTINGS = Settings(draws=300)
TOWN = "999001"
MART, CORE = load_contracts("mart"), load_contracts("core")
NEED = (100.0, 300.0, 600.0)
TODAY = (40.0, 40.0, 40.0)


def ids(number: int) -> list[str]:
    return [f"{TOWN}.Q{code:02d}" for code in range(1, number + 1)]


def exercise(**given_values: Any) -> pl.DataFrame:
    row = {
        "exercise_id": f"{TOWN}-ore",
        "pro_com": TOWN,
        "title": "Ore di prova",
        "theme": "giovani",
        "unit": "ore",
        "rule": "proporzionale",
        "budget": 120.0,
        "floor": 10.0,
    }
    return pl.DataFrame([row | given_values])


def lines(today: tuple[float, ...] = TODAY, exercise_id: str = f"{TOWN}-ore") -> pl.DataFrame:
    return pl.DataFrame(
        {"exercise_id": [exercise_id] * len(today), "area_id": ids(len(today)), "today": today},
        schema_overrides={"today": pl.Float64},
    )


def needs(
    expected: tuple[float | None, ...] = NEED,
    latent: tuple[float | None, ...] | None = None,
    *,
    spread: float = 0.1,
    theme: str = "giovani",
    year: int = 2025,
) -> pl.DataFrame:
    latent = latent or (None,) * len(expected)

    def ends(name: str, values: tuple[float | None, ...]) -> dict[str, Any]:
        scaled = {"": 1.0, "_inf": 1 - spread, "_sup": 1 + spread}
        return {
            f"{name}{end}": pl.Series(
                [None if value is None else value * by for value in values], dtype=pl.Float64
            )
            for end, by in scaled.items()
        }

    return pl.DataFrame(
        {
            "area_id": ids(len(expected)),
            "dimensione": [theme] * len(expected),
            "anno": [year] * len(expected),
            **ends("attesi", expected),
            **ends("latenti", latent),
        }
    )


def shared(
    what: pl.DataFrame | None = None,
    today: pl.DataFrame | None = None,
    need: pl.DataFrame | None = None,
) -> Allocations:
    return allocate(
        exercise() if what is None else what,
        lines() if today is None else today,
        needs() if need is None else need,
        settings=SETTINGS,
    )


def proposal(result: Allocations) -> list[float]:
    return result.areas.sort("area_id")["proposta"].to_list()


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # 10 each, then 90 by need; then a level of 12 for a hundred persons; then no area may go
        # under four fifths of today, and what is left over that goes to the most uncovered.
        ("proporzionale", [19, 37, 64]),
        ("max_min", [12, 36, 72]),
        ("lineare", [32, 32, 56]),
    ],
)
def test_each_rule_by_hand(rule: str, expected: list[float]) -> None:
    result = shared(exercise(rule=rule))
    assert proposal(result) == expected
    row = result.exercises.row(0, named=True)
    assert (row["stato"], row["proposta_totale"]) == ("valido", 120.0)
    assert row["perdita_massima"] == (0.2 if rule == "lineare" else None)
    assert row["copertura_minima_oggi"] == pytest.approx(100 * 40 / 600)


def test_the_least_coverage_is_told_before_and_after() -> None:
    row = shared(exercise(rule="max_min")).exercises.row(0, named=True)
    assert row["copertura_minima_proposta"] == pytest.approx(12.0)
    assert (row["guadagnano"], row["perdono"]) == (1, 2)
    assert row["quota_spostata"] == pytest.approx(32 / 120)


problems = st.integers(0, 100_000).map(np.random.default_rng)


@given(problems, st.sampled_from(["proporzionale", "max_min", "lineare"]), st.booleans())
def test_the_proposal_sums_exactly_and_keeps_floors_and_bounds(
    noise: np.random.Generator, rule: str, whole: bool
) -> None:
    n = int(noise.integers(2, 14))
    unit = 1 if whole else 100
    today = tuple(float(value) for value in noise.integers(0, 9_000, n) / unit)
    floor = int(noise.integers(0, 500)) / unit
    budget = floor * n + int(noise.integers(1, 50_000)) / unit
    result = shared(
        exercise(rule=rule, budget=budget, floor=floor),
        lines(today),
        needs(tuple(noise.gamma(1.0, 80.0, n).tolist())),
    )
    rows = result.areas
    assert sum(round(value * unit) for value in rows["proposta"]) == round(budget * unit)
    assert (rows["proposta"] >= floor - 1e-9).all()
    assert (rows["proposta_inf"] <= rows["proposta"]).all()
    assert (rows["proposta"] <= rows["proposta_sup"]).all()
    row = result.exercises.row(0, named=True)
    assert row["stato"] == "valido"
    if rule == "lineare" and sum(today):
        bound = (1 - row["perdita_massima"]) * np.array(today) * budget / sum(today)
        assert (rows.sort("area_id")["proposta"].to_numpy() >= bound - 1 / unit).all()


def test_the_answer_moves_within_the_intervals_of_need() -> None:
    sharp, vague = (
        shared(today=lines((20.0, 36.0, 64.0)), need=needs(spread=each)).areas
        for each in (0.01, 0.5)
    )
    width = [(each["proposta_sup"] - each["proposta_inf"]).to_list() for each in (sharp, vague)]
    assert all(wide > narrow for narrow, wide in zip(*width, strict=True))
    certain = shared(need=needs(spread=0.01)).areas
    assert certain["sicuro"].to_list() == [True, True, True]
    assert certain["p_perde"].to_list() == [1.0, 1.0, 0.0]
    assert certain["p_guadagna"].to_list() == [0.0, 0.0, 1.0]
    assert not vague["sicuro"].drop_nulls().any()


def test_the_interval_of_need_is_what_is_drawn() -> None:
    many = Settings(draws=20_000)
    need = needs((100.0, 1_000_000.0), spread=0.3)
    result = allocate(
        exercise(budget=1_000_100.0, floor=0.0), lines((0.0, 0.0)), need, settings=many
    )
    first = result.areas.sort("area_id").row(0, named=True)
    # The other area is so large that the first one's share follows its own need, 70 to 130.
    sharp = need.with_columns(
        attesi_inf=pl.when(pl.col("attesi") > 1e5).then("attesi").otherwise("attesi_inf"),
        attesi_sup=pl.when(pl.col("attesi") > 1e5).then("attesi").otherwise("attesi_sup"),
    )
    alone = allocate(
        exercise(budget=1_000_100.0, floor=0.0), lines((0.0, 0.0)), sharp, settings=many
    )
    row = alone.areas.sort("area_id").row(0, named=True)
    assert row["proposta_inf"] == pytest.approx(70, abs=1.5)
    assert row["proposta_sup"] == pytest.approx(130, abs=1.5)
    assert first["proposta_inf"] < row["proposta_inf"]


def test_latent_need_is_used_only_where_every_area_has_it() -> None:
    known = shared(need=needs(latent=(300.0, 200.0, 100.0)))
    assert set(known.areas["base"]) == {"latenti"}
    assert proposal(known) == [55, 40, 25]
    partly = shared(need=needs(latent=(300.0, None, 100.0)))
    assert set(partly.areas["base"]) == {"attesi"}
    assert proposal(partly) == [19, 37, 64]
    assert "non si sa quanti sono già seguiti" in partly.exercises["lettura"].item()


def test_an_area_without_a_published_need_keeps_what_it_has() -> None:
    hidden = shared(exercise(budget=160.0), lines((*TODAY, 40.0)), needs((*NEED, None)))
    assert proposal(hidden) == [19, 37, 64, 40]
    out = hidden.areas.sort("area_id").row(3, named=True)
    assert (out["esito"], out["motivo"], out["bisogno"]) == ("fuori", OUTSIDE, None)
    assert out["proposta_inf"] is out["p_guadagna"] is out["sicuro"] is None
    row = hidden.exercises.row(0, named=True)
    assert (row["aree"], row["aree_fuori"], row["fuori_esercizio"]) == (3, 1, 40.0)
    assert row["proposta_totale"] == 160.0
    assert "resta fuori e tiene quanto ha oggi" in row["lettura"]


def test_an_area_unknown_to_the_table_of_needs_stays_out_too() -> None:
    result = shared(exercise(budget=160.0), lines((*TODAY, 40.0)), needs(NEED))
    assert result.areas.filter(pl.col("esito") == "fuori")["area_id"].to_list() == [ids(4)[3]]


def test_the_last_year_and_the_own_theme_count() -> None:
    others = pl.concat(
        [
            needs((600.0, 300.0, 100.0), year=2020),
            needs(),
            needs((1.0, 1.0, 1.0), theme="solitudine", year=2026),
        ]
    )
    assert proposal(shared(need=others)) == [19, 37, 64]


def test_losses_that_floors_force_are_told() -> None:
    result = shared(
        exercise(rule="lineare", budget=100.0, floor=30.0), lines((10.0, 10.0, 80.0)), needs()
    )
    row = result.exercises.row(0, named=True)
    assert proposal(result) == [30, 30, 40]
    assert row["perdita_massima"] == pytest.approx(0.5)
    assert "più del 50 % a un'area" in row["lettura"]


@pytest.mark.parametrize(
    ("changes", "today", "fault"),
    [
        ({"floor": 50.0}, TODAY, "il minimo di 50 ore per 3 aree fa 150, più di quanto c'è"),
        ({"budget": 120.005}, TODAY, "più di due decimali"),
        ({}, (40.0,), "almeno due aree"),
    ],
)
def test_an_impossible_exercise_is_said_in_italian(
    changes: dict[str, float], today: tuple[float, ...], fault: str
) -> None:
    what = exercise(**changes)
    result = shared(what, lines(today), needs(NEED[: len(today)]))
    row = result.exercises.row(0, named=True)
    assert (row["stato"], row["proposta_totale"]) == ("non_fattibile", None)
    assert fault in row["lettura"]
    assert result.areas.is_empty()


def test_what_hidden_areas_keep_can_leave_too_little() -> None:
    row = shared(
        exercise(budget=80.0), lines((1.0, 1.0, 60.0)), needs((5.0, 5.0, None))
    ).exercises.row(0, named=True)
    assert row["stato"] == "valido"
    poor = shared(
        exercise(budget=75.0), lines((1.0, 1.0, 60.0)), needs((5.0, 5.0, None))
    ).exercises.row(0, named=True)
    assert poor["stato"] == "non_fattibile"
    assert "più di quanto c'è da dividere (15)" in poor["lettura"]


@given(problems)
def test_the_order_of_rows_and_other_exercises_do_not_matter(noise: np.random.Generator) -> None:
    seed = int(noise.integers(1_000_000))
    rule = str(noise.choice(["proporzionale", "max_min", "lineare"]))
    what, today = exercise(rule=rule), lines()
    need = pl.concat([needs(), needs((5.0, 6.0, 7.0), year=2020)])
    plain = shared(what, today, need)
    more = pl.concat([exercise(exercise_id=f"{TOWN}-altre"), what])
    many = pl.concat([lines(exercise_id=f"{TOWN}-altre"), today])
    other = allocate(
        more,
        many.sample(fraction=1, shuffle=True, seed=seed),
        need.sample(fraction=1, shuffle=True, seed=seed),
        settings=SETTINGS,
    )
    mine = pl.col("esercizio_id") == f"{TOWN}-ore"
    assert other.areas.filter(mine).equals(plain.areas)
    assert other.exercises.filter(mine).equals(plain.exercises)


@pytest.mark.parametrize("rule", ["proporzionale", "max_min", "lineare"])
@pytest.mark.parametrize("latent", [None, (30.0, 20.0, 10.0, None)])
@pytest.mark.parametrize("budget", [160.0, 170.5])
def test_readings_are_easy_and_say_it_is_an_exercise(
    rule: str, latent: tuple[float | None, ...] | None, budget: float
) -> None:
    result = shared(
        exercise(rule=rule, budget=budget),
        lines((*TODAY, 40.0)),
        needs((*NEED, None), latent, spread=0.6),
    )
    text = result.exercises["lettura"].item()
    assert text.startswith("È un esercizio, non una scelta.")
    assert ("non è sicuro" in text) == (result.exercises["incerte"].item() > 0)
    assert gulpease(text) >= LEAST_FOR_EVERYONE
    assert ("Oggi se ne danno" in text) == (budget != 160)


def test_why_an_exercise_cannot_be_done_is_easy_to_read() -> None:
    said = shared(exercise(floor=50.0), lines(), needs(NEED)).exercises["lettura"].item()
    assert gulpease(said) >= LEAST_FOR_EVERYONE


def test_nothing_delivered_is_nothing_shared() -> None:
    result = shared(empty(CORE["allocation_exercise"]), empty(CORE["allocation_line"]))
    assert conform(result.exercises, MART["ripartizione"]).is_empty()
    assert conform(result.areas, MART["ripartizione_area"]).is_empty()
