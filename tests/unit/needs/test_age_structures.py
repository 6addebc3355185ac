"""Age structures from delivered rows: what is put together and what is refused, and why."""

import runpy
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from will_pipeline.needs.age_structures import NoScenario, age_structures

TOWN = runpy.run_path(str(Path(__file__).with_name("ages_of_a_town.py")))
structure, population = TOWN["structure"], TOWN["population"]
ONE, TWO = "099001.Q01", "099001.Q02"


def test_single_ages_and_five_year_bands_give_the_same_structure() -> None:
    bands = population(structure(ONE, 2015, 10), structure(ONE, 2025, 20))
    single = population(structure(ONE, 2015, [2] * 65 + [10], width=1), structure(ONE, 2025, 20))
    for year in (2015, 2025):
        np.testing.assert_array_equal(
            age_structures(bands, [ONE]).persons(year), age_structures(single, [ONE]).persons(year)
        )


def test_sexes_are_kept_apart_only_where_every_year_has_both() -> None:
    apart = population(structure(ONE, 2015, 6, sex="M"), structure(ONE, 2015, 4, sex="F"))
    made = age_structures(apart, [ONE])
    assert made.by_sex
    assert (made.men[2015][0, 0], made.women[2015][0, 0]) == (6, 4)
    mixed = age_structures(pl.concat([apart, population(structure(ONE, 2025, 8))]), [ONE])
    assert not mixed.by_sex
    assert (mixed.women[2015][0, 0], mixed.persons(2025)[0, 0]) == (5, 8)


def test_the_open_band_is_the_widest() -> None:
    # The first date opens at 65, the second at 75: both are read up to 65 and over.
    later = population(structure(ONE, 2025, 7)).filter(pl.col("age_to").is_not_null())
    older = pl.DataFrame(
        [(ONE, 2025, "T", 65, 69, 3), (ONE, 2025, "T", 70, 74, 2), (ONE, 2025, "T", 75, None, 1)],
        schema=later.schema,
        orient="row",
    )
    made = age_structures(pl.concat([population(structure(ONE, 2015, 9)), later, older]), [ONE])
    assert made.first_ages[-1] == 65
    assert made.persons(2025)[0, -1] == 6


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (pl.col("area_id") != TWO, "mancano 1 aree su 2, per esempio 099001.Q02"),
        (pl.col("age_from") != 30, "hanno un buco"),
        (pl.col("age_from") != 0, "hanno un buco"),
        (pl.col("age_to").is_not_null(), "non finiscono aperte"),
        ((pl.col("area_id") != TWO) | (pl.col("age_from") != 30), "le classi di età di 099001.Q02"),
    ],
)
def test_an_incomplete_year_is_refused_with_its_reason(spoil: pl.Expr, reason: str) -> None:
    whole = population(structure(ONE, 2025, 10), structure(TWO, 2025, 10))
    with pytest.raises(NoScenario, match=reason):
        age_structures(whole.filter(spoil), [ONE, TWO])


def test_an_incomplete_year_leaves_the_complete_one() -> None:
    rows = population(structure(ONE, 2015, 10), structure(TWO, 2015, 10), structure(ONE, 2025, 10))
    made = age_structures(rows, [TWO, ONE])
    assert made.years == (2015,)
    assert made.refused == ("anno 2025: mancano 1 aree su 2, per esempio 099001.Q02",)


def test_classes_that_cross_a_band_are_refused() -> None:
    rows = population(structure(ONE, 2025, [1, *[1] * 6, 1], width=10)[:6])
    opened = rows.filter(pl.col("age_from") < 60)
    last = pl.DataFrame([(ONE, 2025, "T", 60, None, 1)], schema=rows.schema, orient="row")
    with pytest.raises(NoScenario, match="deve iniziare a 65"):
        age_structures(pl.concat([opened, last]), [ONE])
    wide = pl.DataFrame(
        [(ONE, 2025, "T", 0, 14, 1), (ONE, 2025, "T", 15, 64, 1), (ONE, 2025, "T", 65, None, 1)],
        schema=rows.schema,
        orient="row",
    )
    with pytest.raises(NoScenario, match="non si ricompongono"):
        age_structures(wide, [ONE])


def test_one_sex_alone_is_refused() -> None:
    with pytest.raises(NoScenario, match="un sesso solo"):
        age_structures(population(structure(ONE, 2025, 10, sex="F")), [ONE])


def test_areas_with_different_sexes_are_refused() -> None:
    rows = population(
        structure(ONE, 2025, 10, sex="F"),
        structure(ONE, 2025, 10, sex="M"),
        structure(TWO, 2025, 10, sex="F"),
    )
    with pytest.raises(NoScenario, match="gli stessi sessi"):
        age_structures(rows, [ONE, TWO])
