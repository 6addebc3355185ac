"""Asking a portal small questions through the project's transport: turns, limits and retries hold.

What belongs here is one answer in memory, of a host of the allow-list; what the answer means
belongs to the readers. An answer is never archived: what must not be stored never is.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from will_pipeline.errors import SourceFault
from will_pipeline.sources.hosts import Hosts
from will_pipeline.sources.live import Live, LiveFile
from will_pipeline.sources.transport import Transport, TransportFault, Wanted

SECONDS = 600.0


class Portal:
    """The host of one source, to be asked for answers."""

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

    def ask(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """Ask one question.

        Args:
            path: Path below the base address of the host.
            query: Query, by parameter.

        Returns:
            Bytes of the answer.

        Raises:
            SourceFault: The path leads out of the host, or no answer came.
        """
        try:
            asked = LiveFile(name="risposta", path=path, query=dict(query or {}))
        except ValueError as error:
            raise SourceFault(self._source, "-", "percorso", "non è ammesso") from error
        wanted = Wanted(
            source=self._source,
            url=self._hosts.address(self._source, self._live, asked),
            retry=self._live.retry,
            most_bytes=self._live.size_bytes.max,
            accept=self._live.accept,
            confirm=False,
        )
        with _in_memory() as part:
            try:
                until = self._transport.clock.elapsed() + SECONDS
                self._transport.fetch(wanted, part, until=until)
            except TransportFault as fault:
                raise SourceFault(self._source, path, "", str(fault)) from fault
            return part.read_bytes()


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
