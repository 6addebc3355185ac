"""Section A of the fault matrix: each fault of transport, and what is in use after it.

Every test begins after a good night, so that "the last good copy stays" can be seen.
"""

from __future__ import annotations

import datetime
import socket
import ssl
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.faults.conftest import ELSEWHERE, GOOD, HOST, NEWER, Bench, a_source
from tests.replica.server import Answer, Replica, tagged
from will_pipeline.sources.refresh import ALARM_AFTER

PAGE = b"<!DOCTYPE html>\n<html><body>Sito in manutenzione</body></html>\n"
FAST = {"read": 0.1, "connect": 1.0, "first_wait": 1.0}


def test_a_first_copy_then_only_questions(bench: Bench) -> None:
    first = bench.refresh()
    assert (first.state, first.reason, bench.bytes_in_use()) == ("nuova", "", GOOD)
    asked = len(bench.replica.asked)
    second = bench.refresh()
    assert (second.state, second.snapshot) == ("invariata", first.snapshot)
    conditional = bench.replica.asked[asked:]
    assert [each.headers.get("If-None-Match") is not None for each in conditional] == [True]


@pytest.mark.parametrize("dead", ["nome", "porta"])
def test_t01_a_dead_host_is_tried_three_times_with_growing_waits(bench: Bench, dead: str) -> None:
    before = bench.after_a_good_night()

    def nobody(name: str, port: int) -> Sequence[str]:
        raise socket.gaierror("unknown")

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = {HOST: {"base": f"http://127.0.0.1:{free.getsockname()[1]}", "spacing_seconds": 0}}
        outcome = bench.refresh(bases=closed, **({"resolve": nobody} if dead == "nome" else {}))
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert ("non si risolve" if dead == "nome" else "non accetta") in outcome.reason
    assert bench.state_of_host().failures == 3
    first, second = [wait for wait in bench.clock.waits if wait > 0]
    assert 1 <= first <= 2 <= second <= 4
    assert bench.bytes_in_use() == GOOD


def test_t01_the_next_source_of_a_dead_host_does_not_call_it(bench: Bench) -> None:
    bench.replica.serve("/dati.csv", Answer(status=503))
    for key in ("prima", "seconda"):
        bench.refresh(a_source(key))
    calls = len(bench.replica.asked)
    assert calls == 6
    outcome = bench.refresh(a_source("terza"))
    assert outcome.state == "mai_riuscita"
    assert "non si chiama per altre 12 ore" in outcome.reason
    assert len(bench.replica.asked) == calls
    bench.clock.sleep(12 * 3600 + 1)
    bench.replica.serve("/dati.csv", GOOD)
    assert bench.refresh(a_source("terza")).state == "nuova"


@pytest.mark.parametrize(
    "answer",
    [Answer(silent=True), Answer(GOOD, drip="body"), Answer(GOOD, drip="headers")],
    ids=["silent", "drips-body", "drips-headers"],
)
def test_t02_silence_and_drips_end_within_the_budget(bench: Bench, answer: Answer) -> None:
    before = bench.after_a_good_night()
    bench.replica.serve("/dati.csv", answer)
    slow = a_source(retry={**FAST, "attempts": 1, "total": 0.3})
    started = time.monotonic()
    outcome = bench.refresh(slow, bases={HOST: {"base": bench.replica.base, "spacing_seconds": 0}})
    assert time.monotonic() - started < 0.9
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert "non risponde entro i limiti" in outcome.reason


def test_t02_a_silence_longer_than_what_is_left_ends_with_it(bench: Bench) -> None:
    bench.replica.serve("/dati.csv", Answer(silent=True))
    patient = a_source(retry={"read": 5.0, "attempts": 1, "total": 0.3})
    started = time.monotonic()
    assert "non risponde entro i limiti" in bench.refresh(patient).reason
    assert time.monotonic() - started < 0.9


