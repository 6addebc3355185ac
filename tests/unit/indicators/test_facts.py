"""Status, reliability, reading and confidentiality of the published facts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Estimate, Settings
from will_pipeline.indicators.estimators import estimate
from will_pipeline.indicators.facts import census_facts, impossible_counts, withhold
from will_pipeline.indicators.specification import Indicator, Specification

MakeTown = Callable[..., AreaCounts]
MakeCard = Callable[..., Indicator]
MakeSpecification = Callable[..., Specification]

RATE = {"kind": "shrunk_rate", "numerator": "E", "denominator": "N"}
SOURCES = {"C": "whole", "A": "parts"}
TRACES = (
    "valore", "numeratore", "denominatore", "ic_inf", "ic_sup", "affidabilita", "indice_100",
    "lettura",
)  # fmt: skip


def made(**given: Any) -> Estimate:
    """Estimate of ten areas where every field not given is unremarkable."""
    fields: dict[str, Any] = {
        "value": 10.0, "lower": 9.0, "upper": 11.0, "deviation": 0.5, "scale": 10.0,
        "numerator": 10.0, "denominator": 100.0, "city": 10.0,
    } | given  # fmt: skip
    arrays = {name: np.broadcast_to(np.asarray(v, float), 10) for name, v in fields.items()}
    return Estimate(**arrays, draws=np.zeros((1, 10)), impossible=np.zeros(10, dtype=bool))


@pytest.fixture(scope="module")
def areas(make_town: MakeTown) -> AreaCounts:
    counts = make_town(E=[1] * 8, N=[9] * 8)
    return AreaCounts(counts.frame.with_columns(residents=pl.lit(5000)))


@pytest.fixture
def publish(
    areas: AreaCounts, make_card: MakeCard, make_specification: MakeSpecification
) -> Callable[..., pl.DataFrame]:
    def _publish(found: Estimate, kind: str = "shrunk_rate") -> pl.DataFrame:
        specification = make_specification(t=[make_card(estimator=RATE | {"kind": kind})])
        return census_facts(specification, areas, {"prova": found}, year=2011, sources=SOURCES)

    return _publish


def first(values: list[float]) -> list[float]:
    return [*values, *[10.0] * (10 - len(values))]


def test_one_row_an_area_with_year_group_and_source(publish: Callable[..., pl.DataFrame]) -> None:
    rows = publish(made())
    assert rows.height == 10
    assert set(rows["anno"]) == {2011}
    assert set(rows["gruppo"]) == {"totale"}
    whole = rows.filter(pl.col("area_id").str.ends_with(".C"))
    assert set(whole["fonte_id"]) == {"whole"}
    assert whole["lettura"].null_count() == whole["indice_100"].null_count() == 2
    assert set(rows["stato"]) == {"valido"}


def test_grades_change_at_their_limits(publish: Callable[..., pl.DataFrame]) -> None:
    variation = [0.165, 0.1651, 0.333, 0.3331, 2.0]
    rows = publish(made(scale=1.0, deviation=first(variation)))
    assert rows["affidabilita"].to_list()[:5] == ["A", "B", "B", "C", "C"]
    assert publish(made(scale=-1.0, deviation=0.2))["affidabilita"][0] == "B"
    assert publish(made(scale=0.0))["affidabilita"][0] is None


def test_a_reading_needs_the_whole_interval_beyond_the_city(
    publish: Callable[..., pl.DataFrame],
) -> None:
    rows = publish(
        made(lower=first([10.01, 10.0, 8.0, 8.0]), upper=first([12.0, 12.0, 9.99, 10.0]))
    )
    assert rows["lettura"].to_list()[:4] == [
        "sopra", "non_distinguibile", "sotto", "non_distinguibile",
    ]  # fmt: skip


def test_the_city_is_one_hundred(publish: Callable[..., pl.DataFrame]) -> None:
    rows = publish(made(value=first([20.0, 5.0, 0.0]), lower=0.0, upper=30.0))
    assert rows["indice_100"].to_list()[:4] == [200, 50, 0, 100]
    assert publish(made(city=0.0))["indice_100"].null_count() == 10


def test_a_count_of_people_is_not_compared_with_its_city(
    publish: Callable[..., pl.DataFrame],
) -> None:
    rows = publish(made(city=80.0), "observed_count")
    assert rows["indice_100"].null_count() == rows["lettura"].null_count() == 10
    assert set(rows["stato"]) == {"valido"}


def test_a_value_that_does_not_exist_is_not_available(
    publish: Callable[..., pl.DataFrame],
) -> None:
    hole = first([float("nan")])
    row = publish(made(value=hole, lower=hole, upper=hole, deviation=hole, scale=hole)).row(
        0, named=True
    )
    assert row["stato"] == "non_disponibile"
    for name in ("valore", "ic_inf", "ic_sup", "affidabilita", "indice_100", "lettura"):
        assert row[name] is None


def test_counts_that_cannot_be_are_reported_and_kept_from_readers(
    make_town: MakeTown,
    make_card: MakeCard,
    make_specification: MakeSpecification,
    no_pool: pl.DataFrame,
    settings: Settings,
) -> None:
    counts = make_town(E=[-1, 12, 3, 3, 3, 3, 3, 3], N=[10] * 8)
    areas = AreaCounts(counts.frame.with_columns(residents=pl.lit(5000)))
    card = make_card(estimator=RATE)
    estimates = {"prova": estimate(card, areas, no_pool, settings)}
    reported = impossible_counts(areas, estimates)
    assert reported.rows() == [
        ("prova", "001001.A01", -1.0, 10.0),
        ("prova", "001001.A02", 12.0, 10.0),
    ]
    rows = census_facts(make_specification(t=[card]), areas, estimates, year=2011, sources=SOURCES)
    unfit = rows.filter(pl.col("area_id").is_in(reported["area_id"].to_list()))
    assert set(unfit["stato"]) == {"non_disponibile"}
    assert unfit["numeratore"].null_count() == unfit["denominatore"].null_count() == 2
    assert rows["numeratore"].min() == 3


def withheld(
    facts: pl.DataFrame, areas: AreaCounts, specification: Specification, *residents: int
) -> pl.DataFrame:
    known = areas.frame.with_columns(residents=pl.Series(residents))
    return withhold(facts, AreaCounts(known), specification)


SMALL = (249, 900, 600, 5000, 6749, 250, 900, 600, 5000, 6750)


@pytest.mark.parametrize(
    ("tier", "second"), [("eb", "valido"), ("osservato", "soppresso_secondario"),
                         ("derivato", "soppresso_secondario"), ("proxy", "valido")],
)  # fmt: skip
def test_a_small_area_is_withheld_with_the_counts_of_the_next(
    tier: str,
    second: str,
    areas: AreaCounts,
    make_card: MakeCard,
    make_specification: MakeSpecification,
) -> None:
    specification = make_specification(t=[make_card(estimator=RATE, tipo=tier)])
    facts = census_facts(
        specification,
        areas,
        {"prova": made(numerator=1_000.0, denominator=10_000.0)},
        year=2011,
        sources=SOURCES,
    )
    rows = withheld(facts, areas, specification, *SMALL)
    assert rows.columns == facts.columns
    by_area = {row["area_id"]: row for row in rows.iter_rows(named=True)}
    small, following = by_area["001001.A01"], by_area["001001.A03"]
    assert small["stato"] == "soppresso"
    assert [small[name] for name in TRACES] == [None] * len(TRACES)
    assert following["stato"] == second
    assert following["numeratore"] is None
    assert following["denominatore"] is None
    assert (following["valore"] is None) == (second == "soppresso_secondario")
    untouched = rows.filter(~pl.col("area_id").is_in(["001001.A01", "001001.A03"]))
    before = facts.filter(~pl.col("area_id").is_in(["001001.A01", "001001.A03"]))
    assert untouched.equals(before)


def test_a_rare_count_beside_a_small_area_is_withheld_whatever_its_tier(
    areas: AreaCounts, make_card: MakeCard, make_specification: MakeSpecification
) -> None:
    specification = make_specification(t=[make_card(estimator=RATE, tipo="eb")])
    facts = census_facts(specification, areas, {"prova": made()}, year=2011, sources=SOURCES)
    rows = withheld(facts, areas, specification, *SMALL)
    following = rows.row(by_predicate=pl.col("area_id") == "001001.A03", named=True)
    assert following["stato"] == "soppresso_secondario"
    assert [following[name] for name in TRACES] == [None] * len(TRACES)


def test_words_beside_a_small_area_follow_from_the_rounded_numbers(
    areas: AreaCounts, make_card: MakeCard, make_specification: MakeSpecification
) -> None:
    specification = make_specification(t=[make_card(estimator=RATE, tipo="eb")])
    fine = made(
        value=10.4, lower=10.2, upper=10.6, numerator=1_040.0, denominator=10_000.0, city=10.1
    )
    facts = census_facts(specification, areas, {"prova": fine}, year=2011, sources=SOURCES)
    assert (
        facts.row(by_predicate=pl.col("area_id") == "001001.A03", named=True)["lettura"] == "sopra"
    )
    rows = withheld(facts, areas, specification, *SMALL)
    told = rows.row(by_predicate=pl.col("area_id") == "001001.A03", named=True)
    assert (told["ic_inf"], told["valore"], told["ic_sup"]) == (10.0, 10.5, 11.0)
    assert told["lettura"] == "non_distinguibile"


def test_the_floor_is_the_one_of_the_indicator_and_never_that_of_a_city(
    areas: AreaCounts, make_card: MakeCard, make_specification: MakeSpecification
) -> None:
    cards = [
        make_card("alto", estimator=RATE, soglia_riservatezza=1000),
        make_card("libero", estimator=RATE, soglia_riservatezza=0),
    ]
    specification = make_specification(t=cards)
    facts = census_facts(
        specification, areas, {"alto": made(), "libero": made()}, year=2011, sources=SOURCES
    )
    rows = withheld(facts, areas, specification, *[10] * 10)
    states = dict(rows.group_by("indicatore_id").agg(pl.col("stato").sort()).iter_rows())
    assert states["libero"] == ["valido"] * 10
    assert states["alto"] == ["soppresso"] * 8 + ["valido"] * 2


@given(st.lists(st.integers(0, 600), min_size=8, max_size=8))
def test_whatever_the_sizes_no_city_has_a_single_withheld_count(
    areas: AreaCounts,
    make_card: MakeCard,
    make_specification: MakeSpecification,
    residents: list[int],
) -> None:
    specification = make_specification(t=[make_card(estimator=RATE)])
    facts = census_facts(specification, areas, {"prova": made()}, year=2011, sources=SOURCES)
    sizes = [*residents[:4], 10_000, *residents[4:], 10_000]
    rows = withheld(facts, areas, specification, *sizes).with_columns(
        residents=pl.Series(sizes), city=pl.col("area_id").str.head(6)
    )
    small = pl.col("residents") < 250
    assert rows.filter(small)["stato"].eq("soppresso").all()
    allowed = ["valido", "soppresso_secondario"]
    assert rows.filter(~small)["stato"].is_in(allowed).all()
    assert rows.filter(~small)["stato"].eq("soppresso_secondario").sum() <= 2
    hidden = rows.group_by("city").agg(
        counts=pl.col("numeratore").is_null().sum(), small=small.sum()
    )
    for counts, below in hidden.select("counts", "small").iter_rows():
        assert counts == (0 if below == 0 else min(below + 1, 4))
