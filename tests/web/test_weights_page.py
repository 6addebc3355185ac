"""The page of weights: what changes class, how many, and the address that keeps the choice."""

import runpy
from pathlib import Path

import pytest

from tests.unit.atlas.weighed_town import HERE, classes, rebuilt_index, weighed_tables
from will_pipeline.atlas.static import render_atlas

pytestmark = pytest.mark.web

TOWN = Path(__file__).parents[1] / "unit" / "atlas" / "town.py"
ADDRESS = "pesi.html"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("pesi")
    tables = weighed_tables(runpy.run_path(str(TOWN))["town_tables"]())
    for path, content in render_atlas(tables, release="1").items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_bytes(content)
    return made


@pytest.fixture
def page(browser, folder):
    opened = browser.new_page()
    opened.set_default_timeout(15_000)
    opened.goto(f"{folder.as_uri()}/{ADDRESS}")
    yield opened
    opened.close()


def shown(page) -> list[float]:
    cells = page.locator("#ricalcolo tbody tr td:nth-of-type(2)").all_inner_texts()
    return [float(cell.replace(",", ".")) for cell in cells]


def test_equal_weights_change_nothing(page):
    assert page.locator("#esito").inner_text() == "Nessuna delle 3 aree cambia classe."
    assert shown(page) == pytest.approx([rebuilt_index(area) for area in HERE], abs=0.11)


def test_other_weights_change_classes_and_the_page_says_how_many(page):
    page.locator("#cursori input").first.fill("0")
    assert page.locator("#cursori label").first.inner_text().startswith("Occupazione")
    unemployment_only = (1.0, 0.0)
    expected = [rebuilt_index(area, unemployment_only) for area in HERE]
    before, after = classes(), classes(unemployment_only)
    moved = sum(before[area] != after[area] for area in HERE)
    assert moved > 0
    assert shown(page) == pytest.approx(expected, abs=0.11)
    assert page.locator("#ricalcolo tr.moved").count() == moved
    said = page.locator("#esito").inner_text()
    assert said.startswith("1 area cambia" if moved == 1 else f"{moved} aree cambiano")
    assert "classe su 3" in said


def test_the_address_keeps_the_weights_and_a_preset_gives_them_back(page, folder):
    page.goto(f"{folder.as_uri()}/{ADDRESS}#099001.Q+mobilita+9+1")
    page.reload()
    assert page.locator("#cursori output").all_inner_texts() == ["90 %", "10 %"]
    page.get_by_role("button", name="Pesi uguali").click()
    assert page.locator("#cursori output").all_inner_texts() == ["50 %", "50 %"]
    page.wait_for_url("**/pesi.html#099001.Q+mobilita+5+5")


def test_no_weight_at_all_is_no_index(page):
    for slider in page.locator("#cursori input").all():
        slider.fill("0")
    assert "Almeno un indicatore" in page.locator("#esito").inner_text()
    assert not page.locator("#ricalcolo").is_visible()


def test_sliders_move_from_the_keyboard(page):
    page.locator("#cursori input").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#cursori output").first.inner_text() == "55 %"


def test_the_page_of_weights_opens_on_a_phone_without_complaint(browser, folder):
    complaints: list[str] = []
    phone = browser.new_page(viewport={"width": 360, "height": 740})
    phone.on("console", lambda message: complaints.append(message.text))
    phone.on("pageerror", lambda error: complaints.append(str(error)))
    phone.goto(f"{folder.as_uri()}/{ADDRESS}")
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 360
    assert complaints == []
    phone.close()
