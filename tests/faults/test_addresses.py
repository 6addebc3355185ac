"""Row X06 and X05 of the fault matrix: no input chooses where the pipeline goes or writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.conftest import GOOD, HOST, Bench, a_source
from will_pipeline.errors import SourceFault
from will_pipeline.sources.archive import RESERVED, Archive
from will_pipeline.sources.network import is_public

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104
    "224.0.0.1",
    "::1",
    "fe80::1%eth0",
    "fd00::1",
    "::ffff:10.0.0.1",
    "2002:0a00:0001::1",
    "64:ff9b::7f00:1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known_whatever_they_are_wrapped_in(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["193.204.90.1", "2a00:1450:4002::1", "64:ff9b::8.8.8.8"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_x06_a_listed_name_that_leads_inside_is_not_called(bench: Bench, address: str) -> None:
    def inside(name: str, port: int) -> Sequence[str]:
        return ("193.204.90.1", address)

    outcome = bench.refresh(redirected=False, resolve=inside)
    assert outcome.state == "mai_riuscita"
    assert "porta a un indirizzo privato" in outcome.reason
    assert bench.replica.asked == []


def test_x06_a_name_is_resolved_once_and_only_that_address_is_called(bench: Bench) -> None:
    answers = iter([("127.0.0.1",)])

    def changing(name: str, port: int) -> Sequence[str]:
        return next(answers, ("10.0.0.1",))

    base = {HOST: {"base": f"http://localhost:{bench.replica.port}"}}
    quiet = a_source(confirm=False)
    assert bench.refresh(quiet, bases=base, resolve=changing).state == "nuova"
    assert bench.replica.asked[0].headers["Host"] == f"localhost:{bench.replica.port}"


def test_x06_a_clear_connection_never_leaves_this_machine(bench: Bench) -> None:
    base = {HOST: {"base": f"http://localhost:{bench.replica.port}"}}
    outcome = bench.refresh(bases=base, resolve=lambda *_: ("193.204.90.1",))
    assert "senza TLS" in outcome.reason
    assert bench.replica.asked == []


def test_x06_a_host_that_is_not_listed_is_an_outcome_and_not_a_stop(bench: Bench) -> None:
    outcome = bench.refresh(a_source(host="sconosciuto"))
    assert outcome.state == "mai_riuscita"
    assert "non è fra quelli ammessi" in outcome.reason


@pytest.mark.parametrize("path", ["dati.csv", "/../segreti", "/a b", "/x?y=1", "/x#y", "\\x"])
def test_x06_a_path_stays_below_its_host(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        a_source(files=[{"name": "dati", "path": path}])


@pytest.mark.parametrize("key", ["../fuori", "a/b", "", ".", "Maiuscola", "a\n", *RESERVED])
def test_x05_a_key_names_one_folder_below_the_root(tmp_path: Path, key: str) -> None:
    with pytest.raises(SourceFault, match="non può dare nome"):
        Archive(tmp_path).folder(key)


def test_no_proxy_of_the_environment_is_used(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert bench.refresh().state == "nuova"
    assert bench.bytes_in_use() == GOOD
