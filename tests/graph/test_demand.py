"""Basins and latent need on the tracked figures of the eight cities, and with users handed in."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import dagster as dg
import duckdb
import numpy as np
import polars as pl
import pytest
import shapely

from assets.marts.demand import expected_of
from tests.graph.conftest import FEW_DRAWS, Project
from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.definitions import PROJECT
from will_pipeline.indicators.estimators import Settings
from will_pipeline.needs.basins import DEFAULT_MINIMUM, basin_report
from will_pipeline.needs.latent import latent_rows
from will_pipeline.needs.served import LEAST_USERS, total_relation
from will_pipeline.statistics.suppression import audit

THEMES = ("giovani", "solitudine", "mobilita")
QUESTIONS = PROJECT / "will_pipeline" / "domande"
OWN_QUESTIONS = ("05_quante_persone", "16_bisogno_latente", "17_bacini")
SAME_CONTENT = """
import sys
from pathlib import Path
from assets.marts.demand import _basins, expected_of
from tests.graph.conftest import Project
from tests.graph.test_demand import delivered
from will_pipeline.needs.latent import latent_rows
resources = Project(Path(sys.argv[1])).resources("")
warehouse, estimation = resources["warehouse"], resources["estimation"]
territory = resources["territory"]
expected = expected_of(warehouse, estimation, territory)
basins = _basins(warehouse, estimation, territory)
latent = latent_rows(expected, delivered(expected.frame), settings=estimation.value())
for frame in (basins.basins, basins.members, latent):
    print(frame.sort(frame.columns[:2]).write_csv())
