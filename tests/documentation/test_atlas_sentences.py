"""Every branch of the sentences of the atlas, word for word, and how easy they are to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.atlas import words
from will_pipeline.atlas.model import Score, Theme, Value
from will_pipeline.documentation.readability import LEAST_FOR_EVERYONE, gulpease
from will_pipeline.indicators.specification import load_specification

THEME = Theme(
    "solitudine", "Solitudine", "Loneliness", "Dove?", "Che cosa.", "No.", False, "", True
)
REASONS = (*words.INDICATOR_STATES.values(), words.under_floor(250))


def value(index: float, low: float, high: float, *places: int) -> Value:
    first, last, ranked = places or (None, None, None)
    reading = words.index_reading(low, high)
    return Value(index, low, high, reading, 4, first, last, ranked, False, 2011)


def score(found: Value | None, reason: str = "") -> Score:
    return Score(THEME, "valido" if found else "soppresso", reason, found, None)


ABOVE = value(104.2, 101.0, 107.4, 1, 3, 13)
BELOW = value(95.1, 93.0, 97.2, 8, 11, 13)
NEAR = value(100.7, 95.8, 105.0, 1, 13, 13)
FLAT = value(100.0, 100.0, 100.0)
ONE_PLACE = value(120.0, 118.0, 122.0, 1, 1, 13)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            ABOVE,
            "Il bisogno stimato è sopra la media della città. L'indice è 104,2 (tra 101,0 e "
            "107,4). Posto probabile: tra il 1º e il 3º posto su 13.",
        ),
        (
            BELOW,
            "Il bisogno stimato è sotto la media della città. L'indice è 95,1 (tra 93,0 e 97,2). "
            "Posto probabile: tra l'8º e l'11º posto su 13.",
        ),
        (
            NEAR,
            "La differenza dalla media della città non si distingue dal caso. L'indice è 100,7 "
            "(tra 95,8 e 105,0). Posto probabile: qualunque posto su 13.",
        ),
        (
            FLAT,
            "Il bisogno stimato non supera la media della città. L'indice è 100,0 (circa 100,0).",
        ),
        (
            ONE_PLACE,
            "Il bisogno stimato è sopra la media della città. L'indice è 120,0 (tra 118,0 e "
            "122,0). Posto probabile: intorno al 1º posto su 13.",
        ),
    ],
)
def test_where_an_area_stands_is_told_with_how_sure_it_is(found: Value, told: str) -> None:
    assert words.sentence(score(found)) == told
    assert gulpease(told) >= LEAST_FOR_EVERYONE


@pytest.mark.parametrize("reason", REASONS)
def test_without_an_index_the_reason_is_told(reason: str) -> None:
    told = words.sentence(score(None, reason))
    assert told == f"Nessun indice ({reason})."
    assert gulpease(told) >= LEAST_FOR_EVERYONE


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (ABOVE, "sopra la città, classe 4 di 5"),
        (BELOW, "sotto la città, classe 4 di 5"),
        (NEAR, "non distinguibile dalla città"),
        (FLAT, "non supera la città"),
    ],
)
def test_a_class_is_named_only_where_a_difference_shows(found: Value, told: str) -> None:
    assert words.standing(found) == told
    ends = "circa 100,0" if found is FLAT else words.between(found.low, found.high)
    spoken = words.spoken("Centro", score(found))
    assert spoken == f"Centro: indice {words.number(found.index, 1)}, {ends}; {told}"


def test_an_area_without_an_index_is_spoken_with_its_reason() -> None:
    assert words.spoken("Centro", score(None, "dato mancante")) == "Centro: dato mancante"


@pytest.mark.parametrize(
    ("metres", "told"), [(None, ""), (1234.4, " (il più vicino a 1.234 metri)")]
)
def test_how_far_the_nearest_place_is(metres: float | None, told: str) -> None:
    assert words.nearest(metres) == told


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("centro_anziani", "Centro per anziani"),
        ("casa_della_comunita", "Casa della comunità"),
        ("biblioteca", "Biblioteca"),
    ],
)
def test_a_code_becomes_words(code: str, told: str) -> None:
    assert words.kind(code) == told


@given(
    index=st.floats(60, 160), below=st.floats(0, 20), above=st.floats(0, 20),
    first=st.integers(1, 60), more=st.integers(0, 30),
)  # fmt: skip
def test_every_sentence_is_easy_to_read_and_never_a_bare_rank(
    index: float, below: float, above: float, first: int, more: int
) -> None:
    found = value(index, index - below, index + above, first, first + more, first + more + 1)
    told = words.sentence(score(found))
    assert gulpease(told) >= LEAST_FOR_EVERYONE
    assert "posto su" in told
    assert ("sopra" in told) == (index - below > 100)


def test_a_need_has_one_name_in_its_card_and_in_the_profile() -> None:
    for theme in load_specification().themes:
        assert (theme.profilo, theme.profile_en) == (theme.nome, theme.name_en)
