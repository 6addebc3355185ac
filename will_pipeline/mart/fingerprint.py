"""Fingerprints of content: equal when, and only when, what readers would see is equal.

Files are not compared, since the same rows make different DuckDB files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import polars as pl

from will_pipeline.contracts.catalogue import CONTRACT_VERSION
from will_pipeline.contracts.model import TableContract, ViewContract


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


def release_fingerprint(
    tables: Mapping[str, pl.DataFrame],
    contracts: Iterable[TableContract],
    views: Iterable[ViewContract],
    atlas: str,
) -> str:
    """Fingerprint of a whole release: tables, contracts, views and the make of the atlas.

    Args:
        tables: published tables by name, sorted by key, without the statements about the release
            itself.
        contracts: contracts of the tables.
        views: contracts of the views.
        atlas: fingerprint of the atlas's templates.
    """
    parts = [CONTRACT_VERSION, atlas]
    parts += [f"{name}:{content_version(tables[name])}" for name in sorted(tables)]
    parts += [contract.model_dump_json() for contract in contracts]
    parts += [view.model_dump_json() for view in views]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
