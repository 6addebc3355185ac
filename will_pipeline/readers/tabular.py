"""Common ground of the readers: text tables out of bytes, numbers out of text, clear faults.

What belongs here is what every official text file shares; what a column means belongs to the
reader of its producer.
"""

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from will_pipeline.errors import SourceFault

# A dot followed by anything but one zero would be a thousands mark, as in 62.000.
_WHOLE = r"^-?\d+(\.0)?$"
MOST_WHOLE = 2**53
"""Largest whole number that a float still tells from its neighbours."""
LINE = "_line"
"""Name of the column that carries the line of the official file a row comes from."""


@dataclass(frozen=True)
class Origin:
    """Where some bytes come from: the key of the source and the name of the file."""

    source: str
    file: str

    def fault(self, where: str, rule: str) -> SourceFault:
        """Make a fault of this file.

        Args:
            where: Row, column or field at fault; empty when the whole file is.
            rule: The rule that was broken, in Italian.

        Returns:
            The fault, to be raised.
        """
        return SourceFault(source=self.source, file=self.file, where=where, rule=rule)


def text_of(content: bytes, origin: Origin, *, encoding: str = "utf-8-sig") -> str:
    """Decode a text file, refusing emptiness and web pages.

    Args:
        content: Bytes of the file.
        origin: Source and file, for the faults.
        encoding: Encoding the producer uses; `utf-8-sig` drops a byte-order mark if there is one.

    Returns:
        The text.

    Raises:
        SourceFault: The file is empty, is a web page, or is not in that encoding.
    """
    if not content.strip():
        raise origin.fault("", "il file è vuoto")
    beginning = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
    if beginning.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise origin.fault("", "è una pagina web, non una tabella: la fonte non ha dato il file")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise origin.fault(f"byte {error.start}", f"il testo non è {encoding}") from error


def read_table(
    content: bytes,
    origin: Origin,
    *,
    columns: Mapping[str, str],
    separator: str = ",",
    encoding: str = "utf-8-sig",
    title_lines: int = 0,
    note_prefix: str | None = None,
) -> pl.DataFrame:
    """Read the columns asked for out of a delimited text file, as text.

    Cells lose surrounding spaces; an empty cell is missing. Other columns of the file are left
    out, so that a producer may add some.

    Args:
        content: Bytes of the file.
        origin: Source and file, for the faults.
        columns: Our name of each column by the producer's name.
        separator: Field separator.
        encoding: Encoding of the file.
        title_lines: Lines before the header.
        note_prefix: Beginning of a one-field closing note, which is not a row.

    Returns:
        One row a line, columns as in `columns` (String) and `_line` (Int64), the line's number.

    Raises:
        SourceFault: The file is empty, a web page or wrongly encoded; a column of the header is
            missing; a line is shorter than the header or longer with cells that are not empty.
    """
    text = text_of(content, origin, encoding=encoding)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    for _ in range(title_lines):
        next(lines, None)
    header = _header(next(lines, []))
    absent = [name for name in columns if name not in header]
    if absent:
        raise origin.fault(f"colonna {absent[0]}", "la colonna manca nell'intestazione")
    positions = [header.index(name) for name in columns]
    cells: list[list[str | None]] = [[] for _ in columns]
    numbers: list[int] = []
    for number, row in _rows(lines, len(header), note_prefix, origin):
        numbers.append(number)
        for column, position in zip(cells, positions, strict=True):
            column.append(row[position].strip() or None)
    if not numbers:
        raise origin.fault("", "c'è l'intestazione ma nessuna riga")
    data = {
        name: pl.Series(name, column, dtype=pl.String)
        for name, column in zip(columns.values(), cells, strict=True)
    }
    return pl.DataFrame(data | {LINE: pl.Series(LINE, numbers, dtype=pl.Int64)})


def _header(row: list[str]) -> list[str]:
    names = [name.strip() for name in row]
    while names and not names[-1]:
        names.pop()
    return names


