"""The commands `will consegne`: what a municipality types before and after it hands files in.

Declarations belong here, so that the help of `will` waits for nothing; the answers belong to
`will_pipeline.cli.deliveries_answers`.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

consegne = typer.Typer(
    name="consegne",
    help="I file che i comuni consegnano: modelli, verifica, stato.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

PROJECT = Path(__file__).parent.parent.parent

Project = Annotated[
    Path, typer.Option("--progetto", help="Cartella del progetto, con data/.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Risponde in JSON.")]


class Format(StrEnum):
    """Formats of a blank template."""

    csv = "csv"
    xlsx = "xlsx"


@consegne.callback()
def about() -> None:
    """I file che i comuni consegnano: modelli, verifica, stato."""


@consegne.command()
def elenco(progetto: Project = PROJECT, *, as_json: AsJson = False) -> None:
    """Dice lo stato di ogni consegna, per città e tipo, senza cambiare niente."""
    from will_pipeline.cli.deliveries_answers import tell_states  # noqa: PLC0415

    tell_states(progetto, as_json=as_json)


@consegne.command()
def modello(
    tipo: Annotated[str, typer.Argument(help="Tipo di consegna, per esempio utenti_servizi.")],
    citta: Annotated[str, typer.Option(help="Città di cui elencare le aree.")] = "",
    formato: Annotated[Format, typer.Option(help="CSV o cartella di lavoro.")] = Format.xlsx,
    cartella: Annotated[Path, typer.Option(help="Dove scrivere.")] = Path(),
    progetto: Project = PROJECT,
) -> None:
    """Scrive un modello vuoto da compilare, senza toccare i file che ci sono già."""
    from will_pipeline.cli.deliveries_answers import write_blank  # noqa: PLC0415

    write_blank(tipo, citta, formato.value, cartella, progetto)


@consegne.command()
def verifica(
    file: Annotated[list[Path], typer.Argument(help="Il file, o i CSV di una stessa consegna.")],
    citta: Annotated[str, typer.Option(help="Città che consegna.")],
    tipo: Annotated[str, typer.Option(help="Tipo; di solito lo dice il nome del file.")] = "",
    progetto: Project = PROJECT,
    *,
    as_json: AsJson = False,
) -> None:
    """Controlla un file senza conservarlo: esce con 0 se va bene, con 1 se no."""
    from will_pipeline.cli.deliveries_answers import check_files  # noqa: PLC0415

    check_files(file, citta, tipo, progetto, as_json=as_json)
