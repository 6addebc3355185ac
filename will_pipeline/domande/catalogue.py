"""The planners' named questions: one SQL file each, whose head says how to read the answer.

Reading and asking belong here; the questions themselves are the `.sql` files beside this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
from polars import selectors

from will_pipeline.domande.places import Unknown, find

_HERE = Path(__file__).parent
_FILE_NAME = re.compile(r"(\d{2})_([a-z0-9_]+)")
_HEAD_LINE = re.compile(r"--\s?(.*)")
_FIELD = re.compile(r"([a-z_]+):\s*(.*)")
_PARAMETER = re.compile(r"([a-z_]+)\s*\((testo|numero)\)\s*=\s*(.+)")
_FIELDS = ("titolo", "parametri", "come_si_legge")
_EMPTY = "se_vuota"
"""Optional field: why an answer may have no rows."""
_WITHOUT_NUMBER = "senza_numero"
"""Optional field: the column without which a row holds nothing but its own name."""
NO_PARAMETER = "nessuno"
NO_ROWS = "Nessuna riga risponde. Il rilascio non ha numeri di questo tipo; non vuol dire zero."
OLDER_MART = (
    "chiede tabelle o colonne che il mart pubblicato non ha: è di una versione precedente; "
    "«will esegui» ne pubblica uno nuovo"
)


class QuestionFault(ValueError):
    """A question that does not say what a question must say, or that was asked wrongly.

    The text is one Italian line that names the question and the rule.
    """

    def __init__(self, question: str, rule: str) -> None:
        self.question, self.rule = question, rule
        super().__init__(f"domanda {question}: {rule}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a question can be asked about.

    Attributes:
        name: name after `$` in the SQL.
        kind: `testo` or `numero`.
        example: value taken where none is given.
    """

    name: str
    kind: str
    example: str

    def read(self, question: str, given: str) -> str | float:
        """Turn what a person typed into the value of the parameter.

        Raises:
            QuestionFault: a number was expected.
        """
        if self.kind == "testo":
            return given
        try:
            return float(given.replace(",", "."))
        except ValueError as problem:
            rule = f"il parametro {self.name} vuole un numero, non «{given}»"
            raise QuestionFault(question, rule) from problem


@dataclass(frozen=True, slots=True)
class Question:
    """One named question.

    Attributes:
        number: its number, as planners call it.
        slug: name of its file without the number.
        title: the question in words, Italian.
        how_to_read: how to read the answer, Italian.
        parameters: what it can be asked about.
        if_empty: why the answer may have no rows, Italian; empty where nothing special is known.
        without_number: column without which a row has no number to show; empty for no such column.
        sql: one SELECT over the tables and views of the mart.
    """

    number: int
    slug: str
    title: str
    how_to_read: str
    parameters: tuple[Parameter, ...]
    sql: str
    if_empty: str = ""
    without_number: str = ""

    @property
    def name(self) -> str:
        """Number and slug, as in the name of its file."""
        return f"{self.number:02d}_{self.slug}"


def load_questions(folder: Path = _HERE) -> dict[int, Question]:
    """Read every question of a folder, by number.

    Raises:
        QuestionFault: a file is not named `NN_<slug>.sql`, two have one number, the head lacks a
            field or has an unknown one, a parameter of the head is not in the SQL or the reverse.
    """
    questions: dict[int, Question] = {}
    for path in sorted(folder.glob("*.sql")):
        question = read_question(path.stem, path.read_text(encoding="utf-8"))
        if question.number in questions:
            rule = f"ha lo stesso numero di {questions[question.number].name}"
            raise QuestionFault(question.name, rule)
        questions[question.number] = question
    return questions


