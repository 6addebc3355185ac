"""Tables as delimited text: the formal CSV, and the CSV that Italian Excel opens by double click.

Only rendering belongs here; no number is made, and only the CSV for people rounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl
from polars import selectors

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""First characters after which a spreadsheet takes a text for something to execute."""
UTF8_MARK = "\ufeff"


def harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before texts that a spreadsheet would take for a formula.

    Source:
        OWASP, CSV injection (2024).
    """
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    return frame.with_columns(
        pl.when(pl.col(name).str.head(1).is_in(list(FORMULA_STARTS)))
        .then(pl.concat_str(pl.lit("'"), name))
        .otherwise(name)
        .alias(name)
        for name in texts
    )


def write_formal_csv(path: Path, frame: pl.DataFrame) -> None:
    """Write UTF-8 with comma, decimal point and an empty text where there is no value."""
    harmless(frame).write_csv(path)


def write_excel_csv(
    path: Path,
    frame: pl.DataFrame,
    labels: Mapping[str, str],
    decimals: Mapping[str, pl.Series] | None = None,
) -> None:
    """Write what Excel with Italian settings opens as a table: byte mark, `;`, decimal comma.

    Args:
        path: file to write.
        frame: the table.
        labels: heading of every column.
        decimals: decimals to write, row by row, of some numeric columns.
    """
    shown = harmless(frame).with_columns(
        selectors.boolean().replace_strict({True: "sì", False: "no"}, return_dtype=pl.String)
    )
    shown = shown.with_columns(
        pl.Series(
            name,
            [_rounded(*pair) for pair in zip(shown[name], places, strict=True)],
            dtype=pl.String,
        )
        for name, places in (decimals or {}).items()
    )
    headed = shown.rename({name: labels[name] for name in shown.columns})
    path.write_text(
        UTF8_MARK + headed.write_csv(separator=";", decimal_comma=True), "utf-8", newline=""
    )


def _rounded(value: float | None, places: int) -> str | None:
    """A number as text with a decimal comma; made from a number, it can be no formula."""
    if value is None:
        return None
    text = f"{value:.{places}f}"
    return (text.removeprefix("-") if float(text) == 0 else text).replace(".", ",")
