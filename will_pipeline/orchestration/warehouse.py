"""The working warehouse: one DuckDB file whose schemas are the layers of the graph.

Reading and writing tables belongs here, with what Dagster shows about them; readers of the
published mart never open this file.
"""

from __future__ import annotations

import fcntl
import os
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
from pydantic import PrivateAttr

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.contracts.model import TableContract
from will_pipeline.contracts.validation import Finding, check_table
from will_pipeline.mart.fingerprint import content_version

CORE, MARTS = "core", "marts"
PAUSE_SECONDS = 0.2
MEMORY = "2GB"
"""Memory DuckDB may take before it uses the disk: the machine stays alive."""


@cache
def contracts_of(layer: str) -> dict[str, TableContract]:
    """Contracts of a layer of the warehouse (`core` or `marts`), by table name."""
    return load_contracts("core" if layer == CORE else "mart")


class WarehouseUnavailable(RuntimeError):
    """The working file cannot be opened; the text says in Italian what to do."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        place = "/".join(path.parts[-4:])
        advice = (
            "lo sta usando un altro processo: aspetta che finisca, o chiudi il client che lo tiene"
            if "lock" in reason
            else "il file è rovinato: cancellalo, si rifà da solo e niente di pubblicato si perde"
        )
        super().__init__(f"il magazzino {place} non si apre; {advice}")


class AnotherRun(RuntimeError):
    """Another run is at work on the same warehouse; the text says in Italian what to do."""

    def __init__(self, owner: str) -> None:
        told = f" ({owner})" if owner else ""
        super().__init__(f"un altro giro è già al lavoro{told}: aspetta che finisca, poi ripeti")


class Warehouse(dg.ConfigurableResource):
    """Tables of the working DuckDB file, named `<layer>.<table>`.

    Attributes:
        path: path of the file; made on the first write.
        patience_seconds: how long to wait for another process that holds the file.
    """

    path: str
    patience_seconds: float = 60.0
    _in_a_run: bool = PrivateAttr(default=False)
    _held: duckdb.DuckDBPyConnection | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Warehouse]:
        """Hold the warehouse alone for a whole run, and its file open from the first use.

        Opening and closing it around every table took longer than all that is computed. The system
        lets go of the lock when the process ends, however it ends.

        Raises:
            AnotherRun: another run holds it.
        """
        with alone(Path(self.path), f"giro {context.run_id or ''}".strip()):
            self._in_a_run = True
            try:
                yield self
            finally:
                self._in_a_run = False
                if self._held is not None:
                    self._held.close()
                    self._held = None

    @contextmanager
    def connection(self, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file, and close it whatever happens: DuckDB has one writer.

        In a run the file stays open, for reading and writing, until the run ends.
        """
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        if self._in_a_run and self._held is None:
            self._held = self._connect(read_only=False)
        connection = (
            self._connect(read_only=read_only) if self._held is None else self._held.cursor()
        )
        try:
            yield connection
        finally:
            connection.close()

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + self.patience_seconds
        while True:
            try:
                return duckdb.connect(
                    self.path, read_only=read_only, config={"memory_limit": MEMORY}
                )
            except duckdb.IOException as problem:
                if "lock" not in str(problem) or time.monotonic() > deadline:
                    raise WarehouseUnavailable(Path(self.path), str(problem)) from problem
                time.sleep(PAUSE_SECONDS)
            except duckdb.Error as problem:
                raise WarehouseUnavailable(Path(self.path), str(problem)) from problem

    def read(self, table: str) -> pl.DataFrame:
        """Read a whole table, e.g. `core.area`.

        Raises:
            duckdb.CatalogException: the table has not been made yet.
        """
        layer, name = table.split(".")
        with self.connection() as connection:
            return connection.sql(f'SELECT * FROM "{layer}"."{name}" ORDER BY ALL').pl()

    def read_layer(self, layer: str, tables: Sequence[str]) -> dict[str, pl.DataFrame]:
        """Read several tables of one layer, by name."""
        return {table: self.read(f"{layer}.{table}") for table in tables}

    def write(self, table: str, frame: pl.DataFrame) -> dg.MaterializeResult:
        """Replace a table that has a contract (layers `core` and `marts`).

        Args:
            table: `<layer>.<table>`.
            frame: its rows; columns and types must be those of the contract.

        Returns:
            The materialisation, with row count, column schema and a data version taken from the
            content.

        Raises:
            ContractBreach: a column is missing, unknown or of another type.
        """
        layer, name = table.split(".")
        contract = contracts_of(layer)[name]
        typed = conform(frame, contract)
        described = {column.name: column.it for column in contract.columns}
        family = contract.variable_columns
        words = {
            column: described.get(column, "" if family is None else family.it)
            for column in typed.columns
        }
        return self.store(table, typed, descriptions=words, version=content_version(typed))

    def store(
        self, table: str, frame: pl.DataFrame, *, descriptions: Mapping[str, str], version: str
    ) -> dg.MaterializeResult:
        """Replace a table as it is, with the descriptions of its columns."""
        layer, name = table.split(".")
        with self.connection(read_only=False) as connection:
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{layer}"')
            connection.register("incoming", frame)
            connection.execute(
                f'CREATE OR REPLACE TABLE "{layer}"."{name}" AS SELECT * FROM incoming'
            )
            kinds = connection.execute(
                "SELECT column_name, data_type FROM information_schema.columns "
                "WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
                [layer, name],
            ).fetchall()
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": frame.height,
                "dagster/column_schema": dg.TableSchema(
                    columns=[
                        dg.TableColumn(column, kind, description=descriptions.get(column))
                        for column, kind in kinds
                    ]
                ),
                "dagster/table_name": table,
                "memoria_massima_mb": _peak_megabytes(),
            },
            data_version=dg.DataVersion(version),
        )

    def check(self, layer: str, contract: TableContract) -> list[Finding]:
        """Check a table against its contract, rule by rule."""
        with self.connection() as connection:
            return check_table(connection, contract, schema=layer)


def _peak_megabytes() -> int:
    """Most memory this process has taken so far, so that a run near its limit is seen."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@contextmanager
def alone(path: Path, owner: str) -> Iterator[None]:
    """Hold a working file alone, at once or not at all.

    Args:
        path: path of the file.
        owner: who holds it, told to whoever comes second.

    Raises:
        AnotherRun: another run holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            lock.seek(0)
            raise AnotherRun(lock.read(200).strip()) from problem
        lock.seek(0)
        lock.truncate()
        lock.write(f"{owner}, processo {os.getpid()}")
        lock.flush()
        yield
