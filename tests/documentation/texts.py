"""Every Italian text that can reach a reader, gathered from the files it is written in."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
TAG = re.compile(r"<[^>]*>")
Text = tuple[str, str]
"""Where a text is written, and the text."""


def published_texts() -> Iterator[Text]:
    """Texts of YAML files, modules, templates, notebooks and Italian pages."""
    for folder in ("will_pipeline", "assets"):
        for file in sorted((ROOT / folder).rglob("*.yaml")):
            yield from ((name(file), text) for text in scalars(yaml.safe_load(file.read_text())))
        for file in sorted((ROOT / folder).rglob("*.py")):
            docstrings = folder == "assets"
            yield from ((name(file), text) for text in literals(file, docstrings=docstrings))
    for file in sorted((ROOT / "will_pipeline" / "atlas" / "templates").iterdir()):
        yield name(file), TAG.sub(" ", file.read_text("utf-8"))
    for file in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(file.read_text("utf-8"))["cells"]:
            yield name(file), "".join(cell["source"])
    for file in (ROOT / "README.it.md", *sorted((ROOT / "docs" / "method").rglob("*.md"))):
        yield name(file), file.read_text("utf-8")


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def scalars(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from scalars(value)
    elif isinstance(node, list):
        for value in node:
            yield from scalars(value)


def literals(file: Path, *, docstrings: bool) -> Iterator[str]:
    """Strings of a module; docstrings only where they are shown to readers."""
    tree = ast.parse(file.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
            )
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and (docstrings or id(node) not in told)
        ):
            yield node.value
