"""A variable that the source no longer has: the night goes on, and says what is not available."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from tests.graph.conftest import Project, make_project
from will_pipeline.definitions import PROJECT
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.pins import read_pin, sha256, write_pin

CENSUS = [f"istat_censimento_2011_{name}" for name in ("ace", "ace_citta", "asc")]
GONE = {"A44": "affollamento", "A46": "affitto"}


def drop(project: Project, columns: list[str]) -> None:
    """Rewrite the census figures and their seals without some columns."""
    for key in CENSUS:
        path = project.figures / load_sources(PROJECT / "assets" / "raw")[key].parquet_name
        pl.read_parquet(path).drop(columns).write_parquet(path, compression="zstd")
        content = path.read_bytes()
        seal = read_pin(key, project.figures)
        changed = {"sha256": sha256(content), "bytes": len(content)}
        write_pin(seal.model_copy(update=changed), project.figures)


def test_what_the_source_lost_is_not_available_in_the_mart_with_its_reason(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    drop(project, list(GONE))
    assert project.night().success
    mart = duckdb.connect(str(project.marts / "latest" / "will_mart.duckdb"), read_only=True)
    for code, indicator in GONE.items():
        states = mart.execute(
            "SELECT stato, count(*), count(valore), count(numeratore) FROM fatto_indicatore "
            "WHERE indicatore_id = ? GROUP BY stato",
            [indicator],
        ).fetchall()
        assert states == [("non_disponibile", 105, 0, 0)]
        told = mart.execute(
            "SELECT messaggio FROM controllo WHERE controllo = 'indicatore_disponibile' "
            "AND oggetto = ?",
            [indicator],
        ).fetchall()
        assert len(told) == 1
        assert f"mancano le variabili {code}" in told[0][0]
    themes = mart.execute("SELECT DISTINCT dimensione FROM fatto_indice").fetchall()
    assert {name for (name,) in themes} == {"giovani", "solitudine", "nuove_generazioni"}
    reasons = mart.execute(
        "SELECT DISTINCT motivo FROM fatto_profilo JOIN dim_area USING (area_id) "
        "WHERE in_graduatoria AND modello = 'regola'"
    ).fetchall()
    assert reasons == [("manca l'indice di: mobilita",)]
    mart.close()
