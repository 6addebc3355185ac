"""How many places an area has: numbers, minima, distances and what cannot be told."""

import runpy
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.contracts.model import TableContract
from will_pipeline.needs.access import access_rows
from will_pipeline.needs.places import drawn_areas, gather_places, place_areas

TOWN = runpy.run_path(str(Path(__file__).with_name("places_of_a_town.py")))
DRAWN, BARE = TOWN["DRAWN"], TOWN["BARE"]
libraries, schools, delivered = TOWN["libraries"], TOWN["schools"], TOWN["delivered"]
CRS = {DRAWN: "EPSG:32632", BARE: "EPSG:32632"}
ONE_EAST, TWO_EAST = (10.5, 45.5), (11.5, 45.5)
"""The inner points of the two quartieri."""


@cache
def contract() -> TableContract:
    return load_contracts("mart")["accesso_presidi"]


def access(*given: tuple[str, str, float | None, float | None], **more: Any) -> pl.DataFrame:
    places = gather_places(
        libraries(*given), more.get("schools", schools()), more.get("delivered", delivered())
    )
    drawn = drawn_areas(TOWN["areas"](), TOWN["outlines"]())
    rows = access_rows(
        TOWN["areas"]()[more.get("order", slice(None))],
        places,
        place_areas(places, drawn, CRS),
        drawn,
        bodies=pl.DataFrame({"pro_com": [DRAWN] * 4}),
        crs=CRS,
        year=2011,
    )
    return conform(rows, contract())


def at(rows: pl.DataFrame, area: str, kind: str = "biblioteca") -> dict[str, Any]:
    return rows.filter((pl.col("area_id") == area) & (pl.col("tipo") == kind)).row(0, named=True)


def test_numbers_per_thousand_and_distance_worked_by_hand() -> None:
    rows = access(("1", DRAWN, *ONE_EAST), ("2", DRAWN, *ONE_EAST), ("3", DRAWN, 10.6, 45.5))
    one, two, city = (at(rows, f"{DRAWN}.{code}") for code in ("Q01", "Q02", "C"))
    assert (one["numero"], one["per_mille"], one["distanza_media_m"]) == (3, 1.0, 0.0)
    assert (two["numero"], two["per_mille"]) == (0, 0.0)
    # 0.9 degrees of longitude at 45.5 north.
    assert two["distanza_media_m"] == pytest.approx(0.9 * 78_130, rel=0.002)
    assert (city["numero"], city["per_mille"]) == (3, 0.75)
    assert city["distanza_media_m"] == pytest.approx(two["distanza_media_m"] / 4, abs=1)
    assert {row["stato"] for row in (one, two, city)} == {"valido"}


def test_places_without_coordinates_make_the_number_a_minimum() -> None:
    rows = access(("1", DRAWN, *ONE_EAST), ("2", DRAWN, None, None), ("3", DRAWN, 10.5, 47.0))
    one, city = at(rows, f"{DRAWN}.Q01"), at(rows, f"{DRAWN}.C")
    assert (one["numero"], one["non_collocati"], one["stato"]) == (1, 1, "parziale")
    assert "di 1 presìdi del comune, su 3" in one["motivo"]
    assert (city["numero"], city["stato"], city["motivo"]) == (3, "valido", None)


def test_a_point_outside_every_area_is_known_not_to_be_inside() -> None:
    one = at(access(("1", DRAWN, 10.5, 47.0)), f"{DRAWN}.Q01")
    assert (one["numero"], one["non_collocati"], one["stato"]) == (0, 0, "valido")


def test_a_city_without_boundaries_has_a_city_number_and_no_other() -> None:
    rows = access(("1", BARE, 12.5, 45.5))
    area, city = at(rows, f"{BARE}.A01"), at(rows, f"{BARE}.C")
    assert (area["numero"], area["per_mille"], area["stato"]) == (None, None, "non_disponibile")
    assert "mancano i confini" in area["motivo"]
    assert (city["numero"], city["distanza_media_m"], city["stato"]) == (1, None, "valido")


def test_a_register_that_names_a_city_but_no_place_of_a_kind_says_none() -> None:
    rows = access(schools=schools(("S1", BARE, "SCUOLA PRIMARIA")))
    assert at(rows, f"{BARE}.A01", "scuola_infanzia")["numero"] == 0


def test_schools_have_an_address_and_no_coordinates() -> None:
    rows = access(schools=schools(("S1", DRAWN, "SCUOLA PRIMARIA")))
    area, city = (
        at(rows, f"{DRAWN}.Q01", "scuola_primaria"),
        at(rows, f"{DRAWN}.C", "scuola_primaria"),
    )
    assert (area["numero"], city["numero"]) == (None, 1)
    assert area["motivo"].startswith("Senza coordinate")


def test_third_sector_bodies_count_for_the_city_alone() -> None:
    rows = access()
    city, area = (at(rows, f"{DRAWN}.{code}", "ente_terzo_settore") for code in ("C", "Q01"))
    assert (city["numero"], city["stato"]) == (4, "valido")
    assert (area["numero"], area["stato"]) == (None, "non_disponibile")
    assert at(rows, f"{BARE}.A01", "ente_terzo_settore")["numero"] is None


def test_a_stated_area_counts_where_there_are_no_boundaries() -> None:
    handed = delivered({"place_id": "1", "pro_com": BARE, "area_id": f"{BARE}.A01"})
    rows = access(delivered=handed)
    assert at(rows, f"{BARE}.A01", "centro_giovani")["numero"] == 1
    assert rows.filter(
        (pl.col("tipo") == "centro_giovani") & pl.col("area_id").str.starts_with(DRAWN)
    ).is_empty()


def test_the_residual_ring_has_no_distance() -> None:
    assert at(access(("1", DRAWN, *ONE_EAST)), f"{DRAWN}.A00")["distanza_media_m"] is None


def test_the_order_of_the_areas_changes_nothing() -> None:
    given = (("1", DRAWN, *ONE_EAST), ("2", DRAWN, *TWO_EAST), ("3", BARE, 12.5, 45.5))
    assert_frame_equal(access(*given), access(*given, order=[5, 3, 1, 0, 2, 4]))


def test_a_register_that_never_names_a_city_does_not_say_that_it_has_nothing() -> None:
    rows = access(("1", BARE, 12.5, 45.5))
    for area in (f"{DRAWN}.Q01", f"{DRAWN}.C"):
        silent = at(rows, area)
        assert (silent["numero"], silent["per_mille"], silent["stato"]) == (
            None, None, "non_disponibile",
        )  # fmt: skip
        assert silent["motivo"] == "La fonte non parla di questo comune."
    bodies = at(rows, f"{DRAWN}.C", "ente_terzo_settore")
    assert (bodies["numero"], bodies["stato"]) == (4, "valido")
    assert at(rows, f"{BARE}.C", "ente_terzo_settore")["numero"] is None
