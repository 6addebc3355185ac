"""City series and places on the real figures, and the numbers their pages say were measured."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from will_pipeline.cities.catalogue import load_cities
from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import empty
from will_pipeline.geography.boundaries import embedded_boundaries
from will_pipeline.geography.census_areas import area_rows, census_counts, municipality_rows
from will_pipeline.geography.outlines import outline_rows
from will_pipeline.indicators.context import context_rows
from will_pipeline.needs.access import access_rows
from will_pipeline.needs.city_series import city_series_rows
from will_pipeline.needs.places import (
    drawn_areas,
    gather_places,
    place_areas,
    place_rows,
    with_positions,
)
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import read_embedded

ROOT = Path(__file__).parents[2]
Tables = dict[str, pl.DataFrame]
KINDS = 6


@pytest.fixture(scope="module")
def raw() -> Tables:
    sources = load_sources(ROOT / "assets" / "raw")
    figures = ROOT / "data" / "raw" / "figures"
    left = {"istat_censimento_2011_ace"}
    return {
        key: read_embedded(each, figures)
        for key, each in sources.items()
        if each.has_table and not each.is_only_online and key not in left
    }


@pytest.fixture(scope="module")
def core(raw: Tables) -> Tables:
    cities = load_cities()
    municipalities = municipality_rows(cities, raw["istat_bilancio_2025"])
    asc = raw["istat_censimento_2011_asc"]
    published = embedded_boundaries(raw["istat_confini_comuni"], raw["istat_parma_aree_2011"])
    areas = area_rows(
        census_counts(cities, raw["istat_censimento_2011_ace_citta"], asc),
        municipalities,
        asc,
    )
    return {
        "area": areas,
        "municipality": municipalities,
        "area_outline": outline_rows(areas, published),
        "context": context_rows(raw, municipalities),
        "delivered_place": empty(load_contracts("core")["delivered_place"]),
    }


@pytest.fixture(scope="module")
def series(raw: Tables, core: Tables) -> pl.DataFrame:
    return city_series_rows(
        core["context"],
        raw["istat_bes_territori"],
        raw["istat_popolazione"],
        core["municipality"],
    )


@pytest.fixture(scope="module")
def placed(raw: Tables, core: Tables) -> Tables:
    drawn = drawn_areas(core["area"], core["area_outline"])
    places = gather_places(raw["iccu_biblioteche"], raw["mim_scuole"], core["delivered_place"])
    places = with_positions(places, empty(load_contracts("core")["place_position"]))
    crs = {city.pro_com: city.crs for city in load_cities()}
    found = place_areas(places, drawn, crs)
    access = access_rows(
        core["area"],
        places,
        found,
        drawn,
        bodies=raw["agenzia_cinque_per_mille"].filter("third_sector"),
        crs=crs,
        year=2011,
    )
    return {"presidio": place_rows(places, found), "accesso_presidi": access}


def page(name: str) -> str:
    return (ROOT / "docs" / "method" / f"{name}.md").read_text("utf-8")


def italian(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}".replace(".", ",")


def test_every_city_has_a_projected_series_with_its_error(series: pl.DataFrame) -> None:
    first = series.filter((pl.col("natura") == "proiettato") & (pl.col("anni_avanti") == 1))
    assert first.group_by("area_id").len().height == len(load_cities())
    assert first["errore_prova"].null_count() == first["errore_proprio"].null_count() == 0


@pytest.mark.parametrize("name", ["neet_provincia", "occupazione_giovanile_provincia"])
def test_the_page_tells_the_measured_errors(series: pl.DataFrame, name: str) -> None:
    row = series.filter((pl.col("indicatore_id") == name) & (pl.col("anni_avanti") == 1)).row(
        0, named=True
    )
    assert (
        f"| `{name}` | 2018-2024 | 2025-2027 | {row['prove']} | "
        f"{italian(row['errore_prova'], 2)} punti | {italian(row['errore_fermo'], 2)} punti | "
        f"{italian(row['copertura_prova'], 1)} % |"
    ) in page("scenario")
    assert "chi dice «resta com'è» sbaglia un po' meno" in page("scenario")
    assert row["errore_fermo"] < row["errore_prova"]
    assert row["copertura_prova"] >= 90


@pytest.mark.parametrize(
    ("name", "years"),
    [
        ("competenze_numeriche_provincia", 6),
        ("reddito_imponibile_medio", 3),
        ("residenti", 3),
    ],
)
def test_short_series_are_not_carried_on(series: pl.DataFrame, name: str, years: int) -> None:
    mine = series.filter(pl.col("indicatore_id") == name)
    assert set(mine["natura"]) == {"osservato"}
    assert mine.height == years * len(load_cities())
    assert f"no: {years} anni" in page("scenario")


def test_the_page_tells_where_places_stand(placed: Tables) -> None:
    found = dict(placed["presidio"].group_by("posizione").len().iter_rows())
    assert sum(found.values()) == placed["presidio"].height
    for position, number in found.items():
        assert f"| `{position}` | {number} |" in page("presidi")


def test_every_teaching_site_of_the_context_is_a_place(core: Tables, placed: Tables) -> None:
    schools = placed["presidio"].filter(pl.col("fonte_id") == "mim_scuole")
    told = core["context"].filter(pl.col("indicator_id") == "scuole")["numerator"].sum()
    assert schools.height == told
    assert f"| {schools.height} | nessuna ha coordinate" in page("presidi")
    assert "scuola_di_altro_tipo" not in set(schools["tipo"])


def test_places_of_the_areas_make_those_of_parma(placed: Tables) -> None:
    libraries = placed["accesso_presidi"].filter(
        pl.col("area_id").str.starts_with("034027") & (pl.col("tipo") == "biblioteca")
    )
    whole = libraries.filter(pl.col("area_id") == "034027.C")["numero"].item()
    outside = placed["presidio"].filter(
        (pl.col("pro_com") == "034027") & (pl.col("posizione") == "fuori_da_ogni_area")
    )
    for level in ("Q", "A"):
        parts = libraries.filter(pl.col("area_id").str.contains(f".{level}", literal=True))
        unknown = parts["non_collocati"].unique().item()
        assert parts["numero"].sum() + outside.height + unknown == whole


def test_the_page_tells_how_many_numbers_are_known(placed: Tables, core: Tables) -> None:
    states = dict(placed["accesso_presidi"].group_by("stato").len().iter_rows())
    total = core["area"].height * KINDS
    assert sum(states.values()) == total
    assert (
        f"Delle {total} righe di `accesso_presidi` {states['valido']} sono `valido` (le città), "
        f"{states['parziale']} `parziale`"
    ) in page("presidi")
    assert f"e {states['non_disponibile']} `non_disponibile`" in page("presidi")
