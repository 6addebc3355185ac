"""`will fonti` as the data team types it, against a replica of a source."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from tests.faults.conftest import GOOD, HOST, NEWER, redirections
from tests.replica.server import Answer, Replica
from tests.unit.sources.conftest import minimal
from will_pipeline.cli.sources import fonti

LIVE = {
    "host": HOST,
    "files": [{"name": "dati", "path": "/dati.csv"}],
    "format": "csv",
    "size_bytes": {"min": 10, "max": 100_000},
    "rows": {"min": 2, "max": 100},
    "retry": {"attempts": 1},
}


@pytest.fixture
def replica() -> Iterator[Replica]:
    with Replica().running() as running:
        running.serve("/dati.csv", GOOD)
        yield running


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "assets" / "raw"
    folder.mkdir(parents=True)
    sources: list[dict[str, Any]] = [
        {**minimal(), "key": "dal_vivo", "live": LIVE},
        {**minimal(), "key": "inclusa"},
        {**minimal(), "key": "consegnata", "cadence": "drop_in"},
    ]
    for each in sources:
        (folder / f"{each['key']}.source.yaml").write_text(yaml.safe_dump(each), "utf-8")
    return tmp_path


def run(project: Path, *words: str, replica: Replica | None = None) -> Result:
    given = [*words, "--progetto", str(project)]
    if replica is not None:
        local = {HOST: {"base": replica.base, "spacing_seconds": 0}}
        given += ["--configurazione", str(redirections(project, local))]
    return CliRunner().invoke(fonti, given, catch_exceptions=False)


def states(project: Path) -> dict[str, dict[str, Any]]:
    told = json.loads(run(project, "elenco", "--json").stdout)
    return {each["fonte"]: each for each in told}


def test_the_list_tells_state_age_and_licence(project: Path, replica: Replica) -> None:
    before = states(project)
    assert {key: each["stato"] for key, each in before.items()} == {
        "consegnata": "consegna",
        "dal_vivo": "mai_provata",
        "inclusa": "inclusa",
    }
    assert before["inclusa"]["licenza"] == "CC BY 4.0"
    run(project, "aggiorna", replica=replica)
    after = states(project)["dal_vivo"]
    assert (after["stato"], after["giorni_dalla_conferma"], after["vecchia"]) == (
        "aggiornata",
        0,
        False,
    )
    text = run(project, "elenco").stdout
    assert "Dal vivo, aggiornata; confermata oggi" in text
    assert "ISTAT, CC BY 4.0" in text


def test_a_refresh_tells_what_came_of_it(project: Path, replica: Replica) -> None:
    first = run(project, "aggiorna", replica=replica)
    assert (first.exit_code, "dal_vivo: c'è una copia nuova" in first.stdout) == (0, True)
    second = run(project, "aggiorna", "dal_vivo", "--json", replica=replica)
    (told,) = json.loads(second.stdout)
    assert (told["esito"], told["motivo"], told["allarme"]) == ("invariata", "", False)
    replica.serve("/dati.csv", Answer(status=404))
    third = run(project, "aggiorna", replica=replica)
    assert third.exit_code == 1
    assert "resta l'ultima copia buona" in third.stderr
    assert "(spostata?)" in third.stderr
    listed = states(project)["dal_vivo"]
    assert (listed["stato"], listed["indizio"]) == ("ultima_buona", "spostata?")


def test_a_source_that_never_came_is_an_alarm(project: Path, replica: Replica) -> None:
    replica.serve("/dati.csv", Answer(status=404))
    result = run(project, "aggiorna", replica=replica)
    assert result.exit_code == 1
    assert "non si è ancora potuta avere" in result.stderr
    assert "È la volta di guardarci" in result.stderr
    assert states(project)["dal_vivo"]["stato"] == "mai_riuscita"


def test_a_pinned_source_stays_until_it_is_let_go(project: Path, replica: Replica) -> None:
    assert run(project, "blocca", "dal_vivo").exit_code == 1
    run(project, "aggiorna", replica=replica)
    assert "finché non si toglie il blocco" in run(project, "blocca", "dal_vivo").stdout
    assert states(project)["dal_vivo"]["stato"] == "bloccata"
    replica.serve("/dati.csv", NEWER)
    asked = len(replica.asked)
    held = run(project, "aggiorna", replica=replica)
    assert (held.exit_code, len(replica.asked)) == (0, asked)
    assert "bloccata a mano" in held.stdout
    run(project, "blocca", "dal_vivo", "--togli")
    assert "copia nuova" in run(project, "aggiorna", replica=replica).stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("aggiorna", "nessuna"), "'nessuna' non c'è"),
        (("aggiorna", "inclusa"), "inclusa non si aggiorna dal vivo"),
        (("blocca", "inclusa"), "inclusa non si aggiorna dal vivo"),
        (("blocca", "../fuori"), "non c'è"),
    ],
)
def test_what_cannot_be_done_is_said(project: Path, words: tuple[str, ...], told: str) -> None:
    result = run(project, *words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_bad_configuration_is_said(project: Path, tmp_path: Path) -> None:
    path = redirections(tmp_path, {"istat_demo": {"base": "http://demo.istat.it"}})
    result = run(project, "aggiorna", "--configurazione", str(path))
    assert result.exit_code == 1
    assert "deve cominciare con https://" in result.stderr
