"""An atlas over http on this machine only: it reads files of one folder and does nothing else.

For who needs an address instead of a file; publishing to others is for a real web server.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LOOPBACK = "127.0.0.1"
OURSELVES = frozenset({LOOPBACK, "localhost"})


class AtlasHandler(SimpleHTTPRequestHandler):
    """GET and HEAD of the files of a folder; no list of a folder, nothing outside it."""

    server_version = "will"
    sys_version = ""
    extensions_map = {  # noqa: RUF012
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript; charset=utf-8",
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
        return super().send_head()

    def list_directory(self, path: object) -> None:
        """Refuse: only pages are shown."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Let the browser guess no type and keep nothing."""
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent: what a reader opens is nobody's business."""


def serve(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of an atlas on the loopback address; the caller runs it and closes it.

    Args:
        folder: folder of the atlas.
        port: port; any free one where zero.

    Raises:
        OSError: the port is taken.
    """
    return ThreadingHTTPServer((LOOPBACK, port), partial(AtlasHandler, directory=str(folder)))
