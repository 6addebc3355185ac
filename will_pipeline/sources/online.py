"""Tables made of what was downloaded: sealed as the embedded figures are, and in their place.

What belongs here is the passage archive -> reader -> checks -> sealed table, and what is said where
it fails: the table of the last good copy stays in use and is marked.
"""

from __future__ import annotations

import inspect
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.sources.archive import Archive, read_document, write_document
from will_pipeline.sources.containers import ContainerFault
from will_pipeline.sources.corrections import correct, load_corrections
from will_pipeline.sources.descriptor import Descriptor, Online
from will_pipeline.sources.embedded import read_embedded, validate
from will_pipeline.sources.embedding import reader_named, to_parquet
from will_pipeline.sources.hosts import on_this_machine
from will_pipeline.sources.intake import extract
from will_pipeline.sources.pins import Digest, Pin, SourceFile, read_pin, sha256, write_pin
from will_pipeline.sources.records import Document, Snapshot

Names = Mapping[str, Mapping[str, str]]
_GOOD = ("nuova", "invariata")
_SHORT = 16
_READER = "campo online.reader"
_KEPT = "L'ultima copia non si è potuta avere o non va bene: resta in uso quella del {day}."
_NEVER = "La fonte non si è ancora potuta avere: restano in uso le cifre incluse nel progetto."


class TableState(Document):
    """Which table of a source is in use.

    Attributes:
        table: Digest of the table; none where the embedded figures are.
        asked: Digest of all that the table follows from.
        taken_on: Day on which the newest of its files arrived.
        mark: Why an older copy is in use, in Italian, the same every night; empty where the table
            is up to date.
        reason: What happened this time, in Italian.
    """

    table: Digest | None = None
    asked: str = ""
    taken_on: date | None = None
    mark: str = ""
    reason: str = ""


@dataclass(frozen=True)
class OnlineTable:
    """A table in use.

    Attributes:
        source: Description of the source, as it is for this table.
        folder: Folder of the table and of its seal.
    """

    source: Descriptor
    folder: Path

    def read(self) -> pl.DataFrame:
        """Read the table, verified.

        Raises:
            SourceFault: The file is absent or changed, or breaks its description.
        """
        return read_embedded(self.source, self.folder)

    def pin(self) -> Pin:
        """Read its seal."""
        return read_pin(self.source.key, self.folder)


