"""The hosts the pipeline may call, and where they are when a local replica stands for them.

What belongs here is the allow-list and its rules; whether an address on the network may be
reached is decided with them elsewhere.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
from pydantic import BaseModel, ConfigDict, Field

from will_pipeline.errors import SourceFault
from will_pipeline.sources.documents import load_document
from will_pipeline.sources.live import Live, LiveFile

ALLOWED = Path(__file__).with_name("hosts.yaml")
VARIABLE = "WILL_HOSTS"
"""Environment variable that names the file of redirected base addresses."""

OF_ONE = "WILL_HOST_"
"""Start of the variables that redirect one host each: `WILL_HOST_ISTAT_SITO=https://...`."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Entry(_Strict):
    base: str
    spacing_seconds: float = Field(ge=0.5)
    daily_requests: int = Field(ge=1)
    failures: int = Field(ge=1)
    closed_hours: float = Field(gt=0, le=48)


class _Allowed(_Strict):
    hosts: dict[str, _Entry]


class _Redirected(_Strict):
    base: str
    spacing_seconds: float | None = Field(default=None, ge=0)


class _Redirections(_Strict):
    hosts: dict[str, _Redirected]


class Host(_Strict):
    """One host.

    Attributes:
        name: Its name in the configuration.
        base: Address that paths are put after, without a final slash.
        spacing_seconds: Least time between two requests.
        daily_requests: Most requests in a day.
        failures: Failed attempts in a row that close the host.
        closed_hours: How long it stays closed.
        replica: Whether the base address was redirected, and may then be on a private network.
    """

    name: str
    base: str
    spacing_seconds: float
    daily_requests: int
    failures: int
    closed_hours: float
    replica: bool = False

    @property
    def url(self) -> httpx.URL:
        """The base address, taken apart."""
        return httpx.URL(self.base)

    def covers(self, url: httpx.URL) -> bool:
        """Say whether an address is below the base address."""
        base = self.url
        if url.userinfo or _origin(url) != _origin(base):
            return False
        prefix = base.path.rstrip("/")
        return url.path == prefix or url.path.startswith(prefix + "/")


class Hosts:
    """The allow-list."""

    def __init__(self, hosts: Mapping[str, Host]) -> None:
        """Keep the hosts.

        Args:
            hosts: Hosts by name.
        """
        self._hosts = dict(hosts)

    def __iter__(self) -> Iterator[Host]:
        """Hosts, in the order of their names."""
        return iter(sorted(self._hosts.values(), key=lambda host: host.name))

    def of(self, source: str, live: Live) -> Host:
        """The host of a source.

        Raises:
            SourceFault: The host is not on the list.
        """
        if live.host not in self._hosts:
            rule = f"l'host {live.host} non è fra quelli ammessi (hosts.yaml)"
            raise SourceFault(source, f"{source}.source.yaml", "campo live.host", rule)
        return self._hosts[live.host]

    def address(self, source: str, live: Live, file: LiveFile) -> httpx.URL:
        """Address of a file of a source.

        Raises:
            SourceFault: The host is not on the list.
        """
        url = httpx.URL(self.of(source, live).base + file.path)
        if file.query and not any(file.query.values()):
            # Some services are asked by a bare word.
            return url.copy_with(query="&".join(sorted(file.query)).encode())
        return url.copy_merge_params(file.query) if file.query else url

    def owner(self, url: httpx.URL) -> Host | None:
        """The host an address belongs to, none where nobody on the list covers it."""
        found = [host for host in self._hosts.values() if host.covers(url)]
        return max(found, key=lambda host: len(host.base), default=None)


def load_hosts(
    redirections: Path | None = None, environment: Mapping[str, str] | None = None
) -> Hosts:
    """Load the allow-list, with the base addresses that a configuration redirects.

    Args:
        redirections: File with `hosts: {<name>: {base: ..., spacing_seconds: ...}}`; where none
            is given, the one that the environment names. A variable of one host comes after it.
        environment: Environment to look in; the process's own where none is given.

    Returns:
        The hosts.

    Raises:
        SourceFault: A file is not YAML or breaks its model, a redirected host is not on the list,
            an address is not `https` (or `http` on this very machine, when redirected), or the
            spacing of a host that is not on this machine is changed.
    """
    listed = load_document(ALLOWED, "hosts", _Allowed)
    hosts = {
        name: Host(name=name, **entry.model_dump()) for name, entry in sorted(listed.hosts.items())
    }
    for host in hosts.values():
        _check(host, ALLOWED)
    known = os.environ if environment is None else environment
    named = known.get(VARIABLE, "")
    path = redirections or (Path(named) if named else None)
    if path is not None:
        if not path.is_file():
            raise SourceFault("hosts", path.name, "", "il file degli indirizzi non c'è")
        for name, given in load_document(path, "hosts", _Redirections).hosts.items():
            hosts[name] = _redirected(_known(name, hosts, path), given, path)
    for variable in sorted(name for name in known if name.startswith(OF_ONE)):
        where, name = Path(variable), variable.removeprefix(OF_ONE).lower()
        base = _Redirected(base=known[variable])
        hosts[name] = _redirected(_known(name, hosts, where), base, where)
    return Hosts(hosts)


def _known(name: str, hosts: Mapping[str, Host], path: Path) -> Host:
    if name not in hosts:
        raise SourceFault("hosts", path.name, f"campo hosts.{name}", "host sconosciuto")
    return hosts[name]


def on_this_machine(name: str) -> bool:
    """Say whether a host name is this machine's own, whatever a name server says.

    Args:
        name: A name or a literal address.
    """
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _redirected(host: Host, given: _Redirected, path: Path) -> Host:
    changes: dict[str, object] = {"base": given.base.rstrip("/"), "replica": True}
    changed = host.model_copy(update=changes)
    _check(changed, path)
    if given.spacing_seconds is None:
        return changed
    # Nobody shortens the wait of a service that others depend on.
    if not on_this_machine(changed.url.host):
        rule = "l'attesa si cambia solo per un servizio su questa macchina"
        raise SourceFault("hosts", path.name, f"campo hosts.{host.name}.spacing_seconds", rule)
    return changed.model_copy(update={"spacing_seconds": given.spacing_seconds})


def _check(host: Host, path: Path) -> None:
    try:
        url = host.url
        local = host.replica and url.scheme == "http" and on_this_machine(url.host)
        fault = (
            "" if (url.scheme == "https" or local) and url.host else "deve cominciare con https://"
        )
        if url.userinfo or url.query or url.fragment:
            fault = "deve avere solo host, porta e percorso"
    except httpx.InvalidURL:
        fault = "non è un indirizzo"
    if fault:
        raise SourceFault("hosts", path.name, f"campo hosts.{host.name}.base", fault)


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or {"https": 443, "http": 80}.get(url.scheme, 0)
