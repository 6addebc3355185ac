"""The folder where municipalities put their files, and what each delivery comes to.

Every municipality and kind stands alone: a bad file leaves the last good one of its own in use and
touches no other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from will_pipeline.deliveries.archive import Archive, Pointer
from will_pipeline.deliveries.areas import Areas
from will_pipeline.deliveries.boundary_files import (
    COUNTS_KIND,
    MOST_BOUNDARY_BYTES,
    SECTIONS_KIND,
    TITLES,
    boundary_kind,
    examine_boundaries,
)
from will_pipeline.deliveries.catalogue import source_id
from will_pipeline.deliveries.cells import plain
from will_pipeline.deliveries.intake import Examined, Tables, examine
from will_pipeline.deliveries.model import Template
from will_pipeline.deliveries.problems import Problem, listed
from will_pipeline.deliveries.reading import MOST_BYTES

ACCEPTED, REFUSED, LAST_GOOD = "accolta", "rifiutata", "ultima_buona"
UNKNOWN = "non_riconosciuta"
OWN_AREAS = "aree_proprie"
FIRST_KINDS = (OWN_AREAS, SECTIONS_KIND, COUNTS_KIND)
"""Kinds that say which areas there are, and so are examined before those that speak of areas."""
FIRST_TABLES = ("own_area", "own_area_section", "section", "section_count")
"""Harmonised tables of those kinds."""
NO_FOLDER = "la cartella non c'è più; per ritirare una consegna togli il file e lascia la cartella."
CLOSED_FOLDER = "la cartella non si apre: controlla i permessi."
NOT_A_FILE = "non è un file: togli la cartella o il collegamento, e metti il file."
SHARED_FOLDERS = ("idise",)
"""Folders of tables that speak of many municipalities; their readers look for them."""
IGNORED_SUFFIX = ".txt"
_SUFFIXES = ("csv", "xlsx", "xls", "xlsm", "ods", "tsv")


@dataclass(frozen=True)
class Town:
    """A municipality as deliveries know it."""

    pro_com: str
    slug: str
    name: str


@dataclass(frozen=True)
class Outcome:
    """What a delivery comes to.

    Attributes:
        town: municipality that hands it in.
        kind: kind of delivery.
        file: names of the files.
        state: `accolta`, `rifiutata` or `ultima_buona`.
        problems: why the files were refused.
        pointer: archived data in use; in a rehearsal, none for files not archived yet.
        tables: tables in use.
    """

    town: Town
    kind: str
    file: str
    state: str
    problems: tuple[Problem, ...]
    pointer: Pointer | None
    tables: Tables

    @property
    def rows(self) -> int:
        """Rows in use."""
        return sum(frame.height for frame in self.tables.values())

    @property
    def message(self) -> str | None:
        """Why the files were refused, one line a problem; none where they were accepted."""
        return "\n".join(listed(self.problems)) or None


@dataclass(frozen=True)
class Folder:
    """The folder of deliveries and the archive beside it.

    Attributes:
        folder: `<slug>/<kind>.csv`, `<slug>/<kind>.<part>.csv` or `<slug>/<kind>.xlsx`; for
            boundaries, `<slug>/<kind>` and a geographic extension.
        archive: archive of accepted deliveries.
        templates: kinds of delivery.
        today: day of the examination and of new acceptances.
    """

    folder: Path
    archive: Archive
    templates: Mapping[str, Template]
    today: date

    def examine(
        self,
        municipalities: pl.DataFrame,
        areas: pl.DataFrame,
        *,
        keep: bool,
        kinds: Collection[str] | None = None,
    ) -> list[Outcome]:
        """Examine every delivery of every municipality.

        Args:
            municipalities: rows of `core.municipality`.
            areas: rows of `core.area`.
            keep: whether accepted tables are archived and withdrawn ones put aside; false for a
                rehearsal, which writes nothing.
            kinds: kinds to examine; all of them where None.

        Returns:
            Outcomes by municipality and kind.
        """
        wanted = set(self.kinds() if kinds is None else kinds)
        outcomes: list[Outcome] = []
        for town in towns(municipalities):
            mine = Areas(areas, pro_com=town.pro_com, town=town.name)
            if not (self.folder / town.slug).is_dir():
                if any(kind in self.kinds() for kind in self.archive.kinds(town.slug)):
                    outcomes += self._closed(town, mine, NO_FOLDER, wanted)
                continue
            try:
                found = self._files(town)
            except OSError:
                outcomes += self._closed(town, mine, CLOSED_FOLDER, wanted)
                continue
            if keep:
                self._withdraw(town, found)
            outcomes += self._town(town, found, mine, wanted, keep=keep)
        return outcomes

    def _town(
        self,
        town: Town,
        found: Mapping[str, list[Path]],
        areas: Areas,
        wanted: Collection[str],
        *,
        keep: bool,
    ) -> list[Outcome]:
        """Outcomes of one town by kind; sections first, that other kinds have to cover."""
        ended: dict[str, Outcome] = {}
        for kind in sorted(wanted & found.keys(), key=lambda each: (each != SECTIONS_KIND, each)):
            if kind == OWN_AREAS:
                areas.sections = self._sections(town, ended.get(SECTIONS_KIND))
            ended[kind] = self._outcome(town, kind, found[kind], areas, keep=keep)
        return [ended[kind] for kind in sorted(ended)]

    def _sections(self, town: Town, outcome: Outcome | None) -> frozenset[int]:
        """Sections of the boundaries in use, without those that are no place."""
        if outcome is None:
            return self.sections_in_use(town.slug)
        return _placed(outcome.tables)

    def sections_in_use(self, slug: str) -> frozenset[int]:
        """Census sections of a town, as numbers, from the boundaries in the archive."""
        pointer = self.archive.pointer(slug, SECTIONS_KIND)
        if pointer is None:
            return frozenset()
        return _placed(self.archive.read(slug, SECTIONS_KIND, pointer.sha256))

    def kinds(self) -> set[str]:
        """Kinds that a file of the folder may be."""
        return {*self.templates, *TITLES, UNKNOWN}

    def _withdraw(self, town: Town, found: Mapping[str, list[Path]]) -> None:
        for kind in self.archive.kinds(town.slug):
            if kind not in found:
                self.archive.withdraw(town.slug, kind)

    def _closed(
        self, town: Town, areas: Areas, rule: str, wanted: Collection[str]
    ) -> list[Outcome]:
        """Outcomes of a folder that cannot be looked into: nothing was withdrawn, so all stays."""
        problems = (Problem(town.slug, "", rule),)
        used = [kind for kind in self.archive.kinds(town.slug) if kind in self.kinds()]
        told = [kind for kind in used or [UNKNOWN] if kind in wanted]
        return [self._refused(town, kind, town.slug, problems, areas) for kind in told]

    def strangers(self, municipalities: pl.DataFrame) -> list[str]:
        """Folders that are of no municipality and hold no table shared by all, by name."""
        if not self.folder.is_dir():
            return []
        known = {*municipalities["slug"], *SHARED_FOLDERS}
        return sorted(
            entry.name
            for entry in self.folder.iterdir()
            if entry.is_dir() and not entry.name.startswith(".") and entry.name not in known
        )

    def _files(self, town: Town) -> dict[str, list[Path]]:
        home = self.folder / town.slug
        found: dict[str, list[Path]] = {}
        for path in sorted(home.iterdir()):
            # Office leaves `~$` files beside an open workbook; the readme comes with a template.
            hidden = path.name.startswith((".", "~")) or path.suffix.lower() == IGNORED_SUFFIX
            kind = boundary_kind(path.name) or kind_of(path.name, self.templates)
            # What stands in the place of a delivery without being a file does not withdraw it.
            if not hidden and (kind is not None or path.is_file() or path.is_symlink()):
                found.setdefault(kind or UNKNOWN, []).append(path)
        return found

    def _outcome(
        self, town: Town, kind: str, paths: list[Path], areas: Areas, *, keep: bool
    ) -> Outcome:
        if kind == UNKNOWN:
            problem = _unknown(paths, self.templates)
            return Outcome(town, kind, problem.file, REFUSED, (problem,), None, {})
        file = ", ".join(path.name for path in paths)
        examined = examine_any(paths, kind, self.templates, areas, today=self.today)
        if not examined.good:
            return self._refused(town, kind, file, examined.problems, areas)
        if keep:
            pointer: Pointer | None = self.archive.keep(
                town.slug, kind, examined.tables, file=file, today=self.today
            )
        else:
            pointer = self.archive.unchanged(town.slug, kind, examined.tables)
        return Outcome(town, kind, file, ACCEPTED, (), pointer, examined.tables)

    def _refused(
        self, town: Town, kind: str, file: str, problems: tuple[Problem, ...], areas: Areas
    ) -> Outcome:
        pointer = self.archive.pointer(town.slug, kind)
        tables = None if pointer is None else self.archive.read(town.slug, kind, pointer.sha256)
        if pointer is None or tables is None or not _still_there(tables, areas):
            return Outcome(town, kind, file, REFUSED, problems, None, {})
        return Outcome(town, kind, file, LAST_GOOD, problems, pointer, tables)


def _placed(tables: Tables | None) -> frozenset[int]:
    if not tables:
        return frozenset()
    placed = tables["section"].filter(~pl.col("fictitious"))
    return frozenset(placed["section_id"].cast(pl.Int64))


def examine_any(
    paths: list[Path], kind: str, templates: Mapping[str, Template], areas: Areas, *, today: date
) -> Examined:
    """Examine the files of one delivery from disk, be they tables or boundaries."""
    if kind in templates:
        return examine_paths(paths, templates[kind], areas, today=today)
    contents = _contents(paths, MOST_BOUNDARY_BYTES)
    return contents if isinstance(contents, Examined) else examine_boundaries(kind, contents, areas)


def examine_paths(paths: list[Path], template: Template, areas: Areas, *, today: date) -> Examined:
    """Examine the files of one delivery from disk, without opening what is too large."""
    contents = _contents(paths, MOST_BYTES)
    if isinstance(contents, Examined):
        return contents
    return examine(contents, template, areas, today=today)


def _contents(paths: list[Path], most_bytes: int) -> dict[str, bytes] | Examined:
    """Bytes by file name, or why the files are not opened."""
    try:
        odd = [path for path in paths if path.is_symlink() or not path.is_file()]
        if odd:
            return Examined({}, tuple(Problem(path.name, "", NOT_A_FILE) for path in odd))
        large = [path for path in paths if path.stat().st_size > most_bytes]
        if large:
            rule = f"il file pesa più di {most_bytes // 1_000_000} MB."
            return Examined({}, tuple(Problem(path.name, "", rule) for path in large))
        return {path.name: path.read_bytes() for path in paths}
    except OSError:
        names = ", ".join(path.name for path in paths)
        return Examined({}, (Problem(names, "", "il file non si apre: controlla i permessi."),))


def towns(municipalities: pl.DataFrame) -> Iterator[Town]:
    """Municipalities in the order of presentation."""
    for row in municipalities.sort("position").iter_rows(named=True):
        yield Town(str(row["pro_com"]), str(row["slug"]), str(row["name"]))


def kind_of(name: str, templates: Mapping[str, Template]) -> str | None:
    """Kind of delivery that a file is, by its name: `<kind>` or `<kind>.<part>`, and an extension.

    Any other name is of no kind, since messages repeat the names of deliveries and nobody knows
    what else a name may say.
    """
    *words, suffix = [plain(word) for word in Path(name).name.split(".")]
    if suffix not in _SUFFIXES or not words or words[0] not in templates:
        return None
    parts = {part.name for part in templates[words[0]].parts}
    return words[0] if len(words) == 1 or (len(words) == 2 and words[1] in parts) else None


def delivery_rows(outcomes: list[Outcome], templates: Mapping[str, Template]) -> pl.DataFrame:
    """Rows of `core.delivery`.

    Args:
        outcomes: outcomes of deliveries kept in the archive.
        templates: kinds of delivery.
    """
    rows = [
        {
            "pro_com": outcome.town.pro_com,
            "kind": outcome.kind,
            "file": outcome.file,
            "sha256": outcome.pointer.sha256 if outcome.pointer else None,
            "bytes": outcome.pointer.bytes if outcome.pointer else None,
            "rows": outcome.rows,
            "state": outcome.state,
            "message": outcome.message,
            "period": _period(outcome, templates),
            "source_id": source_id(outcome.kind, outcome.town.pro_com),
            "accepted_on": outcome.pointer.accepted_on if outcome.pointer else None,
        }
        for outcome in outcomes
    ]
    return pl.DataFrame(rows, schema=_DELIVERY)


_DELIVERY = pl.Schema(
    {
        "pro_com": pl.String,
        "kind": pl.String,
        "file": pl.String,
        "sha256": pl.String,
        "bytes": pl.Int64,
        "rows": pl.Int64,
        "state": pl.String,
        "message": pl.String,
        "period": pl.String,
        "source_id": pl.String,
        "accepted_on": pl.Date,
    }
)


def _period(outcome: Outcome, templates: Mapping[str, Template]) -> str | None:
    """First and last year or day that the data in use refer to."""
    told = templates[outcome.kind].period if outcome.kind in templates else None
    if told is None or not outcome.tables:
        return None
    name, column = told.split(".")
    part = templates[outcome.kind].part(name)
    values = outcome.tables[part.table][part.column(column).target]
    first, last = str(values.min()), str(values.max())
    return first if first == last else f"{first} - {last}"


def _still_there(tables: Tables, areas: Areas) -> bool:
    """Whether the areas of archived tables are still those of the municipality."""
    return all(
        set(frame["area_id"].drop_nulls()) <= set(areas.level)
        for frame in tables.values()
        if "area_id" in frame.columns
    )


def _unknown(paths: list[Path], templates: Mapping[str, Template]) -> Problem:
    """Problem of files of other names, counted and not named: a name may be somebody's."""
    names = ", ".join(sorted({*templates, *TITLES}))
    rule = f"il nome non è di nessuna consegna; i nomi sono {names}."
    return Problem(f"file con altri nomi ({len(paths)})", "", rule)
