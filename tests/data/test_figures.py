"""The tracked figures of the 2011 census and of the boundaries, against published totals."""

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import shapely

from will_pipeline.cities.catalogue import City, load_cities
from will_pipeline.indicators.specification import SpecificationFault, load_specification
from will_pipeline.indicators.vintages import layout_codes
from will_pipeline.sources.descriptor import Descriptor, load_sources
from will_pipeline.sources.embedded import read_embedded
from will_pipeline.sources.embedding import check_budget, embed
from will_pipeline.sources.pins import read_pin

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "data" / "raw" / "figures"
OFFICIAL = Path(os.environ.get("WILL_OFFICIAL_FIGURES", ROOT.parent / "shared" / "figures"))

KEYS = (
    "istat_censimento_2011_ace",
    "istat_censimento_2011_ace_citta",
    "istat_censimento_2011_asc",
    "istat_censimento_2011_variabili",
    "istat_censimento_2021_variabili",
    "istat_confini_comuni",
    "istat_parma_aree_2011",
)

# Residents on 9 October 2011 (ISTAT, 15th census), by municipality.
RESIDENTS = {
    "Bergamo": 115_349,
    "Como": 82_045,
    "Monza": 119_856,
    "Novara": 101_952,
    "Parma": 175_895,
    "Reggio nell'Emilia": 162_082,
    "Padova": 206_192,
    "Rovigo": 50_164,
}
CENSUS_AREAS = dict(zip(RESIDENTS, (8, 7, 9, 7, 10, 10, 14, 4), strict=True))
SUBAREAS = {"Monza": 5, "Padova": 6, "Parma": 13, "Reggio nell'Emilia": 4}

Figure = Callable[[str], pl.DataFrame]


@pytest.fixture(scope="module")
def sources() -> dict[str, Descriptor]:
    return load_sources(ROOT / "assets" / "raw")


@pytest.fixture(scope="module")
def figure(sources: dict[str, Descriptor]) -> Figure:
    return lambda name: read_embedded(sources[name], FIGURES)


@pytest.fixture(scope="module")
def cities() -> tuple[City, ...]:
    return load_cities()


def totals(frame: pl.DataFrame, cities: tuple[City, ...], *what: pl.Expr) -> dict[str, int]:
    names = {city.pro_com: city.name for city in cities}
    ours = frame.filter(pl.col("pro_com").is_in(list(names)))
    rows = ours.group_by("pro_com").agg(*what).rows()
    return {names[pro_com]: value for pro_com, value in rows}


def test_residents_of_the_eight_cities(figure: Figure, cities: tuple[City, ...]) -> None:
    for name in ("istat_censimento_2011_ace", "istat_censimento_2011_ace_citta"):
        assert totals(figure(name), cities, pl.col("P1").sum()) == RESIDENTS
        assert totals(figure(name), cities, pl.len()) == CENSUS_AREAS


def test_subareas_add_up_to_census_areas_on_every_variable(
    figure: Figure, cities: tuple[City, ...]
) -> None:
    areas, subareas = figure("istat_censimento_2011_ace_citta"), figure("istat_censimento_2011_asc")
    assert totals(subareas, cities, pl.len()) == SUBAREAS
    variables = figure("istat_censimento_2011_variabili").sort("position")["code"].to_list()
    assert len(variables) == 140
    assert areas.columns[-140:] == subareas.columns[-140:] == variables
    for city in cities:
        if city.name in SUBAREAS:
            one, two = (
                frame.filter(pl.col("pro_com") == city.pro_com).select(variables).sum()
                for frame in (areas, subareas)
            )
            assert one.equals(two), city.name


def test_national_and_city_tables_agree(figure: Figure, cities: tuple[City, ...]) -> None:
    complete, national = (
        figure("istat_censimento_2011_ace_citta"),
        figure("istat_censimento_2011_ace"),
    )
    ours = national.filter(pl.col("pro_com").is_in([city.pro_com for city in cities]))
    assert ours.equals(complete.select(national.columns))


def test_names_of_cities_are_those_of_the_figures(figure: Figure, cities: tuple[City, ...]) -> None:
    areas = figure("istat_censimento_2011_ace_citta")
    census = areas.select("pro_com", "comune", "province", "region").unique().rows()
    assert sorted(census) == sorted(
        (city.pro_com, city.name, city.province, city.region) for city in cities
    )
    boundaries = figure("istat_confini_comuni").select("pro_com", "name").rows()
    assert sorted(boundaries) == sorted((city.pro_com, city.name) for city in cities)


