"""Files that are not what they should be: each is refused with its file, its place and its rule."""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook, load_workbook

from tests.unit.deliveries.examples import GOOD, as_csv, as_workbook, examined
from will_pipeline.deliveries import csv_files, reading, workbooks
from will_pipeline.deliveries.areas import Areas

KIND = "utenti_servizi"
HEADER = "area;bisogno;anno;utenti\n"


def told(files: dict[str, bytes], areas: Areas, kind: str = KIND) -> list[str]:
    return [each.with_cell() for each in examined(files, kind, areas).problems]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("utenti_servizi.csv", b"", "il file è vuoto"),
        ("utenti_servizi.csv", b"\xef\xbb\xbf\r\n ;;;\n", "il file è vuoto"),
        ("utenti_servizi.csv", b" \n<!DOCTYPE html><table>", "è una pagina web"),
        ("utenti_servizi.csv", b"\xef\xbb\xbf<HTML><body>", "è una pagina web"),
        ("utenti_servizi.csv", b"%PDF-1.7 ...", "è un PDF"),
        ("utenti_servizi.csv", b"PK\x03\x04rest", "cambia l'estensione in .xlsx"),
        ("utenti_servizi.xlsx", b"area;bisogno;anno;utenti\n", "chiamalo .csv"),
        ("utenti_servizi.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1", "protetto da una password"),
        ("utenti_servizi.xlsx", b"PK\x03\x04 and nothing else", "è rovinata"),
        ("utenti_servizi.ods", b"area", "il formato non è ammesso"),
        ("utenti_servizi.csv", HEADER.encode("utf-16"), "è testo UTF-16"),
        ("utenti_servizi.csv", HEADER.encode() + b"Q01;x\x00;", "non è un file di testo"),
        ("utenti_servizi.csv", HEADER.encode() + b"Q01;\x81;2025;1\n", "i caratteri non si"),
        ("utenti_servizi.csv", HEADER.encode(), "c'è l'intestazione ma nessuna riga"),
        ("utenti_servizi.csv", b"Q01;giovani;2025;4\n", "riga 1: nella prima riga non c'è nessuna"),
        ("utenti_servizi.csv", HEADER.encode() + b'Q01;"giovani;2025;4\n', "virgolette non"),
        ("utenti_servizi.csv", HEADER.encode() + b"\nQ01;giovani;2025\n", "riga 3: ha 3 celle"),
        ("utenti_servizi.csv", HEADER.encode() + b"Q01;giovani;2025;4;5\n", "riga 2: ha 5 celle"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(name: str, content: bytes, said: str, areas: Areas) -> None:
    [line] = told({name: content}, areas)
    assert line.startswith(name)
    assert said in line


def test_a_decimal_comma_between_commas_is_explained(areas: Areas) -> None:
    content = b"esercizio,area,oggi\neducatori,Q01,7,5\neducatori,Q02,0\n"
    files = as_csv("ripartizione", GOOD["ripartizione"]) | {"ripartizione.aree.csv": content}
    [line] = told(files, areas, "ripartizione")
    assert line == (
        "ripartizione.aree.csv, riga 2: ha 4 celle e l'intestazione ne ha 3; "
        "un numero con la virgola va fra virgolette."
    )


@pytest.mark.parametrize(
    ("limit", "module", "value", "said"),
    [
        ("MOST_BYTES", reading, 10, "pesa più di 0 MB"),
        ("MOST_ROWS", csv_files, 1, "più di 1 righe"),
        ("MOST_COLUMNS", csv_files, 2, "più di 2 colonne"),
        ("MOST_CHARACTERS", csv_files, 5, "più di 5 caratteri"),
    ],
)
def test_limits_of_csv(
    limit: str, module, value: int, said: str, areas: Areas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, limit, value)
    assert said in told(as_csv(KIND, GOOD[KIND]), areas)[0]


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [
        ("MOST_ROWS", 1, "più di 1 righe"),
        ("MOST_COLUMNS", 2, "più di 2 colonne"),
        ("MOST_CHARACTERS", 9, "più di 9 caratteri"),
        ("MOST_UNZIPPED", 2000, "troppo grande"),
        ("MOST_MEMBERS", 3, "troppo grande"),
    ],
)
def test_limits_of_workbooks(
    limit: str, value: int, said: str, areas: Areas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, limit, value)
    assert said in told(as_workbook(KIND, GOOD[KIND]), areas)[0]


def test_two_files_for_one_delivery_are_refused(areas: Areas) -> None:
    files = as_csv(KIND, GOOD[KIND]) | as_workbook(KIND, GOOD[KIND])
    [line] = told(files, areas)
    assert "utenti_servizi.csv, utenti_servizi.xlsx: ci sono due consegne" in line


