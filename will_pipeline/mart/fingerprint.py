"""Fingerprints of content: equal when, and only when, what readers would see is equal.

Files are not compared, since the same rows make different DuckDB files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from will_pipeline.contracts.catalogue import CONTRACT_VERSION
from will_pipeline.contracts.model import TableContract, ViewContract

PACKAGE = Path(__file__).parent.parent
RENDERING_ROOMS = ("atlas", "mart")


def content_version(frame: pl.DataFrame) -> str:
    """Fingerprint of columns, types, rows and their order, shape (rows, columns) included.

    Values are hashed, not buffers: how a frame is split in chunks, and what lies in memory under
    a missing value, is nobody's content.

    Raises:
        TypeError: a column is neither text, bytes, number, truth value nor time.
    """
    digest = hashlib.sha256(repr((frame.height, frame.columns, frame.dtypes)).encode())
    for column in frame.iter_columns():
        digest.update(column.is_null().to_numpy().tobytes())
        for part in _values(column.drop_nulls()):
            digest.update(part)
    return digest.hexdigest()


def _values(column: pl.Series) -> tuple[bytes, ...]:
    kind = column.dtype
    if kind in (pl.String, pl.Binary):
        texts = column.cast(pl.Binary)
        return texts.bin.size().to_numpy().tobytes(), b"".join(texts.to_list())
    if not (kind.is_numeric() or kind.is_temporal() or kind == pl.Boolean):
        raise TypeError(f"no fingerprint for column {column.name} of type {kind}")
    return (column.to_physical().to_numpy().tobytes(),)


def rendering_hash() -> str:
    """Fingerprint of everything that shapes the files of a release apart from the data.

    Returns:
        SHA-256, in hexadecimal, over names and bytes of the templates, styles, scripts and modules
        that render the atlas and the other files.
    """
    digest = hashlib.sha256()
    files = [
        path
        for room in RENDERING_ROOMS
        for path in (PACKAGE / room).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and "__pycache__" not in path.parts
    ]
    for path in sorted(files, key=lambda path: path.relative_to(PACKAGE).as_posix()):
        content = path.read_bytes()
        name = path.relative_to(PACKAGE).as_posix()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def release_fingerprint(
    tables: Mapping[str, pl.DataFrame],
    contracts: Iterable[TableContract],
    views: Iterable[ViewContract],
    rendering: str,
    *,
    beside: Mapping[str, pl.DataFrame] | None = None,
) -> str:
    """Fingerprint of a whole release: tables, contracts, views and how its files are made.

    Args:
        tables: published tables by name, sorted by key, without the statements about the release
            itself.
        contracts: contracts of the tables.
        views: contracts of the views.
        rendering: fingerprint of what makes the files, see `rendering_hash`.
        beside: tables that shape files of the release without being in the mart, by name.
    """
    parts = [CONTRACT_VERSION, rendering]
    parts += [f"{name}:{content_version(frame)}" for name, frame in sorted((beside or {}).items())]
    parts += [f"{name}:{content_version(tables[name])}" for name in sorted(tables)]
    parts += [contract.model_dump_json() for contract in contracts]
    parts += [view.model_dump_json() for view in views]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
