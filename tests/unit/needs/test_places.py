"""Places: which sources make the list, and how the area of each is known."""

import runpy
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.needs.places import (
    drawn_areas,
    gather_places,
    place_areas,
    place_rows,
)

TOWN = runpy.run_path(str(Path(__file__).with_name("places_of_a_town.py")))
DRAWN, BARE = TOWN["DRAWN"], TOWN["BARE"]
libraries, schools, delivered = TOWN["libraries"], TOWN["schools"], TOWN["delivered"]


def rows_of(places: pl.DataFrame) -> pl.DataFrame:
    drawn = drawn_areas(TOWN["areas"](), TOWN["outlines"]())
    return place_rows(places, place_areas(places, drawn))


def position(**given: Any) -> tuple[str, str | None, str | None]:
    places = gather_places(libraries(), schools(), delivered({"place_id": "1", **given}))
    row = rows_of(places).row(0, named=True)
    return row["posizione"], row["area_id"], row["area_censimento_id"]


INSIDE = {"lon": 10.5, "lat": 45.5}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (INSIDE, ("nell_area", f"{DRAWN}.Q01", None)),
        ({"lon": 11.0, "lat": 45.5}, ("nell_area", f"{DRAWN}.Q01", None)),
        ({"lon": 10.5, "lat": 46.5}, ("fuori_da_ogni_area", None, None)),
        ({}, ("senza_coordinate", None, None)),
        ({"lon": 10.5}, ("senza_coordinate", None, None)),
        ({"area_id": f"{DRAWN}.Q02"}, ("area_indicata", f"{DRAWN}.Q02", None)),
        (INSIDE | {"area_id": f"{DRAWN}.Q01"}, ("area_indicata", f"{DRAWN}.Q01", None)),
        (INSIDE | {"area_id": f"{DRAWN}.Q02"}, ("area_indicata_discorde", f"{DRAWN}.Q02", None)),
        (
            {"lon": 10.5, "lat": 46.5, "area_id": f"{DRAWN}.Q02"},
            ("area_indicata_discorde", f"{DRAWN}.Q02", None),
        ),
        (
            INSIDE | {"area_id": f"{DRAWN}.A00"},
            ("area_indicata", f"{DRAWN}.A00", f"{DRAWN}.A00"),
        ),
        (INSIDE | {"area_id": f"{DRAWN}.C"}, ("nell_area", f"{DRAWN}.Q01", None)),
        ({"pro_com": BARE, "lon": 12.5, "lat": 45.5}, ("citta_senza_confini", None, None)),
        ({"pro_com": BARE, "lon": 10.5, "lat": 45.5}, ("fuori_da_ogni_area", None, None)),
        (
            {"pro_com": BARE, "lon": 12.5, "lat": 45.5, "area_id": f"{BARE}.A01"},
            ("area_indicata", f"{BARE}.A01", f"{BARE}.A01"),
        ),
    ],
)
def test_a_place_says_how_its_area_is_known(
    given: dict[str, Any], expected: tuple[str, str | None, str | None]
) -> None:
    assert position(**given) == expected


def test_registers_and_deliveries_make_one_list_that_keeps_its_contract() -> None:
    places = gather_places(
        libraries(("IT-1", DRAWN, 10.5, 45.5), ("IT-2", BARE, None, None)),
        schools(("S1", DRAWN, "SCUOLA INFANZIA"), ("S2", BARE, "LICEO CLASSICO")),
        delivered({"place_id": "1"}),
    )
    published = conform(rows_of(places), load_contracts("mart")["presidio"])
    assert published["presidio_id"].to_list() == [
        "consegna.1",
        "iccu_biblioteche.IT-1",
        "iccu_biblioteche.IT-2",
        "mim_scuole.S1",
        "mim_scuole.S2",
    ]


def test_a_list_handed_in_takes_the_place_of_the_register_in_that_city_only() -> None:
    places = gather_places(
        libraries(("IT-1", DRAWN, 10.5, 45.5), ("IT-2", BARE, None, None)),
        schools(("S1", DRAWN, "SCUOLA INFANZIA")),
        delivered({"place_id": "1", "kind": "biblioteca"}),
    )
    assert places["place_id"].to_list() == [
        "consegna.1",
        "iccu_biblioteche.IT-2",
        "mim_scuole.S1",
    ]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("SCUOLA INFANZIA NON STATALE", "scuola_infanzia"),
        ("SCUOLA PRIMARIA", "scuola_primaria"),
        ("SCUOLA PRIMO GRADO", "scuola_secondaria_primo_grado"),
        ("SCUOLA SEC. PRIMO GRADO NON STATALE", "scuola_secondaria_primo_grado"),
        ("SCUOLA SEC. SECONDO GRADO NON STATALE", "scuola_secondaria_secondo_grado"),
        ("IST PROF INDUSTRIA E ARTIGIANATO", "scuola_secondaria_secondo_grado"),
        ("LICEO ARTISTICO", "scuola_secondaria_secondo_grado"),
        ("SCUOLA DI VOLO", "scuola_di_altro_tipo"),
    ],
)
def test_schools_keep_their_grade(told: str, kind: str) -> None:
    places = gather_places(libraries(), schools(("S1", DRAWN, told)), delivered())
    assert places["kind"].to_list() == [kind]


def test_offices_without_pupils_are_no_place() -> None:
    register = schools(("S1", DRAWN, "ISTITUTO COMPRENSIVO"), ("S2", DRAWN, "ISTITUTO SUPERIORE"))
    assert gather_places(libraries(), register, delivered()).is_empty()


def test_the_order_of_the_rows_changes_nothing() -> None:
    given = libraries(*((f"IT-{k}", DRAWN, 9.5 + k / 2, 45.5) for k in range(6)))
    handed = delivered({"place_id": "1"}, {"place_id": "2", "area_id": f"{DRAWN}.Q02"})
    straight = rows_of(gather_places(given, schools(), handed))
    turned = rows_of(gather_places(given.reverse(), schools(), handed.reverse()))
    assert_frame_equal(straight, turned)
