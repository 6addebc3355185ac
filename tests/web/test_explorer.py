"""The section explorer: made beside a copy of the atlas, served with parts of files, drawn."""

from __future__ import annotations

import base64
import hashlib
import io
import runpy
import shutil
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from tests.mart.sections import SIDE, SOUTH, WEST, grid
from will_pipeline.atlas import packages
from will_pipeline.atlas.explorer import (
    WrongFolder,
    check_copy,
    known_areas,
    sections_of,
    write_explorer,
)
from will_pipeline.atlas.packages import Package, PackageFault, library_files, pinned_packages
from will_pipeline.atlas.serving import serve
from will_pipeline.atlas.verification import verify
from will_pipeline.cli.atlas import atlante
from will_pipeline.mart.database import DATABASE_FILE
from will_pipeline.mart.vector_tiles import placed_sections, section_tiles

BORGO = "099001"
HOSTILE = '<img src=x onerror="alert(1)">'
TOWN = Path(__file__).parents[1] / "unit" / "atlas" / "town.py"
CHOSEN = "0340270000000"
NONE_LATER = {"edizione_confini": pl.String, "area_id": pl.String, "area_stabile_id": pl.String}


def sections() -> pl.DataFrame:
    """The grid as sections of Borgo Prova: Molino, but one without a quartiere."""
    lost = pl.col("section_id") == "0340270002001"
    asc = pl.when(lost).then(77).otherwise(2)
    return grid().with_columns(pro_com=pl.lit(BORGO), asc1=asc, ace=pl.lit(1, pl.Int64))


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    made = runpy.run_path(str(TOWN))["town_tables"]()
    return made | {"area_edizione": pl.DataFrame(schema=NONE_LATER)}


@pytest.fixture(scope="module")
def release(tmp_path_factory, atlas_folder, tables) -> Path:
    """A release with what the explorer reads: the mart, the tiles and the atlas."""
    folder = tmp_path_factory.mktemp("rilascio")
    shutil.copytree(atlas_folder, folder / "atlante")
    archive = section_tiles(placed_sections(sections()), attribution=HOSTILE)
    (folder / "sezioni.pmtiles").write_bytes(archive)
    (folder / "sha256sums.txt").write_text("")
    with duckdb.connect(str(folder / DATABASE_FILE)) as mart:
        for name in ("dim_area", "dim_comune", "area_edizione", "mart_info"):
            mart.register("given", tables[name].to_arrow())
            mart.sql(f"CREATE TABLE {name} AS SELECT * FROM given")
            mart.unregister("given")
    return folder


