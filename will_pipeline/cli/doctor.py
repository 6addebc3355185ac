"""`will dottore`: what is wrong with this set-up, and how to mend it.

Printing belongs here; looking belongs to `will_pipeline.cli.diagnosis`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

PROJECT = Path(__file__).parent.parent.parent
FAILED = 1
MARKS = {"bene": "✓", "avviso": "!", "guasto": "✗"}


def dottore(
    progetto: Annotated[
        Path,
        typer.Option(help="Cartella del progetto, con data/ e .dagster/.", show_default=False),
    ] = PROJECT,
    in_json: Annotated[
        bool, typer.Option("--json", help="Stampa l'esito in JSON, per altri programmi.")
    ] = False,
) -> None:
    """Cerca che cosa non va in questa installazione, e dice come rimediare.

    Finisce con 1 se c'è un guasto; gli avvisi non contano.
    """
    from will_pipeline.cli.diagnosis import FAULT, World, examine  # noqa: PLC0415

    found = list(examine(progetto, World()))
    broken = [each for each in found if each.outcome == FAULT]
    if in_json:
        names = {"name": "nome", "outcome": "esito", "says": "detto", "mend": "rimedio"}
        told = [{names[key]: value for key, value in asdict(each).items()} for each in found]
        typer.echo(json.dumps({"sano": not broken, "esami": told}, ensure_ascii=False, indent=2))
    else:
        for each in found:
            typer.echo(f"{MARKS[each.outcome]} {each.says}")
            if each.mend:
                typer.echo(f"    rimedio: {each.mend}")
        typer.echo("")
        typer.secho(f"Guasti: {len(broken)}." if broken else "Nessun guasto.", bold=True)
    if broken:
        raise typer.Exit(FAILED)
