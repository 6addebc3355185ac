"""The long forms of what a release promises: flipped bits, kills, readers, builds; one table.

Run: make prove-lunghe, or python -m benchmarks.long_proofs [--share 0.1] [--only flips ...]; it
works in folders of its own and leaves the published mart alone.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tests.graph.conftest import Project, make_project
from tests.graph.test_same_content import contents
from will_pipeline.mart.exports import altered_files
from will_pipeline.mart.opening import open_mart
from will_pipeline.mart.shelf import LATEST, Shelf
from will_pipeline.sources.descriptor import load_sources

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = ROOT / "data" / "marts" / "latest"
FLIPS, KILLS, PUBLICATION_KILLS, BUILDS = 1000, 200, 200, 20
RECOVERIES = 25
"""Kills after which a run is let end: it must publish what the killed ones could not."""
CHANGED, PARMA, COLUMN = "opencivitas_spesa", "034027", "historical_per_resident_eur"
NIGHT = """
import sys
from pathlib import Path
from tests.graph.conftest import Project
assert Project(Path(sys.argv[1])).night(sys.argv[2]).success
"""
NOW = "2026-11-24T02:30:00+01:00"


@dataclass
class Proof:
    """One line of the table."""

    name: str
    done: str
    holds: bool
    seconds: float = 0.0


def flips(share: float, folder: Path) -> Proof:
    """Flip random bits over all files of the published release, each seen by the checksums."""
    release = folder / "rilascio"
    shutil.copytree(PUBLISHED.resolve(), release)
    if altered_files(release):
        return Proof("flipped bits", "the published release is damaged already", holds=False)
    files = sorted(file for file in release.rglob("*") if file.is_file())
    sizes = [file.stat().st_size for file in files]
    chance, wanted, seen = random.Random(20261101), round(FLIPS * share), 0  # noqa: S311
    for turn in range(wanted):
        # By turns over files, which hits small ones, and over bytes, which hits large ones.
        file = chance.choice(files) if turn % 2 else chance.choices(files, sizes)[0]
        good = file.read_bytes()
        place = chance.randrange(len(good))
        damaged = bytearray(good)
        damaged[place] ^= 1 << chance.randrange(8)
        file.write_bytes(damaged)
        seen += bool(altered_files(release))
        file.write_bytes(good)
    return Proof("flipped bits", f"{seen} of {wanted} seen, {len(files)} files", seen == wanted)


def kills(share: float, folder: Path) -> Proof:
    """Kill whole runs at random moments: readers have the old release or the new one, whole."""
    project = make_project(folder / "uccisa")
    rehearsal = time.monotonic()
    _night(project).wait()
    _move(project)
    started = time.monotonic()
    first = _night(project).wait()
    rehearsed = time.monotonic() - started
    shelf = Shelf(project.marts)
    chance, wanted = random.Random(20261102), max(2, round(KILLS * share))  # noqa: S311
    outcome = {"old": 0, "new": 0, "ended": 0}
    broken: list[str] = []
    if first != 0:
        broken.append("rehearsal")
    before = _whole(shelf, broken)
    _move(project)
    for turn in range(wanted):
        running = _night(project)
        try:
            running.wait(timeout=chance.uniform(0, rehearsed))
            outcome["ended"] += 1
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
            running.wait()
        after = _whole(shelf, broken)
        outcome["old" if after == before else "new"] += 1
        if turn % RECOVERIES == RECOVERIES - 1:
            if _night(project).wait() != 0:
                broken.append(f"no recovery after kill {turn + 1}")
            after = _whole(shelf, broken)
        if after != before:
            _move(project)
        before = after
    told = ", ".join(f"{count} {name}" for name, count in outcome.items())
    lasted = f"runs of {rehearsed:.0f} s, rehearsal {started - rehearsal:.0f} s"
    return Proof(
        "kills of a whole run",
        f"{wanted} kills ({lasted}): {told}; broken {len(broken)} {' '.join(broken[:3])}",
        holds=not broken,
    )


def _night(project: Project, **environment: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 (this interpreter and a text of this file)
        [sys.executable, "-c", NIGHT, str(project.folder), NOW],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _move(project: Project) -> None:
    value = pl.col(COLUMN)
    project.change(
        CHANGED, pl.when(pl.col("pro_com") == PARMA).then(value + 1).otherwise(value).alias(COLUMN)
    )


def _whole(shelf: Shelf, broken: list[str]) -> str | None:
    """Number of the release that readers see, after a look at all of it."""
    led = shelf.led_to(LATEST)
    try:
        with open_mart(shelf.latest) as mart:
            said = mart.sql("SELECT valore FROM mart_info WHERE chiave = 'rilascio'").pl().item()
    except Exception as fault:  # whatever a reader would meet counts
        broken.append(f"{led}: {fault}")
        return led
    if said != led or altered_files(shelf.latest):
        broken.append(f"{led}: says {said}")
    return led


def builds(share: float, folder: Path) -> Proof:
    """Build from the same figures in another order and with 1 or 2 threads: one content."""
    wanted, seen = max(2, round(BUILDS * share)), set()
    for seed in range(wanted):
        project = make_project(folder / f"build_{seed}")
        if seed:
            for key in load_sources(ROOT / "assets" / "raw"):
                if (project.figures / f"{key}.parquet").is_file():
                    project.change(key, pl.all().sort_by(pl.int_range(pl.len()).hash(seed=seed)))
        threads = str(1 + seed % 2)
        names = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        if _night(project, **dict.fromkeys(names, threads)).wait() != 0:
            return Proof("builds", f"build {seed} failed", holds=False)
        seen.add(json.dumps(contents(project), sort_keys=True))
        shutil.rmtree(project.folder)
    return Proof(
        "builds from shuffled figures, 1 and 2 threads",
        f"{wanted} builds, {len(seen)} content",
        holds=len(seen) == 1,
    )


def _tested(name: str, test: str, printed: str) -> Callable[[float, Path], Proof]:
    def run(share: float, folder: Path) -> Proof:
        ran = subprocess.run(  # noqa: S603 (this interpreter, a test of this project)
            [sys.executable, "-m", "pytest", "-q", "-s", test, "--basetemp", str(folder / "t")],
            cwd=ROOT,
            env={**os.environ, **({"WILL_LONG": "1"} if share >= 1 else {})},
            capture_output=True,
            text=True,
            check=False,
        )
        told = re.search(printed, ran.stdout)
        said = told[0] if told else ran.stdout.strip().splitlines()[-1]
        return Proof(name, said, holds=ran.returncode == 0)

    return run


PROOFS: dict[str, Callable[[float, Path], Proof]] = {
    "flips": flips,
    "readers": _tested(
        "readers during publications", "tests/mart/test_readers.py", r"\d+ readers.*"
    ),
    "publication": _tested(
        "kills of a publication", "tests/mart/test_killed.py", r"\d+ kills over.*"
    ),
    "builds": builds,
    "kills": kills,
}


def main() -> int:
    """Run the proofs and print the table; fail where one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="share of the long form to run")
    parser.add_argument("--only", nargs="*", choices=list(PROOFS), default=list(PROOFS))
    asked = parser.parse_args()
    done = []
    for name in asked.only:
        with tempfile.TemporaryDirectory(prefix="will-") as folder:
            started = time.monotonic()
            proof = PROOFS[name](asked.share, Path(folder))
            proof.seconds = time.monotonic() - started
        done.append(proof)
        print(f"{name}: {proof.done}", flush=True)
    print("\n| proof | done | holds | seconds |\n|---|---|---|---|")
    for proof in done:
        mark = "yes" if proof.holds else "NO"
        print(f"| {proof.name} | {proof.done} | {mark} | {proof.seconds:.0f} |")
    return 0 if all(proof.holds for proof in done) else 1


if __name__ == "__main__":
    sys.exit(main())
