"""Refreshing a live source: what came of it, and never a stop for a fault that is the source's.

What belongs here is the order of things: ask, check, archive, use, or go on with the last good
copy. How each is done belongs to the modules that do it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from will_pipeline.errors import SourceFault
from will_pipeline.sources.archive import Archive, Busy
from will_pipeline.sources.descriptor import Descriptor
from will_pipeline.sources.embedding import reader_named
from will_pipeline.sources.hosts import Hosts
from will_pipeline.sources.intake import inspect
from will_pipeline.sources.live import Gathering, Live, LiveFile
from will_pipeline.sources.portals import Portal
from will_pipeline.sources.records import (
    Attempt,
    FileRecord,
    LastValidators,
    Pointer,
    Snapshot,
)
from will_pipeline.sources.transport import (
    Fetched,
    Transport,
    TransportFault,
    Validators,
    Wanted,
)

State = Literal["nuova", "invariata", "ultima_buona", "mai_riuscita"]
ALARM_AFTER = 3
"""Failed refreshes in a row after which somebody has to look."""

_OVER = "il tempo della notte è finito"


@dataclass(frozen=True)
class FileChange:
    """How a file differs from the one before; sizes and rows are none where there was none."""

    name: str
    bytes_before: int | None
    bytes_after: int
    rows_before: int | None
    rows_after: int


@dataclass(frozen=True)
class Outcome:
    """What came of a refresh.

    Attributes:
        source: Key of the source.
        state: `nuova` (another content is in use), `invariata` (the source confirmed what is in
            use), `ultima_buona` (it could not, and the last good copy stays in use) or
            `mai_riuscita` (there is nothing to use).
        snapshot: Id of the snapshot in use.
        taken_at: When it was first taken, UTC.
        checked_at: When the source last confirmed it, UTC.
        reason: Why, in Italian; empty where all went well.
        hint: What may have happened, in Italian.
        failures: Failed refreshes in a row.
        changes: Files that changed.
    """

    source: str
    state: State
    snapshot: str | None
    taken_at: datetime | None
    checked_at: datetime | None
    reason: str = ""
    hint: str = ""
    failures: int = 0
    changes: tuple[FileChange, ...] = ()

    @property
    def alarm(self) -> bool:
        """Whether somebody has to look: never succeeded, or failed too many times in a row."""
        return self.state == "mai_riuscita" or self.failures >= ALARM_AFTER


class _Spoiled(Exception):
    """A refresh that cannot end well; why and hint are in Italian."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.hint = hint


