"""The simulated coverage of the intervals, read from the page that the simulation writes.

Nothing is measured here; a row that the simulation no longer writes is an error, never a blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SYNTHETIC = "Synthetic counts"
INFLATED = "Synthetic counts, variation inflated by half"
MORE, ALIKE = (
    "neighbourhoods vary 1.5 times as much as provinces",
    "neighbourhoods vary as provinces do",
)
RATES, STANDARDISED = "Empirical Bayes rates", "Standardised proportions"
_NAME, _WORLD, _COVERAGE = 0, 1, 2


class CoverageFault(ValueError):
    """The page of measured coverage does not have what is asked of it."""


@dataclass(frozen=True)
class Coverage:
    """Share of the truths inside nominal 90 % intervals, per cent, by estimator and world."""

    rows: Mapping[tuple[str, str], float]

    def of(self, estimator: str, world: str) -> float:
        """Coverage in one simulated world.

        Raises:
            CoverageFault: the page has no such row.
        """
        try:
            return self.rows[estimator, world]
        except KeyError as problem:
            raise CoverageFault(f"no measured coverage of {estimator} where {world}") from problem

    def range_of(self, estimator: str) -> tuple[float, float]:
        """Least and greatest coverage over the worlds of an estimator.

        Raises:
            CoverageFault: the page has no row of the estimator.
        """
        found = [value for (name, _), value in self.rows.items() if name == estimator]
        if not found:
            raise CoverageFault(f"no measured coverage of {estimator}")
        return min(found), max(found)


def read_coverage(page: str) -> Coverage:
    """Read the table of the page of measured coverage.

    Args:
        page: text of `docs/method/coverage.md`.

    Raises:
        CoverageFault: the page has no table, a coverage is no percentage, or a row comes twice.
    """
    lines = [line for line in page.splitlines() if line.startswith("|")]
    rows: dict[tuple[str, str], float] = {}
    for line in lines[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        key = (cells[_NAME], cells[_WORLD])
        if key in rows:
            raise CoverageFault(f"coverage written twice: {key}")
        rows[key] = _percentage(cells[_COVERAGE], key)
    if not rows:
        raise CoverageFault("the page has no table of coverage")
    return Coverage(rows)


def _percentage(cell: str, key: tuple[str, str]) -> float:
    try:
        value = float(cell)
    except ValueError as problem:
        raise CoverageFault(f"{cell!r} is no percentage: {key}") from problem
    if not 0 <= value <= 100:
        raise CoverageFault(f"{cell!r} is no percentage: {key}")
    return value
