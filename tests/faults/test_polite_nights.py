"""Thirty nights with a service that bans who makes more than five requests in a minute.

Every night two runs are at work side by side, each with several sources; some nights the service is
out of order, some it has something new, and some runs are stopped half way and started again.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tests.faults.conftest import GOOD, NEWER, LeapingClock, a_source, redirections
from tests.replica.server import Answer, Asked, Replica, tagged
from will_pipeline.sources.archive import Archive
from will_pipeline.sources.descriptor import Descriptor
from will_pipeline.sources.hosts import load_hosts
from will_pipeline.sources.limiter import Limiter
from will_pipeline.sources.refresh import Refresher
from will_pipeline.sources.transport import Transport

NIGHTS, SOURCES = 30, 6
BAN_ABOVE, MINUTE, DAY = 5, 60.0, 86_400.0
SDMX = "istat_esploradati"


class SharedClock(LeapingClock):
    """One clock for all the threads; a moment of real time passes in every sleep."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept += max(seconds, 0.0)
        time.sleep(0.001)


class Service:
    """The service: when it was asked, and whether it had to ban."""

    def __init__(self, clock: SharedClock) -> None:
        self.clock = clock
        self.times: list[float] = []
        self.night, self.bans = 0, 0
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Answer:
        with self._lock:
            now = self.clock.now()
            self.times.append(now)
            lately = [each for each in self.times[-20:] if each > now - MINUTE]
            if len(lately) > BAN_ABOVE:
                self.bans += 1
                return Answer(status=429)
        if self.night % 7 == 3 and len(self.times) % 2:
            return Answer(status=503)
        return tagged(NEWER if self.night % 5 == 4 else GOOD)


class Stopped(BaseException):
    """A run is stopped, as by a signal."""


class Stopping(SharedClock):
    """The shared clock as seen by a run that is stopped at its third wait."""

    def __init__(self, clock: SharedClock) -> None:
        self.clock, self.left = clock, 3

    def now(self) -> float:
        return self.clock.now()

    def elapsed(self) -> float:
        return self.clock.elapsed()

    def sleep(self, seconds: float) -> None:
        self.left -= 1
        if not self.left:
            raise Stopped
        self.clock.sleep(seconds)


def run(raw: Path, addresses: Path, clock: SharedClock, sources: list[Descriptor]) -> list[str]:
    """One run, which remembers nothing but what is on disk."""
    hosts = load_hosts(addresses, environment={})
    transport = Transport(hosts, Limiter(raw / "limiti", clock), seed=1)
    refresher = Refresher(hosts, Archive(raw), transport)
    states = []
    try:
        states = [refresher.refresh(source).state for source in sources]
    except Stopped:
        states = run(raw, addresses, clock.clock, sources) if isinstance(clock, Stopping) else []
    return states


def test_t03_thirty_nights_of_parallel_runs_and_restarts_without_a_ban(tmp_path: Path) -> None:
    clock = SharedClock()
    service = Service(clock)
    patient = {"read": 10.0, "connect": 5.0, "total": 600.0}
    sources = [a_source(f"flusso_{number}", host=SDMX, retry=patient) for number in range(SOURCES)]
    states: list[str] = []
    with Replica(otherwise=service.answer).running() as replica:
        addresses = redirections(tmp_path, {SDMX: {"base": replica.base}})

        def work(mine: list[Descriptor], *, stopped: bool) -> None:
            own = Stopping(clock) if stopped else clock
            states.extend(run(tmp_path / "raw", addresses, own, mine))

        for night in range(NIGHTS):
            service.night = night
            halves = [sources[0::2], sources[1::2]]
            threads = [
                threading.Thread(target=work, args=(half,), kwargs={"stopped": night % 4 == place})
                for place, half in enumerate(halves)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            clock.sleep(DAY)
    assert service.bans == 0
    assert len(states) == NIGHTS * SOURCES
    assert states.count("nuova") >= SOURCES
    assert "mai_riuscita" not in states
    busiest = max(
        sum(early <= late < early + MINUTE for late in service.times) for early in service.times
    )
    assert 2 <= busiest <= BAN_ABOVE


@pytest.mark.parametrize("requests", [6, 12])
def test_t03_the_service_of_the_play_does_ban_who_is_not_polite(requests: int) -> None:
    service = Service(SharedClock())
    for _ in range(requests):
        service.answer(Asked(0.0, "/dati.csv", {}))
    assert service.bans == requests - BAN_ABOVE
