"""The atlas in a real browser, opened from the disk."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.web

CITY = "citta/borgo-prova.html"
FOCUSED = "document.activeElement"


@pytest.fixture
def page(browser):
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()


def test_every_page_opens_without_complaint_or_outside_request(page, atlas_folder):
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    page.on("request", lambda request: requests.append(request.url))
    opened = sorted(atlas_folder.rglob("*.html"))
    for path in opened:
        page.goto(path.as_uri())
        assert page.title().endswith("Atlante dei bisogni")
        assert page.locator("h1").count() == 1
    assert len(opened) > 15
    assert complaints == []
    folder = atlas_folder.as_uri()
    assert [url for url in requests if not url.startswith((folder, "data:"))] == []


def test_the_policy_blocks_scripts_written_in_the_page(page, atlas_folder):
    page.goto((atlas_folder / CITY).as_uri())
    ran = page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.injected = true";
            document.body.append(script);
            return window.injected === true;
        }"""
    )
    assert ran is False


def test_the_style_sheet_is_applied_from_the_disk(page, atlas_folder):
    page.goto((atlas_folder / CITY).as_uri())
    fill = page.eval_on_selector(".map a.c4 path", "element => getComputedStyle(element).fill")
    assert fill == "rgb(43, 108, 176)"


def test_tab_reaches_every_area_of_the_map_and_enter_opens_its_sheet(page, atlas_folder):
    page.goto((atlas_folder / CITY).as_uri())
    wanted = page.locator(".map a").count()
    reached: set[tuple[str, str]] = set()
    for _ in range(page.locator("a, button, [tabindex='0']").count() + 5):
        page.keyboard.press("Tab")
        found = page.evaluate(
            f"""() => {FOCUSED}.closest(".map") && [
                {FOCUSED}.closest(".map").getAttribute("aria-label"),
                {FOCUSED}.getAttribute("aria-label"),
            ]"""
        )
        if found:
            reached.add(tuple(found))
    assert len(reached) == wanted == 4 * (6 + 2)
    page.locator('.map a[aria-label^="Molino"]').first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/area/099001.Q02.html")
    assert page.locator("h1").inner_text() == "Molino"


def test_the_skip_link_comes_first(page, atlas_folder):
    page.goto((atlas_folder / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate(f"() => {FOCUSED}.getAttribute('href')") == "#contenuto"


def test_a_table_sorts_by_number_and_keeps_areas_without_one_below(page, atlas_folder):
    page.goto((atlas_folder / CITY).as_uri())
    table = page.locator("#quartieri-solitudine ~ .pair table.scores")
    identifiers = "rows => rows.map(row => row.dataset.area.slice(-3))"

    def order() -> list[str]:
        return table.locator("tbody tr").evaluate_all(identifiers)

    assert order() == ["Q01", "Q02", "Q03", "Q04", "Q05", "Q06"]
    header = table.locator("thead th").nth(1)
    header.locator("button").click()
    assert order()[:3] == ["Q01", "Q02", "Q06"]
    assert header.get_attribute("aria-sort") == "ascending"
    header.locator("button").click()
    assert order()[:3] == ["Q06", "Q02", "Q01"]
    assert set(order()[3:]) == {"Q03", "Q04", "Q05"}


def test_pages_are_complete_without_scripts(browser, atlas_folder):
    context = browser.new_context(java_script_enabled=False)
    bare = context.new_page()
    bare.goto((atlas_folder / CITY).as_uri())
    assert bare.locator("table.scores").count() == 8
    assert bare.locator(".map a").count() == 4 * (6 + 2)
    context.close()


@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        CITY,
        "area/099001.Q02.html",
        "fonti.html",
        "stato.html",
        "metodo.html",
        "en/index.html",
        "cerca.html",
        "confronta.html#099001.Q01+099002.A01",
    ],
)
def test_a_phone_never_scrolls_the_whole_page_sideways(browser, atlas_folder, path):
    phone = browser.new_page(viewport={"width": 360, "height": 740})
    phone.goto(f"{atlas_folder.as_uri()}/{path}")
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 360
    phone.close()


def test_a_hostile_name_stays_text(page, atlas_folder):
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.goto((atlas_folder / "area/099001.Q06.html").as_uri())
    assert page.locator("h1").inner_text() == '<img src=x onerror="alert(1)">'
    assert page.locator("img").count() == 0
    assert dialogs == []


def found(page) -> list[str]:
    """Codes of the areas that the search shows."""
    return page.locator("li[data-words]:visible .code").all_inner_texts()


def test_search_finds_by_name_without_accents_and_by_code(page, atlas_folder):
    page.goto((atlas_folder / "cerca.html").as_uri())
    field = page.get_by_label("Nome, codice o città")
    assert len(found(page)) == 10
    field.fill("MOLÌNO")
    assert found(page) == ["099001.Q02"]
    assert page.get_by_role("status").inner_text() == "1 area trovata: Invio apre la scheda."
    field.fill("099001.q03")
    assert found(page) == ["099001.Q03"]
    field.fill("marina prova")
    assert found(page) == ["099002.A00", "099002.A01"]
    field.fill("non esiste")
    assert found(page) == []
    assert "Nessuna area" in page.get_by_role("status").inner_text()


