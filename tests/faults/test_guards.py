"""A guard that is disabled is noticed: a few of them, always the same, in the short form."""

from __future__ import annotations

import os

import pytest

from tests.faults import guards
from tests.faults.registry import functions, rows


def test_every_guard_is_of_a_row_and_its_test_is_there() -> None:
    names = {row.name for row in rows()}
    for guard in guards.guards():
        assert guard.row in names
        path, _, function = guard.test.partition("::")
        assert function in functions(f"tests/{path}"), guard.test


@pytest.mark.parametrize("guard", guards.guards(), ids=lambda guard: guard.place)
def test_a_guard_can_be_put_away_and_back(guard: guards.Guard) -> None:
    def bound() -> object:
        module, _, name = guard.place.partition(":")
        found = __import__("importlib").import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found

    before = bound()
    with guards.disabled(guard):
        assert bound() is guard.instead
    assert bound() is before


@pytest.mark.slow
def test_disabled_guards_are_noticed() -> None:
    told: list[str] = []
    quick = [] if os.environ.get("WILL_LONG") else ["--quante", "3"]
    assert guards.main(quick, told.append) == 0, "\n".join(told)