def test_notes_of_cities_count_their_areas(cities: tuple[City, ...]) -> None:
    for city in cities:
        assert f"{CENSUS_AREAS[city.name]} aree di censimento" in city.note
        count = SUBAREAS.get(city.name)
        expected = f"{count} aree sub-comunali" if count else "nessuna area sub-comunale"
        assert expected in city.note


def test_formulas_of_every_vintage_use_the_codes_of_its_layout(figure: Figure) -> None:
    base, later = (figure(f"istat_censimento_{year}_variabili") for year in (2011, 2021))
    layouts = layout_codes(base, later)
    assert {year: len(codes) for year, codes in layouts.items()} == {
        2011: 140,
        2021: 116,
        2023: 127,
    }
    assert set(layouts[2021]) < set(layouts[2023])
    load_specification(layouts=layouts)
    for year in layouts:
        specification = load_specification(vintage=year)
        used = {code for name in specification.indicators for code in specification.codes(name)}
        assert used <= set(layouts[year])
        for code in sorted(used):
            with pytest.raises(SpecificationFault, match=rf"layout of {year}: .*'{code}'"):
                specification.check_codes(set(layouts[year]) - {code}, vintage=year)


def test_the_words_of_2021_are_those_of_the_layout_and_2023_adds_none(figure: Figure) -> None:
    table = figure("istat_censimento_2021_variabili")
    words = dict(table.filter(pl.col("vintage") == 2021).select("code", "definition").iter_rows())
    assert words["P101"] == "Popolazione residente - totale occupati di 15-64 anni"
    assert words["ST22"] == "Stranieri e apolidi residenti in Italia - età 0 - 14 anni"
    for code, definition in (
        table.filter(pl.col("vintage") == 2023).select("code", "definition").iter_rows()
    ):
        assert definition == words.get(code)


def test_parma_covers_itself_at_both_levels(figure: Figure) -> None:
    parma = figure("istat_parma_aree_2011")
    for level, table, code in (
        ("asc", "istat_censimento_2011_asc", "asc_code"),
        ("ace", "istat_censimento_2011_ace", "ace"),
    ):
        areas = parma.filter(pl.col("level") == level)
        census = figure(table).filter(pl.col("pro_com") == "034027")
        assert sorted(areas["code"]) == sorted(census[code])
        assert areas["sections"].sum() == 1281
        # Official surface of Parma at the 2011 census: 260.6 km2.
        assert areas["area_km2"].sum() == pytest.approx(260.60, abs=0.005)
        assert shapely.coverage_is_valid(shapely.from_wkb(areas["geometry_wkb"].to_list()))


def test_boundaries_hold_their_city(figure: Figure) -> None:
    frame = figure("istat_confini_comuni")
    outlines = dict(zip(frame["pro_com"], shapely.from_wkb(frame["geometry_wkb"]), strict=True))
    parma = figure("istat_parma_aree_2011").filter(pl.col("level") == "asc")
    areas = shapely.from_wkb(parma["geometry_wkb"].to_list())
    outside = shapely.difference(shapely.union_all(areas), outlines["034027"])
    assert outside.area / shapely.union_all(areas).area < 0.01
    for one, outline in outlines.items():
        assert outline.is_valid
        assert not any(outline.overlaps(other) for two, other in outlines.items() if two != one)


def test_every_embedded_source_has_a_sealed_table_that_keeps_its_rules(
    sources: dict[str, Descriptor],
) -> None:
    embedded = {key for key, source in sources.items() if source.embedding is not None}
    assert {path.stem for path in FIGURES.glob("*.parquet")} == embedded
    assert {path.name.removesuffix(".pin.json") for path in FIGURES.glob("*.json")} == embedded
    for key in sorted(embedded):
        assert read_embedded(sources[key], FIGURES).height == read_pin(key, FIGURES).rows


def test_all_embedded_figures_stay_within_the_budget() -> None:
    assert check_budget(FIGURES) > 0


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official files are not on this machine")
@pytest.mark.parametrize("key", KEYS)
def test_figures_are_remade_byte_for_byte(
    key: str, sources: dict[str, Descriptor], tmp_path: Path
) -> None:
    assert embed(sources[key], OFFICIAL, tmp_path) == read_pin(key, FIGURES)
