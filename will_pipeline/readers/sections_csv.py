"""ISTAT, the table by section of the 2011 census: rows of text, and whole numbers out of them.

What belongs here is the producer's CSV, the one place where it is parsed; which columns a use
needs, and what it does with the sections, is the matter of whoever asks.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence

import polars as pl

from will_pipeline.readers.census_cells import decoded
from will_pipeline.readers.tabular import LINE, Origin

VARIABLE = r"(?:PF|ST|P|A|E)\d+"
TOWN, SECTION = "PROCOM", "SEZ2011"
_WHOLE = r"^-?\d{1,18}(?:\.0)?$"


def rows_of(content: bytes, origin: Origin) -> pl.DataFrame:
    """Read the table as text.

    Args:
        content: Bytes of `R??_indicatori_2011_sezioni.csv`, or of some of its rows under the same
            header: semicolons, no quoting, UTF-8 or cp1252.
        origin: Source and file, for the faults.

    Returns:
        One row a line: its number in the file, then the columns of the header, as text; blank
        cells are missing.

    Raises:
        SourceFault: The file is empty, a web page or in another encoding, a column is repeated, or
            a row has more or fewer cells than the header.

    Source:
        ISTAT, Basi territoriali e variabili censuarie, 2011, tracciato record of the sections.
    """
    lines = [
        (number, line.rstrip("\r"))
        for number, line in enumerate(decoded(content, origin).split("\n"), start=1)
        if line.strip()
    ]
    names = [name.strip().strip('"').upper() for name in lines[0][1].split(";")]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise origin.fault(
            f"riga {lines[0][0]}", f"la colonna {repeated[0] or 'senza nome'} è ripetuta"
        )
    for number, line in lines[1:]:
        cells = line.count(";") + 1
        if cells != len(names):
            raise origin.fault(f"riga {number}", f"{cells} colonne, attese {len(names)}")
    if len(lines) == 1:
        return pl.DataFrame(schema={LINE: pl.Int64} | dict.fromkeys(names, pl.String))
    table = pl.read_csv(
        io.StringIO("\n".join(line for _, line in lines[1:])),
        has_header=False,
        new_columns=names,
        separator=";",
        quote_char=None,
        infer_schema=False,
    )
    stripped = table.with_columns(pl.all().str.strip_chars()).with_columns(
        pl.when(pl.all() != "").then(pl.all())
    )
    return stripped.insert_column(0, pl.Series(LINE, [number for number, _ in lines[1:]]))


def of_towns(rows: pl.DataFrame, cities: Collection[str] | None, *, column: str) -> pl.DataFrame:
    """Keep the rows of some municipalities, before anything in the others is looked at.

    Args:
        rows: As `rows_of` gives them.
        cities: Six-digit codes; every one where None.
        column: Column of the municipality.
    """
    if cities is None:
        return rows
    code = pl.col(column).str.strip_suffix(".0").str.zfill(6)
    return rows.filter(code.is_in(list(cities)))


def whole_numbers(
    rows: pl.DataFrame, columns: Sequence[str], origin: Origin, *, shown: bool = True
) -> pl.DataFrame:
    """Turn columns of text into whole numbers.

    Args:
        rows: As `rows_of` gives them.
        columns: Columns to turn; the others stay.
        origin: Source and file, for the faults.
        shown: Whether a fault may show the cell: one that is no number may hold anything, and a
            file that a municipality hands in may have names in it.

    Returns:
        The same rows; blank cells stay missing.

    Raises:
        SourceFault: A cell is no whole number. Neither is `120.923` nor `120,923`: nobody can tell
            a thousands mark from a decimal one.
    """
    for column in columns:
        wrong = rows.filter(~pl.col(column).str.contains(_WHOLE))
        if wrong.height:
            where = f"riga {wrong[LINE][0]}, colonna {column}"
            cell = f"il valore {wrong[column][0]!r}" if shown else "il valore"
            raise origin.fault(where, f"{cell} non è un numero intero")
    return rows.with_columns(pl.col(columns).str.strip_suffix(".0").cast(pl.Int64))
