"""Row O02: whether anything ran at all is asked from outside, and told to people in one page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from will_pipeline.cli.alarm import late
from will_pipeline.cli.main import app
from will_pipeline.mart.status_page import status_page
from will_pipeline.orchestration import alerts

NOW = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)


def state(path: Path, hours: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ended = (NOW - timedelta(hours=hours)).isoformat()
    path.write_text(json.dumps({"last_success_at": ended}), "utf-8")
    return path


def test_o02_a_day_without_a_good_run_is_told(tmp_path: Path) -> None:
    path = tmp_path / "stato.json"
    assert "mai finito bene" in late(path, NOW)
    assert late(state(path, 25.9), NOW) == ""
    assert "27 ore fa" in late(state(path, 27), NOW)
    assert "non è credibile" in late(state(path, -3), NOW)
    for broken in ("{", "[]", '{"last_success_at": 3}', '{"last_success_at": "2026-11-25"}'):
        path.write_text(broken, "utf-8")
        assert late(path, NOW) != ""


def test_o02_the_command_ends_with_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(alerts.WEBHOOK, "http://127.0.0.1:9/gettone")
    result = CliRunner().invoke(app, ["allarme", "--progetto", str(tmp_path)])
    assert result.exit_code == 1
    assert "mai finito bene" in result.stderr
    assert "l'allarme non è partito (webhook)" in result.stderr
    assert "gettone" not in result.output


def test_o02_a_bad_address_is_told_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(alerts.WEBHOOK, "https://[::1/gettone")
    result = CliRunner().invoke(app, ["allarme", "--progetto", str(tmp_path)])
    assert result.exit_code == 1
    assert f"{alerts.WEBHOOK} non è un indirizzo valido" in result.stderr
    assert "gettone" not in result.output


def test_the_page_tells_what_is_stale_and_fetches_nothing() -> None:
    shelf = {
        "last_success_at": "2026-11-24T02:31:00+01:00",
        "outcome": "published",
        "channels": {"latest": "2026.11.2", "stable": None},
    }
    release = {"sources": {"total": 30, "stale": ["mim_scuole<script>"]}, "checks": {"passed": 9}}
    page = status_page(shelf, release).decode()
    assert "24/11/2026" in page
    assert "02:31" in page
    assert "mim_scuole&lt;script&gt;" in page
    assert "1 su 30" in page
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "sono aggiornate" in status_page(shelf, {}).decode()
