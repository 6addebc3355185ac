"""`will fonti`: the sources, how old their copies are, and refreshing or pinning the live ones.

Parsing and printing belong here; what a source is and what a refresh does come from the library.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from will_pipeline.cli.called import as_called

if TYPE_CHECKING:
    from will_pipeline.sources.descriptor import Descriptor
    from will_pipeline.sources.hosts import Hosts
    from will_pipeline.sources.refresh import Outcome
    from will_pipeline.sources.standing import Standing

fonti = typer.Typer(
    name="fonti",
    help="Le fonti: quali sono, da quando è la copia che si usa, come aggiornarla o bloccarla.",
    no_args_is_help=True,
)

PROJECT = Path(__file__).parent.parent.parent
FAILED, WRONG_USE = 1, 2
SEED = 20261101
NIGHT = 3 * 3600.0
"""Seconds after which the sources not reached keep the copy they have."""

Project = Annotated[
    Path,
    typer.Option(
        "--progetto", help="Cartella del progetto, con assets/ e data/.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Stampa JSON, per altri programmi.")]


@fonti.command()
def elenco(progetto: Project = PROJECT, come_json: Json = False) -> None:
    """Elenca le fonti: stato, età e licenza."""
    from will_pipeline.sources.archive import Archive  # noqa: PLC0415
    from will_pipeline.sources.clock import Clock  # noqa: PLC0415
    from will_pipeline.sources.standing import standing  # noqa: PLC0415

    archive, now = Archive(progetto / "data" / "raw"), Clock().moment()
    found = [standing(each, archive, now=now) for each in _sources(progetto).values()]
    if come_json:
        _print_json([each.told() for each in found])
        return
    for each in found:
        typer.secho(each.key, bold=True)
        typer.echo(f"  {_state_of(each)}")
        typer.echo(f"  {each.producer}, {each.licence}")


@fonti.command()
def aggiorna(
    chiave: Annotated[
        str | None, typer.Argument(help="Chiave di una fonte; tutte quelle dal vivo se manca.")
    ] = None,
    configurazione: Annotated[
        Path | None,
        typer.Option(help="File con gli indirizzi di una replica; di solito quello di WILL_HOSTS."),
    ] = None,
    progetto: Project = PROJECT,
    come_json: Json = False,
) -> None:
    """Chiede alle fonti dal vivo se c'è qualcosa di nuovo."""
    sources = _live(progetto)
    if chiave is not None:
        sources = [_one(progetto, chiave)]
    hosts = _hosts(configurazione)
    outcomes = []
    for outcome in _refreshed(sources, hosts, progetto):
        outcomes.append(outcome)
        if not come_json:
            _print_outcome(outcome)
    if come_json:
        _print_json([_told(each) for each in outcomes])
    elif not outcomes:
        typer.echo("Nessuna fonte si aggiorna dal vivo.")
    if any(each.state in ("ultima_buona", "mai_riuscita") for each in outcomes):
        raise typer.Exit(FAILED)


@fonti.command()
def blocca(
    chiave: Annotated[str, typer.Argument(help="Chiave di una fonte dal vivo.")],
    togli: Annotated[bool, typer.Option("--togli", help="Toglie il blocco.")] = False,
    progetto: Project = PROJECT,
    come_json: Json = False,
) -> None:
    """Tiene la copia di oggi, qualunque cosa faccia la fonte."""
    from will_pipeline.errors import SourceFault  # noqa: PLC0415
    from will_pipeline.sources.archive import Archive, Busy  # noqa: PLC0415

    source = _one(progetto, chiave)
    archive = Archive(progetto / "data" / "raw")
    try:
        with archive.refreshing(source.key):
            snapshot = archive.pin(source.key, pinned=not togli)
    except SourceFault as fault:
        _stop(str(fault))
    except Busy:
        _stop(f"la fonte {chiave} si sta aggiornando: aspetta che finisca")
    if come_json:
        _print_json({"fonte": chiave, "bloccata": not togli, "copia": snapshot.id})
    elif togli:
        typer.echo(f"{chiave}: il blocco è tolto, la prossima volta si aggiorna.")
    else:
        day = f"{snapshot.taken_at:%d/%m/%Y}"
        typer.echo(f"{chiave}: resta in uso la copia del {day}, finché non si toglie il blocco.")


