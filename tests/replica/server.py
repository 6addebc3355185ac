"""A small real HTTP server on loopback that can be told to misbehave as public services do.

It serves scripts: each path has a list of answers, one a request, the last one for ever.
"""

from __future__ import annotations

import contextlib
import hashlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DRIP = 0.02
"""Seconds between two bytes of a server that drips."""


@dataclass(frozen=True)
class Answer:
    """One answer, and how it goes wrong.

    Attributes:
        body: Bytes of the body.
        status: Status code.
        headers: Further headers; `ETag` makes the answer conditional.
        length: `Content-Length`, where it is not that of the body; -1 for none at all.
        cut: Bytes of the body after which the connection closes.
        silent: Whether nothing is ever answered.
        drip: Whether `headers` or `body` leave one byte at a time.
        conditional: Whether conditions are honoured.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    cut: int | None = None
    silent: bool = False
    drip: str = ""
    conditional: bool = True


@dataclass(frozen=True)
class Asked:
    """One request that was made: when, for what, with which headers."""

    at: float
    path: str
    headers: dict[str, str]


class Replica:
    """The server, its scripts and the requests it had."""

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        *,
        port: int = 0,
        otherwise: Callable[[Asked], Answer] | None = None,
    ) -> None:
        self.scripts: dict[str, list[Answer]] = {}
        self._otherwise = otherwise or _nothing
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _Handler, self)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.scheme = "http" if tls is None else "https"
        self.port = self._server.server_address[1]

    @property
    def base(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def serve(self, path: str, *answers: Answer | bytes) -> None:
        """Tell what a path answers, request after request."""
        script = [each if isinstance(each, Answer) else tagged(each) for each in answers]
        with self._lock:
            self.scripts[path] = script

    def next(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            script = self.scripts.get(asked.path.partition("?")[0])
            if script is not None:
                return script.pop(0) if len(script) > 1 else script[0]
        return self._otherwise(asked)

    def paths(self) -> list[str]:
        return [each.path for each in self.asked]

    @contextlib.contextmanager
    def running(self) -> Iterator[Replica]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.stopping.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def tagged(body: bytes, **headers: str) -> Answer:
    """An answer with the ETag of its body."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    return Answer(body, headers={"ETag": tag, "Content-Type": "text/csv", **headers})


def _nothing(_: Asked) -> Answer:
    return Answer(b"?", status=404)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: type, replica: Replica) -> None:
        self.replica = replica
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep quiet."""

    def do_GET(self) -> None:
        replica = self.server.replica
        answer = replica.next(Asked(time.time(), self.path, dict(self.headers.items())))
        self.close_connection = True
        if answer.silent:
            replica.stopping.wait(10)
            return
        if answer.conditional and self._known(answer):
            answer = Answer(status=304, headers=answer.headers)
        head, body = _head(answer), answer.body[: answer.cut]
        self._send(head, slowly=answer.drip == "headers")
        self._send(body, slowly=answer.drip == "body")

    def _known(self, answer: Answer) -> bool:
        pairs = (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))
        said = [(self.headers.get(ask), answer.headers.get(tag)) for ask, tag in pairs]
        return answer.status == 200 and any(ask and ask == tag for ask, tag in said)

    def _send(self, content: bytes, *, slowly: bool) -> None:
        pieces: Sequence[bytes] = [content]
        if slowly:
            pieces = [content[at : at + 1] for at in range(len(content))]
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
            if slowly and self.server.replica.stopping.wait(DRIP):
                return


def _head(answer: Answer) -> bytes:
    length = len(answer.body) if answer.length is None else answer.length
    headers = dict(answer.headers)
    if length >= 0 and answer.status != 304 and "Transfer-Encoding" not in headers:
        headers["Content-Length"] = str(length)
    headers["Connection"] = "close"
    lines = [
        f"HTTP/1.1 {answer.status} X",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
