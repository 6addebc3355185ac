"""Kills whole runs of the main job at random moments: `python -m tests.faults.kills --quante 200`.

After every kill the mart must open, be whole and be one of the published releases; now and then a
run is left in peace, which must publish and leave nothing behind.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import dagster as dg
import polars as pl

from tests.graph.conftest import Project, make_project
from will_pipeline.definitions import PROJECT
from will_pipeline.mart.exports import altered_files
from will_pipeline.mart.opening import open_mart
from will_pipeline.mart.shelf import LATEST, Shelf

RUN = "from will_pipeline.cli.main import app; app()"
PEACE = 20
"""One run in so many is left in peace."""


def start(project: Project) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, "esegui", "--progetto", str(project.folder)],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "DAGSTER_DISABLE_TELEMETRY": "1"},
    )


def whole(shelf: Shelf, published: dict[str, str]) -> str:
    """Number of the release readers see, after a look at all of it."""
    assert altered_files(shelf.latest) == []
    said = shelf.current()
    assert said is not None
    with open_mart(shelf.latest) as mart:
        number = mart.sql("SELECT valore FROM mart_info WHERE chiave = 'rilascio'").pl().item()
    assert number == said.release == shelf.led_to(LATEST)
    assert published.setdefault(number, said.fingerprint) == said.fingerprint
    return number


def dangling(project: Project) -> int:
    home = project.folder / ".dagster"
    with dg.DagsterInstance.from_config(str(home)) as instance:
        going = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
        return len(instance.get_runs(filters=going))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Uccide giri interi a caso.")
    parser.add_argument("--quante", type=int, default=200)
    parser.add_argument("--seme", type=int, default=20261125)
    given = parser.parse_args(arguments)
    chance = random.Random(given.seme)  # noqa: S311  (a seeded choice of moments, no secret)
    folder = Path(tempfile.mkdtemp(prefix="uccisioni-"))
    project = make_project(folder / "progetto")
    shelf, published, seen = Shelf(project.marts), dict[str, str](), Counter[str]()
    begun = time.monotonic()
    assert start(project).wait() == 0
    length = time.monotonic() - begun
    before = whole(shelf, published)
    for kill in range(1, given.quante + 1):
        name = pl.col("name")
        project.change("mim_scuole", name.str.replace(r"( \*\d+)?$", f" *{kill}"))
        process = start(project)
        time.sleep(chance.uniform(0, length))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            seen["uccisi"] += 1
        process.wait()
        after = whole(shelf, published)
        seen["vecchio" if after == before else "nuovo"] += 1
        before = after
        if kill % PEACE == 0 or kill == given.quante:
            assert start(project).wait() == 0
            before = whole(shelf, published)
            assert shelf.leftovers() == []
            assert dangling(project) == 0
            seen["in pace"] += 1
            print(f"{kill} uccisioni: {dict(seen)}, rilasci {len(published)}", flush=True)
    shutil.rmtree(folder)
    print(f"Illeggibili 0, mescolati 0; un giro dura {length:.0f} secondi; {dict(seen)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
