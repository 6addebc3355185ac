"""Files beside the mart: what each program reads back, and the list of their checksums."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
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
from pmtiles.reader import MemorySource, Reader
from polars.testing import assert_frame_equal

from tests.mart.sections import grid
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
        write_exports(folder, placed, contracts=contracts, views=views, sections=grid())
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


def technical_names(book: openpyxl.Workbook) -> dict[str, str]:
    """Technical name of every heading, as the sheet Dizionario tells it."""
    rows = list(book["Dizionario"].iter_rows(min_row=2, values_only=True))
    names = {str(row[0]): str(row[1]) for row in rows}
    assert len(names) == len(rows), "two columns share a heading"
    return names


def test_the_wide_table_is_the_same_in_every_workbook(made: tuple[Path, Path]) -> None:
    plain = pl.read_csv(made[0] / "aree_larga.csv", schema_overrides={"pro_com": pl.String})
    book = openpyxl.load_workbook(made[0] / "aree_larga.xlsx")
    assert book.sheetnames == ["Leggimi", "Dati", "Dizionario", "Fonti"]
    rows = [[cell.value for cell in row] for row in book["Dati"].iter_rows()]
    names = technical_names(book)
    shown = plain.select(*(names[heading] for heading in rows[0]))
    assert sorted(shown.columns) == sorted(plain.columns)
    shown = shown.with_columns(
        in_graduatoria=pl.col("in_graduatoria").replace_strict({True: "sì", False: "no"})
    )
    assert [tuple(row) for row in rows[1:]] == shown.rows()
    open_document = odfdo.Document(made[0] / "aree_larga.ods")
    table = open_document.body.get_table(name="Dati")
    assert [
        tuple(float(value) if isinstance(value, Decimal) else value for value in row)
        for row in table.get_values()[1:]
    ] == shown.rows()


def test_codes_stay_texts_with_their_zeros(made: tuple[Path, Path]) -> None:
    book = openpyxl.load_workbook(made[0] / "aree_larga.xlsx")
    headings, first = (tuple(cell.value for cell in row) for row in book["Dati"]["A1:V2"])
    assert dict(zip(headings, first, strict=True))["Codice ISTAT del comune"] == "034027"


def test_the_workbook_is_laid_out_for_people_and_paper(made: tuple[Path, Path]) -> None:
    book = openpyxl.load_workbook(made[0] / "aree_larga.xlsx")
    data = book["Dati"]
    headings = [cell.value for cell in data[1]]
    assert headings[:2] == ["Nome del comune", "Nome dell'area"]
    assert not [heading for heading in headings if "_" in heading]
    assert {"TRUE", "FALSE", True, False}.isdisjoint(
        cell.value for row in data.iter_rows() for cell in row
    )
    assert data.freeze_panes == "C2"
    formats = {
        cell.value: below.number_format for cell, below in zip(data[1], data[2], strict=True)
    }
    assert formats["Residenti al censimento"] == "#,##0"
    assert formats["Giovani in bilico, estremo inferiore"] == "0.0"
    assert formats["Quota di simulazioni con questo profilo"] == "0%"
    for sheet in book:
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.print_area.endswith(f"${sheet.max_row}")
    assert data.page_setup.orientation == "landscape"


def test_the_facts_for_italian_excel_carry_names_words_and_sensible_decimals(
    made: tuple[Path, Path], placed: Tables
) -> None:
    plain = placed["fatto_indicatore"]
    text = (made[0] / "fatto_indicatore_excel_it.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert len(rows) == plain.height
    names = dict(placed["dim_area"].select("area_id", "nome").iter_rows())
    places = dict(placed["dim_indicatore"].select("indicatore_id", "decimali").iter_rows())
    published = 0
    for row, fact in zip(rows, plain.iter_rows(named=True), strict=True):
        assert row["Area"] == names[fact["area_id"]]
        assert row["Città"]
        assert row["Indicatore"]
        assert row["Codice dell'indicatore"] == fact["indicatore_id"]
        assert row["Stato del numero"] not in ("valido", "soppresso", "non_disponibile")
        if fact["valore"] is None:
            assert row["Valore"] == ""
            continue
        published += 1
        decimals = places[fact["indicatore_id"]]
        assert len(row["Valore"].partition(",")[2]) == decimals
        shown = float(row["Valore"].replace(",", "."))
        assert shown == pytest.approx(fact["valore"], abs=0.5 * 10**-decimals + 1e-9)
    assert published


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [(1234.56, 1, "1234,6"), (-0.04, 1, "0,0"), (-2.5, 1, "-2,5"), (217.0, 0, "217")],
)
def test_a_rounded_number_is_no_formula(
    tmp_path: Path, value: float, places: int, text: str
) -> None:
    frame = pl.DataFrame({"n": [value, None]})
    decimals = {"n": pl.Series([places, places])}
    write_excel_csv(tmp_path / "a.csv", frame, {"n": "N"}, decimals)
    assert (tmp_path / "a.csv").read_text("utf-8-sig") == f"N\n{text}\n\n"


def test_areas_with_a_boundary_open_in_a_geographic_program(made: tuple[Path, Path]) -> None:
    for name in ("aree.gpkg", "aree.parquet"):
        path = made[0] / name
        areas = geopandas.read_parquet(path) if path.suffix == ".parquet" else None
        areas = pyogrio.read_dataframe(path) if areas is None else areas
        assert areas["area_id"].tolist() == [CITY]
        assert areas.crs.to_string() == "EPSG:4326"
        assert areas.geometry.is_valid.all()
        assert areas.total_bounds.tolist() == [10.2, 44.7, 10.4, 44.9]


def test_sections_are_tiles_that_the_catalogue_names_and_nothing_where_there_are_none(
    made: tuple[Path, Path],
    placed: Tables,
    contracts: dict[str, TableContract],
    views: dict[str, ViewContract],
    tmp_path: Path,
) -> None:
    reader = Reader(MemorySource((made[0] / "sezioni.pmtiles").read_bytes()))
    assert reader.metadata()["attribution"] == "Fonte: Ente"
    assert "sezioni.pmtiles" in (made[0] / "dcat.ttl").read_text("utf-8")
    shutil.copy(made[0] / DATABASE_FILE, tmp_path / DATABASE_FILE)
    write_exports(tmp_path, placed, contracts=contracts, views=views, sections=grid().clear())
    assert not (tmp_path / "sezioni.pmtiles").exists()


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
