"""Areas of the 2011 census: identifiers, totals, agreement of the levels, names and ranking."""

import polars as pl
import pytest

from will_pipeline.cities.catalogue import City, load_cities
from will_pipeline.errors import SourceFault
from will_pipeline.geography.census_areas import (
    CENSUS_AREAS,
    SUB_MUNICIPAL_AREAS,
    area_rows,
    census_counts,
    municipality_rows,
)

PARMA, COMO, ELSEWHERE = "034027", "013075", "015146"


@pytest.fixture(scope="module")
def cities() -> tuple[City, ...]:
    return tuple(city for city in load_cities() if city.pro_com in (PARMA, COMO))


@pytest.fixture
def lower() -> pl.DataFrame:
    """Census areas; the variable P9 is not published for sub-municipal areas."""
    return pl.DataFrame(
        {
            "pro_com": [PARMA, PARMA, PARMA, COMO, COMO, ELSEWHERE],
            "ace": [0, 1, 12, 0, 1, 1],
            "comune": ["Parma"] * 3 + ["Como"] * 2 + ["Milano"],
            "P1": [600, 999, 2401, 70, 1000, 5],
            "PF1": [300, 500, 1200, 30, 500, 2],
            "P9": [1, 2, 3, 4, 5, 6],
        }
    )


@pytest.fixture
def upper() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "pro_com": [PARMA, PARMA, ELSEWHERE],
            "asc_code": [4, 10, 1],
            "asc_name": ["Pablo", "Centro", "Altrove"],
            "P1": [3000, 1000, 7],
            "PF1": [1500, 500, 3],
        }
    )


@pytest.fixture
def counts(cities: tuple[City, ...], lower: pl.DataFrame, upper: pl.DataFrame) -> pl.DataFrame:
    return census_counts(cities, lower, upper)


def test_every_area_and_city_has_one_row_with_the_shared_variables(counts: pl.DataFrame) -> None:
    assert counts.columns == ["area_id", "pro_com", "level", "P1", "PF1"]
    assert counts.select("area_id", "P1").rows() == [
        (f"{COMO}.A00", 70),
        (f"{COMO}.A01", 1000),
        (f"{COMO}.C", 1070),
        (f"{PARMA}.A00", 600),
        (f"{PARMA}.A01", 999),
        (f"{PARMA}.A12", 2401),
        (f"{PARMA}.C", 4000),
        (f"{PARMA}.Q04", 3000),
        (f"{PARMA}.Q10", 1000),
    ]


def test_a_city_without_census_areas_is_named(
    cities: tuple[City, ...], lower: pl.DataFrame, upper: pl.DataFrame
) -> None:
    with pytest.raises(SourceFault, match=COMO) as fault:
        census_counts(cities, lower.filter(pl.col("pro_com") != COMO), upper)
    assert fault.value.source == CENSUS_AREAS
    assert "non ha aree di censimento" in str(fault.value)


def test_levels_that_disagree_are_named_with_both_sums(
    cities: tuple[City, ...], lower: pl.DataFrame, upper: pl.DataFrame
) -> None:
    short = upper.with_columns(PF1=pl.when(pl.col("asc_code") == 4).then(1499).otherwise("PF1"))
    with pytest.raises(SourceFault, match=f"comune {PARMA}, variabile PF1") as fault:
        census_counts(cities, lower, short)
    assert fault.value.source == SUB_MUNICIPAL_AREAS
    assert fault.value.rule == "le aree sub-comunali sommano 1999, le aree di censimento 2000"


def test_a_missing_count_is_named_and_never_becomes_a_zero_in_the_total(
    cities: tuple[City, ...], lower: pl.DataFrame, upper: pl.DataFrame
) -> None:
    ring = (pl.col("pro_com") == COMO) & (pl.col("ace") == 0)
    holed = lower.with_columns(PF1=pl.when(~ring).then("PF1"))
    with pytest.raises(SourceFault, match=f"comune {COMO}, area 0, variabile PF1") as fault:
        census_counts(cities, holed, upper)
    assert (fault.value.source, fault.value.rule) == (CENSUS_AREAS, "il conteggio manca")
    empty = upper.with_columns(P1=pl.when(pl.col("asc_code") != 10).then("P1"))
    with pytest.raises(SourceFault, match=f"comune {PARMA}, area 10, variabile P1") as fault:
        census_counts(cities, lower, empty)
    assert fault.value.source == SUB_MUNICIPAL_AREAS


def test_the_latest_population_of_a_city_is_kept_and_a_missing_one_stays_missing(
    cities: tuple[City, ...],
) -> None:
    balance = pl.DataFrame(
        {
            "pro_com": [PARMA, PARMA, PARMA, ELSEWHERE],
            "year": [2025, 2024, 2025, 2025],
            "sex": ["T", "T", "F", "T"],
            "population_start": [200, 190, 105, 7],
        }
    )
    rows = {row["pro_com"]: row for row in municipality_rows(cities, balance).to_dicts()}
    assert set(rows) == {PARMA, COMO}
    assert (rows[PARMA]["population"], rows[PARMA]["population_year"]) == (200, 2025)
    assert rows[COMO]["population"] is None
    assert (rows[PARMA]["plate"], rows[PARMA]["province_code"]) == ("PR", "ITD52")


@pytest.fixture
def areas(counts: pl.DataFrame, upper: pl.DataFrame) -> dict[str, dict[str, object]]:
    municipalities = pl.DataFrame({"pro_com": [PARMA, COMO], "name": ["Parma", "Como"]})
    rows = area_rows(counts, municipalities, upper)
    assert rows["area_id"].is_sorted()
    return {row["area_id"]: row for row in rows.to_dicts()}


def test_areas_are_named_by_their_level(areas: dict[str, dict[str, object]]) -> None:
    assert len(areas) == 9
    assert areas[f"{PARMA}.C"]["name"] == "Parma"
    assert areas[f"{PARMA}.Q04"]["name"] == "Pablo"
    assert areas[f"{PARMA}.A12"]["name"] == "Area di censimento 12"
    assert areas[f"{PARMA}.A00"]["name"] == "Resto del comune (area di censimento 0)"
    assert areas[f"{PARMA}.C"]["code"] is None
    assert areas[f"{PARMA}.A12"]["code"] == 12


def test_only_areas_of_a_thousand_residents_are_ranked(
    areas: dict[str, dict[str, object]],
) -> None:
    ranked = {area_id for area_id, area in areas.items() if area["ranked"]}
    assert ranked == {f"{PARMA}.A12", f"{PARMA}.Q04", f"{PARMA}.Q10", f"{COMO}.A01"}


def test_only_census_area_zero_is_residual(areas: dict[str, dict[str, object]]) -> None:
    residual = {area_id for area_id, area in areas.items() if area["residual"]}
    assert residual == {f"{PARMA}.A00", f"{COMO}.A00"}


def test_the_source_follows_the_level(areas: dict[str, dict[str, object]]) -> None:
    assert areas[f"{PARMA}.Q04"]["source_id"] == SUB_MUNICIPAL_AREAS
    assert areas[f"{PARMA}.A00"]["source_id"] == areas[f"{PARMA}.C"]["source_id"] == CENSUS_AREAS
