"""The command `will`: what the data team and planners type, answered in Italian.

Commands parse, call the library or the graph and print; no rule of the product lives here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from will_pipeline.cli.adding import aggiungi_citta
from will_pipeline.cli.alarm import allarme
from will_pipeline.cli.atlas import atlante
from will_pipeline.cli.called import as_called
from will_pipeline.cli.channels import promuovi
from will_pipeline.cli.comparing import citta, confronta, novita
from will_pipeline.cli.completion import answer_the_shell, completamento
from will_pipeline.cli.confidentiality import riservatezza
from will_pipeline.cli.country import italia
from will_pipeline.cli.deliveries import consegne
from will_pipeline.cli.doctor import dottore
from will_pipeline.cli.example import esempio
from will_pipeline.cli.inspection import controlla
from will_pipeline.cli.italian_help import speak_italian
from will_pipeline.cli.publishing import pubblica
from will_pipeline.cli.questions import domande
from will_pipeline.cli.releases import rilasci, ripristina, verifica
from will_pipeline.cli.sheet import scheda
from will_pipeline.cli.sources import fonti
from will_pipeline.cli.table import relazione, tavolo

EXITS = "Esce con 0 se va bene, con 1 se trova un difetto, con 2 se il comando è scritto male."

app = typer.Typer(
    name="will",
    help="I bisogni che non arrivano allo sportello: dai dati pubblici al mart e all'atlante.",
    no_args_is_help=True,
    add_completion=False,
    epilog=EXITS,
    rich_markup_mode=None,
)

for group in (atlante, domande, consegne, fonti, tavolo):
    app.add_typer(group)
for command in (
    citta,
    confronta,
    relazione,
    scheda,
    controlla,
    riservatezza,
    verifica,
    novita,
    rilasci,
    ripristina,
    promuovi,
    pubblica,
    dottore,
    allarme,
    esempio,
    italia,
    completamento,
):
    app.command()(command)
app.command(name="aggiungi-citta")(aggiungi_citta)
answer_the_shell()

PROJECT = Path(__file__).parent.parent.parent
FAILED = 1
STARTING = (
    "Avvio il percorso: fonti, aree, indicatori, indici, profili, mart, atlante. "
    "Servono uno o due minuti…"
)
ASKING = (
    "Chiedo alle fonti se c'è qualcosa di nuovo, poi rifaccio quello che ne dipende. "
    "La prima volta servono alcuni minuti…"
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
    online: Annotated[
        bool, typer.Option("--online", help="Prima chiede alle fonti dal vivo se c'è del nuovo.")
    ] = False,
    configurazione: Annotated[
        Path | None,
        typer.Option(help="File con gli indirizzi di una replica; di solito quello di WILL_HOSTS."),
    ] = None,
    senza_schede: Annotated[
        bool,
        typer.Option("--senza-schede", help="Non stampa i PDF delle aree; vale senza --online."),
    ] = False,
) -> None:
    """Esegue tutto il percorso e pubblica un rilascio se c'è una novità."""
    typer.echo(ASKING if online else STARTING)
    # Dagster takes seconds to import: the first words come before.
    if online:
        from will_pipeline.cli.run_online import run_online  # noqa: PLC0415

        outcome = run_online(progetto, configurazione)
    else:
        from will_pipeline.cli.run import run_refresh  # noqa: PLC0415

        outcome = run_refresh(progetto, sheets=not senza_schede)
    if outcome.faults:
        typer.echo("")
        typer.secho("Il percorso si è fermato. Niente è stato pubblicato.", err=True, bold=True)
        for fault in outcome.faults:
            typer.echo(f"  {fault}", err=True)
        typer.echo("Quello che era pubblicato resta com'era.", err=True)
        raise typer.Exit(FAILED)
    latest = (outcome.shelf or progetto / "data" / "marts") / "latest"
    typer.echo("")
    typer.secho(outcome.message, bold=True)
    typer.echo(f"  Percorso eseguito in {outcome.seconds:.0f} secondi.")
    for warning in outcome.warnings:
        typer.secho(f"  Attenzione: {warning}", bold=True)
    if outcome.warnings:
        typer.echo(as_called("  Che cosa correggere: «will consegne elenco»"))
        if online:
            typer.echo(as_called("  Come stanno le fonti: «will fonti elenco»"))
    typer.echo("")
    typer.echo(f"  Atlante   {latest / 'atlante' / 'index.html'}")
    typer.echo(f"  Mart      {latest / 'will_mart.duckdb'}")
    typer.echo("  Dagster   make dev   poi http://127.0.0.1:3000")


speak_italian(app)

if __name__ == "__main__":
    app()
