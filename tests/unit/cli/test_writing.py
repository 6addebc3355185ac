"""Files of a command reach their folder whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from will_pipeline.cli.writing import made_folder, write_whole


def test_files_are_written_over_and_nothing_is_left_beside(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"prima")
    write_whole({tmp_path / "a": b"dopo", tmp_path / "b": b"nuovo"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "a": b"dopo",
        "b": b"nuovo",
    }


@pytest.mark.parametrize("bad", ["cartella", "no/x", "a/x", "x" * 300])
def test_where_one_cannot_be_written_none_is(
    tmp_path: Path, bad: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cartella").mkdir()
    (tmp_path / "a").write_bytes(b"prima")
    with pytest.raises(typer.Exit) as ended:
        write_whole({tmp_path / "a": b"dopo", tmp_path / "nuovo": b"1", tmp_path / bad: b"2"})
    assert ended.value.exit_code == 1
    assert "Non posso scrivere" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "cartella"]
    assert (tmp_path / "a").read_bytes() == b"prima"


def test_a_folder_in_the_place_of_a_file_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(typer.Exit) as ended:
        made_folder(tmp_path / "file" / "kit")
    assert ended.value.exit_code == 1
    assert "Non posso scrivere in" in capsys.readouterr().err
