"""`will controlla`: what the checks of a release say, and how firm its profiles and basins are.

Printing belongs here; every line comes from the published tables through the library.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from will_pipeline.cli.called import as_called

PROJECT = Path(__file__).parent.parent.parent
FAILED = 1


def controlla(
    mart: Annotated[
        Path,
        typer.Option(
            "--mart",
            help="File o cartella del mart; di solito l'ultimo rilascio.",
            show_default=False,
        ),
    ] = PROJECT / "data" / "marts" / "latest",
    in_json: Annotated[
        bool, typer.Option("--json", help="Stampa l'esito in JSON, per altri programmi.")
    ] = False,
) -> None:
    """Dice l'esito dei controlli del rilascio, e quanto sono solidi profili e bacini."""
    from will_pipeline.mart.inspection import inspection_report  # noqa: PLC0415
    from will_pipeline.mart.opening import NoMart, open_mart  # noqa: PLC0415

    try:
        with open_mart(mart) as opened:
            report = inspection_report(opened)
    except NoMart as fault:
        typer.echo(as_called(f"Non posso controllare: {fault}."), err=True)
        raise typer.Exit(FAILED) from fault
    if in_json:
        told = {"sano": not report.broken, "parti": dict(report.sections)}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    for title, lines in () if in_json else report.sections:
        typer.secho(title, bold=True)
        for line in lines:
            typer.echo(f"  {line}")
        typer.echo("")
    if report.broken:
        raise typer.Exit(FAILED)
