"""Measure the promised ratios of speed and write `docs/method/benchmarks.md` from this one run.

Run: python benchmarks/speed.py [--output docs/method/benchmarks.md]
"""

import argparse
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
REPORT = FOLDER.parent / "docs" / "method" / "benchmarks.md"
SCRIPTS = ("monte_carlo.py", "clustering.py")
LIBRARIES = ("numpy", "scipy", "pandas", "scikit-learn")

PAGE = """# How fast are the statistics?

This page is written by `benchmarks/speed.py` from one run. Times depend on the machine and on what
else it does; what is promised are ratios between two ways of computing the same thing, taken one
after the other in the same process.

| Computation | Against | Promise |
|---|---|---|
| 1,000 Monte Carlo draws of an index of four themes over 2,000 areas | the plain index by area \
with pandas | at least 20 times faster |
| Bootstrap stability of k-means, 10,000 areas and 30 indicators | plain scikit-learn in a loop | \
not slower |

Machine: {cores} cores, {memory} of memory, {system}, Python {python}; {libraries}.

## Monte Carlo of an index (`benchmarks/monte_carlo.py`)

```
{monte_carlo}
```

The loop computes less than the vectorised side, which also draws weights, leaves indicators out and
changes aggregation, and is timed on a few draws because its time is proportional to their number.
Both sides first give the same scores and the same probabilities.

## Stability of clusters (`benchmarks/clustering.py`)

```
{clustering}
```

Both sides partition the pool, draw the same number of resamples with the same number of starts and
compare partitions, in turns; a ratio below one is faster. The library fits each resample on its
distinct rows with their multiplicities, one resample per thread.
"""


def memory() -> str:
    """Physical memory of the machine, in GB."""
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB"


def main() -> int:
    """Run the scripts and write the page; fail if one of them missed its promise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--output", type=Path, default=REPORT, help="page to write")
    options = parser.parse_args()
    outputs, kept = {}, True
    for name in SCRIPTS:
        done = subprocess.run(  # noqa: S603  # our own scripts, by absolute path
            [sys.executable, str(FOLDER / name)], capture_output=True, text=True, check=False
        )
        sys.stdout.write(done.stdout)
        sys.stderr.write(done.stderr)
        outputs[name.removesuffix(".py")] = done.stdout.strip()
        kept = kept and done.returncode == 0
    page = PAGE.format(
        cores=os.cpu_count(),
        memory=memory(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        libraries=", ".join(f"{library} {version(library)}" for library in LIBRARIES),
        **outputs,
    )
    options.output.write_text(page, encoding="utf-8")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
