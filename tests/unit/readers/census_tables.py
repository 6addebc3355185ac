"""Generated tables by census section, in the forms that the producer publishes."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl

from will_pipeline.readers.census_layouts import codes

KEYS = {
    2011: [
        "CODREG",
        "REGIONE",
        "CODPRO",
        "PROVINCIA",
        "CODCOM",
        "COMUNE",
        "PROCOM",
        "SEZ2011",
        "NSEZ",
        "ACE",
        "CODLOC",
        "CODASC",
    ],
    2021: [
        "CODREG",
        "REGIONE",
        "CODPRO",
        "PROVINCIA",
        "CODCOM",
        "COMUNE",
        "PROCOM",
        "SEZ21_ID",
        "COM_ASC1",
        "COM_ASC2",
        "COM_ASC3",
    ],
}
KEYS[2023] = KEYS[2021]


def section(
    vintage: int, number: int, *, town: int = 34027, area: Any = 1, **counts: Any
) -> dict[str, Any]:
    """One section: every variable is 0 unless given."""
    identifier = "SEZ2011" if vintage == 2011 else "SEZ21_ID"
    row: dict[str, Any] = dict.fromkeys(codes(vintage), 0)
    row |= {"CODREG": 8, "REGIONE": "Emilia-Romagna", "CODPRO": town // 1000, "PROVINCIA": "Parma"}
    row |= {"CODCOM": town % 1000, "COMUNE": "Forlì", "PROCOM": town}
    row[identifier] = town * 10_000_000 + number
    if vintage == 2011:
        row |= {"NSEZ": number, "ACE": 0, "CODLOC": 10001, "CODASC": area}
    else:
        row |= {"COM_ASC1": area and town * 1000 + area, "COM_ASC2": 0, "COM_ASC3": 0}
    return row | counts


def as_csv(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, encoding: str = "cp1252"
) -> bytes:
    """The CSV of a region."""
    lines = [columns, *([str(row[name]) for name in columns] for row in rows)]
    return "\r\n".join(";".join(line) for line in lines).encode(encoding) + b"\r\n"


def as_workbook(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, title_rows: int = 0
) -> bytes:
    """The workbook of a region, behind a sheet of notes."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = "Metadati"
    book.active.append(["Note metodologiche"])
    sheet = book.create_sheet("Dati")
    for _ in range(title_rows):
        sheet.append(["Censimento permanente"])
    sheet.append(list(columns))
    for row in rows:
        sheet.append([row[name] for name in columns])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """An archive of those files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
