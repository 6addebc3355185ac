"""The `live` section of a descriptor: read whole or refused, naming the field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from will_pipeline.errors import SourceFault
from will_pipeline.sources.descriptor import load_source
from will_pipeline.sources.live import Live

LIVE: dict[str, Any] = {
    "host": "istat_demo",
    "files": [{"name": "posas", "path": "/data/posas/POSAS_2026_it_Comuni.zip"}],
    "format": "csv_zip",
    "preamble": 1,
    "members": [{"name": "posas.csv", "pattern": r"POSAS_\d{4}_it_Comuni\.csv"}],
    "size_bytes": {"min": 1_000_000, "max": 50_000_000},
    "rows": {"min": 700_000, "max": 900_000},
}


def loaded(tmp_path: Path, content: dict[str, Any], **live: Any) -> Live | None:
    path = tmp_path / "prova.source.yaml"
    path.write_text(yaml.safe_dump({**content, "live": {**LIVE, **live}}), encoding="utf-8")
    return load_source(path).live


def test_a_section_is_read_with_its_limits(tmp_path: Path, content: dict[str, Any]) -> None:
    live = loaded(tmp_path, content)
    assert live is not None
    assert (live.extension, live.retry.attempts, live.retry.total) == ("zip", 3, 600)
    assert live.rows.holds(700_000)
    assert not live.rows.holds(900_001)


@pytest.mark.parametrize(
    ("change", "where", "rule"),
    [
        ({"format": "ods"}, "campo live.format", "sono ammessi 'csv'"),
        ({"files": []}, "campo live.files", "l'elenco è vuoto"),
        ({"files": LIVE["files"] * 2}, "campo live", "lo stesso nome"),
        ({"members": []}, "campo live", "quali file contiene"),
        ({"format": "csv"}, "campo live", "solo un archivio contiene"),
        ({"rows": {"min": 0, "max": 9}}, "campo live.rows.min", "almeno 1"),
        ({"rows": {"min": 9, "max": 2}}, "campo live.rows", "il minimo supera il massimo"),
        ({"members": [{"name": "../x.csv", "pattern": "x"}]}, "campo live.members", "risponde"),
        ({"members": [{"name": "x.csv", "pattern": "("}]}, "campo live.members", "regolare"),
        ({"encoding": "utf-99"}, "campo live.encoding", "codifica sconosciuta"),
        ({"verify": False}, "campo live.verify", "campo sconosciuto"),
        ({"retry": {"attempts": 9}}, "campo live.retry.attempts", ""),
        ({"retry": {"total": 601}}, "campo live.retry.total", ""),
    ],
)
def test_a_bad_field_is_named(
    tmp_path: Path, content: dict[str, Any], change: dict[str, Any], where: str, rule: str
) -> None:
    with pytest.raises(SourceFault) as caught:
        loaded(tmp_path, content, **change)
    assert caught.value.where.startswith(where)
    assert rule in caught.value.rule
