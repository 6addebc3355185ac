"""The tracked frozen tables are what the tracked figures make, to the last figure."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from will_pipeline.indicators.freezing import frozen_tables, main
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


def freezing(monkeypatch: pytest.MonkeyPatch, folder: Path, *flags: str) -> None:
    figures = ROOT / "data" / "raw" / "figures"
    arguments = [str(ROOT / "assets" / "raw"), str(figures), "--output", str(folder), *flags]
    monkeypatch.setattr("sys.argv", ["freezing", *arguments])
    main()


def test_a_frozen_edition_is_not_overwritten_unless_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    kept = tmp_path / f"classes_{BASE_EDITION}.csv"
    kept.write_text("old", "utf-8")
    with pytest.raises(SystemExit) as refusal:
        freezing(monkeypatch, tmp_path)
    assert refusal.value.code == 2
    assert f"classes_{BASE_EDITION}.csv" in capsys.readouterr().err
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {kept.name: "old"}


@pytest.mark.parametrize("flags", [("--replace",), ("--edition", "2051")])
def test_a_new_edition_or_a_told_replacement_is_written_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    (tmp_path / f"goalposts_{BASE_EDITION}.csv").write_text("old", "utf-8")
    freezing(monkeypatch, tmp_path, *flags)
    edition = flags[-1] if "--edition" in flags else BASE_EDITION
    for name in ("goalposts", "classes"):
        tracked = (FROZEN_FOLDER / f"{name}_{BASE_EDITION}.csv").read_bytes()
        assert (tmp_path / f"{name}_{edition}.csv").read_bytes() == tracked
    untouched = tmp_path / f"goalposts_{BASE_EDITION}.csv"
    assert (untouched.read_text() == "old") == ("--edition" in flags)
