"""`will italia`: the whole country from a folder of official files.

Printing belongs here; the work belongs to `will_pipeline.national`.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

PROJECT = Path(__file__).parent.parent.parent
FAILED = 1


def italia(
    cartella: Annotated[
        Path,
        typer.Option(
            help="Cartella con i file ISTAT di ogni regione: conteggi e confini del 2011."
        ),
    ],
    uscita: Annotated[
        Path,
        typer.Option(help="Cartella dove scrivere le tabelle.", show_default=False),
    ] = PROJECT / "data" / "marts" / "italia",
    lavoro: Annotated[
        Path,
        typer.Option(
            help="Cartella dei conteggi, che non si pubblica. Sta fuori da quella delle tabelle.",
            show_default=False,
        ),
    ] = PROJECT / "data" / "raw" / "italia" / "lavoro",
) -> None:
    """Calcola tassi, indici e confini comuni di tutta Italia, una regione alla volta.

    Se si ferma, riparte da dove era arrivato. I numeri finali sono gli stessi.
    """
    if lavoro.resolve().is_relative_to(uscita.resolve()):
        rule = "La cartella di lavoro ha i conteggi e non può stare in quella pubblicata."
        raise typer.BadParameter(rule, param_hint="--lavoro")
    typer.echo("Leggo le regioni una alla volta…")
    from will_pipeline.errors import SourceFault  # noqa: PLC0415
    from will_pipeline.national.country import run_country  # noqa: PLC0415

    started = time.monotonic()
    try:
        made = run_country(cartella, uscita, lavoro, tell=typer.echo)
    except SourceFault as fault:
        typer.secho("Il percorso si è fermato. Niente è stato pubblicato.", err=True, bold=True)
        typer.echo(f"  {fault}", err=True)
        raise typer.Exit(FAILED) from fault
    for note in made.notes:
        typer.secho(f"  Attenzione: {note}", bold=True)
    typer.echo(f"Fatto in {time.monotonic() - started:.0f} secondi.")
    typer.echo(f"  Aree       {made.areas}")
    typer.echo(f"  Vicinanze  {made.links}")
    typer.echo(f"  Tabelle    {made.folder}")
    typer.echo(f"  Impronta   {made.content}")
