"""Messages name the command as it was typed, so that it works when it is typed again."""

import sys
from pathlib import Path

import pytest

from will_pipeline.cli.called import as_called, called


def test_a_command_outside_the_path_is_named_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "bin" / "will"
    script.parent.mkdir()
    script.write_text("")
    script.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert called() == "bin/will"
    assert as_called("prima «will esegui».") == "prima «bin/will esegui»."
    monkeypatch.setenv("PATH", str(script.parent))
    assert called() == "will"


def test_a_process_of_another_name_says_will(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["pytest"])
    assert called() == "will"
