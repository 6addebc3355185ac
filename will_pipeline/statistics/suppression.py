"""Suppression of small counts, and the auditor that tries to recover what was suppressed.

A table is a vector of cells and the linear relations everybody knows they obey (a total is the sum
of its parts); what can be learnt about a cell is a linear programme over those relations.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.optimize import linprog

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput

Mask = NDArray[np.bool_]

SOLVED, INFEASIBLE, UNBOUNDED = 0, 2, 3
SLACK = 1e-7
ALREADY_HIDDEN = 1e-3


@dataclass(frozen=True)
class Suppression:
    """Which cells to withhold; every mask has shape (n,) in the order of the cells.

    `primary` are withheld for their own size, `complementary` only to protect the former,
    `suppressed` is their union.
    """

    primary: Mask
    complementary: Mask

    @property
    def suppressed(self) -> Mask:
        """Every withheld cell, shape (n,)."""
        return self.primary | self.complementary


@dataclass(frozen=True)
class Audit:
    """What the publication lets anyone conclude about each cell; every field has shape (n,).

    `lower` and `upper` bound the values compatible with everything published (`upper` may be
    infinite); for a published cell both are its value. `suppressed` marks the withheld cells.
    """

    lower: FloatArray
    upper: FloatArray
    suppressed: Mask

    def recoverable(self, *, width: float = 1.0) -> Mask:
        """Tell which withheld cells can be known too closely.

        Args:
            width: Narrowest feasible range that still protects, persons, above zero.

        Returns:
            True where a withheld cell has a narrower range, shape (n,).

        Raises:
            InvalidInput: If the width is not above zero.

        Source:
            Hundepool et al. (2012), Statistical Disclosure Control, Wiley (feasibility intervals).
        """
        if not width > 0:
            raise InvalidInput("width", f"must be above zero, found {width!r}")
        return self.suppressed & (self.upper - self.lower < width - SLACK)

    def exposed(self, primary: ArrayLike, *, threshold: float) -> Mask:
        """Tell which primary cells the publication proves to be above 0 or under the threshold.

        Args:
            primary: Cells withheld for their own size, shape (n,).
            threshold: Smallest count that may be shown, persons, at least 1.

        Returns:
            True where a primary cell is so exposed, shape (n,).

        Raises:
            InvalidInput: If the mask is malformed or the threshold below 1.

        Source:
            Hundepool et al. (2012), Statistical Disclosure Control, Wiley (protection levels).
        """
        first = checks.flags(primary, argument="primary", length=self.suppressed.size)
        _threshold(threshold)
        narrow = (self.lower > SLACK) | (self.upper < threshold - SLACK)
        return first & narrow


def primary_suppression(
    counts: ArrayLike,
    *,
    threshold: float,
    denominators: ArrayLike | None = None,
    minimum_denominator: float = 30.0,
    zero_is_safe: bool = True,
) -> Mask:
    """Mark the counts too small to be published.

    A cell is withheld when 0 < count < threshold (also when it is 0, if `zero_is_safe` is false) or
    when its denominator is below `minimum_denominator`.

    Args:
        counts: Persons per cell, shape (n,), not negative.
        threshold: Smallest count that may be shown, persons, at least 1.
        denominators: Exposed persons per cell, shape (n,), when the cell is shown as a rate.
        minimum_denominator: Smallest denominator of a rate, persons.
        zero_is_safe: Whether a count of exactly zero may be shown.

    Returns:
        True where the cell is withheld, shape (n,).

    Raises:
        InvalidInput: If counts are malformed or exceed their denominators, lengths differ or the
            threshold is below 1.

    Source:
        Regole deontologiche per trattamenti a fini statistici, GU 14 January 2019, art. 5 (minimum
        threshold of three); Hundepool et al. (2012), Statistical Disclosure Control, Wiley.
    """
    cells = checks.counts(counts, argument="counts")
    _threshold(threshold)
    withheld = cells < threshold
    if zero_is_safe:
        withheld &= cells > 0
    if denominators is not None:
        base = checks.counts(denominators, argument="denominators")
        checks.same_length(counts=cells, denominators=base)
        checks.require(cells <= base, cells, argument="counts", rule="must not exceed denominators")
        withheld |= base < minimum_denominator
    return withheld


def hierarchy_relations(parent: ArrayLike) -> sparse.csr_array:
    """Relations of a tree of areas: every parent is the sum of its children.

    Args:
        parent: Position of the parent of each cell, -1 for a root, integers of shape (n,).

    Returns:
        Sparse matrix A of shape (parents, n) with A x = 0.

    Raises:
        InvalidInput: If a parent is no valid position or is the cell itself.

    Source:
        Hundepool et al. (2012), Statistical Disclosure Control, Wiley (tables as linear relations).
    """
    above = np.asarray(parent)
    if above.ndim != 1 or above.dtype.kind not in "iu":
        raise InvalidInput("parent", "must be a vector of integers")
    n = above.size
    wrong = np.flatnonzero((above < -1) | (above >= n) | (above == np.arange(n)))
    if wrong.size:
        raise InvalidInput("parent", "must be the position of another cell", (int(wrong[0]),))
    child = np.flatnonzero(above >= 0)
    heads, row = np.unique(above[child], return_inverse=True)
    rows = np.concatenate([np.arange(heads.size), row])
    columns = np.concatenate([heads, child])
    signs = np.concatenate([np.ones(heads.size), -np.ones(child.size)])
    return sparse.csr_array((signs, (rows, columns)), shape=(heads.size, n))


def two_way_relations(rows: int, columns: int) -> sparse.csr_array:
    """Relations of a table with its margins, cells in row-major order of the bordered table.

    The bordered table has shape (rows + 1, columns + 1); its last column holds the row totals, its
    last row the column totals and the grand total (see `bordered`).

    Args:
        rows: Number of rows of the inner table, at least 1.
        columns: Number of columns of the inner table, at least 1.

    Returns:
        Sparse matrix A of shape (rows + columns + 2, (rows + 1)(columns + 1)) with A x = 0.

    Raises:
        InvalidInput: If the table has no rows or no columns.

    Source:
        Hundepool et al. (2012), Statistical Disclosure Control, Wiley (tables as linear relations).
    """
    if rows < 1 or columns < 1:
        raise InvalidInput("rows", f"needs a table with cells, found {rows} x {columns}")
    across = np.append(np.ones(columns), -1.0)[None, :]
    down = np.append(np.ones(rows), -1.0)[None, :]
    return sparse.vstack(
        [
            sparse.kron(sparse.eye_array(rows + 1), across),
            sparse.kron(down, sparse.eye_array(columns + 1)),
        ],
        format="csr",
    )


def bordered(table: ArrayLike) -> FloatArray:
    """Append the margins to a table of counts: shape (r, c) becomes (r + 1, c + 1).

    Args:
        table: Persons, shape (r, c), not negative.

    Returns:
        The table with row totals, column totals and grand total.

    Raises:
        InvalidInput: If malformed or negative.

    Source:
        Hundepool et al. (2012), Statistical Disclosure Control, Wiley (tables as linear relations).
    """
    inner = checks.count_matrix(table, argument="table")
    with_rows = np.hstack([inner, inner.sum(axis=1, keepdims=True)])
    return np.vstack([with_rows, with_rows.sum(axis=0, keepdims=True)])


def suppress(
    cells: ArrayLike,
    relations: sparse.sparray,
    *,
    threshold: float,
    primary: ArrayLike | None = None,
    fixed: ArrayLike | None = None,
) -> Suppression:
    """Withhold small cells and as little else as needed to keep them unknown.

    For every primary cell two deviations y are sought that keep all relations (A y = 0) and all
    counts non-negative (x + y >= 0): one that lifts the cell to the threshold and one that lowers
    it to zero. Each minimises sum w_i |y_i| where w_i grows with the size of a cell still published
    and is nearly nothing for one already withheld; every cell that moves is withheld. Both x and
    x + y then explain all that is published, so nobody can tell whether the cell is 0 or the
    threshold. Totals are cells like any other: where their parts give them no cover they are
    withheld too, unless they are `fixed`.

    Args:
        cells: Counts in persons, shape (n,), totals included.
        relations: Matrix A of shape (m, n) with A x = 0.
        threshold: Smallest count that may be shown, persons, at least 1.
        primary: Cells to withhold in any case, shape (n,); by default those of
            `primary_suppression` that are not fixed.
        fixed: Cells that everybody knows already (impossible combinations, totals published
            elsewhere) or that must be published, shape (n,).

    Returns:
        Primary and complementary cells.

    Raises:
        InvalidInput: If counts are malformed, do not satisfy the relations, a cell is both primary
            and fixed, or a primary cell cannot be protected with the fixed cells published.

    Source:
        Kelly, Golden and Assad (1992), Cell suppression: disclosure protection for sensitive
        tabular data, Networks 22(4); Fischetti and Salazar (2001), Management Science 47(7).
    """
    x = _consistent(cells, relations)
    _threshold(threshold)
    known = _mask(fixed, x.size, argument="fixed")
    small = primary_suppression(x, threshold=threshold) & ~known
    first = small if primary is None else _mask(primary, x.size, argument="primary")
    clash = np.flatnonzero(first & known)
    if clash.size:
        raise InvalidInput("primary", "must not be a fixed cell", (int(clash[0]),))
    hidden = first.copy()
    low, high = x.copy(), x.copy()
    targets = np.flatnonzero(first)
    for cell in targets[np.argsort(x[targets], kind="stable")]:
        for aim in (max(threshold, x[cell] + 1.0), 0.0):
            if low[cell] <= aim + SLACK and high[cell] >= aim - SLACK:
                continue
            moved = _cheapest_deviation(x, relations, hidden, known, cell=int(cell), aim=aim)
            hidden |= np.abs(moved) > SLACK
            low, high = np.minimum(low, x + moved), np.maximum(high, x + moved)
    return Suppression(primary=first, complementary=hidden & ~first)


def audit(
    cells: ArrayLike,
    relations: sparse.sparray,
    suppressed: ArrayLike,
    *,
    ceiling: ArrayLike | None = None,
) -> Audit:
    """Prove what can be learnt about each withheld cell from everything that is published.

    For each withheld cell i the two linear programmes min x_i and max x_i are solved subject to
    A x = 0, 0 <= x <= ceiling and x equal to the published value where there is one. Cells are
    treated as continuous; in tables with margins and in trees of areas the bounds are attained by
    whole numbers (the relations are totally unimodular), so nothing is overlooked.

    Args:
        cells: True counts in persons, shape (n,), totals included.
        relations: Matrix A of shape (m, n) with A x = 0: margins, levels, releases.
        suppressed: Withheld cells, shape (n,).
        ceiling: Upper bound known to everybody (exposed persons), shape (n,), by default none.

    Returns:
        The feasible range of every cell.

    Raises:
        InvalidInput: If counts are malformed, do not satisfy the relations or exceed the ceiling.

    Source:
        Hundepool et al. (2012), Statistical Disclosure Control, Wiley (attacker's
        linear programmes).
    """
    x = _consistent(cells, relations)
    hidden = _mask(suppressed, x.size, argument="suppressed")
    top = np.full(x.size, np.inf)
    if ceiling is not None:
        top = checks.counts(ceiling, argument="ceiling")
        checks.same_length(cells=x, ceiling=top)
        above = np.flatnonzero(x > top)
        if above.size:
            raise InvalidInput("ceiling", "must not be below the count", (int(above[0]),))
    lower, upper = x.copy(), x.copy()
    where = np.flatnonzero(hidden)
    matrix = sparse.csr_array(relations)
    unknown = matrix[:, where]
    published = -(matrix[:, np.flatnonzero(~hidden)] @ x[~hidden])
    bounds = np.column_stack([np.zeros(where.size), top[where]])
    for position, cell in enumerate(where):
        objective = np.zeros(where.size)
        objective[position] = 1.0
        lower[cell] = _extreme(objective, unknown, published, bounds)
        upper[cell] = -_extreme(-objective, unknown, published, bounds)
    return Audit(lower=lower, upper=upper, suppressed=hidden)


def _extreme(
    objective: FloatArray, unknown: sparse.sparray, published: FloatArray, bounds: FloatArray
) -> float:
    solution = linprog(objective, A_eq=unknown, b_eq=published, bounds=bounds, method="highs")
    if solution.status == UNBOUNDED:
        return -np.inf
    if solution.status != SOLVED:
        raise InvalidInput("relations", f"the auditor found no solution: {solution.message}")
    return float(solution.fun)


def _cheapest_deviation(
    x: FloatArray, relations: sparse.sparray, hidden: Mask, known: Mask, *, cell: int, aim: float
) -> FloatArray:
    """Smallest change of the table, up minus down, that gives `cell` the value `aim`."""
    size = 1.0 + np.log1p(x)
    # Zeros are often known to be impossible cells, which an attacker puts back: last resort.
    price = np.where(hidden, ALREADY_HIDDEN, np.where(x == 0, 2.0 * size.max(), size))
    up = np.where(known, 0.0, np.inf)
    down = np.where(known, 0.0, x)
    change = aim - x[cell]
    up[cell], down[cell] = max(change, 0.0), max(-change, 0.0)
    least = np.zeros(2 * x.size)
    least[cell if change > 0 else x.size + cell] = abs(change)
    bounds = np.column_stack([least, np.concatenate([up, down])])
    solution = linprog(
        np.concatenate([price, price]),
        A_eq=sparse.hstack([relations, -relations], format="csr"),
        b_eq=np.zeros(relations.shape[0]),
        bounds=bounds,
        method="highs",
    )
    if solution.status == INFEASIBLE:
        raise InvalidInput(
            "fixed",
            "leaves a small cell that cannot be protected while they are published",
            (cell,),
        )
    if solution.status != SOLVED:
        raise InvalidInput("relations", f"the programme has no solution: {solution.message}")
    return solution.x[: x.size] - solution.x[x.size :]


def _consistent(cells: ArrayLike, relations: sparse.sparray) -> FloatArray:
    x = checks.counts(cells, argument="cells")
    if relations.shape[1] != x.size:
        raise InvalidInput(
            "relations", f"must have one column per cell ({x.size}), found {relations.shape[1]}"
        )
    gap = np.abs(relations @ x)
    # Asked the other way round, a gap that is no number would pass.
    broken = np.flatnonzero(~(gap <= SLACK * (1.0 + np.abs(relations) @ x)))
    if broken.size:
        raise InvalidInput(
            "relations", f"the cells miss it by {float(gap[broken[0]])!r}", (int(broken[0]),)
        )
    return x


def _mask(values: ArrayLike | None, length: int, *, argument: str) -> Mask:
    if values is None:
        return np.zeros(length, dtype=bool)
    return checks.flags(values, argument=argument, length=length)


def _threshold(value: float) -> None:
    if not np.isfinite(value) or value < 1:
        raise InvalidInput("threshold", f"must be at least 1, found {value!r}")
