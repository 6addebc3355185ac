"""The two towns of the atlas tests as an open mart, with and without what a table has said."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl
import pytest

from will_pipeline.kit.town import Town, read_town

ATLAS = Path(__file__).parent.parent / "unit" / "atlas" / "town.py"


@pytest.fixture(scope="session")
def tables() -> Mapping[str, pl.DataFrame]:
    return runpy.run_path(str(ATLAS))["town_tables"]()


def fill(mart: duckdb.DuckDBPyConnection, tables: Mapping[str, pl.DataFrame]) -> None:
    """Write the tables in an open database."""
    for name, frame in tables.items():
        mart.register("given", frame.to_arrow())
        mart.execute(f"CREATE TABLE {name} AS FROM given")
        mart.unregister("given")


@pytest.fixture(scope="session")
def town(tables: Mapping[str, pl.DataFrame]) -> Town:
    """Borgo Prova: an area without a number, one with few cases, one with a hostile name."""
    with duckdb.connect() as mart:
        fill(mart, tables)
        return read_town(mart, "borgo prova")


NOTE = "calcolato insieme a un gruppo vicino con meno di 250 residenti, per riservatezza"
NOTICE = "Città inventate: nessun numero parla di un luogo vero."


@pytest.fixture(scope="session")
def noted(tables: Mapping[str, pl.DataFrame]) -> Town:
    """Borgo Prova in an invented release, with a note and statements at every level."""
    with duckdb.connect() as mart:
        fill(mart, tables)
        mart.execute("INSERT INTO mart_info VALUES ('avviso', ?, '')", [NOTICE])
        mart.execute("ALTER TABLE fatto_indicatore ALTER nota TYPE VARCHAR")
        mart.execute(
            "UPDATE fatto_indicatore SET nota = ? "
            "WHERE stato = 'valido' AND area_id = '099001.Q02'",
            [NOTE],
        )
        for place in ("099001.C", "099001.A01"):
            mart.execute(
                "INSERT INTO voce_territorio BY NAME SELECT * REPLACE "
                "(? AS area_id, ? AS voce_id, ? AS sintesi) FROM voce_territorio "
                "WHERE voce_id = 'v1'",
                [place, place, f"Detto di {place}."],
            )
        return read_town(mart, "borgo prova")
