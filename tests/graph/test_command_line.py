"""The command `will esegui` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

from pypdf import PdfReader
from typer.testing import CliRunner

from tests.graph.conftest import Project
from will_pipeline.atlas.words import between
from will_pipeline.cli.main import app
from will_pipeline.italian import number


def esegui(project: Project) -> tuple[int, str, str]:
    given = ["esegui", "--senza-schede", "--progetto", str(project.folder)]
    result = CliRunner().invoke(app, given)
    return result.exit_code, result.stdout, result.stderr


def test_a_run_ends_by_saying_where_things_are(published: Project) -> None:
    code, said, _ = esegui(published)
    assert code == 0
    assert "Pubblicato il rilascio" in said
    assert str(published.marts / "latest" / "will_mart.duckdb") in said
    assert str(published.marts / "latest" / "atlante" / "index.html") in said
    assert "make dev" in said


def test_a_missing_figure_ends_with_its_name_and_the_way_to_get_it_back(published: Project) -> None:
    before = published.snapshot()
    (published.figures / "mim_scuole.parquet").unlink()
    code, said, complained = esegui(published)
    assert code == 1
    assert "Pubblicato" not in said
    assert "mim_scuole.parquet" in complained
    assert "git checkout -- data/raw/figures/mim_scuole.parquet" in complained
    assert "Traceback" not in said + complained
    assert published.snapshot() == before


def test_a_release_is_looked_over_in_italian(published: Project) -> None:
    result = CliRunner().invoke(app, ["controlla", "--mart", str(published.marts / "latest")])
    assert result.exit_code == 0
    for said in (
        "Superati",
        "Profili per regola: 95 aree",
        "Verdetto: ",
        "Parma, Giovani in bilico",
    ):
        assert said in result.stdout
    for city in ("Bergamo", "Como", "Monza", "Novara", "Padova", "Parma", "Reggio", "Rovigo"):
        assert f"{city}" in result.stdout


def scheda(project: Project, *said: str) -> tuple[int, str, str]:
    given = ["scheda", *said, "--mart", str(project.marts / "latest")]
    result = CliRunner().invoke(app, given)
    return result.exit_code, result.stdout, result.stderr


def test_the_sheet_of_an_area_is_found_by_name_and_by_code(published: Project) -> None:
    code, said, _ = scheda(published, "pablo")
    assert code == 0
    assert said == scheda(published, "034027.q04")[1]
    told = json.loads(scheda(published, "034027.Q04", "--json")[1])
    assert told["area_id"] == "034027.Q04"
    for row in told["bisogni"]:
        interval = between(*row["intervallo"])
        assert f"{row['bisogno']}: {number(row['indice'], 1)}, {interval}" in said
    assert isinstance(told["residenti"], int)
    for row in told["persone_stimate"]:
        assert f"{row['bisogno']}: {number(row['stima'])} (" in said
        assert f"{row['chi']}, {row['anno']}" in said
    assert "Persone stimate, non contate" in said


def test_a_name_of_many_areas_or_of_none_asks_for_the_code(published: Project) -> None:
    code, _, complained = scheda(published, "area di censimento 1")
    assert code == 2
    assert "Scrivi il codice" in complained
    assert "034027.A01" in complained
    assert scheda(published, "atlantide")[0] == 2


def test_the_sheet_is_written_as_a_pdf(published: Project, tmp_path: Path) -> None:
    target = tmp_path / "pablo.pdf"
    assert scheda(published, "pablo", "--come", str(target))[0] == 0
    assert len(PdfReader(target).pages) == 2
    assert scheda(published, "pablo", "--come", str(target))[0] == 2
    assert scheda(published, "pablo", "--come", str(target), "--sovrascrivi")[0] == 0
    assert scheda(published, "pablo", "--come", str(tmp_path / "no" / "x.pdf"))[0] == 1


def test_an_atlas_is_built_beside_the_release_and_passes_its_checks(
    published: Project, tmp_path: Path
) -> None:
    given = ["atlante", "costruisci", str(tmp_path / "atlante"), "--senza-schede", "--json"]
    mart = ["--mart", str(published.marts / "latest")]
    result = CliRunner().invoke(app, [*given, *mart])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["file"] > 100
    assert CliRunner().invoke(app, [*given, *mart]).exit_code == 2
    checked = CliRunner().invoke(
        app, ["atlante", "verifica", str(tmp_path / "atlante"), "--senza-browser"]
    )
    assert checked.exit_code == 0, checked.stdout


def test_a_refused_delivery_is_told_at_the_end_of_the_run(published: Project) -> None:
    home = published.folder / "data" / "raw" / "consegne" / "parma"
    home.mkdir(parents=True)
    (home / "utenti_servizi.csv").write_text(
        "area;bisogno;anno;utenti\nQ99;giovani;2025;40\n", encoding="utf-8"
    )
    code, said, _ = esegui(published)
    assert code == 0
    assert "Attenzione: Consegne rifiutate: parma/utenti_servizi." in said
    assert "will consegne elenco" in said
