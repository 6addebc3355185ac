"""Opening a published mart the safe way: read-only, without access to anything but the file.

Readers of the project (commands, notebooks, tests) open the mart through here.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from will_pipeline.mart.database import DATABASE_FILE

CONFINED = {"enable_external_access": "false", "lock_configuration": "true"}


class NoMart(FileNotFoundError):
    """There is no published mart where one was looked for; the text says in Italian what to do."""

    def __init__(self, path: Path) -> None:
        self.path = path
        place = Path(*path.parts[-4:])
        super().__init__(f"non c'è un mart pubblicato in {place}: si fa con «will esegui»")


class NotAMart(NoMart):
    """A file was named that is not a mart."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.args = (f"il file {path.name} non è un mart: il mart è will_mart.duckdb",)


def open_mart(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a mart read-only.

    Queries cannot read other files, load extensions or change that setting. A channel is followed
    once: DuckDB shares what is open under the same name within a process, and would answer from the
    release of a moment ago to who opens `latest` again after a publication.

    Args:
        path: the `.duckdb` file, or the folder of a release or a channel that holds it.

    Raises:
        NoMart: nothing is published there.
        NotAMart: the file is no database.
    """
    file = (path / DATABASE_FILE if path.is_dir() else path).resolve()
    if not file.is_file():
        raise NoMart(file)
    try:
        return duckdb.connect(str(file), read_only=True, config=dict(CONFINED))
    except duckdb.IOException as problem:
        if "not a valid DuckDB" not in str(problem):
            raise
        raise NotAMart(file) from problem


def published_tables(path: Path) -> dict[str, pl.DataFrame]:
    """Every table of a published mart, by name.

    Args:
        path: as `open_mart` takes it.

    Raises:
        NoMart: nothing is published there.
    """
    with open_mart(path) as mart:
        names = mart.sql(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' ORDER BY 1"
        ).fetchall()
        return {name: mart.sql(f'SELECT * FROM main."{name}"').pl() for (name,) in names}
