"""`will verifica`, `will rilasci` and `will ripristina`: the releases on the shelf.

Parsing and printing belong here; what a release is belongs to `will_pipeline.mart`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from will_pipeline.cli.called import as_called
from will_pipeline.cli.towns import AsJson

PROJECT = Path(__file__).parent.parent.parent
FAILED, WRONG_USE = 1, 2
SHOWN = 20
"""Altered files that are named one by one; the others are counted."""

Project = Annotated[
    Path,
    typer.Option("--progetto", help="Cartella del progetto, con data/.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Stampa l'esito in JSON, per altri programmi.")]


def verifica(
    cartella: Annotated[
        Path | None,
        typer.Argument(help="Cartella di un rilascio; di solito quello che leggono tutti."),
    ] = None,
    progetto: Project = PROJECT,
    *,
    as_json: AsJson = False,
) -> None:
    """Confronta ogni file di un rilascio con la sua impronta."""
    from will_pipeline.mart.exports import CHECKSUM_FILE, altered_files  # noqa: PLC0415

    folder = cartella or progetto / "data" / "marts" / "latest"
    if not folder.is_dir():
        _stop("La cartella non c'è: il rilascio si fa con «will esegui».")
    broken = altered_files(folder)
    if as_json:
        told = {"integro": not broken, "alterati": broken}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        raise typer.Exit(FAILED if broken else 0)
    if broken:
        typer.secho(f"Rilascio alterato: {len(broken)} file.", err=True, bold=True)
        for name in broken[:SHOWN]:
            typer.echo(f"  {name!r}" if not name.isprintable() else f"  {name}", err=True)
        if len(broken) > SHOWN:
            typer.echo(f"  … e altri {len(broken) - SHOWN}", err=True)
        typer.echo(as_called("Si torna a un rilascio integro con «will ripristina»."), err=True)
        raise typer.Exit(FAILED)
    count = len((folder / CHECKSUM_FILE).read_text("utf-8").splitlines())
    typer.echo(f"Rilascio integro: {count} file, ognuno con la sua impronta.")


def rilasci(progetto: Project = PROJECT, *, as_json: AsJson = False) -> None:
    """Elenca i rilasci che si possono leggere o ripristinare."""
    from will_pipeline.mart.shelf import LATEST, NIGHTLY, STABLE, Shelf  # noqa: PLC0415

    shelf = Shelf(progetto / "data" / "marts")
    said = {LATEST: "letto da tutti", STABLE: "stabile", NIGHTLY: "ultimo prodotto"}
    latest = shelf.led_to(LATEST)
    if as_json:
        told: dict[str, object] = {"rilasci": shelf.numbers()}
        told |= {name: shelf.led_to(name) for name in said}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for release in shelf.numbers():
        marks = [words for name, words in said.items() if shelf.led_to(name) == release]
        if release == latest and shelf.led_to(NIGHTLY) == latest:
            marks.remove(said[NIGHTLY])
        typer.echo(f"{release}{'  ← ' if marks else ''}{', '.join(marks)}")
    if not shelf.numbers():
        typer.echo(as_called("Nessun rilascio: si fa con «will esegui»."))


def ripristina(
    rilascio: Annotated[str, typer.Argument(help="Numero del rilascio, come in «will rilasci».")],
    progetto: Project = PROJECT,
) -> None:
    """Rimette in lettura un rilascio precedente, se è integro."""
    from will_pipeline.mart.exports import altered_files  # noqa: PLC0415
    from will_pipeline.mart.shelf import Shelf, ShelfBusy  # noqa: PLC0415

    shelf = Shelf(progetto / "data" / "marts")
    if rilascio not in shelf.numbers():
        _stop(f"Il rilascio {rilascio} non c'è: «will rilasci» dice quali ci sono.", code=WRONG_USE)
    if altered_files(shelf.releases / rilascio):
        _stop(f"Il rilascio {rilascio} è alterato e non si ripristina: vedi «will verifica».")
    try:
        with shelf.locked():
            shelf.point_latest_at(rilascio)
    except ShelfBusy as fault:
        _stop(f"Non posso ripristinare: {fault}.")
    typer.echo(f"Ora si legge il rilascio {rilascio}.")
    typer.echo("La prossima esecuzione pubblica di nuovo, se i dati sono diversi.")


def _stop(sentence: str, *, code: int = FAILED) -> NoReturn:
    typer.echo(as_called(sentence), err=True)
    raise typer.Exit(code)
