"""Files of the producers that municipalities hand in as they are: boundaries, counts by section.

What belongs here is which file is which and its examination; reading, repairing and joining
polygons belong to the readers and to the geography.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

import polars as pl

from will_pipeline.contracts.conform import conform
from will_pipeline.deliveries.areas import Areas
from will_pipeline.deliveries.catalogue import harmonised, source_id
from will_pipeline.deliveries.cells import plain
from will_pipeline.deliveries.intake import Examined, Tables
from will_pipeline.deliveries.problems import BadValue, Problem
from will_pipeline.errors import SourceFault
from will_pipeline.geography.coverage import dissolve, repair
from will_pipeline.readers.polygon_files import SUFFIXES, area_polygons, section_polygons
from will_pipeline.readers.section_counts import section_counts

AREAS_KIND, SECTIONS_KIND, COUNTS_KIND = "confini_aree", "confini_sezioni", "conteggi_sezioni"
TITLES = {
    AREAS_KIND: "Confini delle aree",
    SECTIONS_KIND: "Confini delle sezioni di censimento",
    COUNTS_KIND: "Conteggi del censimento per sezione",
}
"""Kinds of such files, with their names for people."""
TABLES = ("section", "section_count", "delivered_boundary", "polygon_repair")
LEVELS = ("Q", "A")
MOST_BOUNDARY_BYTES = 200_000_000
_SHOWN = 5


UNFIT = "il file non è come serve; «will consegne verifica» dice dove e perché."
"""What is published of a fault of polygons, whose labels are text that anyone may have written."""
NAMES_OF_LEVEL = {"C": "comune", "Q": "quartieri", "A": "aree di censimento"}


@dataclass(frozen=True)
class _Read:
    """The content of one file, and the areas of the town that hands it in."""

    kind: str
    file: str
    content: bytes
    areas: Areas

    @property
    def source(self) -> str:
        return source_id(self.kind, self.areas.pro_com)

    def fault(self, rule: str) -> SourceFault:
        return SourceFault(self.kind, self.file, "", rule)


def boundary_kind(name: str) -> str | None:
    """Kind that a file is, by its name: `<kind>` and an extension of its own."""
    path = PurePath(name)
    kind = plain(path.stem)
    suffixes = (".csv",) if kind == COUNTS_KIND else SUFFIXES
    return kind if path.suffix.lower() in suffixes and kind in TITLES else None


def examine_boundaries(kind: str, files: Mapping[str, bytes], areas: Areas) -> Examined:
    """Examine one file of boundaries, or of counts by section.

    Args:
        kind: one of `TITLES`.
        files: bytes by file name: one file.
        areas: areas of the municipality that hands it in.

    Returns:
        The harmonised tables, `polygon_repair` among them only where something was repaired; or
        the problem.
    """
    if len(files) > 1:
        rule = "ci sono due consegne dello stesso tipo; lasciane una."
        return Examined({}, (Problem(", ".join(sorted(files)), "", rule),))
    (name, content), *_ = files.items()
    try:
        return Examined(_EXAMINERS[kind](_Read(kind, name, content, areas)))
    except SourceFault as fault:
        if kind == COUNTS_KIND:
            return Examined({}, (Problem(name, fault.where, f"{fault.rule}."),))
        told = f"{fault.where}: {fault.rule}." if fault.where else f"{fault.rule}."
        return Examined({}, (Problem(name, "", UNFIT, shown=told),))
    except BadValue as bad:
        return Examined({}, (Problem(name, "", str(bad), shown=bad.shown),))


def _sections(read: _Read) -> Tables:
    town = read.areas.pro_com
    every = section_polygons(read.file, read.content)
    mine = every.filter(pl.col("pro_com") == town)
    if mine.is_empty():
        raise read.fault(f"nel file non ci sono sezioni di {read.areas.town}")
    if mine["edition"].n_unique() > 1:
        raise read.fault("nel file ci sono due edizioni delle sezioni")
    # People without a home have a section of their own, that some files leave without a place.
    placed = ~(pl.col("fictitious") & pl.col("geom_wkb").is_null())
    named = mine.filter(placed).with_columns(polygon_id="section_id")
    good, log = repair(named, file=read.file, source=read.kind)
    rows = pl.concat([good.drop("polygon_id"), mine.filter(~placed)])
    return _tables({"section": rows, "polygon_repair": log}, read)


def _areas(read: _Read) -> Tables:
    drawn = area_polygons(read.file, read.content)
    found = [read.areas.find(label, LEVELS) for label in drawn["label"]]
    _require_whole_level(read, found)
    numbered = drawn.with_columns(
        pl.Series("area_id", found, dtype=pl.String),
        polygon_id=pl.format("{} ({})", pl.Series("a", found), pl.int_range(pl.len()) + 1),
    )
    good, log = repair(numbered, file=read.file, source=read.kind)
    joined = dissolve(good, file=read.file, source=read.kind)
    return _tables({"delivered_boundary": joined, "polygon_repair": log}, read)


def _counts(read: _Read) -> Tables:
    rows = section_counts(read.file, read.content, pro_com=read.areas.pro_com)
    return _tables({"section_count": rows}, read)


def _require_whole_level(read: _Read, found: list[str]) -> None:
    levels = {read.areas.level[area] for area in found}
    if len(levels) > 1:
        words = " e ".join(NAMES_OF_LEVEL[level] for level in sorted(levels))
        raise read.fault(f"le aree sono di livelli diversi: {words}")
    absent = [area for area in read.areas.of_levels(levels) if area not in found]
    if absent:
        shown = ", ".join(read.areas.entry(area) for area in absent[:_SHOWN])
        more = " e altre" if len(absent) > _SHOWN else ""
        raise read.fault(f"mancano i confini di {shown}{more}")


def _tables(frames: Mapping[str, pl.DataFrame], read: _Read) -> Tables:
    contracts = harmonised()
    tables = {}
    for name, frame in frames.items():
        if frame.is_empty():
            continue
        whole = frame.with_columns(
            pro_com=pl.lit(read.areas.pro_com), source_id=pl.lit(read.source)
        )
        contract = contracts[name]
        tables[name] = conform(whole.select(c.name for c in contract.columns), contract)
    return tables


_EXAMINERS: dict[str, Callable[[_Read], Tables]] = {
    AREAS_KIND: _areas,
    SECTIONS_KIND: _sections,
    COUNTS_KIND: _counts,
}
