"""Every branch of the sentences of the kit, worked by hand, and how easy they are to read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from will_pipeline.atlas.words import PEOPLE
from will_pipeline.documentation.readability import LEAST_FOR_EVERYONE, gulpease
from will_pipeline.kit import chapter, papers, sentences

THEME = SimpleNamespace(name="Solitudine", partial=False)


def scored(*readings: str) -> list[tuple[Any, Any]]:
    """Areas named A, B, C… with the given readings; an empty one has no index."""
    return [
        (
            SimpleNamespace(row={"nome": chr(ord("A") + place)}),
            SimpleNamespace(
                theme=THEME,
                reason="pochi casi: non pubblicato",
                value=SimpleNamespace(reading=reading, low=95.0, high=105.0) if reading else None,
            ),
        )
        for place, reading in enumerate(readings)
    ]


@pytest.mark.parametrize(
    ("readings", "told"),
    [
        (
            ["sopra", "sotto", "sotto", "non_distinguibile"],
            [
                "1 area sta sopra la media della città. È A.",
                "2 aree stanno sotto la media della città. Sono B e C.",
                "1 area non si distingue dalla media della città. È D.",
            ],
        ),
        (
            ["non_distinguibile"] * 3,
            ["Nessuna area si distingue dalla media della città: le differenze sono piccole."],
        ),
        (
            ["sopra"] * 7 + [""],
            [
                "7 aree stanno sopra la media della città. I nomi sono nella tabella.",
                "1 area è senza indice. È H. Non vuol dire che lì manchi il bisogno.",
            ],
        ),
        (
            ["", "", "non_distinguibile", "non_distinguibile"],
            [
                "2 aree non si distinguono dalla media della città. Sono C e D.",
                "2 aree sono senza indice. Sono A e B. Non vuol dire che lì manchi il bisogno.",
            ],
        ),
        ([], []),
    ],
)
def test_how_areas_stand_is_told_group_by_group(readings: list[str], told: list[str]) -> None:
    assert sentences.picture(scored(*readings)) == told


def test_persons_are_an_estimate_with_its_interval() -> None:
    whose = {"dimensione": "solitudine", "anno": 2024}
    row = whose | {"attesi": 1279.4, "attesi_inf": 1094.0, "attesi_sup": 1462.0}
    assert sentences.persons(row) == (
        "In città sono 1.279 persone di 65 anni e più a rischio di isolamento sociale "
        "(tra 1.094 e 1.462). È una stima del 2024, non un conteggio."
    )
    without = whose | {"attesi": 1279.4, "attesi_inf": None, "attesi_sup": None}
    assert sentences.persons(without) == (
        "In città sono 1.279 persone di 65 anni e più a rischio di isolamento sociale. "
        "È una stima del 2024, non un conteggio."
    )
    exact = whose | {"attesi": 1279.4, "attesi_inf": 1279.1, "attesi_sup": 1279.3}
    assert sentences.persons(exact) == sentences.persons(without)


@pytest.mark.parametrize("row", [None, {"attesi": None, "attesi_inf": None, "attesi_sup": None}])
def test_persons_without_an_estimate_are_not_zero(row: dict[str, object] | None) -> None:
    told = sentences.persons(row)
    assert told == "Quante persone siano, in tutta la città, non si può dire con questi dati."


def test_voices_are_counted_in_words() -> None:
    assert sentences.voices(1) == "Finora c'è 1 osservazione dal tavolo."
    assert "non ha ancora detto" in sentences.voices(0)
    assert "6 osservazioni dal tavolo" in sentences.voices(6)


def test_a_cell_says_why_there_is_no_number() -> None:
    above, near, none = (score for _, score in scored("sopra", "non_distinguibile", ""))
    assert [sentences.row_reading(each) for each in (above, near, none)] == [
        "sopra",
        "non si distingue",
        "nessun indice: pochi casi: non pubblicato",
    ]


def test_an_interval_that_is_one_number_tells_no_difference() -> None:
    flat = SimpleNamespace(reading="non_distinguibile", low=100.0, high=100.0)
    assert sentences.row_reading(SimpleNamespace(value=flat)) == "non supera"


def every_sentence() -> list[str]:
    ends = {"attesi": 1279.4, "attesi_inf": 1094.0, "attesi_sup": 1462.0, "anno": 2024}
    numbers = [ends | {"dimensione": theme} for theme in PEOPLE]
    groups = (["sopra"] * 2, ["sotto"], ["non_distinguibile", "sopra"], ["non_distinguibile"] * 4)
    return [
        *(told for readings in groups for told in sentences.picture(scored(*readings, "", ""))),
        *sentences.picture(scored("non_distinguibile", "non_distinguibile")),
        *(sentences.persons(each) for each in (None, *numbers)),
        *(sentences.voices(each) for each in (0, 1, 6)),
        *(sentences.SCHEME, sentences.MAP, sentences.PARTIAL, sentences.NOT_PEOPLE),
        sentences.NO_SHAPES,
        *(words for _, words in papers.SPACES),
        *(told for _, does, left in papers.AGENDA for told in (does, left)),
        *papers.WORDS,
        *chapter.HOW_TO_READ,
        *chapter.PROMPTS,
        *chapter.TABLE_SAYS,
        *(chapter.NOTHING_DELIVERED, chapter.NO_PLACES),
    ]


def test_every_sentence_is_easy_to_read() -> None:
    hard = [(round(gulpease(each)), each) for each in every_sentence()]
    assert [each for each in hard if each[0] < LEAST_FOR_EVERYONE] == []
