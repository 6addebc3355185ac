"""`will domande`: the planners' named questions, listed and answered from the published mart.

Parsing and printing belong here; questions and answers come from the library.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from will_pipeline.cli.called import as_called

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from will_pipeline.domande.catalogue import Question
    from will_pipeline.domande.workbook import Context

domande = typer.Typer(
    name="domande",
    help="Le domande già scritte: elencarle, e avere la risposta dal mart pubblicato.",
    no_args_is_help=True,
)

PROJECT = Path(__file__).parent.parent.parent
FAILED, WRONG_USE = 1, 2
LEVELS = ("Q", "A", "C")


class Form(StrEnum):
    """How an answer is printed."""

    TABELLA = "tabella"
    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"


Mart = Annotated[
    Path,
    typer.Option(
        "--mart", help="File o cartella del mart; di solito l'ultimo rilascio.", show_default=False
    ),
]


@domande.command()
def elenco(
    in_json: Annotated[
        bool, typer.Option("--json", help="Stampa l'elenco in JSON, per altri programmi.")
    ] = False,
) -> None:
    """Elenca le domande, con i loro parametri."""
    from will_pipeline.domande.catalogue import load_questions  # noqa: PLC0415

    if in_json:
        listed = [_told_of(question) for question in load_questions().values()]
        typer.echo(json.dumps(listed, ensure_ascii=False, indent=2))
        return
    for question in load_questions().values():
        typer.secho(f"{question.number:2d}  {question.title}", bold=True)
        for each in question.parameters:
            typer.echo(f"      --con {each.name}=…   per esempio {each.name}={each.example}")
    typer.echo("")
    typer.echo(as_called("Per avere la risposta: «will domande esegui NUMERO»"))


def _told_of(question: Question) -> dict[str, object]:
    asked = [{"nome": p.name, "tipo": p.kind, "esempio": p.example} for p in question.parameters]
    return {
        "numero": question.number,
        "titolo": question.title,
        "come_si_legge": question.how_to_read,
        "parametri": asked,
    }


@domande.command()
def esegui(
    numero: Annotated[int, typer.Argument(help="Numero della domanda, come in «elenco».")],
    *,
    con: Annotated[
        list[str] | None,
        typer.Option(help="Valore di un parametro: nome=valore. Si può ripetere."),
    ] = None,
    livello: Annotated[
        str, typer.Option(help="Solo un livello: Q quartieri, A aree di censimento, C città.")
    ] = "",
    area: Annotated[
        str, typer.Option(help="Solo un'area: il codice o il nome, come 034027.Q04.")
    ] = "",
    tutte: Annotated[
        bool, typer.Option("--tutte", help="Stampa tutte le righe, anche se sono molte.")
    ] = False,
    formato: Annotated[
        Form, typer.Option(help="Come dare la risposta; «xlsx» la scrive in un file.")
    ] = Form.TABELLA,
    file: Annotated[
        Path | None,
        typer.Option(
            help="File da scrivere, per «xlsx»; di solito porta il nome della domanda.",
            show_default=False,
        ),
    ] = None,
    mart: Mart = PROJECT / "data" / "marts" / "latest",
) -> None:
    """Risponde a una domanda con i numeri del rilascio pubblicato."""
    from will_pipeline.domande.catalogue import (  # noqa: PLC0415
        NO_ROWS,
        QuestionFault,
        ask,
        load_questions,
    )
    from will_pipeline.mart.opening import NoMart, open_mart  # noqa: PLC0415

    if file is not None and formato is not Form.XLSX:
        _stop("«--file» si usa con «--formato xlsx»")
    questions = load_questions()
    if numero not in questions:
        _stop(f"la domanda {numero} non c'è: «will domande elenco» dice quali ci sono")
    question = questions[numero]
    try:
        with open_mart(mart) as opened:
            given = _values(con or [])
            answer = ask(opened, question, given)
            answer = _of_level(question, answer, livello.upper()) if livello else answer
            answer = _of_area(question, answer, opened, area) if area else answer
            context = _context(opened) if formato is Form.XLSX else None
    except NoMart as fault:
        _stop(str(fault), code=FAILED)
    except QuestionFault as fault:
        _stop(str(fault))
    taken = _examples(question, given)
    if taken:
        typer.echo(as_called(taken), err=formato is not Form.TABELLA)
    if answer.is_empty():
        # Machines read the standard output: the reason goes beside it.
        typer.echo(question.title, err=formato is not Form.TABELLA)
        typer.echo(question.if_empty or NO_ROWS, err=formato is not Form.TABELLA)
    if context is not None:
        _write(file or Path(f"domanda_{question.name}.xlsx"), question, given, answer, context)
    elif formato is Form.TABELLA:
        if not answer.is_empty():
            from will_pipeline.cli.answers import print_answer  # noqa: PLC0415

            print_answer(question, answer, whole=tutte)
    else:
        sys.stdout.write(_text(answer, formato))


def _text(answer: pl.DataFrame, form: Form) -> str:
    from will_pipeline.mart.plain_text import harmless  # noqa: PLC0415

    return answer.write_json() + "\n" if form is Form.JSON else harmless(answer).write_csv()


def _context(opened: duckdb.DuckDBPyConnection) -> Context:
    from will_pipeline.domande.workbook import read_context  # noqa: PLC0415

    return read_context(opened)


def _write(
    file: Path, question: Question, given: Mapping[str, str], answer: pl.DataFrame, context: Context
) -> None:
    from will_pipeline.domande.workbook import answer_sheets  # noqa: PLC0415
    from will_pipeline.mart.spreadsheets import write_xlsx  # noqa: PLC0415

    asked = {each.name: given.get(each.name, each.example) for each in question.parameters}
    sheets = answer_sheets(question, asked, answer, context)
    try:
        write_xlsx(file, sheets, title=question.title, made_at=context.made_at)
    except OSError as fault:
        _stop(f"non riesco a scrivere {file}: {fault.strerror}", code=FAILED)
    typer.echo(f"Risposta scritta in {file}: {answer.height} righe.")


def _of_level(question: Question, answer: pl.DataFrame, level: str) -> pl.DataFrame:
    """Keep the rows of one level, where the answer tells levels apart."""
    _has_column(question, answer, "livello")
    if level not in LEVELS:
        _stop(f"il livello è uno fra {', '.join(LEVELS)}")
    return answer.filter(answer["livello"] == level)


def _of_area(
    question: Question, answer: pl.DataFrame, mart: duckdb.DuckDBPyConnection, area: str
) -> pl.DataFrame:
    """Keep the rows of one area, where the answer speaks of areas."""
    from will_pipeline.domande.places import Unknown, find  # noqa: PLC0415

    _has_column(question, answer, "area_id")
    try:
        found = find(mart, "area", area)
    except Unknown as fault:
        _stop(str(fault))
    return answer.filter(answer["area_id"] == found)


def _has_column(question: Question, answer: pl.DataFrame, column: str) -> None:
    if column not in answer.columns:
        _stop(f"la risposta alla domanda {question.number} non ha la colonna {column}")


def _examples(question: Question, given: Mapping[str, str]) -> str:
    """Say which values the question took by itself: one about Parma must not pass for ours."""
    free = [each for each in question.parameters if each.name not in given]
    if not free:
        return ""
    told = ", ".join(f"{each.name} = {each.example}" for each in free)
    return f"Esempio con {told}. Per scegliere: «--con {free[0].name}=…».\n"


def _values(given: list[str]) -> dict[str, str]:
    values = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not sign:
            _stop(f"«{each}» non dice un valore: si scrive nome=valore")
        values[name.strip()] = value.strip()
    return values


def _stop(rule: str, *, code: int = WRONG_USE) -> NoReturn:
    typer.echo(as_called(f"Non posso rispondere: {rule}."), err=True)
    raise typer.Exit(code)
