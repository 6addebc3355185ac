"""Section G of the fault matrix: disks that are full or closed, power that fails, no network."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from will_pipeline.definitions import PROJECT
from will_pipeline.mart import shelf as shelves
from will_pipeline.mart.exports import altered_files
from will_pipeline.mart.shelf import LATEST, Shelf
from will_pipeline.orchestration import warehouse

TRUE = shutil.which("true") or "true"
APART = """
import pickle, subprocess, sys
from pathlib import Path
from tests.mart.publisher import publish_residents
folder, marts = Path(sys.argv[1]), Path(sys.argv[2])
tables = pickle.loads((folder / "tables.pickle").read_bytes())
def publish(residents):
    return publish_residents(marts, tables, residents)
"""
FULL = """
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", str(marts)], check=True)
print(publish(1))
from will_pipeline.mart.exports import altered_files
from will_pipeline.mart.shelf import Shelf
filler = marts / "riempi"
room = __import__("shutil").disk_usage(marts).free - 200_000
filler.write_bytes(b"0" * room)
for relaxed in (False, True):
    if relaxed:
        # Without the look beforehand the disk fills while files are written.
        from will_pipeline.mart import release
        release._has_room = lambda shelf: None
    try:
        publish(2)
        print("published")
    except Exception as problem:
        print(type(problem).__name__)
    assert Shelf(marts).led_to("latest") == "2026.11.1"
    assert altered_files(marts / "latest") == []
filler.unlink()
print(publish(2), Shelf(marts).leftovers())
"""
CLOSED = """
print(publish(1))
subprocess.run(["mount", "--bind", str(marts), str(marts)], check=True)
subprocess.run(["mount", "-o", "remount,ro,bind", str(marts)], check=True)
try:
    publish(2)
    print("published")
except OSError as problem:
    print(type(problem).__name__, problem.errno)
"""


@pytest.fixture(scope="module")
def pickled(tmp_path_factory: pytest.TempPathFactory, tables: dict[str, pl.DataFrame]) -> Path:
    folder = tmp_path_factory.mktemp("tabelle")
    (folder / "tables.pickle").write_bytes(pickle.dumps(tables))
    return folder


def apart(pickled: Path, marts: Path, script: str, *options: str) -> list[str]:
    """What a script prints in namespaces of its own, where it may mount or has no network."""
    marts.mkdir()
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, *options, TRUE], check=False).returncode:
        pytest.skip("this system lets nobody make namespaces")
    ended = subprocess.run(
        [unshare, *options, sys.executable, "-c", APART + script, str(pickled), str(marts)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert ended.returncode == 0, ended.stderr[-1500:]
    return ended.stdout.splitlines()


def test_s05_a_full_disk_leaves_the_release_of_before(pickled: Path, tmp_path: Path) -> None:
    told = apart(pickled, tmp_path / "marts", FULL, "-rm")
    assert told[:2] == ["2026.11.1", "NoRoom"]
    assert told[2] != "published"
    assert told[3] == "2026.11.2 []"


def test_s06_a_closed_folder_stops_before_anything_is_written(
    pickled: Path, tmp_path: Path
) -> None:
    marts = tmp_path / "marts"
    assert apart(pickled, marts, CLOSED, "-rm") == ["2026.11.1", "OSError 30"]
    assert Shelf(marts).led_to(LATEST) == "2026.11.1"
    assert altered_files(marts / "latest") == []


def test_d09_x11_a_release_made_without_network_holds_no_code(
    pickled: Path, tmp_path: Path
) -> None:
    marts = tmp_path / "marts"
    assert apart(pickled, marts, "print(publish(7))", "-rn") == ["2026.11.1"]
    allowed = {
        ".csv", ".duckdb", ".html", ".json", ".jsonld", ".md", ".parquet", ".geojson", ".ttl",
        ".txt", ".xlsx", ".zip", ".css", ".js", ".svg", ".rdf", ".gpkg", ".xml", ".ods",
    }  # fmt: skip
    files = [file for file in (marts / "latest").resolve().rglob("*") if file.is_file()]
    assert files
    assert {file.suffix for file in files} <= allowed
    assert [
        file.name for file in files if file.read_bytes()[:2] in (b"\x80\x04", b"\x80\x05")
    ] == []


def test_s07_too_little_memory_leaves_the_table_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = warehouse.Warehouse(path=str(tmp_path / "will.duckdb"))
    frame = pl.DataFrame({"a": [1]})
    place.store("raw.prova", frame, descriptions={}, version="1")
    monkeypatch.setattr(warehouse, "MEMORY", "1MB")
    large = pl.DataFrame({"a": [1], "b": ["x" * 60_000_000]})
    with pytest.raises(duckdb.OutOfMemoryException):
        place.store("raw.prova", large, descriptions={}, version="2")
    monkeypatch.undo()
    assert place.read("raw.prova").equals(frame)


def test_s08_files_and_folders_reach_the_disk_before_the_switch(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[str] = []
    sync, rename, replace = os.fsync, Path.rename, Path.replace

    def synced(handle: int) -> None:
        sync(handle)
        done.append(f"flush {Path(f'/proc/self/fd/{handle}').readlink().name}")

    def renamed(self: Path, target: Path) -> Path:
        done.append(f"rename {Path(target).name}")
        return rename(self, target)

    def replaced(self: Path, target: Path) -> Path:
        done.append(f"replace {Path(target).name}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", renamed)
    monkeypatch.setattr(Path, "replace", replaced)
    made = shelf.clear_workshop() / "2026.11.1"
    (made / "atlante").mkdir(parents=True)
    statement = shelves.Statement("2026.11.1", "0" * 64, "2026-11-24T02:30:00+01:00", "1.0.0")
    shelves.write_statement(made, statement)
    (made / "atlante" / "index.html").write_text("x")
    shelf.publish(made, statement)
    moved = done.index("rename 2026.11.1")
    before = done[:moved]
    for name in ("stato.json", "index.html", "atlante", "2026.11.1", ".pubblicazione"):
        assert f"flush {name}" in before
    switched = done.index("replace latest")
    assert "flush releases" in done[moved:switched]
    assert f"flush {shelf.folder.name}" in done[switched:]
