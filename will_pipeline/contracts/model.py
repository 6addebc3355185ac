"""The shape of a table contract: what one YAML file under `contracts/` may say.

Only the model and its own consistency rules belong here; reading files, SQL and
checks live in the neighbouring modules.
"""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

ColumnType = Literal["VARCHAR", "INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "BLOB"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bilingual(_Frozen):
    """One sentence in Italian and its English rendering."""

    it: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Column(_Frozen):
    """One published column: type, domain and meaning."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    english: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    type: ColumnType
    required: bool = False
    references: str | None = Field(default=None, pattern=r"^\w+\.\w+$")
    allowed: tuple[str, ...] | None = None
    pattern: str | None = None
    unit: str | None = None
    min: float | None = None
    max: float | None = None
    it: str = Field(min_length=3)
    en: str = Field(min_length=3)
    example: str | int | float | None = None


class VariableColumns(_Frozen):
    """A family of columns of one type whose names follow a pattern (wide census tables)."""

    pattern: str
    type: ColumnType
    required: bool = True
    it: str = Field(min_length=3)
    en: str = Field(min_length=3)

    def matches(self, name: str) -> bool:
        """Whether `name` belongs to the family."""
        return re.fullmatch(self.pattern, name) is not None


class Invariant(_Frozen):
    """A SQL condition that holds on every row."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    sql: str
    it: str = Field(min_length=3)
    en: str = Field(min_length=3)


class TableContract(_Frozen):
    """Everything that is promised about one table.

    `from_deliveries` marks a table whose rows come only from files that a municipality hands in:
    it is empty until then, while every other table must have rows.
    """

    table: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    english: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    grain: Bilingual
    description: Bilingual
    key: tuple[str, ...] = Field(min_length=1)
    columns: tuple[Column, ...] = Field(min_length=1)
    variable_columns: VariableColumns | None = None
    from_deliveries: bool = False
    invariants: tuple[Invariant, ...] = ()

    @model_validator(mode="after")
    def _key_is_required_and_names_are_unique(self) -> Self:
        names = [column.name for column in self.columns]
        english = [column.english for column in self.columns]
        for kind, listed in (("name", names), ("english name", english)):
            repeated = sorted({name for name in listed if listed.count(name) > 1})
            if repeated:
                raise ValueError(f"table {self.table}: repeated {kind} {repeated}")
        required = {column.name for column in self.columns if column.required}
        loose = [name for name in self.key if name not in required]
        if loose:
            raise ValueError(f"table {self.table}: key columns {loose} must exist and be required")
        return self

    def column(self, name: str) -> Column:
        """Return the column called `name`.

        Raises:
            KeyError: the contract has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.table}.{name}")


class ViewColumn(_Frozen):
    """One column of a view; its type follows from the query."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    english: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    it: str = Field(min_length=3)
    en: str = Field(min_length=3)


class ViewContract(_Frozen):
    """A published view: a named question over the tables."""

    view: str = Field(pattern=r"^v_[a-z0-9_]+$")
    english: str = Field(pattern=r"^v_[a-z0-9_]+$")
    grain: Bilingual
    description: Bilingual
    columns: tuple[ViewColumn, ...] = Field(min_length=1)
    sql: str
