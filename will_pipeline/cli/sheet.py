"""`will scheda`: the sheet of one area, in the terminal or as a PDF to print.

Parsing and printing belong here; what a sheet says is decided by `will_pipeline.atlas`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from will_pipeline.cli.called import as_called

if TYPE_CHECKING:
    from will_pipeline.atlas.finding import Found

PROJECT = Path(__file__).parent.parent.parent
FAILED, WRONG_USE = 1, 2
SHOWN = 12
"""Areas named where a name says too little."""


def scheda(
    area: Annotated[str, typer.Argument(help="Codice o nome di un'area: 034027.Q04, Pablo.")],
    *,
    pdf: Annotated[bool, typer.Option("--pdf", help="Scrive il PDF da stampare.")] = False,
    come: Annotated[
        Path | None,
        typer.Option(
            "--come", help="File del PDF; di solito «CODICE.pdf» qui.", show_default=False
        ),
    ] = None,
    sovrascrivi: Annotated[
        bool, typer.Option("--sovrascrivi", help="Scrive il PDF anche sopra un file che c'è già.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Stampa la scheda come JSON.")] = False,
    mart: Annotated[
        Path,
        typer.Option(
            "--mart", help="Cartella di un rilascio; di solito l'ultimo.", show_default=False
        ),
    ] = PROJECT / "data" / "marts" / "latest",
) -> None:
    """Mostra la scheda di un'area: bisogni, persone stimate, profilo; oppure ne scrive il PDF."""
    typer.echo("Apro il rilascio…", err=True)
    from will_pipeline.atlas.finding import find_areas  # noqa: PLC0415
    from will_pipeline.atlas.views import build_atlas  # noqa: PLC0415
    from will_pipeline.mart.opening import NoMart, published_tables  # noqa: PLC0415

    try:
        tables = published_tables(mart)
    except NoMart as fault:
        _stop(f"{fault}.", code=FAILED)
    said = dict(tables["mart_info"].select("chiave", "valore").iter_rows())
    atlas = build_atlas(tables, release=said["rilascio"])
    found = find_areas(atlas, area)
    if len(found) != 1:
        _stop(_unclear(area, found))
    if pdf or come is not None:
        from will_pipeline.atlas.printing import print_sheets  # noqa: PLC0415
        from will_pipeline.atlas.static import sheet_forms  # noqa: PLC0415
        from will_pipeline.cli.writing import write_whole  # noqa: PLC0415

        identifier = str(found[0].area.row["area_id"])
        target = come or Path(f"{identifier}.pdf")
        if target.exists() and not sovrascrivi:
            _stop(f"C'è già {target}: scegli un altro nome con --come, o --sovrascrivi.")
        (content,) = print_sheets(sheet_forms(atlas, only=identifier), workers=1).values()
        write_whole({target: content})
        typer.echo(f"Scritta la scheda di {found[0].name}: {target}")
    elif json_:
        typer.echo(json.dumps(_data(found[0], said.get("avviso")), ensure_ascii=False, indent=2))
    else:
        for line in _told(found[0], said.get("avviso")):
            typer.echo(line)


def _data(found: Found, notice: str | None) -> dict[str, object]:
    """The sheet for machines, with what an invented release says of itself before all else."""
    return {**({"avviso": notice} if notice else {}), **found.data()}


def _count(row: Mapping[str, str]) -> str:
    size = f"{row['stima']} ({row['intervallo']})"
    return f"  {row['bisogno']}: {size}, {row['chi']}, {row['anno']}"


def _told(found: Found, notice: str | None) -> Iterator[str]:
    """The lines of the sheet; a name may hold anything, so control characters are dropped."""
    summary = found.summary()
    lines = [
        *([notice, ""] if notice else []),
        found.name,
        f"{summary['area_id']} · {summary['residenti']} residenti · {summary['confini']}",
        "",
        *summary["in_breve"],
        "",
        "Bisogni (media della città = 100)",
        *(_need(row) for row in summary["bisogni"]),
        "",
        f"Profilo: {summary['profilo']}",
        "",
        "Persone stimate, non contate",
        *([_count(row) for row in summary["persone_stimate"]] or ["  nessun numero pubblicato"]),
        "",
        f"Rilascio {summary['rilascio']}. Il profilo descrive l'area, non le persone.",
        as_called(f"Da stampare: «will scheda {summary['area_id']} --pdf»"),
    ]  # fmt: skip
    for line in lines:
        yield "".join(letter for letter in str(line) if letter.isprintable())


def _need(row: dict[str, str]) -> str:
    if "indice" not in row:
        return f"  {row['bisogno']}: nessun indice, {row['motivo']}"
    place = f"; {row['posto']}" if row["posto"] else ""
    return f"  {row['bisogno']}: {row['indice']}, {row['intervallo']}; {row['lettura']}{place}"


def _unclear(asked: str, found: list[Found]) -> str:
    if not found:
        return f"Nessuna area si chiama «{asked}»: i codici sono nell'atlante, pagina «Cerca»."
    named = [f"  {each.area.row['area_id']}  {each.name}" for each in found[:SHOWN]]
    rest = [f"  … e altre {len(found) - SHOWN}"] if len(found) > SHOWN else []
    return "\n".join([f"«{asked}» può essere più di un'area. Scrivi il codice:", *named, *rest])


def _stop(sentence: str, *, code: int = WRONG_USE) -> NoReturn:
    typer.echo(as_called(sentence), err=True)
    raise typer.Exit(code)
