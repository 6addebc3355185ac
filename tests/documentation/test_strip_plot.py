"""The strip plot encloses its values, draws each once and lets no name break it."""

from xml.etree import ElementTree as Tree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.documentation.strip_plot import Strip, axis_ticks, strip_plot

SVG = "{http://www.w3.org/2000/svg}"
NUMBERS = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False).filter(
    lambda value: value == 0 or abs(value) > 1e-6
)


def drawn(strips: list[Strip]) -> Tree.Element:
    return Tree.fromstring(strip_plot(strips, title="Prova", unit="%"))  # noqa: S314  # our own text


def test_every_value_is_a_mark_and_every_row_has_its_median() -> None:
    strips = [
        Strip("Uno", (1.0, 2.0, 4.0), 2.5),
        Strip("Due", (), None),
        Strip("Tre", (3.0,), None),
    ]
    picture = drawn(strips)
    assert len(picture.findall(f"{SVG}circle")) == 4
    assert len(picture.findall(f"{SVG}path")) == 1
    bars = [line for line in picture.findall(f"{SVG}line") if line.get("stroke-width") == "3"]
    marks = [mark.get("cx") for mark in picture.findall(f"{SVG}circle")]
    assert [bar.get("x1") for bar in bars] == [marks[1], marks[3]]


def test_greater_values_lie_further_right() -> None:
    marks = drawn([Strip("Uno", (5.0, 1.0, 3.0), None)]).findall(f"{SVG}circle")
    places = [float(mark.get("cx", "nan")) for mark in marks]
    assert places == sorted(places)
    assert len(set(places)) == 3


def test_a_hostile_name_is_text() -> None:
    picture = strip_plot([Strip('<b>"&', (1.0,), None)], title='"><script>', unit="<%")
    names = [text.text for text in Tree.fromstring(picture).findall(f"{SVG}text")]  # noqa: S314  # our own text
    assert '<b>"&' in names
    assert "<%" in names


def test_the_legend_names_only_what_is_drawn() -> None:
    assert "città intera" not in strip_plot([Strip("Uno", (1.0,), None)], title="t", unit="u")
    assert "mediana" not in strip_plot([Strip("Uno", (), 1.0)], title="t", unit="u")


def test_nothing_to_draw_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        strip_plot([Strip("Uno", (), None)], title="t", unit="u")


@pytest.mark.parametrize(
    ("low", "high", "ticks", "decimals"),
    [
        (4.4, 13.4, (4, 6, 8, 10, 12, 14), 0),
        (0.0, 0.83, (0, 0.2, 0.4, 0.6, 0.8, 1.0), 1),
        (7.0, 7.0, (6, 8), 0),
        (0.0, 0.0, (0, 0.2), 1),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: tuple[float, ...], decimals: int) -> None:
    found, needed = axis_ticks(low, high)
    assert found == pytest.approx(ticks)
    assert needed == decimals


@given(NUMBERS, NUMBERS)
def test_ticks_enclose_the_range_and_are_few(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    ticks, _ = axis_ticks(low, high)
    slack = 1e-6 * (ticks[1] - ticks[0])
    assert ticks[0] <= low + slack
    assert ticks[-1] >= high - slack
    assert 2 <= len(ticks) <= 10