def test_search_keeps_its_words_in_the_address_and_enter_opens_the_sheet(page, atlas_folder):
    page.goto(f"{(atlas_folder / 'cerca.html').as_uri()}#centro%20storico")
    assert found(page) == ["099001.Q01"]
    field = page.get_by_label("Nome, codice o città")
    field.fill("stazione")
    page.wait_for_url("**/cerca.html#stazione")
    field.press("Enter")
    page.wait_for_url("**/area/099001.Q03.html")


def test_two_areas_of_different_cities_are_compared_from_the_keyboard(page, atlas_folder):
    address = (atlas_folder / "confronta.html").as_uri()
    page.goto(address)
    assert not page.locator("#confronto").is_visible()
    page.get_by_label("1ª area").select_option("099001.Q02")
    page.get_by_label("2ª area").select_option("099002.A01")
    page.wait_for_url(f"{address}#099001.Q02+099002.A01")
    table = page.locator("#confronto")
    assert table.locator("thead th a").all_inner_texts()[0] == "Molino"
    own = table.locator("tr", has_text="Rispetto alla propria città").first.inner_text()
    assert "104,2" in own
    assert "sopra la città, classe 4 di 5" in own
    assert "99,0" in own
    assert "non distinguibile dalla città" in own
    # Three needs compare between cities; the fourth holds within one city only.
    assert table.locator("tr", has_text="Rispetto a tutte le aree").count() == 3
    assert page.get_by_label("3ª area").count() == 1


def test_the_address_of_a_comparison_shows_it_again_and_unknown_codes_are_left_out(
    page, atlas_folder
):
    address = (atlas_folder / "confronta.html").as_uri()
    page.goto(f"{address}#099001.Q05+nessuna+099002.A01")
    heads = page.locator("#confronto thead th a").all_inner_texts()
    assert heads == ["Cascine", '=HYPERLINK("https://evil.example","apri")']
    assert "meno di 250 residenti" in page.locator("#confronto tbody").inner_text()
    page.locator("#confronto thead th a").first.click()
    page.wait_for_url("**/area/099001.Q05.html")


def test_a_table_cut_by_a_narrow_screen_says_so(browser, atlas_folder):
    for width, cut in ((360, True), (1600, False)):
        page = browser.new_page(viewport={"width": width, "height": 740})
        page.goto((atlas_folder / CITY).as_uri())
        hint = page.locator(".slide").first
        assert hint.is_visible() is cut, width
        page.close()


def test_at_1200_pixels_no_column_of_a_city_is_cut(browser, atlas_folder):
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.goto((atlas_folder / CITY).as_uri())
    cut = page.locator(".scroll").evaluate_all(
        "all => all.filter(each => each.scrollWidth > each.clientWidth + 1)"
        ".map(each => each.getAttribute('aria-label'))"
    )
    assert cut == []
    page.close()


def test_on_paper_the_page_is_light_and_without_controls(browser, atlas_folder):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto((atlas_folder / CITY).as_uri())
    page.emulate_media(media="print")
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    for control in (".top nav", ".jump", ".slide"):
        assert not page.locator(control).first.is_visible(), control
    assert page.locator(".map").first.is_visible()
    context.close()


def test_the_home_page_is_light_and_written_in_the_letters_of_the_atlas(page, atlas_folder):
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto((atlas_folder / "index.html").as_uri())
    page.evaluate("() => document.fonts.ready")
    files = [url for url in fetched if url.startswith("file:")]
    assert len(files) >= 5
    assert sum(Path(unquote(urlsplit(url).path)).stat().st_size for url in files) < 100_000
    assert page.evaluate("() => [...document.fonts].map(font => font.status)") == ["loaded"] * 2


def test_on_a_phone_the_coverage_of_every_city_is_whole(browser, atlas_folder):
    phone = browser.new_page(viewport={"width": 360, "height": 740})
    phone.goto((atlas_folder / "index.html").as_uri())
    table = phone.locator("table.stack")
    assert table.evaluate("each => each.scrollWidth <= each.parentElement.clientWidth")
    cells = table.locator("tbody tr").first.locator("td")
    assert cells.count() == 1 + 4 + 3
    assert all(cell.is_visible() for cell in cells.all())
    label = "each => getComputedStyle(each, '::before').content"
    assert "Solitudine" in cells.nth(2).evaluate(label)
    phone.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_an_address_with_a_point_shows_that_point(browser, atlas_folder, width):
    opened = browser.new_page(viewport={"width": width, "height": 740})
    opened.goto(f"{(atlas_folder / CITY).as_uri()}#aree-di-censimento-mobilita")
    opened.evaluate("() => document.fonts.ready")
    opened.wait_for_timeout(100)
    top = "each => each.getBoundingClientRect().top"
    assert 0 <= opened.locator("#aree-di-censimento-mobilita").evaluate(top) < 120
    opened.close()
