"""What `will consegne` answers: states of deliveries, blank templates, checks of files.

Areas come from the published mart, so that nothing here needs the graph.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import typer

from will_pipeline.cities.catalogue import load_cities
from will_pipeline.cli.towns import areas_of, published_areas, stop, town_named
from will_pipeline.deliveries.archive import Archive
from will_pipeline.deliveries.blank import blank_csv, blank_workbook
from will_pipeline.deliveries.boundary_files import TITLES, boundary_kind
from will_pipeline.deliveries.catalogue import load_templates
from will_pipeline.deliveries.folder import (
    OWN_AREAS,
    Folder,
    Outcome,
    examine_any,
    kind_of,
)
from will_pipeline.deliveries.problems import listed

ROME = ZoneInfo("Europe/Rome")
BAD, WRONG_USE = 1, 2
WORDS_OF_STATE = {
    "accolta": "accolta",
    "rifiutata": "rifiutata, nessun dato in uso",
    "ultima_buona": "rifiutata, in uso l'ultima buona",
}


def tell_states(progetto: Path, *, as_json: bool) -> None:
    """Print the state of every delivery, by city and kind, and change nothing."""
    folder = _folder(progetto)
    municipalities = _municipalities()
    outcomes = folder.examine(municipalities, published_areas(progetto), keep=False)
    strangers = folder.strangers(municipalities)
    if as_json:
        told = {"consegne": [_told(each) for each in outcomes], "cartelle_sconosciute": strangers}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    if not outcomes and not strangers:
        typer.echo("Nessuna consegna. I file vanno in data/raw/consegne/<città>/.")
    for outcome in outcomes:
        typer.secho(f"{outcome.town.name}, {outcome.kind}: {_state(outcome)}", bold=True)
        for line in listed(outcome.problems, cells=True):
            typer.echo(f"  {line}")
    if strangers:
        names = ", ".join(city.slug for city in load_cities())
        typer.echo(f"Cartelle di nessuna città: {len(strangers)}. I nomi ammessi sono {names}.")


def write_blank(tipo: str, citta: str, formato: str, cartella: Path, progetto: Path) -> None:
    """Write a blank template; refuse to touch files that are there."""
    template = load_templates()[_kind(tipo)]
    areas = areas_of(town_named(citta), progetto) if citta else None
    make = blank_workbook if formato == "xlsx" else blank_csv
    files = make(template, areas)
    present = [name for name in files if (cartella / name).exists()]
    if present:
        are, move = ("c'è", "spostalo") if len(present) == 1 else ("ci sono", "spostali")
        stop(f"nella cartella {are} già {', '.join(present)}: {move} o scegli --cartella.")
    cartella.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (cartella / name).write_bytes(content)
        typer.echo(cartella / name)


def check_files(file: list[Path], citta: str, tipo: str, progetto: Path, *, as_json: bool) -> None:
    """Check files without keeping them; exit with 0 if they are good, with 1 if not."""
    templates = load_templates()
    told_by_name = boundary_kind(file[0].name) or kind_of(file[0].name, templates)
    kind = _kind(tipo or told_by_name or "", TITLES)
    absent = [path.name for path in file if not path.is_file()]
    if absent:
        stop(f"non trovo {', '.join(absent)}.")
    town = town_named(citta)
    areas = areas_of(town, progetto)
    if kind == OWN_AREAS:
        areas.sections = _folder(progetto).sections_in_use(town.slug)
    examined = examine_any(file, kind, templates, areas, today=_today())
    lines = listed(examined.problems, cells=True)
    rows = {table: frame.height for table, frame in examined.tables.items()}
    if as_json:
        told = {"tipo": kind, "va_bene": examined.good, "righe": rows, "difetti": lines}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif examined.good:
        typer.secho(f"Il file va bene. Righe: {sum(rows.values())}.", bold=True)
    else:
        typer.secho("Il file va corretto.", bold=True, err=True)
        for line in lines:
            typer.echo(f"  {line}", err=True)
    raise typer.Exit(0 if examined.good else BAD)


def _today() -> date:
    return datetime.now(ROME).date()


def _municipalities() -> pl.DataFrame:
    rows = [(city.pro_com, city.slug, city.name, city.order) for city in load_cities()]
    return pl.DataFrame(rows, schema=["pro_com", "slug", "name", "position"], orient="row")


def _folder(project: Path) -> Folder:
    data = project / "data" / "raw"
    return Folder(data / "consegne", Archive(data / "consegne_accolte"), load_templates(), _today())


def _kind(given: str, others: Collection[str] = ()) -> str:
    known = sorted({*load_templates(), *others})
    if given not in known:
        stop(f"il tipo non c'è; i tipi sono {', '.join(known)}.")
    return given


def _state(outcome: Outcome) -> str:
    words = WORDS_OF_STATE[outcome.state]
    if outcome.pointer is None:
        new = " al prossimo percorso" if outcome.tables else ""
        return f"{words}{new}"
    return f"{words}; righe in uso {outcome.rows}, dal {outcome.pointer.accepted_on:%d/%m/%Y}"


def _told(outcome: Outcome) -> dict[str, object]:
    pointer = outcome.pointer
    return {
        "citta": outcome.town.slug,
        "tipo": outcome.kind,
        "file": outcome.file,
        "stato": outcome.state,
        "righe": outcome.rows,
        "accolta_il": pointer.accepted_on.isoformat() if pointer else None,
        "sha256": pointer.sha256 if pointer else None,
        "difetti": listed(outcome.problems, cells=True),
    }
