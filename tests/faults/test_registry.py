"""Every row of the fault matrix has tests that are there, or says why it has none."""

from __future__ import annotations

from tests.faults.registry import expected, lost, rows


def test_every_row_of_the_matrix_is_there_once() -> None:
    assert [row.name for row in rows()] == expected()
    assert len(expected()) == 103


def test_every_row_has_tests_or_a_reason() -> None:
    assert [row.name for row in rows() if not row.tests and not row.here] == []


def test_every_test_of_a_row_is_there() -> None:
    assert [test for row in rows() for test in lost(row)] == []
