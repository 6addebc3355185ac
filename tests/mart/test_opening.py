"""Opening a mart: nothing can be written, and nothing but the mart can be read."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.mart.database import DATABASE_FILE, write_database
from will_pipeline.mart.opening import NoMart, open_mart


@pytest.fixture
def release(
    tmp_path: Path,
    tables: dict[str, pl.DataFrame],
    contracts: dict[str, TableContract],
    views: dict[str, ViewContract],
) -> Path:
    write_database(tmp_path / DATABASE_FILE, tables, contracts, views)
    (tmp_path / "segreto.csv").write_text("a\n1\n", encoding="utf-8")
    return tmp_path


def test_a_release_and_its_file_open_alike(release: Path) -> None:
    for place in (release, release / DATABASE_FILE):
        with open_mart(place) as mart:
            assert mart.sql("SELECT count(*) FROM dim_area").pl().item() == 4


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM dim_area",
        "SELECT * FROM read_csv('{folder}/segreto.csv')",
        "COPY dim_area TO '{folder}/fuori.csv'",
        "ATTACH '{folder}/altro.duckdb'",
        "SET enable_external_access = true",
        "INSTALL spatial",
    ],
)
def test_nothing_can_be_written_or_read_beside_the_mart(release: Path, query: str) -> None:
    with open_mart(release) as mart, pytest.raises(duckdb.Error):
        mart.execute(query.format(folder=release))
    assert sorted(file.name for file in release.iterdir()) == ["segreto.csv", DATABASE_FILE]


def test_an_empty_place_says_how_a_mart_is_made(tmp_path: Path) -> None:
    with pytest.raises(NoMart, match="will esegui"):
        open_mart(tmp_path)


def test_another_file_is_told_as_such(tmp_path: Path) -> None:
    other = tmp_path / "README.md"
    other.write_text("Non sono un mart. " * 300, "utf-8")
    with pytest.raises(NoMart, match=r"README\.md non è un mart"):
        open_mart(other)