class OnlineTables:
    """The folder of the tables: `<key>.json` says which one of `<key>/` is in use."""

    def __init__(self, folder: Path) -> None:
        """Keep the folder.

        Args:
            folder: Folder of all the tables; made where absent.
        """
        self.folder = folder

    def state(self, key: str) -> TableState | None:
        """Which table of a source is in use; none where it was never looked for."""
        return read_document(self.folder / f"{key}.json", TableState)

    def table(self, source: Descriptor) -> OnlineTable | None:
        """The table of a source, none where the embedded figures are in use."""
        state = self.state(source.key)
        if source.online is None or state is None or state.table is None:
            return None
        return OnlineTable(as_online(source, source.online), self._place(source.key, state.table))

    def make(
        self,
        source: Descriptor,
        downloads: Mapping[str, Descriptor],
        archive: Archive,
        *,
        cities: Sequence[str],
        corrections: Path,
        today: date,
        replicas: bool = False,
        names: Names | None = None,
    ) -> TableState:
        """Make the table of a source from the copies in use, or keep the one there is.

        Args:
            source: Description of the source, with its `online` section.
            downloads: Descriptions of the live sources by key.
            archive: Where their copies are.
            cities: Municipalities to keep (ISTAT codes).
            corrections: Folder of the corrections.
            today: The day, for corrections that end.
            replicas: Whether copies that came from a replica on this machine are of use.
            names: Codes of the municipalities by other names of theirs, by option of the readers.

        Returns:
            What is in use afterwards; a fault of the source is a mark, not an exception.

        Raises:
            ValueError: The source has no `online` section.
            OSError: The disk of this machine fails.
        """
        if source.online is None:
            raise ValueError(f"{source.key} has no table of its own downloads")
        before = self.state(source.key) or TableState()
        try:
            copies = _copies(source.online, downloads, archive, replicas=replicas)
            chosen = chosen_municipalities(source, cities, names or {})
            asked = _asked(source, copies, cities, corrections, chosen)
            if asked != before.asked or not self._whole(source, before):
                frame = _read(source, downloads, archive, copies, chosen)
                before = self._seal(
                    source, frame, copies, asked=asked, corrections=corrections, today=today
                )
            reason = _late(source.online, archive)
        except (SourceFault, ContainerFault) as fault:
            reason = str(fault)
        mark = _mark(before) if reason else ""
        state = before.model_copy(update={"mark": mark, "reason": reason})
        write_document(self.folder / f"{source.key}.json", state)
        self._sweep(source.key, state)
        return state

    def _seal(
        self,
        source: Descriptor,
        frame: pl.DataFrame,
        copies: Mapping[str, Snapshot],
        *,
        asked: str,
        corrections: Path,
        today: date,
    ) -> TableState:
        known = load_corrections(source.key, corrections)
        described = as_online(source, source.online)
        checked = validate(correct(frame, known, today=today), described)
        content = to_parquet(checked.sort(described.key_columns))
        digest, taken = sha256(content), max(each.taken_at for each in copies.values()).date()
        folder = self._place(source.key, digest)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / described.parquet_name).write_bytes(content)
        files = [
            SourceFile(name=f"{key}/{name}", sha256=found)
            for key, copy in copies.items()
            for name, found in copy.files.items()
        ]
        pin = Pin(
            file=described.parquet_name,
            sha256=digest,
            bytes=len(content),
            rows=frame.height,
            retrieved=taken,
            source_files=tuple(files),
        )
        write_pin(pin, folder)
        return TableState(table=digest, asked=asked, taken_on=taken)

    def _whole(self, source: Descriptor, state: TableState) -> bool:
        if state.table is None:
            return False
        path = self._place(source.key, state.table) / source.parquet_name
        return path.is_file() and sha256(path.read_bytes()) == state.table

    def _place(self, key: str, digest: str) -> Path:
        return self.folder / key / digest[:_SHORT]

    def _sweep(self, key: str, state: TableState) -> None:
        kept = None if state.table is None else state.table[:_SHORT]
        for old in (self.folder / key).glob("*"):
            if old.name != kept:
                shutil.rmtree(old)


def make_all(
    sources: Mapping[str, Descriptor],
    tables: OnlineTables,
    archive: Archive,
    *,
    cities: Iterable[str],
    corrections: Path,
    now: datetime,
    replicas: bool = False,
    names: Names | None = None,
) -> dict[str, TableState]:
    """Make the table of every source that is made of downloads.

    Args:
        sources: Descriptions by key.
        tables: Where the tables are.
        archive: Where the copies are.
        cities: Municipalities to keep (ISTAT codes).
        corrections: Folder of the corrections.
        now: The instant.
        replicas: Whether copies that came from a replica on this machine are of use.
        names: Codes of the municipalities by other names of theirs, by option of the readers.

    Returns:
        What is in use, by key.
    """
    kept = sorted(cities)
    return {
        key: tables.make(
            source,
            sources,
            archive,
            cities=kept,
            corrections=corrections,
            today=now.date(),
            replicas=replicas,
            names=names,
        )
        for key, source in sources.items()
        if source.online is not None
    }


def as_online(source: Descriptor, online: Online | None) -> Descriptor:
    """Description of a source as it is for a table made of downloads.

    Args:
        source: Its description.
        online: How the table is made.

    Raises:
        SourceFault: What is said in its place breaks the model.
    """
    if online is None:
        return source
    fields: dict[str, Any] = source.model_dump() | online.described
    fields["rows"] = online.rows.model_dump()
    fields["columns"] = [
        column.model_dump()
        | {"pattern": online.patterns.get(column.name, column.pattern)}
        | online.columns.get(column.name, {})
        for column in source.columns
    ]
    try:
        return Descriptor.model_validate(fields)
    except ValueError as error:
        rule = f"la descrizione che ne viene non è valida: {error}"
        raise SourceFault(source.key, f"{source.key}.source.yaml", "campo online", rule) from error


