"""Workbooks as municipalities write them: cells as text with their address, nothing run.

What belongs here is what a workbook may contain and how a typed cell becomes text; formulas are
read by the value the spreadsheet left in them, and refused where it left none.
"""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook

from will_pipeline.deliveries.cells import Cell, Line, Sheet, plain
from will_pipeline.deliveries.csv_files import MOST_CHARACTERS, MOST_COLUMNS, MOST_ROWS
from will_pipeline.deliveries.model import Part, Template
from will_pipeline.deliveries.problems import Problem, Refused

README, LISTS = "Leggimi", "Elenchi"
MOST_UNZIPPED, MOST_MEMBERS = 200_000_000, 500
_MACROS = ("vbaproject", "macrosheets", "activex")
_DOCTYPES = tuple("<!DOCTYPE".encode(coding) for coding in ("ascii", "utf-16-le", "utf-16-be"))
_CHUNK = 1 << 20
_DAMAGED = "la cartella di lavoro è rovinata."


def read_workbook(name: str, content: bytes, template: Template) -> dict[str, Sheet]:
    """Read the sheets of a workbook.

    Args:
        name: name of the file.
        content: its bytes.
        template: the kind of delivery; each part is a sheet of that name.

    Returns:
        One sheet per part.

    Raises:
        Refused: the archive is damaged, too large once unpacked or holds macros; a sheet is
            missing, unknown or without rows.
    """
    _check_archive(name, content)
    try:
        # openpyxl warns about styles and validations that it leaves out: nobody asked for them.
        with warnings.catch_warnings(action="ignore"):
            sheets, problems = _read_sheets(name, content, template)
    except Refused:
        raise
    # A damaged workbook makes openpyxl raise almost anything, and must stop this delivery alone.
    except Exception as problem:
        raise Refused(Problem(name, "", _DAMAGED)) from problem
    if problems:
        raise Refused(*problems)
    return sheets


def _read_sheets(
    name: str, content: bytes, template: Template
) -> tuple[dict[str, Sheet], list[Problem]]:
    values = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    formulas = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
    tabs = _tabs(name, values.sheetnames, template)
    problems = list(_other_tabs(name, values, set(tabs.values())))
    sheets = {}
    for part in template.parts:
        tab = tabs[part.name]
        try:
            sheets[part.name] = _sheet(name, part, values[tab], formulas[tab])
        except Refused as refusal:
            problems += refusal.problems
    return sheets, problems


