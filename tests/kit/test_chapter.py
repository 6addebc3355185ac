"""The chapter for the social report, as records, as DOCX, as ODT and through LibreOffice."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn
from odfdo import Document as OpenDocument
from PIL import Image

from tests.kit.conftest import NOTE, NOTICE
from will_pipeline.atlas.model import IndicatorLine
from will_pipeline.atlas.words import NO_BREAK
from will_pipeline.kit import maps
from will_pipeline.kit.chapter import (
    Chapter,
    Heading,
    Paragraph,
    Picture,
    Space,
    Table,
    _figure,
    chapter,
)
from will_pipeline.kit.docx_file import docx_file
from will_pipeline.kit.odt_file import odt_file
from will_pipeline.kit.town import Town

INSTALL = "apt-get install libreoffice-writer poppler-utils"


@pytest.fixture(scope="module")
def told(town: Town) -> Chapter:
    return chapter(town)


def tables(told: Chapter) -> list[Table]:
    return [block for block in told.blocks if isinstance(block, Table)]


def test_the_chapter_has_demand_supply_space_and_notes(told: Chapter, town: Town) -> None:
    first = [block.text for block in told.blocks if isinstance(block, Heading) and block.level == 1]
    assert first == [
        "Come si legge",
        "Gli indicatori della domanda",
        "Gli indicatori dell'offerta",
        "L'analisi ragionata",
        "Note e fonti",
    ]
    assert sum(isinstance(block, Picture) for block in told.blocks) == len(town.themes)
    prompts = [block.prompt for block in told.blocks if isinstance(block, Space)]
    assert set(town.questions["solitudine"]) <= set(prompts)


def test_every_row_of_a_table_has_a_cell_for_every_heading(told: Chapter) -> None:
    assert tables(told)
    for table in tables(told):
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.header)}, table.caption
        assert all(cell for row in table.rows for cell in row), table.caption


def test_an_area_without_a_number_has_a_reason_and_not_zero(told: Chapter, town: Town) -> None:
    theme = town.themes[0]
    index = next(table for table in tables(told) if table.caption == f"Indice: {theme.name}")
    for (_, score), row in zip(town.scores(theme), index.rows, strict=True):
        if score.value is None:
            assert row[1] == "–"
            assert score.reason in row[3]


def test_every_indicator_has_its_interval_its_letter_and_its_note(noted: Town) -> None:
    told = chapter(noted)
    found = [table for table in tables(told) if table.caption.startswith("Indicatori: ")]
    cells = {(row[0].partition(" (")[0], cell.replace(NO_BREAK, " "))
             for table in found for row in table.rows for cell in row[1:]}  # fmt: skip
    names = {str(area.row["area_id"]): str(area.row["nome"]) for area in noted.level.areas}
    assert (names["099001.Q01"], "7,9 A (7,4 – 8,4)") in cells
    assert (names["099001.Q02"], "7,9 A (7,4 – 8,4) [1]") in cells
    assert any(cell.startswith("41,0 B (40,0 – 42,0)") for _, cell in cells)
    assert {note for table in found for note in table.notes} == {
        f"[1] {NOTE[0].upper()}{NOTE[1:]}."
    }
    for area, cell in cells:
        assert "[1]" not in cell or area == names["099001.Q02"]
    text = f"[1] {NOTE[0].upper()}{NOTE[1:]}."
    assert text in [each.text for each in Document(io.BytesIO(docx_file(told))).paragraphs]
    written = OpenDocument(io.BytesIO(odt_file(told))).body.get_elements("//text:p")
    assert text in [each.text for each in written]


def test_a_number_without_interval_or_letter_stands_alone() -> None:
    card = {"decimali": 1}
    fact = {"stato": "valido", "valore": 3.0, "ic_inf": None, "ic_sup": None,
            "affidabilita": None, "nota": None}  # fmt: skip
    assert _figure(IndicatorLine(card, fact, ""), {}) == "3,0"
    assert _figure(None, {}) == "–"
    missing = {**fact, "stato": "non_disponibile", "valore": None}
    assert _figure(IndicatorLine(card, missing, ""), {}) == "dato mancante"
    notes: dict[str, int] = {}
    told = [_figure(IndicatorLine(card, {**fact, "nota": each}, ""), notes) for each in "aba"]
    assert told == ["3,0 [1]", "3,0 [2]", "3,0 [1]"]


def test_statements_of_every_level_and_of_the_city_are_told(noted: Town) -> None:
    [voices] = [each for each in tables(chapter(noted)) if each.caption == "La voce del tavolo"]
    said = {row[3]: row[0] for row in voices.rows}
    assert len(voices.rows) == 4
    assert "Detto di 099001.A01." in said
    assert said["Detto di 099001.C."].endswith("(tutta la città)")


def test_the_notice_of_an_invented_release_comes_first(noted: Town, told: Chapter) -> None:
    assert chapter(noted).blocks[0] == Paragraph(NOTICE)
    assert told.blocks[0] == Heading(1, "Come si legge")


def test_docx_has_real_tables_a_language_and_a_title(told: Chapter) -> None:
    document = Document(io.BytesIO(docx_file(told)))
    assert document.core_properties.title == told.title
    language = document.styles.element.find(f".//{qn('w:rPrDefault')}//{qn('w:lang')}")
    assert language.get(qn("w:val")) == "it-IT"
    assert len(document.tables) == len(tables(told))
    for table, block in zip(document.tables, tables(told), strict=True):
        assert table.rows[0]._tr.find(f".//{qn('w:tblHeader')}") is not None
        assert [cell.text for cell in table.rows[0].cells] == list(block.header)
        assert [cell.text for cell in table.rows[1].cells] == list(block.rows[0])
    texts = [each.get("descr") for each in document.element.iter(qn("wp:docPr"))]
    assert texts
    assert all(texts)


def test_odt_has_real_tables_a_language_and_a_title(told: Chapter) -> None:
    document = OpenDocument(io.BytesIO(odt_file(told)))
    assert document.meta.title == told.title
    assert document.get_language() == "it-IT"
    found = document.body.get_elements("//table:table")
    assert len(found) == len(tables(told))
    for table, block in zip(found, tables(told), strict=True):
        cells = table.get_elements("table:table-header-rows//text:p")
        assert [cell.text for cell in cells] == list(block.header)
    pictures = sum(isinstance(block, Picture) for block in told.blocks)
    assert len(document.body.get_elements("//svg:desc")) == pictures


def test_names_are_text_in_both(told: Chapter) -> None:
    for content, member in (
        (docx_file(told), "word/document.xml"),
        (odt_file(told), "content.xml"),
    ):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert b"<img src" not in archive.read(member)
            assert b"&lt;img src=x" in archive.read(member)


def test_the_same_city_gives_the_same_bytes(told: Chapter, town: Town) -> None:
    assert docx_file(chapter(town)) == docx_file(told)
    assert odt_file(chapter(town)) == odt_file(told)


def test_the_map_paints_each_area_with_its_own_drawing(town: Town) -> None:
    theme = town.themes[0]
    image = Image.open(io.BytesIO(maps.png_map(town.level.box, town.scores(theme), width=500)))
    colours = {colour for _, colour in image.getcolors(1 << 20)}
    for mark in {score.mark for _, score in town.scores(theme)}:
        wanted = tuple(int(maps.CLASSES[mark][at : at + 2], 16) for at in (1, 3, 5))
        assert wanted in colours, mark
    drawn = maps.svg_map(town.level.box, town.scores(theme), title='"a" & <b>')
    assert drawn.count("<path") == sum(area.shape is not None for area in town.level.areas)
    assert 'aria-label="&quot;a&quot; &amp; &lt;b&gt;"' in drawn


@pytest.fixture(scope="module")
def converted(told: Chapter, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Text of the PDF that LibreOffice makes of each document."""
    office, reader = shutil.which("soffice"), shutil.which("pdftotext")
    if office is None or reader is None:
        pytest.skip(f"LibreOffice or pdftotext is not installed: {INSTALL}")
    folder = tmp_path_factory.mktemp("office")
    files = {"docx.docx": docx_file(told), "odt.odt": odt_file(told)}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder)]
    subprocess.run(
        [*command, *(str(folder / name) for name in files)],
        check=True,
        timeout=180,
        capture_output=True,
    )
    return {
        name.partition(".")[0]: _text(folder / f"{Path(name).stem}.pdf", reader) for name in files
    }


def _text(path: Path, reader: str) -> str:
    run = subprocess.run([reader, "-layout", str(path), "-"], check=True, capture_output=True)
    return run.stdout.decode()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["docx", "odt"])
def test_libreoffice_makes_a_pdf_with_every_number_of_the_tables(
    converted: dict[str, str], told: Chapter, kind: str
) -> None:
    numbers = [
        row[position] for table in tables(told) for row in table.rows for position in table.numeric
    ]
    figures = [each for each in numbers if any(letter.isdigit() for letter in each)]
    assert len(figures) > 20
    found = converted[kind].split()
    lost = [each for each in figures if not set(each.split()) <= set(found)]
    assert lost == []
    assert all(heading.split()[0] in found for table in tables(told) for heading in table.header)
