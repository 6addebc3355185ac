"""Frozen goalposts and class cuts: made as AMPI says, read back unchanged."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Estimate
from will_pipeline.indicators.goalposts import (
    CITY_METHOD,
    POOL_METHOD,
    Frozen,
    city_relative,
    freeze,
    load_frozen,
    methods,
)
from will_pipeline.indicators.specification import Indicator, Specification, load_specification

RATE = {"kind": "shrunk_rate", "numerator": "E", "denominator": "N"}
# Four areas and the city of two towns; the last area of the second town is not ranked.
UP = np.array([10.0, 20, 30, 40, 25, 12, 18, 30, 90, 20])
DOWN = np.array([60.0, 50, 40, 30, 45, 55, 55, 50, 10, 52])
THIRD = np.array([1.0, 2, 2, 3, 2, 1, 3, 2, 9, 2])
CITY = {"up": [25.0] * 5 + [20.0] * 5, "down": [45.0] * 5 + [52.0] * 5, "third": [2.0] * 10}
RANKED = np.array([True] * 4 + [False] + [True] * 3 + [False] * 2)
POOL = [0, 1, 2, 3, 5, 6, 7]


def flat(value: np.ndarray, city: list[float]) -> Estimate:
    return Estimate(
        value=value, lower=value, upper=value, deviation=value, scale=value, numerator=value,
        denominator=value, city=np.array(city), draws=np.tile(value, (2, 1)),
        impossible=np.zeros(value.size, dtype=bool),
    )  # fmt: skip


@pytest.fixture
def specification(
    make_card: Callable[..., Indicator], make_specification: Callable[..., Specification]
) -> Specification:
    return make_specification(
        tema=[
            make_card("up", estimator=RATE),
            make_card("down", estimator=RATE, polarita=-1),
            make_card("third", estimator=RATE),
        ]
    )


@pytest.fixture
def estimates() -> dict[str, Estimate]:
    return {
        "up": flat(UP, CITY["up"]),
        "down": flat(DOWN, CITY["down"]),
        "third": flat(THIRD, CITY["third"]),
    }


@pytest.fixture
def tables(
    specification: Specification,
    estimates: dict[str, Estimate],
    make_town: Callable[..., AreaCounts],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    areas = make_town(E=[1] * 8, N=[2] * 8)
    return freeze(specification, areas, estimates, pl.Series(RANKED))


def points(values: np.ndarray, centre: float | np.ndarray, half: float, sign: int) -> np.ndarray:
    return 100 + sign * 30 * (values - centre) / half


def penalised(columns: list[np.ndarray]) -> np.ndarray:
    stacked = np.column_stack(columns)
    return stacked.mean(axis=1) + stacked.var(axis=1) / stacked.mean(axis=1)


def test_goalposts_are_the_mean_of_ranked_census_areas_and_half_their_range(
    tables: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    posts = {row["indicator_id"]: row for row in tables[0].iter_rows(named=True)}
    mean = (10 + 20 + 30 + 40 + 12 + 18 + 30) / 7
    assert posts["up"]["minimum"] == pytest.approx(mean - 15)
    assert posts["up"]["maximum"] == pytest.approx(mean + 15)
    assert posts["down"]["polarity"] == -1
    assert posts["down"]["maximum"] - posts["down"]["minimum"] == pytest.approx(30)
    assert posts["third"]["maximum"] - posts["third"]["minimum"] == pytest.approx(2)


def test_cuts_are_the_quintiles_of_the_penalised_means_of_the_pool(
    tables: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    absolute = penalised(
        [
            points(UP, UP[POOL].mean(), 15, 1),
            points(DOWN, DOWN[POOL].mean(), 15, -1),
            points(THIRD, THIRD[POOL].mean(), 1, 1),
        ]
    )
    relative = penalised(
        [
            points(UP, np.array(CITY["up"]), 15, 1),
            points(DOWN, np.array(CITY["down"]), 15, -1),
            points(THIRD, np.array(CITY["third"]), 1, 1),
        ]
    )
    cuts = {row["method"]: row for row in tables[1].iter_rows(named=True)}
    for method, scores in ((POOL_METHOD, absolute), (CITY_METHOD, relative)):
        quintiles = np.quantile(scores[POOL], [0.2, 0.4, 0.6, 0.8])
        kept = [cuts[method][f"cut_{k}"] for k in range(1, 5)]
        np.testing.assert_allclose(kept, quintiles, atol=5e-7)


def test_a_city_scores_one_hundred_against_itself_and_more_need_is_higher(
    specification: Specification,
    estimates: dict[str, Estimate],
    tables: tuple[pl.DataFrame, pl.DataFrame],
    tmp_path: Path,
) -> None:
    frozen = kept(tables, tmp_path)
    cards = specification.index_indicators("tema")
    posts = [frozen.goalposts[card.indicatore_id] for card in cards]
    everywhere = np.ones(10, dtype=bool)
    scores = city_relative(estimates, cards, posts, everywhere)
    np.testing.assert_allclose(scores[[4, 9]], 100)
    assert scores[3] > 100
    # Fewer of what protects is more need, all else equal to the city.
    same = {name: flat(np.array(CITY[name]), CITY[name]) for name in CITY}
    fewer = same | {"down": flat(np.array(CITY["down"]) - 5, CITY["down"])}
    assert (city_relative(fewer, cards, posts, everywhere) > 100).all()


def kept(tables: tuple[pl.DataFrame, pl.DataFrame], folder: Path) -> Frozen:
    tables[0].write_csv(folder / "goalposts_1999.csv")
    tables[1].write_csv(folder / "classes_1999.csv")
    return load_frozen("1999", folder)


def test_frozen_tables_are_read_back_as_they_were_made(
    tables: tuple[pl.DataFrame, pl.DataFrame], tmp_path: Path
) -> None:
    frozen = kept(tables, tmp_path)
    assert frozen.goalposts["down"].polarity == "-"
    assert frozen.goalposts["up"].polarity == "+"
    assert frozen.goalposts["up"].reference == pytest.approx(160 / 7)
    assert set(frozen.cuts) == {("tema", POOL_METHOD), ("tema", CITY_METHOD)}


def test_an_edition_that_was_never_frozen_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="2051"):
        load_frozen("2051", tmp_path)


def test_a_score_on_a_cut_stays_in_the_class_below_it() -> None:
    frozen = Frozen(goalposts={}, cuts={("t", "m"): (90.0, 100.0, 100.333333, 110.0)})
    scores = np.array([50, 90, 90.000001, 100, 100 + 1 / 3, 100.34, 110, 110.1, 400.0])
    np.testing.assert_array_equal(frozen.classify("t", "m", scores), [1, 1, 2, 2, 3, 4, 4, 5, 5])


def test_a_need_measured_within_cities_has_no_score_between_them(
    make_card: Callable[..., Indicator], make_specification: Callable[..., Specification]
) -> None:
    near = make_card("near", estimator=RATE, comparabilita="entro_comune")
    chosen = make_specification(dentro=[near], fra=[make_card("far", estimator=RATE)])
    assert methods(chosen, "dentro") == (CITY_METHOD,)
    assert methods(chosen, "fra") == (CITY_METHOD, POOL_METHOD)
    assert methods(load_specification(), "nuove_generazioni") == (CITY_METHOD,)


def test_the_shipped_tables_cover_every_index_indicator_and_need() -> None:
    frozen, specification = load_frozen(), load_specification()
    owed = {
        card.indicatore_id
        for theme in specification.themes
        for card in specification.index_indicators(theme.dimensione)
    }
    assert set(frozen.goalposts) == owed
    for theme in specification.themes:
        for method in methods(specification, theme.dimensione):
            cuts = frozen.cuts[(theme.dimensione, method)]
            assert list(cuts) == sorted(cuts)
    for name, post in frozen.goalposts.items():
        assert post.polarity == ("+" if specification.indicators[name].polarita > 0 else "-")
