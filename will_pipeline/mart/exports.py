"""Plain files beside the mart, and the list of their checksums.

Everything here renders tables that are already decided; no number is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import polars as pl

CHECKSUM_FILE = "sha256sums.txt"


def write_fact_files(folder: Path, tables: Mapping[str, pl.DataFrame]) -> None:
    """Write the indicator facts as Parquet and CSV (UTF-8, comma, decimal point)."""
    facts = tables["fatto_indicatore"]
    facts.write_parquet(folder / "fatto_indicatore.parquet", compression="zstd")
    facts.write_csv(folder / "fatto_indicatore.csv")


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files given by relative path."""
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def write_checksums(folder: Path) -> Path:
    """Write the sha256 of every file under `folder`, in the format of `sha256sum`."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}\n"
        for file in files
        if file.name != CHECKSUM_FILE
    ]
    target = folder / CHECKSUM_FILE
    target.write_text("".join(lines), "utf-8")
    return target


def altered_files(folder: Path) -> list[str]:
    """Files of a release that are missing or differ from its checksums, by relative path.

    Args:
        folder: folder of a release; without a list of checksums the list itself is missing.
    """
    listing = folder / CHECKSUM_FILE
    if not listing.is_file():
        return [CHECKSUM_FILE]
    broken = []
    for line in listing.read_text("utf-8").splitlines():
        digest, _, name = line.partition("  ")
        file = folder / name
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            broken.append(name)
    return broken
