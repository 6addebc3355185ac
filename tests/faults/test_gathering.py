"""A file put together out of a portal's answers: conditions, revisions, faults, nothing kept."""

from __future__ import annotations

import json

from tests.faults.conftest import GOOD, NEWER, Bench, a_source
from tests.replica.server import Answer, tagged
from will_pipeline.sources.descriptor import Descriptor

PAGE, FILE = "/dati/", "/aperti/elenco_2026.csv"
REGISTRY = ["Quartiere;SEZ21;Cittad;ETA;Sesso;Ncomp;Relpar;Tipores"]
REGISTRY += [f"Pablo;{12345 + at};Italia;{at};F;2;1;1" for at in range(60)]


def linked(**live: object) -> Descriptor:
    gathering = {
        "reader": "portal_tables:linked_file",
        "options": {"page": PAGE, "pattern": r"elenco_\d{4}\.csv"},
    }
    return a_source(gathering=gathering, files=[{"name": "dati", "path": PAGE}], **live)


def page(*links: str) -> Answer:
    body = "".join(f'<a href="{link}">CSV</a>' for link in links)
    return tagged(f"<html>{body}</html>".encode(), **{"Content-Type": "text/html"})


def conditional(bench: Bench) -> list[bool]:
    return ["If-None-Match" in each.headers for each in bench.replica.asked]


def test_the_newest_file_of_a_page_is_taken_and_then_only_asked_about(bench: Bench) -> None:
    bench.replica.serve(PAGE, page("/aperti/elenco_2025.csv", FILE))
    bench.replica.serve(FILE, GOOD)
    bench.after_a_good_night(linked())
    assert bench.bytes_in_use() == GOOD
    again = bench.refresh(linked())
    assert again.state == "invariata"
    assert bench.replica.paths() == [PAGE, FILE]
    assert conditional(bench) == [True, True]


def test_a_revision_is_taken_whole(bench: Bench) -> None:
    bench.replica.serve(PAGE, page(FILE))
    bench.replica.serve(FILE, GOOD)
    before = bench.after_a_good_night(linked())
    bench.replica.serve(FILE, NEWER)
    revised = bench.refresh(linked())
    assert revised.state == "nuova"
    assert revised.snapshot != before
    assert bench.bytes_in_use() == NEWER
    assert bench.refresh(linked()).state == "invariata"


def test_answers_without_validators_are_asked_for_and_compared(bench: Bench) -> None:
    bench.replica.serve(PAGE, Answer(f'<html><a href="{FILE}">CSV</a></html>'.encode()))
    bench.replica.serve(FILE, GOOD)
    before = bench.after_a_good_night(linked())
    again = bench.refresh(linked())
    assert (again.state, again.snapshot) == ("invariata", before)
    assert conditional(bench) == [False, False]


def test_a_fault_leaves_the_last_good_copy_in_use(bench: Bench) -> None:
    bench.replica.serve(PAGE, page(FILE))
    bench.replica.serve(FILE, GOOD)
    before = bench.after_a_good_night(linked())
    for broken, reason in (
        (page("/altro.csv"), "non rinvia a nessun elenco"),
        (page("https://www.example.org/elenco_2026.csv"), "rinvia a un altro host"),
        (Answer(status=404), "404"),
    ):
        bench.replica.serve(PAGE, broken)
        outcome = bench.refresh(linked())
        assert (outcome.state, outcome.snapshot) == ("ultima_buona", before)
        assert reason in outcome.reason
    bench.replica.serve(PAGE, page(FILE))
    bench.replica.serve(FILE, b"<html>manutenzione</html>")
    assert "una pagina web" in bench.refresh(linked()).reason
    assert bench.bytes_in_use() == GOOD


def registry() -> Descriptor:
    options = {
        "dataset": r"^popolazione-\d{4}$",
        "resource": "^popolazione",
        "licences": ["cc-by"],
    }
    return a_source(
        gathering={"reader": "portal_tables:parma_population", "options": options},
        files=[{"name": "dati", "path": "/api/3/action/package_list"}],
    )


def serve_registry(bench: Bench, licence: str | None = "cc-by", **answers: Answer) -> None:
    actions = "/api/3/action"
    names = {"success": True, "result": ["popolazione-2024", "popolazione-2025"]}
    resource = {"name": "popolazione", "format": "csv", "url": "/registro.csv"}
    shown = {"name": "popolazione-2025", "license_id": licence, "resources": [resource]}
    bench.replica.serve(f"{actions}/package_list", json.dumps(names).encode())
    bench.replica.serve(
        f"{actions}/package_show", json.dumps({"success": True, "result": shown}).encode()
    )
    bench.replica.serve("/registro.csv", answers.get("file") or "\n".join(REGISTRY).encode())


def test_rows_of_persons_are_added_up_and_never_reach_the_disk(bench: Bench) -> None:
    serve_registry(bench)
    bench.after_a_good_night(registry())
    assert bench.bytes_in_use().decode().splitlines()[:2] == [
        "pro_com;area_name;year;age_from;age_to;persons;status",
        "034027;Pablo;2025;0;4;5;observed",
    ]
    kept = [path for path in bench.archive.root.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if b"12345" in path.read_bytes()]


def test_a_registry_under_other_terms_is_not_read(bench: Bench) -> None:
    for licence in ("all-rights-reserved", None):
        serve_registry(bench, licence)
        outcome = bench.refresh(registry())
        assert outcome.state == "mai_riuscita"
        assert "non è fra quelle ammesse" in outcome.reason
        assert "/registro.csv" not in bench.replica.paths()


def test_what_is_wrong_with_a_person_is_not_told(bench: Bench) -> None:
    broken = REGISTRY[0] + "\nPablo;12345;Italia;83;Z;2;1;1\n"
    serve_registry(bench, file=tagged(broken.encode()))
    outcome = bench.refresh(registry())
    assert "riga 2, colonna Sesso" in outcome.reason
    assert "12345" not in outcome.reason
    assert not list(bench.archive.folder("prova").glob("quarantena/*"))
