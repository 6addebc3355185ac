"""The command `will esegui` as a person types it."""

from __future__ import annotations

from typer.testing import CliRunner

from tests.graph.conftest import Project
from will_pipeline.cli.main import app


def esegui(project: Project) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["esegui", "--progetto", str(project.folder)])
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