def _check_archive(name: str, content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            rule = _archive_rule(archive)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as problem:
        raise Refused(Problem(name, "", _DAMAGED)) from problem
    if rule:
        raise Refused(Problem(name, "", rule))


def _archive_rule(archive: zipfile.ZipFile) -> str | None:
    members = archive.infolist()
    # zipfile never gives more bytes of a member than its header declares.
    if len(members) > MOST_MEMBERS or sum(m.file_size for m in members) > MOST_UNZIPPED:
        return "una volta aperta la cartella di lavoro è troppo grande."
    if any(sign in member.filename.lower() for member in members for sign in _MACROS):
        return "contiene macro: salvala come .xlsx senza macro."
    for member in members:
        if member.filename.endswith((".xml", ".rels")):
            with archive.open(member) as handle:
                if _has_doctype(handle):
                    return "contiene istruzioni XML non ammesse."
    if "[Content_Types].xml" not in archive.namelist():
        return "è un archivio, non una cartella di lavoro."
    if b"macroEnabled" in archive.read("[Content_Types].xml"):
        return "contiene macro: salvala come .xlsx senza macro."
    return None


def _has_doctype(handle: Any) -> bool:
    before = b""
    while chunk := handle.read(_CHUNK):
        if any(sign in before + chunk for sign in _DOCTYPES):
            return True
        before = chunk[-32:]
    return False


def _tabs(name: str, found: list[str], template: Template) -> dict[str, str]:
    """Title of the sheet of every part."""
    by_name = {plain(tab): tab for tab in found}
    tabs = {part.name: by_name[part.name] for part in template.parts if part.name in by_name}
    own = [tab for tab in found if plain(tab) not in (plain(README), plain(LISTS))]
    if len(template.parts) == 1 and not tabs and len(own) == 1:
        return {template.parts[0].name: own[0]}
    missing = [part.name for part in template.parts if part.name not in tabs]
    if missing:
        raise Refused(*(Problem(name, "", f"manca il foglio «{each}».") for each in missing))
    return tabs


def _other_tabs(name: str, workbook: Any, used: set[str]) -> Iterator[Problem]:
    """Sheets that nobody asked for and that hold something: what is in them is unknown."""
    for position, tab in enumerate(workbook.sheetnames, start=1):
        if tab in used or plain(tab) in (plain(README), plain(LISTS)):
            continue
        sheet = workbook[tab]
        if not hasattr(sheet, "iter_rows"):
            continue
        if any(cell is not None for row in _limited(sheet, values_only=True) for cell in row):
            rule = "il foglio non è previsto e non è vuoto: toglilo."
            yield Problem(name, f"foglio n. {position}", rule)


def _limited(sheet: Any, *, values_only: bool) -> Iterator[tuple[Any, ...]]:
    # The size a workbook declares for itself may be wrong.
    sheet.reset_dimensions()
    yield from sheet.iter_rows(
        min_row=1, max_col=MOST_COLUMNS + 1, max_row=MOST_ROWS + 2, values_only=values_only
    )


def _sheet(name: str, part: Part, values: Any, formulas: Any) -> Sheet:
    rows = _rows(values, formulas)
    where = f"foglio {part.name}"
    lines = [Line(number, cells) for number, cells in rows if not all(c.empty for c in cells)]
    if not lines:
        raise Refused(Problem(name, where, "il foglio è vuoto."))
    if lines[0].number != 1:
        raise Refused(Problem(name, where, "l'intestazione deve stare nella riga 1."))
    if lines[-1].number > MOST_ROWS + 1:
        raise Refused(Problem(name, where, f"ci sono più di {MOST_ROWS} righe."))
    if any(not line.cells[MOST_COLUMNS].empty for line in lines if len(line.cells) > MOST_COLUMNS):
        raise Refused(Problem(name, where, f"ci sono più di {MOST_COLUMNS} colonne."))
    width = max(_width(line.cells) for line in lines)
    header, *body = [Line(line.number, line.cells[:width]) for line in lines]
    if not body:
        raise Refused(Problem(name, where, "c'è l'intestazione ma nessuna riga."))
    return Sheet(name, part.name, header.cells, tuple(body))


def _rows(values: Any, formulas: Any) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    pairs = zip(
        _limited(values, values_only=False), _limited(formulas, values_only=False), strict=True
    )
    for number, (row, written) in enumerate(pairs, start=1):
        yield number, tuple(map(_cell, row, written))


def _width(cells: tuple[Cell, ...]) -> int:
    return max((at for at, cell in enumerate(cells, start=1) if not cell.empty), default=0)


def _cell(value: Any, written: Any) -> Cell:
    """Cell of the file from what it shows and what was typed."""
    if value.data_type == "e":
        return Cell("", fault="la formula dà un errore: scrivi il valore.")
    if value.value is None:
        if written.data_type == "f":
            return Cell("", fault="la formula non ha un valore: scrivi il valore.")
        return Cell("")
    text, exact = _text_of(value.value)
    if len(text) > MOST_CHARACTERS:
        return Cell("", fault=f"la cella ha più di {MOST_CHARACTERS} caratteri.")
    return Cell(text.strip(), exact=exact)


def _text_of(value: Any) -> tuple[str, bool]:
    if isinstance(value, bool):
        return ("sì" if value else "no"), False
    if isinstance(value, int | float):
        whole = isinstance(value, int) or value.is_integer()
        return (str(int(value)) if whole else repr(value)), True
    if isinstance(value, datetime):
        return (value.date() if value.time() == datetime.min.time() else value).isoformat(), False
    if isinstance(value, date):
        return value.isoformat(), False
    return str(value), False
