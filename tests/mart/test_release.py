"""Releases: published whole when something changed, not at all when nothing did."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import duckdb
import polars as pl
import pytest

from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.mart.database import PublicationRefused
from will_pipeline.mart.fingerprint import release_fingerprint
from will_pipeline.mart.release import (
    DATABASE_FILE,
    Publication,
    info_rows,
    publish,
    state_release,
    stated_in,
)
from will_pipeline.mart.shelf import STATEMENT_FILE, Shelf, Statement

Tables = dict[str, pl.DataFrame]
ATLAS = {"index.html": b"<p>Parma</p>", "comuni/parma.html": b"<p>Centro</p>"}


@pytest.fixture
def run(
    shelf: Shelf, now: datetime, contracts: dict[str, TableContract], views: dict[str, ViewContract]
) -> Callable[..., Publication]:
    """One nightly run: state, publish."""
    free = {
        name: contract.model_copy(
            update={
                "columns": tuple(
                    column.model_copy(update={"references": None}) for column in contract.columns
                )
            }
        )
        for name, contract in contracts.items()
    }

    def _run(tables: Tables, *, later: int = 0, promised: str | None = None) -> Publication:
        chosen = {name: free[name] for name in tables}
        if promised is not None:
            said = chosen["dim_comune"].description.model_copy(update={"it": promised})
            chosen["dim_comune"] = chosen["dim_comune"].model_copy(update={"description": said})
        content = {name: frame for name, frame in tables.items() if name != "mart_info"}
        printed = release_fingerprint(content, chosen.values(), [], "atlante")
        statement = state_release(shelf, printed, now + timedelta(days=later))
        info = info_rows(statement, seed=1, draws=10)
        return publish(
            shelf,
            stated_in(info),
            tables | {"mart_info": info},
            contracts=chosen,
            views=views,
            atlas=lambda: ATLAS,
        )

    return _run


def stored(shelf: Shelf) -> dict[str, bytes]:
    """Bytes of every published file, by place, and where `latest` leads."""
    files = {
        str(file.relative_to(shelf.folder)): file.read_bytes()
        for file in shelf.releases.rglob("*")
        if file.is_file()
    }
    return files | {"latest": str(shelf.latest.readlink()).encode()}


def test_a_first_run_publishes(
    shelf: Shelf, run: Callable[..., Publication], tables: Tables
) -> None:
    outcome = run(tables)
    assert outcome == Publication("2026.11.1", is_new=True)
    assert outcome.message == "Pubblicato il rilascio 2026.11.1."
    names = {file.relative_to(shelf.latest).as_posix() for file in shelf.latest.rglob("*.*")}
    assert names == {
        DATABASE_FILE, STATEMENT_FILE, "sha256sums.txt", "datapackage.json", "DIZIONARIO.md",
        "contratto.json", "dcat.ttl", "dcat.rdf", "RISERVATEZZA.md",
        "ATTRIBUZIONI.md", "NOVITA.md", "fatto_indicatore.parquet", "fatto_indicatore.csv",
        "fatto_indicatore_excel_it.csv", "aree_larga.csv", "aree_larga_excel_it.csv",
        "aree_larga.xlsx", "aree_larga.ods", "atlante/index.html", "atlante/comuni/parma.html",
    }  # fmt: skip
    with duckdb.connect(str(shelf.latest / DATABASE_FILE), read_only=True) as reader:
        told = reader.execute("SELECT valore FROM mart_info WHERE chiave = 'rilascio'").fetchall()
    assert told == [("2026.11.1",)]


def test_a_run_without_news_touches_nothing(
    shelf: Shelf, run: Callable[..., Publication], tables: Tables
) -> None:
    run(tables)
    before = stored(shelf)
    outcome = run(tables, later=40)
    assert outcome == Publication("2026.11.1", is_new=False)
    assert outcome.message == "Nessuna novità: resta il rilascio 2026.11.1."
    assert stored(shelf) == before


def test_a_changed_value_or_a_changed_promise_is_a_new_release(
    shelf: Shelf, run: Callable[..., Publication], tables: Tables
) -> None:
    run(tables)
    moved = tables["dim_comune"].with_columns(pl.col("popolazione") + 1)
    assert run(tables | {"dim_comune": moved}, later=1) == Publication("2026.11.2", is_new=True)
    assert run(tables, promised="I comuni.") == Publication("2026.11.3", is_new=True)
    assert run(tables, promised="I comuni.", later=40).release == "2026.11.3"
    assert run(tables, later=40) == Publication("2027.01.1", is_new=True)
    assert len(list(shelf.releases.iterdir())) == 4


def test_content_that_breaks_the_contract_reaches_nobody(
    shelf: Shelf, run: Callable[..., Publication], tables: Tables
) -> None:
    run(tables)
    before = stored(shelf)
    nameless = tables["dim_comune"].with_columns(nome=pl.lit(" "))
    with pytest.raises(PublicationRefused, match="valori_obbligatori"):
        run(tables | {"dim_comune": nameless})
    negative = tables["fatto_indicatore"].with_columns(denominatore=pl.lit(-1.0))
    with pytest.raises(duckdb.ConstraintException):
        run(tables | {"fatto_indicatore": negative})
    assert stored(shelf) == before
    assert run(tables).is_new is False


def test_a_damaged_statement_means_that_the_content_is_published_again(
    shelf: Shelf, run: Callable[..., Publication], tables: Tables
) -> None:
    run(tables)
    (shelf.latest / STATEMENT_FILE).write_text("{")
    assert run(tables) == Publication("2026.11.2", is_new=True)


def test_the_identity_card_says_what_a_reader_must_cite(statement: Statement) -> None:
    card = dict(info_rows(statement, seed=42, draws=1000).select("chiave", "valore").iter_rows())
    assert card["rilascio"] == "2026.11.1"
    assert card["seme"] == "42"
    assert card["simulazioni"] == "1000"
    assert card["versione_codice"] == version("will-pipeline")
    assert "2026.11.1" in card["citazione"]
    assert card["licenza"] == "CC BY 4.0"


def test_a_notice_stands_in_the_identity_card_and_in_place_of_the_citation(
    statement: Statement,
) -> None:
    rows = info_rows(statement, seed=1, draws=1, notice=("Inventato.", "Invented."))
    card = dict(rows.select("chiave", "valore").iter_rows())
    assert (card["avviso"], card["avviso_en"]) == ("Inventato.", "Invented.")
    assert card["citazione"] == "Inventato."
    assert rows["chiave"].is_unique().all()
    assert stated_in(rows) == statement


def test_a_statement_survives_its_identity_card(statement: Statement) -> None:
    assert stated_in(info_rows(statement, seed=1, draws=1)) == statement


def test_checksums_verify_and_one_flipped_bit_does_not(
    shelf: Shelf, run: Callable[..., Publication], tables: Tables
) -> None:
    run(tables)

    def wrong() -> list[str]:
        lines = (shelf.latest / "sha256sums.txt").read_text().splitlines()
        pairs = [line.split("  ", 1) for line in lines]
        return [
            name
            for digest, name in pairs
            if hashlib.sha256((shelf.latest / name).read_bytes()).hexdigest() != digest
        ]

    assert wrong() == []
    file: Path = shelf.latest / "fatto_indicatore.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert wrong() == ["fatto_indicatore.parquet"]


def test_a_release_that_lost_a_file_is_published_again(
    run: Callable[..., Publication], shelf: Shelf, tables: Tables
) -> None:
    run(tables)
    lost = next(file for file in (shelf.latest / "atlante").rglob("*") if file.is_file())
    name = lost.relative_to(shelf.latest)
    lost.unlink()
    assert run(tables).is_new
    assert (shelf.latest / name).is_file()
    assert not run(tables).is_new
