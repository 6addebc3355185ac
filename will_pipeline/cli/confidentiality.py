"""`will riservatezza`: the attack on what a published mart keeps to itself, and what it gave back.

Parsing and printing belong here; the attack belongs to `will_pipeline.mart.disclosure_audit`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from will_pipeline.cli.called import as_called

if TYPE_CHECKING:
    import polars as pl

PROJECT = Path(__file__).parent.parent.parent
FAILED = 1
SHOWN = 20
"""Findings told one by one; the others are counted."""


def riservatezza(
    prima: Annotated[
        Path | None,
        typer.Option(
            help="Un rilascio precedente da attaccare insieme; di solito quello appena prima.",
            show_default=False,
        ),
    ] = None,
    mart: Annotated[
        Path | None,
        typer.Option(
            "--mart",
            help="File o cartella del mart; di solito l'ultimo rilascio.",
            show_default=False,
        ),
    ] = None,
    progetto: Annotated[
        Path,
        typer.Option("--progetto", help="Cartella del progetto, con data/.", show_default=False),
    ] = PROJECT,
    in_json: Annotated[
        bool, typer.Option("--json", help="Stampa l'esito in JSON, per altri programmi.")
    ] = False,
) -> None:
    """Prova a ricavare i numeri riservati di un mart, e dice che cosa trova.

    Finisce con 0 se non si ricava niente, con 1 se un numero riservato si ricava o il mart manca.
    """
    from will_pipeline.mart.disclosure_audit import audit_mart  # noqa: PLC0415
    from will_pipeline.mart.disclosure_page import (  # noqa: PLC0415
        audit_lines,
        audit_told,
        finding_line,
    )
    from will_pipeline.mart.opening import NoMart  # noqa: PLC0415

    latest = progetto / "data" / "marts" / "latest"
    earlier = prima or (_before(progetto) if mart is None else None)
    if not in_json:
        typer.echo("Provo a ricavare i numeri riservati…")
    try:
        tables = _read(mart or latest)
        audit = audit_mart(tables, None if earlier is None else _read(earlier))
    except NoMart as fault:
        typer.echo(as_called(f"Non posso provare: {fault}."), err=True)
        raise typer.Exit(FAILED) from fault
    if in_json:
        typer.echo(json.dumps(audit_told(audit), ensure_ascii=False, indent=2))
    else:
        for line in audit_lines(audit):
            typer.echo(f"  {line}")
        for each in audit.findings[:SHOWN]:
            typer.secho(f"  ✗ {finding_line(each)}", bold=True)
        if len(audit.findings) > SHOWN:
            typer.echo(f"  … e altri {len(audit.findings) - SHOWN}")
    if audit.findings:
        raise typer.Exit(FAILED)


def _read(mart: Path) -> dict[str, pl.DataFrame]:
    from will_pipeline.mart.opening import open_mart  # noqa: PLC0415
    from will_pipeline.mart.published_counts import read_needed  # noqa: PLC0415

    with open_mart(mart) as opened:
        return read_needed(opened)


def _before(project: Path) -> Path | None:
    """The release that was read before the latest one, where the shelf still has it."""
    from will_pipeline.mart.shelf import LATEST, Shelf  # noqa: PLC0415

    shelf = Shelf(project / "data" / "marts")
    numbers, latest = shelf.numbers(), shelf.led_to(LATEST)
    place = numbers.index(latest) if latest in numbers else 0
    return shelf.releases / numbers[place - 1] if place > 0 else None
