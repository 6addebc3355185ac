"""The response workbook of a table: a sheet to fill in whose lists are those of the city.

What belongs here is its form, which is that of the delivery `voce_tavolo`, and putting together the
statements of two tables; the examination is that of every delivery.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date

from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter

from will_pipeline.deliveries.areas import Areas
from will_pipeline.deliveries.blank import blank_workbook
from will_pipeline.deliveries.catalogue import load_templates
from will_pipeline.deliveries.cells import Sheet, plain
from will_pipeline.deliveries.intake import Examined, examine
from will_pipeline.deliveries.model import Template
from will_pipeline.deliveries.problems import Problem
from will_pipeline.deliveries.reading import read_files

KIND = "voce_tavolo"
PART = "voci"
FILE = f"{KIND}.xlsx"
CODE = "codice"
WIDTHS = {
    "codice": 10,
    "area": 30,
    "bisogno": 20,
    "data_tavolo": 14,
    "attore": 16,
    "esito": 14,
    "sintesi": 70,
    "risorsa": 34,
}
"""Widths of the columns, in characters."""


def template() -> Template:
    """The kind of delivery that the workbook is."""
    return load_templates()[KIND]


def response_workbook(areas: Areas) -> dict[str, bytes]:
    """Make the workbook of a city, empty, with lists for areas, needs, actors and outcomes.

    Args:
        areas: areas of the city.

    Returns:
        The bytes of the workbook by its name, which is that of the delivery.
    """
    kind = template()
    book = load_workbook(io.BytesIO(blank_workbook(kind, areas)[FILE]))
    sheet = book[PART]
    for position, column in enumerate(kind.part(PART).columns, start=1):
        letter = get_column_letter(position)
        sheet.column_dimensions[letter].width = WIDTHS.get(column.name, 16)
        # The hint stands beside the heading, not in it: headings are what the file is known by.
        sheet[f"{letter}1"].comment = Comment(f"{column.it} Esempio: {column.example}", "will")
    buffer = io.BytesIO()
    book.save(buffer)
    return {FILE: buffer.getvalue()}


def check(files: Mapping[str, bytes], areas: Areas, *, today: date) -> Examined:
    """Examine a filled workbook exactly as a delivery.

    Args:
        files: bytes by file name.
        areas: areas of the city.
        today: day of the examination.
    """
    return examine(files, template(), areas, today=today)


def joined(
    before: Mapping[str, bytes], added: Mapping[str, bytes], areas: Areas
) -> tuple[dict[str, bytes], tuple[Problem, ...]]:
    """Put the statements of a second table below those already handed in.

    Args:
        before: file of the delivery that is there, which was good.
        added: file that was just examined and is good.
        areas: areas of the city.

    Returns:
        The workbook with all the statements, or the cells whose code is already there.
    """
    kind = template()
    old, new = read_files(before, kind)[PART], read_files(added, kind)[PART]
    taken = {row[CODE] for row in _rows(old)}
    problems = tuple(
        Problem(
            new.file,
            new.place(line.number, _position(new, CODE), CODE),
            "questo codice è già in un'osservazione consegnata: scrivine un altro.",
        )
        for line, row in zip(new.lines, _rows(new), strict=True)
        if row[CODE] in taken
    )
    if problems:
        return {}, problems
    return blank_workbook(kind, areas, rows={PART: [*_rows(old), *_rows(new)]}), ()


def _rows(sheet: Sheet) -> list[dict[str, str]]:
    names = [plain(cell.text) for cell in sheet.header]
    return [
        {name: cell.text for name, cell in zip(names, line.cells, strict=False)}
        for line in sheet.lines
    ]


def _position(sheet: Sheet, name: str) -> int:
    return [plain(cell.text) for cell in sheet.header].index(name)
