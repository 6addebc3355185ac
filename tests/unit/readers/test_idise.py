"""IDISE as handed in: CSV, XLSX and zips by declared columns, and what is refused by name."""

import io
import zipfile

import openpyxl
import polars as pl
import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.idise import COLUMNS_FILE, read_idise

CSV = "PRO_COM;COM_ASC1;NOME;IDISE\n034027;34027001;Centro;98,5\n34027;34027002;Oltre;104,25\n"
OTHER = (
    b'tabelle: ["dati*.csv"]\nfoglio: null\nseparatore: ","\ncodifica: utf-8\n'
    b"virgola_decimale: false\nvalore: indice\narea: ace\ncomune: procom\nlivello: A\n"
)
EXPECTED = [("034027.Q01", 98.5), ("034027.Q02", 104.25)]


def workbook(rows: list[list[object]], sheet: str = "Foglio1") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_csv", ".csv"), content)
    return buffer.getvalue()


def test_a_table_in_csv() -> None:
    assert read_idise({"parma.csv": CSV.encode()}).rows() == EXPECTED


def test_a_table_inside_a_zip_beside_what_is_no_table() -> None:
    content = zipped(dati__parma_csv=CSV.encode(), leggimi=b"...")
    assert read_idise({"Parma.ZIP": content, "nota.txt": b"x"}).rows() == EXPECTED


def test_a_table_in_xlsx_with_numbers_for_codes() -> None:
    rows = [
        ["PRO_COM", "COM_ASC1", "IDISE"],
        [34027, 34027001.0, 98.5],
        [34027, 34027002, "104,25"],
        [None, None, None],
    ]
    assert read_idise({"parma.xlsx": workbook(rows)}).rows() == EXPECTED


def test_columns_are_those_that_the_user_declares() -> None:
    table = "procom,ace,indice\n28060,3,101.5\n28060,12,\n"
    found = read_idise({COLUMNS_FILE: OTHER, "dati.csv": table.encode(), "altro.csv": b"x"})
    assert found.rows() == [("028060.A03", 101.5), ("028060.A12", None)]


def test_identifiers_of_the_mart_are_taken_as_they_are() -> None:
    table = "PRO_COM;COM_ASC1;IDISE\n34027;034027.Q07;99\n"
    assert read_idise({"a.csv": table.encode()}).rows() == [("034027.Q07", 99.0)]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "nessuna tabella"),
        ({"a.csv": CSV.replace("IDISE", "VALORE").encode()}, "colonna IDISE"),
        ({"a.csv": CSV.replace("COM_ASC1", "ASC").encode()}, "colonna COM_ASC1"),
        ({"a.csv": CSV.replace("98,5", "alto").encode()}, "riga 2, colonna idise"),
        ({"a.csv": CSV.replace("34027001", "Centro").encode()}, "'Centro' non è un'area"),
        ({"a.csv": CSV.replace("34027001", "").encode()}, "il valore manca"),
        ({"a.csv": CSV.replace("34027001", "28060001").encode()}, "non è del comune"),
        ({"a.csv": CSV.encode(), "b.csv": CSV.encode()}, r"034027\.Q01: è in più di una"),
        ({"a.csv": (CSV + "34027;34027001;Ancora;1\n").encode()}, "chiave ripetuta"),
        ({"a.zip": b"non uno zip"}, "lo zip non si apre"),
        ({"a.xlsx": b"non un foglio"}, "XLSX non si apre"),
        ({"a.csv": CSV.encode(), COLUMNS_FILE: b"valore: ["}, "non è YAML"),
        ({"a.csv": CSV.encode(), COLUMNS_FILE: OTHER + b"colore: blu\n"}, "campo colore"),
        ({"a.csv": CSV.encode(), COLUMNS_FILE: b"valore: x\n"}, "campo"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(files: dict[str, bytes], said: str) -> None:
    with pytest.raises(SourceFault, match=said) as fault:
        read_idise(files)
    assert str(fault.value).startswith("idise, file ")


def test_a_code_without_its_municipality_is_refused() -> None:
    layout = OTHER.replace(b"comune: procom", b"comune: null")
    with pytest.raises(SourceFault, match="manca la colonna del comune"):
        read_idise({COLUMNS_FILE: layout, "dati.csv": b"ace,indice\n3,1\n"})


def test_a_sheet_that_is_not_there_is_named() -> None:
    layout = OTHER.replace(b"foglio: null", b"foglio: Indice").replace(b"dati*.csv", b"*.xlsx")
    book = workbook([["procom", "ace", "indice"], [28060, 3, 1.5]])
    with pytest.raises(SourceFault, match="foglio Indice"):
        read_idise({COLUMNS_FILE: layout, "a.xlsx": book})
    named = workbook([["procom", "ace", "indice"], [28060, 3, 1.5]], sheet="Indice")
    assert read_idise({COLUMNS_FILE: layout, "a.xlsx": named}).rows() == [("028060.A03", 1.5)]


def test_the_order_of_files_is_not_content() -> None:
    other = CSV.replace("34027001", "34027003").replace("34027002", "34027004")
    files = {"b.csv": CSV.encode(), "a.csv": other.encode()}
    turned = dict(reversed(files.items()))
    assert read_idise(files).equals(read_idise(turned))
    assert read_idise(files).schema == {"area_id": pl.String, "idise": pl.Float64}
