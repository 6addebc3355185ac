"""What monitoring reads: the state of a release, and the state of the shelf after a run.

Only counts and names; `docs/stato.md` says what every field means and when to worry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import polars as pl

from will_pipeline.mart.news import ADDED, CHANGED, RELEASE, REMOVED
from will_pipeline.mart.shelf import CHANNELS, STATEMENT_FILE, Shelf, write_json
from will_pipeline.mart.status_page import PAGE_FILE, status_page

STATE_VERSION = "1.0"
PASSED, ERROR = "superato", "errore"
PUBLISHED, UNCHANGED = "published", "unchanged"


def release_state(tables: Mapping[str, pl.DataFrame]) -> dict[str, object]:
    """Fields of the `stato.json` of a release, beside its statement.

    Args:
        tables: rows of every published table.

    Returns:
        Version of these fields, release before, checks by outcome, sources that are not up to date,
        rows of every table, rows of the news by kind.
    """
    about = tables["novita"].filter(pl.col("oggetto") == RELEASE).row(0, named=True)
    rows = tables["novita"].filter(pl.col("oggetto") != RELEASE)["tipo"]
    kinds = {"added": ADDED, "removed": REMOVED, "changed": CHANGED}
    sources = tables["dim_fonte"]
    return {
        "state_version": STATE_VERSION,
        "previous": about["prima"],
        "checks": _checks(tables["controllo"]),
        "sources": {
            "total": sources.height,
            "stale": sources.filter(~pl.col("aggiornata"))["fonte_id"].sort().to_list(),
        },
        "tables": {name: tables[name].height for name in sorted(tables)},
        "news": {name: int((rows == kind).sum()) for name, kind in kinds.items()},
    }


def _checks(controls: pl.DataFrame) -> dict[str, int]:
    passed = pl.col("esito") == PASSED
    counted = controls.select(
        passed=passed.sum(),
        warnings=(~passed & (pl.col("gravita") != ERROR)).sum(),
        errors=(~passed & (pl.col("gravita") == ERROR)).sum(),
    )
    return {name: int(value) for name, value in counted.row(0, named=True).items()}


def write_shelf_state(shelf: Shelf, *, is_new: bool, now: datetime) -> None:
    """Say on the shelf that a run ended well, what readers read and which releases there are.

    The file takes the place of the one before by a rename. A run that fails leaves it alone, so
    that the age of `last_success_at` is what monitoring has to watch.

    Args:
        shelf: the shelf of releases.
        is_new: whether the run published a release.
        now: time of the run, with its time zone.
    """
    fresh = shelf.workshop / STATEMENT_FILE
    state: dict[str, object] = {
        "state_version": STATE_VERSION,
        "last_success_at": now.isoformat(timespec="seconds"),
        "outcome": PUBLISHED if is_new else UNCHANGED,
        "channels": {name: shelf.led_to(name) for name in CHANNELS},
        "releases": shelf.numbers(),
    }
    write_json(fresh, state)
    fresh.replace(shelf.folder / STATEMENT_FILE)
    seen = shelf.latest / STATEMENT_FILE
    page = shelf.workshop / PAGE_FILE
    page.write_bytes(
        status_page(state, json.loads(seen.read_text("utf-8")) if seen.is_file() else {})
    )
    page.replace(shelf.folder / PAGE_FILE)
