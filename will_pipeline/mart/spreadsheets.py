"""Workbooks for people who work in a spreadsheet: XLSX and ODS with the same four sheets.

Numbers stay numbers, texts stay texts whatever they begin with, and the same rows give the same
bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import odfdo
import openpyxl
import polars as pl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

STEADY_TIME = (1980, 1, 1, 0, 0, 0)
"""Time of every member of a workbook: the earliest a zip can say, so that it says nothing."""
Value = str | int | float | date | None
MODIFIED = re.compile(rb">[^<]*</dcterms:modified>")
"""The library that writes XLSX puts the clock's time here, whatever the properties say."""
BOLD = Font(bold=True)
WRAPPED = Alignment(wrap_text=True, vertical="top")
WIDEST, NARROWEST = 60, 9


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, its headings and its rows."""

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Value]]

    @classmethod
    def of(cls, name: str, frame: pl.DataFrame, headings: Sequence[str] | None = None) -> Sheet:
        """The sheet of a whole table, with its own column names where no headings are given."""
        return cls(name, list(headings or frame.columns), frame.rows())


def write_xlsx(path: Path, sheets: Iterable[Sheet], *, title: str, made_at: datetime) -> None:
    """Write an XLSX workbook.

    Args:
        path: file to write.
        sheets: its sheets, in order; the first row of each stays in view.
        title: title in the properties of the file.
        made_at: time of the release, the only time in the file.
    """
    book = openpyxl.Workbook(write_only=True)
    book.properties.title = title
    book.properties.creator = "will-pipeline"
    book.properties.language = "it-IT"
    book.properties.created = made_at.replace(tzinfo=None)
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        page.freeze_panes = "A2"
        for column, width in enumerate(_widths(sheet), start=1):
            page.column_dimensions[get_column_letter(column)].width = width
        page.append([_cell(page, heading, font=BOLD) for heading in sheet.headings])
        for row in sheet.rows:
            page.append([_cell(page, value) for value in row])
    buffer = io.BytesIO()
    book.save(buffer)
    path.write_bytes(_steady(buffer.getvalue(), written_at=made_at))


def write_ods(path: Path, sheets: Iterable[Sheet], *, title: str, made_at: datetime) -> None:
    """Write an ODS workbook with the same sheets; see `write_xlsx`."""
    book = odfdo.Document("spreadsheet")
    book.body.clear()
    for sheet in sheets:
        table = odfdo.Table(sheet.name)
        for values in (sheet.headings, *sheet.rows):
            row = odfdo.Row()
            row.set_values(list(values))
            table.append_row(row)
        book.body.append(table)
    about = book.meta
    about.title = title
    about.language = "it-IT"
    about.creator = "will-pipeline"
    about.creation_date = about.date = made_at.replace(tzinfo=None)
    buffer = io.BytesIO()
    book.save(buffer)
    path.write_bytes(_steady(buffer.getvalue(), written_at=made_at))


def _cell(page: Any, value: object, font: Font | None = None) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, value=value)
    if isinstance(value, str):
        # A text that begins with an equals sign is still a text.
        cell.data_type = "s"
        cell.alignment = WRAPPED
    elif isinstance(value, date):
        cell.number_format = "DD/MM/YYYY"
    if font is not None:
        cell.font = font
    return cell


def _widths(sheet: Sheet) -> list[int]:
    longest = [len(heading) for heading in sheet.headings]
    for row in sheet.rows:
        longest = [max(so_far, len(str(value))) for so_far, value in zip(longest, row, strict=True)]
    return [min(WIDEST, max(NARROWEST, length + 2)) for length in longest]


def _steady(content: bytes, *, written_at: datetime) -> bytes:
    """The same archive with the given time in place of that at which it was written."""
    stamp = f">{written_at:%Y-%m-%dT%H:%M:%S}Z</dcterms:modified>".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as made, zipfile.ZipFile(buffer, "w") as steady:
        for member in made.infolist():
            entry = zipfile.ZipInfo(member.filename, STEADY_TIME)
            entry.compress_type = member.compress_type
            entry.external_attr = member.external_attr
            steady.writestr(entry, MODIFIED.sub(stamp, made.read(member)))
    return buffer.getvalue()
