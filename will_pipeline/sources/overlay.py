"""Tables that take the place of the embedded ones for a run on other cities.

What belongs here is which sources a run replaces and how their descriptions change; the tables
themselves are read and verified as any other.
"""

from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from will_pipeline.errors import SourceFault
from will_pipeline.sources.descriptor import Descriptor, RowRange, Text
from will_pipeline.sources.documents import load_document
from will_pipeline.sources.embedded import read_embedded
from will_pipeline.sources.embedding import to_parquet
from will_pipeline.sources.pins import Pin, read_pin, sha256

RULES_FILE = "sostituzioni.yaml"
EVERYWHERE = "all"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Notice(_Strict):
    """What every reader of the run's results must see, in Italian and in English."""

    it: Text
    en: Text


class Replacement(_Strict):
    """How the description of one source changes: what names other cities, and nothing else.

    Attributes:
        title: Title in Italian; the source's own when absent.
        rows: Rows the table may have.
        patterns: Pattern by column, in place of the source's.
    """

    title: Text | None = None
    rows: RowRange
    patterns: dict[str, str] = Field(default_factory=dict)


class Rules(_Strict):
    """The file that stands beside the tables.

    Attributes:
        notice: What every reader must see.
        described: Fields that every replaced source takes (producer, licence, cities ...).
        unused: What is said of a source that speaks of other cities only.
        tables: Replaced sources by key.
    """

    notice: Notice
    described: dict[str, Any]
    unused: Text
    tables: dict[str, Replacement]


class Overlay:
    """A folder of tables that replace those of the same name.

    A source that lists the cities it covers, and is not replaced, is left out: it says nothing of
    the cities of the run, and its figures never reach them.
    """

    def __init__(self, folder: Path) -> None:
        """Load the rules of the folder.

        Args:
            folder: Folder that holds `sostituzioni.yaml`, `<key>.parquet` and `<key>.pin.json`.

        Raises:
            SourceFault: The rules are not there or break the model.
        """
        self.folder = folder
        self.rules = load_rules(folder / RULES_FILE)

    def replaces(self, source: Descriptor) -> bool:
        """Say whether the folder has a table of its own for a source."""
        return source.key in self.rules.tables

    def leaves_out(self, source: Descriptor) -> bool:
        """Say whether a source speaks of other cities only, and is read without its rows."""
        return not self.replaces(source) and source.cities != EVERYWHERE

    def describe(self, source: Descriptor) -> Descriptor:
        """Description of a source as this run uses it.

        Raises:
            SourceFault: The rules give a field that a description cannot have, or the pattern of
                a column that the source does not have.
        """
        if self.leaves_out(source):
            none = RowRange(min=0, max=0)
            return source.model_copy(update={"known_problems": self.rules.unused, "rows": none})
        replaced = self.rules.tables.get(source.key)
        if replaced is None:
            return source
        unknown = sorted(set(replaced.patterns) - {column.name for column in source.columns})
        if unknown:
            where = f"campo tables.{source.key}.patterns"
            raise SourceFault(source.key, RULES_FILE, where, f"la fonte non ha {unknown[0]}")
        fields = source.model_dump() | self.rules.described
        fields["rows"] = replaced.rows.model_dump()
        fields["title"] = replaced.title or source.title
        fields["columns"] = [
            column.model_dump() | {"pattern": replaced.patterns.get(column.name, column.pattern)}
            for column in source.columns
        ]
        try:
            return Descriptor.model_validate(fields)
        except ValueError as error:
            rule = f"la descrizione che ne viene non è valida: {error}"
            raise SourceFault(source.key, RULES_FILE, "campo described", rule) from error

    def read(self, source: Descriptor, embedded: Path) -> pl.DataFrame:
        """Read a source as this run uses it, verified.

        Args:
            source: Description of the source.
            embedded: Folder of the embedded figures.

        Raises:
            SourceFault: A file is absent or changed, or the table breaks its description.
        """
        if self.replaces(source):
            return read_embedded(self.describe(source), self.folder)
        frame = read_embedded(source, embedded)
        return frame.clear() if self.leaves_out(source) else frame

    def pin(self, source: Descriptor, embedded: Path) -> Pin:
        """Seal of a source as this run uses it: its own, or that of the table without rows."""
        if not self.leaves_out(source):
            return read_pin(source.key, self.folder if self.replaces(source) else embedded)
        none = self.read(source, embedded)
        return seal(source, none, to_parquet(none))


def seal(source: Descriptor, frame: pl.DataFrame, content: bytes) -> Pin:
    """Seal of a table that no official file is behind.

    Args:
        source: Description of the table.
        frame: Its rows.
        content: The same as Parquet.
    """
    return Pin(
        file=source.parquet_name,
        sha256=sha256(content),
        bytes=len(content),
        rows=frame.height,
        retrieved=source.retrieved,
        source_files=(),
    )


def load_rules(path: Path) -> Rules:
    """Load the rules of an overlay.

    Raises:
        SourceFault: The file is not there, is not YAML or breaks the model.
    """
    if not path.is_file():
        raise SourceFault(path.parent.name, path.name, "", "mancano le regole delle sostituzioni")
    return load_document(path, path.parent.name, Rules)
