"""Files to fill in, made from the template of a kind: CSV for Italian Excel, or a workbook.

What belongs here is how a template looks on paper; rows may be given, for examples and tests.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from will_pipeline.deliveries.areas import Areas
from will_pipeline.deliveries.model import Part, Template, TemplateColumn
from will_pipeline.deliveries.reading import WORKBOOK, file_names
from will_pipeline.deliveries.workbooks import LISTS, README

Rows = Mapping[str, Sequence[Mapping[str, str]]]
"""Cells by column, row by row, of every part."""

BOM = "\ufeff"
README_SUFFIX = ".leggimi.txt"
WORDS_OF_TYPE = {
    "area": "area",
    "codice": "codice (lettere, cifre, trattini)",
    "testo": "testo",
    "intero": "numero intero",
    "numero": "numero, con la virgola per i decimali",
    "anno": "anno di quattro cifre",
    "data": "data GG/MM/AAAA",
    "scelta": "una parola dell'elenco",
    "si_no": "sì o no",
}
_YES_OR_NO = ("sì", "no")
_LAST_ROW = 2000
_NEVER = (
    "Non scrivere mai nomi, codici fiscali, telefoni o altri dati di persone: "
    "il file sarebbe rifiutato."
)
_NUMBERS = "Scrivi i numeri senza separatore delle migliaia: 1234,5 e non 1.234,5."
_NAMES = "Non cambiare i nomi delle colonne e lascia anche quelle che restano vuote."


def blank_csv(
    template: Template, areas: Areas | None = None, *, rows: Rows | None = None
) -> dict[str, bytes]:
    """Make the CSV files of a kind, with a text that explains them.

    Args:
        template: the kind of delivery.
        areas: areas to list; none where no municipality was named.
        rows: cells of the rows to write.

    Returns:
        Bytes by file name: `;` between cells, UTF-8 with the mark that Excel looks for.
    """
    files = {
        name: _csv(part, (rows or {}).get(part.name, ()))
        for part, name in zip(template.parts, file_names(template), strict=True)
    }
    text = "\r\n".join(_explanation(template, areas)) + "\r\n"
    files[f"{template.kind}{README_SUFFIX}"] = (BOM + text).encode()
    return files


def blank_workbook(
    template: Template, areas: Areas | None = None, *, rows: Rows | None = None
) -> dict[str, bytes]:
    """Make the workbook of a kind: a sheet to read, one per part, and the lists of values.

    Args:
        template: the kind of delivery.
        areas: areas for the drop-down lists; none where no municipality was named.
        rows: cells of the rows to write.

    Returns:
        Bytes of `<kind>.xlsx` by its name.
    """
    book = Workbook()
    _write_readme(book.active, template, areas)
    lists = book.create_sheet(LISTS)
    for part in template.parts:
        sheet = book.create_sheet(part.name, index=len(book.sheetnames) - 1)
        _write_part(sheet, part, (rows or {}).get(part.name, ()))
        for position, column in enumerate(part.columns, start=1):
            entries = _entries(column, areas)
            if entries:
                source = _write_list(lists, f"{part.name}: {column.name}", entries)
                _offer(sheet, position, source)
    book.active = 1
    buffer = io.BytesIO()
    book.save(buffer)
    return {f"{template.kind}{WORKBOOK}": buffer.getvalue()}


def bounds(column: TemplateColumn) -> str:
    """What a cell may hold, in words."""
    if column.allowed:
        return ", ".join(column.allowed)
    if column.type == "testo":
        return f"al massimo {column.max or 200:.0f} caratteri"
    if column.type == "anno":
        return f"dal {column.min or 1990:.0f} a quest'anno"
    if column.type == "data":
        return "dal 1990 a oggi"
    if column.min is not None and column.max is not None:
        return f"da {column.min:.0f} a {column.max:.0f}"
    return "" if column.min is None else f"almeno {column.min:.0f}"


def _csv(part: Part, rows: Sequence[Mapping[str, str]]) -> bytes:
    names = [column.name for column in part.columns]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in rows)
    return (BOM + text.getvalue()).encode()


def _explanation(template: Template, areas: Areas | None) -> list[str]:
    lines = [template.title.it, "", template.description.it, "", _NEVER, _NUMBERS, _NAMES]
    for part, name in zip(template.parts, file_names(template), strict=True):
        lines += ["", f"{name} - {part.it}"]
        lines += [f"  {_told(column, areas)}" for column in part.columns]
    if template.rules:
        lines += ["", "Regole:", *(f"  {rule.it}" for rule in template.rules)]
    if areas is not None and _levels(template):
        lines += ["", f"Aree di {areas.town}:"]
        lines += [f"  {areas.entry(area)}" for area in areas.of_levels(_levels(template))]
    return lines


def _told(column: TemplateColumn, areas: Areas | None) -> str:
    must = "obbligatoria" if column.required else "può restare vuota"
    limits = bounds(column)
    kind = WORDS_OF_TYPE[column.type] + (f": {limits}" if limits else "")
    return f"{column.name} ({kind}; {must}) - {column.it} Esempio: {_example(column, areas)}"


def _example(column: TemplateColumn, areas: Areas | None) -> str:
    """Good cell of a column: where an area is asked for, one of the very town."""
    if column.type != "area" or areas is None:
        return column.example
    finest_last = [level for level in ("Q", "A", "C") if level in column.levels]
    present = areas.of_levels(finest_last)
    return areas.short(present[0]) if present else column.example


def _levels(template: Template) -> tuple[str, ...]:
    named = [level for part in template.parts for c in part.columns for level in c.levels]
    return tuple(dict.fromkeys(named))


def _write_readme(sheet: Any, template: Template, areas: Areas | None) -> None:
    sheet.title = README
    for line in _explanation(template, areas):
        sheet.append([line])
    sheet.column_dimensions["A"].width = 110
    sheet["A1"].font = Font(bold=True, size=14)
    for row in sheet.iter_rows():
        row[0].alignment = Alignment(wrap_text=True, vertical="top")


def _write_part(sheet: Any, part: Part, rows: Sequence[Mapping[str, str]]) -> None:
    sheet.append([column.name for column in part.columns])
    for number, row in enumerate(rows, start=2):
        for position, column in enumerate(part.columns, start=1):
            if text := row.get(column.name, ""):
                cell = sheet.cell(row=number, column=position, value=text)
                # What was given is text, even where it begins like a formula.
                cell.data_type = "s"
    for position, column in enumerate(part.columns, start=1):
        cell = sheet.cell(row=1, column=position)
        cell.font = Font(bold=column.required)
        cell.fill = PatternFill("solid", fgColor="DDE7F0")
        sheet.column_dimensions[get_column_letter(position)].width = max(16, len(column.name) + 4)
    sheet.freeze_panes = "A2"


def _entries(column: TemplateColumn, areas: Areas | None) -> list[str]:
    if column.type == "area":
        return [] if areas is None else list(map(areas.entry, areas.of_levels(column.levels)))
    if column.type == "si_no":
        return list(_YES_OR_NO)
    return list(column.allowed)


def _write_list(sheet: Any, title: str, entries: list[str]) -> str:
    """Write a list in the next free column; return the range of its entries."""
    position = 1 if sheet.cell(row=1, column=1).value is None else sheet.max_column + 1
    letter = get_column_letter(position)
    for row, text in enumerate([title, *entries], start=1):
        sheet.cell(row=row, column=position, value=text)
    sheet.column_dimensions[letter].width = 34
    return f"{LISTS}!${letter}$2:${letter}${len(entries) + 1}"


def _offer(sheet: Any, position: int, source: str) -> None:
    choice = DataValidation(type="list", formula1=f"={source}", allow_blank=True)
    choice.showErrorMessage = True
    choice.errorTitle = "Valore non ammesso"
    choice.error = "Scegli una voce dell'elenco."
    letter = get_column_letter(position)
    choice.add(f"{letter}2:{letter}{_LAST_ROW}")
    sheet.add_data_validation(choice)
