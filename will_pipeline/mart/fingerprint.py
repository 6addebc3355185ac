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
    """Fingerprint of rows, order and types: sha256 of the uncompressed Arrow stream."""
    stream = frame.write_ipc_stream(None, compression="uncompressed")
    return hashlib.sha256(stream.getvalue()).hexdigest()


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