def _rows(
    lines: Iterator[list[str]], width: int, note_prefix: str | None, origin: Origin
) -> Iterator[tuple[int, list[str]]]:
    for row in lines:
        number: int = lines.line_num  # type: ignore[attr-defined]  # csv.reader counts the lines
        if not any(cell.strip() for cell in row):
            continue
        if note_prefix is not None and len(row) == 1 and row[0].startswith(note_prefix):
            continue
        if len(row) < width or any(cell.strip() for cell in row[width:]):
            rule = f"{len(row)} campi, l'intestazione ne ha {width}"
            raise origin.fault(f"riga {number}", rule)
        yield number, row


def as_numbers(
    frame: pl.DataFrame,
    columns: Sequence[str],
    origin: Origin,
    *,
    integer: bool = True,
    decimal_comma: bool = False,
) -> pl.DataFrame:
    """Turn text columns into numbers; a missing cell stays missing.

    Args:
        frame: Table with a `_line` column.
        columns: Columns to turn.
        origin: Source and file, for the faults.
        integer: True for Int64 (`12` and `12.0` are whole), False for Float64.
        decimal_comma: Whether the decimal mark is a comma.

    Returns:
        The table with those columns as numbers.

    Raises:
        SourceFault: A cell is not a number, or not a whole one where that is required.
    """
    for name in columns:
        text = frame[name]
        plain = text.str.replace(",", ".", literal=True) if decimal_comma else text
        number = plain.cast(pl.Float64, strict=False)
        whole = text.str.contains(_WHOLE) & (number.abs() <= MOST_WHOLE)
        good = whole if integer else number.is_finite()
        broken = text.is_not_null() & ~good.fill_null(value=False)
        if broken.any():
            row = broken.arg_true()[0]
            kind = "un numero intero" if integer else "un numero"
            where = f"riga {frame[LINE][row]}, colonna {name}"
            raise origin.fault(where, f"il valore {text[row]!r} non è {kind}")
        frame = frame.with_columns(number.cast(pl.Int64) if integer else number)
    return frame


def require_filled(frame: pl.DataFrame, columns: Sequence[str], origin: Origin) -> None:
    """Refuse a missing cell.

    Args:
        frame: Table with a `_line` column.
        columns: Columns that must be filled.
        origin: Source and file, for the faults.

    Raises:
        SourceFault: A cell of those columns is missing.
    """
    for name in columns:
        empty = frame[name].is_null()
        if empty.any():
            line = frame[LINE][empty.arg_true()[0]]
            raise origin.fault(f"riga {line}, colonna {name}", "il valore manca")


def require_unique(frame: pl.DataFrame, key: Sequence[str], origin: Origin) -> None:
    """Refuse a repeated key.

    Args:
        frame: Table with a `_line` column.
        key: Columns that identify a row.
        origin: Source and file, for the faults.

    Raises:
        SourceFault: Two rows have the same key.
    """
    repeated = ~frame.select(pl.struct(list(key)).is_first_distinct()).to_series()
    if repeated.any():
        row = repeated.arg_true()[0]
        values = ", ".join(f"{name}={frame[name][row]}" for name in key)
        raise origin.fault(f"riga {frame[LINE][row]}", f"chiave ripetuta: {values}")


def only_codes(
    frame: pl.DataFrame,
    codes: Collection[str] | None,
    origin: Origin,
    *,
    column: str = "pro_com",
) -> pl.DataFrame:
    """Keep the rows of the codes asked for, each of which must be there.

    Args:
        frame: Table.
        codes: Codes to keep; every row is kept where None.
        origin: Source and file, for the faults.
        column: Column of the codes.

    Returns:
        The rows of those codes.

    Raises:
        SourceFault: A code has no row.
    """
    if codes is None:
        return frame
    absent = sorted(set(codes) - set(frame[column].drop_nulls()))
    if absent:
        raise origin.fault(f"colonna {column}", f"manca il codice {absent[0]}")
    return frame.filter(pl.col(column).is_in(list(codes)))


def only_file(files: Mapping[str, bytes], source: str) -> tuple[bytes, Origin]:
    """Take the one file a reader expects.

    Args:
        files: Bytes by path.
        source: Key of the source.

    Returns:
        The bytes and their origin.

    Raises:
        SourceFault: There is no file, or more than one.
    """
    if len(files) != 1:
        raise SourceFault(source, "-", "", f"atteso un solo file, trovati {len(files)}")
    name, content = next(iter(files.items()))
    return content, Origin(source, name)
