"""Every named question answers on the published mart, for every city it can be asked about."""

from __future__ import annotations

import dagster as dg
import pytest

from tests.graph.conftest import Project
from will_pipeline.domande.catalogue import ask, load_questions
from will_pipeline.mart.opening import open_mart

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
