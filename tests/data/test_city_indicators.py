"""Indicators of the real 2011 figures: values of the cities, coverage and confidentiality."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from will_pipeline.cities.catalogue import load_cities
from will_pipeline.geography.census_areas import (
    LEAST_RANKED_RESIDENTS,
    SOURCE_OF_LEVEL,
    census_counts,
)
from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Estimate, Settings
from will_pipeline.indicators.facts import census_facts, impossible_counts
from will_pipeline.indicators.goalposts import CITY_METHOD, load_frozen
from will_pipeline.indicators.indices import estimate_all, theme_indices
from will_pipeline.indicators.specification import Specification, load_specification
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import read_embedded

ROOT = Path(__file__).parents[2]
PUBLISHED = "oracles/will8_city_indicators_2011_computed.csv"
# Column of the published table and the code or arithmetic over codes it stands for.
FROM_COUNTS = {
    "pop": "P1",
    "lowedu6+%": "100 * (P50 + P51 + P52) / P46",
    "widow%": "100 * P7 / P1",
    "foreign%": "100 * ST1 / P1",
    "foreign0-29%": "100 * ST3 / (P14 + P15 + P16 + P17 + P18 + P19)",
}
FROM_ESTIMATES = {
    "unemp%": "disoccupazione",
    "first_job/15-29%": "cerca_primo_lavoro",
    "rent%": "affitto",
    "occ/100m2": "affollamento",
    "single_hh%": "famiglie_unipersonali_corrette",
    "75+%": "anziani_75",
    "hh6+%": "famiglie_numerose",
}
HALF_A_UNIT = 0.005
TRACES = (
    "valore", "numeratore", "denominatore", "ic_inf", "ic_sup", "affidabilita", "indice_100",
    "lettura",
)  # fmt: skip


@pytest.fixture(scope="module")
def specification() -> Specification:
    return load_specification()


@pytest.fixture(scope="module")
def figures() -> dict[str, pl.DataFrame]:
    sources = load_sources(ROOT / "assets" / "raw")
    return {
        name: read_embedded(
            sources[f"istat_censimento_2011_{name}"], ROOT / "data" / "raw" / "figures"
        )
        for name in ("ace_citta", "asc", "ace")
    }


@pytest.fixture(scope="module")
def areas(figures: dict[str, pl.DataFrame]) -> AreaCounts:
    counts = census_counts(load_cities(), figures["ace_citta"], figures["asc"])
    ranked = (pl.col("level") != "C") & (pl.col("P1") >= LEAST_RANKED_RESIDENTS)
    return AreaCounts(counts.with_columns(residents="P1", ranked=ranked))


@pytest.fixture(scope="module")
def estimates(
    specification: Specification, areas: AreaCounts, figures: dict[str, pl.DataFrame]
) -> dict[str, Estimate]:
    return estimate_all(specification, areas, figures["ace"], Settings(draws=100))


@pytest.fixture(scope="module")
def facts(
    specification: Specification, areas: AreaCounts, estimates: dict[str, Estimate]
) -> pl.DataFrame:
    return census_facts(specification, areas, estimates, year=2011, sources=SOURCE_OF_LEVEL).join(
        areas.frame.select("area_id", "pro_com", "level", "residents"),
        on="area_id",
        maintain_order="left",
    )


@pytest.fixture(scope="module")
def published(shared: Path, areas: AreaCounts) -> pl.DataFrame:
    """Published values of the cities, in the order of the areas."""
    names = pl.DataFrame(
        {
            "pro_com": [city.pro_com for city in load_cities()],
            "COMUNE": [city.name for city in load_cities()],
        }
    )
    table = pl.read_csv(shared / PUBLISHED).join(names, on="COMUNE")
    order = areas.frame.filter(pl.col("level") == "C").select("pro_com")
    ordered = order.join(table, on="pro_com", maintain_order="left")
    assert ordered["COMUNE"].null_count() == 0
    return ordered


@pytest.mark.parametrize("column", FROM_ESTIMATES)
def test_indicators_of_the_cities_are_the_published_ones(
    published: pl.DataFrame, areas: AreaCounts, estimates: dict[str, Estimate], column: str
) -> None:
    found = estimates[FROM_ESTIMATES[column]].value[areas.is_city]
    np.testing.assert_allclose(found, published[column], rtol=0, atol=HALF_A_UNIT)


@pytest.mark.parametrize("column", FROM_COUNTS)
def test_counts_of_the_cities_give_the_published_values(
    published: pl.DataFrame, areas: AreaCounts, column: str
) -> None:
    found = areas.evaluate(f"1.0 * {FROM_COUNTS[column]}")[areas.is_city]
    np.testing.assert_allclose(found, published[column], rtol=0, atol=HALF_A_UNIT)


def test_every_city_value_is_the_crude_one(
    specification: Specification, areas: AreaCounts, estimates: dict[str, Estimate]
) -> None:
    counts = ("observed_count", "over_concentration")
    for card in specification.from_census:
        if card.estimator.kind in counts:
            continue
        found = estimates[card.indicatore_id]
        crude = 100 * found.numerator / found.denominator
        np.testing.assert_allclose(found.value[areas.is_city], crude[areas.is_city])
    np.testing.assert_array_equal(estimates["sovraconcentrazione_under30"].value[areas.is_city], 0)


def test_no_count_of_2011_contradicts_its_definition(
    areas: AreaCounts, estimates: dict[str, Estimate]
) -> None:
    assert impossible_counts(areas, estimates).is_empty()


def test_every_ranked_area_has_every_indicator_and_every_index(
    specification: Specification, areas: AreaCounts, estimates: dict[str, Estimate]
) -> None:
    ranked = areas.frame["ranked"].to_numpy()
    for name, found in estimates.items():
        assert np.isfinite(found.value[ranked]).all(), name
        assert (found.lower <= found.value)[ranked].all(), name
        assert (found.value <= found.upper)[ranked].all(), name
    indices = theme_indices(
        specification,
        areas,
        estimates,
        frozen=load_frozen(),
        settings=Settings(draws=100),
        year=2011,
    )
    shown = indices.rows.filter(pl.col("metodo") == CITY_METHOD).group_by("dimensione").len()
    assert dict(shown.iter_rows()) == {
        theme.dimensione: int(ranked.sum()) for theme in specification.themes
    }
    assert (indices.rows["ic_inf"] <= indices.rows["indice"]).all()
    assert (indices.rows["indice"] <= indices.rows["ic_sup"]).all()


def test_the_two_rings_under_250_residents_are_withheld_and_nothing_else_is(
    facts: pl.DataFrame,
) -> None:
    small = facts.filter(pl.col("stato") == "soppresso")
    assert set(small["area_id"]) == {"013075.A00", "108033.A00"}
    assert small.height == 2 * facts["indicatore_id"].n_unique()
    for name in TRACES:
        assert small[name].null_count() == small.height
    beside = facts.filter(pl.col("stato") == "soppresso_secondario")
    assert set(beside["pro_com"]) == {"013075", "108033"}
    calm = facts.filter(~pl.col("pro_com").is_in(["013075", "108033"]))
    assert set(calm["stato"]) == {"valido"}
    assert calm["numeratore"].null_count() == 0


def sums(facts: pl.DataFrame, count: str) -> Iterator[tuple[str, np.ndarray, float]]:
    """Every equation a reader can write: the unknown counts of a city and level, and their sum."""
    whole = {
        (row["pro_com"], row["indicatore_id"]): row[count]
        for row in facts.filter(pl.col("level") == "C").iter_rows(named=True)
    }
    parts = facts.filter(pl.col("level") != "C")
    for (city, level, indicator), group in parts.group_by("pro_com", "level", "indicatore_id"):
        known = group[count].sum()
        hidden = group[count].is_null().to_numpy()
        yield f"{city}.{level} {indicator}", hidden, whole[city, indicator] - known


@pytest.mark.parametrize("count", ["numeratore", "denominatore"])
def test_no_withheld_count_comes_back_by_difference_from_the_city(
    facts: pl.DataFrame, count: str
) -> None:
    withheld = 0
    for place, hidden, left in sums(facts, count):
        if hidden.any():
            withheld += 1
            # Two unknowns of one equation, and something left to share between them.
            assert hidden.sum() >= 2, place
            assert left > 0, place
        else:
            assert left == 0, place
    assert withheld == 2 * facts["indicatore_id"].n_unique()


def test_no_withheld_count_comes_back_from_a_rate(
    specification: Specification, facts: pl.DataFrame
) -> None:
    plain = [
        card.indicatore_id
        for card in specification.from_census
        if card.tipo in ("osservato", "derivato")
    ]
    open_rows = facts.filter(
        pl.col("indicatore_id").is_in(plain)
        & pl.col("numeratore").is_null()
        & pl.any_horizontal(pl.col("valore", "indice_100", "ic_inf", "ic_sup").is_not_null())
    )
    assert plain
    assert open_rows.is_empty()
