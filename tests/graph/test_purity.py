"""The library and its unit tests stay free of Dagster, at run time too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from will_pipeline.definitions import PROJECT

LOAD_LIBRARY = """
import importlib, pkgutil, sys, will_pipeline
apart = ("will_pipeline.orchestration", "will_pipeline.definitions", "will_pipeline.cli.run")
for module in pkgutil.walk_packages(will_pipeline.__path__, "will_pipeline."):
    if not module.name.startswith(apart):
        importlib.import_module(module.name)
sys.exit("dagster" in sys.modules)
"""


def test_the_library_never_loads_dagster() -> None:
    assert subprocess.run([sys.executable, "-c", LOAD_LIBRARY], check=False).returncode == 0


def test_unit_tests_never_name_dagster() -> None:
    folder = PROJECT / "tests" / "unit"
    naming = [
        file.relative_to(folder)
        for file in Path(folder).rglob("*.py")
        if "import dagster" in file.read_text("utf-8")
    ]
    assert naming == []
