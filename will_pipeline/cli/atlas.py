"""`will atlante`: build the atlas from a published mart, show it on this machine, check it.

Parsing and printing belong here; pages, server and checks come from `will_pipeline.atlas`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from will_pipeline.cli.called import as_called

if TYPE_CHECKING:
    from will_pipeline.atlas.verification import Verdict

PROJECT = Path(__file__).parent.parent.parent
LATEST = PROJECT / "data" / "marts" / "latest"
EXPLORED = PROJECT / "data" / "marts" / "esploratore"
FAILED, WRONG_USE = 1, 2
SHOWN = 10
"""Findings of one check that are told one by one; the others are counted."""
NAMES = {
    "collegamenti": "Collegamenti",
    "altre_origini": "Richieste ad altri siti",
    "contrasto": "Colori e contrasto",
    "leggibilita": "Frasi facili da leggere",
    "tabella_mappa": "Tabelle uguali alle mappe",
    "accessibilita": "Accessibilità nel browser",
}

atlante = typer.Typer(
    name="atlante",
    help="L'atlante: costruirlo dal mart, guardarlo su questa macchina, controllarlo.",
    no_args_is_help=True,
)

Folder = Annotated[
    Path,
    typer.Argument(
        help="Cartella dell'atlante; di solito quello dell'ultimo rilascio.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Stampa l'esito come JSON.")]


@atlante.command()
def costruisci(
    cartella: Annotated[Path, typer.Argument(help="Cartella da scrivere: nuova o vuota.")],
    mart: Annotated[
        Path,
        typer.Option(
            "--mart", help="Cartella di un rilascio; di solito l'ultimo.", show_default=False
        ),
    ] = LATEST,
    senza_schede: Annotated[
        bool, typer.Option("--senza-schede", help="Lascia fuori i PDF, che sono la parte lunga.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Costruisce l'atlante di un rilascio in una cartella, per portarlo altrove."""
    if cartella.exists() and (not cartella.is_dir() or any(cartella.iterdir())):
        _stop(f"La cartella {cartella} non è vuota: non la tocco.", code=WRONG_USE)
    typer.echo("Costruisco l'atlante" + ("…" if senza_schede else " e le schede…"), err=True)
    from will_pipeline.atlas.static import render_atlas  # noqa: PLC0415
    from will_pipeline.mart.exports import write_files  # noqa: PLC0415
    from will_pipeline.mart.opening import NoMart, published_tables  # noqa: PLC0415

    try:
        tables = published_tables(mart)
    except NoMart as fault:
        _stop(f"{fault}.")
    said = dict(tables["mart_info"].select("chiave", "valore").iter_rows())
    files = render_atlas(tables, release=said["rilascio"], with_sheets=not senza_schede)
    write_files(cartella, files)
    size = sum(len(content) for content in files.values())
    if json_:
        told = {"cartella": str(cartella), "file": len(files), "byte": size}
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    typer.echo(f"Atlante del rilascio {said['rilascio']}: {len(files)} file, {size / 1e6:.0f} MB.")
    typer.echo(f"  {cartella / 'index.html'}")


@atlante.command()
def esploratore(
    cartella: Annotated[
        Path,
        typer.Option(
            "--cartella",
            help="Copia dell'atlante dove aggiungerlo; se è nuova o vuota, ci copia l'atlante. "
            "Di solito data/marts/esploratore.",
            show_default=False,
        ),
    ] = EXPLORED,
    mart: Annotated[
        Path,
        typer.Option(
            "--mart", help="Cartella di un rilascio; di solito l'ultimo.", show_default=False
        ),
    ] = LATEST,
    json_: AsJson = False,
) -> None:
    """Aggiunge a una copia dell'atlante la mappa delle sezioni di censimento, dove ci sono."""
    from will_pipeline.atlas import explorer  # noqa: PLC0415
    from will_pipeline.atlas.packages import (  # noqa: PLC0415
        PackageFault,
        library_files,
        pinned_packages,
    )
    from will_pipeline.mart.opening import NoMart  # noqa: PLC0415

    release = mart.resolve()
    try:
        tables = explorer.tables_of(release)
        explorer.tiles_of(release)
        said = dict(tables["mart_info"].select("chiave", "valore").iter_rows())
        explorer.check_copy(cartella, said["rilascio"])
        typer.echo("Prendo le librerie con npm…", err=True)
        libraries = library_files(pinned_packages())
        size = explorer.write_explorer(cartella, release, libraries, tables)
    except (NoMart, explorer.NoSections, PackageFault) as fault:
        _stop(f"Non posso fare l'esploratore: {fault}.")
    except explorer.WrongFolder as fault:
        _stop(f"Non posso scrivere: {fault}.", code=WRONG_USE)
    page = cartella / explorer.FOLDER / "index.html"
    if json_:
        typer.echo(json.dumps({"pagina": str(page), "byte": size}, ensure_ascii=False))
        return
    typer.echo(f"Sezioni del rilascio {said['rilascio']}: {size / 1e6:.1f} MB.")
    typer.echo(f"  {page}")
    typer.echo(as_called(f"La mappa ha bisogno di un server: «will atlante servi {cartella}»."))


