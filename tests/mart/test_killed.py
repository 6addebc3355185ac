"""A publication killed anywhere leaves readers the release of before or the new one, whole."""

from __future__ import annotations

import json
import os
import pickle
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.mart.publisher import WATCHED
from will_pipeline.mart.exports import altered_files
from will_pipeline.mart.opening import open_mart
from will_pipeline.mart.shelf import LATEST, NIGHTLY, Shelf

KILLS = 200 if os.environ.get("WILL_LONG") else 12
ROOT = Path(__file__).parents[2]


@dataclass
class Publisher:
    """The server of `tests/mart/publisher.py` and what it is asked."""

    process: subprocess.Popen[str]
    folder: Path

    def ask(self, **order: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def publisher(
    tmp_path_factory: pytest.TempPathFactory, tables: dict[str, pl.DataFrame]
) -> Iterator[Publisher]:
    folder = tmp_path_factory.mktemp("uccisioni")
    (folder / "tables.pickle").write_bytes(pickle.dumps(tables))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.mart.publisher", str(folder)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield Publisher(process, folder)
    assert process.stdin is not None
    process.stdin.close()
    process.wait(timeout=60)


def read(shelf: Shelf) -> tuple[str, int]:
    """The release that readers see and what it says, after a check of all its files."""
    assert altered_files(shelf.latest) == []
    current = shelf.current()
    assert current is not None
    with open_mart(shelf.latest) as mart:
        residents = mart.sql("SELECT DISTINCT popolazione FROM dim_comune").pl().item()
        number = mart.sql("SELECT valore FROM mart_info WHERE chiave = 'rilascio'").pl().item()
    assert number == current.release == shelf.led_to(LATEST)
    return number, residents


def test_a_killed_publication_leaves_the_old_release_or_the_new_one(publisher: Publisher) -> None:
    marts = publisher.folder / "marts"
    shelf = Shelf(marts)
    publisher.ask(marts="marts", residents=1000)
    rehearsal = publisher.ask(marts="marts", residents=1001)
    assert rehearsal["code"] == 0
    assert rehearsal["steps"] > 30, WATCHED
    chance = random.Random(20261124)  # noqa: S311 (a seeded choice of places, not a secret)
    seen = {"old": 0, "new": 0, "ended": 0}
    before = read(shelf)
    for kill in range(KILLS):
        wanted = 2000 + kill
        # By turns before a step of our own, the last of which are the switch, and at any moment,
        # also inside the libraries that write files.
        place = (
            {"step": _step(chance, rehearsal["steps"])}
            if kill % 2
            else {"delay": chance.uniform(0, rehearsal["seconds"])}
        )
        outcome = publisher.ask(marts="marts", residents=wanted, **place)
        seen["ended"] += not outcome["killed"]
        after = read(shelf)
        assert after == before or after[1] == wanted, place
        seen["new" if after[1] == wanted else "old"] += 1
        if kill % 4 == 3:
            assert publisher.ask(marts="marts", residents=wanted)["code"] == 0
            assert shelf.leftovers() == []
            assert read(shelf)[1] == wanted
            assert shelf.led_to(NIGHTLY) == shelf.led_to(LATEST)
            assert len(shelf.numbers()) <= 3
        before = read(shelf)
    print(f"\n{KILLS} kills over {rehearsal['steps']} steps: {seen}")
    assert seen["old"] > 0
    if KILLS > 100:
        assert seen["new"] > 0
    assert publisher.ask(marts="marts", residents=1)["code"] == 0
    assert shelf.leftovers() == []


def _step(chance: random.Random, steps: int) -> int:
    """A step to die before: half of the times among the last, where the switch is."""
    return (
        chance.randrange(max(1, steps - 14), steps + 1)
        if chance.random() < 0.5
        else (chance.randrange(1, steps + 1))
    )


def test_every_step_of_the_switch_can_be_the_last(publisher: Publisher) -> None:
    shelf = Shelf(publisher.folder / "scambio")
    for residents in (1, 2, 3):
        publisher.ask(marts="scambio", residents=residents)
    # The fourth publication also removes the first release: the shelf keeps three.
    rehearsal = publisher.ask(marts="scambio", residents=4)
    assert len(rehearsal["switches"]) == 8, "release, two links, removal, two files"
    # The renames of the release and of the two links; in the long form also all the others.
    chosen = rehearsal["switches"] if KILLS > 100 else rehearsal["switches"][0:6:2]
    for residents, step in enumerate(chosen, start=5):
        old = read(shelf)
        assert publisher.ask(marts="scambio", residents=residents, step=step)["killed"]
        assert read(shelf) == old or read(shelf)[1] == residents
        assert publisher.ask(marts="scambio", residents=residents)["code"] == 0
        assert read(shelf)[1] == residents
        assert shelf.leftovers() == []
        assert shelf.led_to(NIGHTLY) == shelf.led_to(LATEST)
        assert len(shelf.numbers()) == 3
