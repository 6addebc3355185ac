"""The frames of an OpenStreetMap extract in PBF, checked without reading what is packed in them.

What belongs here is the outer layer of the format: header first, whole blocks, nothing cut off; the
objects themselves are read by the reader of places.
"""

from __future__ import annotations

from pathlib import Path

from will_pipeline.sources.containers import ContainerFault

HEADER, DATA = "OSMHeader", "OSMData"
MAGIC = b"\x0a\x09OSMHeader"
"""What follows the first length of every such file: the name of its first block."""
LARGEST_HEADER = 64 * 1024
LARGEST_BLOCK = 32 * 1024 * 1024
_LENGTH = 4
_TYPE, _SIZE = 0x0A, 0x18
_OTHER_TEXT = 0x12
_CUT = "l'estratto è troncato"
_WRONG = "un blocco dell'estratto è mal scritto"


def count_blocks(content: bytes) -> int:
    """Count the blocks of data of an extract.

    Args:
        content: Bytes of the file.

    Returns:
        Blocks of data; their content is not looked at.

    Raises:
        ContainerFault: It is no such file, a block is cut or larger than the format allows, or one
            is of a kind that is not known.

    Source:
        OpenStreetMap, PBF Format, version 1.5: lengths and their limits.
    """
    if content[_LENGTH : _LENGTH + len(MAGIC)] != MAGIC:
        raise ContainerFault("non è un estratto di OpenStreetMap in PBF")
    at, kinds = 0, []
    while at < len(content):
        kind, at = _block(content, at)
        kinds.append(kind)
    if kinds[0] != HEADER or set(kinds[1:]) - {DATA}:
        raise ContainerFault(_WRONG)
    return len(kinds) - 1


def count_blocks_of(path: Path) -> int:
    """Count the blocks of data of a file, as `count_blocks` does."""
    return count_blocks(path.read_bytes())


def _block(content: bytes, at: int) -> tuple[str, int]:
    """Kind of the block that begins there, and where the next one does."""
    length = int.from_bytes(content[at : at + _LENGTH], "big")
    if length > LARGEST_HEADER:
        raise ContainerFault(_WRONG)
    start = at + _LENGTH
    header = content[start : start + length]
    if len(content) < start + length or not header:
        raise ContainerFault(_CUT)
    kind, size = _said(header)
    if not 0 < size <= LARGEST_BLOCK:
        raise ContainerFault(_WRONG)
    end = start + length + size
    if end > len(content):
        raise ContainerFault(_CUT)
    return kind, end


def _said(header: bytes) -> tuple[str, int]:
    kind, size, at = "", 0, 0
    while at < len(header):
        field = header[at]
        if field not in (_TYPE, _OTHER_TEXT, _SIZE):
            raise ContainerFault(_WRONG)
        value, at = _number(header, at + 1)
        if field == _SIZE:
            size = value
            continue
        if field == _TYPE:
            kind = header[at : at + value].decode("ascii", "backslashreplace")
        at += value
    return kind, size


def _number(content: bytes, at: int) -> tuple[int, int]:
    """A whole number of seven bits a byte, least first, and where it ends."""
    value = 0
    for place in range(5):
        if at >= len(content):
            break
        byte = content[at]
        value, at = value | (byte & 0x7F) << 7 * place, at + 1
        if byte < 0x80:
            return value, at
    raise ContainerFault(_WRONG)
