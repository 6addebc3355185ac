"""`will allarme`: a look from outside, for a timer that lives when the daemon does not.

What belongs here is how old the latest good run may be; sending is done by the alerts.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

PROJECT = Path(__file__).parent.parent.parent
FAILED = 1
HOURS = 26


def late(state: Path, now: datetime, *, hours: float = HOURS) -> str:
    """Why somebody has to look, in Italian; empty where a run ended well lately.

    Args:
        state: `stato.json` of the shelf.
        now: the instant, with its time zone.
        hours: how old the latest good run may be.
    """
    try:
        ended = datetime.fromisoformat(json.loads(state.read_text("utf-8"))["last_success_at"])
    except FileNotFoundError:
        return "Nessun giro è mai finito bene in questa cartella."
    except (OSError, ValueError, KeyError, TypeError):
        return "Lo stato dell'ultimo giro non si legge."
    if ended.tzinfo is None or ended > now + timedelta(hours=1):
        return "L'ora dell'ultimo giro non è credibile: guarda l'orologio della macchina."
    age = now - ended
    if age > timedelta(hours=hours):
        days = age.total_seconds() / 3600
        return f"L'ultimo giro finito bene è di {days:.0f} ore fa: il massimo è {hours:.0f}."
    return ""


def allarme(
    progetto: Annotated[
        Path,
        typer.Option(help="Cartella del progetto, con data/ e .dagster/.", show_default=False),
    ] = PROJECT,
    ore: Annotated[
        float, typer.Option(help="Ore che possono passare da un giro riuscito.")
    ] = HOURS,
) -> None:
    """Avvisa se da troppo tempo nessun giro finisce bene.

    Finisce con 1 se c'è da guardare. L'avviso parte se le variabili WILL_ALLARME_* lo dicono.
    """
    told = late(progetto / "data" / "marts" / "stato.json", datetime.now(UTC), hours=ore)
    if not told:
        typer.echo("L'ultimo giro è finito bene.")
        return
    typer.echo(told, err=True)
    from will_pipeline.orchestration.alerts import BadAlert, alert, channels  # noqa: PLC0415

    try:
        problems = alert(told, channels())
    except BadAlert as problem:
        problems = [str(problem)]
    for each in problems:
        typer.echo(each, err=True)
    raise typer.Exit(FAILED)
