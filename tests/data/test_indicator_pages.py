"""The tracked pages of the indicators are what the generator makes."""

from pathlib import Path

import pytest

from will_pipeline.contracts.catalogue import CONTRACT_VERSION
from will_pipeline.documentation.__main__ import PROJECT, read_mart
from will_pipeline.documentation.indicator_pages import COMMAND, INDEX_PAGE, indicator_pages
from will_pipeline.indicators.specification import load_specification
from will_pipeline.mart.shelf import Shelf

PAGES = PROJECT / "docs" / "method" / "indicatori"
LATEST = PROJECT / "data" / "marts" / "latest"
REMAKE = f"make run, then {COMMAND}"


def tracked() -> dict[str, str]:
    return {file.name: file.read_text("utf-8") for file in PAGES.iterdir()}


def test_every_indicator_of_the_specification_has_its_page_and_no_other() -> None:
    pages = {Path(name).stem for name in tracked() if name.endswith(".md")} - {"README"}
    assert pages == set(load_specification().indicators), f"run {COMMAND}"


def test_the_tracked_pages_are_what_the_latest_mart_gives() -> None:
    current = Shelf(LATEST.parent).current()
    if current is None or current.contract != CONTRACT_VERSION:
        pytest.skip(f"no mart of contract {CONTRACT_VERSION} has been made yet: make run")
    made = indicator_pages(read_mart(LATEST))
    found = tracked()
    assert set(found) == set(made), REMAKE
    assert [name for name in made if made[name] != found[name]] == [], REMAKE


def test_pages_say_the_words_of_the_specification() -> None:
    pages = tracked()
    for name, card in load_specification().indicators.items():
        page = pages[f"{name}.md"]
        for said in (card.nome, card.formula, card.come_si_legge, card.cosa_non_dice):
            assert said.strip() in page, f"{name}: run {COMMAND}"
        assert f"{name}.md" in pages[INDEX_PAGE]
