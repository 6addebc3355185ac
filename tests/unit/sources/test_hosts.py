"""The allow-list and its redirections: what may be called, and what nobody may change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from will_pipeline.errors import SourceFault
from will_pipeline.sources.hosts import VARIABLE, load_hosts
from will_pipeline.sources.live import Live


def written(tmp_path: Path, **hosts: Any) -> Path:
    path = tmp_path / "replica.yaml"
    path.write_text(yaml.safe_dump({"hosts": hosts}), encoding="utf-8")
    return path


def test_every_listed_host_is_https_and_public_by_default() -> None:
    hosts = list(load_hosts(environment={}))
    assert len(hosts) > 15
    assert {host.url.scheme for host in hosts} == {"https"}
    assert not any(host.replica for host in hosts)
    assert len({host.url.host for host in hosts}) == len(hosts)


def test_istat_sdmx_is_called_at_most_four_times_a_minute() -> None:
    by_name = {host.name: host for host in load_hosts(environment={})}
    assert by_name["istat_esploradati"].spacing_seconds >= 15


def test_a_replica_takes_the_place_of_a_host_by_file_or_by_environment(tmp_path: Path) -> None:
    path = written(
        tmp_path, istat_demo={"base": "http://127.0.0.1:8111/demo/", "spacing_seconds": 0}
    )
    for hosts in (load_hosts(path, environment={}), load_hosts(environment={VARIABLE: str(path)})):
        demo = next(host for host in hosts if host.name == "istat_demo")
        assert (demo.base, demo.replica, demo.spacing_seconds) == (
            "http://127.0.0.1:8111/demo",
            True,
            0,
        )
        url = httpx.URL("http://127.0.0.1:8111/demo/data/x.zip")
        assert hosts.owner(url) == demo
        assert hosts.owner(httpx.URL("http://127.0.0.1:8111/demolito")) is None
        assert hosts.owner(httpx.URL("https://demo.istat.it/data/x.zip")) is None
        assert hosts.owner(httpx.URL("https://www.istat.it/x")) is not None


@pytest.mark.parametrize(
    "address",
    [
        "https://nome:segreto@www.istat.it/x",
        "https://www.istat.it:8443/x",
        "http://www.istat.it/x",
        "https://www.istat.it.example.org/x",
        "https://istat.it/x",
    ],
)
def test_nothing_but_the_listed_origin_is_owned(address: str) -> None:
    assert load_hosts(environment={}).owner(httpx.URL(address)) is None


def test_the_longest_base_owns_an_address(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        istat_demo={"base": "http://localhost:1"},
        istat_sito={"base": "http://localhost:1/sito"},
    )
    owner = load_hosts(path, environment={}).owner(httpx.URL("http://localhost:1/sito/x"))
    assert owner is not None
    assert owner.name == "istat_sito"


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"istat_demo": {"base": "http://demo.istat.it"}}, "https://"),
        ({"istat_demo": {"base": "http://10.0.0.1"}}, "https://"),
        ({"istat_demo": {"base": "ftp://127.0.0.1"}}, "https://"),
        ({"istat_demo": {"base": "https://"}}, "https://"),
        ({"istat_demo": {"base": "https://nome:segreto@demo.istat.it"}}, "solo host"),
        ({"istat_demo": {"base": "https://demo.istat.it?x=1"}}, "solo host"),
        ({"istat_demo": {"base": "https://demo.istat.it:porta"}}, "non è un indirizzo"),
        ({"altro": {"base": "https://www.example.org"}}, "host sconosciuto"),
        (
            {"istat_esploradati": {"base": "https://esploradati.istat.it", "spacing_seconds": 0}},
            "su questa macchina",
        ),
        ({"istat_demo": {"base": "http://127.0.0.1", "verify": False}}, "campo sconosciuto"),
    ],
)
def test_a_redirection_never_loosens_the_rules(
    tmp_path: Path, given: dict[str, Any], rule: str
) -> None:
    with pytest.raises(SourceFault, match=rule):
        load_hosts(written(tmp_path, **given), environment={})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceFault, match=r"manca\.yaml"):
        load_hosts(tmp_path / "manca.yaml", environment={})


def test_one_variable_redirects_one_host_and_obeys_the_same_rules() -> None:
    moved = load_hosts(environment={"WILL_HOST_ISTAT_DEMO": "http://127.0.0.1:8111/demo"})
    by_name = {host.name: host for host in moved}
    assert by_name["istat_demo"].base == "http://127.0.0.1:8111/demo"
    assert by_name["istat_demo"].spacing_seconds == 2
    assert not by_name["istat_sito"].replica
    with pytest.raises(SourceFault, match="host sconosciuto"):
        load_hosts(environment={"WILL_HOST_ALTRO": "https://example.org"})
    with pytest.raises(SourceFault, match="https://"):
        load_hosts(environment={"WILL_HOST_ISTAT_DEMO": "http://example.org"})


def test_a_bare_word_is_asked_as_the_service_wants_it() -> None:
    file = {"name": "lomb", "path": "/getds.php", "query": {"INDIR_LOMB": ""}}
    live = Live.model_validate(
        {"host": "agenzia_anncsu", "files": [file], "format": "csv",
         "size_bytes": {"min": 1, "max": 2}, "rows": {"min": 1, "max": 2}}
    )  # fmt: skip
    url = load_hosts(environment={}).address("prova", live, live.files[0])
    assert str(url) == "https://anncsu.open.agenziaentrate.gov.it/getds.php?INDIR_LOMB"
