"""What every command promises: a page that names it, JSON for machines, the Tab key."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from will_pipeline.cli.main import app

PAGE = (Path(__file__).parents[3] / "docs" / "comandi.md").read_text("utf-8")
BASH = shutil.which("bash")


def test_every_command_is_on_its_page() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert len(commands) > 12
    for name in commands:
        assert re.search(rf"\| `will {name}\b", PAGE), name


@pytest.mark.parametrize("code", ["0", "1", "2"])
def test_every_exit_code_is_on_the_page(code: str) -> None:
    assert f"| {code} |" in PAGE


def test_commands_that_print_data_print_them_for_machines(tmp_path: Path) -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    rows = re.findall(r"^\| `will (\w+)[^|]*\|[^|]*\| sì \|$", PAGE, re.MULTILINE)
    assert len(rows) >= 8
    for name in rows:
        command = commands[name]
        inner = getattr(command, "commands", {"": command}).values()
        assert any("--json" in each.opts for one in inner for each in one.params), name
    told = CliRunner().invoke(app, ["rilasci", "--json", "--progetto", str(tmp_path)])
    assert json.loads(told.stdout)["rilasci"] == []


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
def test_the_tab_key_finishes_a_command(tmp_path: Path) -> None:
    script = CliRunner().invoke(app, ["completamento", "bash"]).stdout
    (tmp_path / "will").symlink_to(Path(sys.executable).parent / "will")
    ask = "COMP_WORDS=(will ris); COMP_CWORD=1; _will_completion will; echo ${COMPREPLY[@]}"
    ran = subprocess.run(
        [str(BASH), "-c", f"{script}\n{ask}"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout.split() == ["riservatezza"]
