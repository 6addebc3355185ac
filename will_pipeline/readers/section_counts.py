"""Counts by section of one municipality, as it hands in the producer's table of 2011.

What belongs here is what such a file must hold; how the table is parsed is in `sections_csv`, and
which areas the sections make belongs to the geography.
"""

from __future__ import annotations

import re

import polars as pl

from will_pipeline.readers.sections_csv import (
    SECTION,
    TOWN,
    VARIABLE,
    of_towns,
    rows_of,
    whole_numbers,
)
from will_pipeline.readers.tabular import LINE, Origin

SOURCE = "ISTAT sezioni 2011"


def section_counts(name: str, content: bytes, *, pro_com: str) -> pl.DataFrame:
    """Read the counts of the sections of one municipality.

    Args:
        name: name of the file.
        content: bytes of the table, as `sections_csv.rows_of` takes them.
        pro_com: six-digit code of the municipality.

    Returns:
        `section_number`, `variable`, `value` (count), sorted.

    Raises:
        SourceFault: the file is not that table, has no section of the municipality, has one
            twice, or a count is missing or not a whole number. No cell is shown.

    Source:
        ISTAT, Basi territoriali e variabili censuarie, 2011, tracciato record of the sections.
    """
    origin = Origin(SOURCE, name)
    rows = rows_of(content, origin)
    variables = [column for column in rows.columns if re.fullmatch(VARIABLE, column)]
    absent = [each for each in (TOWN, SECTION, "P1") if each not in rows.columns]
    if absent:
        raise origin.fault("riga 1", f"manca la colonna {absent[0]}")
    town = of_towns(rows, [pro_com], column=TOWN)
    if town.is_empty():
        raise origin.fault("", f"non ci sono sezioni del comune {pro_com}")
    columns = [SECTION, *variables]
    numbers = whole_numbers(town, columns, origin, shown=False)
    for column in columns:
        wrong = numbers.filter(pl.col(column).is_null() | (pl.col(column) < 0))
        if wrong.height:
            where = f"riga {wrong[LINE][0]}, colonna {column}"
            raise origin.fault(where, "il conteggio manca o è sotto zero")
    twice = numbers.filter(pl.col(SECTION).is_duplicated())
    if twice.height:
        raise origin.fault(f"riga {twice[LINE][1]}", "la sezione è ripetuta")
    return (
        numbers.unpivot(on=variables, index=SECTION, variable_name="variable", value_name="value")
        .select("variable", "value", section_number=SECTION)
        .sort("section_number", "variable")
    )
