"""The two towns of the atlas tests and the pages made from them."""

import runpy
from pathlib import Path

import polars as pl
import pytest

from will_pipeline.atlas.static import render_atlas

TOWN = Path(__file__).with_name("town.py")


@pytest.fixture(scope="session")
def town() -> dict[str, pl.DataFrame]:
    return runpy.run_path(str(TOWN))["town_tables"]()


@pytest.fixture
def tables(town) -> dict[str, pl.DataFrame]:
    return dict(town)


@pytest.fixture(scope="session")
def pages(town) -> dict[str, str]:
    return {
        path: content.decode()
        for path, content in render_atlas(town, release="2026.11.1").items()
        if not path.endswith(".woff2")
    }
