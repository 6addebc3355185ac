"""The printed sheets of the hand-made towns, read back from their PDF."""

import re
import runpy
from pathlib import Path

import pytest
from pypdf import PdfReader

from will_pipeline.atlas.printing import SheetTooLong, print_sheets
from will_pipeline.atlas.static import sheet_forms
from will_pipeline.atlas.views import build_atlas
from will_pipeline.italian import number

TOWN = Path(__file__).parents[1] / "unit" / "atlas" / "town.py"
RICH, WITHHELD, HOSTILE = "099001.Q02", "099001.Q05", "099001.Q06"


@pytest.fixture(scope="module")
def atlas():
    return build_atlas(runpy.run_path(str(TOWN))["town_tables"](), release="2026.11.1")


@pytest.fixture(scope="module")
def forms(atlas):
    wanted = (RICH, WITHHELD, HOSTILE)
    return {path: form for code in wanted for path, form in sheet_forms(atlas, only=code).items()}


@pytest.fixture(scope="module")
def printed(forms):
    return print_sheets(forms)


@pytest.fixture(scope="module")
def readers(printed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("schede")
    found = {}
    for path, content in printed.items():
        file = folder / Path(path).name
        file.write_bytes(content)
        found[file.stem] = PdfReader(file)
    return found


def text(reader: PdfReader) -> str:
    # A number keeps its unit with a space that does not break.
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


@pytest.mark.parametrize("code", [RICH, WITHHELD, HOSTILE])
def test_a_sheet_has_two_a4_sides_and_is_tagged_titled_italian_pdf_ua(readers, code):
    reader = readers[code]
    assert len(reader.pages) == 2
    for page in reader.pages:
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    catalogue = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/Lang"] == "it"
    assert catalogue["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "scheda di quartiere, rilascio 2026.11.1" in reader.metadata.title
    assert b"pdfuaid:part" in catalogue["/Metadata"].get_data()


def structure(node) -> list:
    """Every element of the structure of a document, in reading order."""
    kids = node.get("/K", [])
    found = [node]
    for kid in kids if isinstance(kids, list) else [kids]:
        seen = kid.get_object() if hasattr(kid, "get_object") else kid
        if isinstance(seen, dict) and "/S" in seen:
            found += structure(seen)
    return found


def test_headings_tables_and_drawings_are_told_to_who_does_not_see(readers):
    root = readers[RICH].trailer["/Root"]["/StructTreeRoot"]["/K"][0].get_object()
    elements = structure(root)
    kinds = [str(each["/S"]) for each in elements]
    assert kinds.count("/H1") == 1
    assert {"/H2", "/Table", "/TH", "/TD", "/L", "/LI"} <= set(kinds)
    drawings = [each for each in elements if each["/S"] == "/Figure"]
    assert len(drawings) == 2
    assert all(len(str(each["/Alt"])) > 20 for each in drawings)


def test_fonts_are_inside_and_are_those_of_the_atlas(readers):
    for page in readers[RICH].pages:
        for font in page["/Resources"]["/Font"].values():
            inner = font["/DescendantFonts"][0]
            assert "Titillium" in inner["/BaseFont"]
            assert {"/FontFile2", "/FontFile3"} & set(inner["/FontDescriptor"])


def test_the_sheet_holds_the_numbers_of_the_area(atlas, readers):
    said = text(readers[RICH])
    area = next(each for each in atlas.cities[0].levels[0].areas if each.row["area_id"] == RICH)
    wanted = [number(area.row["popolazione"]), number(area.row["famiglie"])]
    for score in area.scores:
        wanted += [number(each, 1) for each in (score.value.index, score.value.low)]
    for group in area.groups:
        for line in group.lines:
            if line.fact["stato"] == "valido":
                wanted.append(number(line.fact["valore"], line.card["decimali"]))
    wanted += [number(row["attesi"]) for row in area.collective.persons]
    assert len(wanted) > 12
    assert [each for each in wanted if each not in said] == []
    assert "tra il 1º e il 3º posto su 6" in said


def test_a_withheld_area_shows_no_number_of_its_own(readers):
    said = text(readers[WITHHELD])
    assert "pochi casi: non pubblicato" in said
    assert "non pubblicato per proteggere un'area più piccola" in said
    assert "100 è la media" not in said


def test_a_hostile_name_is_printed_as_text(readers):
    assert '<img src=x onerror="alert(1)">' in text(readers[HOSTILE])


def test_the_same_pages_give_the_same_bytes(forms, printed):
    (path,) = (each for each in forms if RICH in each)
    assert print_sheets({path: forms[path]})[path] == printed[path]


def test_two_processes_print_what_one_prints():
    page = '<html lang="it"><title>{0}</title><p style="break-after: page">{0}</p><p>due</p>'
    short = {f"schede/{place:02}.pdf": [page.format(place)] for place in range(16)}
    assert print_sheets(short, workers=2) == print_sheets(short, workers=1)


def test_a_sheet_that_never_fits_is_refused_by_name():
    endless = '<html lang="it"><title>x</title><body>' + "<p>riga</p>" * 900
    with pytest.raises(SheetTooLong, match=r"schede/x\.pdf occupa \d+ facciate"):
        print_sheets({"schede/x.pdf": [endless]})
