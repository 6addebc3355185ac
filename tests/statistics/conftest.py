"""Broken calls made from tables of valid ones, for the tests that bad input is named.

A row of a table is (function, valid arguments, how they can be broken, rows, alone). The third says
it by argument, in words: nan, inf (where NaN stands for missing), negative, zero, above_one,
constant, total (weights that do not sum), shorter, >other (above another argument); or a list of
one wrong value. `rows` names the arguments with one row per area: each in turn is made one shorter,
and where `alone` is set all are cut to a single area.
"""

import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

TABLES = ("valid_calls_of_estimators.py", "valid_calls_of_indices.py")
SCALARS = {"nan": np.nan, "inf": np.inf, "negative": -1.0, "zero": 0.0, "above_one": 2.0}

Position = tuple[int, ...] | None


class Case(NamedTuple):
    """A valid call and how its arguments can be broken."""

    function: Callable[..., object]
    valid: dict[str, Any]
    broken: dict[str, Any]
    rows: str = ""
    alone: bool = False


class BrokenCall(NamedTuple):
    """A call that must be refused, and what the error must say."""

    function: Callable[..., object]
    arguments: dict[str, Any]
    named: tuple[str, ...]
    position: Position


@pytest.fixture(scope="session")
def listed() -> set[Callable[..., object]]:
    """Functions that have a row in a table."""
    return {case.function for case in _cases()}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `valid_call` every row of the tables and `broken_call` all that is made from them."""
    if "valid_call" in metafunc.fixturenames:
        metafunc.parametrize("valid_call", _cases(), ids=lambda case: case.function.__name__)
    if "broken_call" in metafunc.fixturenames:
        made = [pair for case in _cases() for pair in _broken_calls(case)]
        metafunc.parametrize(
            "broken_call", [call for _, call in made], ids=[name for name, _ in made]
        )


def _cases() -> list[Case]:
    folder = Path(__file__).parent
    return [Case(*row) for name in TABLES for row in runpy.run_path(str(folder / name))["CASES"]]


def _broken_calls(case: Case) -> Iterator[tuple[str, BrokenCall]]:
    name, rows = case.function.__name__, tuple(case.rows.split())
    for argument, how in case.broken.items():
        for word in how.split() if isinstance(how, str) else ["wrong"]:
            value, position = (how[0], None) if word == "wrong" else _break(case, argument, word)
            arguments = {**case.valid, argument: value}
            # Of two lengths that differ, either may be the wrong one.
            named = tuple(case.valid) if word == "shorter" else (argument,)
            call = BrokenCall(case.function, arguments, named, position)
            yield f"{name}-{argument}-{word}", call
    for argument in rows if len(rows) > 1 else ():
        arguments = {**case.valid, argument: case.valid[argument][:-1]}
        yield f"{name}-{argument}-length", BrokenCall(case.function, arguments, rows, None)
    if case.alone:
        cut = {argument: np.asarray(case.valid[argument])[:1] for argument in rows}
        yield f"{name}-alone", BrokenCall(case.function, {**case.valid, **cut}, rows, None)


def _break(case: Case, argument: str, word: str) -> tuple[object, Position]:
    """A broken value of one argument and the position that the error must name."""
    value = case.valid[argument]
    if word == "shorter":
        return value[:-1], None
    array = np.array(value, dtype=float)
    if word == "total":
        return 1.1 * array, None
    if word == "constant":
        array[..., 0] = 7.0
        return (array, (0, 0)) if array.ndim == 2 else (np.full_like(array, 7.0), None)
    if array.ndim == 0:
        return SCALARS[word], None
    position = tuple(min(1, size - 1) for size in array.shape)
    if word.startswith(">"):
        array[position] = np.asarray(case.valid[word[1:]])[position] + 1
    else:
        array[position] = SCALARS[word]
    return array, position
