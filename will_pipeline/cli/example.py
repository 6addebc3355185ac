"""The command `will esempio`: the whole pipeline on towns that do not exist.

What belongs here is making the invented figures, running the graph on them and telling people
where the results are, and that none of them is real.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PROJECT = Path(__file__).parent.parent.parent
FAILED = 1
STARTING = (
    "Preparo due città inventate e faccio girare su di loro tutto il percorso. "
    "Servono uno o due minuti…"
)


def esempio(
    progetto: Annotated[
        Path,
        typer.Option(help="Cartella del progetto, con data/.", show_default=False),
    ] = PROJECT,
) -> None:
    """Esegue tutto il percorso su due città inventate, lontano da quelle vere."""
    typer.echo(STARTING)
    # Dagster takes seconds to import: the first words come before.
    from will_pipeline.cli.run_example import run_example  # noqa: PLC0415

    outcome, notice = run_example(progetto)
    if outcome.faults:
        typer.echo("")
        typer.secho("L'esempio si è fermato. Niente è stato pubblicato.", err=True, bold=True)
        for fault in outcome.faults:
            typer.echo(f"  {fault}", err=True)
        raise typer.Exit(FAILED)
    latest = progetto / "data" / "marts" / "esempio" / "latest"
    typer.echo("")
    typer.secho(notice, bold=True)
    typer.echo("")
    typer.echo(f"{outcome.message} Percorso eseguito in {outcome.seconds:.0f} secondi.")
    typer.echo("")
    typer.echo(f"  Atlante   {latest / 'atlante' / 'index.html'}")
    typer.echo(f"  Mart      {latest / 'will_mart.duckdb'}")
    typer.echo("")
    typer.echo("Le otto città vere e il loro mart restano come erano.")
