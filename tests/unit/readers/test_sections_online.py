"""Sections of 2011 added up and dissolved; what does not add up or fit is refused by name."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
import shapely

from tests.replica.formats import shapefile
from will_pipeline.errors import SourceFault
from will_pipeline.readers.sections_online import (
    census_areas,
    dissolved_areas,
    municipalities,
    populated_sections,
    sub_municipal_areas,
)

PLACE = "8;Emilia-Romagna;34;Parma;27;Parma;34027"
OTHER = "8;Emilia-Romagna;35;Forlì-Cesena;33;Reggio nell’Emilia;35033"
HEADER = "CODREG;REGIONE;CODPRO;PROVINCIA;CODCOM;COMUNE;PROCOM;SEZ2011;NSEZ;ACE;CODLOC;CODASC;P1;P2"
SECTIONS = [
    f"{PLACE};340270000001;1;0;10001;1;10;4",
    f"{PLACE};340270000002;2;1;10001;1;20;9",
    f"{PLACE};340278888881;8888881;1;10001;2;5;5",
    f"{OTHER};350330000001;1;3;10001;;7;3",
]
PARTS = [
    "CODREG;REGIONE;CODPRO;PROVINCIA;CODCOM;COMUNE;PROCOM;CODASC;NOMEASC;TIPOASC;P1;P2",
    f"{PLACE};1;Centro;Quartiere;30;13",
    f"{PLACE};2;Oltretorrente;Quartiere;5;5",
]
CORNER = np.array([600_000.0, 4_960_000.0])
BOTH = ["034027", "035033"]


def files(
    sections: list[str] = SECTIONS, parts: list[str] = PARTS, encoding: str = "cp1252"
) -> dict[str, bytes]:
    text = "\r\n".join([HEADER, *sections, ""])
    return {
        "x/r08_sezioni.csv": text.encode(encoding),
        "x/r08_aree_sub_comunali.csv": "\r\n".join([*parts, ""]).encode("cp1252"),
    }


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
def test_sections_add_up_to_census_areas_the_fictitious_ones_too(encoding: str) -> None:
    found = census_areas(files(encoding=encoding), cities=BOTH)
    assert found.select("pro_com", "ace", "P1", "P2").rows() == [
        ("034027", 0, 10, 4),
        ("034027", 1, 25, 14),
        ("035033", 3, 7, 3),
    ]
    assert found["comune"][2] == "Reggio nell’Emilia"


def test_only_the_cities_asked_for_are_kept() -> None:
    assert census_areas(files(), cities=["035033"])["pro_com"].to_list() == ["035033"]


def test_sub_municipal_areas_are_those_published_when_sections_agree() -> None:
    found = sub_municipal_areas(files(), cities=BOTH)
    assert found.select("asc_code", "asc_name", "P1").rows() == [
        (1, "Centro", 30),
        (2, "Oltretorrente", 5),
    ]


def test_sections_that_do_not_add_up_to_their_area_are_refused_by_name() -> None:
    wrong = [SECTIONS[0].replace(";10;4", ";11;4"), *SECTIONS[1:]]
    with pytest.raises(SourceFault, match="area 1, variabile P1: le sezioni sommano 31, l'area 30"):
        sub_municipal_areas(files(wrong), cities=BOTH)


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ([*SECTIONS, SECTIONS[0]], "sezione 340270000001: sezione ripetuta"),
        (SECTIONS[:3], "nessuna sezione per i comuni 035033"),
        ([SECTIONS[0].replace(";10;4", ";10,5;4"), *SECTIONS[1:]], "non è un numero intero"),
        ([SECTIONS[0].replace(";10;4", ";;4"), *SECTIONS[1:]], "manca un conteggio"),
        ([SECTIONS[0].replace(";1;0;", ";1;;"), *SECTIONS[1:]], "manca un conteggio"),
    ],
)
def test_what_is_wrong_in_the_sections_is_named(sections: list[str], told: str) -> None:
    with pytest.raises(SourceFault, match=told):
        census_areas(files(sections), cities=BOTH)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace("PROCOM", "PRO_COM"), "manca la colonna PROCOM"),
        (lambda text: text.replace(";P2", ";Q2"), "'Q2' non è una variabile"),
    ],
)
def test_another_header_is_refused(change: Callable[[str], str], told: str) -> None:
    changed = files()
    name = "x/r08_sezioni.csv"
    changed[name] = change(changed[name].decode("cp1252")).encode("cp1252")
    with pytest.raises(SourceFault, match=told):
        census_areas(changed, cities=BOTH)


def drawn(polygons: list[shapely.Geometry] | None = None) -> dict[str, bytes]:
    """Six square sections of Parma in a row, of 400 metres; the two halves are two areas."""
    squares = [shapely.box(400 * n, 0, 400 * (n + 1), 400) for n in range(6)]
    shapes = squares if polygons is None else polygons
    numbers = range(len(shapes))
    columns = {
        "PRO_COM": [34027] * len(shapes),
        "SEZ2011": [340270000001.0 + n for n in numbers],
        "COM_ASC": [34027001.0 + (n >= 3) for n in numbers],
        "ACE": [float(n >= 3) for n in numbers],
    }
    moved = [shapely.transform(each, lambda p: p + CORNER) for each in shapes]
    return {
        f"basi/r08/{name}": content
        for name, content in shapefile("sezioni", columns, np.array(moved)).items()
    }


def test_sections_dissolve_into_both_levels_and_into_the_town() -> None:
    found = dissolved_areas(drawn(), cities=["034027"])
    assert found.select("level", "code", "sections").rows() == [
        ("ace", 0, 3),
        ("ace", 1, 3),
        ("asc", 1, 3),
        ("asc", 2, 3),
    ]
    assert found["area_km2"].to_list() == pytest.approx([0.48] * 4)
    whole = municipalities(drawn() | files(), cities=["034027"])
    assert whole.select("pro_com", "name").rows() == [("034027", "Parma")]
    assert whole["area_km2"][0] == pytest.approx(0.96)


def test_an_invalid_polygon_is_mended_where_its_surface_stays() -> None:
    squares = [shapely.box(400 * n, 0, 400 * (n + 1), 400) for n in range(6)]
    spike = shapely.Polygon(
        [(0, 0), (0, 400), (200, 400), (200, 600), (200, 400), (400, 400), (400, 0)]
    )
    assert not spike.is_valid
    found = dissolved_areas(drawn([spike, *squares[1:]]), cities=["034027"])
    assert found["area_km2"].to_list() == pytest.approx([0.48] * 4)


def test_sections_that_overlap_are_refused() -> None:
    squares = [shapely.box(400 * n - 20, 0, 400 * (n + 1), 400) for n in range(6)]
    with pytest.raises(SourceFault, match="non combacia con le vicine"):
        dissolved_areas(drawn(squares), cities=["034027"])


@pytest.mark.parametrize("suffix", [".prj", ".dbf"])
def test_a_shapefile_without_a_part_is_refused(suffix: str) -> None:
    cut = {name: content for name, content in drawn().items() if not name.endswith(suffix)}
    with pytest.raises(SourceFault, match=r"sistema di riferimento|colonna assente"):
        dissolved_areas(cut, cities=["034027"])


def test_a_town_without_polygons_is_named() -> None:
    with pytest.raises(SourceFault, match="comune 035033"):
        dissolved_areas(drawn(), cities=BOTH)


def test_the_figures_are_those_of_a_plain_sum() -> None:
    frame = pl.read_csv(io.BytesIO(files()["x/r08_sezioni.csv"]), separator=";", encoding="cp1252")
    assert census_areas(files(), cities=BOTH)["P1"].sum() == frame["P1"].sum()


def test_residents_stand_on_the_polygon_of_their_section() -> None:
    found = populated_sections(drawn() | files(), cities=["034027"])
    assert found.select("section_id", "ace", "asc", "residents").rows() == [
        (f"034027000000{number}", number > 3, 1 + (number > 3), residents)
        for number, residents in zip(range(1, 7), (10, 20, 0, 0, 0, 0), strict=True)
    ]
