"""Corrections of published figures: written by hand, with a reason, a guard and an end.

What belongs here is their shape and how they are applied; who decides on one, and why, is in the
file itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import reduce
from operator import and_
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from will_pipeline.errors import SourceFault
from will_pipeline.sources.documents import load_document

SUFFIX = ".corrections.yaml"

Value = str | int | float | bool | date | None
Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Correction(_Strict):
    """One cell to correct.

    Attributes:
        key: Value of every key column of the row.
        column: The column.
        expect: What the source says; nothing means that the cell is missing.
        becomes: What it should say; nothing means that it is not known.
        reason: Why, in Italian.
        reference: Where the right value is published, or who confirmed it.
        author: Who answers for it.
        expires: Last day on which it holds.
    """

    key: dict[str, str | int] = Field(min_length=1)
    column: Text
    expect: Value
    becomes: Value
    reason: Text
    reference: Text
    author: Text
    expires: date


class Corrections(_Strict):
    """The corrections of a source."""

    source: Text
    corrections: tuple[Correction, ...]


def load_corrections(source: str, folder: Path) -> Corrections:
    """Load the corrections of a source.

    Args:
        source: Key of the source.
        folder: Folder of the descriptors.

    Returns:
        Its corrections; none where there is no file.

    Raises:
        SourceFault: The file is not YAML, breaks the model or speaks of another source.
    """
    path = folder / f"{source}{SUFFIX}"
    if not path.is_file():
        return Corrections(source=source, corrections=())
    found = load_document(path, source, Corrections)
    if found.source != source:
        raise SourceFault(source, path.name, "campo source", f"parla di '{found.source}'")
    return found


def correct(frame: pl.DataFrame, corrections: Corrections, *, today: date) -> pl.DataFrame:
    """Apply corrections to a table.

    Args:
        frame: Rows of the source.
        corrections: What to correct.
        today: The day; a correction past its end stops the source, and is not dropped in silence.

    Returns:
        The same rows in the same order, with the corrected cells.

    Raises:
        SourceFault: A correction is over, finds no row or more than one, names a column the table
            does not have, or the source no longer says what the correction expects.
    """
    for number, each in enumerate(corrections.corrections, start=1):
        where = f"correzione {number} ({_told(each.key)})"
        fault = _fault(frame, each, today)
        if fault:
            raise SourceFault(corrections.source, corrections.source + SUFFIX, where, fault)
        dtype = frame.schema[each.column]
        frame = frame.with_columns(
            pl.when(_rows(each.key))
            .then(pl.lit(each.becomes, dtype))
            .otherwise(pl.col(each.column))
            .alias(each.column)
        )
    return frame


def _fault(frame: pl.DataFrame, each: Correction, today: date) -> str:
    if today > each.expires:
        return f"è scaduta il {each.expires:%d/%m/%Y}: va confermata o tolta"
    absent = [name for name in (*each.key, each.column) if name not in frame.columns]
    if absent:
        return f"la fonte non ha la colonna {absent[0]}"
    try:
        found = frame.filter(_rows(each.key))[each.column].to_list()
        pl.Series([each.becomes], dtype=frame.schema[each.column], strict=True)
    except (pl.exceptions.PolarsError, TypeError):
        return "un valore non è del tipo della sua colonna"
    if len(found) != 1:
        return f"trova {len(found)} righe invece di una"
    if found[0] != each.expect:
        return f"la fonte dice {found[0]!r} e non {each.expect!r}: va riletta"
    return ""


def _rows(key: Mapping[str, str | int]) -> pl.Expr:
    return reduce(and_, (pl.col(name) == pl.lit(value) for name, value in key.items()))


def _told(key: Mapping[str, str | int]) -> str:
    return ", ".join(f"{name} {value}" for name, value in key.items())
