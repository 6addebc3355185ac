"""Every outcome of an evaluation has its sentence: true to the numbers, careful, easy to read."""

import pytest

from will_pipeline.documentation.readability import LEAST_FOR_EVERYONE, gulpease
from will_pipeline.needs.evaluation_words import (
    BETTER,
    CONCLUSIVE,
    STATES,
    STILL_UNLIKE,
    WORSE,
    decimals,
    no_answer,
    not_seen,
    seen,
)

GROUPS = {"areas": 4, "compared": 8}
SENTENCES = {
    "better": seen(BETTER, -4.72, -6.16, -3.21, unit="per mille", **GROUPS),
    "worse": seen(WORSE, 4.72, 3.21, 6.16, unit="per mille", **GROUPS),
    "large effects only": not_seen(6.0, 14.0, unit="per mille", **GROUPS),
    "small effects too": not_seen(1.234, 14.0, unit="per mille", **GROUPS),
    "groups apart": f"{not_seen(6.0, 14.0, unit='per mille', **GROUPS)} {STILL_UNLIKE}",
    **{state: no_answer(state, **GROUPS) for state in STATES if state not in CONCLUSIVE},
}


def test_every_outcome_has_a_sentence_of_its_own() -> None:
    assert len(set(SENTENCES.values())) == len(SENTENCES) == 9


@pytest.mark.parametrize("name", SENTENCES)
def test_sentences_are_easy_to_read(name: str) -> None:
    assert gulpease(SENTENCES[name]) >= LEAST_FOR_EVERYONE


def test_a_change_seen_says_direction_size_and_what_it_does_not_prove() -> None:
    assert "andato meglio" in SENTENCES["better"]
    assert "4,7 per mille in meno (tra 3,2 e 6,2)" in SENTENCES["better"]
    assert "andato peggio" in SENTENCES["worse"]
    assert "4,7 per mille in più (tra 3,2 e 6,2)" in SENTENCES["worse"]
    assert all("Non è la prova" in SENTENCES[name] for name in ("better", "worse"))


def test_no_change_seen_says_what_could_not_be_seen_and_is_no_verdict() -> None:
    assert "solo effetti grandi, da 6,0 per mille in su" in SENTENCES["large effects only"]
    assert "da 1,2 per mille in su di solito si vede" in SENTENCES["small effects too"]
    for name in ("large effects only", "small effects too"):
        assert "non si distingue dal caso" in SENTENCES[name]
        assert "Non vuol dire che la misura non serve" in SENTENCES[name]


def test_no_answer_says_why() -> None:
    assert "già prima" in SENTENCES["tendenze_diverse"].lower()
    assert "4 con la misura e 8 di confronto" in SENTENCES["poche_aree"]
    assert "due anni prima" in SENTENCES["serie_corta"]
    assert "uno stesso livello" in SENTENCES["livelli_misti"]


@pytest.mark.parametrize(
    ("width", "digits"), [(250.0, 0), (25.0, 0), (2.5, 1), (0.25, 2), (0.0025, 3), (0.0, 0)]
)
def test_two_significant_figures_are_shown(width: float, digits: int) -> None:
    assert decimals(width) == digits
