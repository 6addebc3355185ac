"""What is in use after nights of every kind: pinned, interrupted, damaged, met by another."""

from __future__ import annotations

import shutil

import pytest

from tests.faults.conftest import GOOD, NEWER, Bench, a_source
from tests.replica.server import Answer, tagged
from will_pipeline.sources.pins import sha256
from will_pipeline.sources.records import Attempt


def test_a_pinned_source_is_not_asked(bench: Bench) -> None:
    before = bench.after_a_good_night()
    bench.archive.pin("prova", pinned=True)
    bench.replica.serve("/dati.csv", NEWER)
    outcome = bench.refresh()
    assert (outcome.state, outcome.snapshot) == ("invariata", before)
    assert outcome.reason == "bloccata a mano"
    assert bench.replica.asked == []
    bench.archive.pin("prova", pinned=False)
    assert bench.refresh().state == "nuova"


def test_a_damaged_copy_is_asked_again_without_conditions(bench: Bench) -> None:
    before = bench.after_a_good_night()
    path = bench.archive.root / "prova" / f"{sha256(GOOD)}.csv"
    path.write_bytes(GOOD.replace(b"Parma", b"Palma"))
    outcome = bench.refresh()
    assert outcome.snapshot == before
    assert bench.replica.asked[0].headers.get("If-None-Match") is None
    assert bench.bytes_in_use() == GOOD
    assert bench.archive.verify("prova") == []


def test_a_damaged_copy_and_a_dead_source_leave_the_copy_before(bench: Bench) -> None:
    before = bench.after_a_good_night()
    bench.replica.serve("/dati.csv", NEWER)
    bench.refresh()
    (bench.archive.root / "prova" / f"{sha256(NEWER)}.csv").write_bytes(b"x")
    bench.replica.serve("/dati.csv", Answer(status=500))
    outcome = bench.refresh()
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert outcome.checked_at is None
    assert bench.bytes_in_use() == GOOD


def test_a_damaged_copy_is_never_confirmed_in_place_of_the_one_before(bench: Bench) -> None:
    bench.after_a_good_night()
    bench.replica.serve("/dati.csv", NEWER)
    newer = bench.refresh().snapshot
    (bench.archive.root / "prova" / f"{sha256(NEWER)}.csv").write_bytes(b"x")
    assert bench.refresh().snapshot == newer
    assert bench.bytes_in_use() == NEWER


def test_a_304_that_nobody_asked_for_is_refused(bench: Bench) -> None:
    bench.replica.serve("/dati.csv", Answer(status=304))
    outcome = bench.refresh()
    assert outcome.state == "mai_riuscita"
    assert "risponde 304" in outcome.reason


def test_last_modified_alone_makes_a_question(bench: Bench) -> None:
    dated = Answer(GOOD, headers={"Last-Modified": "Wed, 25 Nov 2026 02:00:00 GMT"})
    bench.replica.serve("/dati.csv", dated)
    bench.after_a_good_night()
    assert bench.refresh().state == "invariata"
    asked = bench.replica.asked[0].headers
    assert asked["If-Modified-Since"] == "Wed, 25 Nov 2026 02:00:00 GMT"
    assert len(bench.replica.asked) == 1


def test_a_server_that_ignores_conditions_changes_nothing(bench: Bench) -> None:
    deaf = Answer(GOOD, headers={"ETag": '"1"'}, conditional=False)
    bench.replica.serve("/dati.csv", deaf)
    before = bench.after_a_good_night()
    outcome = bench.refresh()
    assert (outcome.state, outcome.snapshot) == ("invariata", before)


def test_the_record_of_a_file_tells_where_it_came_from(bench: Bench) -> None:
    bench.after_a_good_night()
    record = bench.archive.record("prova", sha256(GOOD))
    assert record is not None
    assert (record.bytes, record.rows, record.licence) == (len(GOOD), 2, "CC BY 4.0")
    assert record.url == f"{bench.replica.base}/dati.csv"
    assert record.etag == tagged(GOOD).headers["ETag"]
    assert record.content_type == "text/csv"
    assert record.retrieved_at.utcoffset() is not None


def test_a_source_that_another_run_refreshes_is_left_to_it(bench: Bench) -> None:
    before = bench.after_a_good_night()
    attempt = bench.archive.attempt("prova")
    with bench.archive.refreshing("prova"):
        outcome = bench.refresh()
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert "al lavoro" in outcome.reason
    assert bench.replica.asked == []
    assert bench.archive.attempt("prova") == attempt


def test_what_an_interrupted_run_left_is_swept(bench: Bench) -> None:
    bench.after_a_good_night()
    orphan = bench.archive.root / "prova" / ".interrotto.parte"
    orphan.write_bytes(b"x")
    bench.refresh()
    assert not orphan.exists()


@pytest.mark.parametrize(
    ("encoding", "body", "told"),
    [
        ("br", GOOD, "comprime"),
        ("gzip, gzip", GOOD, "comprime"),
        ("gzip", GOOD, "interrotto"),
    ],
)
def test_compression_nobody_asked_for_is_refused(
    bench: Bench, encoding: str, body: bytes, told: str
) -> None:
    bench.replica.serve("/dati.csv", Answer(body, headers={"Content-Encoding": encoding}))
    assert told in bench.refresh().reason


def test_a_full_disk_is_not_the_fault_of_the_source(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bench.after_a_good_night()
    bench.replica.serve("/dati.csv", NEWER)
    refresher = bench.build()
    monkeypatch.setattr(bench.archive, "keep", _full)
    with pytest.raises(OSError, match="No space left"):
        refresher.refresh(a_source())
    monkeypatch.undo()
    good = bench.archive.last_good("prova")
    assert good is not None
    assert good.id == before
    assert not list((bench.archive.root / "prova").glob(".*.parte"))


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_failures_are_counted_across_restarts_and_forgotten_after_a_success(bench: Bench) -> None:
    bench.replica.serve("/dati.csv", Answer(status=404))
    assert [bench.refresh().failures for _ in range(2)] == [1, 2]
    bench.replica.serve("/dati.csv", GOOD)
    bench.refresh()
    attempt = bench.archive.attempt("prova")
    assert isinstance(attempt, Attempt)
    assert (attempt.failures, attempt.outcome, attempt.reason) == (0, "nuova", "")
    shutil.rmtree(bench.archive.root / "prova")
    assert bench.refresh().state == "nuova"
