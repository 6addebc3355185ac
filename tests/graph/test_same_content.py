"""Same figures, same content, whatever the threads and the order of rows; one change, its news."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest

from tests.graph.conftest import Project, make_project
from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.definitions import PROJECT
from will_pipeline.mart.fingerprint import content_version
from will_pipeline.mart.news import ABOUT_RELEASES, RELEASE
from will_pipeline.mart.opening import open_mart
from will_pipeline.sources.descriptor import load_sources

FirstNight = tuple[Project, dg.ExecuteInProcessResult]
BYTES_OF_THE_SOURCE = ("sha256", "byte")
NIGHT = """
import sys
from pathlib import Path
from tests.graph.conftest import Project
assert Project(Path(sys.argv[1])).night().success
"""
SPENDING, PARMA = "spesa_servizi_pro_capite", "034027"


def contents(project: Project) -> dict[str, str]:
    """Fingerprint of every table that does not speak of the release, sources without bytes."""
    with open_mart(project.marts / "latest") as mart:
        tables = {
            name: mart.sql(f'SELECT * FROM main."{name}"').pl()
            for name in load_contracts("mart")
            if name not in ABOUT_RELEASES
        }
    tables["dim_fonte"] = tables["dim_fonte"].drop(BYTES_OF_THE_SOURCE)
    return {name: content_version(table) for name, table in tables.items()}


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("WILL_LONG"), reason="a whole night more: long form only")
def test_one_thread_and_shuffled_figures_make_the_same_content(
    first_night: FirstNight, tmp_path: Path
) -> None:
    shuffled = make_project(tmp_path / "mescolato")
    for key in load_sources(PROJECT / "assets" / "raw"):
        if (shuffled.figures / f"{key}.parquet").is_file():
            shuffled.change(key, pl.all().sort_by(pl.int_range(pl.len()).hash(seed=11)))
    one = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run(
        [sys.executable, "-c", NIGHT, str(shuffled.folder)],
        cwd=PROJECT,
        env={**os.environ, **one},
        check=True,
        timeout=600,
    )
    assert contents(shuffled) == contents(first_night[0])


@pytest.mark.slow
def test_one_changed_figure_is_the_news_with_what_follows_from_it(published: Project) -> None:
    old = published.marts / "latest"
    before = old.resolve() / "will_mart.duckdb"
    published.change(
        "opencivitas_spesa",
        pl.when(pl.col("pro_com") == PARMA)
        .then(pl.col("historical_per_resident_eur") + 1)
        .otherwise(pl.col("historical_per_resident_eur"))
        .alias("historical_per_resident_eur"),
    )
    assert published.night(now="2026-11-25T02:30:00+01:00").success
    after = old.resolve() / "will_mart.duckdb"
    with duckdb.connect() as both:
        both.execute(f"ATTACH '{before}' AS old (READ_ONLY)")
        both.execute(f"ATTACH '{after}' AS fresh (READ_ONLY)")
        moved = {}
        for name in load_contracts("mart"):
            if name not in ABOUT_RELEASES:
                there = f'SELECT * FROM fresh.main."{name}" EXCEPT SELECT * FROM old.main."{name}"'
                moved[name] = len(both.execute(there).fetchall())
        news = both.sql(f"SELECT * FROM fresh.novita WHERE oggetto <> '{RELEASE}'").pl()
    told = dict(news.group_by("oggetto").len().iter_rows())
    assert told == {name: count for name, count in moved.items() if count}
    facts = news.filter(pl.col("oggetto") == "fatto_indicatore")
    assert facts["indicatore_id"].unique().to_list() == [SPENDING]
    assert facts.filter(~pl.col("area_id").str.starts_with(PARMA)).is_empty()
    assert news.filter(pl.col("oggetto") == "dim_fonte")["chiave"].to_list() == [
        "opencivitas_spesa"
    ]
    print(f"\none changed figure: {told}")
    assert set(news["tipo"]) == {"modificato"}
    assert set(news["motivo"]) == {
        "È cambiata la fonte «Spesa storica e spesa standard dei comuni»."
    }
