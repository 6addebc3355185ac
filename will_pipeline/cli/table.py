"""`will tavolo` and `will relazione`: papers for a table, its answers, the chapter for the report.

Commands parse, call the library, write and print; what stands on the papers belongs to the kit.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from will_pipeline.cli.called import as_called
from will_pipeline.cli.towns import BAD, PROJECT, AsJson, Project, areas_of, stop, town_named
from will_pipeline.cli.writing import made_folder, write_whole

if TYPE_CHECKING:
    from will_pipeline.deliveries.problems import Problem
    from will_pipeline.kit.town import Town

tavolo = typer.Typer(
    name="tavolo",
    help="Il kit del tavolo di quartiere: manifesti, foglio delle risposte, importazione.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
ROME = ZoneInfo("Europe/Rome")
City = Annotated[str, typer.Option(help="Città, come nome o codice ISTAT.")]


@tavolo.callback()
def about() -> None:
    """Il kit del tavolo di quartiere: manifesti, foglio delle risposte, importazione."""


@tavolo.command()
def kit(
    citta: City,
    cartella: Annotated[
        Path | None, typer.Option(help="Dove scrivere; di solito kit_<città>.", show_default=False)
    ] = None,
    progetto: Project = PROJECT,
    *,
    as_json: AsJson = False,
) -> None:
    """Scrive un manifesto A3 per bisogno, la scheda di chi guida e il foglio delle risposte."""
    town = town_named(citta)
    folder = cartella or Path(f"kit_{town.slug}")
    typer.echo(f"Preparo il kit del tavolo di {town.name}…", err=True)
    from will_pipeline.kit import papers, workbook  # noqa: PLC0415

    read = _read(town.name, progetto)
    files = {
        **papers.posters(read),
        **papers.facilitator_sheet(read, slug=town.slug, workbook=workbook.FILE),
        **workbook.response_workbook(areas_of(town, progetto)),
    }
    _write(files, folder, as_json=as_json)


@tavolo.command()
def importa(
    file: Annotated[Path, typer.Argument(help="Il foglio delle risposte compilato (.xlsx).")],
    citta: City,
    aggiungi: Annotated[
        bool, typer.Option("--aggiungi", help="Aggiunge a quello che è già consegnato.")
    ] = False,
    sostituisci: Annotated[
        bool, typer.Option("--sostituisci", help="Prende il posto di quello già consegnato.")
    ] = False,
    progetto: Project = PROJECT,
    *,
    as_json: AsJson = False,
) -> None:
    """Controlla il foglio delle risposte e lo consegna: entra nel mart con «will esegui»."""
    from will_pipeline.kit import workbook  # noqa: PLC0415

    if aggiungi and sostituisci:
        stop("scegli una sola opzione fra --aggiungi e --sostituisci.")
    if not file.is_file():
        stop(f"non trovo {file.name}.")
    town = town_named(citta)
    areas = areas_of(town, progetto)
    files = {file.name: file.read_bytes()}
    examined = workbook.check(files, areas, today=datetime.now(ROME).date())
    if not examined.good:
        _refuse(examined.problems, as_json=as_json)
    folder = progetto / "data" / "raw" / "consegne" / town.slug
    present = _delivered(folder, workbook.KIND)
    if len(present) > 1:
        names = ", ".join(path.name for path in present)
        stop(f"per {town.name} c'è più di un foglio: {names}. Lasciane uno solo.", code=BAD)
    name, content = f"{workbook.KIND}{file.suffix.lower()}", files[file.name]
    if present and not (sostituisci or present[0].read_bytes() == content):
        if not aggiungi:
            stop(
                f"per {town.name} c'è già {present[0].name}: scegli --aggiungi o --sostituisci.",
                code=BAD,
            )
        before = {present[0].name: present[0].read_bytes()}
        if not workbook.check(before, areas, today=datetime.now(ROME).date()).good:
            stop(
                f"{present[0].name}, già consegnato, ha dei difetti: vedi «will consegne elenco».",
                code=BAD,
            )
        together, problems = workbook.joined(before, files, areas)
        if problems:
            _refuse(problems, as_json=as_json)
        name, content = workbook.FILE, together[workbook.FILE]
    _hand_in(folder, name, content, present)
    rows = sum(frame.height for frame in examined.tables.values())
    _told_import(rows, town.name, folder / name, as_json=as_json)


def relazione(
    citta: City,
    cartella: Annotated[Path, typer.Option(help="Dove scrivere.", show_default=False)] = Path(),
    progetto: Project = PROJECT,
    *,
    as_json: AsJson = False,
) -> None:
    """Scrive un capitolo per la Relazione sociale in DOCX e ODT, con tabelle, mappe e fonti."""
    town = town_named(citta)
    typer.echo(f"Preparo il capitolo su {town.name}…", err=True)
    from will_pipeline.kit.chapter import chapter  # noqa: PLC0415
    from will_pipeline.kit.docx_file import docx_file  # noqa: PLC0415
    from will_pipeline.kit.odt_file import odt_file  # noqa: PLC0415

    told = chapter(_read(town.name, progetto))
    files = {
        f"relazione_sociale_{town.slug}.docx": docx_file(told),
        f"relazione_sociale_{town.slug}.odt": odt_file(told),
    }
    _write(files, cartella, as_json=as_json)


def _read(name: str, project: Path) -> Town:
    from will_pipeline.domande.places import Unknown  # noqa: PLC0415
    from will_pipeline.kit.town import read_town  # noqa: PLC0415
    from will_pipeline.mart.opening import NoMart, open_mart  # noqa: PLC0415

    try:
        with open_mart(project / "data" / "marts" / "latest") as mart:
            return read_town(mart, name)
    except NoMart as fault:
        stop(f"{fault}.", code=BAD)
    except Unknown as fault:
        stop(f"{fault}.")


def _write(files: Mapping[str, bytes], folder: Path, *, as_json: bool) -> None:
    present = [name for name in files if (folder / name).exists()]
    if present:
        are, move = ("c'è", "spostalo") if len(present) == 1 else ("ci sono", "spostali")
        stop(f"nella cartella {are} già {', '.join(present)}: {move} o scegli --cartella.")
    made_folder(folder)
    write_whole({folder / name: content for name, content in files.items()})
    paths = [str(folder / name) for name in files]
    _echo({"file": paths}, paths, as_json=as_json)


def _refuse(problems: Sequence[Problem], *, as_json: bool) -> None:
    from will_pipeline.deliveries.problems import listed  # noqa: PLC0415

    lines = listed(problems, cells=True)
    if as_json:
        _echo({"va_bene": False, "difetti": lines}, (), as_json=True)
    else:
        typer.secho("Il foglio va corretto. Non è stato consegnato.", bold=True, err=True)
        for line in lines:
            typer.echo(f"  {line}", err=True)
    raise typer.Exit(BAD)


def _delivered(folder: Path, kind: str) -> list[Path]:
    """Files that the night takes as this kind of delivery; no others, whatever their name."""
    from will_pipeline.deliveries.catalogue import load_templates  # noqa: PLC0415
    from will_pipeline.deliveries.folder import kind_of  # noqa: PLC0415

    if not folder.is_dir():
        return []
    templates = load_templates()
    return sorted(path for path in folder.iterdir() if kind_of(path.name, templates) == kind)


def _hand_in(folder: Path, name: str, content: bytes, present: Sequence[Path]) -> None:
    """Put the file in its place at once; the one it takes the place of goes away after."""
    made_folder(folder)
    # The night may read the folder at any moment: it takes no notice of a hidden name.
    write_whole({folder / name: content})
    for path in present:
        if path.name != name:
            path.unlink(missing_ok=True)


def _told_import(rows: int, town: str, path: Path, *, as_json: bool) -> None:
    from will_pipeline.atlas.words import count  # noqa: PLC0415

    told = count(rows, "osservazione", "osservazioni")
    lines = [
        f"Il foglio va bene: {told} dal tavolo di {town}.",
        f"Consegnato in {os.path.relpath(path)}.",
        as_called("Le voci entrano nel mart al prossimo percorso: «will esegui»."),
    ]
    _echo({"va_bene": True, "osservazioni": rows, "file": str(path)}, lines, as_json=as_json)


def _echo(told: Mapping[str, object], lines: Sequence[str], *, as_json: bool) -> None:
    import json  # noqa: PLC0415

    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for line in lines:
        typer.echo(line)
