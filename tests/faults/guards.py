"""Guards of the pipeline, and what must fail where one of them is disabled.

Each entry says where the guard is, what takes its place and one test that must notice.
`python -m tests.faults.guards` disables them one by one and prints what noticed.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import random
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml


def nothing(*_: Any, **__: Any) -> None:
    """In place of a guard that raises."""


def always(*_: Any, **__: Any) -> bool:
    return True


def never_so(*_: Any, **__: Any) -> bool:
    return False


def nothing_told(*_: Any, **__: Any) -> str:
    return ""


def none_found(*_: Any, **__: Any) -> list[Any]:
    return []


def first(value: Any, *_: Any, **__: Any) -> Any:
    return value


@dataclass(frozen=True)
class Guard:
    """A guard.

    Attributes:
        row: row of the fault matrix it is for.
        place: `module:function` or `module:Class.method` or `module:CONSTANT`.
        instead: what takes its place.
        test: test below `tests/` that must fail then.
    """

    row: str
    place: str
    instead: Any
    test: str


INSTEAD: dict[str, Any] = {
    "nothing": nothing,
    "always": always,
    "never_so": never_so,
    "none_found": none_found,
    "first": first,
    "nothing_told": nothing_told,
    "never": re.compile("$^"),
    "anything": r"^.*$",
    "huge": 10**9,
}
FILE = Path(__file__).with_name("guards.yaml")


def guards() -> list[Guard]:
    read = yaml.safe_load(FILE.read_text("utf-8"))
    return [Guard(**{**each, "instead": INSTEAD[each["instead"]]}) for each in read]


@contextmanager
def disabled(guard: Guard) -> Iterator[None]:
    """Put what takes its place wherever the guard is bound, and the guard back afterwards."""
    module_name, _, name = guard.place.partition(":")
    module = importlib.import_module(module_name)
    if "." in name:
        holder, _, name = name.partition(".")
        owner = getattr(module, holder)
        original = owner.__dict__[name]
        setattr(owner, name, guard.instead)
        try:
            yield
        finally:
            setattr(owner, name, original)
        return
    original = getattr(module, name)
    _bind(name, original, guard.instead, module)
    try:
        yield
    finally:
        _bind(name, guard.instead, original, module)


def _bind(name: str, old: Any, new: Any, module: Any) -> None:
    setattr(module, name, new)
    for other_name, other in list(sys.modules.items()):
        ours = other_name.startswith(("will_pipeline", "tests", "assets"))
        if ours and getattr(other, "__dict__", {}).get(name) is old:
            setattr(other, name, new)


class Failed:
    """Whether any test failed."""

    def __init__(self) -> None:
        self.ran, self.failed = 0, 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.ran += 1
        self.failed += report.failed


def outcome(test: str) -> Failed:
    seen = Failed()
    options = ["-q", "-x", "--no-header", "-p", "no:cacheprovider", f"tests/{test}"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        pytest.main(options, plugins=[seen])
    return seen


def main(arguments: list[str], say: Callable[[str], None] = print) -> int:
    parser = argparse.ArgumentParser(description="Toglie le difese una per una.")
    parser.add_argument("--quante", type=int, default=10**6, help="solo alcune, a caso")
    parser.add_argument("--seme", type=int, default=20261125)
    given = parser.parse_args(arguments)
    every = guards()
    chosen = random.Random(given.seme).sample(every, min(given.quante, len(every)))  # noqa: S311
    say("| riga | difesa tolta | prova | esito |\n|---|---|---|---|")
    unnoticed = 0
    for guard in sorted(chosen, key=lambda each: (each.row, each.place)):
        whole = outcome(guard.test)
        with disabled(guard):
            without = outcome(guard.test)
        good = whole.ran > 0 and not whole.failed and without.failed > 0
        unnoticed += not good
        told = "se ne accorge" if good else "NON SE NE ACCORGE"
        told += "" if not whole.failed and whole.ran else " (la prova non passa neanche intera)"
        say(f"| {guard.row} | {guard.place} | {guard.test.partition('::')[2]} | {told} |")
    say(f"\nDifese {len(chosen)}, non viste {unnoticed}.")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