def test_t02_a_name_server_that_never_answers_ends_too(bench: Bench) -> None:
    def never(name: str, port: int) -> Sequence[str]:
        time.sleep(1.0)
        return ("127.0.0.1",)

    source = a_source(retry={"connect": 0.05, "attempts": 1})
    started = time.monotonic()
    outcome = bench.refresh(source, resolve=never)
    assert time.monotonic() - started < 0.9
    assert "non si risolve" in outcome.reason


def test_t03_a_429_that_says_when_is_waited_for(bench: Bench) -> None:
    bench.replica.serve(
        "/dati.csv", Answer(status=429, headers={"Retry-After": "30"}), tagged(GOOD)
    )
    outcome = bench.refresh()
    assert outcome.state == "nuova"
    assert sum(bench.clock.waits) >= 30


def test_t03_a_429_with_a_date_is_waited_for(bench: Bench) -> None:
    dates = {
        "Date": "Wed, 25 Nov 2026 02:00:00 GMT",
        "Retry-After": "Wed, 25 Nov 2026 02:00:40 GMT",
    }
    bench.replica.serve("/dati.csv", Answer(status=429, headers=dates), tagged(GOOD))
    assert bench.refresh().state == "nuova"
    assert 40 <= sum(bench.clock.waits) < 60


def test_t03_a_429_that_does_not_say_closes_the_host_for_the_night(bench: Bench) -> None:
    before = bench.after_a_good_night()
    bench.replica.serve("/dati.csv", Answer(status=429))
    outcome = bench.refresh()
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert len(bench.replica.asked) == 1
    assert "non si chiama" in bench.refresh(a_source("altra")).reason
    assert len(bench.replica.asked) == 1


def test_t03_a_wait_beyond_the_budget_is_remembered_and_not_slept(bench: Bench) -> None:
    bench.replica.serve("/dati.csv", Answer(status=429, headers={"Retry-After": "7200"}))
    outcome = bench.refresh()
    assert "il tempo per riprovare è finito" in outcome.reason
    assert sum(bench.clock.waits) < 60
    again = bench.refresh()
    assert "nel tempo che resta" in again.reason
    assert len(bench.replica.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 414, 422, 501])
def test_t03_and_t13_other_refusals_are_never_tried_again(bench: Bench, status: int) -> None:
    before = bench.after_a_good_night()
    bench.replica.serve("/dati.csv", Answer(b"no", status=status))
    outcome = bench.refresh()
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert f"risponde {status}" in outcome.reason
    assert len(bench.replica.asked) == 1


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504])
def test_t04_passing_faults_are_tried_again(bench: Bench, status: int) -> None:
    bench.after_a_good_night()
    bench.replica.serve("/dati.csv", Answer(status=status), Answer(status=status), tagged(NEWER))
    assert bench.refresh().state == "nuova"
    assert bench.bytes_in_use() == NEWER


def test_t04_lasting_faults_end_after_three_attempts(bench: Bench) -> None:
    bench.after_a_good_night()
    bench.replica.serve("/dati.csv", Answer(status=500))
    outcome = bench.refresh()
    assert (outcome.state, len(bench.replica.asked)) == ("ultima_buona", 3)


def test_t05_redirects_within_the_list_are_followed_and_written_down(bench: Bench) -> None:
    bench.replica.serve("/dati.csv", Answer(status=301, headers={"Location": "/nuovo/dati.csv"}))
    bench.replica.serve("/nuovo/dati.csv", GOOD)
    assert bench.refresh().state == "nuova"
    good = bench.archive.last_good("prova")
    assert good is not None
    record = bench.archive.record("prova", good.files["dati"])
    assert record is not None
    assert record.redirects == (f"{bench.replica.base}/dati.csv",)
    assert record.answered_by == f"{bench.replica.base}/nuovo/dati.csv"


