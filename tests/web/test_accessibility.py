"""No violation of WCAG 2.1 A and AA on any template, by day and by night, wide and narrow."""

import pytest

pytestmark = pytest.mark.web

TEMPLATES = (
    "index.html",
    "cerca.html",
    "confronta.html",
    "confronta.html#099001.Q01+099002.A01",
    "pesi.html",
    "citta/borgo-prova.html",
    "citta/marina-prova.html",
    "area/099001.Q01.html",
    "area/099001.Q05.html",
    "metodo.html",
    "fonti.html",
    "stato.html",
    "en/index.html",
)
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
    "preload": False,
}


@pytest.fixture(scope="session")
def axe() -> str:
    module = pytest.importorskip(
        "axe_playwright_python.base", reason="axe-playwright-python is not installed (make test)"
    )
    return module.AXE_FILE_PATH.read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=["light", "dark"])
def sight(request, browser):
    context = browser.new_context(color_scheme=request.param)
    yield context
    context.close()


@pytest.mark.parametrize("width", [1200, 360])
@pytest.mark.parametrize("path", TEMPLATES)
def test_no_template_violates_wcag_21_aa(sight, atlas_folder, axe, path, width):
    page = sight.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{atlas_folder.as_uri()}/{path}")
    page.evaluate(axe)
    found = page.evaluate("rules => axe.run(document, rules)", RULES)
    told = [
        (each["id"], node["target"], node["failureSummary"])
        for each in found["violations"]
        for node in each["nodes"]
    ]
    page.close()
    assert told == []
    assert complaints == []


def test_the_night_is_dark_and_keeps_the_colours_of_the_drawings(browser, atlas_folder):
    seen = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(f"{atlas_folder.as_uri()}/citta/borgo-prova.html")
        seen[scheme] = [
            page.evaluate("() => getComputedStyle(document.body).backgroundColor"),
            page.eval_on_selector(".map a.c4 path", "each => getComputedStyle(each).fill"),
        ]
        context.close()
    assert seen["light"][0] == "rgb(255, 255, 255)"
    assert seen["dark"][0] != seen["light"][0]
    assert seen["dark"][1] == seen["light"][1]
