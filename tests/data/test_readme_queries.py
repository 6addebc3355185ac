"""What the pages print of the published mart is what it says: answers of the READMEs, basins."""

from __future__ import annotations

import re

import duckdb
import pytest

from will_pipeline.definitions import PROJECT

READMES = ("README.md", "README.it.md")
MART = PROJECT / "data" / "marts" / "latest" / "will_mart.duckdb"
SQL_BLOCK = re.compile(
    r"^```sql\n(?P<query>(?:(?!```)[^\n]*\n)+)```\n(?:\n(?P<answer>(?:\|[^\n]*\n)+))?", re.M
)
TABLE_HEAD_LINES = 2
STALE = "the page and the published mart differ: `make run`, then correct the page"


def questions() -> list[object]:
    found: list[object] = []
    for name in READMES:
        text = (PROJECT / name).read_text("utf-8")
        found += [
            pytest.param(block["query"], block["answer"] or "", id=f"{name}-{position}")
            for position, block in enumerate(SQL_BLOCK.finditer(text), start=1)
        ]
    return found


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def printed(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


@pytest.fixture(scope="module")
def mart() -> duckdb.DuckDBPyConnection:
    if not MART.is_file():
        pytest.skip("no mart has been published yet under data/marts/latest (make run)")
    return duckdb.connect(str(MART), read_only=True)


@pytest.mark.parametrize("name", READMES)
def test_each_readme_has_a_printed_answer_for_every_question(name: str) -> None:
    text = (PROJECT / name).read_text("utf-8")
    blocks = list(SQL_BLOCK.finditer(text))

    assert blocks
    assert len(blocks) == text.count("```sql")
    assert all(block["answer"] for block in blocks)


@pytest.mark.parametrize(("query", "answer"), questions())
def test_question_gives_the_printed_answer(
    mart: duckdb.DuckDBPyConnection, query: str, answer: str
) -> None:
    result = mart.execute(query)
    columns = [column[0] for column in result.description]
    rows = [[printed(value) for value in row] for row in result.fetchall()]

    lines = answer.splitlines()
    assert columns == cells(lines[0]), STALE
    assert rows == [cells(line) for line in lines[TABLE_HEAD_LINES:]], STALE


def test_the_page_on_basins_tells_how_sure_they_are(mart: duckdb.DuckDBPyConnection) -> None:
    page = (PROJECT / "docs" / "method" / "bacini.md").read_text("utf-8")
    every, sure, unlikely, unsaid = mart.execute(
        "SELECT count(*), count(*) FILTER (p_soglia >= 0.9), count(*) FILTER (p_soglia < 0.5), "
        "count(*) FILTER (p_soglia IS NULL) FROM bacino"
    ).fetchall()[0]
    assert (every, unlikely) == (100, 1), STALE
    told = (
        f"Di questi cento, {sure} raggiungono la soglia in almeno nove simulazioni su dieci, una "
        f"sola in meno di una su due; per {unsaid} la probabilità non si pubblica."
    )
    assert told in " ".join(page.split()), STALE
