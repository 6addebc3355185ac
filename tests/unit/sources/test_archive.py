"""The archive: nothing lost, nothing overwritten, nothing altered unseen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.sources import archive as module
from will_pipeline.sources.archive import POINTER, Archive, Busy
from will_pipeline.sources.pins import sha256
from will_pipeline.sources.records import FileRecord, LastValidators, Snapshot

NOW = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)


def record(content: bytes, when: datetime = NOW) -> FileRecord:
    digest = sha256(content)
    return FileRecord(
        file=f"{digest}.csv",
        sha256=digest,
        bytes=len(content),
        rows=1,
        url="https://www.istat.it/dati.csv",
        answered_by="https://www.istat.it/dati.csv",
        redirects=(),
        retrieved_at=when,
        etag=None,
        last_modified=None,
        content_type="text/csv",
        licence="CC BY 4.0",
        pipeline="0.1.0",
    )


def keep(archive: Archive, *contents: bytes, when: datetime = NOW) -> Snapshot:
    files = {}
    for number, content in enumerate(contents):
        with archive.incoming("prova") as part:
            part.write_bytes(content)
            archive.keep("prova", part, record(content, when))
        files[f"f{number}"] = sha256(content)
    validators = {name: LastValidators(url="https://www.istat.it/dati.csv") for name in files}
    return archive.use("prova", files, validators, now=when)


def test_files_have_the_name_of_their_bytes_and_a_record_beside(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    snapshot = keep(archive, b"uno\n")
    digest = sha256(b"uno\n")
    assert (tmp_path / "prova" / f"{digest}.csv").read_bytes() == b"uno\n"
    assert archive.record("prova", digest) == record(b"uno\n")
    assert archive.last_good("prova") == snapshot
    assert archive.verify("prova") == []
    assert not list((tmp_path / "prova").glob(".*.parte"))


def test_the_first_record_of_a_file_stays(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    first = keep(archive, b"uno\n")
    inode = (tmp_path / "prova" / f"{sha256(b'uno' + bytes([10]))}.csv").stat().st_ino
    again = keep(archive, b"uno\n", when=NOW + timedelta(days=1))
    assert again == first
    kept = archive.record("prova", sha256(b"uno\n"))
    assert kept is not None
    assert kept.retrieved_at == NOW
    assert (tmp_path / "prova" / kept.file).stat().st_ino == inode
    pointer = archive.pointer("prova")
    assert pointer is not None
    assert pointer.checked_at == NOW + timedelta(days=1)


@pytest.mark.parametrize("bit", range(32))
def test_a_flipped_bit_is_seen_and_the_one_before_is_used(tmp_path: Path, bit: int) -> None:
    archive = Archive(tmp_path)
    before = keep(archive, b"uno\n")
    keep(archive, b"due\n", when=NOW + timedelta(days=1))
    path = tmp_path / "prova" / f"{sha256(b'due' + bytes([10]))}.csv"
    damaged = bytearray(path.read_bytes())
    damaged[bit // 8] ^= 1 << (bit % 8)
    path.write_bytes(damaged)
    assert len(archive.verify("prova")) == 1
    assert archive.last_good("prova") == before
    assert archive.path("prova", sha256(b"due\n")) is None
    healed = keep(archive, b"due\n", when=NOW + timedelta(days=2))
    assert archive.verify("prova") == []
    assert archive.last_good("prova") == healed


@pytest.mark.parametrize("damage", ["{", "", '{"snapshot": "x"}'])
def test_a_damaged_pointer_leaves_the_newest_snapshot(tmp_path: Path, damage: str) -> None:
    archive = Archive(tmp_path)
    keep(archive, b"uno\n")
    newest = keep(archive, b"due\n", when=NOW + timedelta(days=1))
    (tmp_path / "prova" / POINTER).write_text(damage)
    assert archive.last_good("prova") == newest
    assert any("non si legge" in each for each in archive.verify("prova"))


def test_a_lost_file_is_told(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    keep(archive, b"uno\n", b"due\n")
    (tmp_path / "prova" / f"{sha256(b'due' + bytes([10]))}.csv").unlink()
    assert archive.last_good("prova") is None
    assert len(archive.verify("prova")) == 1


def test_pruning_keeps_what_is_newest_in_use_or_cited(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    made = [
        keep(archive, b"comune\n", b"%d\n" % night, when=NOW + timedelta(days=night))
        for night in range(6)
    ]
    # The source went back to its third version, which is now in use.
    keep(archive, b"comune\n", b"2\n", when=NOW + timedelta(days=9))
    cited = {made[0].id, sha256(b"1\n")}
    removed = archive.prune("prova", keep=1, cited=cited)
    staying = [each.id for each in archive.snapshots("prova")]
    assert staying == [made[night].id for night in (0, 1, 2, 5)]
    assert sorted(removed) == sorted(
        f"{sha256(b'%d' % night + bytes([10]))}.{end}"
        for night in (3, 4)
        for end in ("csv", "json")
    )
    assert archive.verify("prova") == []


def test_a_pinned_snapshot_is_told_and_let_go(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with pytest.raises(SourceFault, match="non c'è ancora una copia"):
        archive.pin("prova", pinned=True)
    snapshot = keep(archive, b"uno\n")
    assert archive.pin("prova", pinned=True) == snapshot
    pointer = archive.pointer("prova")
    assert pointer is not None
    assert pointer.pinned
    archive.pin("prova", pinned=False)
    pointer = archive.pointer("prova")
    assert pointer is not None
    assert not pointer.pinned


def test_two_refreshes_of_a_source_do_not_meet(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    with archive.refreshing("prova"):
        with pytest.raises(Busy), archive.refreshing("prova"):
            pass
        with archive.refreshing("altra"):
            pass
    with archive.refreshing("prova"):
        pass


def test_only_the_latest_refused_files_are_set_aside(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    for number in range(6):
        with archive.incoming("prova") as part:
            part.write_bytes(b"%d" % number)
            os.utime(part, (number, number))
            archive.quarantine("prova", part)
    aside = [path.read_bytes() for path in (tmp_path / "prova" / module.QUARANTINE).iterdir()]
    assert sorted(aside) == [b"3", b"4", b"5"]


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.unit.sources.test_archive import NOW, keep
from will_pipeline.sources.archive import Archive
steps, calls = int(sys.argv[2]), 0

def count(event, args):
    global calls
    if event in ("os.rename", "open", "os.chmod") and "prova" in str(args[0]):
        calls += 1
        if calls > steps:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
keep(Archive(Path(sys.argv[1])), b"nuovo uno\\n", b"nuovo due\\n")
"""


@pytest.mark.parametrize("steps", [1, 4, 7, 10, 13, 16, 19, 10_000])
def test_a_refresh_killed_anywhere_leaves_a_whole_snapshot(tmp_path: Path, steps: int) -> None:
    archive = Archive(tmp_path)
    before = keep(archive, b"uno\n", b"due\n")
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(steps)], check=False)
    assert ended.returncode == (0 if steps == 10_000 else -signal.SIGKILL)
    with archive.refreshing("prova"):
        assert not list((tmp_path / "prova").rglob(".*.parte"))
    assert archive.verify("prova") == []
    good, pointer = archive.last_good("prova"), archive.pointer("prova")
    assert good is not None
    assert pointer is not None
    assert pointer.snapshot == good.id
    assert (good == before) == (steps != 10_000)
