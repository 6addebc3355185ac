"""`will pubblica`: a release made of what the last run has already computed.

Parsing and printing belong here; publishing itself is the end of the graph.
"""

from __future__ import annotations

import json
from pathlib import Path

import typer

from will_pipeline.cli.towns import BAD, PROJECT, AsJson, Project, stop

WAREHOUSE = Path("data", "raw", "warehouse", "will.duckdb")


def pubblica(progetto: Project = PROJECT, *, as_json: AsJson = False) -> None:
    """Pubblica quello che l'ultimo percorso ha calcolato, senza rifarlo, se i controlli passano."""
    if not (progetto / WAREHOUSE).is_file():
        stop("non c'è ancora niente da pubblicare: prima «will esegui».", code=BAD)
    typer.echo("Controllo le tabelle e pubblico…", err=True)
    # Dagster takes seconds to import: the first words come before.
    from will_pipeline.cli.run import run_publication  # noqa: PLC0415

    outcome = run_publication(progetto)
    if as_json:
        told = {"esito": outcome.message, "difetti": outcome.faults, "avvisi": outcome.warnings}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif outcome.faults:
        typer.secho("Niente è stato pubblicato.", err=True, bold=True)
        for fault in outcome.faults:
            typer.echo(f"  {fault}", err=True)
    else:
        typer.secho(outcome.message, bold=True)
    raise typer.Exit(BAD if outcome.faults else 0)
