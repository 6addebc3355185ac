"""One turn at a time for every host, kept on disk: processes and restarts share the same waits.

What belongs here is when a request may leave; what it asks and what the answer means belongs to
the transport.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from will_pipeline.sources.clock import Clock
from will_pipeline.sources.hosts import Host

POLL = 0.2
"""Seconds between two looks at a lock that another process holds."""

LONGEST_HOLD = 3 * 86400.0
"""Seconds; a wait further ahead was written by a clock that was wrong."""

_DAY = 86400.0
_HOUR = 3600.0


class NoTurn(Exception):
    """The host may not be called now; the text says why, in Italian."""


class HostState(BaseModel):
    """What is remembered of a host; instants are seconds since 1970.

    Attributes:
        last: When the latest request left, or its answer began.
        not_before: When the host said to come back.
        day: Day of the count, as days since 1970.
        requests: Requests of that day.
        failures: Failed attempts in a row.
        closed_until: When the circuit closes again; the host is not called before.
        why: Why it is open, in Italian.
    """

    model_config = ConfigDict(extra="forbid")

    last: float = 0.0
    not_before: float = 0.0
    day: int = 0
    requests: int = 0
    failures: int = 0
    closed_until: float = 0.0
    why: str = ""


class Limiter:
    """Turns and circuits of all hosts, under one folder.

    A turn lasts from before a request leaves until its answer begins, and the next one starts at
    least the host's spacing later: measured at the host, two requests are never closer than that,
    however slow the machine or the network is in between.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Keep folder and clock.

        Args:
            folder: Folder of the state files, shared by all processes; made where absent.
            clock: The time.
        """
        self.folder = folder
        self.clock = clock

    @contextmanager
    def turn(self, host: Host, *, until: float) -> Iterator[None]:
        """Wait for the turn of a host and hold it.

        Args:
            host: The host.
            until: Latest `clock.elapsed()` at which the turn is of use.

        Raises:
            NoTurn: The circuit is open, the day's requests are used up, or the turn would come
                too late.
        """
        with self._place(host, until=until):
            # A state that cannot be read, or an instant that a wrong clock put in the future, is
            # written anew: its wait would never end.
            with self._changed(host) as state:
                state.last = min(state.last, self.clock.now())
            self._wait(host, until=until)
            # Written before the request leaves: who is killed in between still counts.
            with self._changed(host) as state:
                now = self.clock.now()
                today = int(now // _DAY)
                state.requests = state.requests + 1 if state.day == today else 1
                state.day, state.last = today, now
            try:
                yield
            finally:
                with self._changed(host) as state:
                    state.last = self.clock.now()

    def state(self, host: Host) -> HostState:
        """What is remembered of a host."""
        return self._read(host)

    def succeeded(self, host: Host) -> None:
        """Forget the failures of a host."""
        with self._changed(host) as state:
            state.failures = 0

    def failed(self, host: Host, why: str) -> None:
        """Count a failed attempt, and open the circuit where they are too many in a row.

        Args:
            host: The host.
            why: What happened, in Italian.
        """
        with self._changed(host) as state:
            state.failures += 1
            if state.failures >= host.failures:
                self._open(host, state, why)

    def close(self, host: Host, why: str) -> None:
        """Open the circuit at once: the host asked to be left alone.

        Args:
            host: The host.
            why: What happened, in Italian.
        """
        with self._changed(host) as state:
            self._open(host, state, why)

    def hold(self, host: Host, seconds: float) -> None:
        """Let nobody call a host for a while, as it asked.

        Args:
            host: The host.
            seconds: How long.
        """
        with self._changed(host) as state:
            state.not_before = self.clock.now() + min(seconds, LONGEST_HOLD)

    def _open(self, host: Host, state: HostState, why: str) -> None:
        state.closed_until = self.clock.now() + host.closed_hours * _HOUR
        state.failures, state.why = 0, why

    def _wait(self, host: Host, *, until: float) -> None:
        # What is remembered may change while one waits: another process may hear a refusal.
        while (wait := self._time_to_wait(host)) > 0:
            if self.clock.elapsed() + wait > until:
                raise NoTurn(f"{host.name} non si può chiamare nel tempo che resta")
            self.clock.sleep(wait)

    def _time_to_wait(self, host: Host) -> float:
        state, now = self._read(host), self.clock.now()
        if 0 < state.closed_until - now <= LONGEST_HOLD:
            hours = max(round((state.closed_until - now) / _HOUR), 1)
            raise NoTurn(f"{host.name} non si chiama per altre {hours} ore: {state.why}")
        if state.day == int(now // _DAY) and state.requests >= host.daily_requests:
            raise NoTurn(f"{host.name} ha già avuto le {host.daily_requests} richieste del giorno")
        since = max(now - state.last, 0.0)
        # Further ahead than anybody may ask, it was written by a clock that has since gone back.
        asked = state.not_before - now if state.not_before - now <= LONGEST_HOLD else 0.0
        return max(host.spacing_seconds - since if state.last else 0.0, asked)

    @contextmanager
    def _changed(self, host: Host) -> Iterator[HostState]:
        with self._open_lock(host, "stato") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = self._read(host)
            yield state
            self._write(host, state)

    @contextmanager
    def _place(self, host: Host, *, until: float) -> Iterator[None]:
        with self._open_lock(host, "turno") as lock:
            while not _taken(lock):
                if self.clock.elapsed() > until:
                    raise NoTurn(f"{host.name} è occupato da un'altra richiesta")
                self.clock.sleep(POLL)
            yield

    def _open_lock(self, host: Host, kind: str) -> IO[str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        return (self.folder / f"{host.name}.{kind}.lock").open("w")

    def _file(self, host: Host) -> Path:
        return self.folder / f"{host.name}.json"

    def _read(self, host: Host) -> HostState:
        try:
            return HostState.model_validate_json(self._file(host).read_bytes())
        except FileNotFoundError:
            return HostState()
        except ValidationError:
            # Nothing is known of the past, so the whole spacing is waited for.
            return HostState(last=self.clock.now())

    def _write(self, host: Host, state: HostState) -> None:
        path = self._file(host)
        part = path.with_suffix(".part")
        part.write_text(state.model_dump_json(), encoding="utf-8")
        part.replace(path)


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
