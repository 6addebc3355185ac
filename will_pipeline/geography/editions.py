"""Editions of boundaries: which ones an area belongs to, and since when they hold.

Validity and the choice between editions belong here; how people pass from one to another is in
the bridges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Edition:
    """One drawing of the areas of a scheme.

    Attributes:
        key: name of the edition, as `2011` or `2021`.
        scheme: scheme of areas, as `asc1`, `ace` or `aree_proprie`.
        valid_from: first day it holds.
        valid_to: last day it holds; none where it still does.
    """

    key: str
    scheme: str
    valid_from: date
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the edition is the one in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


CENSUS_2011 = date(2011, 10, 9)
CENSUS_2021 = date(2021, 12, 31)


def edition_on(editions: Iterable[Edition], scheme: str, day: date) -> Edition | None:
    """Edition of a scheme in force on a day; none where there is not one.

    Raises:
        ValueError: two editions of the scheme hold on the same day.
    """
    found = [each for each in editions if each.scheme == scheme and each.holds_on(day)]
    if len(found) > 1:
        names = ", ".join(sorted(each.key for each in found))
        raise ValueError(f"Edizioni: nello stesso giorno valgono {names} di {scheme}.")
    return found[0] if found else None


def needs_bridge(one: Edition, other: Edition) -> bool:
    """Whether numbers of two editions can be compared only over a bridge."""
    return (one.scheme, one.key) != (other.scheme, other.key)
