"""Answers in JSON, checked as far as any of them can be.

What belongs here is the passage from bytes to a document and to a table of text cells, the same for
every portal; what fields mean belongs to the readers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from will_pipeline.readers.tabular import LINE, Origin, text_of


def document(content: bytes, origin: Origin) -> Any:
    """Read an answer.

    Args:
        content: Bytes of the answer.
        origin: Source and file, for the faults.

    Returns:
        The document.

    Raises:
        SourceFault: The answer is empty, is a web page, is cut or is not JSON.
    """
    try:
        return json.loads(text_of(content, origin))
    except json.JSONDecodeError as error:
        raise origin.fault(f"riga {error.lineno}", "la risposta non è JSON o è troncata") from error


def mapping(content: bytes, origin: Origin) -> dict[str, Any]:
    """Read an answer that must be an object.

    Args:
        content: Bytes of the answer.
        origin: Source and file, for the faults.

    Returns:
        The object.

    Raises:
        SourceFault: As `document`; or the answer is something else.
    """
    found = document(content, origin)
    if not isinstance(found, dict):
        raise origin.fault("", "la risposta non è un oggetto JSON")
    return found


def records(rows: object, origin: Origin, *, columns: Mapping[str, str]) -> pl.DataFrame:
    """Turn a list of objects into text columns, with the place of each row.

    Args:
        rows: The list.
        origin: Source and file, for the faults.
        columns: Our name of each field by the producer's name.

    Returns:
        One row an object: `_line` (from 1) and the columns as text, missing where the field is
        absent, null or blank.

    Raises:
        SourceFault: It is no list of objects, it is empty, no row has a field, or a field holds a
            list or an object.
    """
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise origin.fault("", "la risposta non è un elenco di oggetti")
    if not rows:
        raise origin.fault("", "l'elenco è vuoto")
    for name in columns:
        if not any(name in row for row in rows):
            raise origin.fault(f"campo {name}", "il campo manca in ogni riga")
    data = {
        ours: pl.Series(
            ours,
            [_text(row.get(name), number, name, origin) for number, row in enumerate(rows, 1)],
            dtype=pl.String,
        )
        for name, ours in columns.items()
    }
    return pl.DataFrame({LINE: list(range(1, len(rows) + 1))} | data)


def listed(found: Mapping[str, Any], fields: Sequence[str], origin: Origin) -> Any:
    """Follow some fields of an answer down to a list.

    Args:
        found: The answer.
        fields: Names of the fields, from the outermost.
        origin: Source and file, for the faults.

    Returns:
        The list.

    Raises:
        SourceFault: A field is absent, or the last one is no list.
    """
    inner: Any = found
    for name in fields:
        inner = inner.get(name) if isinstance(inner, dict) else None
    if not isinstance(inner, list):
        raise origin.fault(f"campo {'.'.join(fields)}", "il campo manca o non è un elenco")
    return inner


def _text(cell: object, number: int, name: str, origin: Origin) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str | int | float):
        return str(cell).strip() or None
    raise origin.fault(f"riga {number}, campo {name}", "il campo contiene altri campi")
