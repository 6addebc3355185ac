"""The published data dictionary: one row per column of every table and view.

It is a rendering of the contracts and adds no word of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from will_pipeline.contracts.model import Column, TableContract, ViewContract


def dictionary_rows(tables: Iterable[TableContract], views: Iterable[ViewContract]) -> pl.DataFrame:
    """Rows of `dizionario`: every column of every published table and view.

    Args:
        tables: contracts of the published tables.
        views: contracts of the published views.

    Returns:
        One row per (tabella, colonna), positions counted from 1.
    """
    rows = [
        _table_row(table, column, position)
        for table in tables
        for position, column in enumerate(table.columns, start=1)
    ]
    rows += [
        {
            "tabella": view.view,
            "colonna": column.name,
            "posizione": position,
            "tipo": "colonna di una vista",
            "unita": None,
            "chiave": False,
            "obbligatoria": False,
            "valori_ammessi": None,
            "descrizione": column.it,
            "descrizione_en": column.en,
            "esempio": None,
        }
        for view in views
        for position, column in enumerate(view.columns, start=1)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _table_row(table: TableContract, column: Column, position: int) -> dict[str, object]:
    return {
        "tabella": table.table,
        "colonna": column.name,
        "posizione": position,
        "tipo": column.type,
        "unita": column.unit,
        "chiave": column.name in table.key,
        "obbligatoria": column.required,
        "valori_ammessi": None if column.allowed is None else ", ".join(column.allowed),
        "descrizione": column.it,
        "descrizione_en": column.en,
        "esempio": None if column.example in (None, "") else str(column.example),
    }
