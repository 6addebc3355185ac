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
from textwrap import wrap
from typing import Any

import odfdo
import openpyxl
import polars as pl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties

STEADY_TIME = (1980, 1, 1, 0, 0, 0)
"""Time of every member of a workbook: the earliest a zip can say, so that it says nothing."""
Value = str | int | float | date | None
MODIFIED = re.compile(rb">[^<]*</dcterms:modified>")
"""The library that writes XLSX puts the clock's time here, whatever the properties say."""
HEADING_FONT = Font(name="Calibri", bold=True, size=9)
TINT = PatternFill("solid", fgColor="DCE8F4")
RULE = Border(bottom=Side(style="thin", color="17324D"))
HEADING = Alignment(wrap_text=True, vertical="bottom", horizontal="center")
HEADING_LETTERS = 8
"""Letters of a heading on one line, which makes a wide column of figures narrow enough to print."""
LINE_POINTS = 15
A4 = 9
WRAPPED = Alignment(wrap_text=True, vertical="top", horizontal="left", indent=1)
FIGURE = Alignment(vertical="top")
WIDEST, NARROWEST, WIDEST_BESIDE_FIGURES = 60, 9, 34


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, its headings and its rows.

    Attributes:
        name: name of the sheet.
        headings: headings of the columns.
        rows: rows of values.
        formats: number format of every column, in the notation of XLSX; none for the usual one.
        frozen: columns that stay in view on the left.
        wide: whether the sheet is printed on paper lying on its side.
    """

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Value]]
    formats: Sequence[str] = ()
    frozen: int = 0
    wide: bool = False

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
        _lay_out(page, sheet)
        page.append([_heading(page, heading) for heading in sheet.headings])
        formats = sheet.formats or ("General",) * len(sheet.headings)
        for row in sheet.rows:
            page.append([_cell(page, *pair) for pair in zip(row, formats, strict=True)])
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


def _lay_out(page: Any, sheet: Sheet) -> None:
    """Columns, panes and paper: every page as wide as the sheet, with the headings on top."""
    page.freeze_panes = f"{get_column_letter(sheet.frozen + 1)}2"
    widths = _widths(sheet)
    for column, width in enumerate(widths, start=1):
        page.column_dimensions[get_column_letter(column)].width = width
    lettering = [width + 2 for width in widths]
    page.row_dimensions[1].height = LINE_POINTS * (_lines(sheet.headings, lettering) + 1)
    for place, row in enumerate(sheet.rows, start=2):
        lines = _lines(row, widths)
        if lines > 1:
            page.row_dimensions[place].height = LINE_POINTS * lines
    page.page_setup.paperSize = A4
    page.page_setup.orientation = "landscape" if sheet.wide else "portrait"
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_margins = PageMargins(left=0.4, right=0.4, top=0.5, bottom=0.7, footer=0.3)
    page.print_title_rows = "1:1"
    page.print_area = f"A1:{get_column_letter(len(widths))}{len(sheet.rows) + 1}"
    page.oddFooter.left.text = "&A"
    page.oddFooter.right.text = "Pagina &P di &N"


def _heading(page: Any, text: str) -> WriteOnlyCell:
    cell = _cell(page, text)
    cell.font, cell.fill, cell.border, cell.alignment = HEADING_FONT, TINT, RULE, HEADING
    return cell


def _cell(page: Any, value: object, number_format: str = "General") -> WriteOnlyCell:
    cell = WriteOnlyCell(page, value=value)
    if isinstance(value, str):
        # A text that begins with an equals sign is still a text.
        cell.data_type = "s"
        cell.alignment = WRAPPED
    elif isinstance(value, date):
        cell.number_format = "DD/MM/YYYY"
    else:
        cell.number_format = number_format
        cell.alignment = FIGURE
    return cell


def _widths(sheet: Sheet) -> list[int]:
    longest = [min(len(heading), HEADING_LETTERS) for heading in sheet.headings]
    for row in sheet.rows:
        longest = [max(so_far, len(str(value))) for so_far, value in zip(longest, row, strict=True)]
    widest = WIDEST_BESIDE_FIGURES if sheet.wide else WIDEST
    return [min(widest, max(NARROWEST, length + 2)) for length in longest]


def _lines(row: Sequence[Value], widths: Sequence[int]) -> int:
    """Lines of the longest text of a row: programs do not measure rows they did not write."""
    texts = zip(row, widths, strict=True)
    return max(
        (len(wrap(text, width - 2)) for text, width in texts if isinstance(text, str)), default=1
    )


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
