"""Files beside the mart: what each program reads back, and the list of their checksums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import frictionless
import geopandas
import odfdo
import openpyxl
import polars as pl
import pyogrio
import pytest
import shapely
from polars.testing import assert_frame_equal

from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.mart.database import DATABASE_FILE, write_database
from will_pipeline.mart.exports import (
    CHECKSUM_FILE,
    write_checksums,
    write_exports,
    write_files,
)
from will_pipeline.mart.plain_text import write_excel_csv, write_formal_csv
from will_pipeline.mart.spreadsheets import Sheet, write_ods, write_xlsx

Tables = Mapping[str, pl.DataFrame]
HOSTILE = ['=HYPERLINK("https://evil.example")', "+1", "-1", "@SUM(A1)", "\t=1", "<img onerror>"]
CITY = "034027.C"
NOON = datetime(2026, 11, 24, 12)


@pytest.fixture(scope="session")
def placed(tables: Tables) -> Tables:
    """The tables of the town, its municipality with a true boundary."""
    square = shapely.to_wkb(shapely.box(10.2, 44.7, 10.4, 44.9))
    shapes = tables["area_geometria"].with_columns(
        geom_wkb=pl.when(pl.col("area_id") == CITY).then(pl.lit(square)),
        schematica=pl.col("area_id") != CITY,
    )
    return {**tables, "area_geometria": shapes}


@pytest.fixture(scope="session")
def made(
    tmp_path_factory: pytest.TempPathFactory,
    placed: Tables,
    contracts: dict[str, TableContract],
    views: dict[str, ViewContract],
) -> tuple[Path, Path]:
    """Two folders with the files of the same tables."""
    folders = (tmp_path_factory.mktemp("uno"), tmp_path_factory.mktemp("due"))
    for folder in folders:
        write_database(folder / DATABASE_FILE, placed, contracts, views)
        write_exports(folder, placed, contracts=contracts, views=views)
    return folders


def test_facts_read_back_the_same_from_both_files(made: tuple[Path, Path], placed: Tables) -> None:
    facts = placed["fatto_indicatore"]
    assert_frame_equal(pl.read_parquet(made[0] / "fatto_indicatore.parquet"), facts)
    plain = pl.read_csv(made[0] / "fatto_indicatore.csv", schema=facts.schema)
    assert_frame_equal(plain, facts)


def test_the_same_tables_make_the_same_bytes(made: tuple[Path, Path]) -> None:
    files = [{file.name: file for file in folder.iterdir()} for folder in made]
    assert set(files[0]) == set(files[1])
    assert len(files[0]) > 10
    for name in set(files[0]) - {DATABASE_FILE}:
        assert files[0][name].read_bytes() == files[1][name].read_bytes(), name


def test_the_wide_table_is_the_same_in_every_workbook(made: tuple[Path, Path]) -> None:
    plain = pl.read_csv(made[0] / "aree_larga.csv", schema_overrides={"pro_com": pl.String})
    book = openpyxl.load_workbook(made[0] / "aree_larga.xlsx")
    assert book.sheetnames == ["Leggimi", "Dati", "Dizionario", "Fonti"]
    rows = [[cell.value for cell in row] for row in book["Dati"].iter_rows()]
    assert rows[0] == plain.columns
    assert [tuple(row) for row in rows[1:]] == plain.rows()
    open_document = odfdo.Document(made[0] / "aree_larga.ods")
    table = open_document.body.get_table(name="Dati")
    assert [
        tuple(float(value) if isinstance(value, Decimal) else value for value in row)
        for row in table.get_values()[1:]
    ] == plain.rows()


def test_codes_stay_texts_with_their_zeros(made: tuple[Path, Path]) -> None:
    book = openpyxl.load_workbook(made[0] / "aree_larga.xlsx")
    headings, first = (tuple(cell.value for cell in row) for row in book["Dati"]["A1:V2"])
    assert dict(zip(headings, first, strict=True))["pro_com"] == "034027"


def test_areas_with_a_boundary_open_in_a_geographic_program(made: tuple[Path, Path]) -> None:
    for name in ("aree.gpkg", "aree.parquet"):
        path = made[0] / name
        areas = geopandas.read_parquet(path) if path.suffix == ".parquet" else None
        areas = pyogrio.read_dataframe(path) if areas is None else areas
        assert areas["area_id"].tolist() == [CITY]
        assert areas.crs.to_string() == "EPSG:4326"
        assert areas.geometry.is_valid.all()
        assert areas.total_bounds.tolist() == [10.2, 44.7, 10.4, 44.9]


def test_the_package_names_every_text_file_with_size_and_checksum(made: tuple[Path, Path]) -> None:
    package = json.loads((made[0] / "datapackage.json").read_text("utf-8"))
    assert package["version"] == "2026.11.1"
    assert {each["path"] for each in package["resources"]} == {
        "fatto_indicatore.csv", "aree_larga.csv",
    }  # fmt: skip
    for resource in package["resources"]:
        content = (made[0] / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        names = [field["name"] for field in resource["schema"]["fields"]]
        assert names == content.decode().splitlines()[0].split(",")


def test_every_column_of_the_dictionary_is_on_its_page(
    made: tuple[Path, Path], placed: Tables
) -> None:
    page = (made[0] / "DIZIONARIO.md").read_text("utf-8")
    for row in placed["dizionario"].iter_rows(named=True):
        assert f"| `{row['colonna']}` | {row['tipo']}" in page
    assert "Fonte: Ente" in (made[0] / "ATTRIBUZIONI.md").read_text("utf-8")


def test_no_text_is_ever_a_formula(tmp_path: Path) -> None:
    frame = pl.DataFrame({"testo": HOSTILE, "numero": [-1.5] * len(HOSTILE)})
    write_formal_csv(tmp_path / "a.csv", frame)
    back = pl.read_csv(tmp_path / "a.csv")
    assert back["numero"].to_list() == [-1.5] * len(HOSTILE)
    assert back["testo"].to_list() == [f"'{text}" for text in HOSTILE[:-1]] + HOSTILE[-1:]
    sheets = [Sheet.of("Dati", frame)]
    write_xlsx(tmp_path / "a.xlsx", sheets, title="=1", made_at=NOON)
    cells = [row[0] for row in openpyxl.load_workbook(tmp_path / "a.xlsx")["Dati"].iter_rows()]
    assert [cell.value for cell in cells[1:]] == HOSTILE
    assert {cell.data_type for cell in cells} == {"s"}
    write_ods(tmp_path / "a.ods", sheets, title="=1", made_at=NOON)
    table = odfdo.Document(tmp_path / "a.ods").body.get_table(name="Dati")
    assert all(cell.formula is None for row in table.rows for cell in row.cells)


def test_italian_excel_gets_commas_and_words(tmp_path: Path) -> None:
    frame = pl.DataFrame({"area_id": ["Q1"], "indice": [1234.5], "vero": [True], "nulla": [None]})
    write_excel_csv(tmp_path / "a.csv", frame, {name: name.upper() for name in frame.columns})
    assert (tmp_path / "a.csv").read_bytes() == (
        b"\xef\xbb\xbfAREA_ID;INDICE;VERO;NULLA\nQ1;1234,5;s\xc3\xac;\n"
    )


def test_every_file_but_the_list_is_in_the_list_in_order(tmp_path: Path) -> None:
    write_files(tmp_path, {"b/c.html": b"<p>", "a.txt": b"x", "b/a b.txt": b""})
    listed = write_checksums(tmp_path)
    assert listed.name == CHECKSUM_FILE
    again = write_checksums(tmp_path).read_text()
    assert again == (
        f"{hashlib.sha256(b'x').hexdigest()}  a.txt\n"
        f"{hashlib.sha256(b'').hexdigest()}  b/a b.txt\n"
        f"{hashlib.sha256(b'<p>').hexdigest()}  b/c.html\n"
    )


def test_the_package_and_its_files_are_valid(made: tuple[Path, Path]) -> None:
    report = frictionless.Package(str(made[0] / "datapackage.json")).validate()
    assert report.flatten(["message"]) == []
    assert report.stats["tasks"] == 2
