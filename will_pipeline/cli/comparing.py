"""`will citta`, `will confronta` and `will novita`: cities, areas and releases beside one another.

Parsing and printing belong here; numbers and sentences come from the library.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from will_pipeline.cli.called import as_called
from will_pipeline.cli.towns import BAD, PROJECT, AsJson, Project, stop

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from will_pipeline.atlas.model import Area, Atlas, City, Score

FEWEST, MOST = 2, 4
"""Areas that can be read beside one another."""
SHOWN = 20
OTHER_CITIES = "Le aree sono di città diverse: 100 è la media di tutte le città."
ONE_CITY = "100 è la media della città."
NOT_COMPARABLE = "si confronta solo dentro una città"


def citta(
    nome: Annotated[str, typer.Argument(help="Una città sola; di solito tutte.")] = "",
    progetto: Project = PROJECT,
    *,
    as_json: AsJson = False,
) -> None:
    """Elenca le città con le loro aree, i residenti e che cosa se ne sa."""
    from will_pipeline.atlas.words import count  # noqa: PLC0415
    from will_pipeline.italian import number  # noqa: PLC0415

    cities = list(_atlas(progetto).cities)
    if nome:
        only = _one_city(progetto, nome)
        cities = [city for city in cities if city.row["nome"] == only]
    if as_json:
        _print_json([_told_city(city) for city in cities])
        return
    for city in cities:
        levels, known = _levels(city), city.coverage
        areas = count(levels.get("A", 0), "area di censimento", "aree di censimento")
        typer.secho(f"{city.row['nome']} ({city.row['pro_com']})", bold=True)
        residents = number(city.row["popolazione"])  # type: ignore[arg-type]
        typer.echo(f"  {residents} residenti nel {city.row['popolazione_anno']}")
        typer.echo(f"  {count(levels.get('Q', 0), 'quartiere', 'quartieri')}, {areas}")
        typer.echo(
            f"  valori degli indicatori: {number(known.published)} pubblicati, "
            f"{number(known.withheld)} riservati, {number(known.missing)} mancanti"
        )


def _levels(city: City) -> dict[str, int]:
    return {level.key: len(level.areas) for level in city.levels}


def _told_city(city: City) -> dict[str, object]:
    levels = _levels(city)
    return {
        "nome": city.row["nome"],
        "codice": city.row["pro_com"],
        "residenti": city.row["popolazione"],
        "anno": city.row["popolazione_anno"],
        "quartieri": levels.get("Q", 0),
        "aree_di_censimento": levels.get("A", 0),
        "valori_pubblicati": city.coverage.published,
        "valori_non_pubblicati": city.coverage.withheld,
        "valori_mancanti": city.coverage.missing,
    }


def confronta(
    aree: Annotated[list[str], typer.Argument(help="Da due a quattro aree: codice o nome.")],
    progetto: Project = PROJECT,
    *,
    as_json: AsJson = False,
) -> None:
    """Mette a confronto da due a quattro aree, anche di città diverse."""
    from will_pipeline.domande.places import Unknown, find  # noqa: PLC0415

    if not FEWEST <= len(aree) <= MOST:
        stop(f"le aree da confrontare sono da {FEWEST} a {MOST}.")
    try:
        with _mart(progetto) as mart:
            codes = [find(mart, "area", each) for each in aree]
    except Unknown as fault:
        stop(f"{fault}.")
    if len(set(codes)) < len(codes):
        stop("la stessa area è scritta due volte.")
    atlas = _atlas(progetto)
    chosen = [_area(atlas, code) for code in codes]
    far = len({str(area.row["pro_com"]) for area in chosen}) > 1
    told = [_compared(area, far=far) for area in chosen]
    if as_json:
        _print_json(told)
        return
    typer.echo(OTHER_CITIES if far else ONE_CITY)
    for each in told:
        typer.echo("")
        typer.secho(f"{each['area']} ({each['area_id']})", bold=True)
        for line in _lines(each["bisogni"]):
            typer.echo(f"  {line}")


def novita(
    prima: Annotated[
        str, typer.Argument(help="Rilascio di partenza; di solito il penultimo.")
    ] = "",
    dopo: Annotated[str, typer.Argument(help="Rilascio di arrivo; di solito quello letto.")] = "",
    progetto: Project = PROJECT,
    *,
    as_json: AsJson = False,
) -> None:
    """Dice che cosa cambia fra due rilasci, tabella per tabella, e perché."""
    from will_pipeline.contracts.catalogue import load_contracts  # noqa: PLC0415
    from will_pipeline.mart.news import RELEASE, news_rows  # noqa: PLC0415
    from will_pipeline.mart.shelf import LATEST, Shelf  # noqa: PLC0415

    shelf = Shelf(progetto / "data" / "marts")
    numbers = shelf.numbers()
    after = dopo or shelf.led_to(LATEST) or ""
    before = prima or _previous(numbers, after)
    for number in (after, before):
        if number not in numbers:
            stop(f"il rilascio {number} non c'è: «will rilasci» dice quali ci sono.")
    contracts = load_contracts("mart")
    rows = news_rows(
        _published(shelf.releases / after, contracts),
        _published(shelf.releases / before, contracts),
        contracts,
        release=after,
        before=before,
    )
    reason = rows.row(0, named=True)["motivo"]
    changed = rows.filter(rows["oggetto"] != RELEASE)
    if as_json:
        _print_json({"prima": before, "dopo": after, "motivo": reason, "righe": changed.to_dicts()})
        return
    typer.secho(f"Dal rilascio {before} al rilascio {after}", bold=True)
    if changed.is_empty():
        typer.echo("Nessuna riga delle tabelle è cambiata.")
        return
    typer.echo(str(reason))
    for (table,), found in changed.group_by("oggetto", maintain_order=True):
        typer.echo("")
        typer.secho(f"{table}: {_counted(found)}", bold=True)
        for row in found.head(SHOWN).iter_rows(named=True):
            typer.echo(f"  {row['tipo']}: {row['chiave']}")
        if found.height > SHOWN:
            typer.echo(as_called(f"  … e altre {found.height - SHOWN}: «will novita --json»"))


def _counted(rows: pl.DataFrame) -> str:
    kinds = rows["tipo"].value_counts(sort=True).rows()
    return ", ".join(f"{number} {kind}" for kind, number in kinds)


def _previous(numbers: Sequence[str], after: str) -> str:
    if after not in numbers or numbers.index(after) == 0:
        stop("serve un rilascio prima di questo: «will rilasci» dice quali ci sono.", code=BAD)
    return numbers[numbers.index(after) - 1]


def _published(folder: Path, contracts: Iterable[str]) -> dict[str, pl.DataFrame]:
    from will_pipeline.mart.opening import NoMart, open_mart  # noqa: PLC0415

    try:
        with open_mart(folder) as mart:
            there = {
                name for (name,) in mart.sql("SELECT table_name FROM duckdb_tables()").fetchall()
            }
            return {
                name: mart.sql(f'FROM main."{name}"').pl() for name in contracts if name in there
            }
    except NoMart as fault:
        stop(f"{fault}.", code=BAD)


def _compared(area: Area, *, far: bool) -> dict[str, object]:
    needs = {score.theme.name: _need(score, far=far) for score in area.scores}
    return {"area_id": area.row["area_id"], "area": area.row["nome"], "bisogni": needs}


def _need(score: Score, *, far: bool) -> dict[str, object]:
    """One need of one area, against its city or against the areas of all cities."""
    value = score.pool if far else score.value
    if value is None:
        alone = far and score.value is not None
        return {"indice": None, "motivo": NOT_COMPARABLE if alone else score.reason}
    return {
        "indice": round(value.index, 1),
        "da": round(value.low, 1),
        "a": round(value.high, 1),
        "lettura": value.reading,
    }


def _lines(needs: object) -> Iterable[str]:
    from will_pipeline.atlas.words import READINGS, between  # noqa: PLC0415
    from will_pipeline.italian import number  # noqa: PLC0415

    if not isinstance(needs, Mapping):
        return
    widest = max(len(name) for name in needs)
    for name, told in needs.items():
        if told["indice"] is None:
            yield f"{name:<{widest}}  {told['motivo'] or 'dato mancante'}"
            continue
        reading = READINGS[told["lettura"]].replace("la città", "la media")
        interval = between(told["da"], told["a"])
        yield f"{name:<{widest}}  {number(told['indice'], 1):>6}  {interval}; {reading}"


def _area(atlas: Atlas, code: str) -> Area:
    every = (
        area
        for city in atlas.cities
        for area in (*(area for level in city.levels for area in level.areas), city.whole)
        if area is not None
    )
    return next(area for area in every if area.row["area_id"] == code)


def _one_city(project: Path, given: str) -> str:
    from will_pipeline.domande.places import Unknown, find  # noqa: PLC0415

    try:
        with _mart(project) as mart:
            return find(mart, "comune", given)
    except Unknown as fault:
        stop(f"{fault}.")


def _mart(project: Path) -> duckdb.DuckDBPyConnection:
    from will_pipeline.mart.opening import NoMart, open_mart  # noqa: PLC0415

    try:
        return open_mart(project / "data" / "marts" / "latest")
    except NoMart as fault:
        stop(f"{fault}.", code=BAD)


def _atlas(project: Path) -> Atlas:
    from will_pipeline.kit.town import read_atlas  # noqa: PLC0415

    with _mart(project) as mart:
        return read_atlas(mart)


def _print_json(told: object) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False, indent=2, default=str))
