"""The services of the replica: who answers at which address, and how it is told to misbehave.

Hosts are told apart by the first part of the path, which is their name in `hosts.yaml`.
"""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections import deque
from collections.abc import Callable
from urllib.parse import parse_qs, unquote, urlsplit

from tests.replica.formats import zipped
from tests.replica.portals import Portals
from tests.replica.registers import PHARMACY_PAGE
from tests.replica.server import Answer, Asked, tagged
from tests.replica.world import World

BAN_ABOVE, MINUTE, BAN_SECONDS = 5, 60.0, 86_400.0
PAGE = b"<!DOCTYPE html>\n<html><body>Sito in manutenzione</body></html>\n"
CONTROL = "/_"

Spoil = Callable[[bytes], Answer]


def _flipped(body: bytes) -> bytes:
    middle = len(body) // 3
    return body[:middle] + bytes([body[middle] ^ 0x10]) + body[middle + 1 :]


def _without(body: bytes, suffix: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        kept = {n: archive.read(n) for n in archive.namelist() if not n.endswith(suffix)}
    return zipped(kept)


FAULTS: dict[str, Spoil] = {
    "T01": lambda body: Answer(body, cut=0),
    "T02": lambda _: Answer(silent=True),
    "T03": lambda _: Answer(status=429),
    "T04": lambda _: Answer(status=503),
    "T05": lambda _: Answer(status=302, headers={"Location": "https://www.example.org/x"}),
    "T06": lambda _: Answer(PAGE, headers={"Content-Type": "text/html"}),
    "T07": lambda body: Answer(body, cut=len(body) // 2),
    "T10": lambda _: Answer(status=404),
    "T11": lambda body: Answer(body.partition(b"\n")[0] + b"\n"),
    "T13": lambda _: Answer(b"<html>Bad Request - Invalid URL</html>", status=414),
    "T14": lambda body: Answer(body + body.rpartition(b"\n")[0].rpartition(b"\n")[2] + b"\n"),
    "T15": lambda body: Answer(body, drip="body"),
    "F01": lambda body: Answer(body[: len(body) // 2]),
    "F02": lambda body: Answer(_flipped(body)),
    "F03": lambda _: Answer(zipped({})),
    "F04": lambda body: Answer(zipped({"dati.zip": body})),
    "F06": lambda body: Answer(_without(body, ".prj")),
}
"""Rows of the fault matrix that a server can play on any of its files."""


class Services:
    """All the services: their files, what they are told to do wrong, what they were asked."""

    def __init__(self, world: World, *, minute: float = MINUTE) -> None:
        self.world, self._minute = world, minute
        self.portals = Portals(world)
        self.spoilt: dict[tuple[str, str], str] = {}
        self.log: list[dict[str, object]] = []
        self._lock = threading.Lock()
        self._sdmx: deque[float] = deque()
        self._banned_until, self.violations = 0.0, 0

    def answer(self, asked: Asked) -> Answer:
        """Answer a request as the service it is made to would."""
        if asked.path.startswith(CONTROL):
            return self._control(asked.path)
        address = urlsplit(asked.path)
        host, _, path = address.path.lstrip("/").partition("/")
        path = "/" + unquote(path)
        with self._lock:
            conditional = any(name.lower().startswith("if-") for name in asked.headers)
            asked_for = f"{path}?{address.query}"
            self.log.append({"host": host, "path": path, "query": address.query,
                             "conditional": conditional})  # fmt: skip
            if host == "istat_esploradati" and path.startswith("/SDMXWS") and self._ban(asked.at):
                return Answer(status=429)
            body = (
                self.world.get(host, asked_for)
                or self.world.get(host, path)
                or self.portals.get(host, path, address.query)
            )
        if body is None:
            return Answer(b"?", status=404)
        spoilt = self.spoilt.get((host, path))
        if spoilt == "T08":
            # Another validator at every request: the file changes under whoever reads it.
            return Answer(body, headers={"ETag": f'"{len(self.log)}"'}, conditional=False)
        return FAULTS[spoilt](body) if spoilt else tagged(body, **_typed(path))

    def _ban(self, now: float) -> bool:
        """Whether the caller is banned: more than five requests in a minute, and a whole day."""
        self._sdmx.append(now)
        while self._sdmx and self._sdmx[0] <= now - self._minute:
            self._sdmx.popleft()
        if len(self._sdmx) > BAN_ABOVE:
            self.violations += 1
            self._banned_until = now + BAN_SECONDS
        return now < self._banned_until

    def _control(self, path: str) -> Answer:
        """Orders to the replica itself: what it was asked, what to spoil, what to revise."""
        address = urlsplit(path)
        given = {name: values[0] for name, values in parse_qs(address.query).items()}
        key = (given.get("host", ""), given.get("path", ""))
        order = address.path.removeprefix(CONTROL)
        with self._lock:
            if order == "/spoil" and given.get("fault") in {*FAULTS, "T08"}:
                self.spoilt[key] = given["fault"]
            elif order == "/heal":
                self.spoilt.clear()
            elif order == "/revise":
                self.world.revise(*key)
            elif order == "/forget":
                self.log.clear()
            elif order != "/asked":
                return Answer(b"?", status=404)
            told = {"asked": self.log, "violations": self.violations}
            return Answer(json.dumps(told).encode(), headers={"Content-Type": "application/json"})


def _typed(path: str) -> dict[str, str]:
    kinds = {"zip": "application/zip", "geojson": "application/geo+json"}
    kind = kinds.get(path.rpartition(".")[2], "text/html" if path == PHARMACY_PAGE else "text/csv")
    return {"Content-Type": "application/json" if "/api/" in path else kind}
