"""Pages of the atlas on two hand-made towns."""

import posixpath
import re
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import unquote

import polars as pl
import pytest

from will_pipeline.atlas.static import render_atlas

BORGO = "citta/borgo-prova.html"
VOID = {"meta", "link", "img", "br", "hr", "input", "rect", "circle", "line", "path"}


class Page(HTMLParser):
    """Elements of a page: every start tag with its attributes, and the open tags at the end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag, f"unbalanced </{tag}>"

    def handle_data(self, data):
        self.text.append(data)

    def with_attribute(self, name: str) -> list[tuple[str, dict[str, str | None]]]:
        return [(tag, attributes) for tag, attributes in self.elements if name in attributes]


def html(pages: dict[str, str]) -> dict[str, Page]:
    return {path: Page(text) for path, text in pages.items() if path.endswith(".html")}


def test_one_page_per_city_and_area_beside_the_fixed_ones(pages):
    assert {"index.html", "metodo.html", "fonti.html", "stato.html", "en/index.html"} <= set(pages)
    assert [path for path in pages if path.startswith("citta/")] == [
        "citta/borgo-prova.html",
        "citta/marina-prova.html",
    ]
    assert len([path for path in pages if path.startswith("area/")]) == 10


def test_same_tables_in_any_order_give_the_same_bytes(tables):
    first = render_atlas(tables, release="1")
    shuffled = {
        name: table if name == "mart_info" else table.sample(fraction=1.0, shuffle=True, seed=7)
        for name, table in tables.items()
    }
    assert render_atlas(shuffled, release="1") == first


def test_every_page_is_balanced_italian_and_has_unique_identifiers(pages):
    for path, page in html(pages).items():
        assert page.open == [], path
        language = next(attributes["lang"] for tag, attributes in page.elements if tag == "html")
        assert language == ("en" if path.startswith("en/") else "it")
        repeated = [
            name for name, times in Counter(a["id"] for _, a in page.with_attribute("id")).items()
            if times > 1
        ]  # fmt: skip
        assert repeated == [], path


def test_every_internal_link_and_anchor_resolves(pages):
    parsed = html(pages)
    anchors = {
        path: {attributes["id"] for _, attributes in page.with_attribute("id")}
        for path, page in parsed.items()
    }
    checked = 0
    for path, page in parsed.items():
        targets = [a["href"] for _, a in page.with_attribute("href")]
        targets += [a["src"] for _, a in page.with_attribute("src")]
        for target in targets:
            if target.startswith(("https://", "http://", "data:")):
                continue
            file, _, anchor = target.partition("#")
            found = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(file)))
            found = found if file else path
            assert found in pages, f"{path} -> {target}"
            if found == "confronta.html" and file and anchor:
                named = {f"area/{area_id}.html" for area_id in anchor.split("+")}
                assert named <= set(pages), f"{path} -> {target}"
                continue
            assert not anchor or anchor in anchors[found], f"{path} -> {target}"
            checked += 1
    assert checked > 300


def test_nothing_is_fetched_from_another_origin_and_nothing_is_inline(pages):
    for path, page in html(pages).items():
        for tag, attributes in page.elements:
            assert "style" not in attributes, path
            assert not [name for name in attributes if name.startswith("on")], path
            if tag in {"script", "img", "link", "iframe"}:
                source = attributes.get("src") or attributes.get("href") or ""
                assert not source.startswith(("http", "//")), path
            assert tag != "style"
    assert set(re.findall(r"url\(\"([^\"]*)\"\)", pages["stile.css"])) == {
        "fonts/titillium-web-400.woff2", "fonts/titillium-web-700.woff2"
    }  # fmt: skip
    assert pages["stile.css"].count("url(") == 2
    assert "@import" not in pages["stile.css"]
    assert len(pages["stile.css"].encode()) < 20_000


def test_table_holds_the_numbers_of_the_map(pages):
    page = html(pages)[BORGO]
    marked = [
        (tag, attributes["data-area"], attributes["data-index"])
        for tag, attributes in page.with_attribute("data-area")
    ]
    drawn = Counter((area, index) for tag, area, index in marked if tag == "a")
    listed = Counter((area, index) for tag, area, index in marked if tag == "tr")
    assert drawn == listed
    assert drawn[("099001.Q02", "104,2")] == 4
    assert drawn[("099001.Q03", "mancante")] == 1
    assert drawn[("099001.Q04", "piccola")] == 4
    assert drawn[("099001.Q05", "soppresso")] == 2


def test_states_without_a_number_are_drawn_apart_and_say_why(pages):
    drawings = {
        attributes["data-index"]: (attributes["class"], attributes["aria-label"])
        for tag, attributes in html(pages)[BORGO].with_attribute("data-area")
        if tag == "a"
    }
    assert drawings["mancante"] == ("missing", "Stazione: dato mancante")
    assert drawings["soppresso"] == (
        "withheld",
        "Cascine: meno di 250 residenti, quindi i suoi numeri non si pubblicano",
    )
    assert drawings["piccola"][0] == "withheld"
    # The last small area drawn is the one under 250 residents, in the needs without figures.
    assert drawings["piccola"][1] == drawings["soppresso"][1]
    labels = [each["aria-label"] for _, each in html(pages)[BORGO].with_attribute("aria-label")]
    assert sum(label.endswith(": meno di 1.000 residenti") for label in labels) == 4
    assert drawings["104,2"] == (
        "c4",
        "Molino: indice 104,2, tra 101,7 e 106,7; sopra la città, classe 4 di 5",
    )


def test_an_area_that_cannot_be_told_from_the_city_has_no_class(pages):
    page = html(pages)[BORGO]
    drawn = {
        attributes["data-index"]: attributes
        for tag, attributes in page.with_attribute("data-area")
        if tag == "a"
    }
    assert drawn["100,4"]["class"] == "near"
    assert drawn["100,4"]["aria-label"].endswith("102,9; non distinguibile dalla città")
    row = pages[BORGO].partition('<tr data-area="099001.Q03"')[2].partition("</tr>")[0]
    assert "non distinguibile dalla città" in row
    assert "classe" not in row


def test_an_index_equal_to_the_city_is_not_drawn_as_the_lowest_class(tables):
    tables["fatto_indice"] = (
        tables["fatto_indice"]
        .with_columns(
            pl.when(
                (pl.col("area_id") == "099001.Q01") & (pl.col("dimensione") == "nuove_generazioni")
            )
            .then(pl.lit(100.0))
            .otherwise(pl.col(name))
            .alias(name)
            for name in ("indice", "ic_inf", "ic_sup")
        )
        .with_columns(
            classe=pl.when(pl.col("indice") == 100).then(1).otherwise("classe").cast(pl.Int64)
        )
    )
    page = Page(render_atlas(tables, release="1")[BORGO].decode())
    equal = [
        attributes
        for tag, attributes in page.with_attribute("data-area")
        if tag == "a" and attributes["data-index"] == "100,0"
    ]
    assert [each["class"] for each in equal] == ["near"]
    assert equal[0]["aria-label"] == (
        "Centro storico: indice 100,0, circa 100,0; non supera la città"
    )


def test_no_drawing_but_three_and_the_legend_names_each(pages):
    drawn = {
        attributes["class"]
        for tag, attributes in html(pages)[BORGO].with_attribute("data-area")
        if tag == "a"
    }
    assert drawn - {f"c{number}" for number in range(1, 6)} == {"near", "withheld", "missing"}
    legend = pages[BORGO].partition('class="legend"')[2].partition("</ul>")[0]
    for words_of in (
        "1 meno bisogno",
        "5 più bisogno",
        "non distinguibile dalla città",
        "nessun indice: riservatezza o area piccola",
        "dato mancante",
    ):
        assert words_of in legend


def test_an_area_without_a_profile_says_its_own_reason(pages):
    told = pages["area/099001.Q05.html"].partition('id="profilo"')[2].partition("</section>")[0]
    assert "Quest'area non ha un profilo: meno di 250 residenti" in told
    assert "Senza profilo." not in told
    small = pages["area/099001.Q04.html"].partition('id="profilo"')[2].partition("</section>")[0]
    assert "Quest'area non ha un profilo: meno di 1.000 residenti." in small


def test_one_reason_for_several_needs_is_said_once(pages):
    told = pages["area/099001.Q05.html"].partition('id="bisogni"')[2].partition("</section>")[0]
    assert told.count("meno di 250 residenti") == 1
    assert "<strong>Tutti i bisogni</strong>. Nessun indice" in told


def test_place_is_a_range_and_quartieri_come_before_census_areas(pages):
    text = pages[BORGO]
    assert "tra il 2º e il 5º posto su 6" in text
    assert "intorno al 1º posto su 6" in text
    assert text.index('id="quartieri"') < text.index('id="aree-di-censimento"')
    assert 'id="quartieri"' not in pages["citta/marina-prova.html"]
    order = re.findall(r'<tr data-area="099001\.(Q\d+)"', text)
    assert order[:6] == ["Q01", "Q02", "Q03", "Q04", "Q05", "Q06"]


def test_partial_theme_is_marked_with_its_reason(pages):
    for path in ("index.html", BORGO, "area/099001.Q02.html", "metodo.html"):
        assert "Un solo indicatore nel 2011." in pages[path], path
    assert "misura parziale" in pages[BORGO]


def test_an_index_that_holds_within_a_city_is_not_compared_between_cities(pages):
    rows = dict(
        re.findall(
            r'<tr><th scope="row">([^<]*)</th>\n<td class="num"><strong>104,2</strong>(.*?)</tr>',
            pages["area/099001.Q02.html"],
            flags=re.DOTALL,
        )
    )
    assert "<small>tra 101,7 e 106,7</small>" in rows["Solitudine"]
    assert "<small>" not in rows["Nuove generazioni"]
    assert "solo in città" in rows["Nuove generazioni"]
    whole = pages[BORGO].partition('id="insieme"')[2]
    assert "Nuove generazioni non c'è: quell'indice vale solo dentro una città." in whole


def test_schema_is_never_called_a_map(pages):
    assert "Schema, non mappa" in pages[BORGO]
    assert "Schema, non mappa" in pages["area/099001.Q02.html"]


def test_real_outlines_are_not_called_a_schema(tables):
    tables["area_geometria"] = tables["area_geometria"].with_columns(schematica=pl.lit(False))
    pages = render_atlas(tables, release="1")
    assert "Schema, non mappa" not in pages[BORGO].decode()


def test_area_sheet_shows_latest_value_interval_city_words_grade_and_source(pages):
    row = pages["area/099001.Q02.html"].partition('data-indicator="disoccupazione"')[2]
    row = " ".join(re.sub(r"<[^>]+>", " ", row.partition("</tr>")[0]).split())
    assert "2011 7,9 % tra 7,4 e 8,4 6,4 % sopra la città: più bisogno 512 su 6.480" in row.replace(
        "\u00a0", " "
    )
    assert row.endswith("stabilizzato A Censimento 2011")
    assert "99,9" not in pages["area/099001.Q02.html"]
    assert "sotto la città: più bisogno" in pages["area/099001.Q02.html"]
    assert "1.310\u00a0persone" in pages["area/099001.Q02.html"]


def test_area_sheet_keeps_withheld_missing_and_not_applicable_apart(pages):
    hidden = pages["area/099001.Q05.html"]
    assert "pochi casi: non pubblicato" in hidden
    assert "non pubblicato per proteggere un&#39;area più piccola" in hidden
    assert "meno di 250 residenti, quindi i suoi numeri non si pubblicano.</p>" in hidden
    assert "Gli indicatori disponibili" not in hidden
    assert "1.000 residenti" not in hidden
    station = pages["area/099001.Q03.html"]
    assert "dato mancante" in station
    assert "non si applica" in station


def test_hostile_names_come_out_as_text(pages):
    for path, page in html(pages).items():
        assert not [tag for tag, _ in page.elements if tag in {"img", "iframe"}], path
        hrefs = [attributes["href"] for _, attributes in page.with_attribute("href")]
        assert not [href for href in hrefs if href.startswith("javascript")], path
    assert '<img src=x onerror="alert(1)">' in "".join(html(pages)[BORGO].text)
    assert '=HYPERLINK("https://evil.example","apri")' in "".join(
        html(pages)["citta/marina-prova.html"].text
    )
    assert "javascript:alert(1)" in "".join(html(pages)["fonti.html"].text)


def test_sources_carry_producer_licence_date_and_checksum(pages):
    text = pages["fonti.html"]
    for wanted in ("ISTAT", "CC-BY-4.0", "2011-10-09", "23/11/2026", "a" * 64, "ultima copia"):
        assert wanted in text


def test_failed_checks_come_first_and_are_counted(pages):
    text = pages["stato.html"]
    assert "2 controlli eseguiti su questo rilascio: 1 superati, 1 non superati" in text
    assert text.index("somma_residenti") < text.index("chiave_unica")


def test_tables_have_captions_and_scoped_headers(pages):
    for path, text in pages.items():
        if path.endswith(".html"):
            assert text.count("<table") == text.count("<caption>"), path
            assert not re.findall(r"<th(?![^>]*scope)[ >]", text), path


def test_missing_table_column_or_card_is_named(tables):
    with pytest.raises(ValueError, match="fatto_indice"):
        render_atlas({k: v for k, v in tables.items() if k != "fatto_indice"}, release="1")
    with pytest.raises(ValueError, match="dim_area mancano famiglie"):
        render_atlas({**tables, "dim_area": tables["dim_area"].drop("famiglie")}, release="1")
    orphan = tables["dim_indicatore"].filter(pl.col("indicatore_id") != "disoccupazione")
    with pytest.raises(ValueError, match="disoccupazione"):
        render_atlas({**tables, "dim_indicatore": orphan}, release="1")


def test_identifier_that_cannot_be_an_address_is_refused(tables):
    bad = tables["dim_area"].with_columns(area_id=pl.col("area_id").replace("099001.Q01", "../x"))
    with pytest.raises(ValueError, match="identificativo"):
        render_atlas({**tables, "dim_area": bad}, release="1")


def test_areas_of_one_drawing_share_one_box(tables):
    odd = tables["area_geometria"].with_columns(
        riquadro=pl.when(pl.col("area_id") == "099001.Q01")
        .then(pl.lit("0 0 5 5"))
        .otherwise("riquadro")
    )
    with pytest.raises(ValueError, match="riquadri diversi"):
        render_atlas({**tables, "area_geometria": odd}, release="1")


def test_two_cities_of_one_name_keep_two_addresses(tables):
    twins = tables["dim_comune"].with_columns(nome=pl.lit("Borgo Prova"))
    pages = render_atlas({**tables, "dim_comune": twins}, release="1")
    assert [path for path in pages if path.startswith("citta/")] == [
        "citta/borgo-prova-099002.html",
        "citta/borgo-prova.html",
    ]


def test_area_without_a_shape_stays_in_the_table(tables):
    shapes = tables["area_geometria"].filter(pl.col("area_id") != "099001.Q02")
    page = render_atlas({**tables, "area_geometria": shapes}, release="1")[BORGO].decode()
    assert page.count('<tr data-area="099001.Q02"') == 4
    assert page.count('data-area="099001.Q02"') == 4


def test_a_tight_outline_keeps_its_code_or_its_dot(tables):
    tight = pl.col("area_id").is_in(["099001.Q02", "099001.Q03"])
    tables["area_geometria"] = tables["area_geometria"].with_columns(
        path_svg=pl.when(tight).then(pl.lit("M0 0L40 0L40 40L0 40Z")).otherwise("path_svg"),
        etichetta_x=pl.when(tight).then(20.0).otherwise("etichetta_x"),
        etichetta_y=pl.when(tight).then(20.0).otherwise("etichetta_y"),
    )
    drawn = {
        (area, index): body
        for area, index, body in re.findall(
            r'<a [^>]*data-area="099001\.Q0([23])" data-index="([^"]*)"[^>]*>(.*?)</a>',
            render_atlas(tables, release="1")[BORGO].decode(),
            flags=re.DOTALL,
        )
    }
    assert re.findall(r"<text[^>]*>([^<]*)</text>", drawn["2", "104,2"]) == ["2"]
    assert "<circle" in drawn["3", "mancante"]
    assert "<text" not in drawn["3", "mancante"]


def test_a_notice_stands_on_every_page_in_its_language(tables):
    notice = pl.DataFrame(
        {
            "chiave": ["avviso", "avviso_en"],
            "valore": ["Cifre <inventate>.", "Figures made up."],
            "descrizione": ["Avviso", "Avviso"],
        }
    )
    info = {"mart_info": pl.concat([tables["mart_info"], notice])}
    for path, content in render_atlas({**tables, **info}, release="1").items():
        if path.endswith(".html"):
            before = content.decode().split("<main", 1)[0]
            english = path.startswith("en/")
            assert ("Figures made up." in before) == english, path
            assert ("Cifre &lt;inventate&gt;." in before) != english, path


def test_without_a_notice_no_page_has_one(pages):
    assert not [path for path, text in pages.items() if 'role="note"' in text]
