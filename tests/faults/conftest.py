"""A replica, an archive and a refresher that sleeps without waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.replica.server import Replica
from tests.unit.sources.conftest import minimal
from will_pipeline.sources.archive import Archive
from will_pipeline.sources.clock import Clock
from will_pipeline.sources.descriptor import Descriptor
from will_pipeline.sources.hosts import load_hosts
from will_pipeline.sources.limiter import Limiter
from will_pipeline.sources.refresh import Outcome, Refresher
from will_pipeline.sources.transport import Transport

HOST = "istat_sito"
ELSEWHERE = "istat_demo"
GOOD = b"codice;nome;persone\n034027;Parma;10\n035033;Reggio;20\n"
NEWER = b"codice;nome;persone\n034027;Parma;11\n035033;Reggio;20\n"


class LeapingClock(Clock):
    """The real clock, but sleeping takes no time: it is remembered and added."""

    def __init__(self) -> None:
        self.slept = 0.0
        self.waits: list[float] = []

    def now(self) -> float:
        return super().now() + self.slept

    def elapsed(self) -> float:
        return super().elapsed() + self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += max(seconds, 0.0)
        self.waits.append(seconds)


def a_source(key: str = "prova", **live: Any) -> Descriptor:
    declared = {
        "host": HOST,
        "files": [{"name": "dati", "path": "/dati.csv"}],
        "format": "csv",
        "size_bytes": {"min": 10, "max": 100_000},
        "rows": {"min": 2, "max": 100},
        "retry": {"read": 0.15, "connect": 1.0, "first_wait": 1.0, "total": 60.0},
    }
    return Descriptor.model_validate({**minimal(), "key": key, "live": {**declared, **live}})


@dataclass
class Bench:
    """All that a refresh needs, over one replica."""

    replica: Replica
    archive: Archive
    clock: LeapingClock
    limiter: Limiter
    build: Callable[..., Refresher]

    def refresh(self, source: Descriptor | None = None, **options: Any) -> Outcome:
        return self.build(**options).refresh(source or a_source())

    def after_a_good_night(self, source: Descriptor | None = None) -> str:
        """Take a first good copy; its id."""
        first = self.refresh(source)
        assert first.state == "nuova", first.reason
        self.replica.asked.clear()
        self.clock.waits.clear()
        assert first.snapshot is not None
        return first.snapshot

    def bytes_in_use(self, key: str = "prova") -> bytes:
        good = self.archive.last_good(key)
        assert good is not None
        path = self.archive.path(key, good.files["dati"])
        assert path is not None
        return path.read_bytes()

    def state_of_host(self, name: str = HOST) -> Any:
        return self.limiter.state(next(h for h in load_hosts(environment={}) if h.name == name))


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica().running() as running:
        running.serve("/dati.csv", GOOD)
        yield running


def redirections(tmp_path: Path, bases: dict[str, Any]) -> Path:
    path = tmp_path / "replica.yaml"
    path.write_text(yaml.safe_dump({"hosts": bases}), encoding="utf-8")
    return path


@pytest.fixture
def bench(tmp_path: Path, replica: Replica) -> Bench:
    clock = LeapingClock()
    archive = Archive(tmp_path / "raw")
    limiter = Limiter(tmp_path / "raw" / "limiti", clock)

    def build(
        bases: dict[str, Any] | None = None, *, redirected: bool = True, **options: Any
    ) -> Refresher:
        given = bases or {HOST: {"base": replica.base}}
        path = redirections(tmp_path, given) if redirected else None
        hosts = load_hosts(path, environment={})
        return Refresher(hosts, archive, Transport(hosts, limiter, seed=1, **options))

    return Bench(replica, archive, clock, limiter, build)