class Refresher:
    """Refreshes sources into an archive."""

    def __init__(self, hosts: Hosts, archive: Archive, transport: Transport) -> None:
        """Keep what a refresh needs.

        Args:
            hosts: The allow-list.
            archive: Where files are kept.
            transport: How they are got.
        """
        self._hosts, self._archive, self._transport = hosts, archive, transport
        self._clock = transport.clock

    def refresh(self, source: Descriptor, *, until: float | None = None) -> Outcome:
        """Refresh one source: all its files, or none.

        Args:
            source: Description of the source, with its `live` section.
            until: Value of `clock.elapsed()` at which the night ends.

        Returns:
            What came of it; a fault of the source is an outcome, not an exception.

        Raises:
            ValueError: The source is not live.
            OSError: The disk of this machine fails.
        """
        if source.live is None:
            raise ValueError(f"{source.key} is not a live source")
        try:
            with self._archive.refreshing(source.key):
                return self._refreshed(source, source.live, until)
        except Busy:
            # The other refresh tells how it ends; this one only says what is in use.
            return self._fallback(
                source.key, _Spoiled("un altro aggiornamento è al lavoro"), noted=False
            )

    def refresh_all(self, sources: Iterable[Descriptor], *, seconds: float) -> Iterator[Outcome]:
        """Refresh sources one after the other, within one night.

        Args:
            sources: Descriptions; those that are not live are passed over.
            seconds: Length of the night; sources that it does not reach keep their last good copy.

        Yields:
            One outcome for each live source.
        """
        until = self._clock.elapsed() + seconds
        for source in sources:
            if source.live is not None:
                yield self.refresh(source, until=until)

    def refresh_by_host(
        self, sources: Iterable[Descriptor], *, seconds: float, together: int = 4
    ) -> list[Outcome]:
        """Refresh sources within one night, hosts side by side and one at a time in each.

        Args:
            sources: Descriptions; those that are not live are passed over.
            seconds: Length of the night; sources that it does not reach keep their last good copy.
            together: Most hosts at work at once.

        Returns:
            One outcome for each live source, by key.
        """
        until = self._clock.elapsed() + seconds
        by_host: dict[str, list[Descriptor]] = {}
        for source in sources:
            if source.live is not None:
                by_host.setdefault(source.live.host, []).append(source)

        def one_host(found: list[Descriptor]) -> list[Outcome]:
            return [self.refresh(source, until=until) for source in found]

        with ThreadPoolExecutor(together, thread_name_prefix="host") as pool:
            outcomes = [each for found in pool.map(one_host, by_host.values()) for each in found]
        return sorted(outcomes, key=lambda outcome: outcome.source)

    def _refreshed(self, source: Descriptor, live: Live, until: float | None) -> Outcome:
        pointer = self._archive.pointer(source.key)
        before = self._archive.last_good(source.key)
        if pointer is not None and pointer.pinned and before is not None:
            return self._settled(source.key, "invariata", before, pointer, reason="bloccata a mano")
        try:
            files, validators, changes = self._taken(source, live, pointer, before, until)
        except _Spoiled as fault:
            return self._fallback(source.key, fault)
        snapshot = self._archive.use(source.key, files, validators, now=self._clock.moment())
        same = before is not None and before.id == snapshot.id
        state: State = "invariata" if same else "nuova"
        pointer = self._archive.pointer(source.key)
        return self._settled(source.key, state, snapshot, pointer, changes=changes)

    def _taken(
        self,
        source: Descriptor,
        live: Live,
        pointer: Pointer | None,
        before: Snapshot | None,
        until: float | None,
    ) -> tuple[dict[str, str], dict[str, LastValidators], tuple[FileChange, ...]]:
        """Digests, validators and changes of all the files of a source."""
        end = self._clock.elapsed() + live.retry.total
        end = end if until is None else min(end, until)
        # What is asked "has it changed?" must be what is in use.
        in_use = before is not None and pointer is not None and before.id == pointer.snapshot
        asked = pointer.validators if pointer is not None and in_use else {}
        if live.gathering is not None:
            return self._gathered(source, live, live.gathering, asked, before)
        files, validators, changes = dict[str, str](), dict[str, LastValidators](), []
        for file in live.files:
            if self._clock.elapsed() >= end:
                raise _Spoiled(_OVER)
            old = None if before is None else before.files.get(file.name)
            known = asked.get(file.name, LastValidators(url=""))
            digest, now = self._one(source, live, file, old=old, known=known, until=end)
            files[file.name], validators[file.name] = digest, now
            if digest != old:
                changes.append(self._change(source.key, file.name, old, digest))
        return files, validators, tuple(changes)

    def _gathered(
        self,
        source: Descriptor,
        live: Live,
        gathering: Gathering,
        asked: Mapping[str, LastValidators],
        before: Snapshot | None,
    ) -> tuple[dict[str, str], dict[str, LastValidators], tuple[FileChange, ...]]:
        """The file of a portal: its answers are asked for again only where one of them changed."""
        name = live.files[0].name
        try:
            again = Portal(source.key, live, self._hosts, self._transport)
            if before is not None and again.unchanged(asked.values()):
                return dict(before.files), dict(asked), ()
            portal = Portal(source.key, live, self._hosts, self._transport)
            reader = reader_named(gathering.reader, source.key, "campo live.gathering.reader")
            content = bytes(reader(portal, **gathering.options))
        except SourceFault as fault:
            raise _Spoiled(str(fault)) from fault
        digest = hashlib.sha256(content).hexdigest()
        with self._archive.incoming(source.key) as part:
            part.write_bytes(content)
            url = next(iter(portal.answered.values())).url
            fetched = Fetched(
                url=url, redirects=(), sha256=digest, bytes=len(content),
                validators=Validators(), content_type="",
            )  # fmt: skip
            self._accept(source, live, live.files[0], url=url, fetched=fetched, part=part)
        old = None if before is None else before.files.get(name)
        changes = () if digest == old else (self._change(source.key, name, old, digest),)
        return {name: digest}, portal.answered, changes

    def _one(
        self,
        source: Descriptor,
        live: Live,
        file: LiveFile,
        *,
        old: str | None,
        known: LastValidators,
        until: float,
    ) -> tuple[str, LastValidators]:
        with self._archive.incoming(source.key) as part:
            try:
                url = self._hosts.address(source.key, live, file)
                same = old is not None and known.url == str(url)
                wanted = Wanted(
                    source=source.key,
                    url=url,
                    retry=live.retry,
                    most_bytes=live.size_bytes.max,
                    accept=live.accept,
                    known=Validators(known.etag, known.last_modified) if same else Validators(),
                    confirm=live.confirm,
                )
                fetched = self._transport.fetch(wanted, part, until=until)
            except TransportFault as fault:
                raise _Spoiled(f"{file.name}: {fault}", fault.hint) from fault
            except SourceFault as fault:
                raise _Spoiled(str(fault)) from fault
            if fetched is None and old is not None:
                return old, known
            if fetched is None:
                raise AssertionError("only what is known can be unchanged")
            self._accept(source, live, file, url=str(url), fetched=fetched, part=part)
            validators = fetched.validators
            return fetched.sha256, LastValidators(
                url=str(url), etag=validators.etag, last_modified=validators.last_modified
            )

    def _accept(
        self,
        source: Descriptor,
        live: Live,
        file: LiveFile,
        *,
        url: str,
        fetched: Fetched,
        part: Path,
    ) -> None:
        """Check what arrived, and archive it or set it aside."""
        try:
            rows = inspect(
                part, live, source=source.key, name=file.name, content_type=fetched.content_type
            )
        except SourceFault as fault:
            self._archive.quarantine(source.key, part)
            raise _Spoiled(str(fault)) from fault
        record = FileRecord(
            file=f"{fetched.sha256}.{live.extension}",
            sha256=fetched.sha256,
            bytes=fetched.bytes,
            rows=rows,
            url=url,
            answered_by=fetched.url,
            redirects=fetched.redirects,
            retrieved_at=self._clock.moment(),
            etag=fetched.validators.etag,
            last_modified=fetched.validators.last_modified,
            content_type=fetched.content_type,
            licence=source.licence.name,
            pipeline=version("will-pipeline"),
        )
        self._archive.keep(source.key, part, record)

    def _change(self, source: str, name: str, old: str | None, new: str) -> FileChange:
        before = None if old is None else self._archive.record(source, old)
        after = self._archive.record(source, new)
        return FileChange(
            name=name,
            bytes_before=None if before is None else before.bytes,
            bytes_after=0 if after is None else after.bytes,
            rows_before=None if before is None else before.rows,
            rows_after=0 if after is None else after.rows,
        )

    def _fallback(self, source: str, fault: _Spoiled, *, noted: bool = True) -> Outcome:
        last = self._archive.attempt(source)
        failures = (last.failures if last is not None else 0) + noted
        good = self._archive.last_good(source)
        return self._settled(
            source,
            "mai_riuscita" if good is None else "ultima_buona",
            good,
            self._archive.pointer(source),
            reason=str(fault),
            hint=fault.hint,
            failures=failures,
            noted=noted,
        )

    def _settled(
        self,
        source: str,
        state: State,
        snapshot: Snapshot | None,
        pointer: Pointer | None,
        *,
        reason: str = "",
        hint: str = "",
        failures: int = 0,
        changes: tuple[FileChange, ...] = (),
        noted: bool = True,
    ) -> Outcome:
        if noted:
            now = self._clock.moment()
            attempt = Attempt(at=now, outcome=state, reason=reason, hint=hint, failures=failures)
            self._archive.note(source, attempt)
        identity = None if snapshot is None else snapshot.id
        # The pointer speaks of the snapshot it names, which may be lost.
        named = pointer is not None and pointer.snapshot == identity
        return Outcome(
            source=source,
            state=state,
            snapshot=identity,
            taken_at=None if snapshot is None else snapshot.taken_at,
            checked_at=pointer.checked_at if pointer is not None and named else None,
            reason=reason,
            hint=hint,
            failures=failures,
            changes=changes,
        )
