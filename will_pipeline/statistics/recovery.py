"""What an attacker who has everything published can conclude about cells that were withheld.

Unlike the auditor of `suppression`, nothing true is needed: gaps of a table are bounded by linear
programming from the numbers around them, so that a finished publication can be attacked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog

from will_pipeline.statistics.checks import FloatArray, InvalidInput

SOLVED, UNBOUNDED = 0, 3


class Contradiction(ValueError):
    """No table agrees with everything that is published: there is nothing to conclude from."""


@dataclass(frozen=True)
class Difference:
    """A group that lies in one union of cells and not in another one.

    Attributes:
        upper: positions of the cells of the larger union.
        lower: positions of the cells of the smaller one.
        ceiling: most that the group can count, e.g. its residents.
    """

    upper: tuple[int, ...]
    lower: tuple[int, ...]
    ceiling: float


@dataclass(frozen=True)
class Ranges:
    """Least and most that agree with the publication; `cells` then `groups`, in persons.

    Attributes:
        lower: least of every cell and column, shape (n, k); a published cell has its value.
        upper: most, infinite where nothing bounds it, shape (n, k).
        groups_lower: least of every group and column, shape (g, k).
        groups_upper: most, shape (g, k).
    """

    lower: FloatArray
    upper: FloatArray
    groups_lower: FloatArray
    groups_upper: FloatArray


def recoverable_ranges(
    published: ArrayLike,
    ceilings: ArrayLike,
    sums: Sequence[tuple[int, Sequence[int]]] = (),
    *,
    groups: Sequence[Difference] = (),
    within: Sequence[tuple[int, int]] = (),
    rounding: float = 0.0,
) -> Ranges:
    """Bound every cell that is not published, and every group, from all that is.

    For each of them the two linear programmes min x and max x are solved subject to: 0 <= x <=
    ceiling, the known sums, the differences that make the groups, the columns that count part of
    what another counts, and x equal to the published value where there is one.

    Args:
        published: counts of n cells in k columns, shape (n, k), missing where withheld.
        ceilings: most that a cell can count, shape (n, k), infinite where nothing is known.
        sums: cells that add up: position of the total and positions of its parts.
        groups: differences between unions of cells, each an unknown of its own.
        within: pairs of columns (part, whole): no cell counts more in the part than in the whole.
        rounding: half a step of rounding of the published values; sums hold within it.

    Returns:
        The ranges, published cells included.

    Raises:
        InvalidInput: shapes differ, or rounding is negative.
        Contradiction: the published numbers contradict each other.

    Source:
        Hundepool et al. (2012), Statistical Disclosure Control, Wiley, chapter 4 (attacker's
        linear programmes).
    """
    told = np.asarray(published, dtype=np.float64)
    top = np.asarray(ceilings, dtype=np.float64)
    if told.ndim != 2 or told.shape != top.shape:
        raise InvalidInput("ceilings", f"must have the shape of the cells, found {top.shape}")
    if not rounding >= 0:
        raise InvalidInput("rounding", f"must not be negative, found {rounding!r}")
    programme = _Programme(told, top, list(groups), rounding=rounding)
    for total, parts in sums:
        programme.add_sum([(total, 1.0), *((part, -1.0) for part in parts)])
    for place, group in enumerate(groups):
        terms = [(cell, 1.0) for cell in group.upper] + [(cell, -1.0) for cell in group.lower]
        programme.add_sum([*terms, (len(told) + place, -1.0)])
    for part, whole in within:
        programme.add_within(part, whole)
    lower, upper = programme.solve()
    n = len(told)
    return Ranges(lower[:n], upper[:n], lower[n:], upper[n:])


class _Programme:
    """Constraints over the unknowns, gathered row by row."""

    def __init__(
        self, told: FloatArray, top: FloatArray, groups: list[Difference], *, rounding: float
    ) -> None:
        self.columns = told.shape[1]
        gaps = np.full((len(groups), self.columns), np.nan)
        self.told = np.vstack([told, gaps])
        ceilings = [[group.ceiling] * self.columns for group in groups]
        self.top = np.vstack([top, np.array(ceilings).reshape(len(groups), self.columns)])
        self.unknown = np.argwhere(np.isnan(self.told))
        self.place = {(int(i), int(j)): k for k, (i, j) in enumerate(self.unknown)}
        self.rounding = rounding
        self.equal: list[tuple[dict[int, float], float, float]] = []
        self.under: list[tuple[dict[int, float], float]] = []

    def add_sum(self, terms: list[tuple[int, float]]) -> None:
        for column in range(self.columns):
            row, known = self._split([(cell, column, sign) for cell, sign in terms])
            self.equal.append((row, -known, self.rounding * len(terms)))

    def add_within(self, part: int, whole: int) -> None:
        for cell in range(len(self.told)):
            row, known = self._split([(cell, part, 1.0), (cell, whole, -1.0)])
            if row:
                self.under.append((row, -known))

    def _split(self, terms: list[tuple[int, int, float]]) -> tuple[dict[int, float], float]:
        row: dict[int, float] = {}
        known = 0.0
        for cell, column, sign in terms:
            place = self.place.get((cell, column))
            if place is None:
                known += sign * float(self.told[cell, column])
            else:
                row[place] = row.get(place, 0.0) + sign
        return row, known

    def solve(self) -> tuple[FloatArray, FloatArray]:
        lower, upper = self.told.copy(), self.told.copy()
        size = len(self.unknown)
        if size == 0:
            return lower, upper
        rows = [row for row in self.equal if row[0]]
        exact = [row for row in rows if row[2] == 0]
        loose = [row for row in rows if row[2] > 0]
        under = [*self.under]
        for row, total, slack in loose:
            under.append((row, total + slack))
            under.append(({place: -sign for place, sign in row.items()}, slack - total))
        bounds = np.array([(0.0, self.top[i, j]) for i, j in self.unknown])
        known = {
            "A_eq": _matrix([row for row, _, _ in exact], size),
            "b_eq": [total for _, total, _ in exact] or None,
            "A_ub": _matrix([row for row, _ in under], size),
            "b_ub": [total for _, total in under] or None,
        }
        for place, (i, j) in enumerate(self.unknown):
            cost = np.zeros(size)
            cost[place] = 1.0
            lower[i, j] = _extreme(cost, bounds, known)
            upper[i, j] = -_extreme(-cost, bounds, known)
        return lower, upper


def _matrix(rows: Sequence[Mapping[int, float]], size: int) -> FloatArray | None:
    if not rows:
        return None
    matrix = np.zeros((len(rows), size))
    for k, row in enumerate(rows):
        matrix[k, list(row)] = list(row.values())
    return matrix


def _extreme(cost: FloatArray, bounds: NDArray[np.float64], known: Mapping[str, Any]) -> float:
    solution = linprog(cost, bounds=bounds, method="highs", **known)
    if solution.status == UNBOUNDED:
        return -np.inf
    if solution.status != SOLVED:
        raise Contradiction(solution.message)
    return float(solution.fun)
