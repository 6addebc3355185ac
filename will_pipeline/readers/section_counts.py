"""ISTAT, 2011 census by section: one city's counts out of the table of a region.

What belongs here is the producer's CSV format; which areas the sections make belongs to the
geography.
"""

from __future__ import annotations

import io
import re

import polars as pl

from will_pipeline.errors import SourceFault

SOURCE = "ISTAT sezioni 2011"
_KEYS = ("PROCOM", "SEZ2011")
_VARIABLE = re.compile(r"(?:P|ST|PF|A|E)\d+")
_DIGITS = r"^\d{1,15}$"


def section_counts(name: str, content: bytes, *, pro_com: str) -> pl.DataFrame:
    """Read the counts of the sections of one municipality.

    Args:
        name: name of the file.
        content: bytes of `R??_indicatori_2011_sezioni.csv`, or of the rows of one city under the
            same header: semicolons, UTF-8 or cp1252.
        pro_com: six-digit code of the municipality.

    Returns:
        `section_number`, `variable`, `value` (count), sorted.

    Raises:
        SourceFault: the file is not that table, has no section of the municipality, has one
            twice, or a count is missing or not a whole number.

    Source:
        ISTAT, Basi territoriali e variabili censuarie, 2011, tracciato record of the sections.
    """
    frame = _table(name, content)
    absent = [key for key in _KEYS if key not in frame.columns]
    variables = [column for column in frame.columns if _VARIABLE.fullmatch(column)]
    if absent or "P1" not in variables:
        raise SourceFault(SOURCE, name, "riga 1", f"manca la colonna {(absent or ['P1'])[0]}")
    # A cell that is no number may hold anything, a name too: rows are named by their place alone.
    town = frame.with_row_index("row", offset=2).filter(
        pl.col("PROCOM").str.strip_chars().str.zfill(6) == pro_com
    )
    if town.is_empty():
        raise SourceFault(SOURCE, name, "", f"non ci sono sezioni del comune {pro_com}")
    for column in ("SEZ2011", *variables):
        wrong = town.filter(~pl.col(column).fill_null("").str.contains(_DIGITS))
        if wrong.height:
            where = f"riga {wrong['row'][0]}, colonna {column}"
            raise SourceFault(SOURCE, name, where, "il conteggio manca o non è un numero intero")
    numbers = town.select("row", pl.col("SEZ2011", *variables).cast(pl.Int64))
    twice = numbers.filter(pl.col("SEZ2011").is_duplicated())
    if twice.height:
        raise SourceFault(SOURCE, name, f"riga {twice['row'][1]}", "la sezione è ripetuta")
    return (
        numbers.unpivot(on=variables, index="SEZ2011", variable_name="variable", value_name="value")
        .select("variable", "value", section_number="SEZ2011")
        .sort("section_number", "variable")
    )


def _table(name: str, content: bytes) -> pl.DataFrame:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Apostrophes of the producer are those of Windows.
        text = content.decode("cp1252", "replace")
    try:
        return pl.read_csv(
            io.StringIO(text), separator=";", infer_schema=False, quote_char=None, eol_char="\n"
        ).rename(lambda column: column.strip().strip('"').upper())
    except pl.exceptions.PolarsError as error:
        raise SourceFault(
            SOURCE, name, "", "non è una tabella CSV con i punti e virgola"
        ) from error
