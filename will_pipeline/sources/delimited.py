"""Delimited text checked line by line before anybody reads it as a table.

What belongs here is what makes a CSV whole and regular; what its columns mean belongs to readers.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import IO

from will_pipeline.sources.live import Live

MOST_LINE = 1 << 20
"""Characters of a line."""

MOST_COLUMNS = 2000
_SNIFFED = 4096
_MARKUP = re.compile(rb"\s*<[!?a-z]", re.IGNORECASE)
_TWICE = re.compile("[\u00c3\u00c2][\u0080-\u00bf]|\u00c3[\u0152-\u2122]|\u00e2\u20ac")
"""Accented letters of UTF-8 read as if they were of another encoding: "Forlì" as "ForlÃ¬"."""
_MARKS = {
    codecs.BOM_UTF16_LE: ("utf-16", "utf-16"),
    codecs.BOM_UTF16_BE: ("utf-16", "utf-16"),
    codecs.BOM_UTF8: ("utf-8", "utf-8-sig"),
}


class TextFault(Exception):
    """A text is refused; the text says why, in Italian.

    Attributes:
        row: Line at fault, from one; none where the whole text is.
    """

    def __init__(self, why: str, row: int | None = None) -> None:
        """Keep the fault.

        Args:
            why: The reason, in Italian.
            row: Line at fault.
        """
        super().__init__(why)
        self.row = row


def is_markup(start: bytes) -> bool:
    """Say whether some first bytes are those of a page or of XML, in any usual encoding.

    Args:
        start: First bytes of a file.
    """
    return _MARKUP.match(start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")) is not None


def check_text(stream: IO[bytes], live: Live) -> int:
    """Check a delimited text to its end.

    Args:
        stream: The text.
        live: Its declaration: encoding, delimiter, quoting, preamble, header, width,
            notes, last line.

    Returns:
        Rows after the header.

    Raises:
        TextFault: The text is a page, has bytes of another encoding or zero bytes, a line without
            end or with another number of cells, a header without an expected column, or its last
            line is cut.
    """
    buffered = io.BufferedReader(_Raw(stream), _SNIFFED)
    start = buffered.peek(_SNIFFED)
    if is_markup(start):
        raise TextFault("è una pagina web o un XML, non una tabella")
    encoding = _encoding(start, live.encoding)
    text = io.TextIOWrapper(buffered, encoding, "strict", newline="")
    lines = _Lines(text)
    try:
        return _rows(lines, live)
    except UnicodeError as error:
        raise TextFault(f"non è testo {encoding}", lines.number + 1) from error
    except csv.Error as error:
        raise TextFault("le virgolette o una cella non si chiudono", lines.number) from error
    finally:
        text.detach()


def _rows(lines: _Lines, live: Live) -> int:
    for _ in range(live.preamble):
        next(iter(lines), None)
    rows = csv.reader(
        iter(lines),
        delimiter=live.delimiter,
        quoting=csv.QUOTE_MINIMAL if live.quoting else csv.QUOTE_NONE,
        strict=True,
    )
    header = next(rows, None)
    if not header:
        raise TextFault("il file è vuoto")
    _check_header(header, live)
    count = _count(rows, len(header), lines, live)
    if live.final_newline and not lines.ended:
        raise TextFault("l'ultima riga è troncata", lines.number)
    return count


def _count(rows: Iterator[list[str]], header: int, lines: _Lines, live: Live) -> int:
    """Rows of the table, all as wide as the first; the notes after them are not counted."""
    count = notes = 0
    width = header
    for row in rows:
        # An empty line is nobody's row; a cut one always has something in it.
        if not row:
            continue
        if len(row) == 1 < width and notes < live.footnotes:
            notes += 1
            continue
        if count == 0 and abs(len(row) - header) <= live.stray_cells:
            width = len(row)
        if len(row) != width or notes:
            raise TextFault(f"{len(row)} celle invece di {width}", lines.number)
        count += 1
    return count


def _check_header(header: list[str], live: Live) -> None:
    names = [name.strip() for name in header]
    if len(names) > MOST_COLUMNS:
        raise TextFault(f"più di {MOST_COLUMNS} colonne", live.preamble + 1)
    missing = [name for name in live.header if name not in names]
    if missing:
        raise TextFault(f"manca la colonna {missing[0]}", live.preamble + 1)


def _encoding(start: bytes, declared: str | None) -> str:
    """Encoding to read with: the declared one, minding the mark it may begin with."""
    encoding = codecs.lookup(declared or "utf-8").name
    for mark, (family, reading) in _MARKS.items():
        if start.startswith(mark):
            if not encoding.startswith(family):
                raise TextFault(f"comincia come {family}, ma è dichiarato {encoding}")
            return reading
    return encoding


class _Lines:
    """Lines of a text, each within the limits, with the number of the latest one."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.number = 0
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(MOST_LINE + 1):
            self.number += 1
            if len(line) > MOST_LINE:
                raise TextFault(f"una riga supera {MOST_LINE} caratteri", self.number)
            if "\0" in line:
                raise TextFault("contiene byte nulli", self.number)
            if line.count("\ufffd"):
                raise TextFault("contiene caratteri perduti da una conversione", self.number)
            if _TWICE.search(line):
                raise TextFault("contiene lettere accentate lette due volte", self.number)
            self.ended = line.endswith(("\n", "\r"))
            yield line


class _Raw(io.RawIOBase):
    """Any readable bytes as the standard library's buffers want them."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._stream.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)
