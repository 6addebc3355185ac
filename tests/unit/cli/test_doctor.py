"""`will dottore` finds each thing that can be broken, and says the mend."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from will_pipeline.cli import diagnosis
from will_pipeline.cli.diagnosis import FAULT, GOOD, WARNING, Examination, World, examine
from will_pipeline.cli.main import app
from will_pipeline.mart.exports import write_checksums
from will_pipeline.mart.shelf import JOURNAL_FILE, Shelf, Statement, write_statement
from will_pipeline.sources.pins import Pin, sha256, write_pin

INSTALLED = {"duckdb": "2.0.0", "polars": "2.1.0"}
BEAT = 1_000_000.0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A set-up in good health, as small as can be."""
    for folder in (".dagster", "data/raw/figures", "data/marts"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / ".dagster" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    lock = [
        "polars==2.1.0 \\", "    --hash=sha256:0", "colorama==0.4.6 ; sys_platform == 'win32'",
        "duckdb==1.9.0 ; python_version < '3.12'", "duckdb==2.0.0 ; python_version >= '3.12'",
    ]  # fmt: skip
    (tmp_path / "requirements.lock").write_text("\n".join(lock))
    figures = tmp_path / "data" / "raw" / "figures"
    (figures / "prova.parquet").write_bytes(b"cifre")
    pin = {"file": "prova.parquet", "sha256": sha256(b"cifre"), "bytes": 5, "rows": 1}
    write_pin(Pin(**pin, retrieved="2026-11-24", source_files=()), figures)
    shelf = Shelf(tmp_path / "data" / "marts")
    made = shelf.clear_workshop() / "2026.11.1"
    made.mkdir()
    statement = Statement("2026.11.1", "0" * 64, "2026-11-24T02:30:00+01:00", "1.0.0")
    write_statement(made, statement)
    write_checksums(made)
    shelf.publish(made, statement)
    return tmp_path


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(diagnosis, "_heartbeats", lambda _: {"SCHEDULER": BEAT})
    return World(
        python=(3, 12),
        installed=INSTALLED.get,
        free=lambda _: 10**12,
        environment={},
        port=0,
        now=lambda: BEAT + 5,
    )


def found(project: Path, world: World) -> dict[str, Examination]:
    return {each.name: each for each in examine(project, world)}


def ill(project: Path, world: World) -> dict[str, str]:
    return {
        name: each.outcome
        for name, each in found(project, world).items()
        if each.outcome != GOOD and name != "titolare"
    }


def test_good_health_has_nothing_to_mend(project: Path, world: World) -> None:
    assert ill(project, world) == {}
    assert len(found(project, world)) == 12


@pytest.mark.parametrize(
    ("change", "name", "outcome", "says", "mend"),
    [
        ({"python": (3, 10)}, "python", FAULT, "3.10", "make run PYTHON="),
        ({"python": (3, 15)}, "python", FAULT, "3.15", "make clean"),
        ({"installed": {**INSTALLED, "polars": "2.0.0"}.get}, "pacchetti", FAULT,
         "polars 2.0.0 invece di 2.1.0", "make run"),
        ({"installed": {"duckdb": "2.0.0"}.get}, "pacchetti", FAULT, "polars assente", "make run"),
        ({"environment": {"DAGSTER_HOME": "/nessuna/cartella"}}, "dagster_home", FAULT,
         "/nessuna/cartella", "export DAGSTER_HOME="),
        ({"environment": {"DAGSTER_HOME": "/"}}, "dagster_home", WARNING, "altra cartella",
         "export DAGSTER_HOME="),
        ({"free": lambda _: 1}, "spazio", FAULT, "0 MB liberi", "libera spazio"),
        ({"now": lambda: BEAT + 3600}, "notte", WARNING, "non parte da solo", "make dev"),
    ],
)  # fmt: skip
def test_what_surrounds_the_project(
    project: Path, world: World, change: dict, name: str, outcome: str, says: str, mend: str
) -> None:
    sick = replace(world, **change)
    assert ill(project, sick) == {name: outcome}
    assert says in found(project, sick)[name].says
    assert mend in found(project, sick)[name].mend


def test_an_old_duckdb_is_told_beside_the_lock(project: Path, world: World) -> None:
    sick = replace(world, installed={**INSTALLED, "duckdb": "1.1.3"}.get)
    assert ill(project, sick) == {"pacchetti": FAULT, "duckdb": FAULT}
    assert "DuckDB 1.1.3" in found(project, sick)["duckdb"].says


def _file_for_folder(project: Path) -> None:
    shutil.rmtree(project / "data" / "raw" / "figures")
    (project / "data" / "raw").rmdir()
    (project / "data" / "raw").write_text("non sono una cartella")


def _altered(project: Path) -> None:
    (project / "data" / "marts" / "latest" / "stato.json").write_text("{}")


def _copied(project: Path) -> None:
    latest = project / "data" / "marts" / "latest"
    latest.unlink()
    latest.mkdir()


def _dead(project: Path) -> None:
    (project / "data" / "marts" / JOURNAL_FILE).write_text("2026.11.2")
    (project / "data" / "marts" / ".cantiere" / "2026.11.2").mkdir()


def _flipped(project: Path) -> None:
    (project / "data" / "raw" / "figures" / "prova.parquet").write_bytes(b"cifra")


@pytest.mark.parametrize(
    ("broken", "wanted", "mend"),
    [
        (_file_for_folder, {"cartelle": FAULT, "cifre": FAULT}, "mkdir -p data/raw"),
        (_altered, {"rilascio": FAULT}, "will ripristina"),
        (_copied, {"rilascio": FAULT}, "mv data/marts/latest"),
        (_dead, {"resti": WARNING}, "make run"),
        (_flipped, {"cifre": FAULT}, "git checkout -- data/raw/figures"),
        (lambda folder: (folder / "data/raw/figures/prova.parquet").unlink(), {"cifre": FAULT},
         "git checkout"),
        (lambda folder: (folder / "data/raw/figures/prova.pin.json").write_text("{"),
         {"cifre": FAULT}, "git checkout"),
        (lambda folder: (folder / "requirements.lock").unlink(), {"pacchetti": FAULT},
         "git checkout -- requirements.lock"),
        (lambda folder: (folder / ".dagster/dagster.yaml").unlink(), {"dagster_home": FAULT},
         "git checkout -- .dagster/dagster.yaml"),
        (lambda folder: (folder / "data/marts/latest").unlink(), {"rilascio": WARNING}, "make run"),
    ],
)  # fmt: skip
def test_what_is_broken_in_the_project(
    project: Path,
    world: World,
    broken: Callable[[Path], object],
    wanted: dict[str, str],
    mend: str,
) -> None:
    broken(project)
    assert ill(project, world) == wanted
    assert mend in " ".join(each.mend for each in found(project, world).values())


def test_a_port_that_is_taken_is_told(project: Path, world: World) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert ill(project, replace(world, port=port)) == {"porta": WARNING}
    assert ill(project, replace(world, port=port)) == {}


def test_a_publication_at_work_is_no_leftover(project: Path, world: World) -> None:
    _dead(project)
    with Shelf(project / "data" / "marts").locked():
        assert ill(project, world) == {}


def test_the_command_ends_with_one_and_speaks_json(project: Path) -> None:
    _flipped(project)
    plain = CliRunner().invoke(app, ["dottore", "--progetto", str(project)])
    assert plain.exit_code == 1
    assert "✗ Cifre incluse mancanti o alterate: prova.parquet." in plain.output
    assert "rimedio: git checkout -- data/raw/figures" in plain.output
    told = CliRunner().invoke(app, ["dottore", "--json", "--progetto", str(project)])
    said = json.loads(told.output)
    assert (told.exit_code, said["sano"]) == (1, False)
    assert {"nome", "esito", "detto", "rimedio"} == set(said["esami"][0])
    assert [each["esito"] for each in said["esami"] if each["nome"] == "cifre"] == ["guasto"]
