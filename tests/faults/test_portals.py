"""Portals asked through the transport: pages, refusals, limits, and nothing left on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import HOST, Bench, a_source, redirections
from tests.replica.server import Answer
from will_pipeline.errors import SourceFault
from will_pipeline.readers import paging, portal_ckan
from will_pipeline.readers.tabular import Origin
from will_pipeline.sources.hosts import load_hosts
from will_pipeline.sources.portals import Portal
from will_pipeline.sources.transport import Transport

ORIGIN = Origin("prova", "risposta.json")


def portal_of(bench: Bench, tmp_path: Path, **live: Any) -> Portal:
    path = redirections(tmp_path, {HOST: {"base": bench.replica.base, "spacing_seconds": 0}})
    hosts = load_hosts(path, environment={})
    source = a_source(**live)
    assert source.live is not None
    return Portal(source.key, source.live, hosts, Transport(hosts, bench.limiter, seed=1))


def page(first: int, last: int, total: int) -> bytes:
    rows = [{"n": number} for number in range(first, last)]
    return json.dumps({"success": True, "result": {"records": rows, "total": total}}).encode()


def test_pages_are_asked_one_after_the_other(bench: Bench, tmp_path: Path) -> None:
    bench.replica.serve(portal_ckan.DATASTORE_SEARCH, page(0, 2, 5), page(2, 4, 5), page(4, 5, 5))
    portal = portal_of(bench, tmp_path)

    def ask(first: int, size: int) -> bytes:
        query = {"resource_id": "r", "offset": str(first), "limit": str(size)}
        return portal.ask(portal_ckan.DATASTORE_SEARCH, query)

    rows = paging.all_rows(ask, portal_ckan.page, ORIGIN, size=2)
    assert [row["n"] for row in rows] == [0, 1, 2, 3, 4]
    offsets = [path.partition("offset=")[2].partition("&")[0] for path in bench.replica.paths()]
    assert offsets == ["0", "2", "4"]


def test_an_answer_leaves_nothing_in_the_archive(bench: Bench, tmp_path: Path) -> None:
    bench.replica.serve("/registro.csv", b"Quartiere;ETA\nPablo;83\n")
    portal_of(bench, tmp_path).ask("/registro.csv")
    kept = [
        path for path in tmp_path.rglob("*") if path.is_file() and b"Pablo" in path.read_bytes()
    ]
    assert not kept


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (Answer(b"no", status=404), "404"),
        (Answer(b"x" * 200_000), "il file supera 100000 byte"),
        (Answer(b"x" * 100, cut=10), "prova, file /a"),
    ],
)
def test_no_answer_is_a_fault(bench: Bench, tmp_path: Path, answer: Answer, rule: str) -> None:
    bench.replica.serve("/a", answer)
    with pytest.raises(SourceFault, match=rule):
        portal_of(bench, tmp_path).ask("/a")


@pytest.mark.parametrize("path", ["/../altro", "//altro.it/a\\b", "senza", "/a?b=c"])
def test_a_path_that_leads_elsewhere_is_refused(bench: Bench, tmp_path: Path, path: str) -> None:
    with pytest.raises(SourceFault, match="percorso: non è ammesso"):
        portal_of(bench, tmp_path).ask(path)
    assert not bench.replica.paths()
