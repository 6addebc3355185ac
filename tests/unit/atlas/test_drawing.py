"""Scales, labels and colours of the drawings."""

import itertools
import re

import pytest

from will_pipeline.atlas import drawing
from will_pipeline.atlas.static import TEMPLATES


def test_scale_is_80_120_until_a_value_leaves_it():
    assert drawing.span([]) == 20
    assert drawing.span([81.0, 119.9]) == 20
    assert drawing.span([100.0, 127.6]) == 30
    assert drawing.span([58.0]) == 50


def test_positions_put_100_in_the_middle():
    assert drawing.position(100, 20, 200) == 100
    assert drawing.position(80, 20, 200) == 0
    assert drawing.position(130, 30, 200) == 200
    assert drawing.ticks(20) == [80, 90, 100, 110, 120]
    assert drawing.ticks(50) == [60, 80, 100, 120, 140]


def test_rings_of_a_path_and_refusal_of_curves():
    assert drawing.rings("M0 0L10.5 0L10.5 4Z M2 2L3 3Z") == [
        [(0, 0), (10.5, 0), (10.5, 4)],
        [(2, 2), (3, 3)],
    ]
    for path in ("M0 0C1 1 2 2 3 3Z", "m0 0l1 1z", "", "M1", "M0 0L<script>"):
        with pytest.raises(ValueError, match="Tracciato"):
            drawing.rings(path)


def test_free_width_stops_at_the_nearest_border_of_the_whole_text():
    square = drawing.rings("M0 0L100 0L100 100L0 100Z")
    assert drawing.free_width(square, 50, 50, 20) == 100
    assert drawing.free_width(square, 20, 50, 20) == 40
    assert drawing.free_width(square, 50, 50, 120) == 0
    assert drawing.free_width(square, 150, 50, 20) == 0
    triangle = drawing.rings("M50 0L100 100L0 100Z")
    assert drawing.free_width(triangle, 50, 50, 40) == pytest.approx(30)
    holed = drawing.rings("M0 0L100 0L100 100L0 100ZM40 40L60 40L60 60L40 60Z")
    assert drawing.free_width(holed, 50, 50, 2) == 0
    assert drawing.free_width(holed, 20, 50, 2) == 40


def test_label_takes_the_fullest_name_that_fits():
    def room(width, height):
        return lambda wanted: width if wanted <= height else 0

    def label(names, width, height, figure="100,0"):
        return drawing.label(names, room(width, height), figure=figure)

    assert label(["Oltretorrente", "2"], 200, 120) == (["Oltretorrente"], 27)
    assert label(["Cittadella nuova"], 200, 120)[0] == ["Cittadella", "nuova"]
    assert label(["Oltretorrente", "2"], 95, 80) == (["2"], 30)
    assert label(["Oltretorrente", "2"], 50, 80)[0] == []
    assert label(["Oltretorrente", "2"], 50, 80, figure="") == (["2"], 30)
    assert label(["Oltretorrente", "2"], 200, 20)[0] == []
    assert label(["Area di censimento 1"], 330, 200)[0] == ["Area di", "censimento\u00a01"]


def _lab(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)
    ]
    rows = (
        (0.4124564, 0.3575761, 0.1804375, 0.95047),
        (0.2126729, 0.7151522, 0.0721750, 1.0),
        (0.0193339, 0.1191920, 0.9503041, 1.08883),
    )
    x, y, z = (
        (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116)
        for *weights, white in rows
        for t in [sum(w * c for w, c in zip(weights, linear, strict=True)) / white]
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.fixture
def colours() -> dict[str, str]:
    css = (TEMPLATES / "stile.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", css))


def test_drawings_differ_by_at_least_ten_delta_e(colours):
    fills = [colours[f"class-{n}"] for n in range(1, 6)] + [colours["small"], "#ffffff", "#767676"]
    for one, other in itertools.combinations(fills, 2):
        distance = sum((a - b) ** 2 for a, b in zip(_lab(one), _lab(other), strict=True)) ** 0.5
        assert distance >= 10, (one, other)


def test_classes_darken_in_grey_and_their_labels_are_readable(colours):
    ramp = [colours[f"class-{n}"] for n in range(1, 6)]
    lightness = [_lab(colour)[0] for colour in ramp]
    assert lightness == sorted(lightness, reverse=True)
    for number, colour in enumerate(ramp, start=1):
        assert _contrast(colour, "#ffffff" if number >= 4 else "#10233a") >= 4.5
    for colour in ("muted", "text", "link", "ink"):
        assert _contrast(colours[colour], colours["wash"]) >= 4.5
