"""Templates, the blank files made from them, and the models that refuse a bad one."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from openpyxl import load_workbook

from tests.unit.deliveries.examples import GOOD, examined
from will_pipeline.deliveries.areas import Areas
from will_pipeline.deliveries.blank import blank_csv, blank_workbook
from will_pipeline.deliveries.catalogue import load_templates
from will_pipeline.deliveries.pages import BEGIN, END, with_tables
from will_pipeline.errors import SourceFault

KINDS = sorted(GOOD)


@pytest.mark.parametrize("kind", KINDS)
def test_a_blank_csv_is_what_italian_excel_opens(kind: str, areas: Areas) -> None:
    template = load_templates()[kind]
    files = blank_csv(template, areas)
    tables = [content for name, content in files.items() if name.endswith(".csv")]
    assert len(tables) == len(template.parts)
    for part, content in zip(template.parts, tables, strict=True):
        header = ";".join(column.name for column in part.columns)
        assert content == b"\xef\xbb\xbf" + header.encode() + b"\r\n"
    explained = files[f"{kind}.leggimi.txt"].decode("utf-8-sig")
    named = any(column.levels for part in template.parts for column in part.columns)
    assert ("Q02 - Città Alta" in explained) == named
    for part in template.parts:
        for column in part.columns:
            assert column.it in explained


@pytest.mark.parametrize("kind", KINDS)
def test_a_blank_workbook_offers_only_what_is_accepted(kind: str, areas: Areas) -> None:
    template = load_templates()[kind]
    [(name, content)] = blank_workbook(template, areas).items()
    assert name == f"{kind}.xlsx"
    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Leggimi", *(part.name for part in template.parts), "Elenchi"]
    for part in template.parts:
        sheet = book[part.name]
        assert [cell.value for cell in sheet[1]] == [column.name for column in part.columns]
        offered = {
            str(choice.sqref).split(":")[0].rstrip("0123456789"): choice.formula1
            for choice in sheet.data_validations.dataValidation
        }
        lists = {
            column.name: offered[sheet.cell(1, at).column_letter]
            for at, column in enumerate(part.columns, start=1)
            if column.type in ("area", "scelta", "si_no")
        }
        assert len(lists) == len(offered)
        for column in part.columns:
            if column.type == "area":
                entries = _listed(book, lists[column.name])
                found = [areas.find(entry, column.levels) for entry in entries]
                assert found == areas.of_levels(column.levels)
            if column.type == "scelta":
                assert _listed(book, lists[column.name]) == list(column.allowed)


def _listed(book: Any, formula: str) -> list[str]:
    sheet, _, addresses = formula.lstrip("=").replace("$", "").partition("!")
    return [row[0].value for row in book[sheet][addresses]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_handed_in_empty_is_refused_as_empty(kind: str, areas: Areas) -> None:
    template = load_templates()[kind]
    files = {n: c for n, c in blank_csv(template).items() if n.endswith(".csv")}
    for given in (files, blank_workbook(template)):
        problems = examined(given, kind, areas).problems
        assert len(problems) == len(template.parts)
        assert all("c'è l'intestazione ma nessuna riga" in str(each) for each in problems)


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_of_the_page_is_a_good_cell(kind: str, areas: Areas) -> None:
    """Faults of a page's examples can only be about rows that are not there."""
    template = load_templates()[kind]
    rows = {
        part.name: [{column.name: column.example for column in part.columns}]
        for part in template.parts
    }
    shown = {
        part: [row | ({"area": "Q01"} if "area" in row else {}) for row in listed]
        for part, listed in rows.items()
    }
    files = {n: c for n, c in blank_csv(template, rows=shown).items() if n.endswith(".csv")}
    cells = [p for p in examined(files, kind, areas).problems if "colonna" in p.where]
    assert [str(p) for p in cells if "manca" in p.rule or "ammess" in p.rule or p.personal] == []


def test_the_page_is_made_of_the_templates() -> None:
    page = with_tables(f"Prima.\n{BEGIN}\nvecchio\n{END}\nDopo.\n", load_templates())
    assert page.startswith("Prima.\n")
    assert page.endswith("Dopo.\n")
    assert "vecchio" not in page
    for template in load_templates().values():
        assert f"### {template.title.it} (`{template.kind}`)" in page
    assert with_tables(page, load_templates()) == page
    with pytest.raises(ValueError, match="lacks"):
        with_tables("niente", load_templates())


def test_the_tracked_page_is_up_to_date() -> None:
    page = Path(__file__).parents[3] / "docs" / "consegne.md"
    text = page.read_text("utf-8")
    assert with_tables(text, load_templates()) == text, "run python -m will_pipeline.deliveries"


def template(**given: Any) -> dict[str, Any]:
    column = {"name": "codice", "target": "x", "type": "codice", "it": "Codice.", "en": "Code.",
              "example": "1"}  # fmt: skip
    part = {"name": "cose", "table": "t", "it": "Una riga.", "en": "A row.", "key": ["codice"],
            "columns": [column | given.pop("column", {})]}  # fmt: skip
    words = {"it": "Prova", "en": "Trial"}
    return {"kind": "prova", "title": words, "description": words, "parts": [part | given.pop(
        "part", {})]} | given  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (template(kind="altra"), "'altra' non è il nome del file"),
        (template(column={"type": "scelta"}), "a choice, and only a choice"),
        (template(column={"allowed": ["a"]}), "a choice, and only a choice"),
        (template(column={"type": "area"}), "an area, and only an area"),
        (template(column={"required": False}), "key columns must exist and be required"),
        (template(column={"refers_to": "altre.codice"}), "lead nowhere"),
        (template(period="cose.anno"), "lead nowhere"),
        (template(column={"unknown": 1}), "campo sconosciuto"),
    ],
)
def test_a_bad_template_is_refused(content: dict[str, Any], said: str, tmp_path: Path) -> None:
    (tmp_path / "prova.yaml").write_text(yaml.safe_dump(content), "utf-8")
    with pytest.raises(SourceFault, match=said):
        load_templates(tmp_path)


def test_a_good_template_of_a_new_kind_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "prova.yaml").write_text(yaml.safe_dump(template()), "utf-8")
    assert list(load_templates(tmp_path)) == ["prova"]
    assert load_templates(tmp_path)["prova"].part("cose").column("codice").target == "x"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "aree_proprie"])
def test_examples_are_areas_of_the_very_town(kind: str, areas: Areas) -> None:
    rows = [("099001.C00", "099001", "C", "Lago", 900), ("099001.A07", "099001", "A", "Riva", 900)]
    columns = ["area_id", "pro_com", "level", "name", "residents"]
    lake = Areas(pl.DataFrame(rows, schema=columns, orient="row"), pro_com="099001", town="Lago")
    name = f"{kind}.leggimi.txt"
    text = blank_csv(load_templates()[kind], lake)[name].decode("utf-8-sig")
    assert "Q04" not in text
    assert "Esempio: A07" in text
    assert "Esempio: Q01" in blank_csv(load_templates()[kind], areas)[name].decode("utf-8-sig")
