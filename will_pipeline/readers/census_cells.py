"""Cells of the census tables: whole numbers out of text or spreadsheets, text out of bytes.

What belongs here is what every vintage shares; a dot or a comma inside a number is never guessed.
"""

from __future__ import annotations

import re

from will_pipeline.readers.tabular import Origin, text_of

_PLAIN = re.compile(r"-?\d{1,18}(?:\.0)?", re.ASCII)


class CellFault(ValueError):
    """A cell is no whole number; the text says so, in Italian."""


def whole(cell: object) -> int | None:
    """Turn a cell into a whole number.

    Spreadsheets keep whole numbers as decimals (16024.0), and that is one. `120.923` and `120,923`
    are not: nobody can tell a thousands mark from a decimal one.

    Args:
        cell: Text of a CSV, or value of a spreadsheet's cell.

    Returns:
        The number; nothing where the cell is blank.

    Raises:
        CellFault: The cell is something else.
    """
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, str) and _PLAIN.fullmatch(cell.strip()):
        return int(cell.strip().removesuffix(".0"))
    raise CellFault(f"il valore {cell!r} non è un numero intero")


def decoded(content: bytes, origin: Origin) -> str:
    """Decode a table that may be in UTF-8 or in cp1252.

    The same release has regions in either encoding. Text with accents is valid UTF-8 only where it
    is meant to be, so that one is tried first.

    Args:
        content: Bytes of the file.
        origin: Source and file, for the faults.

    Returns:
        The text.

    Raises:
        SourceFault: The file is empty, is a web page, or is in neither.
    """
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return text_of(content, origin, encoding="cp1252")
    return text_of(content, origin)
