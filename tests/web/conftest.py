"""A browser and the atlas of the two hand-made towns, written to a folder."""

import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from will_pipeline.atlas.static import render_atlas

TOWN = Path(__file__).parents[1] / "unit" / "atlas" / "town.py"


@pytest.fixture(scope="session")
def atlas_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("atlante")
    tables = runpy.run_path(str(TOWN))["town_tables"]()
    for path, content in render_atlas(tables, release="2026.11.1").items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


# Of one module: a browser left open keeps its event loop running, and a night of the graph that
# comes after it in the same process could not start its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield started
        started.close()
