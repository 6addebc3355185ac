"""Every named question answers on the published mart, for every city it can be asked about."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import dagster as dg
import openpyxl
import pytest
from typer.testing import CliRunner

from tests.graph.conftest import Project
from will_pipeline.cli.main import app
from will_pipeline.domande.catalogue import ask, load_questions
from will_pipeline.domande.workbook import COMPUTED, answer_sheets, read_context
from will_pipeline.mart.opening import open_mart
from will_pipeline.mart.spreadsheets import write_xlsx

FirstNight = tuple[Project, dg.ExecuteInProcessResult]
ONLY_DELIVERED = frozenset({13, 19, 20})
"""Questions whose answer is empty until a municipality hands files in."""


@pytest.mark.parametrize("number", sorted(load_questions()))
def test_a_question_answers_with_its_examples(first_night: FirstNight, number: int) -> None:
    project, _ = first_night
    with open_mart(project.marts / "latest") as mart:
        answer = ask(mart, load_questions()[number])
        assert answer.is_empty() == (number in ONLY_DELIVERED)
        assert all(name.isidentifier() for name in answer.columns)


def test_questions_about_a_city_answer_for_all_eight(first_night: FirstNight) -> None:
    project, _ = first_night
    about = [
        question
        for question in load_questions().values()
        if question.number not in ONLY_DELIVERED
        and "comune" in {each.name for each in question.parameters}
    ]
    with open_mart(project.marts / "latest") as mart:
        cities = mart.sql("SELECT nome FROM dim_comune").pl()["nome"]
        empty = [
            (question.name, city)
            for question in about
            for city in cities
            if ask(mart, question, {"comune": city}).is_empty()
        ]
    assert empty == []


def test_every_answer_is_a_workbook_that_says_how_to_read_it(
    first_night: FirstNight, tmp_path: Path
) -> None:
    project, _ = first_night
    explained = 0
    with open_mart(project.marts / "latest") as mart:
        context = read_context(mart)
        assert isinstance(context.made_at, datetime)
        for question in load_questions().values():
            answer = ask(mart, question)
            file = tmp_path / f"{question.name}.xlsx"
            sheets = answer_sheets(question, {}, answer, context)
            write_xlsx(file, sheets, title=question.title, made_at=context.made_at)
            book = openpyxl.load_workbook(io.BytesIO(file.read_bytes()), read_only=True)
            assert book.sheetnames == ["Leggimi", "Dati", "Dizionario", "Fonti"]
            assert len(list(book["Dati"].iter_rows())) == answer.height + 1
            dictionary = list(book["Dizionario"].iter_rows(min_row=2, values_only=True))
            assert [row[1] for row in dictionary] == answer.columns
            explained += sum(row[2] != COMPUTED for row in dictionary)
    assert explained > 60


def test_nothing_withheld_comes_back_from_the_published_mart(first_night: FirstNight) -> None:
    project, _ = first_night
    told = CliRunner().invoke(app, ["riservatezza", "--progetto", str(project.folder)])
    assert told.exit_code == 0, told.output
    assert "Numeri riservati che si ricavano: nessuno." in told.stdout
    page = (project.marts / "latest" / "RISERVATEZZA.md").read_text("utf-8")
    assert "Numeri riservati che si ricavano: nessuno." in page
