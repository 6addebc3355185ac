"""`will promuovi`: a person says that a release is the one to rely on.

Parsing and printing belong here; what a channel is belongs to `will_pipeline.mart`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

PROJECT = Path(__file__).parent.parent.parent
FAILED = 1

Project = Annotated[
    Path,
    typer.Option("--progetto", help="Cartella del progetto, con data/.", show_default=False),
]


def promuovi(
    rilascio: Annotated[
        str | None,
        typer.Argument(help="Numero del rilascio; di solito quello che leggono tutti."),
    ] = None,
    progetto: Project = PROJECT,
) -> None:
    """Dice che un rilascio è stabile: «stable» lo indica, e non viene mai tolto."""
    from will_pipeline.mart.exports import altered_files  # noqa: PLC0415
    from will_pipeline.mart.shelf import LATEST, STABLE, Shelf, ShelfBusy  # noqa: PLC0415

    shelf = Shelf(progetto / "data" / "marts")
    number = rilascio or shelf.led_to(LATEST)
    if number is None or number not in shelf.numbers():
        _stop(f"Il rilascio {number or ''} non c'è: «will rilasci» dice quali ci sono.")
    if altered_files(shelf.releases / number):
        _stop(f"Il rilascio {number} è alterato e non si promuove: vedi «will verifica».")
    try:
        with shelf.locked():
            shelf.point_at(STABLE, number)
    except ShelfBusy as fault:
        _stop(f"Non posso promuovere: {fault}.")
    typer.echo(f"Il rilascio {number} è stabile: lo indica data/marts/stable.")


def _stop(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(FAILED)
