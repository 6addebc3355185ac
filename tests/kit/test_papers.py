"""Posters and the sheet of who leads, read back from their PDF."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from tests.kit.conftest import NOTICE
from will_pipeline.italian import number
from will_pipeline.kit import papers
from will_pipeline.kit.town import Town

A3, A4 = (1191, 842), (595, 842)


@pytest.fixture(scope="module")
def posters(town: Town) -> dict[str, bytes]:
    return papers.posters(town)


def text_of(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in reader.pages)


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def size(reader: PdfReader) -> tuple[int, int]:
    box = reader.pages[0].mediabox
    return round(float(box.width)), round(float(box.height))


def test_there_is_one_a3_page_for_every_need(posters: dict[str, bytes], town: Town) -> None:
    assert len(posters) == len(town.themes)
    for theme, content in zip(town.themes, posters.values(), strict=True):
        reader = read(content)
        assert (len(reader.pages), size(reader)) == (1, A3)
        assert reader.metadata is not None
        assert reader.metadata.title == f"{theme.name}, Borgo Prova: manifesto per il tavolo"
        assert reader.root_object["/Lang"] == "it"
        assert reader.root_object["/MarkInfo"]["/Marked"]
        assert "pdfuaid" in reader.root_object["/Metadata"].get_data().decode()


def test_a_poster_has_the_numbers_the_reasons_and_space_to_write(
    posters: dict[str, bytes], town: Town
) -> None:
    theme = town.themes[0]
    text = text_of(read(next(iter(posters.values()))))
    for area, score in town.scores(theme):
        told = number(score.value.index, 1) if score.value else score.reason
        assert told in text, area.row["nome"]
    assert theme.question in text
    assert theme.limits in text
    assert all(heading in text for heading, _ in papers.SPACES)
    assert "uno schema, non una mappa" in text
    assert all(question in text for question in town.questions[theme.key])


def test_a_name_is_text_whatever_it_looks_like(posters: dict[str, bytes]) -> None:
    assert 'onerror="alert(1)"' in text_of(read(next(iter(posters.values()))))


def test_a_need_measured_in_part_says_so(posters: dict[str, bytes]) -> None:
    assert "misura parziale" in text_of(read(list(posters.values())[-1]))


def test_the_sheet_of_who_leads_counts_the_areas(town: Town) -> None:
    [(name, content)] = papers.facilitator_sheet(
        town, slug="borgo_prova", workbook="voce_tavolo.xlsx"
    ).items()
    reader = read(content)
    assert (name, len(reader.pages), size(reader)) == ("scheda_di_chi_guida.pdf", 1, A4)
    text = text_of(reader)
    assert "will tavolo importa voce_tavolo.xlsx --citta borgo_prova" in text
    readings = [
        score.value.reading if score.value else "" for _, score in town.scores(town.themes[0])
    ]
    counts = [readings.count(each) for each in ("sopra", "sotto", "non_distinguibile", "")]
    assert f"{town.themes[0].name} {' '.join(map(str, counts))}" in text


def test_the_same_city_gives_the_same_bytes(posters: dict[str, bytes], town: Town) -> None:
    assert papers.posters(town) == posters


def test_the_notice_of_an_invented_release_is_on_every_paper(noted: Town, town: Town) -> None:
    sheet = papers.facilitator_sheet(noted, slug="borgo", workbook="voce_tavolo.xlsx")
    for content in (*papers.posters(noted).values(), *sheet.values()):
        reader = read(content)
        assert NOTICE in text_of(reader)
        assert len(reader.pages) == 1
    [plain] = papers.facilitator_sheet(town, slug="borgo", workbook="voce_tavolo.xlsx").values()
    assert "inventate" not in text_of(read(plain))
