"""Members of the zip archives that producers publish, one at a time and within limits.

What belongs here is the passage from a snapshot, archive or plain, to the files inside it; what
the files say is the readers' matter.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from will_pipeline.errors import SourceFault
from will_pipeline.readers.tabular import Origin

Content = bytes | Path
"""A file: its bytes, or where it is on disk when it is too large to hold."""

MOST_BYTES = 2_000_000_000
_ZIP = b"PK\x03\x04"
_OFFICE = (".xlsx", ".ods")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
)


def members(
    files: Mapping[str, Content], source: str, *, pattern: str, most_bytes: int = MOST_BYTES
) -> Iterator[tuple[str, bytes]]:
    """Give the files whose name answers a pattern, taking them out of archives.

    Args:
        files: Files and archives by name. Office documents are files, though zipped.
        source: Key of the source, for the faults.
        pattern: Regular expression of the whole name, without folders.
        most_bytes: Most bytes of all the members together, counted as they come out.

    Yields:
        Name (without folders) and bytes of each file, in the order of the names.

    Raises:
        SourceFault: An archive is damaged or too large once open, no file answers the pattern, two
            files have the same name.
    """
    given: set[str] = set()
    left = most_bytes
    for name in sorted(files):
        for inner, content in _inside(Origin(source, name), files[name], pattern, left):
            if inner in given:
                raise SourceFault(source, name, inner, "due file hanno lo stesso nome")
            given.add(inner)
            left -= len(content)
            yield inner, content
    if not given:
        shown = ", ".join(sorted(files)) or "-"
        raise SourceFault(source, shown, "", f"nessun file risponde a {pattern}")


def _inside(
    origin: Origin, content: Content, pattern: str, left: int
) -> Iterator[tuple[str, bytes]]:
    if not _is_archive(origin.file, content):
        name = PurePosixPath(origin.file).name
        if re.fullmatch(pattern, name):
            yield name, content if isinstance(content, bytes) else content.read_bytes()
        return
    try:
        with zipfile.ZipFile(
            io.BytesIO(content) if isinstance(content, bytes) else content
        ) as zipped:
            for member in sorted(zipped.infolist(), key=lambda each: each.filename):
                name = PurePosixPath(member.filename.replace("\\", "/")).name
                if member.is_dir() or not re.fullmatch(pattern, name):
                    continue
                body = _read(zipped, member, origin, left)
                left -= len(body)
                yield name, body
    except _BROKEN as error:
        raise origin.fault("", "l'archivio è troncato o rovinato") from error


def _is_archive(name: str, content: Content) -> bool:
    if name.lower().endswith(_OFFICE):
        return False
    if isinstance(content, bytes):
        return content.startswith(_ZIP)
    with content.open("rb") as stream:
        return stream.read(len(_ZIP)) == _ZIP


def _read(zipped: zipfile.ZipFile, member: zipfile.ZipInfo, origin: Origin, left: int) -> bytes:
    # Headers may lie about the size: what comes out is counted, and its check sum verified.
    with zipped.open(member) as stream:
        body = stream.read(left + 1)
        if len(body) > left:
            raise origin.fault(member.filename, "l'archivio aperto è troppo grande")
    return body
