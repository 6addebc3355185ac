"""The page of the national benchmarks: tables of sides, of floors and of the machine.

Floors are measured here, in the process that writes the page; sides are measured by `italia`.
"""

from __future__ import annotations

import hashlib
import os
import platform
import time
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl
import shapely

from will_pipeline.national.official import read_polygons
from will_pipeline.national.region import dissolved

LIBRARIES = ("numpy", "polars", "shapely", "geopandas", "pandas")
PAGE = """# The whole country: how fast, beside what else

This page is written by `make bench-italia`. The country is invented
(`benchmarks/country/`, seeded) in ISTAT's formats: {sections:,} sections in 20 regions, 36 vertices
a polygon, 152 columns a row. Every side runs in its own process, the other ones in environments of
their own. Sides take turns, {rounds} round(s); the median counts. CPU-seconds are those of the
process with its threads, and memory its peak. Other work was running on the machine (load
{load:.1f} on {cores} cores as this was written), which inflates wall most and CPU-seconds some. A
run that was halted keeps what it had measured, so that sides may have met different loads.

Machine: {cores} cores, {memory:.0f} GB, {system}, Python {python}; {libraries}.

## From cold files to areas, rates, links and fingerprint

{national}

Same rows and same missing values are required of all sides; the last column is the largest relative
difference of any rate, surface, perimeter or length of border (metres of surfaces and borders are
compared relative to at least a millimetre). `will italia` does more than the others: indices, and
Parquet with fingerprints.

## Neighbours among polygons (rook)

{contiguity}

Reading is left out on both sides; links are identical. Lengths of borders are found by `will` in
the same time, and not by libpysal.

## Joining sections into areas

{dissolve}

Both on the same groups of the largest region, in turns; ours includes the checks of the union,
surface, perimeter and the polygons as bytes.

## Floors of this machine

{floors}

CPU-seconds over the whole country for the parts nothing can do without.
"""


def table(header: list[str], rows: list[list[str]]) -> str:
    """A table of Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def table_page(
    rows: list[list[str]], links: list[list[str]], *, folder: Path, sections: int, rounds: int
) -> str:
    """The whole page.

    Args:
        rows: sides of the national path.
        links: sizes of the contiguity.
        folder: files of the country.
        sections: how many sections it has.
        rounds: how many times each side ran.
    """
    return PAGE.format(
        sections=sections,
        rounds=rounds,
        load=os.getloadavg()[0],
        cores=os.cpu_count(),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        libraries=", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        national=table(
            [
                "Side",
                "CPU-s",
                "wall s",
                "peak GB",
                "CPU against `will`",
                "largest difference",
                "runs",
            ],
            rows,
        ),
        contiguity=table(
            ["Polygons", "links", "`will` CPU-s", "libpysal CPU-s", "ratio", "ratios"], links
        )
        if links
        else "Not run.",
        dissolve=_dissolve(folder),
        floors=table(["Part", "CPU-s"], [[name, f"{cost:.2f}"] for name, cost in _floors(folder)]),
    )


def _cpu(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _largest(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    path = max(folder.glob("R*_WGS84.zip"), key=lambda each: each.stat().st_size)
    drawn = read_polygons(path)
    code = drawn.keys.select(pl.col("pro_com") * 1_000 + pl.col("ace")).to_series().to_numpy()
    names, leaf = np.unique(code, return_inverse=True)
    return drawn.shapes, leaf, names


def _dissolve(folder: Path) -> str:
    shapes, leaf, names = _largest(folder)
    order = np.argsort(leaf, kind="stable")
    starts = np.searchsorted(leaf[order], np.arange(len(names)))
    mended = np.zeros(len(shapes), dtype=bool)

    def union() -> None:
        for group in np.split(shapes[order], starts[1:]):
            shapely.coverage_union_all(group)

    def ours() -> None:
        dissolved(shapes, leaf, pl.Series(names.astype(str)), mended)

    turns = [(_cpu(ours), _cpu(union)) for _ in range(5)]
    mine, plain = (float(np.median([turn[side] for turn in turns])) for side in (0, 1))
    ratio = float(np.median([one / other for one, other in turns]))
    return table(
        ["Polygons", "areas", "`will` CPU-s", "coverage union CPU-s", "ratio"],
        [[f"{len(shapes):,}", f"{len(names):,}", f"{mine:.2f}", f"{plain:.2f}", f"{ratio:.2f}"]],
    )


def _floors(folder: Path) -> list[tuple[str, float]]:
    archives = sorted(folder.glob("R*_sezioni.zip"))
    spent = dict.fromkeys(("unzip", "csv", "scan", "hash", "union"), 0.0)
    scratch, added = folder / "scratch.parquet", pl.selectors.numeric().sum()
    for path in archives:
        with zipfile.ZipFile(path) as archive:
            content: list[bytes] = []
            spent["unzip"] += _cpu(lambda a=archive, c=content: c.append(a.read(a.namelist()[0])))
        text = content[0].decode("cp1252").encode()
        frames: list[pl.DataFrame] = []
        spent["csv"] += _cpu(lambda t=text, f=frames: f.append(pl.read_csv(t, separator=";")))
        frames[0].write_parquet(scratch)
        spent["scan"] += _cpu(lambda: pl.scan_parquet(scratch).select(added).collect())
        whole = path.read_bytes()
        spent["hash"] += _cpu(lambda w=whole: hashlib.sha256(w).hexdigest())
    scratch.unlink()
    for path in sorted(folder.glob("R*_WGS84.zip")):
        whole = path.read_bytes()
        spent["hash"] += _cpu(lambda w=whole: hashlib.sha256(w).hexdigest())
        drawn = read_polygons(path)
        code = drawn.keys.select(pl.col("pro_com") * 1_000 + pl.col("ace")).to_series().to_numpy()
        order = np.argsort(code, kind="stable")
        _, starts = np.unique(code[order], return_index=True)
        groups = np.split(drawn.shapes[order], starts[1:])
        spent["union"] += _cpu(lambda g=groups: [shapely.coverage_union_all(each) for each in g])
    return [
        ("taking the tables out of their archives", spent["unzip"]),
        ("parsing the CSV, all columns (polars)", spent["csv"]),
        ("scanning and adding up the same in Parquet", spent["scan"]),
        ("SHA-256 of all files", spent["hash"]),
        ("coverage union of sections into areas (GEOS)", spent["union"]),
    ]