def packed(
    name: str, files: dict[str, bytes], link: tuple[str, str] | None = None
) -> tuple[Package, bytes]:
    """A package as npm packs it, pinned on what it is."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(f"package/{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        if link is not None:
            member = tarfile.TarInfo(f"package/{link[0]}")
            member.type, member.linkname = tarfile.SYMTYPE, link[1]
            archive.addfile(member)
    content = buffer.getvalue()
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    wanted = {path: path.replace("/", "-") for path in [*files, *(link or ())[:1]]}
    pinned = Package(
        name=name, version="1.0.0", licence="MIT", integrity=f"sha512-{digest}", files=wanted
    )
    return pinned, content


def test_a_package_gives_the_files_it_is_wanted_for_and_its_licence() -> None:
    package, content = packed("prova", {"dist/prova.js": b"1;", "LICENSE": b"MIT"})
    found = library_files([package], lambda _: content)
    assert found["dist-prova.js"] == b"1;"
    assert found["LICENSE"] == b"MIT"
    assert "prova 1.0.0, licenza MIT" in found["LICENZE.txt"].decode()


def test_another_content_under_the_same_name_is_refused() -> None:
    package, _ = packed("prova", {"prova.js": b"good"})
    _, other = packed("prova", {"prova.js": b"evil"})
    with pytest.raises(PackageFault, match="impronta sha512 è diversa"):
        library_files([package], lambda _: other)


def test_a_package_without_a_wanted_file_or_with_a_link_in_its_place_is_refused() -> None:
    package, content = packed("prova", {"prova.js": b"1;"})
    wanting = package.model_copy(update={"files": {"LICENSE": "LICENSE"}})
    with pytest.raises(PackageFault, match="non trovo il file LICENSE"):
        library_files([wanting], lambda _: content)
    linked, content = packed("prova", {}, link=("LICENSE", "/etc/hostname"))
    with pytest.raises(PackageFault, match="non trovo il file LICENSE"):
        library_files([linked], lambda _: content)


def test_without_npm_the_message_says_what_to_install(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PackageFault, match="apt-get install npm"):
        packages.npm_pack(pinned_packages()[0])


def test_sections_are_read_back_once_each_where_they_are() -> None:
    found = sections_of(section_tiles(placed_sections(sections())))
    placed = placed_sections(sections())
    assert [each.code for each in found] == placed["section_id"].tolist()
    assert found[0].areas == (f"{BORGO}.Q02", f"{BORGO}.A01")
    for each, shape in zip(found, placed.geometry, strict=True):
        assert shape.buffer(1e-5).contains(shape.__class__([
            (each.bounds[0], each.bounds[1]), (each.bounds[2], each.bounds[1]),
            (each.bounds[2], each.bounds[3]), (each.bounds[0], each.bounds[3]),
        ]).buffer(-2e-4))  # fmt: skip
        west, south = shape.bounds[:2]
        assert west < each.point[0] < west + SIDE
        assert south < each.point[1] < south + SIDE
    assert found[0].bounds[:2] == pytest.approx((WEST, SOUTH), abs=2e-4)


def test_an_area_is_known_only_in_its_own_edition(tables) -> None:
    later = pl.DataFrame(
        [
            ("censimento 2021", f"{BORGO}.Q09", f"{BORGO}.Q02"),
            ("censimento 2021", "x.Q01", "x.Q01"),
        ],
        schema=NONE_LATER, orient="row",
    )  # fmt: skip
    found = known_areas(tables | {"area_edizione": later})
    assert found["censimento 2011", f"{BORGO}.Q02"] == ("Molino", f"area/{BORGO}.Q02.html")
    assert found["censimento 2021", f"{BORGO}.Q09"] == ("Molino", f"area/{BORGO}.Q02.html")
    assert ("censimento 2021", f"{BORGO}.Q02") not in found
    assert ("censimento 2021", "x.Q01") not in found


def test_a_release_and_a_folder_of_others_are_left_alone(release, tmp_path) -> None:
    number = "2026.11.1"
    with pytest.raises(WrongFolder, match="dentro un rilascio"):
        check_copy(release / "atlante", number)
    (tmp_path / "mio.txt").write_text("")
    with pytest.raises(WrongFolder, match="non è un atlante"):
        check_copy(tmp_path, number)
    (tmp_path / "index.html").write_text("Rilascio 2026.10.9 ")
    with pytest.raises(WrongFolder, match=r"non è del rilascio 2026\.11\.1"):
        check_copy(tmp_path, number)
    check_copy(tmp_path / "nuova", number)


def test_without_tiles_the_command_says_so_and_fails(release, tmp_path) -> None:
    (tmp_path / "rilascio").mkdir()
    shutil.copy(release / DATABASE_FILE, tmp_path / "rilascio")
    target = tmp_path / "copia"
    done = CliRunner().invoke(
        atlante,
        ["esploratore", "--mart", str(tmp_path / "rilascio"), "--cartella", str(target)],
    )
    assert done.exit_code == 1
    assert "non ha il file sezioni.pmtiles" in done.stderr
    assert not target.exists()


@pytest.fixture(scope="module")
def libraries() -> dict[str, bytes]:
    try:
        return library_files(pinned_packages())
    except PackageFault as fault:
        if "impronta" in str(fault):
            raise
        # npm and its network are no tools of continuous integration: there too this may skip.
        pytest.skip("the pinned npm packages are not reachable (npm and its registry are needed)")


@pytest.fixture(scope="module")
def copy(tmp_path_factory, release, libraries, tables) -> Path:
    folder = tmp_path_factory.mktemp("copia") / "atlante"
    write_explorer(folder, release, libraries, tables)
    return folder


@contextmanager
def served(folder: Path) -> Iterator[str]:
    server = serve(folder, 0)
    worker = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    worker.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    worker.join()


@pytest.fixture(scope="module")
def address(copy) -> Iterator[str]:
    with served(copy) as home:
        yield home


@pytest.mark.web
def test_a_copy_with_the_explorer_passes_the_checks_and_the_release_stays_as_it_was(
    copy, release
) -> None:
    assert verify(copy).findings == ()
    assert not (release / "atlante" / "esploratore").exists()
    assert (copy / "esploratore/librerie/maplibre-gl-LICENSE.txt").stat().st_size > 1000


@pytest.fixture(scope="module")
def opened(browser, address):
    """The page once it has drawn, what it complained of and what it asked for."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(20_000)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else 0)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/esploratore/index.html")
    page.locator("#mappa[data-disegnate]").wait_for()
    yield page, said, asked
    page.close()


