"""Cells and sheets as read from a file, before anybody asks what they mean.

What belongs here is where a cell stands and how a person finds it again.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from openpyxl.utils import get_column_letter


@dataclass(frozen=True)
class Cell:
    """Text of a cell.

    Attributes:
        text: the text, without surrounding spaces; empty where the cell is.
        exact: whether a spreadsheet held it as a number, so that a dot is a decimal mark.
        fault: why the cell has no value a person can trust, in Italian; empty if it has one.
    """

    text: str
    exact: bool = False
    fault: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was written."""
        return not self.text and not self.fault


@dataclass(frozen=True)
class Line:
    """One row of a sheet: its number as a spreadsheet shows it, and its cells."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Sheet:
    """One table as written.

    Attributes:
        file: name of the file.
        tab: name of the sheet of a workbook; empty for CSV.
        header: cells of the first row.
        lines: the rows under it that hold something.
        comma_separated: whether commas part the cells, which makes a decimal comma doubtful.
    """

    file: str
    tab: str
    header: tuple[Cell, ...]
    lines: tuple[Line, ...]
    comma_separated: bool = False

    def place(self, row: int | None, position: int | None, name: str = "") -> str:
        """Say where a cell, a row or a column is, the way a person looks for it.

        Args:
            row: number of the row, none for a whole column.
            position: position of the column from 0, none for a whole row.
            name: name of the column where it is one of ours.
        """
        letter = "" if position is None else get_column_letter(position + 1)
        if self.tab and row is not None and letter:
            cell = f"cella {letter}{row}"
            return f"foglio {self.tab}, {cell} ({name})" if name else f"foglio {self.tab}, {cell}"
        parts = [f"foglio {self.tab}"] if self.tab else []
        if row is not None:
            parts.append(f"riga {row}")
        if name or letter:
            parts.append(f"colonna {name or letter}")
        return ", ".join(parts)


def plain(text: str) -> str:
    """Fold a name to the form in which names are compared: no case, accents or spaces."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(each for each in bare if not unicodedata.combining(each))
    return "_".join("".join(c if c.isalnum() else " " for c in letters).split())
