"""Italian numbers, ranges and readings."""

from datetime import date

import pytest

from will_pipeline.atlas import words


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (1234.5, 1, "1.234,5"),
        (1234567, 0, "1.234.567"),
        (-0.04, 1, "0,0"),
        (-2.5, 1, "\u22122,5"),
        (None, 1, "–"),
        (7, 2, "7,00"),
    ],
)
def test_numbers_are_written_the_italian_way(value, decimals, text):
    assert words.number(value, decimals) == text


@pytest.mark.parametrize(
    ("first", "last", "ranked", "text"),
    [
        (3, 9, 13, "tra il 3º e il 9º posto su 13"),
        (8, 11, 13, "tra l'8º e l'11º posto su 13"),
        (1, 13, 13, "qualunque posto su 13"),
        (3, 3, 13, "intorno al 3º posto su 13"),
        (8, 8, 13, "intorno all'8º posto su 13"),
        (18, 80, 100, "tra il 18º e l'80º posto su 100"),
        (None, None, 13, ""),
    ],
)
def test_place_is_a_range_with_its_article(first, last, ranked, text):
    assert words.likely_place(first, last, ranked) == text


@pytest.mark.parametrize(
    ("low", "high", "reading"),
    [
        (100.1, 103, "sopra"),
        (95, 99.9, "sotto"),
        (99, 101, "non_distinguibile"),
        (100, 101, "non_distinguibile"),
    ],
)
def test_reading_depends_on_the_interval_alone(low, high, reading):
    assert words.index_reading(low, high) == reading


@pytest.mark.parametrize(
    ("reading", "polarity", "text"),
    [
        ("sopra", 1, "sopra la città: più bisogno"),
        ("sopra", -1, "sopra la città: meno bisogno"),
        ("sotto", -1, "sotto la città: più bisogno"),
        ("sotto", 0, "sotto la città"),
        ("non_distinguibile", 1, "non distinguibile"),
        (None, 1, ""),
    ],
)
def test_indicator_reading_follows_polarity(reading, polarity, text):
    assert words.indicator_reading(reading, polarity) == text


def test_intervals_dates_and_lists():
    assert words.between(101.12, 107) == "tra 101,1 e 107,0"
    assert words.between(5.01, 5.04) == "circa 5,0"
    assert words.between(None, 3.0) == ""
    assert words.day(date(2026, 1, 9)) == "09/01/2026"
    assert words.list_words(["2011"]) == "2011"
    assert words.list_words(["2011", "2021", "2023"]) == "2011, 2021 e 2023"
    assert words.list_words([]) == ""


def test_each_way_of_not_having_a_number_has_words_of_its_own():
    said = [*words.INDICATOR_STATES.values(), words.under_floor(250)]
    assert len(set(said)) == len(said)
    assert words.under_floor(1000) == (
        "meno di 1.000 residenti, quindi i suoi numeri non si pubblicano"
    )
