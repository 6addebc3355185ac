"""The archive of accepted deliveries: tables by the checksum of their bytes, and which one is used.

What belongs here is the disk: files written once and whole, one pointer per municipality and kind.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from will_pipeline.contracts.conform import ContractBreach, conform
from will_pipeline.deliveries.catalogue import harmonised
from will_pipeline.deliveries.intake import Tables
from will_pipeline.sources.pins import sha256

POINTER = "in_uso.json"
TABLE = "_table"
"""Column of an archived file that tells the harmonised table a row belongs to."""


class Pointer(BaseModel):
    """Which archived file a municipality's delivery uses.

    Attributes:
        file: names of the delivered files.
        sha256: checksum of the archived file, which is also its name.
        bytes: size of the archived file.
        rows: rows of all its tables.
        accepted_on: day of the acceptance, written once.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: int = Field(ge=1)
    rows: int = Field(ge=1)
    accepted_on: date


@dataclass(frozen=True)
class Archive:
    """The folder of accepted deliveries: `<slug>/<kind>/<sha256>.parquet`."""

    folder: Path

    def pointer(self, slug: str, kind: str) -> Pointer | None:
        """Read what is in use, none where nothing is or the pointer cannot be read."""
        path = self.folder / slug / kind / POINTER
        try:
            return Pointer.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None

    def read(self, slug: str, kind: str, digest: str) -> Tables | None:
        """Read archived tables, verified against their checksum.

        Returns:
            Tables by name; none where the file is lost or altered, or its tables are no longer
            those of the contracts.
        """
        path = self._file(slug, kind, digest)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        return _unpack(content) if sha256(content) == digest else None

    def keep(self, slug: str, kind: str, tables: Tables, *, file: str, today: date) -> Pointer:
        """Archive tables and use them from now on; the same tables as before change nothing.

        Args:
            slug: folder of the municipality.
            kind: kind of delivery.
            tables: harmonised tables by name.
            file: names of the delivered files.
            today: day of the acceptance.
        """
        used = self.unchanged(slug, kind, tables)
        if used is not None:
            return used
        content = _pack(tables)
        digest = sha256(content)
        path = self._file(slug, kind, digest)
        if not path.is_file() or path.read_bytes() != content:
            _write(path, content)
        pointer = Pointer(
            file=file,
            sha256=digest,
            bytes=len(content),
            rows=sum(frame.height for frame in tables.values()),
            accepted_on=today,
        )
        text = pointer.model_dump_json(indent=2) + "\n"
        _write(path.with_name(POINTER), text.encode())
        return pointer

    def unchanged(self, slug: str, kind: str, tables: Tables) -> Pointer | None:
        """Pointer in use where it holds the very same tables, compared by content."""
        used = self.pointer(slug, kind)
        before = None if used is None else self.read(slug, kind, used.sha256)
        if before is None or before.keys() != tables.keys():
            return None
        return used if all(before[name].equals(tables[name]) for name in tables) else None

    def withdraw(self, slug: str, kind: str) -> None:
        """Stop using a delivery; the archived tables stay."""
        (self.folder / slug / kind / POINTER).unlink(missing_ok=True)

    def kinds(self, slug: str) -> list[str]:
        """Kinds with a delivery in use."""
        return sorted(path.parent.name for path in (self.folder / slug).glob(f"*/{POINTER}"))

    def _file(self, slug: str, kind: str, digest: str) -> Path:
        return self.folder / slug / kind / f"{digest}.parquet"


def _pack(tables: Tables) -> bytes:
    """All tables in one file, so that a delivery is accepted whole or not at all."""
    marked = [tables[name].select(pl.lit(name).alias(TABLE), pl.all()) for name in sorted(tables)]
    buffer = io.BytesIO()
    pl.concat(marked, how="diagonal").rechunk().write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def _unpack(content: bytes) -> Tables | None:
    frame = pl.read_parquet(io.BytesIO(content))
    contracts = harmonised()
    try:
        return {
            name: conform(
                frame.filter(pl.col(TABLE) == name).select(
                    column.name for column in contracts[name].columns
                ),
                contracts[name],
            )
            for name in frame[TABLE].unique(maintain_order=True)
        }
    # The contracts changed since the delivery was accepted.
    except (KeyError, pl.exceptions.ColumnNotFoundError, ContractBreach):
        return None


def _write(path: Path, content: bytes) -> None:
    """Write a file whole: readers find it complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".parte")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
