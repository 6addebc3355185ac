"""Boundaries: squares of known area come out whole, wrong geometry is refused and named."""

import io
import json
from typing import Any

import geopandas as gpd
import polars as pl
import pytest
import shapely

from will_pipeline.errors import SourceFault
from will_pipeline.readers.istat_boundaries import dissolved_areas, municipalities

SQUARE = {"type": "Polygon", "coordinates": [[[9, 45], [9.1, 45], [9.1, 45.1], [9, 45.1], [9, 45]]]}


def feature(**change: Any) -> dict[str, Any]:
    properties = {"com_istat_code": "016024", "name": "Bergamo"}
    return {"type": "Feature", "properties": properties, "geometry": SQUARE, **change}


def geojson(*features: Any, **change: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features, **change}).encode()


def sections(**change: Any) -> gpd.GeoDataFrame:
    """Four squares of 1 km2 in a row: asc 1, 1, 2, 2 and ace 0, 1, 1, 0."""
    columns: dict[str, Any] = {
        "SEZ2011": [340270000001 + place for place in range(4)],
        "PRO_COM": [34027] * 4,
        "COM_ASC": [34027001, 34027001, 34027002, 34027002],
        "ACE": [0, 1, 1, 0],
        "geometry": [
            shapely.box(600_000 + 1000 * place, 4_960_000, 601_000 + 1000 * place, 4_961_000)
            for place in range(4)
        ],
        **change,
    }
    return gpd.GeoDataFrame(columns, crs="EPSG:32632")


def geopackage(frame: gpd.GeoDataFrame) -> dict[str, bytes]:
    buffer = io.BytesIO()
    frame.to_file(buffer, driver="GPKG")
    return {"sezioni.gpkg": buffer.getvalue()}


def test_a_municipality_keeps_its_outline_and_gets_its_area() -> None:
    frame = municipalities({"comune.geojson": geojson(feature())})
    geometry = shapely.from_wkb(frame["geometry_wkb"][0])
    assert geometry.equals(shapely.from_geojson(json.dumps(SQUARE)))
    # Area of the cell on WGS 84 by the authalic formula (Snyder 1987, USGS Professional Paper
    # 1395, eq. 3-12): 87.548 km2; on the central meridian UTM shrinks it by 0.9996 squared.
    assert frame["area_km2"][0] == pytest.approx(87.548 * 0.9996**2, rel=1e-4)
    assert frame.row(0)[:2] == ("016024", "Bergamo")


@pytest.mark.parametrize(
    ("content", "where", "rule"),
    [
        (b"<html></html>", "", "non è un GeoJSON leggibile"),
        (b"[]", "", "il GeoJSON non è una FeatureCollection"),
        (geojson(), "campo features", "nessun elemento"),
        (geojson(["Bergamo"]), "elemento 1", "l'elemento non ha proprietà"),
        (
            geojson(feature(), crs={"properties": {"name": "urn:ogc:def:crs:EPSG::32632"}}),
            "campo crs",
            "le coordinate non sono in WGS 84",
        ),
        (
            geojson(feature(properties={"com_istat_code": 16024, "name": "Bergamo"})),
            "elemento 1, campo com_istat_code",
            "16024 non è un codice comunale di sei cifre",
        ),
        (
            geojson(feature(properties={"com_istat_code": "016024"})),
            "elemento 1, campo name",
            "nome assente",
        ),
        (geojson(feature(geometry=None)), "elemento 1", "geometria non leggibile"),
        (
            geojson(feature(geometry={"type": "Point", "coordinates": [9, 45]})),
            "elemento 1",
            "la geometria non è un poligono",
        ),
        (
            geojson(
                feature(
                    geometry={
                        "type": "Polygon",
                        "coordinates": [[[9, 45], [10, 46], [10, 45], [9, 46], [9, 45]]],
                    }
                )
            ),
            "elemento 1",
            "geometria vuota o non valida",
        ),
        (
            geojson(
                feature(
                    geometry={
                        "type": "Polygon",
                        "coordinates": [[[9e5, 45], [9e5, 46], [9.1e5, 46], [9e5, 45]]],
                    }
                )
            ),
            "elemento 1",
            "le coordinate non sono longitudine e latitudine",
        ),
        (geojson(feature(), feature()), "elemento 2", "comune 016024 ripetuto"),
    ],
)
def test_a_wrong_boundary_is_refused(content: bytes, where: str, rule: str) -> None:
    with pytest.raises(SourceFault) as caught:
        municipalities({"comune.geojson": content})
    assert (caught.value.file, caught.value.where) == ("comune.geojson", where)
    assert caught.value.rule == rule


