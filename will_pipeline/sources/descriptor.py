"""The hand-written description of a source: who publishes it, on which terms, with which columns.

What belongs here is the shape of `*.source.yaml` and its loading; reading bytes belongs elsewhere.
"""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from will_pipeline.errors import SourceFault
from will_pipeline.sources.documents import load_document
from will_pipeline.sources.live import Live

SUFFIX = ".source.yaml"

PolarsType = Literal["String", "Int64", "Float64", "Date", "Boolean", "Binary"]
Cadence = Literal["static", "annual", "rolling", "drop_in"]
Level = Literal[
    "ace",
    "asc",
    "sezione",
    "comune",
    "cap",
    "provincia",
    "regione",
    "ripartizione",
    "punto",
    "variabile",
]
Text = Annotated[str, Field(min_length=1)]
ProCom = Annotated[str, Field(pattern=r"^\d{6}$")]

DTYPES: dict[str, Any] = {
    "String": pl.String,
    "Int64": pl.Int64,
    "Float64": pl.Float64,
    "Date": pl.Date,
    "Boolean": pl.Boolean,
    "Binary": pl.Binary,
}


class _Strict(BaseModel):
    """Immutable, and deaf to no field: an unknown one is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _checked_pattern(value: str | None) -> str | None:
    if value is not None:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"espressione regolare non valida: {error}") from error
    return value


class Licence(_Strict):
    """Terms of use as the producer states them."""

    name: Text
    url: Text
    statement: str = ""


class Column(_Strict):
    """One column of the table; `required` means that no cell may be missing."""

    name: Text
    type: PolarsType
    it: Text
    unit: str | None = None
    required: bool = True
    min: float | None = None
    max: float | None = None
    allowed: tuple[str | int | float, ...] | None = None
    pattern: str | None = None

    _pattern = field_validator("pattern")(_checked_pattern)


class VariableColumns(_Strict):
    """A family of columns named by a pattern, all of one type; `required` as for a column."""

    pattern: Text
    type: PolarsType
    it: Text
    required: bool = True

    _pattern = field_validator("pattern")(_checked_pattern)


class RowRange(_Strict):
    """Number of rows the table may have, both ends included."""

    min: int = Field(ge=0)
    max: int = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> "RowRange":
        if self.min > self.max:
            raise ValueError("il minimo supera il massimo")
        return self


class Embedding(_Strict):
    """How the embedded figures are made: files to glob, reader (`module:function`), its options.

    A source without files is one whose published rates were typed in by hand: its reader brings
    the cited table that ships with the package.
    """

    files: tuple[Text, ...]
    reader: Annotated[str, Field(pattern=r"^\w+:\w+$")]
    options: dict[str, Any] = Field(default_factory=dict)


class Online(_Strict):
    """How the table is made of what was downloaded, in the place of the embedded figures.

    Attributes:
        downloads: Keys of the live sources it is made of.
        reader: `module:function` of `will_pipeline.readers`; it takes the files by name and, where
            it chooses municipalities, those to keep (`cities`).
        options: Its other options.
        rows: Rows the table may have.
        patterns: Pattern by column, in place of the embedded table's.
        columns: Other rules of a column that the embedded table's are too narrow for, by column.
        described: What else is said of the table, in place of what the descriptor says.
    """

    downloads: tuple[Text, ...] = Field(min_length=1)
    reader: Annotated[str, Field(pattern=r"^\w+:\w+$")]
    options: dict[str, Any] = Field(default_factory=dict)
    rows: RowRange
    patterns: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, dict[str, Any]] = Field(default_factory=dict)
    described: dict[str, Text] = Field(default_factory=dict)


class Descriptor(_Strict):
    """One source: its identity, its terms, its columns and the rules its rows obey."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: Text
    title_en: Text
    producer: Text
    description: Text
    url: Annotated[str, Field(pattern=r"^https?://")]
    licence: Licence
    attribution: Text
    citation: Text
    reference_date: Text
    retrieved: date
    cadence: Cadence
    level: Level
    cities: Literal["all"] | tuple[ProCom, ...]
    known_problems: str = ""
    key_columns: tuple[Text, ...] = Field(min_length=1)
    columns: tuple[Column, ...] = Field(min_length=1)
    variable_columns: VariableColumns | None = None
    rows: RowRange
    invariants: tuple[Text, ...] = ()
    embedding: Embedding | None = None
    live: Live | None = None
    online: Online | None = None

    @field_validator("invariants")
    @classmethod
    def _parsable(cls, invariants: tuple[str, ...]) -> tuple[str, ...]:
        for invariant in invariants:
            try:
                pl.sql_expr(invariant)
            except pl.exceptions.PolarsError as error:
                raise ValueError(f"'{invariant}' non è un'espressione SQL: {error}") from error
        return invariants

    @model_validator(mode="after")
    def _coherent(self) -> "Descriptor":
        names = [column.name for column in self.columns]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"colonne ripetute: {', '.join(repeated)}")
        foreign = [name for name in self.key_columns if name not in names]
        if foreign:
            raise ValueError(f"key_columns cita colonne non dichiarate: {', '.join(foreign)}")
        loose = [c.name for c in self.columns if c.name in self.key_columns and not c.required]
        if loose:
            raise ValueError(f"una colonna di chiave è sempre obbligatoria: {', '.join(loose)}")
        return self

    @property
    def parquet_name(self) -> str:
        """Name of the embedded table's file."""
        return f"{self.key}.parquet"

    @property
    def has_table(self) -> bool:
        """Whether the graph reads a table of it; other sources are only downloaded."""
        return self.embedding is not None or self.live is None or self.online is not None

    @property
    def is_only_online(self) -> bool:
        """Whether its table is made of downloads alone: without them it has no rows."""
        return self.embedding is None and self.online is not None

    def is_variable(self, name: str) -> bool:
        """Say whether a column name belongs to the variable columns.

        Args:
            name: Column name.

        Returns:
            True where the name matches the pattern of `variable_columns`.
        """
        family = self.variable_columns
        return family is not None and re.fullmatch(family.pattern, name) is not None


def load_sources(folder: Path) -> dict[str, Descriptor]:
    """Load every descriptor of a folder.

    Args:
        folder: Folder holding `*.source.yaml` files.

    Returns:
        Descriptors by key, sorted by key.

    Raises:
        SourceFault: A file is not YAML, breaks the model, or is not named after its key.
    """
    found = [load_source(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]
    return {descriptor.key: descriptor for descriptor in sorted(found, key=lambda d: d.key)}


def load_source(path: Path) -> Descriptor:
    """Load one descriptor.

    Args:
        path: A `<key>.source.yaml` file.

    Returns:
        The descriptor.

    Raises:
        SourceFault: The file is not YAML, breaks the model, or is not named after its key.
    """
    stem = path.name.removesuffix(SUFFIX)
    descriptor = load_document(path, stem, Descriptor)
    if descriptor.key != stem:
        rule = f"la chiave '{descriptor.key}' non è il nome del file"
        raise SourceFault(stem, path.name, "campo key", rule)
    return descriptor
