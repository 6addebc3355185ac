"""Gulpease worked by hand, and what does not count as a sentence or a letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.documentation.readability import gulpease

# 6 words, 28 letters, one sentence.
PLAIN = "Quante persone vivono qui da sole"
PLAIN_SCORE = 89 + (300 - 10 * 28) / 6


def test_a_sentence_worked_by_hand() -> None:
    assert gulpease(PLAIN) == pytest.approx(PLAIN_SCORE)


@pytest.mark.parametrize("text", [f"{PLAIN}.", f"<p>{PLAIN}</p>", f"**{PLAIN}**…", f"«{PLAIN}?»"])
def test_marks_and_markup_are_not_read(text: str) -> None:
    assert gulpease(text) == pytest.approx(PLAIN_SCORE)


def test_a_decimal_comma_or_a_thousands_dot_ends_no_sentence() -> None:
    # 8 words, 62 letters, one sentence.
    text = "Nelle circoscrizioni risultano residenti 1.234,5 persone ogni diecimila"
    assert gulpease(text) == pytest.approx(89 + (300 - 10 * 62) / 8)


def test_shorter_sentences_are_easier() -> None:
    assert gulpease("Quante persone vivono qui. Quante da sole.") > gulpease(
        "Quante persone vivono qui quante da sole."
    )


def test_an_elided_article_is_a_word_of_its_own() -> None:
    assert gulpease("l'area") == pytest.approx(100.0)
    assert gulpease("l'indice dell'area urbanizzata") == pytest.approx(
        min(100.0, 89 + (300 - 10 * 26) / 5)
    )


def test_a_text_without_words_has_none() -> None:
    with pytest.raises(ValueError, match="words"):
        gulpease(" … <br> — ")


@given(st.text(alphabet="abcdezà ,.;:'\n", min_size=1).filter(lambda t: any(map(str.isalpha, t))))
def test_it_stays_between_zero_and_one_hundred(text: str) -> None:
    assert 0 <= gulpease(text) <= 100
