"""Putting the pages of an answer together, without losing or repeating a row.

What belongs here is what any portal shares; the shape of a page belongs to each portal.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from will_pipeline.readers.tabular import Origin

MOST_PAGES = 1_000


def all_rows(
    ask: Callable[[int, int], bytes],
    parse: Callable[[bytes, Origin], tuple[list[Any], int]],
    origin: Origin,
    *,
    size: int,
) -> list[Any]:
    """Ask for pages until all the rows that the service says to have are here.

    Args:
        ask: Bytes of a page, given how many rows to skip and how many to give.
        parse: Rows of a page and how many there are in all.
        origin: Source and file, for the faults.
        size: Rows to ask for at a time.

    Returns:
        The rows.

    Raises:
        SourceFault: The service gives no row, an empty page too early, fewer or more rows than it
            says, another total halfway (it was changing), a page twice, or pages without end.
    """
    found: list[Any] = []
    stated: int | None = None
    last = ""
    for number in range(1, MOST_PAGES + 1):
        rows, total = parse(ask(len(found), size), origin)
        where = f"pagina {number}"
        if stated is not None and total != stated:
            raise origin.fault(where, f"il totale è passato da {stated} a {total} righe")
        stated = total
        if not rows and len(found) < total:
            raise origin.fault(where, f"{len(found)} righe invece di {total}")
        this = json.dumps(rows, sort_keys=True)
        if rows and this == last:
            raise origin.fault(where, "la pagina è uguale a quella di prima")
        last = this
        found += rows
        if len(found) > total:
            raise origin.fault(where, f"{len(found)} righe, più delle {total} dichiarate")
        if len(found) == total:
            break
    else:
        raise origin.fault("", f"più di {MOST_PAGES} pagine")
    if not found:
        raise origin.fault("", "nessuna riga")
    return found


def until_short(
    ask: Callable[[int, int], bytes],
    parse: Callable[[bytes, Origin], list[Any]],
    origin: Origin,
    *,
    size: int,
) -> list[Any]:
    """Ask for pages of a service that never says how many rows it has.

    Args:
        ask: Bytes of a page, given how many rows to skip and how many to give.
        parse: Rows of a page.
        origin: Source and file, for the faults.
        size: Rows to ask for at a time.

    Returns:
        The rows: those before a page that is not full.

    Raises:
        SourceFault: There is no row, a page has more rows than asked for or comes twice, or pages
            have no end.
    """
    found: list[Any] = []
    last = ""
    for number in range(1, MOST_PAGES + 1):
        rows = parse(ask(len(found), size), origin)
        where = f"pagina {number}"
        if len(rows) > size:
            raise origin.fault(where, f"{len(rows)} righe, chieste {size}")
        this = json.dumps(rows, sort_keys=True)
        if rows and this == last:
            raise origin.fault(where, "la pagina è uguale a quella di prima")
        last = this
        found += rows
        if len(rows) < size:
            break
    else:
        raise origin.fault("", f"più di {MOST_PAGES} pagine")
    if not found:
        raise origin.fault("", "nessuna riga")
    return found
