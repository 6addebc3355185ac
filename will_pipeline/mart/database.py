"""The published DuckDB file: every table, comment and view of the contracts, and nothing else.

The file is written beside and read by clients from DuckDB 1.1.3 on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import polars as pl

from will_pipeline.contracts.conform import conform
from will_pipeline.contracts.ddl import (
    ENGLISH_SCHEMA,
    create_english_views,
    create_table,
    create_view,
)
from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.contracts.validation import Finding, check_table

DATABASE_FILE = "will_mart.duckdb"
STORAGE_VERSION = "v1.0.0"
SCHEMA = "main"


class PublicationRefused(RuntimeError):
    """A finished file that does not keep its contract."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        told = "; ".join(f"{f.table}.{f.rule}: {f.message}" for f in findings)
        super().__init__(f"il mart non rispetta il contratto: {told}")


def write_database(
    path: Path,
    tables: Mapping[str, pl.DataFrame],
    contracts: Mapping[str, TableContract],
    views: Mapping[str, ViewContract],
) -> None:
    """Write the mart, check it against the contracts and leave no write-ahead log.

    Args:
        path: file to write; must not exist.
        tables: rows of every table of the contracts.
        contracts: contracts by table, referenced tables first.
        views: contracts of the views.

    Raises:
        KeyError: a table of the contracts has no rows to write.
        PublicationRefused: the finished file breaks a rule of a contract.
        FileExistsError: the file exists.
    """
    if path.exists():
        raise FileExistsError(path.name)
    connection = duckdb.connect()
    try:
        place = str(path).replace("'", "''")
        connection.execute(f"ATTACH '{place}' AS mart (STORAGE_VERSION '{STORAGE_VERSION}')")
        connection.execute("USE mart")
        _fill(connection, tables, contracts)
        _add_views(connection, contracts.values(), views.values())
        broken = [
            finding
            for contract in contracts.values()
            for finding in check_table(connection, contract, schema=SCHEMA)
            if not finding.passed
        ]
        if broken:
            raise PublicationRefused(broken)
        connection.execute("CHECKPOINT mart")
        connection.execute("USE memory")
        connection.execute("DETACH mart")
    finally:
        connection.close()


def _fill(
    connection: duckdb.DuckDBPyConnection,
    tables: Mapping[str, pl.DataFrame],
    contracts: Mapping[str, TableContract],
) -> None:
    for name, contract in contracts.items():
        for statement in create_table(contract, schema=SCHEMA):
            connection.execute(statement)
        connection.register("incoming", conform(tables[name], contract))
        connection.execute(f'INSERT INTO {SCHEMA}."{name}" SELECT * FROM incoming')
        connection.unregister("incoming")


def _add_views(
    connection: duckdb.DuckDBPyConnection,
    contracts: Iterable[TableContract],
    views: Iterable[ViewContract],
) -> None:
    views = list(views)
    connection.execute(f"CREATE SCHEMA {ENGLISH_SCHEMA}")
    statements = [statement for view in views for statement in create_view(view, schema=SCHEMA)]
    statements += create_english_views(contracts, views, schema=ENGLISH_SCHEMA, source=SCHEMA)
    for statement in statements:
        connection.execute(statement)
