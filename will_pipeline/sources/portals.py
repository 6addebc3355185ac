"""Asking a portal small questions through the project's transport: turns, limits and retries hold.

What belongs here is one answer in memory, of a host of the allow-list; what the answer means
belongs to the readers. An answer is never archived: what must not be stored never is.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from will_pipeline.errors import SourceFault
from will_pipeline.sources.hosts import Hosts
from will_pipeline.sources.live import Live, LiveFile
from will_pipeline.sources.records import LastValidators
from will_pipeline.sources.transport import Transport, TransportFault, Validators, Wanted

SECONDS = 600.0


class Portal:
    """The hosts of one source, to be asked for answers."""

    def __init__(self, source: str, live: Live, hosts: Hosts, transport: Transport) -> None:
        """Keep whom to ask and how.

        Args:
            source: Key of the source.
            live: Its declaration: host, limits, largest answer.
            hosts: The allow-list.
            transport: Gets the answers.
        """
        self._source, self._live = source, live
        self._hosts, self._transport = hosts, transport
        self._until = transport.clock.elapsed() + SECONDS
        self.answered: dict[str, LastValidators] = {}
        """What the hosts said to recognise each answer, in the order of the questions."""

    def ask(self, path: str, query: Mapping[str, str] | None = None, *, host: str = "") -> bytes:
        """Ask one question.

        Args:
            path: Path below the base address of the host.
            query: Query, by parameter.
            host: Another host of the allow-list than the source's own.

        Returns:
            Bytes of the answer.

        Raises:
            SourceFault: The path leads out of the host, or no answer came.
        """
        live = self._live.model_copy(update={"host": host}) if host else self._live
        try:
            asked = LiveFile(name="risposta", path=path, query=dict(query or {}))
        except ValueError as error:
            raise SourceFault(self._source, "-", "percorso", "non è ammesso") from error
        url = self._hosts.address(self._source, live, asked)
        with _in_memory() as part:
            try:
                fetched = self._transport.fetch(self._wanted(url), part, until=self._until)
            except TransportFault as fault:
                raise SourceFault(self._source, path, "", str(fault)) from fault
            said = fetched.validators if fetched is not None else Validators()
            self.answered[f"{len(self.answered):04d}"] = LastValidators(
                url=str(url), etag=said.etag, last_modified=said.last_modified
            )
            return part.read_bytes()

    def path_of(self, address: str) -> str:
        """Path, below the host of the source, of an address that the portal gives.

        Args:
            address: Whole address, or its path alone.

        Raises:
            SourceFault: The address is of another host.
        """
        parts = urlsplit(address)
        base = self._hosts.of(self._source, self._live).url
        if parts.netloc and parts.hostname != base.host:
            rule = "il portale rinvia a un altro host"
            raise SourceFault(self._source, "-", f"indirizzo {address}", rule)
        return parts.path.removeprefix(base.path.rstrip("/")) if parts.netloc else parts.path

    def unchanged(self, known: Iterable[LastValidators]) -> bool:
        """Ask again, with conditions, all that was asked the last time.

        Args:
            known: What the hosts then said to recognise each answer.

        Returns:
            Whether every answer is the same; false at the first that may not be.

        Raises:
            SourceFault: A host does not answer.
        """
        asked = list(known)
        for each in asked:
            conditions = Validators(each.etag, each.last_modified)
            if not conditions:
                return False
            with _in_memory() as part:
                wanted = self._wanted(httpx.URL(each.url), conditions)
                try:
                    if self._transport.fetch(wanted, part, until=self._until) is not None:
                        return False
                except TransportFault as fault:
                    raise SourceFault(self._source, each.url, "", str(fault)) from fault
        return bool(asked)

    def _wanted(self, url: httpx.URL, known: Validators | None = None) -> Wanted:
        return Wanted(
            source=self._source,
            url=url,
            retry=self._live.retry,
            most_bytes=self._live.size_bytes.max,
            accept=self._live.accept,
            known=known or Validators(),
            confirm=False,
        )


@contextmanager
def _in_memory() -> Iterator[Path]:
    """A file that is on no disk, where the system has such a thing."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("risposta")
        try:
            yield Path(f"/proc/self/fd/{handle}")
        finally:
            os.close(handle)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "risposta"
