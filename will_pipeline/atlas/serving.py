"""An atlas over http on this machine only: it reads files of one folder and does nothing else.

For who needs an address instead of a file; publishing to others is for a real web server.
"""

from __future__ import annotations

import io
import re
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

LOOPBACK = "127.0.0.1"
OURSELVES = frozenset({LOOPBACK, "localhost"})
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
_DIGITS = 18
"""Digits of a byte position that is read at all: more are no file's."""


class AtlasHandler(SimpleHTTPRequestHandler):
    """GET and HEAD of the files of a folder; no list of a folder, nothing outside it."""

    server_version = "will"
    sys_version = ""
    extensions_map = {  # noqa: RUF012
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript; charset=utf-8",
        ".mjs": "text/javascript; charset=utf-8",
        ".pmtiles": "application/vnd.pmtiles",
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".woff2": "font/woff2",
        ".pdf": "application/pdf",
    }

    def send_head(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        """Answer with a file of the folder, or with an error."""
        # Another name for this address is a page of somebody else that asks through the reader.
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        if host not in OURSELVES:
            self.send_error(HTTPStatus.FORBIDDEN)
            return None
        root = Path(self.directory).resolve()
        wanted = Path(self.translate_path(self.path)).resolve()
        if not wanted.is_relative_to(root):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        # No mark of a version is ever given, so a part of "the version I have" is nobody's part.
        asked = None if "If-Range" in self.headers else self.headers.get("Range")
        if self.command == "GET" and asked is not None and wanted.is_file():
            size = wanted.stat().st_size
            if (part := wanted_part(asked, size)) is not None:
                return self._send_part(wanted, part, size)
        return super().send_head()

    def _send_part(self, file: Path, part: range, size: int) -> BinaryIO | None:
        if not part:
            self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        with file.open("rb") as opened:
            opened.seek(part.start)
            content = opened.read(len(part))
        self.send_response(HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Range", f"bytes {part.start}-{part.stop - 1}/{size}")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return io.BytesIO(content)

    def list_directory(self, path: object) -> None:
        """Refuse: only pages are shown."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Let the browser guess no type and keep nothing."""
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Accept-Ranges", "bytes")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent: what a reader opens is nobody's business."""


def wanted_part(asked: str, size: int) -> range | None:
    """Positions that a `Range` header asks for.

    Args:
        asked: value of the header.
        size: bytes of the file.

    Returns:
        The positions, none of them where the file has none of what is asked; None where the header
        is to be ignored: several parts, another unit, or not a range.

    Source:
        IETF, RFC 9110 HTTP Semantics, section 14 (2022).
    """
    found = _RANGE.fullmatch(asked.strip())
    if found is None or max(map(len, found.groups())) > _DIGITS or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


def serve(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of an atlas on the loopback address; the caller runs it and closes it.

    Args:
        folder: folder of the atlas.
        port: port; any free one where zero.

    Raises:
        OSError: the port is taken.
    """
    return ThreadingHTTPServer((LOOPBACK, port), partial(AtlasHandler, directory=str(folder)))