@pytest.mark.parametrize(
    "target",
    [
        "https://www.example.org/dati.csv",
        "http://www.istat.it/dati.csv",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "ftp://www.istat.it/dati.csv",
        "http://nome:segreto@127.0.0.1/dati.csv",
        "http://127.0.0.1:1/dati.csv",
        "https://www.istat.it:8443/dati.csv",
        "http://[/dati.csv",
    ],
)
def test_t05_and_x06_redirects_elsewhere_are_refused(bench: Bench, target: str) -> None:
    before = bench.after_a_good_night()
    bench.replica.serve("/dati.csv", Answer(status=302, headers={"Location": target}))
    outcome = bench.refresh()
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert "non è un indirizzo ammesso" in outcome.reason or "non si legge" in outcome.reason
    assert "segreto" not in outcome.reason
    assert bench.replica.paths() == ["/dati.csv"]


def test_t05_a_ring_of_redirects_ends(bench: Bench) -> None:
    bench.replica.serve("/dati.csv", Answer(status=302, headers={"Location": "/dati.csv"}))
    outcome = bench.refresh()
    assert "più di 5 rinvii" in outcome.reason
    assert len(bench.replica.asked) == 6


def test_t05_a_redirect_to_another_listed_host_takes_its_turn_there(bench: Bench) -> None:
    with Replica().running() as other:
        other.serve("/dati.csv", GOOD)
        target = {"Location": f"{other.base}/dati.csv"}
        bench.replica.serve("/dati.csv", Answer(status=302, headers=target))
        both = {HOST: {"base": bench.replica.base}, ELSEWHERE: {"base": other.base}}
        assert bench.refresh(bases=both).state == "nuova"
    assert bench.state_of_host(ELSEWHERE).requests == 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer(PAGE, headers={"Content-Type": "text/html"}),
        Answer(PAGE, headers={"Content-Type": "text/csv"}),
        Answer(b"\xef\xbb\xbf\n  " + PAGE),
        Answer(PAGE.decode().encode("utf-16")),
        Answer(GOOD, headers={"Content-Type": "text/html; charset=utf-8"}),
        Answer(b'<?xml version="1.0"?>\n<errore>x</errore>\n'),
    ],
)
def test_t06_a_page_is_no_table_and_is_set_aside(bench: Bench, answer: Answer) -> None:
    before = bench.after_a_good_night()
    bench.replica.serve("/dati.csv", answer)
    outcome = bench.refresh()
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert "pagina web" in outcome.reason
    aside = list((bench.archive.root / "prova" / "quarantena").iterdir())
    assert [each.read_bytes() for each in aside] == [answer.body]


def test_t06_a_redirect_to_a_maintenance_page_is_seen_too(bench: Bench) -> None:
    bench.after_a_good_night()
    bench.replica.serve("/dati.csv", Answer(status=302, headers={"Location": "/manutenzione"}))
    bench.replica.serve("/manutenzione", Answer(PAGE))
    assert "pagina web" in bench.refresh().reason


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(NEWER, cut=30), "ha interrotto la risposta"),
        (Answer(NEWER, cut=0), "ha interrotto la risposta"),
        (Answer(NEWER, length=len(NEWER) + 5), "ha interrotto la risposta"),
        (Answer(NEWER, length=len(NEWER) - 1), "l'ultima riga è troncata"),
        (Answer(NEWER, length=len(NEWER) - 6), "celle invece di 3"),
        (Answer(NEWER, length=-1, cut=len(NEWER) - 2), "l'ultima riga è troncata"),
        (
            Answer(b"a\r\ncodice;nom\r\n", headers={"Transfer-Encoding": "chunked"}),
            "ha interrotto la risposta",
        ),
        (
            Answer(NEWER, status=206, headers={"Content-Range": f"bytes 0-50/{len(NEWER)}"}),
            "solo una parte",
        ),
        (Answer(b""), "il file è vuoto"),
        (Answer(status=204), "risponde 204"),
    ],
)
def test_t07_and_t11_a_cut_or_empty_answer_is_no_answer(
    bench: Bench, answer: Answer, told: str
) -> None:
    before = bench.after_a_good_night()
    bench.replica.serve("/dati.csv", answer)
    outcome = bench.refresh()
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert told in outcome.reason
    assert bench.bytes_in_use() == GOOD


