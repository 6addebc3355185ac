"""Zip archives read without trust: limits counted while they are unpacked, names chosen by us.

What belongs here is what holds for any archive; what its members must be belongs to the intake.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from will_pipeline.sources.live import Member

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OFFICE = (".xlsx", ".xlsm", ".docx", ".pptx", ".ods", ".odt")
"""Documents that are archives themselves; beside the expected members they are left alone."""

MOST_MEMBERS = 2000
MOST_RATIO = 200
"""Bytes out for a byte in; tables of numbers stay well below."""

RATIO_FROM = 1 << 20
"""Bytes under which no ratio is looked at: a small file can be all alike."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_CHUNK = 1 << 16
_DAMAGED = "l'archivio è troncato o rovinato"
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    UnicodeDecodeError,
    ValueError,
    OverflowError,
)


class ContainerFault(Exception):
    """An archive is refused; the text says why, in Italian.

    Attributes:
        member: Member at fault, as we may print it; empty where the whole archive is.
    """

    def __init__(self, why: str, member: str = "") -> None:
        """Keep the fault.

        Args:
            why: The reason, in Italian.
            member: Name of the member at fault.
        """
        super().__init__(why)
        self.member = ascii(member)[1:-1][:80]


@contextmanager
def opened(path: Path, *, most_bytes: int) -> Iterator[zipfile.ZipFile]:
    """Open an archive after reading every member to its end.

    Args:
        path: The archive.
        most_bytes: Most bytes of all its members together.

    Yields:
        The archive; each member has the check sum (CRC-32) it declares.

    Raises:
        ContainerFault: It is damaged, empty, encrypted, or grows over a limit; a member leads out
            of the folder, is a link, or is an archive itself.
    """
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise ContainerFault(_DAMAGED) from error
    with archive:
        try:
            _check(archive, path.stat().st_size, most_bytes)
        except _BROKEN as error:
            raise ContainerFault(_DAMAGED) from error
        yield archive


def matched(archive: zipfile.ZipFile, members: Sequence[Member]) -> dict[str, zipfile.ZipInfo]:
    """Find the expected members.

    Args:
        archive: An archive, opened by `opened`.
        members: What is expected.

    Returns:
        One member for each, by the name we give it.

    Raises:
        ContainerFault: A member is absent, or more than one could be it.
    """
    names = {plain_name(each): each for each in archive.infolist() if not each.is_dir()}
    found = {}
    for member in members:
        fits = [name for name in names if re.fullmatch(member.pattern, name)]
        if not fits:
            raise ContainerFault(f"manca il file atteso {member.name}")
        if len(fits) > 1:
            raise ContainerFault(f"più file possono essere {member.name}", fits[1])
        found[member.name] = names[fits[0]]
    return found


def unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Write a member under a name of ours.

    Args:
        archive: An archive, opened by `opened`: its members are within the limits.
        member: The member.
        target: Where to write it.
    """
    with archive.open(member) as source, target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            file.write(chunk)


def plain_name(member: zipfile.ZipInfo) -> str:
    """Name of a member with the slashes of Unix; some producers write those of Windows."""
    return member.filename.replace("\\", "/")


def _check(archive: zipfile.ZipFile, compressed: int, most_bytes: int) -> None:
    members = archive.infolist()
    files = [each for each in members if not each.is_dir()]
    if not files:
        raise ContainerFault("l'archivio è vuoto")
    if len(members) > MOST_MEMBERS:
        raise ContainerFault(f"l'archivio contiene più di {MOST_MEMBERS} file")
    if len({plain_name(each) for each in files}) < len(files):
        raise ContainerFault("due file dell'archivio hanno lo stesso nome")
    for member in members:
        _check_header(member)
    total = 0
    for member in files:
        with archive.open(member) as stream:
            total = _drain(stream, member, total, compressed=compressed, most_bytes=most_bytes)


def _check_header(member: zipfile.ZipInfo) -> None:
    name = plain_name(member)
    if member.header_offset < 0:
        raise ContainerFault(_DAMAGED)
    if name.startswith("/") or ":" in name or ".." in name.split("/"):
        raise ContainerFault("un file dell'archivio porta fuori dalla cartella", name)
    if stat.S_ISLNK(member.external_attr >> 16):
        raise ContainerFault("l'archivio contiene un collegamento", name)
    if member.flag_bits & 1:
        raise ContainerFault("l'archivio è cifrato", name)
    if member.compress_type not in _METHODS:
        raise ContainerFault("l'archivio è compresso in un modo non ammesso", name)


def _drain(
    stream: IO[bytes],
    member: zipfile.ZipInfo,
    total: int,
    *,
    compressed: int,
    most_bytes: int,
) -> int:
    """Read a member to its end, counting what comes out and not what headers say."""
    first = True
    while chunk := stream.read(_CHUNK):
        name = plain_name(member)
        if first and chunk.startswith(ZIP_MAGIC) and not name.lower().endswith(OFFICE):
            raise ContainerFault("l'archivio contiene un altro archivio", name)
        first = False
        total += len(chunk)
        if total > most_bytes:
            raise ContainerFault(f"l'archivio supera {most_bytes} byte una volta aperto", name)
        if total > max(RATIO_FROM, MOST_RATIO * compressed):
            raise ContainerFault("l'archivio si gonfia oltre ogni misura", name)
    return total
