"""The archive of what live sources sent: files by the digest of their bytes, never overwritten.

What belongs here is the disk: files and records written once and whole, the snapshots they make
up, the pointer to the one in use, and what is kept when the old ones go.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from will_pipeline.errors import SourceFault
from will_pipeline.sources.records import (
    Attempt,
    Document,
    FileRecord,
    LastValidators,
    Pointer,
    Snapshot,
    snapshot_id,
)

POINTER = "in_uso.json"
ATTEMPT = "ultimo_tentativo.json"
SNAPSHOTS = "istantanee"
QUARANTINE = "quarantena"
RESERVED = ("figures", "warehouse", "consegne", "limiti", "quarantena", "tavole")
"""Folders of `data/raw` that are no source's own."""

MOST_QUARANTINED = 3
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20


Model = TypeVar("Model", bound=Document)


class Busy(Exception):
    """Another process is refreshing the source."""


class Archive:
    """The folder of archived files: `<source>/<sha256>.<extension>` and a record beside each."""

    def __init__(self, root: Path) -> None:
        """Keep the root.

        Args:
            root: Folder of all sources, `data/raw`.
        """
        self.root = root

    def folder(self, source: str) -> Path:
        """Folder of a source.

        Raises:
            SourceFault: The key cannot name a folder of its own.
        """
        if not _KEY.fullmatch(source) or source in RESERVED:
            raise SourceFault(source, "archivio", "", "la chiave non può dare nome a una cartella")
        return self.root / source

    @contextmanager
    def refreshing(self, source: str) -> Iterator[None]:
        """Hold a source for one refresh, and sweep what an interrupted one left.

        Raises:
            Busy: Another process holds it.
        """
        folder = self.folder(source)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy(source) from error
            for orphan in folder.rglob(".*.parte"):
                orphan.unlink()
            yield

    @contextmanager
    def incoming(self, source: str) -> Iterator[Path]:
        """A file to download into, beside the archived ones; what is left of it is removed."""
        folder = self.folder(source)
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".parte")
        os.close(handle)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def keep(self, source: str, part: Path, record: FileRecord) -> None:
        """Archive a file that passed every check; the same bytes as before change nothing.

        Args:
            source: Key of the source.
            part: The file, as `incoming` gave it.
            record: What is known of it.
        """
        folder = self.folder(source)
        path = folder / record.file
        # A file at this address with other bytes is damaged: what arrived is what it promises.
        if not (path.is_file() and digest_of(path) == record.sha256):
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.chmod(0o644)
            part.replace(path)
            _sync(folder)
        beside = folder / f"{record.sha256}.json"
        if read_document(beside, FileRecord) is None:
            write_document(beside, record)

    def use(
        self,
        source: str,
        files: Mapping[str, str],
        validators: Mapping[str, LastValidators],
        *,
        now: datetime,
    ) -> Snapshot:
        """Make archived files the snapshot in use, or confirm the one that is.

        Args:
            source: Key of the source.
            files: Digest of each file, by our name for it.
            validators: What to ask with the next time.
            now: The instant, UTC.

        Returns:
            The snapshot.
        """
        folder = self.folder(source)
        path = folder / SNAPSHOTS / f"{snapshot_id(files)}.json"
        found = read_document(path, Snapshot)
        snapshot = found or Snapshot(taken_at=now, files=dict(sorted(files.items())))
        if found is None:
            write_document(path, snapshot)
        pointer = Pointer(snapshot=snapshot.id, checked_at=now, validators=dict(validators))
        write_document(folder / POINTER, pointer)
        return snapshot

    def pointer(self, source: str) -> Pointer | None:
        """The pointer, none where nothing is in use or it cannot be read."""
        return read_document(self.folder(source) / POINTER, Pointer)

    def last_good(self, source: str) -> Snapshot | None:
        """The snapshot in use or, where its files are lost or altered, the newest whole one."""
        pointer = self.pointer(source)
        found = self.snapshots(source)
        found.sort(key=lambda each: pointer is not None and each.id == pointer.snapshot)
        return next((each for each in reversed(found) if self.is_whole(source, each)), None)

    def snapshots(self, source: str) -> list[Snapshot]:
        """Every snapshot that can be read, oldest first."""
        found = [
            snapshot
            for path in (self.folder(source) / SNAPSHOTS).glob("*.json")
            if (snapshot := read_document(path, Snapshot)) is not None and snapshot.id == path.stem
        ]
        return sorted(found, key=lambda each: (each.taken_at, each.id))

    def is_whole(self, source: str, snapshot: Snapshot) -> bool:
        """Say whether every file of a snapshot has the bytes it was archived with."""
        return all(self.path(source, digest) is not None for digest in snapshot.files.values())

    def record(self, source: str, digest: str) -> FileRecord | None:
        """What is known of an archived file, none where nothing is."""
        return read_document(self.folder(source) / f"{digest}.json", FileRecord)

    def path(self, source: str, digest: str) -> Path | None:
        """An archived file, verified; none where it is lost or altered."""
        record = self.record(source, digest)
        if record is None or record.sha256 != digest or Path(record.file).stem != digest:
            return None
        path = self.folder(source) / record.file
        return path if path.is_file() and digest_of(path) == digest else None

    def pin(self, source: str, *, pinned: bool) -> Snapshot:
        """Keep the snapshot in use whatever the source does, or let it go.

        Args:
            source: Key of the source.
            pinned: Whether to keep it.

        Raises:
            SourceFault: There is no whole snapshot to keep.
        """
        pointer, snapshot = self.pointer(source), self.last_good(source)
        if pointer is None or snapshot is None:
            raise SourceFault(source, POINTER, "", "non c'è ancora una copia da bloccare")
        changes = {"snapshot": snapshot.id, "pinned": pinned}
        write_document(self.folder(source) / POINTER, pointer.model_copy(update=changes))
        return snapshot

    def note(self, source: str, attempt: Attempt) -> None:
        """Remember how a refresh ended."""
        write_document(self.folder(source) / ATTEMPT, attempt)

    def attempt(self, source: str) -> Attempt | None:
        """How the latest refresh ended, none where there was none."""
        return read_document(self.folder(source) / ATTEMPT, Attempt)

    def quarantine(self, source: str, part: Path) -> None:
        """Set a refused file aside for who looks into it; only the latest few are kept.

        Args:
            source: Key of the source.
            part: The file.
        """
        folder = self.folder(source) / QUARANTINE
        folder.mkdir(exist_ok=True)
        part.replace(folder / f"{digest_of(part)}.bin")
        newest = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in newest[MOST_QUARANTINED:]:
            old.unlink()

    def verify(self, source: str) -> list[str]:
        """Compare every archived file with its digest.

        Returns:
            What is wrong, one Italian sentence each; nothing where all is well.
        """
        folder = self.folder(source)
        needed = {digest for each in self.snapshots(source) for digest in each.files.values()}
        # A file whose record was never written belongs to a refresh that was killed: it is no loss.
        known = (path.stem for path in _archived(folder))
        needed |= {digest for digest in known if self.record(source, digest) is not None}
        found = [
            f"{source}: il file {digest[:12]}… manca o è alterato"
            for digest in sorted(needed)
            if self.path(source, digest) is None
        ]
        pointer = self.pointer(source)
        if pointer is None and (folder / POINTER).exists():
            found.append(f"{source}: {POINTER} non si legge")
        ids = {each.id for each in self.snapshots(source)}
        if pointer is not None and pointer.snapshot not in ids:
            found.append(f"{source}: la copia in uso non c'è")
        return found

    def prune(self, source: str, *, keep: int, cited: Collection[str] = ()) -> list[str]:
        """Remove old snapshots and the files that no other one has.

        Args:
            source: Key of the source.
            keep: How many of the newest stay, beside the one in use and the cited ones.
            cited: Ids of snapshots, or digests of files, that a release cites.

        Returns:
            Names of the removed files.

        Raises:
            Busy: The source is being refreshed.
        """
        with self.refreshing(source):
            folder, pointer = self.folder(source), self.pointer(source)
            found, good = self.snapshots(source), self.last_good(source)
            staying = {each.id for each in found[max(len(found) - keep, 0) :]}
            staying |= {each.id for each in found if {each.id, *each.files.values()} & set(cited)}
            staying |= {each.id for each in (good,) if each is not None}
            staying |= {pointer.snapshot} if pointer is not None else set()
            needed = {d for each in found if each.id in staying for d in each.files.values()}
            needed |= set(cited)
            for snapshot in found:
                if snapshot.id not in staying:
                    (folder / SNAPSHOTS / f"{snapshot.id}.json").unlink()
            removed = [path for path in _archived(folder) if path.stem not in needed]
            for path in removed:
                path.unlink()
        return [path.name for path in removed]


def _archived(folder: Path) -> list[Path]:
    """Archived files and their records, whatever a snapshot says."""
    return sorted(path for path in folder.glob("*.*") if _DIGEST.fullmatch(path.stem))


def digest_of(path: Path) -> str:
    """Digest of a file, read a piece at a time.

    Args:
        path: The file.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def read_document(path: Path, model: type[Model]) -> Model | None:
    """Read a document; none where it is not there or is not one.

    Args:
        path: The file.
        model: What it should be.
    """
    try:
        return model.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def write_document(path: Path, content: Document) -> None:
    """Write a document whole: readers find it complete or not at all.

    Args:
        path: The file.
        content: What to write.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".parte")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content.model_dump_json(indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
        _sync(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
