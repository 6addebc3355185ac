"""The layer of OpenStreetMap: files of its own with their licence, and nothing anywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import geopandas
import openpyxl
import polars as pl
import pytest

from will_pipeline.contracts.catalogue import load_contracts, load_views
from will_pipeline.mart.database import DATABASE_FILE, write_database
from will_pipeline.mart.exports import write_checksums, write_exports
from will_pipeline.mart.opening import open_mart
from will_pipeline.mart.osm_layer import KINDS, write_osm_layer
from will_pipeline.readers import osm_places

NOON = datetime(2026, 11, 24, 12)
NAMED = "Biblioteca Zanzottiana"


def rows() -> pl.DataFrame:
    common = {
        "pro_com": "034027",
        "street": None,
        "house_number": None,
        "postcode": None,
        "city": None,
    }
    return pl.DataFrame(
        [
            {"osm_id": "w7", "kind": "school", "name": None, "latitude": None, "longitude": None,
             "position": "missing", **common},
            {"osm_id": "n5", "kind": "library", "name": NAMED, "latitude": 44.8,
             "longitude": 10.33, "position": "observed", **common},
        ],
        schema=osm_places._SCHEMA,
    )  # fmt: skip


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, tables: Mapping[str, pl.DataFrame]) -> Path:
    """The mart and the files of a release that has places."""
    folder = tmp_path_factory.mktemp("rilascio")
    contracts, views = load_contracts("mart"), load_views()
    write_database(folder / DATABASE_FILE, tables, contracts, views)
    write_exports(folder, tables, contracts=contracts, views=views, osm_places=rows())
    write_checksums(folder)
    return folder


def test_every_kind_that_is_read_has_an_italian_name() -> None:
    assert set(KINDS) == set(osm_places.KINDS)


def test_places_are_read_back_and_one_without_a_position_is_in_the_table_alone(
    released: Path,
) -> None:
    table = pl.read_csv(
        released / "osm" / "presidi_osm.csv", schema_overrides={"pro_com": pl.String}
    )
    assert table.select("osm_id", "pro_com", "tipo", "lon", "posizione").rows() == [
        ("n5", "034027", "biblioteca", 10.33, "punto sulla mappa"),
        ("w7", "034027", "scuola", None, "non disponibile"),
    ]
    layer = geopandas.read_file(released / "osm" / "presidi_osm.gpkg")
    assert layer["osm_id"].to_list() == ["n5"]
    assert (layer.geometry.x[0], layer.geometry.y[0]) == (10.33, 44.8)
    assert layer.crs.to_epsg() == 4326


def test_the_layer_has_its_licence_beside_it(released: Path) -> None:
    told = (released / "osm" / "LICENZA.txt").read_text("utf-8")
    assert "ODbL 1.0" in told
    assert "© OpenStreetMap contributors" in told
    assert "osm/LICENZA.txt" in (released / "sha256sums.txt").read_text("utf-8")


def test_no_row_of_it_is_anywhere_else(released: Path) -> None:
    with open_mart(released) as mart:
        names = mart.sql("SELECT table_name FROM duckdb_tables()").pl()["table_name"].to_list()
        found = [name for name in names if NAMED in str(mart.sql(f'FROM main."{name}"').fetchall())]
    assert len(names) > 20
    assert found == []
    book = openpyxl.load_workbook(released / "aree_larga.xlsx", read_only=True)
    cells = {cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    book.close()
    assert NAMED not in cells
    plain = [file for file in released.rglob("*") if file.is_file() and file.parent.name != "osm"]
    assert [file.name for file in plain if NAMED.encode() in file.read_bytes()] == []


def test_without_places_there_is_no_file(tmp_path: Path) -> None:
    write_osm_layer(tmp_path, rows().clear(), made_at=NOON)
    assert list(tmp_path.iterdir()) == []


def test_the_same_places_make_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    for name, table in (("uno", rows()), ("due", rows().reverse())):
        write_osm_layer(tmp_path / name, table, made_at=NOON)
    files = sorted((tmp_path / "uno" / "osm").iterdir())
    assert [file.name for file in files] == ["LICENZA.txt", "presidi_osm.csv", "presidi_osm.gpkg"]
    for file in files:
        assert file.read_bytes() == (tmp_path / "due" / "osm" / file.name).read_bytes()