def test_sections_dissolve_into_both_levels() -> None:
    frame = dissolved_areas(geopackage(sections()))
    assert frame.select("pro_com", "level", "code", "sections").rows() == [
        ("034027", "asc", 1, 2),
        ("034027", "asc", 2, 2),
        ("034027", "ace", 0, 2),
        ("034027", "ace", 1, 2),
    ]
    assert frame["area_km2"].to_list() == pytest.approx([2.0] * 4)
    ring, middle = shapely.from_wkb(frame["geometry_wkb"].to_list()[2:])
    assert (ring.geom_type, middle.geom_type) == ("MultiPolygon", "Polygon")
    assert shapely.area(shapely.intersection(ring, middle)) == 0


def test_same_bytes_whatever_the_order_of_the_sections() -> None:
    straight = dissolved_areas(geopackage(sections()))
    reverse = dissolved_areas(geopackage(sections().iloc[::-1]))
    key = ["level", "code"]
    assert straight.sort(key).equals(reverse.sort(key))


def test_simplification_keeps_neighbours_together() -> None:
    zigzag = [(601_000 + (3 if step % 2 else 0), 4_960_000 + 100 * step) for step in range(11)]
    west = shapely.Polygon([(600_000, 4_961_000), (600_000, 4_960_000), *zigzag])
    east = shapely.Polygon([(602_000, 4_961_000), (602_000, 4_960_000), *zigzag])
    frame = dissolved_areas(
        geopackage(sections()[:2].assign(COM_ASC=[34027001, 34027002], geometry=[west, east])),
        tolerance_m=50.0,
    )
    outlines = shapely.from_wkb(frame.filter(pl.col("level") == "asc")["geometry_wkb"].to_list())
    assert shapely.get_num_coordinates(outlines).max() < 8
    assert shapely.coverage_is_valid(outlines)


@pytest.mark.parametrize(
    ("frame", "where", "rule"),
    [
        (sections().drop(columns="ACE"), "colonna ACE", "colonna assente"),
        (sections().to_crs("EPSG:4326"), "", "il sistema di riferimento non è EPSG:32632"),
        (sections(ACE=["0", "1", "1", "0"]), "colonna ACE", "non sono numeri interi"),
        (sections(SEZ2011=[1, 2, 3, 3]), "sezione 3", "sezione ripetuta"),
        (
            sections().assign(geometry=[*sections().geometry[:3], None]),
            "sezione 340270000004",
            "geometria assente",
        ),
        (
            sections().assign(
                geometry=[
                    *sections().geometry[:3],
                    shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]),
                ]
            ),
            "sezione 340270000004",
            "geometria non valida",
        ),
        (
            sections().assign(
                geometry=[
                    *sections().geometry[:3],
                    shapely.box(602_900, 4_960_000, 604_000, 4_961_000),
                ]
            ),
            "sezione 340270000003",
            "la sezione non combacia con le vicine",
        ),
    ],
)
def test_wrong_sections_are_refused(frame: gpd.GeoDataFrame, where: str, rule: str) -> None:
    with pytest.raises(SourceFault) as caught:
        dissolved_areas(geopackage(frame))
    assert (caught.value.where, caught.value.rule) == (where, rule)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_geopackage_is_refused(share: float) -> None:
    whole = geopackage(sections())["sezioni.gpkg"]
    with pytest.raises(SourceFault, match="non è un GeoPackage leggibile"):
        dissolved_areas({"sezioni.gpkg": whole[: int(len(whole) * share)]})


def test_what_is_not_a_geopackage_is_refused() -> None:
    with pytest.raises(SourceFault, match=r"file sezioni\.gpkg: non è un GeoPackage leggibile"):
        dissolved_areas({"sezioni.gpkg": b"<html></html>"})
