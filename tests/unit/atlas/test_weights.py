"""Data of the page of weights: only what can be rebuilt from published numbers."""

import json

import pytest

from tests.unit.atlas.weighed_town import BORGO, HERE, NEED, weighed_tables
from will_pipeline.atlas.static import render_atlas
from will_pipeline.atlas.views import build_atlas
from will_pipeline.atlas.weights import _nudge, weighed_levels
from will_pipeline.indicators.goalposts import load_frozen
from will_pipeline.statistics.composite import penalised_mean


@pytest.fixture
def levels(tables):
    atlas = build_atlas(weighed_tables(tables), release="1")
    return weighed_levels(atlas, load_frozen())


def test_only_areas_with_every_indicator_are_there_and_the_others_are_counted(levels):
    (level,) = levels
    assert level["id"] == f"{BORGO}.Q"
    (need,) = level["bisogni"]
    assert need["id"] == NEED
    assert [area["pagina"] for area in need["aree"]] == [f"area/{area}.html" for area in HERE]
    assert need["escluse"] == 3


def test_equal_weights_give_back_the_published_index(levels):
    for area in levels[0]["bisogni"][0]["aree"]:
        rebuilt = float(penalised_mean([area["punti"]])[0])
        assert rebuilt == pytest.approx(float(area["indice"].replace(",", ".")), abs=0.06)


def test_an_index_that_does_not_come_from_the_published_numbers_is_left_out(tables):
    # In the town as it is, indices are written by hand and follow from no indicator.
    assert weighed_levels(build_atlas(tables, release="1"), load_frozen()) == []


@pytest.mark.parametrize(
    ("rebuilt", "published", "expected"),
    [(100.5945, 3, 100.589331), (97.3451, 3, 97.353405), (99.0, 3, 99.0), (110.0, 5, 110.0)],
)
def test_rounding_never_moves_an_area_out_of_its_published_class(rebuilt, published, expected):
    cuts = (94.678189, 97.353305, 100.589331, 106.655845)
    landed = rebuilt + _nudge(rebuilt, published, cuts)
    assert landed == pytest.approx(expected, abs=1e-5)
    assert 1 + sum(landed > cut for cut in cuts) == published


def test_hostile_names_stay_data_in_the_scripts(tables):
    pages = render_atlas(tables, release="1")
    text = pages["confronto.js"].decode()
    assert text.startswith("window.confronto = {")
    content = json.loads(text.removeprefix("window.confronto = ").removesuffix(";\n"))
    names = [area["nome"] for group in content["gruppi"] for area in group["aree"]]
    assert '<img src=x onerror="alert(1)">' in names
    assert len(names) == 10