def test_t07_too_many_bytes_stop_the_download(bench: Bench) -> None:
    bench.replica.serve("/dati.csv", Answer(GOOD * 100))
    small = a_source(size_bytes={"min": 10, "max": 500})
    assert "supera 500 byte" in bench.refresh(small).reason
    bench.replica.serve("/dati.csv", Answer(GOOD * 100, length=-1))
    assert "supera 500 byte" in bench.refresh(small).reason
    assert not list((bench.archive.root / "prova").glob(".*.parte"))


def test_t08_a_file_that_changes_meanwhile_is_asked_once_more(bench: Bench) -> None:
    bench.replica.serve("/dati.csv", tagged(GOOD), tagged(NEWER))
    assert bench.refresh().state == "nuova"
    assert bench.bytes_in_use() == NEWER


def test_t08_a_file_that_never_stands_still_is_refused(bench: Bench) -> None:
    before = bench.after_a_good_night()
    moving = [Answer(NEWER, headers={"ETag": f'"{number}"'}) for number in range(8)]
    bench.replica.serve("/dati.csv", *moving)
    outcome = bench.refresh()
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert "è cambiato mentre" in outcome.reason
    assert len(bench.replica.asked) == 4


def test_t09_new_content_at_the_same_address_is_another_snapshot(bench: Bench) -> None:
    before = bench.after_a_good_night()
    bench.replica.serve("/dati.csv", NEWER + b"016024;Bergamo;5\n")
    outcome = bench.refresh()
    assert outcome.state == "nuova"
    assert outcome.snapshot != before
    (change,) = outcome.changes
    assert (change.rows_before, change.rows_after) == (2, 3)
    assert (change.bytes_before, change.bytes_after) == (len(GOOD), len(GOOD) + 17)
    kept = bench.archive.snapshots("prova")
    assert len(kept) == 2
    assert all(bench.archive.is_whole("prova", each) for each in kept)


def test_t09_the_same_bytes_without_validators_change_nothing(bench: Bench) -> None:
    bench.replica.serve("/dati.csv", Answer(GOOD))
    before = bench.after_a_good_night()
    outcome = bench.refresh()
    assert (outcome.state, outcome.snapshot, outcome.changes) == ("invariata", before, ())


@pytest.mark.parametrize("status", [404, 410])
def test_t10_an_address_that_is_gone_is_said_to_have_moved(bench: Bench, status: int) -> None:
    before = bench.after_a_good_night()
    bench.replica.serve("/dati.csv", Answer(status=status))
    outcome = bench.refresh()
    assert (outcome.hint, outcome.snapshot) == ("spostata?", before)


def test_t10_another_address_is_asked_without_conditions(bench: Bench) -> None:
    bench.after_a_good_night()
    bench.replica.serve("/altrove.csv", tagged(GOOD))
    moved = a_source(files=[{"name": "dati", "path": "/altrove.csv"}])
    assert bench.refresh(moved).state == "invariata"
    assert bench.replica.asked[0].headers.get("If-None-Match") is None


def test_t11_a_source_that_never_succeeds_is_an_alarm(bench: Bench) -> None:
    bench.replica.serve("/dati.csv", Answer(status=404))
    outcome = bench.refresh()
    assert (outcome.state, outcome.snapshot, outcome.alarm) == ("mai_riuscita", None, True)


def test_t11_a_header_without_rows_is_a_failure_and_three_are_an_alarm(bench: Bench) -> None:
    bench.after_a_good_night()
    bench.replica.serve("/dati.csv", b"codice;nome;persone\n")
    nights = [bench.refresh() for _ in range(ALARM_AFTER)]
    assert [night.alarm for night in nights] == [False, False, True]
    assert "0 righe, attese fra 2 e 100" in nights[0].reason
    bench.replica.serve("/dati.csv", NEWER)
    assert bench.refresh().failures == 0