"""


@pytest.fixture(scope="module")
def mart(
    first_night: tuple[Project, dg.ExecuteInProcessResult],
) -> Iterator[duckdb.DuckDBPyConnection]:
    project, result = first_night
    assert result.success
    connection = duckdb.connect(str(project.marts / "latest" / "will_mart.duckdb"), read_only=True)
    yield connection
    connection.close()


def delivered(expected: pl.DataFrame) -> pl.DataFrame:
    """Invented users for every area of the finest level: every fifth a small number."""
    areas = expected.filter(pl.col("level") != "C").select("area_id", "pro_com", "level").unique()
    finest = areas.filter(pl.col("level") == pl.col("level").max().over("pro_com"))
    rows = [
        (area, theme, 2025, 3 + place % 4 if place % 5 == 0 else 12 + 7 * (place % 11))
        for theme in (*THEMES, "nuove_generazioni")
        for place, area in enumerate(finest["area_id"].sort())
    ]
    schema = {"area_id": pl.String, "theme": pl.String, "year": pl.Int32, "users": pl.Int32}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_all_eight_cities_have_basins_that_share_out_their_areas(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    found = mart.sql(
        "SELECT b.pro_com, b.dimensione, count(DISTINCT b.bacino_id) AS basins, count(*) AS areas, "
        "count(DISTINCT m.area_id) AS distinct_areas FROM bacino b JOIN bacino_area m "
        "USING (bacino_id) GROUP BY ALL"
    ).pl()
    assert found.height == 8 * len(THEMES)
    assert set(found["dimensione"]) == set(THEMES)
    finest = mart.sql(
        "SELECT pro_com, count(*) AS areas FROM dim_area a WHERE livello = (SELECT max(livello) "
        "FROM dim_area b WHERE b.pro_com = a.pro_com AND livello <> 'C') GROUP BY ALL"
    ).pl()
    shared = found.join(finest, on="pro_com", suffix="_of_the_city")
    assert (shared["areas"] == shared["areas_of_the_city"]).all()
    assert (shared["distinct_areas"] == shared["areas"]).all()


def test_every_basin_reaches_the_default_minimum(mart: duckdb.DuckDBPyConnection) -> None:
    light = mart.sql("SELECT dimensione, soglia, persone_attese FROM bacino").pl()
    assert (light["persone_attese"] >= light["soglia"]).all()
    assert dict(light.select("dimensione", "soglia").unique().rows()) == {
        theme: DEFAULT_MINIMUM[theme] for theme in THEMES
    }


def test_basins_of_parma_are_one_piece_and_the_others_go_by_profile(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    methods = mart.sql("SELECT pro_com, metodo FROM bacino GROUP BY ALL").pl()
    assert set(methods.filter(pl.col("metodo") == "contiguita")["pro_com"]) == {"034027"}
    shapes = mart.sql(
        "SELECT m.bacino_id, g.geom_wkb FROM bacino_area m JOIN area_geometria g USING (area_id) "
        "JOIN bacino b USING (bacino_id) WHERE b.pro_com = '034027'"
    ).pl()
    for _, areas in shapes.group_by("bacino_id"):
        # Dissolved by shapely, which knows nothing of the pairs the basins were made from.
        whole = shapely.union_all(shapely.from_wkb(areas["geom_wkb"].to_list()))
        parts = [each for each in shapely.get_parts(whole) if each.area > 1e-3 * whole.area]
        assert len(parts) == 1


def test_basins_are_sums_of_published_numbers_and_of_nothing_else(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    differing = mart.sql(
        "SELECT b.bacino_id FROM bacino b JOIN bacino_area m USING (bacino_id) "
        "JOIN dim_indicatore i ON i.dimensione = b.dimensione AND i.ruolo = 'persone' "
        "AND i.unita <> '%' JOIN fatto_indicatore f ON f.area_id = m.area_id "
        "AND f.indicatore_id = i.indicatore_id "
        "GROUP BY b.bacino_id, b.persone_attese "
        "HAVING abs(sum(f.valore) - b.persone_attese) > 1e-6"
    ).fetchall()
    assert differing == []
    withheld = mart.sql("SELECT DISTINCT area_id FROM bacino_area WHERE stato <> 'valido'")
    assert withheld.fetchall() == [("013075.A00",)]


def test_without_files_no_row_has_a_latent_need(mart: duckdb.DuckDBPyConnection) -> None:
    found = mart.sql(
        "SELECT count(*), count(latenti), count(serviti), count(DISTINCT stato_copertura), "
        "any_value(stato_copertura) FROM bisogno_latente"
    ).fetchall()
    assert found == [(105 * 4, 0, 0, 1, "non nota")]
    differing = mart.sql(
        "SELECT b.area_id FROM bisogno_latente b JOIN dim_indicatore i ON i.dimensione = "
        "b.dimensione AND i.ruolo = 'persone' AND i.unita <> '%' JOIN fatto_indicatore f ON "
        "f.area_id = b.area_id AND f.indicatore_id = i.indicatore_id AND f.anno = b.anno WHERE "
        "(b.attesi, b.attesi_inf, b.attesi_sup, b.stato_attesi) IS DISTINCT FROM "
        "(f.valore, f.ic_inf, f.ic_sup, f.stato)"
    ).fetchall()
    assert differing == []


@pytest.mark.parametrize("name", OWN_QUESTIONS)
@pytest.mark.parametrize("town", ["Parma", "Como", "Rovigo"])
def test_the_questions_answer(mart: duckdb.DuckDBPyConnection, name: str, town: str) -> None:
    text = (QUESTIONS / f"{name}.sql").read_text("utf-8")
    head = [line.split(":")[0] for line in text.splitlines()[:3]]
    assert head == ["-- titolo", "-- parametri", "-- come_si_legge"]
    assert mart.execute(text, {"comune": town}).fetchall()
    assert mart.execute(text, {"comune": "Atlantide"}).fetchall() == []


def test_the_report_has_a_line_for_every_city_and_theme(mart: duckdb.DuckDBPyConnection) -> None:
    names = ("bacino", "dim_comune", "dim_dimensione")
    lines = basin_report({name: mart.sql(f"FROM {name}").pl() for name in names})
    assert len(lines) == 8 * len(THEMES) + 1
    assert sum("(per confine)" in line for line in lines) == len(THEMES)
    assert sum("nessun bacino" in line for line in lines) == 1
    assert all("sopra la soglia" in line or "nessun bacino" in line for line in lines)


def test_the_page_on_basins_tells_the_measured_numbers(mart: duckdb.DuckDBPyConnection) -> None:
    page = (PROJECT / "docs" / "method" / "bacini.md").read_text("utf-8")
    told = {
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in page.splitlines()
        if "| per " in line
    }
    measured = mart.sql(
        "SELECT d.nome, c.nome, CASE WHEN min(metodo) = 'contiguita' THEN 'per confine' ELSE "
        "'per profilo' END, count(*)::VARCHAR, replace(format('{:.1f}', min(persone_attese)), "
        "'.', ',') FROM bacino b JOIN dim_comune c USING (pro_com) JOIN dim_dimensione d "
        "USING (dimensione) GROUP BY ALL"
    ).fetchall()
    assert told == set(measured)


def test_with_users_handed_in_the_identity_holds_and_small_numbers_stay_hidden(
    first_night: tuple[Project, dg.ExecuteInProcessResult],
) -> None:
    resources = first_night[0].resources("")
    expected = expected_of(resources["warehouse"], resources["estimation"], resources["territory"])  # type: ignore[arg-type]
    given = delivered(expected.frame)
    settings = Settings(draws=FEW_DRAWS)
    rows = conform(
        latent_rows(expected, given, settings=settings), load_contracts("mart")["bisogno_latente"]
    )
    known = rows.filter(pl.col("stato_copertura") == "nota")
    gap = known["attesi"] - known["serviti"] - known["latenti"] + known["eccedenza"]
    assert gap.abs().max() <= 1e-9
    assert known.height > 100
    told = given.join(
        rows, left_on=["area_id", "theme"], right_on=["area_id", "dimensione"]
    ).with_columns(pro_com=pl.col("area_id").str.slice(0, 6))
    for _, own in told.group_by("pro_com", "theme"):
        true = own["users"].cast(pl.Float64).to_numpy()
        hidden = own["serviti"].is_null().to_numpy()
        primary = (true < LEAST_USERS) | own["stato_attesi"].eq("soppresso").to_numpy()
        learnt = audit(
            np.append(true, true.sum()), total_relation(true.size), np.append(hidden, values=False)
        )
        assert not learnt.exposed(np.append(primary, values=False), threshold=LEAST_USERS).any()


@pytest.mark.slow
def test_one_thread_and_four_give_the_same_tables(
    first_night: tuple[Project, dg.ExecuteInProcessResult],
) -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", SAME_CONTENT, str(first_night[0].folder)],
            check=True,
            capture_output=True,
            cwd=PROJECT,
            env=os.environ | {"POLARS_MAX_THREADS": threads, "OMP_NUM_THREADS": threads},
        ).stdout
        for threads in ("1", "4")
    ]
    assert told[0] == told[1]
    assert len(told[0].splitlines()) > 500
