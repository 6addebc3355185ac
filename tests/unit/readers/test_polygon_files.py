"""Polygons out of geographic files: three producers' columns, archives and what is refused."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from will_pipeline.errors import SourceFault
from will_pipeline.readers.polygon_files import read_polygons, section_polygons

SQUARE = shapely.box(10.3, 44.8, 10.4, 44.9)


def geojson(**properties: object) -> bytes:
    feature = {
        "type": "Feature",
        "properties": properties,
        "geometry": json.loads(shapely.to_geojson(SQUARE)),
    }
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


def shapefile(folder: Path, *names: str, without: str = "") -> bytes:
    """Archive of shapefiles in a folder of its own, as producers pack them."""
    frame = gpd.GeoDataFrame(
        {
            "PRO_COM": [34027], "SEZ21_ID": [340270000005], "COM_ASC1": [34027004],
            "COM_ASC2": [0], "POP21": [12.0], "FAM21": [7],
        },
        geometry=[shapely.box(600_000, 4_960_000, 600_100, 4_960_100)],
        crs="EPSG:32632",
    )  # fmt: skip
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            frame.to_file(folder / f"{name}.shp")
        for path in sorted(folder.iterdir()):
            if path.suffix != without:
                archive.write(path, f"R08_21/SHP/{path.name}")
    return packed.getvalue()


@pytest.mark.parametrize("variables", [{"P1": 12, "PF1": 7}, '{"P1": 12, "PF1": 7}'])
def test_the_geojson_with_variables_inside_is_read(variables: object) -> None:
    content = geojson(id="340270000005", sez="5", asc1="34027004", asc2=None, vars=variables)
    [row] = section_polygons("034027.geojson", content).to_dicts()
    assert (row["section_id"], row["pro_com"], row["edition"]) == (
        "0340270000005",
        "034027",
        "2021",
    )
    assert (row["asc1"], row["asc2"], row["residents"], row["households"]) == (4, None, 12, 7)


def test_an_empty_section_has_no_counts_rather_than_zero() -> None:
    [row] = section_polygons("a.geojson", geojson(id="340270000005", vars={})).to_dicts()
    assert row["residents"] is None


def test_a_zipped_shapefile_is_found_in_its_folder(tmp_path: Path) -> None:
    [row] = section_polygons("R08_21.zip", shapefile(tmp_path, "R08_21_WGS84")).to_dicts()
    assert (row["asc1"], row["asc2"], row["residents"], row["ace"]) == (4, None, 12, None)
    shape = shapely.from_wkb(row["geom_wkb"])
    assert 10 < shape.bounds[0] < 11
    assert 44 < shape.bounds[1] < 45


def test_sections_that_are_no_place_are_marked() -> None:
    for number, apart in ((8_888_881, True), (9_999_999, True), (8_888_880, False)):
        content = geojson(SEZ2011=340270000000 + number)
        assert section_polygons("a.geojson", content)["fictitious"].to_list() == [apart]


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("a.kml", b"x", "il formato non è ammesso"),
        ("a.gpkg", b"<html>", "il file geografico non si legge"),
        ("a.zip", b"PK\x03\x04", "l'archivio è rovinato"),
        ("a.geojson", geojson(altro=1), "manca il codice della sezione"),
        ("a.geojson", geojson(SEZ2011=None), "riga 1, colonna SEZ2011: manca il codice"),
        ("a.geojson", geojson(SEZ2011="x1"), "un valore non è un numero intero"),
        ("a.geojson", geojson(SEZ2011=340270000001, ACE=1.5), "colonna ACE: un valore non è"),
    ],
)
def test_what_cannot_be_read_is_told(name: str, content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        section_polygons(name, content)


def test_an_archive_has_one_shapefile_with_its_reference_system(tmp_path: Path) -> None:
    with pytest.raises(SourceFault, match="un solo shapefile, ne ha 2"):
        read_polygons("a.zip", shapefile(tmp_path, "uno", "due"))
    bare = tmp_path / "bare"
    bare.mkdir()
    with pytest.raises(SourceFault, match="non dice il sistema di riferimento"):
        read_polygons("a.zip", shapefile(bare, "uno", without=".prj"))
