"""Every row of transport and of files has a test, and ends with the last good copy in use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.faults.archives import TABLE, shapefile, with_member, workbook, zipped
from tests.faults.conftest import Bench, a_source
from tests.replica.server import Answer

TESTS = Path(__file__).parents[1]
ROWS = [f"t{row:02d}" for row in range(1, 16)] + [f"f{row:02d}" for row in range(1, 9)]
FORMATS: dict[str, tuple[bytes, dict[str, Any]]] = {
    "csv_zip": (
        zipped({"r.csv": TABLE}),
        {"members": [{"name": "tabella.csv", "pattern": r".*\.csv"}]},
    ),
    "xlsx_zip": (
        zipped({"r.xlsx": workbook(4)}),
        {"members": [{"name": "tabella.xlsx", "pattern": r".*\.xlsx"}]},
    ),
    "shapefile_zip": (
        zipped(shapefile()),
        {
            "encoding": "utf-8",
            "members": [
                {"name": f"confini.{end}", "pattern": rf"SHP/.*\.{end}"}
                for end in ("shp", "shx", "dbf", "prj")
            ],
        },
    ),
}


def _flipped(content: bytes) -> bytes:
    """One bit of the first packed member is another."""
    return content[:60] + bytes([content[60] ^ 4]) + content[61:]


SPOILT = {
    "f01_cut": lambda content: content[: len(content) // 2],
    "f01_no_archive": lambda _: TABLE,
    "f02_flipped": _flipped,
    "f03_empty": lambda _: zipped({}),
    "f03_without_what_was_expected": lambda _: zipped({"leggimi.txt": b"x"}),
    "f04_archive_in_archive": lambda content: zipped({"dati.zip": content}),
    "f04_other_type": lambda _: zipped({"r.ods": b"x", "r.pdf": b"%PDF"}),
}


def test_every_row_of_transport_and_of_files_has_a_test() -> None:
    found = set[str]()
    for path in TESTS.rglob("test_*.py"):
        for name in re.findall(r"def (test_\w+)", path.read_text("utf-8")):
            found |= set(re.findall(r"(?<=_)([tf]\d\d)(?=_)", name))
    assert [row for row in ROWS if row not in found] == []


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("spoilt", SPOILT)
def test_f01_f02_f03_f04_the_last_good_archive_stays_in_use(
    bench: Bench, kind: str, spoilt: str
) -> None:
    good, declared = FORMATS[kind]
    source = a_source(format=kind, **declared)
    bench.replica.serve("/dati.csv", good)
    before = bench.after_a_good_night(source)
    bench.replica.serve("/dati.csv", Answer(SPOILT[spoilt](good)))
    outcome = bench.refresh(source)
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert outcome.reason
    assert bench.bytes_in_use() == good
    assert list((bench.archive.root / "prova" / "quarantena").iterdir())


@pytest.mark.parametrize("end", ["prj", "dbf", "shx"])
def test_f06_the_last_good_shapefile_stays_in_use(bench: Bench, end: str) -> None:
    good, declared = FORMATS["shapefile_zip"]
    source = a_source(format="shapefile_zip", **declared)
    bench.replica.serve("/dati.csv", good)
    before = bench.after_a_good_night(source)
    members = {name: each for name, each in shapefile().items() if not name.endswith(end)}
    bench.replica.serve("/dati.csv", zipped(members))
    outcome = bench.refresh(source)
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert f"manca il file atteso confini.{end}" in outcome.reason


def test_f05_a_workbook_without_its_parts_leaves_the_last_good_one(bench: Bench) -> None:
    good, declared = FORMATS["xlsx_zip"]
    source = a_source(format="xlsx_zip", **declared)
    bench.replica.serve("/dati.csv", good)
    before = bench.after_a_good_night(source)
    broken = with_member(workbook(4), "xl/worksheets/sheet1.xml", b"<worksheet><row>")
    bench.replica.serve("/dati.csv", zipped({"r.xlsx": broken}))
    outcome = bench.refresh(source)
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert "l'XML non è ben formato" in outcome.reason
