"""Parts of a file over http, as maps ask for them."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.atlas.serving import serve, wanted_part

CONTENT = bytes(range(100))


@pytest.fixture(scope="module")
def port(tmp_path_factory) -> Iterator[int]:
    folder: Path = tmp_path_factory.mktemp("servita")
    (folder / "sezioni.pmtiles").write_bytes(CONTENT)
    server = serve(folder, 0)
    worker = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    worker.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    worker.join()


def asked(port: int, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    given_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, "/sezioni.pmtiles", headers=given_headers)
    answer = connection.getresponse()
    answer.content = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


@pytest.mark.parametrize(
    ("header", "content", "told"),
    [
        ("bytes=0-9", CONTENT[:10], "bytes 0-9/100"),
        ("bytes=90-", CONTENT[90:], "bytes 90-99/100"),
        ("bytes=-3", CONTENT[-3:], "bytes 97-99/100"),
        ("bytes=95-4000", CONTENT[95:], "bytes 95-99/100"),
        ("bytes=-4000", CONTENT, "bytes 0-99/100"),
    ],
)
def test_a_part_is_what_was_asked(port, header, content, told) -> None:
    answer = asked(port, Range=header)
    assert (answer.status, answer.content) == (206, content)
    assert answer.headers["Content-Range"] == told
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_a_part_beyond_the_file_is_refused_with_its_size(port, header) -> None:
    answer = asked(port, Range=header)
    assert (answer.status, answer.content) == (416, b"")
    assert answer.headers["Content-Range"] == "bytes */100"


@pytest.mark.parametrize(
    "header", ["bytes=0-1,5-6", "righe=0-1", "bytes=9-2", "bytes=-", "bytes=a-b", "bytes=٠-٩"]
)
def test_what_is_not_one_part_is_ignored(port, header) -> None:
    assert wanted_part(header, 100) is None
    if header.isascii():
        answer = asked(port, Range=header)
        assert (answer.status, answer.content) == (200, CONTENT)


def test_the_whole_file_says_that_parts_may_be_asked(port) -> None:
    answer = asked(port, "HEAD", Range="bytes=0-9")
    assert (answer.status, answer.headers["Content-Length"]) == (200, "100")
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert asked(port, Range="bytes=0-9", If_Range='"qualcosa"').status == 200


def test_a_part_for_another_host_is_refused(port) -> None:
    assert asked(port, Range="bytes=0-9", Host="evil.example").status == 403


@given(
    first=st.integers(0, 300) | st.none(), last=st.integers(0, 300) | st.none(),
    size=st.integers(0, 200),
)  # fmt: skip
def test_a_part_never_leaves_the_file(first, last, size) -> None:
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    part = wanted_part(header, size)
    if part:
        assert 0 <= part.start < part.stop <= size
