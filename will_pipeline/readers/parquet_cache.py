"""Tables that take long to read, kept as Parquet beside the snapshots they come from.

What belongs here is when a kept table may be used again: same bytes, same reader, same options, and
a file that is still what was written.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

_CHUNK = 1 << 20


def cached(
    reader: Callable[..., pl.DataFrame], files: Mapping[str, Path], folder: Path, **options: Any
) -> pl.DataFrame:
    """Read files once, and the kept table after that.

    Parquet notices few of its own damages, so that the digest of the kept file is verified every
    time; a damaged one is made again.

    Args:
        reader: Function of the readers from files by name to a table.
        files: Snapshots by name.
        folder: Where tables are kept; it may be emptied at any moment.
        options: Options of the reader; they must have a form in JSON.

    Returns:
        The table, as the reader gives it.

    Raises:
        SourceFault: The reader refuses the files.
        TypeError: An option has no form in JSON.
    """
    name = _key(reader, files, options)
    path = folder / f"{name}.parquet"
    seal = folder / f"{name}.sha256"
    if path.is_file() and seal.is_file() and seal.read_text("ascii") == _digest(path):
        return pl.read_parquet(path)
    table = reader(files, **options)
    folder.mkdir(parents=True, exist_ok=True)
    _replace(path, lambda part: table.write_parquet(part, compression="zstd"))
    digest = _digest(path)
    _replace(seal, lambda part: part.write_text(digest, "ascii"))
    return table


def _key(reader: Callable[..., Any], files: Mapping[str, Path], options: Mapping[str, Any]) -> str:
    module = inspect.getmodule(reader)
    # A reader that changes reads anew: its module is part of the key.
    source = inspect.getsource(module) if module else ""
    parts = {
        "reader": f"{reader.__module__}:{reader.__qualname__}",
        "code": hashlib.sha256(source.encode()).hexdigest(),
        "files": {name: _digest(path) for name, path in sorted(files.items())},
        "options": options,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
