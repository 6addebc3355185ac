"""Places: which sources make the list, and how the area of each is known."""

import runpy
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.needs.place_quality import place_quality_rows
from will_pipeline.needs.places import (
    drawn_areas,
    gather_places,
    geocoded_places,
    place_areas,
    place_rows,
    with_positions,
)

TOWN = runpy.run_path(str(Path(__file__).with_name("places_of_a_town.py")))
DRAWN, BARE = TOWN["DRAWN"], TOWN["BARE"]
POSITIONS = TOWN["positions"]()
libraries, schools, delivered = TOWN["libraries"], TOWN["schools"], TOWN["delivered"]


def rows_of(places: pl.DataFrame) -> pl.DataFrame:
    drawn = drawn_areas(TOWN["areas"](), TOWN["outlines"]())
    known = with_positions(places, POSITIONS) if "located_by" not in places.columns else places
    return place_rows(known, place_areas(known, drawn, TOWN["CRS"]))


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
        ({"lon": 10.5, "lat": 46.0003}, ("vicino_a_un_area", f"{DRAWN}.Q01", None)),
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


def civic_numbers() -> pl.DataFrame:
    rows = [
        (DRAWN, "VIA ROMA", 1, None, 11.5, 45.5, "observed"),
        (DRAWN, "VIA PO", 2, None, None, None, "missing"),
    ]
    columns = ["pro_com", "street", "number", "exponent", "longitude", "latitude", "coordinates"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def test_an_address_of_a_school_gives_it_an_area_and_says_so() -> None:
    places = gather_places(
        libraries(("IT-1", DRAWN, 10.5, 45.5)),
        schools(("S1", DRAWN, "LICEO CLASSICO"), ("S2", BARE, "LICEO CLASSICO")),
        delivered({"place_id": "1", "address": "Via Po 2"}),
    )
    found = geocoded_places(places, civic_numbers())
    # A city that the archive does not speak of is not looked up, and a library has its own.
    assert found.select("place_id", "outcome", "lon").rows() == [
        ("consegna.1", "strada_ignota", None),
        ("mim_scuole.S1", "civico", 11.5),
    ]
    known = with_positions(places, found)
    published = {row["presidio_id"]: row for row in rows_of(known).iter_rows(named=True)}
    assert published["mim_scuole.S1"]["area_id"] == f"{DRAWN}.Q02"
    told = {name: (row["coordinate"], row["posizione"]) for name, row in published.items()}
    assert told == {
        "consegna.1": ("nessuna", "senza_coordinate"),
        "iccu_biblioteche.IT-1": ("fonte", "nell_area"),
        "mim_scuole.S1": ("civico", "nell_area"),
        "mim_scuole.S2": ("nessuna", "senza_coordinate"),
    }


def test_the_quality_of_places_counts_every_one_of_them() -> None:
    places = gather_places(
        libraries(*((f"IT-{k}", DRAWN, 9.5 + k / 2, 45.5) for k in range(4))),
        schools(("S1", DRAWN, "LICEO CLASSICO")),
        delivered(),
    )
    found = geocoded_places(places, civic_numbers())
    known = with_positions(places, found)
    drawn = drawn_areas(TOWN["areas"](), TOWN["outlines"]())
    rows = place_quality_rows(known, found, place_areas(known, drawn, TOWN["CRS"]))
    conform(rows, load_contracts("mart")["qualita_presidi"])
    told = {row[1:4]: row[4:] for row in rows.rows()}
    assert told["iccu_biblioteche", "punto_quartiere", "fuori"] == (1, 25.0)
    assert told["iccu_biblioteche", "punto_quartiere", "dentro"] == (3, 75.0)
    assert told["mim_scuole", "indirizzo", "civico"] == (1, 100.0)
    assert told["mim_scuole", "coordinate", "civico"] == (1, 100.0)


def test_an_archive_of_civic_numbers_not_downloaded_changes_nothing() -> None:
    places = gather_places(libraries(), schools(("S1", DRAWN, "LICEO CLASSICO")), delivered())
    assert geocoded_places(places, civic_numbers().clear()).is_empty()
    assert with_positions(places, POSITIONS)["located_by"].to_list() == ["nessuna"]


def test_a_pharmacy_outside_the_country_has_no_place() -> None:
    register = pl.DataFrame(
        {
            "pharmacy_code": ["1", "2"],
            "pro_com": [DRAWN, DRAWN],
            "name": ["Uno", "Due"],
            "address": [None, "Via Roma 1"],
            "longitude": [10.5, 45.0],
            "latitude": [45.5, 10.0],
            "coordinates": ["observed", "outside"],
        },
        schema_overrides={"address": pl.String},
    )
    places = gather_places(libraries(), schools(), delivered(), register)
    assert places.select("place_id", "kind", "lon").rows() == [
        ("salute_farmacie.1", "farmacia", 10.5),
        ("salute_farmacie.2", "farmacia", None),
    ]
    assert geocoded_places(places, civic_numbers())["outcome"].to_list() == ["civico"]
