"""Publishes one release after another in processes of their own, each of which may be killed.

A forking server, so that what is costly is loaded once: `python -m tests.mart.publisher <folder>`
reads one JSON order a line and answers with one line. The folder holds `tables.pickle`.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
import time
from datetime import datetime
from functools import cache
from pathlib import Path

import polars as pl

from will_pipeline.contracts.catalogue import load_contracts, load_views
from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.mart.fingerprint import release_fingerprint
from will_pipeline.mart.release import info_rows, publish, state_release, stated_in
from will_pipeline.mart.shelf import Shelf

ATLAS = {"index.html": b"<p>Parma</p>", "comuni/parma.html": b"<p>Centro</p>"}
WATCHED = frozenset(
    {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "shutil.rmtree"}
)
SWITCHING = frozenset({"os.rename", "os.symlink"})
NOW = datetime.fromisoformat("2026-11-24T02:30:00+01:00")


@cache
def _contracts() -> tuple[dict[str, TableContract], dict[str, ViewContract]]:
    return load_contracts("mart"), load_views()


def publish_residents(
    marts: Path, tables: dict[str, pl.DataFrame], residents: int, *, stale: bool = False
) -> str:
    """Publish a release whose first municipality has that many residents; return its number."""
    contracts, views = _contracts()
    moved = tables | {
        "dim_comune": tables["dim_comune"].with_columns(popolazione=pl.lit(residents, pl.Int64)),
        "dim_fonte": tables["dim_fonte"].with_columns(aggiornata=pl.lit(not stale)),
    }
    content = {name: frame for name, frame in moved.items() if name != "mart_info"}
    shelf = Shelf(marts)
    statement = state_release(
        shelf, release_fingerprint(content, contracts.values(), [], "atlante"), NOW
    )
    info = info_rows(statement, seed=1, draws=1)
    return publish(
        shelf,
        stated_in(info),
        moved | {"mart_info": info},
        contracts=contracts,
        views=views,
        atlas=lambda: ATLAS,
        keep=3,
    ).release


class Steps:
    """Counts what a process does to files under a folder, and dies before a given step."""

    def __init__(self, folder: Path, last: int) -> None:
        self.folder, self.last, self.taken = str(folder), last, 0
        self.switches: list[int] = []

    def __call__(self, event: str, told: tuple[object, ...]) -> None:
        if event in WATCHED and any(str(each).startswith(self.folder) for each in told):
            self.taken += 1
            if event in SWITCHING:
                self.switches.append(self.taken)
            if self.taken == self.last:
                os.kill(os.getpid(), signal.SIGKILL)


def child(marts: Path, source: Path, order: dict[str, int], answer: int) -> None:
    tables = pickle.loads(source.read_bytes())  # noqa: S301  (written by the test beside it)
    steps = Steps(marts, order.get("step", 0))
    sys.addaudithook(steps)
    os.write(answer, b".")
    release = publish_residents(marts, tables, order["residents"], stale=bool(order.get("stale")))
    told = {"steps": steps.taken, "switches": steps.switches, "release": release}
    os.write(answer, json.dumps(told).encode())


def serve(folder: Path) -> None:
    _contracts()
    for line in sys.stdin:
        order = json.loads(line)
        marts = folder / order["marts"]
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                child(marts, folder / "tables.pickle", order, writing)
                code = 0
            finally:
                os._exit(code)
        os.close(writing)
        os.read(reading, 1)
        started = time.monotonic()
        if "delay" in order:
            time.sleep(order["delay"])
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        answer = os.read(reading, 4096).decode()
        os.close(reading)
        told = {
            **json.loads(answer or "{}"),
            "killed": os.WIFSIGNALED(status),
            "code": os.waitstatus_to_exitcode(status),
            "seconds": time.monotonic() - started,
        }
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
