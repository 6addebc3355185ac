"""The results of each region on disk: written whole or not at all, and found again after a halt.

Which bytes a result was made of is in its manifest; what the tables say is the matter of `region`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import mkdtemp

import polars as pl

from will_pipeline.national.fingerprint import table_fingerprint
from will_pipeline.national.official import RegionFiles, read_counts, read_polygons
from will_pipeline.national.region import RegionTables, region_tables

VERSION = "2"
"""Changes whenever the same files would give other tables: old partitions are then made again."""
MANIFEST = "manifesto.json"
TABLES = tuple(field.name for field in fields(RegionTables))
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Partition:
    """The tables of one region on disk.

    Attributes:
        code: two digits of the region.
        folder: where its Parquet files are.
        content: fingerprint of every table.
        resumed: whether it was there already.
        sections: sections counted.
        areas: areas made.
        mended: polygons whose borders do not match those of their neighbours.
    """

    code: str
    folder: Path
    content: dict[str, str]
    resumed: bool
    sections: int
    areas: int
    mended: int

    def scan(self, table: str) -> pl.LazyFrame:
        """One of the tables, not yet read."""
        return pl.scan_parquet(self.folder / f"{table}.parquet")


def make_partition(region: RegionFiles, codes: Sequence[str], workshop: Path) -> Partition:
    """Give the tables of a region: those on disk where they come from these very files.

    A partition is a folder that appears by one rename when all of it is written, so that a halt
    at any moment leaves it whole or absent.

    Args:
        region: official files.
        codes: variables to keep.
        workshop: folder of the partitions.

    Raises:
        SourceFault: as the readers and `region_tables`.
    """
    inputs = _inputs(region, codes)
    folder = workshop / f"R{region.code}-{inputs[:16]}"
    found = _read(region.code, folder)
    if found is not None:
        return found
    workshop.mkdir(parents=True, exist_ok=True)
    beside = Path(mkdtemp(prefix=f".R{region.code}-", dir=workshop))
    try:
        counts = read_counts(region.counts, codes)
        tables = region_tables(counts, read_polygons(region.polygons))
        _write(tables, beside, inputs, sections=counts.height)
        if folder.exists():
            shutil.rmtree(folder)
        beside.rename(folder)
    finally:
        if beside.exists():
            shutil.rmtree(beside)
    for old in workshop.glob(f"R{region.code}-*"):
        if old != folder:
            shutil.rmtree(old)
    made = _read(region.code, folder)
    if made is None:
        raise OSError(f"la partizione {folder.name} non si rilegge come è stata scritta")
    return replace(made, resumed=False)


def clear_halted(workshop: Path) -> None:
    """Remove what a killed run left half written."""
    for left in workshop.glob(".R*"):
        shutil.rmtree(left)


def _inputs(region: RegionFiles, codes: Sequence[str]) -> str:
    """Fingerprint of the bytes a partition is made of."""
    digest = hashlib.sha256(f"{VERSION} {' '.join(codes)}".encode())
    for path in (region.counts, region.polygons):
        # The other parts of a bare shapefile have its name and another ending.
        parts = sorted(path.parent.glob(f"{path.stem}.*")) if path.suffix == ".shp" else [path]
        for part in parts:
            digest.update(f"{part.name} {part.stat().st_size} ".encode())
            with part.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
    return digest.hexdigest()


def _write(tables: RegionTables, folder: Path, inputs: str, *, sections: int) -> None:
    files, content = {}, {}
    for name in TABLES:
        frame: pl.DataFrame = getattr(tables, name)
        path = folder / f"{name}.parquet"
        frame.write_parquet(path)
        files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        content[name] = table_fingerprint(frame)
    finest = tables.outlines.filter(
        ~pl.col("area_id").str.head(6).is_in(_divided(tables.outlines).implode())
        | pl.col("area_id").str.contains(".A", literal=True)
    )
    manifest = {
        "ingressi": inputs,
        "file": files,
        "contenuto": content,
        "sezioni": sections,
        "aree": tables.areas.height,
        "poligoni_accostati": int(finest["mended"].sum()),
    }
    target = folder / MANIFEST
    target.write_text(json.dumps(manifest, indent=1, sort_keys=True), "utf-8")
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _divided(outlines: pl.DataFrame) -> pl.Series:
    below = outlines["area_id"].filter(outlines["area_id"].str.contains(".A", literal=True))
    return below.str.head(6).unique()


def _read(code: str, folder: Path) -> Partition | None:
    """A partition on disk, or nothing where it is not there or is not what was written."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        sums = {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in manifest["file"]
        }
    except (OSError, ValueError, KeyError):
        return None
    if sums != manifest["file"]:
        return None
    return Partition(
        code=code,
        folder=folder,
        content=manifest["contenuto"],
        resumed=True,
        sections=manifest["sezioni"],
        areas=manifest["aree"],
        mended=manifest["poligoni_accostati"],
    )
