"""The one way XML is parsed: no document type, no entities of its own, no depth without end.

What belongs here is the parser and its two uses, counting elements and building a tree; what the
elements mean belongs to the readers.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from typing import IO, NoReturn
from xml.parsers import expat

DEEPEST = 200
_CHUNK = 1 << 16
_SEPARATOR = "}"


class XmlFault(Exception):
    """An XML document is refused; the text says why, in Italian."""


def parse(
    stream: IO[bytes],
    start: Callable[[str, Mapping[str, str]], object],
    end: Callable[[str], object] = lambda _: None,
    text: Callable[[str], object] = lambda _: None,
) -> None:
    """Parse a document a piece at a time.

    Args:
        stream: The document.
        start: Called with name and attributes of every element that opens; names are
            `{namespace}local`, or `local` outside any namespace.
        end: Called with the name of every element that closes.
        text: Called with every piece of text.

    Raises:
        XmlFault: The document declares a type or an entity, is nested deeper than `DEEPEST`, or is
            not well-formed.
    """
    depth = 0

    def opens(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise XmlFault("l'XML è annidato troppo in profondità")
        start(_named(name), {_named(key): value for key, value in attributes.items()})

    def closes(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(_named(name))

    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    parser.StartElementHandler = opens
    parser.EndElementHandler = closes
    parser.CharacterDataHandler = text
    try:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise XmlFault(f"l'XML non è ben formato alla riga {error.lineno}") from error


def tree(stream: IO[bytes]) -> ET.Element:
    """Build the tree of a document.

    Args:
        stream: The document.

    Returns:
        Its root.

    Raises:
        XmlFault: As `parse`.
    """
    builder = ET.TreeBuilder()
    parse(stream, lambda name, given: builder.start(name, dict(given)), builder.end, builder.data)
    return builder.close()


def count(stream: IO[bytes], local: str) -> int:
    """Count the elements of a name, in any namespace.

    Args:
        stream: The document.
        local: Name without namespace.

    Returns:
        How many there are.

    Raises:
        XmlFault: As `parse`.
    """
    found = 0

    def start(name: str, _: Mapping[str, str]) -> None:
        nonlocal found
        found += name.rpartition(_SEPARATOR)[2] == local

    parse(stream, start)
    return found


def _named(name: str) -> str:
    return "{" + name if _SEPARATOR in name else name


def _refuse(*_: object) -> NoReturn:
    raise XmlFault("l'XML dichiara un tipo di documento o un'entità, e non si legge")
