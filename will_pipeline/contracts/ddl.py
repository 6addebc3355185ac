"""SQL that makes the published tables: constraints, Italian comments, views, English rendering.

Every statement is generated from the contracts; nothing about a single table is written here.
"""

from __future__ import annotations

from collections.abc import Iterable

from will_pipeline.contracts.model import Bilingual, Column, TableContract, ViewContract
from will_pipeline.contracts.validation import column_conditions

ENGLISH_SCHEMA = "en"


def create_table(contract: TableContract, *, schema: str) -> list[str]:
    """Statements that create the table of `contract` with its constraints and Italian comments."""
    lines = [_column_definition(column) for column in contract.columns]
    lines += [f"CHECK ({sql})" for column in contract.columns for sql in column_conditions(column)]
    lines += [f"CHECK ({invariant.sql})" for invariant in contract.invariants]
    lines.append(f"PRIMARY KEY ({', '.join(_quoted(name) for name in contract.key)})")
    table = f"{schema}.{_quoted(contract.table)}"
    body = ",\n  ".join(lines)
    return [
        f"CREATE TABLE {table} (\n  {body}\n)",
        f"COMMENT ON TABLE {table} IS {_text(_with_grain(contract.description, contract.grain))}",
        *_column_comments(
            table,
            ((column.name, _with_unit(column.it, column.unit)) for column in contract.columns),
        ),
    ]


def create_view(contract: ViewContract, *, schema: str) -> list[str]:
    """Statements that create a published view with its Italian comments."""
    names = ", ".join(_quoted(column.name) for column in contract.columns)
    view = f"{schema}.{_quoted(contract.view)}"
    return [
        # The names stand inside the query: a list after the view's name loses the comments of
        # columns that share a source name in DuckDB before 1.2.
        f"CREATE VIEW {view} AS SELECT * FROM ({contract.sql}) AS t ({names})",
        f"COMMENT ON VIEW {view} IS {_text(_with_grain(contract.description, contract.grain))}",
        *_column_comments(view, ((column.name, column.it) for column in contract.columns)),
    ]


def create_english_views(
    tables: Iterable[TableContract], views: Iterable[ViewContract], *, schema: str, source: str
) -> list[str]:
    """Statements that render every table and view in English.

    Args:
        tables: contracts of the published tables.
        views: contracts of the published views.
        schema: schema to put the English views in (it must exist).
        source: schema of the Italian objects, without a catalog, so that the file can be opened
            under any name.
    """
    statements: list[str] = []
    for table in tables:
        statements += _english(
            f"{schema}.{_quoted(table.english)}",
            f"{source}.{_quoted(table.table)}",
            _with_grain(table.description, table.grain, english=True),
            [
                (column.name, column.english, _with_unit(column.en, column.unit))
                for column in table.columns
            ],
        )
    for view in views:
        statements += _english(
            f"{schema}.{_quoted(view.english)}",
            f"{source}.{_quoted(view.view)}",
            _with_grain(view.description, view.grain, english=True),
            [(column.name, column.english, column.en) for column in view.columns],
        )
    return statements


def _english(
    view: str, source: str, comment: str, columns: list[tuple[str, str, str]]
) -> list[str]:
    chosen = ", ".join(f"{_quoted(name)} AS {_quoted(english)}" for name, english, _ in columns)
    return [
        f"CREATE VIEW {view} AS SELECT {chosen} FROM {source}",
        f"COMMENT ON VIEW {view} IS {_text(comment)}",
        *_column_comments(view, ((english, says) for _, english, says in columns)),
    ]


def _column_comments(view: str, comments: Iterable[tuple[str, str]]) -> list[str]:
    return [f"COMMENT ON COLUMN {view}.{_quoted(name)} IS {_text(says)}" for name, says in comments]


def _column_definition(column: Column) -> str:
    return f"{_quoted(column.name)} {column.type}{' NOT NULL' if column.required else ''}"


def _with_grain(description: Bilingual, grain: Bilingual, *, english: bool = False) -> str:
    if english:
        return f"{description.en} [{grain.en}]"
    return f"{description.it} [{grain.it}]"


def _with_unit(description: str, unit: str | None) -> str:
    return description if unit is None else f"{description} [{unit}]"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _text(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"
