"""CSV as municipalities write it: any usual encoding and separator, both found out safely.

The separator is the one that makes the header speak the template's language; nothing is inferred
from the figures.
"""

from __future__ import annotations

import csv
import io

from will_pipeline.deliveries.cells import Cell, Line, Sheet, plain
from will_pipeline.deliveries.model import Part
from will_pipeline.deliveries.problems import Problem, Refused

MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 50_000, 60, 10_000
_SEPARATORS = (";", ",", "\t")
_HINT = "sep="


def read_csv(name: str, content: bytes, part: Part) -> Sheet:
    """Read one CSV file.

    Args:
        name: name of the file.
        content: its bytes.
        part: the table it should hold.

    Returns:
        Header and rows; rows without a single filled cell are left out.

    Raises:
        Refused: the encoding or the quoting is broken, no column of the table is in the header,
            a row has more or fewer cells than the header, or a limit is passed.
    """
    text = _decoded(name, content)
    skipped = 0
    if text.lower().startswith(_HINT):
        text, skipped = text.partition("\n")[2], 1
    separator = _separator(name, text, part)
    rows = _rows(name, text, separator)
    first = next(at for at, row in enumerate(rows) if any(cell.strip() for cell in row))
    header = _trimmed(rows[first])
    if len(header) > MOST_COLUMNS:
        raise Refused(Problem(name, "riga 1", f"ci sono più di {MOST_COLUMNS} colonne."))
    lines, problems = [], []
    for number, row in enumerate(rows[first + 1 :], start=first + 2 + skipped):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) < len(header) or any(cells[len(header) :]):
            problems.append(Problem(name, f"riga {number}", _width_rule(cells, header, separator)))
            continue
        lines.append(Line(number, tuple(Cell(cell) for cell in cells[: len(header)])))
    if problems:
        raise Refused(*problems)
    if not lines:
        raise Refused(Problem(name, "", "c'è l'intestazione ma nessuna riga."))
    return Sheet(name, "", tuple(map(Cell, header)), tuple(lines), comma_separated=separator == ",")


def _decoded(name: str, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused(Problem(name, "", "è testo UTF-16: salvalo come «CSV UTF-8»."))
    if b"\x00" in content:
        raise Refused(Problem(name, "", "non è un file di testo: salvalo come «CSV UTF-8»."))
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused(Problem(name, "", "i caratteri non si leggono: salvalo come «CSV UTF-8»."))


def _separator(name: str, text: str, part: Part) -> str:
    known = {column.name for column in part.columns}
    first = text.lstrip("\r\n").split("\n", 1)[0]
    found = {
        separator: len(known & {plain(cell) for cell in _first_row(first, separator)})
        for separator in _SEPARATORS
    }
    best = max(found, key=lambda separator: found[separator])
    if not found[best]:
        rule = f"nella prima riga non c'è nessuna colonna attesa ({', '.join(sorted(known))})."
        raise Refused(Problem(name, "riga 1", rule))
    return best


def _first_row(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _rows(name: str, text: str, separator: str) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for row in reader:
            rows.append(row)
            where = f"riga {len(rows)}"
            if len(rows) > MOST_ROWS + 1:
                raise Refused(Problem(name, "", f"ci sono più di {MOST_ROWS} righe."))
            if any(len(cell) > MOST_CHARACTERS for cell in row):
                rule = f"una cella ha più di {MOST_CHARACTERS} caratteri."
                raise Refused(Problem(name, where, rule))
    except csv.Error as problem:
        rule = "le virgolette non tornano: una cella si apre e non si chiude."
        raise Refused(Problem(name, f"riga {len(rows) + 1}", rule)) from problem
    return rows


def _trimmed(row: list[str]) -> list[str]:
    names = [cell.strip() for cell in row]
    while names and not names[-1]:
        names.pop()
    return names


def _width_rule(cells: list[str], header: list[str], separator: str) -> str:
    rule = f"ha {len(cells)} celle e l'intestazione ne ha {len(header)}"
    if len(cells) > len(header) and separator == ",":
        return f"{rule}; un numero con la virgola va fra virgolette."
    return f"{rule}."
