"""Reading of the embedded figures, after checking that they are the ones that were sealed.

What belongs here is the distance between a table and its descriptor; nothing is repaired, the
first broken rule stops the reading.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.sources.descriptor import DTYPES, Column, Descriptor
from will_pipeline.sources.pins import how_to_recover, read_pin, sha256


def read_embedded(descriptor: Descriptor, folder: Path) -> pl.DataFrame:
    """Read one embedded table, verified.

    Args:
        descriptor: Description of the source.
        folder: Folder of the embedded figures, holding `<key>.parquet` and `<key>.pin.json`.

    Returns:
        The table, its columns and types those of the descriptor.

    Raises:
        SourceFault: A file is absent or changed, or the table breaks the descriptor; the text is
            Italian and names the file.
    """
    path = folder / descriptor.parquet_name
    if not path.is_file():
        rule = f"il file dei dati non c'è; {how_to_recover(path)}"
        raise SourceFault(descriptor.key, path.name, "", rule)
    pin = read_pin(descriptor.key, folder)
    content = path.read_bytes()
    found = sha256(content)
    if found != pin.sha256:
        rule = (
            f"il contenuto è cambiato (impronta sha256 {found[:12]}…, attesa {pin.sha256[:12]}…); "
            f"{how_to_recover(path)}"
        )
        raise SourceFault(descriptor.key, path.name, "", rule)
    try:
        frame = pl.read_parquet(io.BytesIO(content))
    except pl.exceptions.PolarsError as error:
        rule = f"non è un file Parquet leggibile; {how_to_recover(path)}"
        raise SourceFault(descriptor.key, path.name, "", rule) from error
    if frame.height != pin.rows:
        rule = f"{frame.height} righe, ma il sigillo ne dichiara {pin.rows}"
        raise SourceFault(descriptor.key, path.name, "", rule)
    return validate(frame, descriptor)


def without_rows(descriptor: Descriptor) -> pl.DataFrame:
    """The table of a source that was never downloaded: its declared columns, and no row.

    Args:
        descriptor: Description of the source.
    """
    return pl.DataFrame(schema={each.name: DTYPES[each.type] for each in descriptor.columns})


def validate(frame: pl.DataFrame, descriptor: Descriptor) -> pl.DataFrame:
    """Check a table against its descriptor: columns, types, cells, rows, key, invariants.

    An invariant that is unknown because one of its cells is missing is not broken, as in an SQL
    `CHECK`.

    Args:
        frame: The table as read.
        descriptor: Description of the source.

    Returns:
        The same table.

    Raises:
        SourceFault: The first broken rule, with column, row and key values.
    """
    report = _Report(frame, descriptor)
    report.schema()
    report.row_count()
    for column in _all_columns(frame, descriptor):
        report.column(column)
    report.unique_key()
    report.invariants()
    return frame


def _all_columns(frame: pl.DataFrame, descriptor: Descriptor) -> Iterator[Column]:
    yield from descriptor.columns
    family = descriptor.variable_columns
    if family is not None:
        for name in frame.columns[len(descriptor.columns) :]:
            yield Column(name=name, type=family.type, it=family.it, required=family.required)


@dataclass(frozen=True)
class _Report:
    """The checks on one table; each raises on the first row at fault."""

    frame: pl.DataFrame
    descriptor: Descriptor

    def fault(self, where: str, rule: str) -> SourceFault:
        return SourceFault(self.descriptor.key, self.descriptor.parquet_name, where, rule)

    def schema(self) -> None:
        declared = [column.name for column in self.descriptor.columns]
        found = self.frame.columns
        missing = [name for name in declared if name not in found]
        if missing:
            raise self.fault(f"colonna {missing[0]}", "colonna assente")
        for name in found:
            if name not in declared and not self.descriptor.is_variable(name):
                raise self.fault(f"colonna {name}", "colonna non dichiarata nel descrittore")
        if found[: len(declared)] != declared:
            raise self.fault("", f"le colonne devono essere nell'ordine {', '.join(declared)}")
        if self.descriptor.variable_columns is not None and len(found) == len(declared):
            rule = f"nessuna colonna risponde a {self.descriptor.variable_columns.pattern}"
            raise self.fault("", rule)
        for column in _all_columns(self.frame, self.descriptor):
            dtype = self.frame.schema[column.name]
            if dtype != DTYPES[column.type]:
                raise self.fault(f"colonna {column.name}", f"tipo {dtype}, atteso {column.type}")

    def row_count(self) -> None:
        rows, height = self.descriptor.rows, self.frame.height
        if not rows.min <= height <= rows.max:
            expected = str(rows.min) if rows.min == rows.max else f"da {rows.min} a {rows.max}"
            raise self.fault("", f"{height} righe, attese {expected}")

    def column(self, column: Column) -> None:
        cell = pl.col(column.name)
        if column.required:
            self.no_row(cell.is_null(), column.name, "valore mancante")
        if column.type == "Float64":
            self.no_row(~cell.is_finite(), column.name, "valore non finito")
        if column.min is not None:
            self.no_row(cell < column.min, column.name, f"valore sotto il minimo {column.min:g}")
        if column.max is not None:
            self.no_row(cell > column.max, column.name, f"valore sopra il massimo {column.max:g}")
        if column.allowed is not None:
            listed = ", ".join(str(value) for value in column.allowed)
            self.no_row(~cell.is_in(list(column.allowed)), column.name, f"ammessi solo: {listed}")
        if column.pattern is not None:
            text = cell.cast(pl.String)
            matches = text.str.contains(f"^(?:{column.pattern})$")
            self.no_row(~matches, column.name, f"il valore non risponde a {column.pattern}")

    def unique_key(self) -> None:
        key = list(self.descriptor.key_columns)
        repeated = ~pl.struct(key).is_first_distinct()
        self.no_row(repeated, "", "chiave ripetuta")

    def invariants(self) -> None:
        for invariant in self.descriptor.invariants:
            try:
                self.no_row(~pl.sql_expr(invariant), "", f"non vale {invariant}")
            except pl.exceptions.PolarsError as error:
                rule = f"la regola '{invariant}' non si può calcolare: {error}"
                raise self.fault("", rule) from error

    def no_row(self, broken: pl.Expr, column: str, rule: str) -> None:
        """Raise where `broken` is true on any row, naming the first."""
        flags = self.frame.select(broken.fill_null(value=False).alias("broken")).to_series()
        if not flags.any():
            return
        row = flags.arg_true()[0]
        keys = self.frame.row(row, named=True)
        values = ", ".join(f"{name}={keys[name]}" for name in self.descriptor.key_columns)
        place = f"riga {row + 1} ({values})"
        count = int(flags.sum())
        tail = f" ({count} righe in tutto)" if count > 1 else ""
        cell = f": trovato {keys[column]!r}" if column and keys[column] is not None else ""
        raise self.fault(f"colonna {column}, {place}" if column else place, f"{rule}{cell}{tail}")
