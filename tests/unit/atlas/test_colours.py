"""The colours of the drawings: apart from each other for every eye, in order on a grey printer."""

import itertools
import re

import pytest

from will_pipeline.atlas.colours import ciede2000, contrast, lab, linear, mixed, seen
from will_pipeline.atlas.static import TEMPLATES

HATCH_SHARE = 6 / 14
"""Dark part of the hatch of a withheld area, as drawn in base.html."""
CLASSES = [f"class-{number}" for number in range(1, 6)]
INK = "#10233a"


def _declared(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{3,6});", css))


@pytest.fixture(scope="module")
def css() -> str:
    return (TEMPLATES / "stile.css").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def day(css) -> dict[str, str]:
    return _declared(css.partition("@media")[0])


@pytest.fixture(scope="module")
def night(css, day) -> dict[str, str]:
    dark = css.partition("prefers-color-scheme: dark")[2].partition(".top {")[0]
    return day | _declared(dark)


@pytest.fixture(scope="module")
def drawings(day):
    """Light of every drawing; a hatch is its two colours mixed as from afar."""
    light = {name: linear(day[name]) for name in (*CLASSES, "near", "missing")}
    hatch = mixed(linear(day["hatch"]), linear(day["hatch-ground"]), HATCH_SHARE)
    return light | {"withheld": hatch}


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (50.0, 3.2592, 0.3350), 1.0),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_difference_of_colours_is_that_of_the_published_pairs(one, other, difference):
    assert ciede2000(one, other) == pytest.approx(difference, abs=5e-5)
    assert ciede2000(other, one) == pytest.approx(difference, abs=5e-5)


@pytest.mark.parametrize("deuteranope", [False, True])
def test_every_two_drawings_differ_by_at_least_ten(drawings, deuteranope):
    for one, other in itertools.combinations(drawings, 2):
        first, second = (
            lab(seen(drawings[name], deuteranope=deuteranope)) for name in (one, other)
        )
        assert ciede2000(first, second) >= 10, (one, other)


@pytest.mark.parametrize("deuteranope", [False, True])
def test_classes_darken_in_order_on_a_grey_printer(drawings, deuteranope):
    grey = [lab(seen(drawings[name], deuteranope=deuteranope))[0] for name in CLASSES]
    assert all(first - second >= 8 for first, second in itertools.pairwise(grey))


def test_labels_on_every_drawing_are_readable(day):
    for number, name in enumerate(CLASSES, start=1):
        letters = linear("#ffffff" if number >= 4 else INK)
        assert contrast(letters, linear(day[name])) >= 4.5, name
    assert contrast(linear(INK), linear(day["near"])) >= 4.5


@pytest.mark.parametrize("hour", ["day", "night"])
def test_words_and_lines_are_readable_by_day_and_by_night(request, hour):
    colours = {name: linear(value) for name, value in request.getfixturevalue(hour).items()}
    for ground in ("paper", "wash", "alert"):
        for ink in ("text", "muted", "link", "ink"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for line in ("bar", "bar-line", "point", "focus", "accent"):
        assert contrast(colours[line], colours["paper"]) >= 3, line


def test_the_hatch_is_drawn_with_the_colours_that_are_tested(day):
    page = (TEMPLATES / "base.html").read_text(encoding="utf-8")
    pattern = page.partition('id="tratteggio"')[2].partition("</pattern>")[0]
    assert f'width="14" height="14" fill="{day["hatch-ground"]}"' in pattern
    assert f'width="6" height="14" fill="{day["hatch"]}"' in pattern
    dotted = page.partition('id="puntini"')[2].partition("</pattern>")[0]
    assert f'fill="{day["near"]}"' in dotted
