"""The fault matrix as data: which row is brought about by which tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

TESTS = Path(__file__).parents[1]
FILE = Path(__file__).with_name("rows.yaml")
COUNTS = {"T": 15, "F": 8, "P": 11, "D": 9, "V": 15, "G": 7, "S": 12, "O": 6, "X": 15, "H": 5}


@dataclass(frozen=True)
class Row:
    """One row: its identifier, what happens, what must follow, what brings it about."""

    name: str
    fault: str
    outcome: str
    tests: tuple[str, ...]
    here: str


def rows() -> list[Row]:
    read = yaml.safe_load(FILE.read_text("utf-8"))
    return [
        Row(
            name,
            row["fault"],
            row["outcome"],
            tuple(
                f"tests/{path}::{function}"
                for path, functions in row.get("tests", {}).items()
                for function in functions
            ),
            row.get("here", ""),
        )
        for section in read.values()
        for name, row in section.items()
    ]


def expected() -> list[str]:
    return [f"{kind}{n:02d}" for kind, many in COUNTS.items() for n in range(1, many + 1)]


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((TESTS.parent / path).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def lost(row: Row) -> Iterator[str]:
    """Tests of a row that are not there."""
    for test in row.tests:
        path, _, function = test.partition("::")
        if not (TESTS.parent / path).is_file() or function not in functions(path):
            yield test
