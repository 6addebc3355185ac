"""Boundaries put in the folder of deliveries reach the areas and what is drawn of them."""

from __future__ import annotations

import io
from pathlib import Path

import dagster as dg
import duckdb
import geopandas as gpd
import numpy as np
import polars as pl
import pytest
import shapely

from tests.graph.conftest import Project, make_project
from will_pipeline.definitions import build_defs

BERGAMO = "016024"
CORNER, SIDE_M, COLUMNS = (551_000.0, 5_060_000.0), 400.0, 8
FILLED = {
    "core/area_outline", "core/section", "core/polygon_repair", "core/delivery",
    "core/area_boundary",
}  # fmt: skip


@pytest.fixture(scope="module")
def bergamo() -> pl.DataFrame:
    """Invented sections, eight to each of the census areas of Bergamo, with their real counts."""
    census = pl.read_parquet(
        Path(__file__).parents[2] / "data/raw/figures/istat_censimento_2011_ace_citta.parquet"
    ).filter(pl.col("pro_com") == BERGAMO)
    codes = census["ace"].to_list()
    number = np.arange(1, COLUMNS * len(codes) + 1)
    return pl.DataFrame(
        {
            "number": 160240000000 + number,
            "ace": [code for code in codes for _ in range(COLUMNS)],
            "first": (number - 1) % COLUMNS == 0,
        }
    ).join(census.drop("pro_com", "comune", "province", "region"), on="ace")


def packed(rows: pl.DataFrame) -> bytes:
    """GeoPackage of the sections as a grid: a row of squares for each census area."""
    x, y = np.arange(rows.height) % COLUMNS, np.arange(rows.height) // COLUMNS
    west, south = CORNER[0] + x * SIDE_M, CORNER[1] + y * SIDE_M
    cells = shapely.box(west, south, west + SIDE_M, south + SIDE_M)
    frame = gpd.GeoDataFrame(
        {"SEZ2011": rows["number"].to_numpy(), "ACE": rows["ace"].to_numpy()},
        geometry=cells,
        crs="EPSG:32632",
    )
    target = io.BytesIO()
    frame.to_file(target, driver="GPKG")
    return target.getvalue()


def counted(rows: pl.DataFrame) -> bytes:
    """Counts by section: those of the census area in its first section, zero in the others."""
    variables = [name for name in rows.columns if name not in ("number", "ace", "first")]
    told = rows.select(
        pl.lit("16024").alias("PROCOM"),
        pl.col("number").alias("SEZ2011"),
        *(pl.when("first").then(pl.col(name)).otherwise(0).alias(name) for name in variables),
    )
    return told.write_csv(separator=";").encode()


def core(project: Project) -> dg.ExecuteInProcessResult:
    """Everything up to the drawn areas and the deliveries."""
    graph = build_defs(project.resources("2026-11-24T02:30:00+01:00"))
    job = dg.define_asset_job("confini", selection=dg.AssetSelection.assets(*FILLED).upstream())
    definitions = dg.Definitions.merge(graph, dg.Definitions(jobs=[job]))
    with dg.DagsterInstance.ephemeral() as instance:
        return definitions.resolve_job_def("confini").execute_in_process(
            instance=instance,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )


def table(project: Project, query: str) -> list[tuple[object, ...]]:
    path = project.folder / "data" / "raw" / "warehouse" / "will.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


def drawn(project: Project) -> dict[str, bool]:
    """Levels of Bergamo, and whether they are on a map."""
    rows = table(
        project,
        "SELECT DISTINCT level, NOT schematic FROM core.area_outline JOIN core.area USING (area_id)"
        f" WHERE pro_com = '{BERGAMO}'",
    )
    return {str(level): bool(placed) for level, placed in rows}


def by_level(project: Project, what: str) -> dict[str, float]:
    rows = table(
        project,
        f"SELECT level, {what} FROM core.area LEFT JOIN core.area_boundary"
        f" USING (area_id, pro_com, level) WHERE pro_com = '{BERGAMO}' GROUP BY level",
    )
    return {str(level): float(str(value)) for level, value in rows}


@pytest.mark.slow
def test_sections_counts_and_own_areas_become_neighbourhoods_on_a_map(
    tmp_path: Path, bergamo: pl.DataFrame
) -> None:
    project = make_project(tmp_path)
    home = project.consegne / "bergamo"
    home.mkdir(parents=True)
    assert core(project).success
    assert drawn(project) == {"C": True, "A": False}

    (home / "confini_sezioni.gpkg").write_bytes(packed(bergamo))
    (home / "conteggi_sezioni.csv").write_bytes(counted(bergamo))
    halves = [(number, 1 + (code > 4)) for number, code in bergamo.select("number", "ace").rows()]
    lines = "".join(f"{number};{area}\n" for number, area in halves)
    (home / "aree_proprie.sezioni.csv").write_text(f"sezione;area\n{lines}")
    (home / "aree_proprie.elenco.csv").write_text("area;nome\n1;Levante\n2;Ponente\n")
    ended = core(project)
    assert ended.success
    states = dict(table(project, "SELECT kind, state FROM core.delivery"))
    kinds = ("aree_proprie", "confini_sezioni", "conteggi_sezioni")
    assert states == dict.fromkeys(kinds, "accolta")
    assert drawn(project) == {"C": True, "A": True, "Q": True}
    named = f"SELECT area_id, name FROM core.area WHERE pro_com = '{BERGAMO}' AND level = 'Q'"
    assert set(table(project, named)) == {
        (f"{BERGAMO}.Q101", "Levante"), (f"{BERGAMO}.Q102", "Ponente"),
    }  # fmt: skip
    people = by_level(project, "sum(residents)")
    assert people["Q"] == people["A"] == people["C"] == 115_349
    ground = by_level(project, "sum(surface_km2)")
    assert ground["Q"] == pytest.approx(ground["A"], rel=1e-9)
    checks = {each.check_name: each for each in ended.get_asset_check_evaluations()}
    assert checks["confini_in_uso"].passed

    (home / "confini_sezioni.gpkg").unlink()
    ended = core(project)
    assert ended.success
    states = dict(table(project, "SELECT kind, state FROM core.delivery"))
    assert states == {"aree_proprie": "ultima_buona", "conteggi_sezioni": "accolta"}
    assert drawn(project) == {"C": True, "A": False, "Q": False}
