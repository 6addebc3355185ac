"""The specification files seen from one census: the rows of that vintage over what a card says.

A card holds what is the same in every vintage; a row of its `vintages` names the years it is for
and takes the place of whatever it says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

ROWS = "vintages"
YEARS = "years"
BASE_VINTAGE = 2011
UNAVAILABLE_WORDS = "non disponibile"
_NOT_CENSUS = ("context",)


class VintageFault(ValueError):
    """Rows by vintage that cannot be put together; the text says which card and why."""


def vintages_of(documents: Sequence[object]) -> tuple[int, ...]:
    """Every year that some row of some file is for, in order.

    Args:
        documents: files as read from YAML.

    Raises:
        VintageFault: rows that are no list, or a row without whole years.
    """
    found = {year for document in documents for card in _cards(document) for year in _years(card)}
    return tuple(sorted(found))


def resolved(document: object, vintage: int, vintages: Sequence[int]) -> object:
    """A file as it stands in one vintage.

    Args:
        document: the file as read from YAML.
        vintage: year of the census.
        vintages: every year that has rows.

    Returns:
        The same file without rows by vintage; census indicators say in `formule_annate` the
        formula of every vintage.

    Raises:
        VintageFault: two rows of a card for one year, or a card with rows for some years and
            neither a row nor an estimator of its own for this one.
    """
    if not isinstance(document, Mapping):
        return document
    whole = dict(document)
    if isinstance(whole.get("theme"), Mapping):
        whole["theme"] = _merged(whole["theme"], vintage)
    if isinstance(whole.get("indicators"), list):
        whole["indicators"] = [
            _indicator(card, vintage, vintages) if isinstance(card, Mapping) else card
            for card in whole["indicators"]
        ]
    return whole


def layout_codes(base: pl.DataFrame, later: pl.DataFrame) -> dict[int, list[str]]:
    """Codes of the official record layout of every vintage.

    Args:
        base: variables of the base vintage: `code`.
        later: variables of the later ones: `vintage`, `code`.
    """
    found = {BASE_VINTAGE: base["code"].to_list()}
    for vintage, codes in later.group_by("vintage", maintain_order=True):
        found[int(str(vintage[0]))] = codes["code"].to_list()
    return found


def _indicator(card: Mapping[str, Any], vintage: int, vintages: Sequence[int]) -> dict[str, Any]:
    found = _merged(card, vintage)
    if ROWS in card and "estimator" not in found:
        raise VintageFault(f"{card.get('indicatore_id')}: no formula for {vintage}, nor a reason")
    told = _formulas(card, vintages)
    return found | ({"formule_annate": told} if told else {})


def _formulas(card: Mapping[str, Any], vintages: Sequence[int]) -> str:
    """Formula of every vintage in words, years that share one together; empty for context."""
    groups: dict[str, list[str]] = {}
    for year in vintages:
        merged = _merged(card, year)
        kind = (merged.get("estimator") or {}).get("kind")
        if kind in _NOT_CENSUS:
            return ""
        words = UNAVAILABLE_WORDS if kind == "unavailable" else str(merged.get("formula"))
        groups.setdefault(words, []).append(str(year))
    return "; ".join(f"{_listed(years)}: {words}" for words, years in groups.items())


def _listed(years: Sequence[str]) -> str:
    return years[0] if len(years) == 1 else f"{', '.join(years[:-1])} e {years[-1]}"


def _merged(card: Mapping[str, Any], vintage: int) -> dict[str, Any]:
    rows = [row for row in _rows(card) if vintage in row[YEARS]]
    if len(rows) > 1:
        raise VintageFault(f"{_name(card)}: {len(rows)} rows for {vintage}")
    common = {key: value for key, value in card.items() if key != ROWS}
    own = {key: value for key, value in rows[0].items() if key != YEARS} if rows else {}
    return common | own


def _cards(document: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(document, Mapping):
        for card in (document.get("theme"), *(document.get("indicators") or ())):
            if isinstance(card, Mapping):
                yield card


def _years(card: Mapping[str, Any]) -> Iterator[int]:
    for row in _rows(card):
        yield from row[YEARS]


def _rows(card: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    rows = card.get(ROWS, [])
    good = isinstance(rows, list) and all(
        isinstance(row, Mapping)
        and isinstance(row.get(YEARS), list)
        and all(isinstance(year, int) for year in row[YEARS])
        for row in rows
    )
    if not good:
        raise VintageFault(f"{_name(card)}: every row of {ROWS} must list its {YEARS}")
    return rows if isinstance(rows, list) else []


def _name(card: Mapping[str, Any]) -> object:
    return card.get("indicatore_id") or card.get("dimensione")
