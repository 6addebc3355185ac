"""Every notebook runs on the published mart, offline, without warnings, and leaves it as it was."""

import hashlib
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from will_pipeline.documentation.readability import LEAST_FOR_EVERYONE, gulpease
from will_pipeline.mart.opening import open_mart

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
QUESTIONS = [path for path in NOTEBOOKS if not path.stem.startswith("00")]
MART = ROOT / "data" / "marts" / "latest" / "will_mart.duckdb"
EXAMPLE = ROOT / "data" / "marts" / "esempio" / "latest" / "will_mart.duckdb"
SECONDS_PER_NOTEBOOK = 60
LONG_ENOUGH = 8
"""Words below which readability says nothing: the index is made for running text."""
ALONE = """
import socket, warnings
def refuse(*_, **__):
    raise AssertionError("a notebook asked for the network")
socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = socket.create_connection = refuse
warnings.simplefilter("error")
"""


def read(notebook: Path) -> nbformat.NotebookNode:
    content = nbformat.read(notebook, as_version=4)
    nbformat.validate(content)
    return content


def prose(notebook: Path) -> str:
    cells = read(notebook).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def code(notebook: Path) -> str:
    return "\n".join(cell.source for cell in read(notebook).cells if cell.cell_type == "code")


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def needed(notebook: Path) -> list[Path]:
    asks_example = "example=True" in code(notebook)
    marts = [EXAMPLE] if asks_example else []
    return marts + ([MART] if not asks_example or "open_published()" in code(notebook) else [])


def test_there_are_the_twelve_notebooks_and_the_list_names_each() -> None:
    listed = re.findall(
        r"\]\((\S+\.ipynb)\)", (ROOT / "notebooks" / "README.md").read_text("utf-8")
    )

    assert len(NOTEBOOKS) == 12
    assert listed == [path.name for path in NOTEBOOKS]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped_and_cells_are_numbered(notebook: Path) -> None:
    cells = read(notebook).cells

    assert [cell.id for cell in cells] == [f"cella-{place:02d}" for place in range(len(cells))]
    shown = [cell for cell in cells if cell.cell_type == "code"]
    assert [cell.id for cell in shown if cell.outputs] == []
    assert [cell.id for cell in shown if cell.execution_count is not None] == []


@pytest.mark.parametrize("notebook", QUESTIONS, ids=lambda path: path.stem)
def test_asks_one_question_says_its_limits_and_gives_an_exercise(notebook: Path) -> None:
    text = prose(notebook)

    assert len(re.findall(r"^\*\*La domanda:\*\* .+\?$", text, re.M)) == 1
    assert "## Che cosa non dice" in text
    assert text.rindex("## Prova tu") > text.rindex("## Che cosa non dice")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_mart_is_opened_confined_to_its_file(notebook: Path) -> None:
    assert "qui.open_published(" in code(notebook)
    assert "duckdb.connect" not in code(notebook)


@pytest.mark.parametrize("notebook", QUESTIONS, ids=lambda path: path.stem)
def test_prose_is_plain(notebook: Path) -> None:
    blocks = [block for block in prose(notebook).split("\n\n") if not block.startswith("#")]
    scores = {block: gulpease(block) for block in blocks if len(block.split()) >= LONG_ENOUGH}

    assert scores
    assert {block: score for block, score in scores.items() if score < LEAST_FOR_EVERYONE} == {}


@pytest.mark.parametrize("notebook", QUESTIONS, ids=lambda path: path.stem)
def test_prose_holds_no_name_and_no_number_of_the_mart(notebook: Path) -> None:
    if not MART.is_file():
        pytest.skip("no mart has been published yet under data/marts/latest (make run)")
    text = prose(notebook)
    with open_mart(MART) as mart:
        names = mart.sql("SELECT nome FROM dim_comune UNION SELECT nome FROM dim_area").fetchall()

    assert [name for (name,) in names if re.search(rf"\b{re.escape(name)}\b", text)] == []
    # Numbers with decimals and percentages are results; thresholds a reader types are in 02.
    assert set(re.findall(r"\d+,\d+|\d+ ?%", text)) <= {"0,2", "0,4"}


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_offline_and_leaves_the_mart_as_it_was(notebook: Path) -> None:
    marts = needed(notebook)
    for mart in marts:
        if not mart.is_file():
            pytest.skip(f"no mart in {mart.parent.relative_to(ROOT)} (will esegui, will esempio)")
    before = [digest(mart) for mart in marts]
    content = read(notebook)
    content.cells.insert(0, nbformat.v4.new_code_cell(ALONE))
    folder = {"metadata": {"path": str(notebook.parent)}}

    NotebookClient(content, timeout=SECONDS_PER_NOTEBOOK, resources=folder).execute()

    outputs = [output for cell in content.cells for output in cell.get("outputs", [])]
    assert [each.text for each in outputs if each.get("name") == "stderr"] == []
    pages = [each.get("data", {}).get("text/html", "") for each in outputs]
    drawings = [each for each in pages if "data:image/svg+xml" in each]
    assert drawings
    assert all(re.search(r'alt="[^"]{20,}"', each) for each in drawings)
    assert not any("image/png" in each.get("data", {}) for each in outputs)
    assert [digest(mart) for mart in marts] == before