def read_question(stem: str, text: str) -> Question:
    """Read one question from the text of its file.

    Args:
        stem: name of the file without its ending, e.g. `05_quante_persone`.
        text: head in SQL comments (`-- titolo: ...`; a line without a field goes on the one
            before), then the SQL.

    Raises:
        QuestionFault: see `load_questions`.
    """
    name = _FILE_NAME.fullmatch(stem)
    if name is None:
        raise QuestionFault(stem, "il file deve chiamarsi NN_nome.sql")
    lines = text.strip().splitlines()
    length = next(
        (place for place, line in enumerate(lines) if not line.startswith("--")), len(lines)
    )
    head = _head(stem, lines[:length])
    sql = "\n".join(lines[length:]).strip().rstrip(";")
    parameters = tuple(_parameters(stem, head["parametri"]))
    declared, used = {each.name for each in parameters}, set(re.findall(r"\$([a-z_]+)", sql))
    if declared != used:
        odd = ", ".join(sorted(declared ^ used))
        raise QuestionFault(stem, f"parametri dichiarati e usati non coincidono: {odd}")
    return Question(
        number=int(name[1]),
        slug=name[2],
        title=head["titolo"],
        how_to_read=head["come_si_legge"],
        parameters=parameters,
        sql=sql,
        if_empty=head.get(_EMPTY, ""),
        without_number=head.get(_WITHOUT_NUMBER, ""),
    )


def ask(
    mart: duckdb.DuckDBPyConnection, question: Question, given: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Ask a question of an open mart.

    Args:
        mart: an open mart; see `will_pipeline.mart.opening`.
        question: the question.
        given: values by parameter, as typed; the examples stand in for those not given.

    Returns:
        The answer, in the order of the question.

    Raises:
        QuestionFault: a parameter is unknown, is not a number where one is asked for, or names a
            city, an area, an indicator or a model that the mart does not have.
    """
    given = given or {}
    known = {parameter.name: parameter for parameter in question.parameters}
    unknown = sorted(set(given) - set(known))
    if unknown:
        listed = ", ".join(known) or NO_PARAMETER
        rule = f"non ha il parametro {', '.join(unknown)}; parametri: {listed}"
        raise QuestionFault(question.name, rule)
    values = {
        name: parameter.read(question.name, given.get(name, parameter.example))
        for name, parameter in known.items()
    }
    try:
        values = {
            name: find(mart, name, value) if isinstance(value, str) else value
            for name, value in values.items()
        }
        answer = mart.sql(question.sql, params=values or None).pl()
    except Unknown as problem:
        raise QuestionFault(question.name, str(problem)) from problem
    except (duckdb.BinderException, duckdb.CatalogException) as problem:
        raise QuestionFault(question.name, OLDER_MART) from problem
    # Sums and literals come as wide integers and decimals, which no reader of an answer expects.
    return answer.with_columns(
        selectors.decimal().cast(pl.Float64), selectors.by_dtype(pl.Int128).cast(pl.Int64)
    )


def _head(stem: str, lines: list[str]) -> dict[str, str]:
    head: dict[str, str] = {}
    last = ""
    for line in lines:
        found = _HEAD_LINE.fullmatch(line)
        said = "" if found is None else found[1].strip()
        field = _FIELD.fullmatch(said)
        if field is not None and field[1] not in (*_FIELDS, _EMPTY, _WITHOUT_NUMBER):
            raise QuestionFault(stem, f"campo sconosciuto: {field[1]}")
        if field is not None:
            last = field[1]
            head[last] = field[2]
        elif last:
            head[last] = f"{head[last]} {said}".strip()
    missing = [field for field in _FIELDS if not head.get(field)]
    if missing:
        raise QuestionFault(stem, f"mancano {', '.join(missing)}")
    return head


def _parameters(stem: str, said: str) -> Iterator[Parameter]:
    if said == NO_PARAMETER:
        return
    for each in said.split(";"):
        found = _PARAMETER.fullmatch(each.strip())
        if found is None:
            rule = f"parametro scritto male: «{each.strip()}»; si scrive nome (testo) = esempio"
            raise QuestionFault(stem, rule)
        yield Parameter(found[1], found[2], found[3].strip())
