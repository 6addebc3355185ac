"""The SQL made from contracts, by running it: constraints, comments, views, English rendering."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from will_pipeline.contracts.ddl import create_english_views, create_table, create_view
from will_pipeline.contracts.model import TableContract, ViewContract


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = duckdb.connect()
    yield opened
    opened.close()


@pytest.fixture
def filled(
    connection: duckdb.DuckDBPyConnection, town: TableContract, rows: list[dict[str, Any]]
) -> duckdb.DuckDBPyConnection:
    for statement in create_table(town, schema="main"):
        connection.execute(statement)
    for row in rows:
        insert(connection, row)
    return connection


def insert(connection: duckdb.DuckDBPyConnection, row: dict[str, Any]) -> None:
    marks = ", ".join("?" for _ in row)
    connection.execute(f"INSERT INTO town VALUES ({marks})", list(row.values()))


FORBIDDEN: tuple[dict[str, Any], ...] = (
    {"code": "001"},
    {"code": "4"},
    {"code": None},
    {"name": None},
    {"kind": "isola"},
    {"share": -0.1},
    {"share": 1.1},
    {"balance": float("inf")},
    {"balance": float("nan")},
    {"low": 9},
)


def test_the_table_refuses_what_its_contract_forbids(
    filled: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]
) -> None:
    good = {**rows[2], "code": "004"}
    for change in FORBIDDEN:
        with pytest.raises(duckdb.ConstraintException):
            insert(filled, {**good, **change})
    insert(filled, good)


def test_comments_are_italian_and_carry_unit_and_grain(filled: duckdb.DuckDBPyConnection) -> None:
    told = dict(
        filled.execute(
            "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'town'"
        ).fetchall()
    )
    assert told["share"] == "Quota. [%]"
    assert told["name"] == "Nome del paese, com'è scritto."
    assert all(told.values())
    table = filled.execute("SELECT comment FROM duckdb_tables()").fetchone()
    assert table == ("I paesi. [una riga per paese]",)


def test_the_english_view_gives_the_same_rows_under_english_names(
    filled: duckdb.DuckDBPyConnection, town: TableContract
) -> None:
    view = ViewContract.model_validate(
        {
            "view": "v_porti",
            "english": "v_harbours",
            "grain": {"it": "una riga", "en": "one row"},
            "description": {"it": "I porti.", "en": "Harbours."},
            "columns": [
                {"name": "nome", "english": "name", "it": "Nome.", "en": "Name."},
                {"name": "altro", "english": "other", "it": "Ancora.", "en": "Again."},
            ],
            "sql": "SELECT name, name FROM town WHERE kind = 'porto'",
        }
    )
    filled.execute("CREATE SCHEMA en")
    for statement in [
        *create_view(view, schema="main"),
        *create_english_views([town], [view], schema="en", source="main"),
    ]:
        filled.execute(statement)
    assert (
        filled.execute("SELECT * FROM en.town_en ORDER BY code").fetchall()
        == filled.execute("SELECT * FROM town ORDER BY code").fetchall()
    )
    assert filled.execute("SELECT name, other FROM en.v_harbours").fetchall() == [("Tre", "Tre")]
    assert filled.execute("SELECT nome, altro FROM v_porti").fetchall() == [("Tre", "Tre")]
    told = dict(
        filled.execute(
            "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name = 'en'"
        ).fetchall()
    )
    assert told["town_name"] == "Name."
    assert told["share"] == "Share. [%]"
    views = dict(
        filled.execute(
            "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
    )
    assert views["v_harbours"] == "Harbours. [one row]"
    assert views["v_porti"] == "I porti. [una riga]"


def test_every_shipped_statement_runs(
    connection: duckdb.DuckDBPyConnection,
    shipped: dict[str, dict[str, TableContract]],
    views: dict[str, ViewContract],
) -> None:
    tables = shipped["mart"].values()
    connection.execute("CREATE SCHEMA en")
    for table in tables:
        for statement in create_table(table, schema="main"):
            connection.execute(statement)
    for view in views.values():
        for statement in create_view(view, schema="main"):
            connection.execute(statement)
    for statement in create_english_views(tables, views.values(), schema="en", source="main"):
        connection.execute(statement)
    silent = connection.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
        "WHERE NOT internal AND schema_name IN ('main', 'en') AND comment IS NULL"
    ).fetchall()
    assert silent == []
    made = connection.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchone()
    assert made == (len(tables) + 2 * len(views),)
