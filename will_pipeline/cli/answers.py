"""How the answer to a question looks in a terminal: a table where it fits, else row under row.

Only printing belongs here; rows that hold no number and rows beyond the first are counted, never
lost in silence.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import typer

from will_pipeline.cli.called import as_called

if TYPE_CHECKING:
    import polars as pl

    from will_pipeline.domande.catalogue import Question

UNBOUNDED, TEN = 100_000, 10
MOST_ROWS, MOST_LINES, FEWEST = 60, 80, 3
"""Rows printed of a table; lines of an answer written row under row, and rows at least."""
ALL = "«--tutte»"
NOTHING = "–"


def print_answer(question: Question, answer: pl.DataFrame, *, whole: bool) -> None:
    """Print an answer.

    Args:
        question: the question, for title and reading.
        answer: its rows.
        whole: whether every row is printed, also those without a number.
    """
    from rich.console import Console  # noqa: PLC0415
    from rich.measure import Measurement  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown, without = (answer, 0) if whole else _with_number(question, answer)
    table = Table(
        title=Text(question.title), caption=Text(question.how_to_read), title_justify="left"
    )
    names = [name.replace("_", " ") for name in shown.columns]
    cells = []
    for name, values in zip(shown.columns, zip(*shown.rows(), strict=True), strict=True):
        known = [value for value in values if value is not None]
        right = bool(known) and all(isinstance(value, int | float) for value in known)
        table.add_column(name.replace("_", " "), justify="right" if right else "left")
        decimals = _decimals(name, [value for value in known if isinstance(value, float)])
        cells.append([_told(name, value, decimals=decimals) for value in values])
    told = list(zip(*cells, strict=True))
    for row in told if whole else told[:MOST_ROWS]:
        table.add_row(*(Text(cell) for cell in row))
    console = Console()
    free = console.options.update(max_width=UNBOUNDED)
    fits = Measurement.get(console, free, table).minimum <= console.width
    most = MOST_ROWS if fits else max(FEWEST, MOST_LINES // (len(names) + 1))
    printed = len(told) if whole else min(len(told), most)
    if fits:
        console.print(table)
    else:
        _print_records(question, names, told[:printed], whole=whole)
    _print_left(len(told) - printed, without)


def _with_number(question: Question, answer: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Rows with a number and how many have none; all of them where none has."""
    column = question.without_number
    if not column or column not in answer.columns:
        return answer, 0
    kept = answer.drop_nulls(column)
    return (answer, 0) if kept.is_empty() else (kept, answer.height - kept.height)


def _print_left(left: int, without: int) -> None:
    if left:
        rows = "un'altra riga" if left == 1 else f"altre {left} righe"
        typer.echo("")
        typer.echo(f"… {rows}: {ALL}, oppure «--livello» e «--area» per sceglierne alcune.")
    if without:
        rows = "Una riga non ha" if without == 1 else f"{without} righe non hanno"
        typer.echo("")
        typer.echo(as_called(f"{rows} un numero, e non vuol dire zero: {ALL} le mostra."))


def _print_records(
    question: Question, names: list[str], rows: list[tuple[str, ...]], *, whole: bool
) -> None:
    """One row under the other, where a table would not fit the terminal."""
    widest = max(len(name) for name in names)
    typer.secho(question.title, bold=True)
    for row in rows:
        typer.echo("")
        for name, value in zip(names, row, strict=True):
            if whole or value != NOTHING:
                typer.echo(f"  {name:<{widest}}  {value}")
    typer.echo("")
    typer.echo(question.how_to_read)


def _decimals(name: str, values: list[float]) -> int:
    """Decimals of a column: those it needs, fewer the larger its numbers."""
    most = 3 if name.startswith("p_") else 2 if all(abs(value) < TEN for value in values) else 1
    needed = (len(f"{value:.{most}f}".rstrip("0").partition(".")[2]) for value in values)
    return max(needed, default=0)


def _told(name: str, value: object, *, decimals: int) -> str:
    from will_pipeline.atlas.words import day  # noqa: PLC0415
    from will_pipeline.italian import number  # noqa: PLC0415

    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "sì" if value else "no"
    if isinstance(value, int) and not name.startswith("anno"):
        return number(value)
    if isinstance(value, float):
        # In a column of large numbers a share would look like nothing.
        return number(value, max(decimals, 2) if 0 < abs(value) < 1 else decimals)
    return day(value) if isinstance(value, date) else str(value)
