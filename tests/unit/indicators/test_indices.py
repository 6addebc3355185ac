"""Indices of the needs: scores, intervals, likely places and who gets none."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Settings
from will_pipeline.indicators.goalposts import CITY_METHOD, POOL_METHOD, Frozen
from will_pipeline.indicators.indices import Indices, estimate_all, theme_indices
from will_pipeline.indicators.specification import Indicator, Specification
from will_pipeline.statistics.normalise import Goalposts

EVENTS = {
    "A": [10, 40, 30, 120, 25, 25, 25, 25],
    "B": [90, 100, 200, 100, 300, 250, 200, 150],
    "D": [5, 10, 15, 40, 10, 20, 30, 40],
}
BASE = [200, 300, 400, 500, 500, 500, 500, 500]
POSTS = {"a": (5.0, 35.0, "+"), "b": (20.0, 60.0, "-"), "d": (0.0, 12.0, "+")}
CUTS = (90.0, 97.0, 103.0, 110.0)
LEFT_OUT = "001002.A04"


@pytest.fixture(scope="module")
def specification(
    make_card: Callable[..., Indicator], make_specification: Callable[..., Specification]
) -> Specification:
    def card(name: str, polarity: int = 1) -> Indicator:
        rate = {"kind": "shrunk_rate", "numerator": name.upper(), "denominator": "N"}
        return make_card(name, estimator=rate, polarita=polarity)

    return make_specification(pieno=[card("a"), card("b", -1), card("d")], corto=[card("e")])


@pytest.fixture(scope="module")
def areas(make_town: Callable[..., AreaCounts]) -> AreaCounts:
    counts = make_town(**EVENTS, E=[20, 20, 20, 90, 50, 50, 50, 50], N=BASE)
    ranked = (pl.col("level") == "A") & (pl.col("area_id") != LEFT_OUT)
    return AreaCounts(counts.frame.with_columns(ranked=ranked, residents=pl.lit(5_000)))


@pytest.fixture(scope="module")
def frozen() -> Frozen:
    posts = {name: Goalposts(lo, hi, (lo + hi) / 2, sign) for name, (lo, hi, sign) in POSTS.items()}  # type: ignore[arg-type]  # a literal read from a tuple
    return Frozen(
        goalposts=posts | {"e": Goalposts(0.0, 20.0, 10.0, "+")},
        cuts={
            (theme, method): CUTS
            for theme in ("pieno", "corto")
            for method in (CITY_METHOD, POOL_METHOD)
        },
    )


@pytest.fixture(scope="module")
def compute(
    specification: Specification, frozen: Frozen, no_pool: pl.DataFrame
) -> Callable[..., Indices]:
    def _compute(areas: AreaCounts, *, seed: int = 7) -> Indices:
        settings = Settings(draws=200, seed=seed)
        estimates = estimate_all(specification, areas, no_pool, settings)
        return theme_indices(
            specification, areas, estimates, frozen=frozen, settings=settings, year=2011
        )

    return _compute


@pytest.fixture(scope="module")
def indices(compute: Callable[..., Indices], areas: AreaCounts) -> Indices:
    return compute(areas)


def only(rows: pl.DataFrame, **given: Any) -> pl.DataFrame:
    return rows.filter(*(pl.col(name) == value for name, value in given.items()))


def test_ranked_areas_have_both_scores_and_cities_the_one_of_the_pool(indices: Indices) -> None:
    for theme in ("pieno", "corto"):
        in_city = only(indices.rows, dimensione=theme, metodo=CITY_METHOD)["area_id"]
        in_pool = only(indices.rows, dimensione=theme, metodo=POOL_METHOD)["area_id"]
        assert in_city.len() == 7
        assert LEFT_OUT not in in_pool.to_list()
        assert sorted(set(in_pool) - set(in_city)) == ["001001.C", "001002.C"]


def test_rows_fit_their_table_and_hold_its_invariants(indices: Indices) -> None:
    rows = conform(indices.rows, load_contracts("mart")["fatto_indice"])
    assert (rows["ic_inf"] <= rows["indice"]).all()
    assert (rows["indice"] <= rows["ic_sup"]).all()
    assert dict(rows.select("dimensione", "n_indicatori").unique().iter_rows()) == {
        "pieno": 3,
        "corto": 1,
    }
    assert set(only(rows, parziale=True)["dimensione"]) == {"corto"}


def test_a_place_is_a_range_within_the_ranked_areas_of_the_city(indices: Indices) -> None:
    rows = only(indices.rows, metodo=CITY_METHOD)
    size = pl.when(pl.col("area_id").str.starts_with("001001")).then(4).otherwise(3)
    assert rows.select((pl.col("n_aree") == size).all()).item()
    assert (rows["rango_min"] >= 1).all()
    assert (rows["rango_min"] <= rows["rango_max"]).all()
    assert (rows["rango_max"] <= rows["n_aree"]).all()
    of_pool = only(indices.rows, metodo=POOL_METHOD)
    for name in ("rango_min", "rango_max", "n_aree", "p_quinto_alto", "p_terzo_alto"):
        assert of_pool[name].null_count() == of_pool.height


def test_probabilities_of_the_top_add_up_to_its_size(indices: Indices) -> None:
    rows = only(indices.rows, metodo=CITY_METHOD, dimensione="pieno")
    first = rows.filter(pl.col("area_id").str.starts_with("001001"))
    assert first["p_quinto_alto"].sum() == pytest.approx(1)
    assert first["p_terzo_alto"].sum() == pytest.approx(2)
    second = rows.filter(pl.col("area_id").str.starts_with("001002"))
    assert second["p_terzo_alto"].sum() == pytest.approx(1)


def test_an_area_far_above_its_city_is_surely_first(indices: Indices) -> None:
    row = only(indices.rows, area_id="001001.A04", metodo=CITY_METHOD, dimensione="corto").row(
        0, named=True
    )
    assert row["indice"] > 100
    assert (row["rango_min"], row["rango_max"]) == (1, 1)
    assert row["p_quinto_alto"] == 1
    assert row["classe"] == 5


def test_an_area_equal_to_its_city_scores_one_hundred(
    compute: Callable[..., Indices], make_town: Callable[..., AreaCounts]
) -> None:
    even = make_town(
        A=[20] * 8, B=[80] * 8, D=[8] * 8, E=[10, 10, 10, 10, 40, 10, 10, 10], N=[200] * 8
    )
    areas = AreaCounts(
        even.frame.with_columns(ranked=pl.col("level") == "A", residents=pl.lit(5_000))
    )
    rows = only(compute(areas).rows, metodo=CITY_METHOD)
    assert set(only(rows, dimensione="pieno")["indice"]) == {100.0}
    assert set(only(rows, dimensione="pieno")["classe"]) == {3.0}


def test_less_of_what_protects_is_more_need(
    compute: Callable[..., Indices], areas: AreaCounts, indices: Indices
) -> None:
    first = pl.col("area_id") == "001001.A01"
    fewer = areas.frame.with_columns(B=pl.when(first).then(pl.col("B") - 60).otherwise("B"))
    chosen = {"area_id": "001001.A01", "dimensione": "pieno", "metodo": POOL_METHOD}
    before = only(indices.rows, **chosen)["indice"].item()
    assert only(compute(AreaCounts(fewer)).rows, **chosen)["indice"].item() > before


def test_the_same_seed_gives_the_same_rows(
    compute: Callable[..., Indices], areas: AreaCounts, indices: Indices
) -> None:
    again, other = compute(areas), compute(areas, seed=8)
    assert again.rows.equals(indices.rows)
    assert not other.rows.equals(indices.rows)
    assert other.rows["indice"].equals(indices.rows["indice"])


def test_evidence_covers_the_ranked_areas_in_order(
    specification: Specification, areas: AreaCounts, indices: Indices
) -> None:
    ranked = areas.frame.filter("ranked")["area_id"].to_list()
    assert [need.theme for need in indices.evidence] == ["pieno", "corto"]
    assert [need.partial for need in indices.evidence] == [False, True]
    for need in indices.evidence:
        assert need.membership.shape == (200, len(ranked))
        assert need.known.all()
        shown = only(indices.rows, dimensione=need.theme, metodo=CITY_METHOD)
        places = dict(shown.select("area_id", "p_terzo_alto").iter_rows())
        np.testing.assert_allclose(need.membership.mean(axis=0), [places[area] for area in ranked])


def test_an_area_with_an_impossible_count_has_no_index_and_says_so(
    compute: Callable[..., Indices], areas: AreaCounts
) -> None:
    second = pl.col("area_id") == "001001.A02"
    wrong = areas.frame.with_columns(A=pl.when(second).then(-1).otherwise("A"))
    found = compute(AreaCounts(wrong))
    shown = only(found.rows, dimensione="pieno")["area_id"].to_list()
    assert "001001.A02" not in shown
    full, short = found.evidence
    np.testing.assert_array_equal(np.flatnonzero(~full.known), [1])
    assert not full.membership[:, 1].any()
    assert short.known.all()


def test_no_index_follows_the_counts_of_a_withheld_area_nor_of_the_one_beside(
    compute: Callable[..., Indices], areas: AreaCounts
) -> None:
    beside = "001002.A01"
    sizes = {"001001.C": 20_000, "001002.C": 11_700, LEFT_OUT: 200, beside: 1_500}
    smaller = areas.frame.with_columns(
        residents=pl.col("area_id").replace_strict(sizes, default=5_000)
    )
    moves = {LEFT_OUT: 20, beside: -20}
    moved = smaller.with_columns(A=pl.col("A") + pl.col("area_id").replace_strict(moves, default=0))
    one, two = (compute(AreaCounts(frame, floor=250)) for frame in (smaller, moved))
    assert_frame_equal(one.rows, two.rows, check_exact=True)
    for first, second in zip(one.evidence, two.evidence, strict=True):
        assert (first.membership == second.membership).all()


def test_a_draw_beyond_the_geometric_mean_leaves_that_variant_out_and_the_index_in(
    specification: Specification, frozen: Frozen, areas: AreaCounts, no_pool: pl.DataFrame
) -> None:
    settings = Settings(draws=200)
    estimates = estimate_all(specification, areas, no_pool, settings)
    wild = estimates["a"].draws.copy()
    wild[0] = -500.0
    moved = estimates | {"a": replace(estimates["a"], draws=wild)}
    before, after = (
        theme_indices(specification, areas, each, frozen=frozen, settings=settings, year=2011).rows
        for each in (estimates, moved)
    )
    assert after["indice"].equals(before["indice"])
    assert after.filter(dimensione="corto").equals(before.filter(dimensione="corto"))
    assert not after.filter(dimensione="pieno").equals(before.filter(dimensione="pieno"))