def certificate(name: str) -> tuple[bytes, bytes]:
    """A self-signed certificate and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    day = datetime.timedelta(days=1)
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - day)
        .not_valid_after(today + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return (
        made.public_bytes(encoding),
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain),
    )


@pytest.mark.parametrize(
    ("name", "trusted", "state"),
    [("www.istat.it", True, "nuova"), ("www.istat.it", False, "mai_riuscita"),
     ("altro.example", True, "mai_riuscita")],
    ids=["good", "unknown-authority", "wrong-name"],
)  # fmt: skip
def test_t12_certificate_and_name_are_always_checked(
    bench: Bench, tmp_path: Path, name: str, trusted: bool, state: str
) -> None:
    public, private = certificate(name)
    (tmp_path / "cert.pem").write_bytes(public + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "cert.pem")
    options: dict[str, Any] = {"resolve": lambda *_: ("127.0.0.1",)}
    if trusted:
        options["tls"] = ssl.create_default_context(cadata=public.decode())
    with Replica(server).running() as safe:
        safe.serve("/dati.csv", GOOD)
        bases = {HOST: {"base": f"https://www.istat.it:{safe.port}"}}
        outcome = bench.refresh(bases=bases, **options)
    assert outcome.state == state
    if state == "mai_riuscita":
        assert "certificato" in outcome.reason
        assert not safe.asked
        assert bench.state_of_host().failures == 1


def test_t13_a_request_split_in_files_is_all_or_nothing(bench: Bench) -> None:
    split = a_source(files=[{"name": name, "path": f"/{name}.csv"} for name in ("nord", "sud")])
    for name in ("nord", "sud"):
        bench.replica.serve(f"/{name}.csv", GOOD)
    before = bench.after_a_good_night(split)
    bench.replica.serve("/nord.csv", NEWER)
    bench.replica.serve("/sud.csv", Answer(status=414))
    outcome = bench.refresh(split)
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    good = bench.archive.last_good("prova")
    assert good is not None
    assert good.files["nord"] == good.files["sud"]
    bench.replica.serve("/sud.csv", GOOD)
    healed = bench.refresh(split)
    assert (healed.state, [each.name for each in healed.changes]) == ("nuova", ["nord"])


def test_t14_an_answer_that_ignores_the_filter_is_out_of_its_band(bench: Bench) -> None:
    before = bench.after_a_good_night()
    everywhere = GOOD + b"".join(b"%06d;x;1\n" % number for number in range(200))
    bench.replica.serve("/dati.csv", everywhere)
    outcome = bench.refresh()
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert "202 righe, attese fra 2 e 100" in outcome.reason


def test_t14_query_and_format_are_sent_as_declared(bench: Bench) -> None:
    asked = a_source(
        files=[{"name": "dati", "path": "/dati.csv", "query": {"startPeriod": "2023"}}],
        accept="application/vnd.sdmx.data+csv;version=1.0.0",
    )
    assert bench.refresh(asked).state == "nuova"
    first = bench.replica.asked[0]
    assert first.path == "/dati.csv?startPeriod=2023"
    assert first.headers["Accept"] == "application/vnd.sdmx.data+csv;version=1.0.0"
    assert first.headers["Accept-Language"] == "it"


def test_t15_the_night_ends_and_what_was_not_reached_stays(bench: Bench) -> None:
    bench.after_a_good_night(a_source("lenta"))
    bench.after_a_good_night(a_source("rapida"))
    bench.replica.serve("/dati.csv", Answer(status=503, headers={"Retry-After": "9"}))
    sources = [a_source("lenta"), a_source("rapida")]
    outcomes = list(bench.build().refresh_all(sources, seconds=5.0))
    assert [each.state for each in outcomes] == ["ultima_buona", "ultima_buona"]
    assert sum(bench.clock.waits) <= 5


def test_t15_a_night_that_is_over_asks_nothing_and_blames_nobody(bench: Bench) -> None:
    before = bench.after_a_good_night()
    outcome = bench.build().refresh(a_source(), until=bench.clock.elapsed() - 1.0)
    assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
    assert outcome.reason == "il tempo della notte è finito"
    assert (bench.replica.asked, bench.state_of_host().failures) == ([], 0)
