"""Nights of random faults, one after another: what a reader finds every morning.

A source is asked through the replica, which misbehaves; what it gave is published by a process that
may be killed; now and then a byte of what is published rots, and the runs of two nights meet.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.faults.conftest import Bench
from tests.mart.conftest import (  # noqa: F401  (fixtures)
    contracts,
    statement,
    tables,
    views,
)
from tests.mart.test_killed import Publisher, publisher, read  # noqa: F401  (fixture)
from tests.replica.server import Answer
from will_pipeline.mart.exports import altered_files
from will_pipeline.mart.opening import open_mart
from will_pipeline.mart.shelf import LATEST, Shelf

NIGHTS = 30 if os.environ.get("WILL_LONG") else 6
SEED, DAY = 20261125, 86_400.0
KEPT_SNAPSHOTS, KEPT_RELEASES = 5, 3


def table(residents: int) -> bytes:
    return f"codice;nome;persone\n034027;Parma;{residents}\n035033;Reggio;20\n".encode()


FAULTS: dict[str, Callable[[bytes], Answer]] = {
    "T01": lambda body: Answer(body, cut=0),
    "T02": lambda _: Answer(silent=True),
    "T03": lambda _: Answer(status=429),
    "T04": lambda _: Answer(status=503),
    "T05": lambda _: Answer(status=302, headers={"Location": "https://www.example.org/x"}),
    "T06": lambda _: Answer(b"<!doctype html><title>Manutenzione</title>"),
    "T07": lambda body: Answer(body, cut=len(body) - 5),
    "T10": lambda _: Answer(status=404),
    "T11": lambda body: Answer(body.partition(b"\n")[0] + b"\n"),
    "P03": lambda body: Answer(body.replace(b"Parma", b"Forl\xec")),
}
STATES = ("quiet", "new", "killed", "rotten")


@dataclass
class History:
    """What happened every night, and what was published so far."""

    published: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)


def spoil(shelf: Shelf, chance: random.Random) -> None:
    """One bit of the published mart turns."""
    path = (shelf.latest / "will_mart.duckdb").resolve()
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(content))


def told_stale(shelf: Shelf) -> bool:
    with open_mart(shelf.latest) as mart:
        return not mart.sql("SELECT bool_and(aggiornata) AS a FROM dim_fonte").pl().item()


def in_use(bench: Bench) -> int:
    return int(bench.bytes_in_use().split(b"\n")[1].split(b";")[2])


def a_night(
    night: int, kind: str, bench: Bench, server: Publisher, chance: random.Random, past: History
) -> None:
    shelf = Shelf(server.folder / "notti")
    if kind == "new":
        bench.replica.serve("/dati.csv", table(1000 + night))
    elif kind in FAULTS:
        bench.replica.serve("/dati.csv", FAULTS[kind](table(5000 + night)))
    if kind == "rotten":
        spoil(shelf, chance)
        assert altered_files(shelf.latest) == ["will_mart.duckdb"]
    outcome = bench.refresh()
    stale = outcome.state == "ultima_buona"
    assert stale == (kind in FAULTS), (kind, outcome)
    order = {"marts": "notti", "residents": in_use(bench), "stale": int(stale)}
    if kind == "killed":
        order["residents"] += 100_000
        killed = server.ask(**order, step=chance.randrange(1, 40))
        assert killed["killed"]
        number, residents = read(shelf)
        assert past.published.get(number, residents) == residents
        order["residents"] -= 100_000
    told = server.ask(**order)
    assert told["code"] == 0, told
    number, residents = read(shelf)
    assert residents == order["residents"] == in_use(bench)
    assert number == told["release"] == shelf.led_to(LATEST)
    assert past.published.setdefault(number, residents) == residents
    assert told_stale(shelf) == stale
    assert shelf.leftovers() == []
    assert len(shelf.numbers()) <= KEPT_RELEASES
    bench.archive.prune("prova", keep=KEPT_SNAPSHOTS)
    assert len(bench.archive.snapshots("prova")) <= KEPT_SNAPSHOTS + 1
    past.kinds[kind] += 1
    mark = "ultima copia buona" if stale else "aggiornata"
    past.lines.append(f"notte {night:02d}  {kind:7} rilascio {number}  fonte {mark}")


@pytest.mark.slow
def test_nights_of_random_faults(bench: Bench, publisher: Publisher) -> None:  # noqa: F811
    chance, past = random.Random(SEED), History()  # noqa: S311  (a seeded play, no secret)
    bench.replica.serve("/dati.csv", table(1000))
    a_night(0, "quiet", bench, publisher, chance, past)
    # The first nights have one of each state, so that the short form has them too.
    coming = [*STATES[1:], *chance.sample(sorted(FAULTS), 2)]
    while len(coming) < NIGHTS - 1:
        coming.append(chance.choice([*STATES, *FAULTS]))
    for night, kind in enumerate(coming, start=1):
        # A day between two nights: what closed a host for the night opens again.
        bench.clock.sleep(DAY)
        a_night(night, kind, bench, publisher, chance, past)
        if kind in FAULTS:
            bench.replica.serve("/dati.csv", table(in_use(bench)))
    print("\n" + "\n".join(past.lines))
    assert sum(past.kinds.values()) == NIGHTS
    files = sum(1 for each in bench.archive.root.rglob("*") if each.is_file())
    assert files < 8 * (KEPT_SNAPSHOTS + 2), "the archive grows beyond its retention"