def _copies(
    online: Online, downloads: Mapping[str, Descriptor], archive: Archive, *, replicas: bool
) -> dict[str, Snapshot]:
    found = {}
    for key in online.downloads:
        if key not in downloads or downloads[key].live is None:
            raise SourceFault(key, "-", "campo online.downloads", "non è una fonte dal vivo")
        copy = archive.last_good(key)
        if copy is None:
            raise SourceFault(key, "-", "", "non c'è ancora nessuna copia")
        if not replicas and _from_a_replica(key, copy, archive):
            raise SourceFault(
                key, "-", "", "la copia viene da una replica: i suoi numeri non valgono"
            )
        found[key] = copy
    return found


def _from_a_replica(key: str, copy: Snapshot, archive: Archive) -> bool:
    records = [archive.record(key, digest) for digest in copy.files.values()]
    return any(each and on_this_machine(urlsplit(each.url).hostname or "") for each in records)


def chosen_municipalities(
    source: Descriptor, cities: Sequence[str], names: Names
) -> dict[str, Any]:
    """What the reader of a source is told of the municipalities; one of the country is nothing."""
    reader = reader_named(source.online.reader if source.online else "", source.key, _READER)
    known = inspect.signature(reader).parameters
    given: dict[str, Any] = {"cities": list(cities), **names}
    return {name: value for name, value in given.items() if name in known}


def _asked(
    source: Descriptor,
    copies: Mapping[str, Snapshot],
    cities: Sequence[str],
    corrections: Path,
    chosen: Mapping[str, Any],
) -> str:
    """Digest of all that a table follows from: copies, description, cities, program, reader."""
    reader = reader_named(source.online.reader if source.online else "", source.key, _READER)
    code = inspect.getsource(inspect.getmodule(reader) or reader)
    said = {
        "copies": {key: copy.id for key, copy in copies.items()},
        "source": source.model_dump(mode="json"),
        "cities": list(cities),
        "chosen": dict(chosen),
        "corrections": load_corrections(source.key, corrections).model_dump(mode="json"),
        "program": version("will-pipeline"),
        "reader": sha256(code.encode()),
    }
    return sha256(json.dumps(said, sort_keys=True).encode())


def _read(
    source: Descriptor,
    downloads: Mapping[str, Descriptor],
    archive: Archive,
    copies: Mapping[str, Snapshot],
    chosen: Mapping[str, Any],
) -> pl.DataFrame:
    online = source.online
    if online is None:
        raise ValueError(f"{source.key} has no table of its own downloads")
    reader = reader_named(online.reader, source.key, _READER)
    with tempfile.TemporaryDirectory(dir=archive.root) as folder:
        files = {}
        for key, copy in copies.items():
            files.update(_opened(downloads[key], archive, copy, Path(folder)))
    return reader(files, **chosen, **online.options)


def _opened(source: Descriptor, archive: Archive, copy: Snapshot, folder: Path) -> dict[str, bytes]:
    """Files of a copy by `<key>/<file>/<member>`, or `<key>/<file>` where they are no archives."""
    live, found = source.live, dict[str, bytes]()
    for name, digest in copy.files.items():
        path = archive.path(source.key, digest)
        if live is None or path is None:
            raise SourceFault(source.key, name, "", "la copia archiviata manca o è alterata")
        place = folder / f"{source.key}.{name}"
        place.mkdir()
        opened = extract(path, live, place)
        for member, inside in opened.items():
            plain = f"{source.key}/{name}.{live.extension}"
            shown = f"{source.key}/{name}/{member}" if live.members else plain
            found[shown] = inside.read_bytes()
    return found


def _late(online: Online, archive: Archive) -> str:
    """Why the copies in use are not the current ones; empty where they are."""
    for key in online.downloads:
        attempt = archive.attempt(key)
        if attempt is not None and attempt.outcome not in _GOOD:
            return attempt.reason
    return ""


def _mark(state: TableState) -> str:
    if state.taken_on is None:
        return _NEVER
    return _KEPT.format(day=f"{state.taken_on:%d/%m/%Y}")
