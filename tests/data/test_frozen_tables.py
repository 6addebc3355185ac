"""The tracked frozen tables are what the tracked figures make, to the last figure."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from will_pipeline.indicators.freezing import frozen_tables
from will_pipeline.indicators.goalposts import BASE_EDITION, FROZEN_FOLDER

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made() -> tuple[pl.DataFrame, pl.DataFrame]:
    return frozen_tables(ROOT / "assets" / "raw", ROOT / "data" / "raw" / "figures")


@pytest.mark.parametrize(("position", "name"), [(0, "goalposts"), (1, "classes")])
def test_freezing_again_gives_the_tracked_table(
    made: tuple[pl.DataFrame, pl.DataFrame], position: int, name: str
) -> None:
    tracked = pl.read_csv(FROZEN_FOLDER / f"{name}_{BASE_EDITION}.csv")
    numbers = [kind for kind in tracked.schema.values() if kind == pl.Float64]
    assert len(numbers) >= 2
    assert_frame_equal(made[position], tracked, check_dtypes=False, rel_tol=0, abs_tol=1e-9)
