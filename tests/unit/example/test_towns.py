"""The invented towns: that they could exist, that they do not, and that they never change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from will_pipeline.cities.catalogue import load_cities
from will_pipeline.example.census import count
from will_pipeline.example.deliveries import in_need
from will_pipeline.example.figures import example_tables, write_example
from will_pipeline.example.population import YEARS, population
from will_pipeline.example.residents import residents
from will_pipeline.example.shapes import neighbourhood_polygons
from will_pipeline.example.towns import BORGO, TOWNS, Neighbourhood, Town
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.overlay import RULES_FILE, Overlay

ROOT = Path(__file__).parents[3]
HOME = ROOT / "esempi" / "borgo_inventato"
SOURCES = load_sources(ROOT / "assets" / "raw")
THEME_OF = {
    "neet_15_29": "giovani",
    "isolati_65": "solitudine",
    "competenze_inadeguate": "mobilita",
}


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    return example_tables()


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Overlay:
    return write_example(tmp_path_factory.mktemp("cifre"), HOME / RULES_FILE, SOURCES)


def test_every_table_keeps_the_rules_of_the_source_it_replaces(
    overlay: Overlay, tables: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    assert set(overlay.rules.tables) == set(tables)
    for key, table in tables.items():
        assert overlay.read(SOURCES[key], tmp_path).equals(table)


def test_every_description_says_that_it_is_invented(overlay: Overlay) -> None:
    for key in overlay.rules.tables:
        told = overlay.describe(SOURCES[key])
        assert told.title.startswith("INVENTATO")
        assert "inventat" in told.producer
        assert "inventat" in told.attribution
        assert told.cities == tuple(town.pro_com for town in TOWNS)


def test_no_such_municipality_exists() -> None:
    figures = ROOT / "data" / "raw" / "figures" / "istat_unita_territoriali.parquet"
    real = pl.read_parquet(figures)
    assert not {town.pro_com for town in TOWNS} & set(real["pro_com"])
    assert not {town.name for town in TOWNS} & set(real["municipality"])
    assert "ZZ" not in set(real["province_sign"])


def test_the_files_of_the_cities_are_those_of_the_towns() -> None:
    cities = load_cities(HOME / "citta")
    assert [(c.slug, c.pro_com, c.name) for c in cities] == [
        (t.slug, t.pro_com, t.name) for t in TOWNS
    ]


@pytest.mark.parametrize("town", TOWNS, ids=lambda town: town.slug)
def test_the_levels_of_the_city_are_those_of_its_residents(town: Town) -> None:
    city = next(city for city in load_cities(HOME / "citta") if city.slug == town.slug)
    true = in_need(town).group_by("theme").agg(pl.col("persons").sum(), pl.col("exposed").sum())
    rates = {theme: 100 * persons / exposed for theme, persons, exposed in true.iter_rows()}
    assert {name: given.rate for name, given in city.benchmarks.items()} == {
        name: pytest.approx(rates[theme], abs=0.05) for name, theme in THEME_OF.items()
    }


def test_the_same_seed_gives_the_same_town() -> None:
    again = residents.__wrapped__(BORGO)
    assert again.equals(residents(BORGO))
    assert count(BORGO, again).equals(count(BORGO, residents(BORGO)))
    assert population.__wrapped__(BORGO).equals(population(BORGO))


def test_no_two_towns_share_their_residents() -> None:
    first, second = (residents(town).head(1_000) for town in TOWNS)
    assert not first.equals(second)


def test_neighbourhoods_and_census_areas_count_the_same_persons(
    tables: dict[str, pl.DataFrame],
) -> None:
    upper, lower = (
        tables[f"istat_censimento_2011_{level}"].group_by("pro_com").agg(
            pl.selectors.matches(r"^(P|ST|PF|A|E)\d+$").sum()
        ).sort("pro_com")
        for level in ("asc", "ace_citta")
    )  # fmt: skip
    assert upper.equals(lower.select(upper.columns))
    assert upper["P1"].to_list() == [sum(n.residents for n in t.neighbourhoods) for t in TOWNS]


def test_the_layout_has_every_variable_of_the_official_one(tables: dict[str, pl.DataFrame]) -> None:
    figures = ROOT / "data" / "raw" / "figures" / "istat_censimento_2011_variabili.parquet"
    codes = set(pl.read_parquet(figures)["code"])
    for level in ("asc", "ace_citta"):
        assert codes <= set(tables[f"istat_censimento_2011_{level}"].columns)


def test_the_town_is_a_coverage_with_one_small_area() -> None:
    polygons = np.array(neighbourhood_polygons(BORGO))
    assert shapely.is_valid(polygons).all()
    assert shapely.coverage_is_valid(polygons)
    assert {shape.geom_type for shape in polygons} == {"Polygon"}
    whole = shapely.coverage_union_all(polygons)
    assert whole.geom_type == "Polygon"
    assert shapely.area(polygons).sum() == pytest.approx(whole.area)
    assert [n.code for n in BORGO.neighbourhoods if n.residents < 250] == [12]


def test_published_shapes_still_fit_after_rounding(tables: dict[str, pl.DataFrame]) -> None:
    areas = tables["istat_parma_aree_2011"]
    for level, number in (("asc", 12), ("ace", 6)):
        shapes = shapely.from_wkb(areas.filter(pl.col("level") == level)["geometry_wkb"].to_list())
        assert len(shapes) == number
        assert shapely.coverage_is_valid(shapes)
        west, south, east, north = shapely.total_bounds(shapes)
        assert 8 < west < east < 9.5
        assert 43.9 < south < north < 44.2


def test_the_places_of_the_drawing_lie_where_the_neighbourhoods_are() -> None:
    polygons = neighbourhood_polygons(BORGO)
    for place, shape in zip(BORGO.neighbourhoods, polygons, strict=True):
        centre = shapely.Point(488_000 + 1_000 * place.x, 4_878_000 + 1_000 * place.y)
        assert shape.contains(centre), place.name


def test_residents_by_age_are_whole_at_every_date() -> None:
    ages = population(BORGO)
    assert ages.height == len(BORGO.neighbourhoods) * len(YEARS) * 2 * 18
    assert ages["persons"].min() >= 0
    first = ages.filter(pl.col("year") == YEARS[0])["persons"].sum()
    assert first == sum(n.residents for n in BORGO.neighbourhoods)


def test_the_students_quarter_stays_young() -> None:
    young = (
        population(BORGO)
        .filter(pl.col("age_from").is_between(20, 29), pl.col("code") == 2)
        .group_by("year")
        .agg(pl.col("persons").sum())
        .sort("year")["persons"]
        .to_list()
    )
    assert all(0.7 * young[0] < later < 1.3 * young[0] for later in young[1:])


def test_hardship_is_where_it_was_planted() -> None:
    rate = in_need(BORGO).filter(pl.col("code") != 12)
    share = pl.col("persons") / pl.col("exposed")
    for theme in ("giovani", "mobilita"):
        worst = rate.filter(pl.col("theme") == theme).sort(share)["code"].to_list()
        assert {3, 10} <= set(worst[-4:])
        assert {2, 5} <= set(worst[:4])


places = st.builds(
    Neighbourhood,
    code=st.just(1),
    name=st.just("Prova"),
    ace=st.just(1),
    residents=st.integers(30, 400),
    x=st.just(0.0),
    y=st.just(0.0),
    young=st.floats(0.3, 3),
    old=st.floats(0.3, 3),
    foreign=st.floats(0, 0.9),
    hardship=st.floats(-1.5, 1.5),
    alone=st.floats(0.5, 2),
    rent=st.floats(0, 0.9),
    storeys=st.floats(0, 1),
)


@settings(max_examples=15)
@given(places)
def test_whatever_the_neighbourhood_its_counts_agree(place: Neighbourhood) -> None:
    town = Town(slug="prova", pro_com="999009", name="Prova", neighbourhoods=(place,))
    counted = count(town, residents.__wrapped__(town))
    assert counted["P1"].item() == place.residents
    assert counted.select(pl.all().is_null().any()).row(0) == (False,) * len(counted.columns)
    assert counted.min_horizontal().item() >= 0
    for invariant in SOURCES["istat_censimento_2011_asc"].invariants:
        assert counted.select(pl.sql_expr(invariant)).to_series().all(), invariant
    for total, parts in (("PF2", "PF9"), ("P46", "P53"), ("ST1", "ST2"), ("P128", "P129")):
        assert counted[total].item() >= counted[parts].item()
    singles = "PF3 + 2 * PF4 + 3 * PF5 + 4 * PF6 + 5 * PF7 + PF9"
    assert counted.select(pl.sql_expr(f"PF2 = {singles}")).to_series().all()
    assert counted.select(pl.sql_expr("A46 + A47 + A48 = PF1 AND A3 = A6 + A7")).to_series().all()
