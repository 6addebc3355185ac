"""Readers at work while releases are published: no error, and never two releases in one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
from typer.testing import CliRunner

from tests.mart.publisher import publish_residents
from will_pipeline.cli.main import app
from will_pipeline.mart.shelf import Shelf

LONG = bool(os.environ.get("WILL_LONG"))
READERS, PUBLICATIONS = (50, 20) if LONG else (6, 4)
ROOT = Path(__file__).parents[2]


def test_readers_never_meet_an_error_or_a_mixed_release(
    tmp_path: Path, tables: dict[str, pl.DataFrame]
) -> None:
    marts = tmp_path / "data" / "marts"
    published = {f"{publish_residents(marts, tables, 5000)}/5000"}
    stop = tmp_path / "basta"
    # Together they take about one core: more would starve who publishes, and prove no more.
    pause = str(0.12 * READERS)
    readers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.mart.reader", str(marts), str(stop), pause],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(READERS)
    ]
    try:
        time.sleep(1)
        for residents in range(5001, 5001 + PUBLICATIONS):
            published.add(f"{publish_residents(marts, tables, residents)}/{residents}")
    finally:
        stop.touch()
    told = [json.loads(reader.communicate(timeout=300)[0]) for reader in readers]
    readings = sum(each["readings"] for each in told)
    seen = {each for reader in told for each in reader["seen"]}
    print(
        f"\n{READERS} readers, {PUBLICATIONS} publications, {readings} readings, {len(seen)} seen"
    )
    assert [each["wrong"] for each in told if each["wrong"]] == []
    assert all(each["readings"] > 0 for each in told)
    whole = {each for each in seen if "/" in each}
    assert whole <= published
    assert len(whole) > 1, "readers saw one release only: they read nothing while it changed"


def test_going_back_takes_less_than_a_second(
    tmp_path: Path, tables: dict[str, pl.DataFrame]
) -> None:
    marts = tmp_path / "data" / "marts"
    old = publish_residents(marts, tables, 5000)
    new = publish_residents(marts, tables, 5001)
    for target in (old, new):
        started = time.perf_counter()
        done = CliRunner().invoke(app, ["ripristina", target, "--progetto", str(tmp_path)])
        seconds = time.perf_counter() - started
        print(f"\nback to {target} in {seconds:.3f} s")
        assert done.exit_code == 0
        assert Shelf(marts).led_to("latest") == target
        assert seconds < 1
    assert Shelf(marts).led_to("nightly") == new
