"""Sources without figures of the project: an empty table until the first download, and no row."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from will_pipeline.definitions import PROJECT
from will_pipeline.orchestration.figures import NOTHING_YET, Figures
from will_pipeline.sources.archive import write_document
from will_pipeline.sources.descriptor import DTYPES, load_sources
from will_pipeline.sources.online import TableState

SOURCES = load_sources(PROJECT / "assets" / "raw")
WAITING = [key for key, each in SOURCES.items() if each.online and not each.embedding]


@pytest.fixture
def figures(tmp_path: Path) -> Figures:
    folder = PROJECT / "data" / "raw" / "figures"
    return Figures(folder=str(folder), online=str(tmp_path))


def test_there_are_such_sources() -> None:
    assert {"anncsu_civici", "parma_anagrafe", "reggio_aree", "salute_farmacie"} <= set(WAITING)


@pytest.mark.parametrize("key", WAITING)
def test_a_source_that_waits_is_an_empty_table_of_its_columns(figures: Figures, key: str) -> None:
    source = SOURCES[key]
    table = figures.read(source)
    assert table.height == 0
    assert table.schema == {column.name: DTYPES[column.type] for column in source.columns}
    assert not figures.has(source)
    assert figures.version(source) == NOTHING_YET


def test_a_source_with_figures_has_its_seal(figures: Figures) -> None:
    source = SOURCES["mim_scuole"]
    assert figures.has(source)
    assert figures.version(source) == figures.pin(source).sha256


def test_a_register_of_a_day_is_of_the_year_of_its_copy(figures: Figures, tmp_path: Path) -> None:
    key = "iccu_biblioteche"
    assert figures.year_of(key, 2017) == 2017
    write_document(tmp_path / f"{key}.json", TableState(taken_on=date(2027, 2, 1)))
    assert figures.year_of(key, 2017) == 2017
    taken = TableState(table="a" * 64, taken_on=date(2027, 2, 1))
    write_document(tmp_path / f"{key}.json", taken)
    assert figures.year_of(key, 2017) == 2027