def _sources(project: Path) -> dict[str, Descriptor]:
    from will_pipeline.errors import SourceFault  # noqa: PLC0415
    from will_pipeline.sources.descriptor import load_sources  # noqa: PLC0415

    try:
        return load_sources(project / "assets" / "raw")
    except SourceFault as fault:
        _stop(str(fault))


def _live(project: Path) -> list[Descriptor]:
    return [each for each in _sources(project).values() if each.live is not None]


def _one(project: Path, key: str) -> Descriptor:
    found = _sources(project).get(key)
    if found is None:
        _stop(f"la fonte {key!r} non c'è: «will fonti elenco» dice quali ci sono", code=WRONG_USE)
    if found.live is None:
        _stop(f"la fonte {key} non si aggiorna dal vivo", code=WRONG_USE)
    return found


def _hosts(configuration: Path | None) -> Hosts:
    from will_pipeline.errors import SourceFault  # noqa: PLC0415
    from will_pipeline.sources.hosts import load_hosts  # noqa: PLC0415

    try:
        return load_hosts(configuration)
    except SourceFault as fault:
        _stop(str(fault))


def _refreshed(sources: list[Descriptor], hosts: Hosts, project: Path) -> Iterable[Outcome]:
    from will_pipeline.sources.archive import Archive  # noqa: PLC0415
    from will_pipeline.sources.clock import Clock  # noqa: PLC0415
    from will_pipeline.sources.limiter import Limiter  # noqa: PLC0415
    from will_pipeline.sources.refresh import Refresher  # noqa: PLC0415
    from will_pipeline.sources.transport import Transport  # noqa: PLC0415

    raw = project / "data" / "raw"
    transport = Transport(hosts, Limiter(raw / "limiti", Clock()), seed=SEED)
    return Refresher(hosts, Archive(raw), transport).refresh_all(sources, seconds=NIGHT)


def _print_outcome(outcome: Outcome) -> None:
    words = {
        "nuova": "c'è una copia nuova",
        "invariata": "niente di nuovo",
        "ultima_buona": "non si è potuta aggiornare: resta l'ultima copia buona",
        "mai_riuscita": "non si è ancora potuta avere",
    }
    bad = outcome.state in ("ultima_buona", "mai_riuscita")
    typer.secho(f"{outcome.source}: {words[outcome.state]}", bold=bad, err=bad)
    for change in outcome.changes:
        before = "" if change.rows_before is None else f", prima {change.rows_before}"
        typer.echo(f"  {change.name}: {change.rows_after} righe{before}")
    if outcome.reason:
        hint = f" ({outcome.hint})" if outcome.hint else ""
        typer.echo(f"  {outcome.reason}{hint}", err=bad)
    if outcome.alarm and bad:
        typer.echo(f"  È la volta di guardarci: tentativi falliti {outcome.failures}.", err=True)


def _told(outcome: Outcome) -> dict[str, Any]:
    return {
        "fonte": outcome.source,
        "esito": outcome.state,
        "copia": outcome.snapshot,
        "presa_il": None if outcome.taken_at is None else outcome.taken_at.isoformat(),
        "confermata_il": None if outcome.checked_at is None else outcome.checked_at.isoformat(),
        "motivo": outcome.reason,
        "indizio": outcome.hint,
        "falliti_di_seguito": outcome.failures,
        "allarme": outcome.alarm,
        "file_cambiati": [change.name for change in outcome.changes],
    }


def _state_of(each: Standing) -> str:
    if each.taken_on is None:
        return each.state_in_words
    days = {0: "oggi", 1: "ieri"}.get(each.days or 0, f"{each.days} giorni fa")
    old = ", ormai vecchia" if each.old else ""
    return f"{each.state_in_words}; confermata {days}{old}"


def _print_json(content: Any) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))


def _stop(rule: str, *, code: int = FAILED) -> NoReturn:
    typer.echo(as_called(f"Non posso: {rule}."), err=True)
    raise typer.Exit(code)
