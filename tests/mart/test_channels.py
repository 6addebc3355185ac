"""Channels, retention, leftovers and the state that monitoring reads."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import jsonschema
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.mart.publisher import publish_residents
from will_pipeline.cli.main import app
from will_pipeline.mart.database import DATABASE_FILE
from will_pipeline.mart.exports import write_checksums
from will_pipeline.mart.release import NoRoom
from will_pipeline.mart.retention import expendable, is_being_read, prune
from will_pipeline.mart.shelf import (
    JOURNAL_FILE,
    LATEST,
    NIGHTLY,
    STABLE,
    Shelf,
    ShelfBusy,
    Statement,
    write_statement,
)
from will_pipeline.mart.status import write_shelf_state

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "stato.schema.json").read_text("utf-8"))
HOLD = (
    "import duckdb, sys; held = duckdb.connect(sys.argv[1], read_only=True); "
    "print('open', flush=True); sys.stdin.read()"
)


def put(shelf: Shelf, number: str) -> Path:
    """Publish a release that holds a mart with one table."""
    made = shelf.clear_workshop() / number
    made.mkdir()
    with duckdb.connect(str(made / DATABASE_FILE)) as mart:
        mart.execute("CREATE TABLE t AS SELECT 1 AS n")
    statement = Statement(number, "0" * 64, "2026-11-24T02:30:00+01:00", "1.0.0")
    write_statement(made, statement)
    write_checksums(made)
    return shelf.publish(made, statement)


def numbered(*counts: int) -> list[str]:
    return [f"2026.11.{count}" for count in counts]


def test_every_publication_moves_latest_and_nightly_and_no_other(shelf: Shelf) -> None:
    put(shelf, "2026.11.1")
    assert [shelf.led_to(name) for name in (LATEST, NIGHTLY, STABLE)] == [
        "2026.11.1", "2026.11.1", None,
    ]  # fmt: skip
    shelf.point_at(STABLE, "2026.11.1")
    put(shelf, "2026.11.2")
    shelf.point_latest_at("2026.11.1")
    assert [shelf.led_to(name) for name in (LATEST, NIGHTLY, STABLE)] == [
        "2026.11.1", "2026.11.2", "2026.11.1",
    ]  # fmt: skip


@given(st.integers(1, 30), st.sets(st.integers(1, 30)), st.integers(1, 12))
def test_what_leaves_is_old_and_no_channel_leads_to_it(
    count: int, led_to: set[int], keep: int
) -> None:
    releases = numbered(*range(1, count + 1))
    gone = expendable(releases, led_to=set(numbered(*led_to)), keep=keep)
    assert set(gone).isdisjoint(numbered(*led_to))
    assert set(gone).isdisjoint(releases[-keep:])
    assert set(releases) - set(gone) <= set(releases[-keep:]) | set(numbered(*led_to))


def test_at_least_one_release_must_stay() -> None:
    with pytest.raises(ValueError, match="at least one"):
        expendable(numbered(1), led_to=(), keep=0)


def test_the_shelf_keeps_channels_and_the_newest(shelf: Shelf) -> None:
    for number in numbered(*range(1, 7)):
        put(shelf, number)
    shelf.point_at(STABLE, "2026.11.2")
    assert list(prune(shelf, keep=2)) == numbered(1, 3, 4)
    assert shelf.numbers() == numbered(2, 5, 6)
    assert shelf.led_to(STABLE) == "2026.11.2"
    assert list(shelf.workshop.iterdir()) == []


def test_a_release_that_somebody_reads_stays_until_it_is_closed(shelf: Shelf) -> None:
    for number in numbered(1, 2):
        put(shelf, number)
    mart = shelf.releases / "2026.11.1" / DATABASE_FILE
    reader = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(mart)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert reader.stdout is not None
    assert reader.stdout.readline() == "open\n"
    assert is_being_read(mart.parent)
    assert prune(shelf, keep=1) == ()
    reader.communicate("")
    assert not is_being_read(mart.parent)
    assert prune(shelf, keep=1) == ("2026.11.1",)
    assert not is_being_read(mart.parent)


def orphan(shelf: Shelf, number: str) -> None:
    """Leave what a process killed between the rename and the switch leaves."""
    (shelf.releases / number).mkdir(parents=True)
    (shelf.folder / JOURNAL_FILE).write_text(number)


@pytest.mark.parametrize("channel", [None, LATEST, STABLE])
def test_an_orphan_goes_unless_a_channel_leads_to_it(shelf: Shelf, channel: str | None) -> None:
    put(shelf, "2026.11.1")
    orphan(shelf, "2026.11.2")
    if channel is not None:
        shelf.point_at(channel, "2026.11.2")
    assert shelf.leftovers() == [JOURNAL_FILE]
    shelf.tidy()
    assert shelf.leftovers() == []
    assert shelf.numbers() == numbered(1) if channel is None else numbered(1, 2)
    assert shelf.led_to(NIGHTLY) == ("2026.11.2" if channel == LATEST else "2026.11.1")


@pytest.mark.parametrize("torn", ["", "2026.1", "../latest", "\x00"])
def test_a_torn_journal_removes_nothing(shelf: Shelf, torn: str) -> None:
    put(shelf, "2026.11.1")
    (shelf.folder / JOURNAL_FILE).write_text(torn)
    (shelf.folder / ".nightly").symlink_to("releases/2026.11.1")
    shelf.tidy()
    assert shelf.numbers() == numbered(1)
    assert shelf.led_to(LATEST) == "2026.11.1"
    assert shelf.leftovers() == []


def test_two_publications_never_work_together(shelf: Shelf) -> None:
    seen = []

    def second() -> None:
        try:
            with shelf.locked(patience=0.2):
                seen.append("entered")
        except ShelfBusy as fault:
            seen.append(str(fault))

    with shelf.locked():
        other = threading.Thread(target=second)
        other.start()
        other.join()
    assert len(seen) == 1
    assert "aspetta" in seen[0]
    second()
    assert seen[1:] == ["entered"]


def test_both_states_keep_their_schema(
    tmp_path: Path, tables: dict[str, pl.DataFrame], now: datetime
) -> None:
    number = publish_residents(tmp_path, tables, 5000)
    shelf = Shelf(tmp_path)
    for folder in (tmp_path, shelf.latest):
        state = json.loads((folder / "stato.json").read_text("utf-8"))
        jsonschema.validate(state, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert state["tables"]["fatto_indicatore"] == tables["fatto_indicatore"].height
    assert state["checks"] == {"passed": 1, "warnings": 0, "errors": 0}
    assert (state["sources"], state["previous"]) == ({"total": 1, "stale": []}, None)
    write_shelf_state(shelf, is_new=False, now=now)
    told = json.loads((tmp_path / "stato.json").read_text("utf-8"))
    assert told["outcome"] == "unchanged"
    assert told["channels"] == {"latest": number, "nightly": number, "stable": None}
    assert told["last_success_at"] == "2026-11-24T02:30:00+01:00"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**told, "outcome": "boh"}, SCHEMA)


def test_a_full_disk_stops_before_anything_is_written(
    tmp_path: Path, tables: dict[str, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = publish_residents(tmp_path, tables, 5000)
    full = type("Usage", (), {"free": 10})
    monkeypatch.setattr("will_pipeline.mart.release.shutil.disk_usage", lambda _: full)
    with pytest.raises(NoRoom, match="Libera spazio"):
        publish_residents(tmp_path, tables, 5001)
    shelf = Shelf(tmp_path)
    assert (shelf.led_to(LATEST), shelf.numbers(), shelf.leftovers()) == (number, [number], [])


Said = Callable[..., tuple[int, str]]


@pytest.fixture
def said(tmp_path: Path) -> Said:
    def _said(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, [*words, "--progetto", str(tmp_path)])
        return result.exit_code, result.output

    return _said


def test_a_person_promotes_a_whole_release_and_no_other(
    tmp_path: Path, tables: dict[str, pl.DataFrame], said: Said
) -> None:
    assert said("promuovi")[0] == 1
    marts = tmp_path / "data" / "marts"
    first, second = (publish_residents(marts, tables, 5000 + n) for n in range(2))
    assert said("promuovi", "2020.01.1")[0] == 1
    assert said("promuovi", first) == (
        0, f"Il rilascio {first} è stabile: lo indica data/marts/stable.\n",
    )  # fmt: skip
    assert said("rilasci") == (0, f"{first}  ← stabile\n{second}  ← letto da tutti\n")
    assert said("ripristina", first)[0] == 0
    assert said("rilasci")[1].splitlines()[0] == f"{first}  ← letto da tutti, stabile"
    assert said("rilasci")[1].splitlines()[1] == f"{second}  ← ultimo prodotto"
    (marts / "releases" / second / "aree_larga.csv").write_text("x")
    code, text = said("promuovi", second)
    assert (code, "è alterato" in text) == (1, True)
    assert Shelf(marts).led_to(STABLE) == first
