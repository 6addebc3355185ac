"""Profiles, traits and twins as readers of the mart find them."""

from __future__ import annotations

import dagster as dg
import duckdb
import pytest

from tests.graph.conftest import Project

FirstNight = tuple[Project, dg.ExecuteInProcessResult]


@pytest.fixture
def mart(first_night: FirstNight) -> duckdb.DuckDBPyConnection:
    file = first_night[0].marts / "latest" / "will_mart.duckdb"
    return duckdb.connect(str(file), read_only=True)


def test_every_view_keeps_one_row_for_each_area(mart: duckdb.DuckDBPyConnection) -> None:
    with mart:
        rows, areas = mart.execute(
            "SELECT count(*), count(DISTINCT area_id) FROM v_aree_larga"
        ).fetchone()
        expected = mart.execute("SELECT count(*) FROM dim_area WHERE livello <> 'C'").fetchone()[0]
        labels = mart.execute(
            "SELECT count(*) FROM v_aree_larga JOIN dim_profilo ON etichetta = profilo "
            "WHERE modello <> 'regola'"
        ).fetchone()[0]
    assert (rows, areas, labels) == (expected, expected, 0)


def test_every_area_has_a_profile_of_each_model_or_a_reason(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    with mart:
        counted = mart.execute(
            "SELECT count(*) FROM dim_area AS a LEFT JOIN fatto_profilo AS f USING (area_id) "
            "LEFT JOIN dim_profilo AS p USING (profilo_id) WHERE a.livello <> 'C' "
            "GROUP BY area_id HAVING count(*) <> 2 OR bool_or(p.modello <> f.modello) "
            "OR count(DISTINCT f.modello) <> 2"
        ).fetchall()
        cities = mart.execute(
            "SELECT count(DISTINCT pro_com) FROM area_simile JOIN dim_area USING (area_id)"
        ).fetchone()[0]
        strong = mart.execute(
            "SELECT count(*) FROM fatto_profilo AS f JOIN fatto_indice AS i USING (area_id) "
            "WHERE i.metodo = 'ampi_citta' AND f.modello = 'regola' AND NOT i.parziale "
            "AND (i.p_terzo_basso > 0.5) <> "
            "coalesce(list_contains(string_split(f.punti_di_forza, ', '), i.dimensione), false)"
        ).fetchone()[0]
    assert counted == []
    assert cities == 8
    assert strong == 0
