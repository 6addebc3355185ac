"""Every notebook runs on the published mart, from its own folder and from the root, unprinted."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MART = ROOT / "data" / "marts" / "latest" / "will_mart.duckdb"
SECONDS_PER_CELL = 60


def read(notebook: Path) -> nbformat.NotebookNode:
    content = nbformat.read(notebook, as_version=4)
    nbformat.validate(content)
    return content


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(notebook: Path) -> None:
    cells = [cell for cell in read(notebook).cells if cell.cell_type == "code"]

    assert cells
    assert [cell.id for cell in cells if cell.outputs] == []
    assert [cell.id for cell in cells if cell.execution_count is not None] == []


@pytest.mark.slow
@pytest.mark.parametrize("folder", [ROOT / "notebooks", ROOT], ids=["own-folder", "root"])
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_on_the_published_mart(notebook: Path, folder: Path) -> None:
    if not MART.is_file():
        pytest.skip("no mart has been published yet under data/marts/latest (make run)")
    content = read(notebook)
    client = NotebookClient(
        content, timeout=SECONDS_PER_CELL, resources={"metadata": {"path": str(folder)}}
    )

    client.execute()

    shown = [cell for cell in content.cells if cell.get("outputs")]
    assert shown, "the notebook printed nothing"
