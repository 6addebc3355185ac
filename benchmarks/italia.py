"""The national path beside what a user would pick instead, on one invented country.

Every side runs in a process of its own, the others in an environment made here by uv; sides take
turns, their outputs are compared, and CPU-seconds, wall and peak memory of each process are kept.

Run: python -m benchmarks.italia [--sezioni 400000] [--contiguity 20000 400000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import polars as pl

from benchmarks.country.files import CRS, write_country
from benchmarks.country.lattice import Borders, country
from benchmarks.page import table_page
from will_pipeline.national.country import formulas_of
from will_pipeline.national.formulas import RATE
from will_pipeline.national.protection import SHIELD

ROOT = Path(__file__).resolve().parent.parent
SIDES = ROOT / "benchmarks" / "sides"
REPORT = ROOT / "docs" / "benchmarks.md"
ENVIRONMENTS = {
    "pandas + geopandas": ("pandas>=3,<4", "geopandas>=1.2,<2", "pyogrio", "pyarrow"),
    "PySAL": ("pandas>=3,<4", "geopandas>=1.2,<2", "pyogrio", "pyarrow", "libpysal>=4.14,<5"),
}
CLOSE = 1e-9
Command = Callable[[Path], list[str | Path]]


@dataclass(frozen=True)
class Cost:
    """What a process took: CPU-seconds and wall of it and its children, peak memory in GB."""

    cpu: float
    wall: float
    peak: float


def measured(command: Sequence[str | Path]) -> Cost:
    """Run a command and say what it took."""
    begun = time.perf_counter()
    child = subprocess.Popen(  # noqa: S603  # our own scripts
        [str(part) for part in command], cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"failed: {' '.join(str(part) for part in command)}")
    wall = time.perf_counter() - begun
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1e6)


class Log:
    """What was measured, kept on disk so that a long run can be halted and taken up again."""

    def __init__(self, path: Path, *, only: bool) -> None:
        self._path, self._only = path, only
        self._known = json.loads(path.read_text()) if path.exists() else {}

    def kept(self, key: str, measure: Callable[[], dict[str, float]]) -> dict[str, float] | None:
        """A measure of before, or a new one; nothing where only old ones are asked for."""
        if key not in self._known and not self._only:
            self._known[key] = measure()
            self._path.write_text(json.dumps(self._known, indent=1))
        return self._known.get(key)


def environment(folder: Path, name: str) -> Path:
    """Python of an environment with the packages of a side, made where it is not there yet."""
    home = folder / hashlib.sha256(name.encode()).hexdigest()[:8]
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        uv = shutil.which("uv")
        if uv is None:
            raise SystemExit("uv is needed to make the environments of the other sides")
        quiet = {**os.environ, "VIRTUAL_ENV": str(home), "UV_PYTHON_DOWNLOADS": "never"}
        make = [uv, "venv", "-q", "--clear", "--python", sys.executable, home]
        fill = [uv, "pip", "install", "-q", *ENVIRONMENTS[name]]
        for command in (make, fill):
            subprocess.run([str(part) for part in command], check=True, env=quiet)  # noqa: S603
        (home / "ready").touch()
    return python


def same(ours: Path, theirs: Path) -> dict[str, float]:
    """Largest relative difference of every output of two sides.

    Raises:
        SystemExit: areas, links or missing values are not the same.
    """
    worst = {}
    # Hiding more than the small areas is the national path's own rule.
    shields = pl.read_parquet(ours / "tassi.parquet").filter(stato=SHIELD)["area_id"]
    pairs = {
        "rates": (pl.read_parquet(ours / "tassi.parquet"), ["area_id"]),
        "surfaces": (pl.read_parquet(ours / "contorni.parquet"), ["area_id"]),
        "links": (pl.read_parquet(ours / "confini_comuni.parquet"), ["area_id", "other_id"]),
    }
    for name, (table, key) in pairs.items():
        other = pl.read_parquet(theirs / f"{name}.parquet").sort(key)
        if name == "rates":
            other = other.filter(~pl.col("area_id").is_in(shields.implode()))
        mine = table.rename(lambda column: column.removeprefix(RATE)).sort(key)
        mine = mine.filter(pl.col("area_id").is_in(other["area_id"].implode()))
        if not mine.select(key).equals(other.select(key)):
            raise SystemExit(f"{name}: the two sides have not the same rows")
        values = [column for column in other.columns if column not in key]
        a, b = (side.select(pl.col(values).cast(pl.Float64)).to_numpy() for side in (mine, other))
        if (np.isnan(a) != np.isnan(b)).any():
            raise SystemExit(f"{name}: the two sides miss different values")
        scale = np.maximum(np.abs(b), 1.0 if name == "rates" else 1e-3)
        worst[name] = float(np.nanmax(np.abs(a - b) / scale))
        if worst[name] > CLOSE:
            raise SystemExit(f"{name}: the two sides differ by {worst[name]:.1e}")
    return worst


def national(work: Path, sections: int, rounds: int, log: Log, *, pysal: bool) -> list[list[str]]:
    """The whole path on every side, rows for the page."""
    folder = work / f"paese-{sections}"
    if not (folder / "ready").exists():
        write_country(folder, sections=sections)
        (folder / "ready").touch()
    formulas = formulas_of()
    asked = work / "formulas.json"
    rows = [vars(rate) for rate in formulas.rates]
    asked.write_text(json.dumps({"codes": formulas.codes, "rates": rows}))
    environments = work / "environments"
    route = [SIDES / "plain_route.py", folder]
    sides: dict[str, Command] = {
        "will italia": lambda out: [
            *(sys.executable, "-c", RUN, folder, out),
        ],
        "pandas + geopandas": lambda out: [
            *(environment(environments, "pandas + geopandas"), *route, out, asked),
        ],
    }
    if pysal:
        sides["pandas + PySAL"] = lambda out: [
            *(environment(environments, "PySAL"), *route, out, asked, "--pysal"),
        ]
        sides["pandas + PySAL, coverage dissolve"] = lambda out: [
            *(environment(environments, "PySAL"), *route, out, asked, "--pysal", "--coverage"),
        ]
    found: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
    for turn in range(rounds):
        for number, (name, command) in enumerate(sides.items()):

            def measure(number: int = number, command: Command = command) -> dict[str, float]:
                out = work / f"out-{number}"
                shutil.rmtree(out, ignore_errors=True)
                spent = vars(measured(command(out)))
                if not number:
                    return spent
                return spent | {
                    "apart": max(same(work / "out-0" / "uscita" / "ultimo", out).values())
                }

            spent = log.kept(f"{sections} {turn} {name}", measure)
            found[name] += [spent] if spent else []
    base = np.median([spent["cpu"] for spent in found["will italia"]])
    return [
        [
            name,
            f"{np.median([each['cpu'] for each in spent]):.1f}",
            f"{np.median([each['wall'] for each in spent]):.0f}",
            f"{max(each['peak'] for each in spent):.2f}",
            f"{np.median([each['cpu'] for each in spent]) / base:.1f}",
            f"{max(each['apart'] for each in spent):.0e}" if "apart" in spent[0] else "",
            str(len(spent)),
        ]
        for name, spent in found.items()
        if spent
    ]


RUN = (
    "import sys; from pathlib import Path; "
    "from will_pipeline.national.country import run_country; "
    "out = Path(sys.argv[2]); "
    "run_country(Path(sys.argv[1]), out / 'uscita', out / 'lavoro')"
)


def contiguity(work: Path, polygons: int, rounds: int, log: Log) -> list[str]:
    """Neighbours among the sections themselves, a row for the page; nothing if not measured."""
    turns = [
        log.kept(f"contiguity {polygons} {turn}", lambda: _contiguity(work, polygons))
        for turn in range(rounds)
    ]
    spent = [turn for turn in turns if turn]
    if not spent:
        return []
    ratios = [turn["pysal"] / turn["ours"] for turn in spent]
    return [
        f"{polygons:,}",
        f"{spent[0]['links']:,.0f}",
        f"{np.median([turn['ours'] for turn in spent]):.2f}",
        f"{np.median([turn['pysal'] for turn in spent]):.2f}",
        f"{np.median(ratios):.1f}",
        f"{min(ratios):.1f} to {max(ratios):.1f}",
    ]


def _contiguity(work: Path, polygons: int) -> dict[str, float]:
    path = work / f"polygons-{polygons}.parquet"
    if not path.exists():
        land = country(polygons, seed=7)
        shapes = Borders(land).polygons(np.arange(polygons))
        gpd.GeoDataFrame(geometry=shapes, crs=CRS).to_parquet(path)
    theirs = environment(work / "environments", "PySAL")
    found = {}
    for name, python in (("ours", sys.executable), ("pysal", theirs)):
        out = work / f"links-{name}.npz"
        measured([python, SIDES / f"{name}_contiguity.py", path, out])
        found[name] = np.load(out)
    pairs = [
        np.sort(links["one"].astype(np.int64) * polygons + links["other"])
        for links in found.values()
    ]
    if not np.array_equal(*pairs):
        raise SystemExit(f"contiguity of {polygons}: the two sides have not the same links")
    spent = {name: float(links["seconds"]) for name, links in found.items()}
    return spent | {"links": float(len(pairs[0]))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sezioni", type=int, default=400_000)
    parser.add_argument("--contiguity", type=int, nargs="*", default=[20_000, 400_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-pysal", action="store_true")
    parser.add_argument("--only-page", action="store_true", help="from what was measured before")
    parser.add_argument("--work", type=Path, default=ROOT / ".venv" / "benchmarks")
    parser.add_argument("--output", type=Path, default=REPORT, help="page to write")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    pysal = not options.without_pysal
    log = Log(options.work / "misure.json", only=options.only_page)
    rows = national(options.work, options.sezioni, options.rounds, log, pysal=pysal)
    links = []
    if pysal:
        sizes = options.contiguity
        links = [contiguity(options.work, size, options.rounds, log) for size in sizes]
        links = [row for row in links if row]
    folder = options.work / f"paese-{options.sezioni}"
    page = table_page(rows, links, folder=folder, sections=options.sezioni, rounds=options.rounds)
    options.output.write_text(page, "utf-8")
    print(page)


if __name__ == "__main__":
    main()
