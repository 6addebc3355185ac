"""Shapefiles read as arrays give the polygons that GDAL gives, or a clear fault."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon, box

from will_pipeline.errors import SourceFault
from will_pipeline.national.borders import common_borders
from will_pipeline.national.official import read_polygons

HOLED = Polygon(box(0, 0, 10, 10).exterior, [box(4, 4, 6, 6).exterior])
SHAPES = [HOLED, box(4, 4, 6, 6), MultiPolygon([box(20, 0, 30, 10), box(40, 0, 50, 10)])]


def write(path: Path, shapes: list, crs: str = "EPSG:32632", **columns: list) -> Path:
    rows = {
        "SEZ2011": [340270000001.0 + place for place in range(len(shapes))],
        "PRO_COM": [34027] * len(shapes),
        "ACE": [1] * len(shapes),
        **columns,
    }
    gpd.GeoDataFrame(rows, geometry=shapes, crs=crs).to_file(path)
    return path


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_holes_and_parts_are_those_of_gdal(tmp_path: Path, order: list[int]) -> None:
    identifiers = [340270000001.0 + place for place in order]
    path = write(tmp_path / "R08.shp", [SHAPES[place] for place in order], SEZ2011=identifiers)
    drawn = read_polygons(path)
    assert drawn.keys["section_id"].to_list() == [340270000001 + place for place in range(3)]
    assert shapely.equals(drawn.shapes, np.array(SHAPES, dtype=object)).all()
    found = common_borders(drawn.shapes, rings=drawn.rings)
    assert (found.first.tolist(), found.second.tolist()) == ([0], [1])
    assert found.metres.tolist() == [8.0]
    assert not found.mended.any()


def test_degrees_are_brought_to_metres(tmp_path: Path) -> None:
    path = write(tmp_path / "R08.shp", [box(9, 45, 9.001, 45.001)], crs="EPSG:4326")
    assert read_polygons(path).shapes[0].area == pytest.approx(8_760, rel=0.01)


def test_a_blank_area_is_missing_and_a_missing_section_is_a_fault(tmp_path: Path) -> None:
    path = write(tmp_path / "a.shp", SHAPES[:2], ACE=[1, None])
    assert read_polygons(path).keys["ace"].to_list() == [1, None]
    path = write(tmp_path / "b.shp", SHAPES[:2], SEZ2011=[340270000001, None])
    with pytest.raises(SourceFault, match="riga 2, colonna SEZ2011: manca il codice"):
        read_polygons(path)


def test_what_is_no_shapefile_of_polygons_is_a_fault(tmp_path: Path) -> None:
    torn = write(tmp_path / "torn.shp", SHAPES)
    torn.with_suffix(".dbf").write_bytes(b"x" * 40)
    with pytest.raises(SourceFault, match="attributi"):
        read_polygons(torn)
    short = write(tmp_path / "short.shp", SHAPES)
    short.write_bytes(short.read_bytes()[:150])
    with pytest.raises(SourceFault):
        read_polygons(short)
    with pytest.raises(SourceFault, match="leggibile"):
        read_polygons(tmp_path / "absent.shp")
    nowhere = write(tmp_path / "nowhere.shp", SHAPES)
    nowhere.with_suffix(".prj").unlink()
    with pytest.raises(SourceFault, match="sistema di riferimento"):
        read_polygons(nowhere)
    points = tmp_path / "points.shp"
    write(points, [box(0, 0, 1, 1).centroid])
    with pytest.raises(SourceFault, match="non è un poligono"):
        read_polygons(points)
