"""The catalogue of products: every entry has its reader, archives are opened for those who need."""

import inspect
from pathlib import Path

import pytest

from tests.unit.readers.census_tables import KEYS, as_csv, section, zipped
from tests.unit.readers.test_agid_census import collection, feature
from tests.unit.readers.test_mef_irpef import of_year
from will_pipeline.errors import SourceFault
from will_pipeline.readers.catalogue import PRODUCTS, product, read, reader_of
from will_pipeline.readers.census_layouts import codes
from will_pipeline.sources.live import EXTENSIONS

LATER = {"json"}
"""Formats that live sources do not have yet."""


@pytest.mark.parametrize("name", PRODUCTS)
def test_every_product_has_a_reader_of_files_by_name(name: str) -> None:
    found = PRODUCTS[name]
    parameters = inspect.signature(reader_of(found)).parameters
    assert next(iter(parameters)) == "files"
    assert set(found.options or {}) <= set(parameters)
    assert set(found.formats) <= set(EXTENSIONS) | LATER


def test_opens_an_archive_for_a_reader_of_plain_files(tmp_path: Path) -> None:
    path = tmp_path / "0123abcd.zip"
    path.write_bytes(zipped({"Redditi_2010.csv": of_year(2010), "leggimi.txt": b"a"}))
    table = read(
        "mef_irpef_comuni", {"Redditi_2010.zip": path}, source="mef", live_format="csv_zip"
    )
    assert set(table["year"]) == {2010}


def test_gives_an_archive_on_disk_to_a_reader_that_opens_it(tmp_path: Path) -> None:
    rows = as_csv([section(2011, 1, P1=3)], [*KEYS[2011], *codes(2011)])
    path = tmp_path / "dati.zip"
    path.write_bytes(zipped({"R08_indicatori_2011_sezioni.csv": rows}))
    table = read(
        "istat_sezioni_2011",
        {"dati.zip": path},
        source="s",
        live_format="csv_zip",
        cities=["034027"],
    )
    assert table["P1"].to_list() == [3]


def test_gives_bytes_to_a_reader_of_bytes(tmp_path: Path) -> None:
    path = tmp_path / "0a1b"
    path.write_bytes(collection(feature(1)))
    table = read(
        "agid_censimento_citta", {"003106.geojson": path}, source="a", live_format="geojson"
    )
    assert table["pro_com"].to_list() == ["003106"]


def test_refuses_an_unknown_product_and_another_format() -> None:
    with pytest.raises(SourceFault, match=r"campo live\.product: il prodotto 'x' non è"):
        product("x", "prova")
    with pytest.raises(SourceFault, match="'istat_posas' non si legge da geojson"):
        read("istat_posas", {}, source="prova", live_format="geojson")
