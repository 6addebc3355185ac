"""The commands are declared without loading what answers them."""

from __future__ import annotations

import subprocess
import sys

SLOW = ("polars", "numpy", "pandas", "geopandas", "duckdb", "dagster", "sklearn", "openpyxl")
LOADED = (
    "import sys, will_pipeline.cli.main; "
    f"print(' '.join(name for name in {SLOW!r} if name in sys.modules))"
)


def test_the_help_of_will_loads_no_slow_library() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