def test_a_missing_part_is_named(areas: Areas) -> None:
    files = as_csv("misure", GOOD["misure"])
    del files["misure.serie.csv"]
    assert told(files, areas, "misure") == [
        "misure.serie.csv: il file manca; servono tutti insieme."
    ]


def test_a_part_by_another_name_is_refused(areas: Areas) -> None:
    files = {"misure.csv": b"misura;area\n"}
    [line] = told(files, areas, "misure")
    assert "i file si chiamano misure.elenco.csv, misure.aree.csv, misure.serie.csv" in line


def rebuilt(content: bytes, extra: dict[str, bytes], *, drop: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if name not in extra and name != drop:
                new.writestr(name, old.read(name))
        for name, data in extra.items():
            new.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture
def workbook() -> bytes:
    return as_workbook(KIND, GOOD[KIND])["utenti_servizi.xlsx"]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("xl/vbaProject.bin", b"x", "contiene macro"),
        ("xl/macrosheets/sheet1.xml", b"<x/>", "contiene macro"),
        ("[Content_Types].xml", b'<Types X="x.macroEnabled.main+xml"/>', "contiene macro"),
        ("xl/styles.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', "istruzioni XML non ammesse"),
        ("xl/styles.xml", "<!DOCTYPE x><x/>".encode("utf-16"), "istruzioni XML non ammesse"),
        ("xl/workbook.xml", b"<not a workbook", "è rovinata"),
    ],
)  # fmt: skip
def test_workbooks_with_more_than_cells_are_refused(
    workbook: bytes, name: str, data: bytes, said: str, areas: Areas
) -> None:
    [line] = told({"utenti_servizi.xlsx": rebuilt(workbook, {name: data})}, areas)
    assert said in line


def test_an_archive_of_something_else_is_refused(workbook: bytes, areas: Areas) -> None:
    content = rebuilt(workbook, {}, drop="[Content_Types].xml")
    [line] = told({"utenti_servizi.xlsx": content}, areas)
    assert "non una cartella di lavoro" in line


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9])
def test_a_truncated_workbook_is_refused(workbook: bytes, cut: float, areas: Areas) -> None:
    [line] = told({"utenti_servizi.xlsx": workbook[: int(len(workbook) * cut)]}, areas)
    assert "è rovinata" in line


def edited(content: bytes, **cells: object) -> dict[str, bytes]:
    book = load_workbook(io.BytesIO(content))
    for address, value in cells.items():
        book["utenti"][address] = value
    buffer = io.BytesIO()
    book.save(buffer)
    return {"utenti_servizi.xlsx": buffer.getvalue()}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("#REF!", "la formula dà un errore"),
        ("=1+1", "la formula non ha un valore"),
        ("1.234", "si legge in due modi"),
        (1.5, "«1.5» non è un numero intero"),
        (True, "non è un numero"),
        (-4, "«-4» è sotto il minimo"),
        (None, "manca il valore"),
    ],
)
def test_a_bad_cell_of_a_workbook_is_told_by_its_address(
    workbook: bytes, value: object, said: str, areas: Areas
) -> None:
    [line] = told(edited(workbook, D3=value), areas)
    assert line.startswith("utenti_servizi.xlsx, foglio utenti, cella D3 (utenti): ")
    assert said in line


def test_a_number_typed_in_a_spreadsheet_has_one_reading(workbook: bytes, areas: Areas) -> None:
    found = examined(edited(workbook, D3=1234), KIND, areas)
    assert 1234 in found.tables["service_users"]["users"].to_list()


def test_an_unknown_sheet_that_holds_something_is_refused(workbook: bytes, areas: Areas) -> None:
    book = load_workbook(io.BytesIO(workbook))
    book.create_sheet("Vuoto")
    book.create_sheet("Mario Rossi")["B7"] = "RSSMRA80A01H501U"
    buffer = io.BytesIO()
    book.save(buffer)
    [line] = told({"utenti_servizi.xlsx": buffer.getvalue()}, areas)
    assert line == (
        "utenti_servizi.xlsx, foglio n. 5: il foglio non è previsto e non è vuoto: toglilo."
    )


def test_a_missing_sheet_is_named(areas: Areas) -> None:
    book = Workbook()
    book.active.title = "elenco"
    buffer = io.BytesIO()
    book.save(buffer)
    assert told({"misure.xlsx": buffer.getvalue()}, areas, "misure") == [
        "misure.xlsx: manca il foglio «aree».",
        "misure.xlsx: manca il foglio «serie».",
    ]


def test_a_header_below_the_first_row_is_explained(areas: Areas) -> None:
    book = Workbook()
    book.active["A3"] = "area"
    buffer = io.BytesIO()
    book.save(buffer)
    [line] = told({"utenti_servizi.xlsx": buffer.getvalue()}, areas)
    assert "l'intestazione deve stare nella riga 1" in line
