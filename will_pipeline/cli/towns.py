"""The city that a command names, its published areas, and the end of a command that cannot go on.

What several commands share belongs here; what they do with a city is theirs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from will_pipeline.cities.catalogue import City, load_cities
from will_pipeline.cli.called import as_called

if TYPE_CHECKING:
    import polars as pl

    from will_pipeline.deliveries.areas import Areas
    from will_pipeline.deliveries.folder import Town

PROJECT = Path(__file__).parent.parent.parent
BAD, WRONG_USE = 1, 2
_AREA_COLUMNS = {"level": "livello", "name": "nome", "residents": "popolazione"}

Project = Annotated[
    Path, typer.Option("--progetto", help="Cartella del progetto, con data/.", show_default=False)
]
Mart = Annotated[
    Path | None,
    typer.Option(
        "--mart", help="File o cartella del mart; di solito l'ultimo rilascio.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Risponde in JSON.")]


def city_named(given: str) -> City | None:
    """Find a city by any form of its name: `Reggio Emilia`, `reggio_emilia`, `035033`, `RE`."""
    from will_pipeline.domande.places import folded  # noqa: PLC0415

    meant = folded(given)
    for city in load_cities():
        forms = (city.slug, city.name, city.pro_com, city.sigla)
        if meant in {folded(form) for form in forms}:
            return city
    return None


def town_named(given: str) -> Town:
    """Find a city as deliveries know it, or stop the command naming the cities there are."""
    from will_pipeline.deliveries.folder import Town  # noqa: PLC0415

    city = city_named(given)
    if city is None:
        names = ", ".join(each.slug for each in load_cities())
        stop(f"la città «{given}» non c'è; le città sono {names}.")
    return Town(city.pro_com, city.slug, city.name)


def published_areas(project: Path) -> pl.DataFrame:
    """Areas of the published mart, in the columns of `core.area`; stop where there is no mart."""
    import duckdb  # noqa: PLC0415

    from will_pipeline.mart.release import DATABASE_FILE  # noqa: PLC0415

    mart = project / "data" / "marts" / "latest" / DATABASE_FILE
    if not mart.is_file():
        stop(
            "le aree si leggono dal mart, che non c'è ancora: prima esegui «will esegui».", code=BAD
        )
    with duckdb.connect(str(mart), read_only=True) as connection:
        published = connection.sql("FROM dim_area").pl()
    return published.select("area_id", "pro_com", **_AREA_COLUMNS)


def areas_of(town: Town, project: Path) -> Areas:
    """Published areas of one city."""
    from will_pipeline.deliveries.areas import Areas  # noqa: PLC0415

    return Areas(published_areas(project), pro_com=town.pro_com, town=town.name)


def stop(told: str, *, code: int = WRONG_USE) -> NoReturn:
    """End the command with a sentence on the standard error."""
    typer.echo(as_called(told[:1].upper() + told[1:]), err=True)
    raise typer.Exit(code)
