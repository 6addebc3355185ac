"""One reader of the marts: reads again and again until told to stop, and counts what went wrong.

Run: `python -m tests.mart.reader <marts> <file whose presence means stop> <pause>`;
it knows nothing of the project but the files of a release.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from pathlib import Path

import duckdb

ALONE = {"threads": "1"}


def read_once(marts: Path) -> tuple[str, str]:
    """Read a release by every way a reader has; return its number.

    Raises:
        AssertionError: two parts of what was read are of different releases.
    """
    # A single file may be opened through the link; who wants several follows it once.
    with duckdb.connect(
        str((marts / "latest" / "will_mart.duckdb").resolve()), read_only=True
    ) as one:
        number, residents = one.execute(
            "SELECT (SELECT valore FROM mart_info WHERE chiave = 'rilascio'), "
            "(SELECT max(popolazione) FROM dim_comune)"
        ).fetchall()[0]
    release = (marts / "latest").resolve()
    state = json.loads((release / "stato.json").read_text("utf-8"))
    with duckdb.connect(str(release / "will_mart.duckdb"), read_only=True, config=ALONE) as mart:
        inside = mart.execute("SELECT valore FROM mart_info WHERE chiave = 'rilascio'").fetchall()
        wide = mart.execute("SELECT count(*) FROM v_aree_larga").fetchall()[0][0]
    assert inside == [(state["release"],)], f"state of {state['release']}, mart of {inside}"
    with (release / "aree_larga.csv").open(encoding="utf-8") as text:
        rows = sum(1 for _ in csv.reader(text)) - 1
    assert rows == wide
    package = json.loads((release / "datapackage.json").read_text("utf-8"))
    assert package["version"] == release.name == state["release"]
    return f"{number}/{residents}", release.name


def main(marts: Path, stop: Path, pause: float) -> None:
    """Read until the stop file is there; print what was seen as one line of JSON."""
    readings, wrong, seen = 0, [], set()
    parent = os.getppid()
    # Nobody is left to say stop when the test itself was killed.
    while not stop.exists() and os.getppid() == parent:
        try:
            seen.update(read_once(marts))
        except (AssertionError, OSError, ValueError, duckdb.Error) as problem:
            wrong.append(f"{type(problem).__name__}: {problem}")
        readings += 1
        time.sleep(pause)
    print(json.dumps({"readings": readings, "wrong": wrong, "seen": sorted(seen)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
