"""Scales and labels of the drawings."""

import pytest

from will_pipeline.atlas import drawing


def test_scale_is_80_120_until_a_value_leaves_it():
    assert drawing.scale([]) == drawing.Scale(80, 120)
    assert drawing.scale([81.0, 119.9]) == drawing.Scale(80, 120)
    assert drawing.scale([100.0, 127.6]) == drawing.Scale(80, 130)
    assert drawing.scale([58.0]) == drawing.Scale(50, 120)


def test_a_need_never_below_the_city_does_not_open_the_axis_below_80():
    assert drawing.scale([100.0, 164.4, 208.0]) == drawing.Scale(80, 210)


def test_positions_and_ticks_hold_100_wherever_it_falls():
    even, uneven = drawing.Scale(80, 120), drawing.Scale(80, 170)
    assert drawing.position(100, even, 200) == 100
    assert drawing.position(80, even, 200) == 0
    assert drawing.position(100, uneven, 180) == 40
    assert drawing.position(170, uneven, 180) == 180
    assert drawing.ticks(even) == [80, 90, 100, 110, 120]
    assert drawing.ticks(uneven) == [80, 100, 120, 140, 160]
    assert drawing.ticks(drawing.Scale(50, 210)) == [50, 100, 150, 200]


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

    assert label(["Oltretorrente", "2"], 200, 120) == (["Oltretorrente"], 26)
    assert label(["Cittadella nuova"], 200, 120)[0] == ["Cittadella", "nuova"]
    assert label(["Oltretorrente", "2"], 95, 80) == (["2"], 29)
    assert label(["Oltretorrente", "2"], 50, 80)[0] == []
    assert label(["Oltretorrente", "2"], 50, 80, figure="") == (["2"], 32)
    assert label(["Oltretorrente", "2"], 200, 20)[0] == []
    assert label(["Area di censimento 1"], 330, 200)[0] == ["Area di", "censimento\u00a01"]
