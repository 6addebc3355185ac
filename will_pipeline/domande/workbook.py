"""The answer to a question as the sheets of a workbook: read me, data, dictionary, sources.

Only what people read in a spreadsheet is arranged here; asking belongs to `catalogue`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from will_pipeline.domande.catalogue import NO_ROWS, Question
from will_pipeline.mart.sheets import DICTIONARY_HEADINGS, SOURCE_HEADINGS
from will_pipeline.mart.spreadsheets import Sheet

_WORD = re.compile(r"[a-z_]+")
COMPUTED = "La calcola la domanda: il foglio Leggimi dice come si legge."
_EMPTY_CELLS = "Vuoto non è zero: il numero manca o non è pubblicato per riservatezza."


@dataclass(frozen=True)
class Context:
    """What a workbook says beside the answer.

    Attributes:
        info: values of `mart_info` by key.
        dictionary: `tabella`, `colonna` and `descrizione` of every published column.
        sources: what the sheet of sources shows, with its headings.
    """

    info: Mapping[str, str]
    dictionary: pl.DataFrame
    sources: pl.DataFrame

    @property
    def made_at(self) -> datetime:
        """Time of the release, the only time in the file."""
        return datetime.fromisoformat(self.info["fatto_il"])


def read_context(mart: duckdb.DuckDBPyConnection) -> Context:
    """Read from an open mart what every workbook says."""
    return Context(
        info=dict(mart.execute("SELECT chiave, valore FROM mart_info").fetchall()),
        dictionary=mart.sql("SELECT tabella, colonna, descrizione FROM dizionario").pl(),
        sources=mart.sql("FROM dim_fonte ORDER BY fonte_id").pl().select(*SOURCE_HEADINGS),
    )


def answer_sheets(
    question: Question, asked: Mapping[str, object], answer: pl.DataFrame, context: Context
) -> list[Sheet]:
    """The sheets of one answer.

    Args:
        question: the question.
        asked: value of every parameter, also those taken from the examples.
        answer: result of `catalogue.ask`.
        context: result of `read_context`.

    Returns:
        Leggimi, Dati, Dizionario and Fonti, in order; numbers stay numbers, texts stay texts.
    """
    headings = [_heading(name) for name in answer.columns]
    return [
        Sheet("Leggimi", ("Voce", "Testo"), _read_me(question, asked, answer, context.info)),
        Sheet("Dati", headings, [tuple(map(_in_words, row)) for row in answer.iter_rows()]),
        Sheet("Dizionario", DICTIONARY_HEADINGS, _entries(question, answer.columns, context)),
        Sheet.of("Fonti", context.sources, list(SOURCE_HEADINGS.values())),
    ]


def _read_me(
    question: Question,
    asked: Mapping[str, object],
    answer: pl.DataFrame,
    info: Mapping[str, str],
) -> Sequence[tuple[str, str]]:
    empty = [("Risposta", question.if_empty or NO_ROWS)] if answer.is_empty() else []
    return [
        ("Domanda", f"{question.number}. {question.title}"),
        *((f"Chiesto per: {name}", str(value)) for name, value in asked.items()),
        *empty,
        ("Come si legge", question.how_to_read),
        ("Celle vuote", _EMPTY_CELLS),
        ("Rilascio", info["rilascio"]),
        ("Fatto il", info["fatto_il"]),
        ("Licenza", f"{info['licenza']} ({info['licenza_uri']})"),
        ("Come citare", info["citazione"]),
    ]


def _entries(
    question: Question, columns: Sequence[str], context: Context
) -> list[tuple[str, str, str]]:
    """What each column says, in the words of the first table of the question that has it."""
    order = list(dict.fromkeys(_WORD.findall(question.sql)))
    described: dict[str, tuple[int, str]] = {}
    for table, column, says in context.dictionary.iter_rows():
        if table not in order:
            continue
        place = order.index(table)
        if column not in described or place < described[column][0]:
            described[column] = (place, says)
    return [
        (_heading(name), name, described[name][1] if name in described else COMPUTED)
        for name in columns
    ]


def _heading(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _in_words(value: Any) -> Any:
    return {True: "sì", False: "no"}[value] if isinstance(value, bool) else value
