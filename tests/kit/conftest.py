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
