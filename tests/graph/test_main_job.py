"""The main job on the tracked figures: what it publishes, and what stops it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest

from tests.graph.conftest import Project
from will_pipeline.contracts.catalogue import load_contracts, load_views
from will_pipeline.contracts.model import Invariant
from will_pipeline.definitions import build_defs
from will_pipeline.orchestration import warehouse
from will_pipeline.orchestration.warehouse import contracts_of

RESIDENTS = {
    "Bergamo": 115_349,
    "Como": 82_045,
    "Monza": 119_856,
    "Novara": 101_952,
    "Parma": 175_895,
    "Reggio nell'Emilia": 162_082,
    "Padova": 206_192,
    "Rovigo": 50_164,
}

FirstNight = tuple[Project, dg.ExecuteInProcessResult]


@pytest.fixture
def mart(first_night: FirstNight) -> duckdb.DuckDBPyConnection:
    project, result = first_night
    assert result.success
    connection = duckdb.connect(str(project.marts / "latest" / "will_mart.duckdb"), read_only=True)
    yield connection
    connection.close()


def failed_checks(result: dg.ExecuteInProcessResult) -> set[tuple[str, str]]:
    return {
        (each.asset_key.to_user_string(), each.check_name)
        for each in result.get_asset_check_evaluations()
        if not each.passed
    }


def failures(result: dg.ExecuteInProcessResult) -> list[str]:
    return [
        event.step_failure_data.error.to_string()
        for event in result.filter_events(lambda each: each.is_step_failure)
    ]


def test_every_contract_rule_was_checked_and_held(first_night: FirstNight) -> None:
    _, result = first_night
    assert failed_checks(result) == set()
    checked = {each.asset_key.path[-1] for each in result.get_asset_check_evaluations()}
    assert checked == {*load_contracts("core"), *load_contracts("mart")}


def test_residents_of_census_areas_are_those_of_the_census(mart: duckdb.DuckDBPyConnection) -> None:
    found = mart.execute(
        "SELECT c.nome, sum(a.popolazione) FROM dim_area a JOIN dim_comune c USING (pro_com) "
        "WHERE a.livello = 'A' GROUP BY c.nome"
    ).fetchall()
    assert dict(found) == RESIDENTS


def test_levels_have_the_areas_of_2011(mart: duckdb.DuckDBPyConnection) -> None:
    found = mart.execute("SELECT livello, count(*) FROM dim_area GROUP BY livello").fetchall()
    assert dict(found) == {"C": 8, "A": 69, "Q": 28}


def test_every_need_has_a_value_in_every_ranked_area(mart: duckdb.DuckDBPyConnection) -> None:
    missing = mart.execute(
        "SELECT a.area_id, d.dimensione FROM dim_area a CROSS JOIN dim_dimensione d "
        "WHERE a.popolazione >= 1000 AND a.livello <> 'C' AND NOT EXISTS (SELECT 1 FROM "
        "fatto_indice f WHERE f.area_id = a.area_id AND f.dimensione = d.dimensione)"
    ).fetchall()
    assert missing == []


def test_every_fact_reaches_a_source_with_licence_and_checksum(
    mart: duckdb.DuckDBPyConnection,
) -> None:
    orphans = mart.execute(
        "SELECT count(*) FROM fatto_indicatore f LEFT JOIN dim_fonte s USING (fonte_id) "
        "WHERE s.licenza IS NULL OR NOT regexp_full_match(s.sha256, '[0-9a-f]{64}')"
    ).fetchall()
    assert orphans == [(0,)]


def test_nothing_published_lacks_an_italian_comment(mart: duckdb.DuckDBPyConnection) -> None:
    silent = mart.execute(
        "SELECT table_name FROM duckdb_tables() WHERE comment IS NULL UNION ALL "
        "SELECT view_name FROM duckdb_views() WHERE NOT internal AND comment IS NULL UNION ALL "
        "SELECT table_name || '.' || column_name FROM duckdb_columns() "
        "WHERE NOT internal AND comment IS NULL"
    ).fetchall()
    assert silent == []


def test_every_view_answers_in_both_languages(mart: duckdb.DuckDBPyConnection) -> None:
    for view in load_views().values():
        italian = mart.sql(f"SELECT * FROM main.{view.view}").pl()
        english = mart.sql(f"SELECT * FROM en.{view.english}").pl()
        assert italian.height == english.height > 0
        assert italian.columns == [column.name for column in view.columns]
        assert english.columns == [column.english for column in view.columns]


def test_no_write_ahead_log_is_left(first_night: FirstNight) -> None:
    project, _ = first_night
    assert not list((project.marts / "latest").resolve().glob("*.wal"))


def test_checksums_hold_for_every_file(first_night: FirstNight) -> None:
    project, _ = first_night
    files = project.snapshot()
    listed = dict(
        reversed(line.split("  ", 1)) for line in files["sha256sums.txt"].decode().splitlines()
    )
    assert set(listed) == set(files) - {"sha256sums.txt"}
    assert all(hashlib.sha256(files[name]).hexdigest() == digest for name, digest in listed.items())


def test_the_graph_shows_owners_kinds_descriptions_and_columns(first_night: FirstNight) -> None:
    project, result = first_night
    graph = build_defs(project.resources("")).resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.owners, key
        assert node.description, key
        assert node.group_name == key.path[0]
    schemas = {
        event.asset_key.to_user_string()
        for event in result.get_asset_materialization_events()
        if "dagster/column_schema" in event.materialization.metadata
    }
    assert "marts/fatto_indicatore" in schemas
    assert "raw/mim_scuole" in schemas


def test_a_second_night_publishes_nothing_new(published: Project) -> None:
    before = published.snapshot()
    result = published.night(now="2026-11-25T02:30:00+01:00")
    assert result.success
    assert published.snapshot() == before
    assert [entry.name for entry in (published.marts / "releases").iterdir()] == ["2026.11.1"]


def test_changed_figures_make_a_new_release_and_keep_the_old_one(published: Project) -> None:
    old = published.snapshot()
    published.change("mim_scuole", pl.col("name").str.to_uppercase() + " *")
    published.change("opencivitas_spesa", pl.col("historical_per_resident_eur") + 1)
    assert published.night(now="2026-11-25T02:30:00+01:00").success
    assert Path((published.marts / "latest").readlink()).name == "2026.11.2"
    assert published.snapshot() != old
    assert (published.marts / "releases" / "2026.11.1" / "stato.json").is_file()


def test_a_missing_figure_is_named_and_leaves_the_mart_alone(published: Project) -> None:
    before = published.snapshot()
    (published.figures / "eligendo_affluenza.parquet").unlink()
    result = published.night(now="2026-11-25T02:30:00+01:00")
    assert not result.success
    assert any("file eligendo_affluenza.parquet" in told for told in failures(result))
    assert published.snapshot() == before


def test_a_flipped_byte_in_a_figure_is_named_and_stops_publication(published: Project) -> None:
    before = published.snapshot()
    path = published.figures / "istat_censimento_2011_ace_citta.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    result = published.night(now="2026-11-25T02:30:00+01:00")
    assert not result.success
    assert any("istat_censimento_2011_ace_citta.parquet" in told for told in failures(result))
    assert published.snapshot() == before


def test_a_broken_contract_fails_its_check_and_blocks_publication(
    published: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = published.snapshot()
    contracts = load_contracts("mart")
    broken = contracts["fatto_indicatore"]
    impossible = Invariant(name="impossibile", sql="valore < 0", it="Mai vera.", en="Never true.")
    altered = {
        **contracts,
        broken.table: broken.model_copy(update={"invariants": (*broken.invariants, impossible)}),
    }
    monkeypatch.setattr(
        warehouse,
        "load_contracts",
        lambda layer: altered if layer == "mart" else load_contracts(layer),
    )
    contracts_of.cache_clear()
    try:
        result = published.night(now="2026-11-25T02:30:00+01:00")
    finally:
        contracts_of.cache_clear()
    assert not result.success
    assert failed_checks(result) == {("marts/fatto_indicatore", "impossibile")}
    made = {event.asset_key for event in result.get_asset_materialization_events()}
    assert dg.AssetKey(["marts", "rilascio"]) not in made
    assert published.snapshot() == before
