"""The command `will`: what the data team and planners type, answered in Italian.

Commands parse, call the library or the graph and print; no rule of the product lives here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from will_pipeline.cli.channels import promuovi
from will_pipeline.cli.deliveries import consegne
from will_pipeline.cli.doctor import dottore
from will_pipeline.cli.example import esempio
from will_pipeline.cli.inspection import controlla
from will_pipeline.cli.questions import domande
from will_pipeline.cli.releases import rilasci, ripristina, verifica
from will_pipeline.cli.sources import fonti

app = typer.Typer(
    name="will",
    help="I bisogni che non arrivano allo sportello: dai dati pubblici al mart e all'atlante.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

app.add_typer(domande)
app.add_typer(consegne)
app.add_typer(fonti)
for command in (controlla, verifica, rilasci, ripristina, promuovi, dottore, esempio):
    app.command()(command)

PROJECT = Path(__file__).parent.parent.parent
FAILED = 1
STARTING = (
    "Avvio il percorso: fonti, aree, indicatori, indici, profili, mart, atlante. "
    "Serve meno di un minuto…"
)


@app.callback()
def will() -> None:
    """I bisogni che non arrivano allo sportello: dai dati pubblici al mart e all'atlante."""


@app.command()
def esegui(
    progetto: Annotated[
        Path,
        typer.Option(help="Cartella del progetto, con data/ e .dagster/.", show_default=False),
    ] = PROJECT,
) -> None:
    """Esegue tutto il percorso e pubblica un rilascio se c'è una novità."""
    typer.echo(STARTING)
    # Dagster takes seconds to import: the first words come before.
    from will_pipeline.cli.run import run_refresh  # noqa: PLC0415

    outcome = run_refresh(progetto)
    if outcome.faults:
        typer.echo("")
        typer.secho("Il percorso si è fermato. Niente è stato pubblicato.", err=True, bold=True)
        for fault in outcome.faults:
            typer.echo(f"  {fault}", err=True)
        typer.echo("Quello che era pubblicato resta com'era.", err=True)
        raise typer.Exit(FAILED)
    latest = progetto / "data" / "marts" / "latest"
    typer.echo("")
    typer.secho(outcome.message, bold=True)
    typer.echo(f"  Percorso eseguito in {outcome.seconds:.0f} secondi.")
    for warning in outcome.warnings:
        typer.secho(f"  Attenzione: {warning}", bold=True)
    if outcome.warnings:
        typer.echo("  Che cosa correggere: will consegne elenco")
    typer.echo("")
    typer.echo(f"  Atlante   {latest / 'atlante' / 'index.html'}")
    typer.echo(f"  Mart      {latest / 'will_mart.duckdb'}")
    typer.echo("  Dagster   make dev   poi http://127.0.0.1:3000")


if __name__ == "__main__":
    app()
