"""Which areas a city is published by, and the counts of those it made for itself."""

import polars as pl
import pytest
from pydantic import ValidationError

from will_pipeline.cities.catalogue import City, load_cities
from will_pipeline.geography.census_areas import area_rows, census_counts
from will_pipeline.geography.schemes import (
    available_schemes,
    chosen_schemes,
    own_area_counts,
    without_counts,
)

BERGAMO, REGGIO, PARMA = "016024", "035033", "034027"
TOWNS = (BERGAMO, REGGIO, PARMA)


def cities() -> tuple[City, ...]:
    return tuple(city for city in load_cities() if city.pro_com in TOWNS)


@pytest.fixture
def own() -> pl.DataFrame:
    rows = [(BERGAMO, 1, "Colli"), (BERGAMO, 2, "Campagnola"), (REGGIO, 1, "Ambito A")]
    return pl.DataFrame(
        rows, schema={"pro_com": pl.String, "code": pl.Int32, "name": pl.String}, orient="row"
    )


@pytest.fixture
def correspondence() -> pl.DataFrame:
    rows = [
        (160240000001, BERGAMO, 1), (160240000002, BERGAMO, 1), (160240000003, BERGAMO, 2),
        (350330000001, REGGIO, 1),
    ]  # fmt: skip
    schema = {"section_number": pl.Int64, "pro_com": pl.String, "code": pl.Int32}
    return pl.DataFrame(rows, schema=schema, orient="row")


def counts(**persons: int) -> pl.DataFrame:
    rows = [
        (int(section[1:]), BERGAMO, variable, value)
        for section, people in persons.items()
        for variable, value in (("P1", people), ("PF1", people // 2))
    ]
    schema = {
        "section_number": pl.Int64, "pro_com": pl.String,
        "variable": pl.String, "value": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


TOLD = {"s160240000001": 700, "s160240000002": 400, "s160240000003": 900}


def test_the_first_scheme_that_is_there_is_taken() -> None:
    nothing = chosen_schemes(cities(), {})
    assert set(nothing.values()) == {"ace"}
    given = {town: {"asc1", "aree_proprie"} for town in TOWNS}
    assert chosen_schemes(cities(), given) == {
        BERGAMO: "aree_proprie", REGGIO: "aree_proprie", PARMA: "asc1",
    }  # fmt: skip


def test_the_cities_say_their_schemes() -> None:
    told = {city.slug: city.schemes for city in load_cities()}
    assert told["parma"] == told["padova"] == told["monza"] == ("asc1", "ace")
    assert told["reggio_emilia"] == ("aree_proprie", "asc1", "ace")
    assert told["bergamo"] == told["novara"] == ("aree_proprie", "ace")
    assert told["como"] == told["rovigo"] == ("ace",)


@pytest.mark.parametrize("schemes", [["ace", "asc1"], ["asc1", "asc1", "ace"], [], ["ambiti"]])
def test_an_order_of_schemes_that_means_nothing_is_refused(schemes: list[str]) -> None:
    with pytest.raises(ValidationError):
        City.model_validate(cities()[0].model_dump() | {"schemes": schemes})


def test_sections_add_up_to_the_areas_of_the_town(
    own: pl.DataFrame, correspondence: pl.DataFrame
) -> None:
    made = own_area_counts(own, correspondence, counts(**TOLD))
    assert made.select("pro_com", "asc_code", "asc_name", "P1", "PF1").rows() == [
        (BERGAMO, 101, "Colli", 1_100, 550), (BERGAMO, 102, "Campagnola", 900, 450),
    ]  # fmt: skip
    assert without_counts(own, made) == [REGGIO]
    assert available_schemes(own.filter(pl.col("pro_com") == REGGIO), made) == {
        REGGIO: {"asc1"}, BERGAMO: {"aree_proprie"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "told",
    [
        TOLD | {"s160240000009": 5},
        {"s160240000001": 700},
        {},
    ],
)
def test_counts_of_other_sections_publish_nothing(
    own: pl.DataFrame, correspondence: pl.DataFrame, told: dict[str, int]
) -> None:
    made = own_area_counts(own, correspondence, counts(**told))
    assert made.is_empty()
    assert without_counts(own, made) == [BERGAMO, REGGIO]


def test_people_without_a_home_and_empty_sections_are_no_stranger(
    own: pl.DataFrame, correspondence: pl.DataFrame
) -> None:
    told = TOLD | {"s160248888881": 30, "s160240000044": 0}
    assert own_area_counts(own, correspondence, counts(**told))["P1"].sum() == 2_000


def census(ace: int, people: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "pro_com": list(TOWNS), "ace": [ace] * 3, "P1": [people] * 3, "PF1": [people // 2] * 3,
        }
    )  # fmt: skip


SUBAREAS = pl.DataFrame(
    {
        "pro_com": [REGGIO, PARMA], "asc_code": [1, 4], "asc_name": ["Ovest", "Pablo"],
        "P1": [2_000, 2_000], "PF1": [1_000, 1_000],
    }
)  # fmt: skip


def test_neighbourhoods_are_of_the_scheme_that_each_city_prefers(
    own: pl.DataFrame, correspondence: pl.DataFrame
) -> None:
    made = own_area_counts(own, correspondence, counts(**TOLD))
    found = census_counts(cities(), census(1, 2_000), SUBAREAS, made)
    q = found.filter(pl.col("level") == "Q").select("area_id", "P1").rows()
    assert q == [
        (f"{BERGAMO}.Q101", 1_100), (f"{BERGAMO}.Q102", 900),
        (f"{PARMA}.Q04", 2_000), (f"{REGGIO}.Q01", 2_000),
    ]  # fmt: skip
    municipalities = pl.DataFrame({"pro_com": list(TOWNS), "name": ["B", "R", "P"]})
    named = area_rows(found, municipalities, SUBAREAS, own)
    names = dict(named.filter(pl.col("level") == "Q").select("area_id", "name").iter_rows())
    assert names[f"{BERGAMO}.Q102"] == "Campagnola"
    assert names[f"{PARMA}.Q04"] == "Pablo"
    sources = dict(named.select("area_id", "source_id").iter_rows())
    assert sources[f"{BERGAMO}.Q102"] == "consegna_conteggi_sezioni_016024"
    assert sources[f"{PARMA}.Q04"] == "istat_censimento_2011_asc"
    assert sources[f"{BERGAMO}.A01"] == "istat_censimento_2011_ace_citta"


def test_own_areas_with_more_people_than_the_city_are_not_published(
    own: pl.DataFrame, correspondence: pl.DataFrame
) -> None:
    made = own_area_counts(own, correspondence, counts(**TOLD))
    found = census_counts(cities(), census(1, 1_999), SUBAREAS.with_columns(
        P1=pl.lit(1_999), PF1=pl.lit(999)), made)  # fmt: skip
    assert not found["area_id"].str.starts_with(f"{BERGAMO}.Q").any()
