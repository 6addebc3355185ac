"""Frames on their way into a table: columns in the contract's order and types, nothing else.

A frame that lacks a column, brings one more or holds a value its type cannot hold is refused;
nothing is filled, dropped or rounded.
"""

from __future__ import annotations

import polars as pl

from will_pipeline.contracts.model import ColumnType, TableContract

POLARS_TYPES: dict[ColumnType, type[pl.DataType]] = {
    "VARCHAR": pl.String,
    "INTEGER": pl.Int32,
    "BIGINT": pl.Int64,
    "DOUBLE": pl.Float64,
    "BOOLEAN": pl.Boolean,
    "DATE": pl.Date,
    "BLOB": pl.Binary,
}


class ContractBreach(ValueError):
    """A frame that cannot become the table its contract describes."""

    def __init__(self, table: str, column: str, rule: str) -> None:
        self.table, self.column, self.rule = table, column, rule
        super().__init__(f"tabella {table}, colonna {column}: {rule}")


def conform(frame: pl.DataFrame, contract: TableContract) -> pl.DataFrame:
    """Give `frame` the columns, order and types of `contract`, sorted by its key.

    Args:
        frame: one row per grain of the table.
        contract: contract of the table.

    Returns:
        The same rows, columns in the contract's order (variable columns after the named ones, in
        their own order), sorted by key.

    Raises:
        ContractBreach: a column is missing or unknown, or a value does not fit its type.
    """
    types = column_types(frame.columns, contract)
    typed = pl.DataFrame(
        [_typed(frame[name], kind, contract.table) for name, kind in types.items()]
    )
    return typed.sort(contract.key)


def empty(contract: TableContract) -> pl.DataFrame:
    """The table of `contract` without rows: its named columns in order and type."""
    return pl.DataFrame(schema={each.name: POLARS_TYPES[each.type] for each in contract.columns})


def _typed(values: pl.Series, kind: ColumnType, table: str) -> pl.Series:
    rule = f"ha valori che non stanno nel tipo {kind}"
    try:
        typed = values.cast(POLARS_TYPES[kind])
        back = typed.cast(values.dtype)
    except (pl.exceptions.InvalidOperationError, pl.exceptions.ComputeError) as problem:
        raise ContractBreach(table, values.name, f"{rule} ({problem})") from problem
    # A cast of 1.5 to a whole number, or of a time to a date, succeeds and loses something.
    if not back.equals(values):
        raise ContractBreach(table, values.name, rule)
    return typed


def column_types(names: list[str], contract: TableContract) -> dict[str, ColumnType]:
    """Types of the columns called `names`, in the order in which the table holds them.

    Raises:
        ContractBreach: a column of the contract is missing or a name is unknown to it.
    """
    types: dict[str, ColumnType] = {column.name: column.type for column in contract.columns}
    for name in types:
        if name not in names:
            raise ContractBreach(contract.table, name, "manca")
    for name in names:
        if name in types:
            continue
        if contract.variable_columns is None or not contract.variable_columns.matches(name):
            raise ContractBreach(contract.table, name, "non è prevista dal contratto")
        types[name] = contract.variable_columns.type
    return types