@atlante.command()
def servi(
    cartella: Folder = LATEST / "atlante",
    porta: Annotated[int, typer.Option(help="Porta; 0 per la prima libera.")] = 8112,
) -> None:
    """Mostra l'atlante a un indirizzo di questa macchina. Si ferma con Ctrl+C."""
    from will_pipeline.atlas.serving import LOOPBACK, serve  # noqa: PLC0415

    if not (cartella / "index.html").is_file():
        _stop(f"In {cartella} non c'è un atlante: si fa con «will esegui».")
    try:
        server = serve(cartella, porta)
    except OSError as fault:
        _stop(f"Non posso usare la porta {porta}: {fault.strerror}. Prova con --porta 0.")
    with server:
        home = f"http://{LOOPBACK}:{server.server_port}"
        typer.echo(f"Atlante: {home}/index.html")
        if (cartella / "esploratore" / "index.html").is_file():
            typer.echo(f"Sezioni: {home}/esploratore/index.html")
        typer.echo("Si legge solo da questa macchina. Per fermare: Ctrl+C.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("Fermato.")


@atlante.command()
def verifica(
    cartella: Folder = LATEST / "atlante",
    senza_browser: Annotated[
        bool, typer.Option("--senza-browser", help="Lascia fuori i controlli nel browser.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Controlla collegamenti, richieste, colori, parole, tabelle e accessibilità di un atlante."""
    from will_pipeline.atlas.browsing import NoBrowser, browse  # noqa: PLC0415
    from will_pipeline.atlas.verification import (  # noqa: PLC0415
        ACCESS,
        NoAtlas,
        Verdict,
        verify,
    )

    typer.echo("Controllo l'atlante…", err=True)
    try:
        verdict = verify(cartella)
    except NoAtlas as fault:
        _stop(f"Non posso controllare: {fault}.", code=WRONG_USE)
    skipped = "richiesto con --senza-browser"
    if not senza_browser:
        try:
            findings, opened = browse(cartella)
        except NoBrowser as fault:
            skipped = str(fault)
        else:
            skipped = ""
            verdict = Verdict((*verdict.findings, *findings), {**verdict.looked_at, ACCESS: opened})
    if json_:
        typer.echo(_as_json(verdict, skipped))
    else:
        _print(verdict, skipped)
    if verdict.findings:
        raise typer.Exit(FAILED)


def _as_json(verdict: Verdict, skipped: str) -> str:
    found = [
        {"controllo": each.check, "file": each.file, "messaggio": each.message}
        for each in verdict.findings
    ]
    return json.dumps(
        {
            "difetti": found,
            "guardati": dict(verdict.looked_at),
            "accessibilita_saltata": skipped or None,
        },
        ensure_ascii=False,
        indent=2,
    )


def _print(verdict: Verdict, skipped: str) -> None:
    for check, name in NAMES.items():
        found = [each for each in verdict.findings if each.check == check]
        if check not in verdict.looked_at:
            typer.echo(f"  –   {name}: saltato, {skipped}")
            continue
        looked = f"{verdict.looked_at[check]} guardati"
        typer.echo(f"  {'NO' if found else 'ok'}  {name}: {looked}, {len(found)} difetti")
        for each in found[:SHOWN]:
            line = f"        {each.file}: {each.message}"
            typer.echo("".join(letter for letter in line if letter.isprintable()))
        if len(found) > SHOWN:
            typer.echo(f"        … e altri {len(found) - SHOWN}")


def _stop(sentence: str, *, code: int = FAILED) -> NoReturn:
    typer.echo(as_called(sentence), err=True)
    raise typer.Exit(code)
