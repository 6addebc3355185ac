"""`will controlla`: what the checks of a release say, and how firm its profiles and basins are.

Printing belongs here; every line comes from the published tables through the library.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from will_pipeline.cli.called import as_called
from will_pipeline.cli.towns import AsJson

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
    *,
    as_json: AsJson = False,
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
    if as_json:
        told = {"va_bene": not report.broken, "parti": dict(report.sections)}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        raise typer.Exit(FAILED if report.broken else 0)
    for title, lines in report.sections:
        typer.secho(title, bold=True)
        for line in lines:
            typer.echo(f"  {line}")
        typer.echo("")
    if report.broken:
        raise typer.Exit(FAILED)
