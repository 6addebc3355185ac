"""What is wrong with a delivery, in Italian and without echoing what a person may have written.

A message names file, place and rule, and that alone may be published; to whoever holds the file the
terminal may repeat a short number or the code of an area, never where persons were found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_LISTED = 20
MOST_FOUND = 200
"""After so many problems a table is read no further: the file is refused all the same."""
_CODE = re.compile(r"(?:[0-9]{6}\.)?[QACqac][0-9]{0,3}")
_NUMBER = re.compile(r"-?[0-9]{1,6}(?:[.,][0-9]{1,3})?")


@dataclass(frozen=True)
class Problem:
    """One broken rule.

    Attributes:
        file: name of the file.
        where: row, column or cell; empty when the whole file is at fault.
        rule: the rule, in Italian, with nothing of what the cells hold.
        personal: whether personal data were found there.
        shown: the rule as the terminal tells it, with a harmless cell; empty where it is the same.
    """

    file: str
    where: str
    rule: str
    personal: bool = False
    shown: str = ""

    def __str__(self) -> str:
        """Return the Italian line that may be published."""
        return self._line(self.rule)

    def with_cell(self) -> str:
        """Return the Italian line for the terminal of whoever holds the file."""
        return self._line(self.shown or self.rule)

    def _line(self, rule: str) -> str:
        place = f", {self.where}" if self.where else ""
        return f"{self.file}{place}: {rule}"


class Refused(Exception):
    """A file that cannot even be read as a table; carries its problems."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


class BadValue(ValueError):
    """A cell that its column cannot hold; the text is the rule, in Italian, without the cell.

    Attributes:
        shown: the rule with the cell and what it resembles; empty where nothing is added.
    """

    def __init__(self, rule: str, shown: str = "") -> None:
        super().__init__(rule)
        self.shown = shown


def quoted(text: str) -> str:
    """Repeat a cell inside a sentence where it can identify nobody, else nothing.

    Returns:
        The cell between Italian quotes followed by a space, or an empty text.
    """
    harmless = _CODE.fullmatch(text) or _NUMBER.fullmatch(text)
    return f"«{text}» " if harmless else ""


def listed(
    problems: Sequence[Problem], most: int = MOST_LISTED, *, cells: bool = False
) -> tuple[str, ...]:
    """Lines for people: personal data first, at most `most`, then how many are left.

    Args:
        problems: what is wrong.
        most: problems told one by one.
        cells: whether harmless cells are repeated, for the terminal of whoever holds the file; none
            is where any personal data were found.
    """
    ordered = sorted(dict.fromkeys(problems), key=lambda problem: not problem.personal)
    harmless = cells and not any(problem.personal for problem in ordered)
    lines = [each.with_cell() if harmless else str(each) for each in ordered[:most]]
    left = len(ordered) - len(lines)
    if len(ordered) >= MOST_FOUND:
        lines.append(f"Ci sono più di {left - 1} altri difetti.")
    elif left:
        lines.append("C'è un altro difetto." if left == 1 else f"Ci sono altri {left} difetti.")
    return tuple(lines)