@pytest.mark.web
def test_the_sections_are_drawn_without_complaint_or_outside_request(opened, address) -> None:
    page, said, asked = opened
    assert page.locator("#mappa").get_attribute("data-disegnate") == "6"
    assert said == []
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert any(url.endswith("sezioni.pmtiles") for url in asked)
    assert page.locator("img").count() == 0


@pytest.mark.web
def test_a_section_under_the_pointer_is_told_and_a_click_keeps_it(opened) -> None:
    page, *_ = opened
    box = page.locator("#mappa").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 - 30
    page.mouse.move(*middle)
    page.mouse.move(middle[0] + 2, middle[1])
    page.locator("#scelta", has_text="Sezione 034027").wait_for()
    page.mouse.click(*middle)
    kept = page.locator("#scelta").inner_text()
    page.mouse.move(middle[0] + 150, middle[1] + 60)
    assert page.locator("#scelta").inner_text() == kept


@pytest.mark.web
def test_the_keyboard_reaches_a_section_and_the_page_of_its_area(opened) -> None:
    page, *_ = opened
    page.locator("summary", has_text="Molino").focus()
    page.keyboard.press("Enter")
    page.locator("li button", has_text=CHOSEN).focus()
    page.keyboard.press("Enter")
    page.locator("#scelta", has_text=f"Sezione {CHOSEN}").wait_for()
    link = page.locator("#scelta a").first
    assert link.get_attribute("href") == f"../area/{BORGO}.Q02.html"
    page.locator("#codice").fill("0340270002001")
    page.keyboard.press("Enter")
    page.locator("#scelta", has_text="Sezione 0340270002001").wait_for()
    page.locator(".maplibregl-canvas").focus()
    page.keyboard.press("Escape")
    page.locator("#codice").fill("1")
    page.keyboard.press("Enter")
    assert "non c'è" in page.locator("#cercata").inner_text()
    page.locator("#comune").dispatch_event("change")
    assert "Passa sopra una sezione" in page.locator("#scelta").inner_text()


@pytest.mark.web
def test_the_explorer_violates_no_rule_of_wcag_21_aa(opened) -> None:
    page, *_ = opened
    module = pytest.importorskip("axe_playwright_python.base", reason="make test installs axe")
    page.evaluate(module.AXE_FILE_PATH.read_text("utf-8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
        found = page.evaluate("rules => axe.run(document, rules)", rules)
        assert [(each["id"], each["nodes"][0]["target"]) for each in found["violations"]] == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


@pytest.mark.web
def test_from_the_disk_the_page_says_what_the_map_needs_and_keeps_its_list(browser, copy) -> None:
    page = browser.new_page()
    page.goto((copy / "esploratore" / "index.html").as_uri())
    assert "will atlante servi" in page.locator("#senza-mappa").inner_text()
    assert page.locator("section.comune li").count() == 6
    page.close()
