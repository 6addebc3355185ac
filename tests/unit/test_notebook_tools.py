"""The tools that notebooks share."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from will_pipeline.mart.opening import NoMart
from will_pipeline.notebooks import (
    Drawing,
    Table,
    canvas,
    find_project,
    open_published,
    places_by_weights,
    shown,
)


def test_a_missing_value_is_a_dash_and_a_zero_is_a_zero() -> None:
    shown = Table(pl.DataFrame({"persone_stimate": [0.0, None, 1234.56]}))

    assert repr(shown).splitlines() == ["persone_stimate", "0,0", "—", "1.234,6"]
    assert '<th style="text-align:left">persone stimate</th>' in shown._repr_html_()


def test_a_hostile_name_comes_out_as_text() -> None:
    shown = Table(pl.DataFrame({"area": ["<img onerror=x>"]}))._repr_html_()

    assert "<img" not in shown
    assert "&lt;img onerror=x&gt;" in shown


def test_an_area_that_is_highest_everywhere_is_first_under_all_weights() -> None:
    scores = np.array([[0.0, 1.0], [3.0, 4.0], [-1.0, -2.0]])

    places = places_by_weights(scores, draws=50, seed=1)

    assert (places == [2, 1, 3]).all()


def test_opposed_indicators_let_each_area_come_first_and_the_seed_decides() -> None:
    scores = np.array([[1.0, 0.0], [0.0, 1.0]])

    places = places_by_weights(scores, draws=400, seed=1)

    assert 0.4 < (places[:, 0] == 1).mean() < 0.6
    assert (places == places_by_weights(scores, draws=400, seed=1)).all()


def test_a_missing_score_is_refused() -> None:
    with pytest.raises(ValueError, match="manca un valore"):
        places_by_weights(np.array([[1.0], [np.nan]]), draws=2, seed=1)


def test_without_a_project_or_a_mart_the_words_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoMart, match="will esegui"):
        find_project(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "data").mkdir()
    with pytest.raises(NoMart, match="will esegui"):
        open_published(start=tmp_path)
    with pytest.raises(FileNotFoundError, match="will esempio"):
        open_published(example=True, start=tmp_path)


def test_a_finished_drawing_is_an_image_that_says_what_it_shows() -> None:
    def drawn() -> Drawing:
        axes = canvas(2)
        axes.set_title('Como: "persone" stimate')
        axes.set_xlabel("persone")
        axes.set_yticks([0, 1], ["Centro", "Lago"])
        return shown(axes)

    drawing = drawn()
    assert drawing.alternative == 'Como: "persone" stimate. persone. Righe: Centro, Lago.'
    page = drawing._repr_html_()
    assert 'alt="Como: &quot;persone&quot; stimate. persone. Righe: Centro, Lago."' in page
    assert page.startswith('<img src="data:image/svg+xml;base64,')
    assert repr(drawing) == drawing.alternative
    assert drawn().svg == drawing.svg
    assert shown(canvas(1), "Un testo.").alternative == "Un testo."
