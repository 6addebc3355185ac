"""Named questions: what a file must say, and how a question is asked."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from will_pipeline.domande.catalogue import (
    QuestionFault,
    ask,
    load_questions,
    read_question,
)

HEAD = """\
-- titolo: Quante persone in un'area?
-- parametri: posto (testo) = Q1; almeno (numero) = 5
-- come_si_legge: Una riga per area.
-- Il numero è una stima.
"""
SQL = "SELECT nome, persone FROM aree WHERE nome = $posto AND persone >= $almeno;"


@pytest.fixture
def town() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE aree AS VALUES ('Q1', 12.5), ('Q2', 3.0), ('L''Aia', 9.0)")
    connection.execute("ALTER TABLE aree RENAME COLUMN col0 TO nome")
    connection.execute("ALTER TABLE aree RENAME COLUMN col1 TO persone")
    return connection


def test_a_question_says_what_it_asks_and_goes_on_over_lines() -> None:
    question = read_question("05_quante_persone", HEAD + SQL)
    assert question.name == "05_quante_persone"
    assert question.title == "Quante persone in un'area?"
    assert question.how_to_read == "Una riga per area. Il numero è una stima."
    assert [(each.name, each.kind, each.example) for each in question.parameters] == [
        ("posto", "testo", "Q1"),
        ("almeno", "numero", "5"),
    ]
    assert question.sql == SQL.rstrip(";")


@pytest.mark.parametrize(
    ("given", "persons"),
    [
        (None, [12.5]),
        ({"posto": "Q2"}, []),
        ({"posto": "Q2", "almeno": "2,5"}, [3.0]),
        ({"posto": "L'Aia"}, [9.0]),
        ({"posto": "Q1' OR '1'='1"}, []),
    ],
)
def test_values_are_parameters_never_text_of_the_query(
    town: duckdb.DuckDBPyConnection, given: dict[str, str] | None, persons: list[float]
) -> None:
    question = read_question("05_quante_persone", HEAD + SQL)
    assert ask(town, question, given)["persone"].to_list() == persons


@pytest.mark.parametrize(
    ("stem", "text", "rule"),
    [
        ("quante", HEAD + SQL, "il file deve chiamarsi NN_nome.sql"),
        ("05_a", SQL, "mancano titolo, parametri, come_si_legge"),
        ("05_a", HEAD.replace("titolo", "title") + SQL, "campo sconosciuto: title"),
        ("05_a", HEAD + "SELECT $posto", "parametri dichiarati e usati non coincidono: almeno"),
        ("05_a", HEAD + SQL + " -- $altro", "non coincidono: altro"),
        ("05_a", HEAD.replace("(testo)", "(parola)") + SQL, "parametro scritto male: «posto (par"),
    ],
)
def test_a_malformed_question_is_named_with_its_rule(stem: str, text: str, rule: str) -> None:
    with pytest.raises(QuestionFault) as fault:
        read_question(stem, text)
    assert f"domanda {stem}: " in str(fault.value)
    assert rule in str(fault.value)


def test_wrong_values_are_refused_in_italian(town: duckdb.DuckDBPyConnection) -> None:
    question = read_question("05_quante_persone", HEAD + SQL)
    with pytest.raises(QuestionFault, match=r"il parametro almeno vuole un numero, non «molte»"):
        ask(town, question, {"almeno": "molte"})
    with pytest.raises(
        QuestionFault, match=r"non ha il parametro comune; parametri: posto, almeno"
    ):
        ask(town, question, {"comune": "Parma"})


def test_two_questions_cannot_have_one_number(tmp_path: Path) -> None:
    for slug in ("a", "b"):
        (tmp_path / f"05_{slug}.sql").write_text(HEAD + SQL, encoding="utf-8")
    with pytest.raises(QuestionFault, match=r"05_b: ha lo stesso numero di 05_a"):
        load_questions(tmp_path)


def test_a_mart_of_an_earlier_version_is_told_with_the_way_out() -> None:
    (question, *_) = load_questions().values()
    with pytest.raises(QuestionFault, match=r"versione precedente.*will esegui"):
        ask(duckdb.connect(), question)
