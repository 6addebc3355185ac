"""AgID's GeoJSON of a city: shapes made valid, uninhabited sections told, zeros kept in codes."""

import json
from typing import Any

import pytest
import shapely

from will_pipeline.errors import SourceFault
from will_pipeline.readers.agid_census import sections
from will_pipeline.readers.census_layouts import codes

NAME = "003106.geojson"


def square(west: float, south: float, side: float = 0.01) -> list[list[float]]:
    east, north = west + side, south + side
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def feature(
    number: int, *rings: list[list[float]], town: int = 3106, **more: Any
) -> dict[str, Any]:
    properties = {"id": town * 10_000_000 + number, "sez": number, "tipo_loc": "Case sparse",
                  "loc_id": 1, "asc1": 0, "asc2": 0, "asc3": 0, "area_mq": 1200.5,
                  "vars": dict.fromkeys(codes(2023), number)}  # fmt: skip
    shape = {"type": "Polygon", "coordinates": list(rings) or [square(8.6 + number / 100, 45.4)]}
    return {"type": "Feature", "properties": properties | more, "geometry": shape}


def collection(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def test_reads_sections_with_all_127_variables() -> None:
    content = collection(feature(2, asc1=3106004), feature(1, vars={}), feature(8_888_888))
    table = sections({NAME: content}, cities=["003106"])
    shown = table.select("section_id", "is_fictitious", "has_counts", "asc1", "EM3").rows()
    assert shown == [
        ("0031060000001", False, False, None, None),
        ("0031060000002", False, True, 4, 2),
        ("0031068888888", True, True, None, 8_888_888),
    ]
    assert len(codes(2023)) == 127
    assert not table["repaired"].any()
    assert table["area_m2"].to_list() == [1200.5] * 3


def test_parts_written_as_rings_of_one_polygon_become_two_polygons() -> None:
    content = collection(feature(1, square(8.60, 45.40), square(8.70, 45.40)))
    row = sections({NAME: content}).row(0, named=True)
    shape = shapely.from_wkb(row["geometry_wkb"])
    assert row["repaired"]
    assert shape.geom_type == "MultiPolygon"
    assert shape.is_valid
    assert shape.area == pytest.approx(2 * 0.01**2)


def test_a_real_hole_stays_a_hole() -> None:
    content = collection(feature(1, square(8.6, 45.4, 0.03), square(8.61, 45.41, 0.01)))
    row = sections({NAME: content}).row(0, named=True)
    assert not row["repaired"]
    assert shapely.from_wkb(row["geometry_wkb"]).area == pytest.approx(0.03**2 - 0.01**2)


def test_a_missing_variable_is_not_zero() -> None:
    table = sections({NAME: collection(feature(1, vars={"P1": 3, "P2": None}))})
    assert table.select("has_counts", "P1", "P2", "P3").rows() == [(True, 3, None, None)]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"<!DOCTYPE html><p>404", "pagina web"),
        (collection(feature(1))[:-9], "il file non è JSON o è troncato"),
        (b'{"type": "FeatureCollection", "features": []}', "nessuna sezione"),
        (collection(feature(1, vars={})), "nessuna variabile"),
        (collection(feature(1), feature(1)), "la sezione è ripetuta"),
        (collection(feature(1, id=None)), "elemento 1, campo id: manca il codice"),
        (collection(feature(1, town=34027)), "la sezione è del comune 034027"),
        (collection(feature(1, asc1=34027001)), "asc1: l'area non è del comune"),
        (collection(feature(1, vars={"P1": "1.234"})), "P1: il valore '1.234' non è un numero"),
        (collection(feature(1, vars={"P1": -1})), "P1: un conteggio è negativo"),
        (collection(feature(1, vars={"Q9": 1})), "variabile sconosciuta: Q9"),
        (collection(feature(1) | {"geometry": None}), "non è un poligono"),
        (
            collection(feature(1) | {"geometry": {"type": "Point", "coordinates": [8.6, 45]}}),
            "non è un poligono",
        ),
        (collection(feature(1, square(8.6, 45.4, 0.0))), "il poligono non si può riparare"),
    ],
)
def test_refuses_a_broken_file(content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        sections({NAME: content})


def test_knows_the_city_from_either_form_of_the_name() -> None:
    assert sections({"c003106.geojson": collection(feature(1))}).height == 1
    with pytest.raises(SourceFault, match="la sezione è del comune 003106"):
        sections({"c034027.geojson": collection(feature(1))})
