"""Iterative proportional fitting: carry the structure of one table to the margins of another.

Raking, SPREE and hierarchical log-linear fits are the same iterations with different inputs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.convergence import NotConverged

Axes = tuple[int, ...]

CONSISTENCY = 1e-9


@dataclass(frozen=True)
class RakedTable:
    """A table raked to its margins, with the report of the iterations.

    Attributes:
        table: Fitted table, in the shape of the seed.
        iterations: Cycles over all the margins.
        largest_discrepancy: Greatest absolute distance between a fitted and a target margin.
        structural_zeros: Number of cells that are zero in the seed and therefore in the table.
    """

    table: FloatArray
    iterations: int
    largest_discrepancy: float
    structural_zeros: int


@dataclass(frozen=True)
class LoglinearFit:
    """Maximum-likelihood fit of a hierarchical log-linear model.

    Attributes:
        fitted: Expected counts, in the shape of the observed table.
        deviance: Likelihood-ratio statistic against the saturated model.
        degrees_of_freedom: Cells less free parameters (no correction for structural zeros).
        iterations: Cycles over all the margins.
    """

    fitted: FloatArray
    deviance: float
    degrees_of_freedom: int
    iterations: int


def rake(
    seed: ArrayLike,
    margins: Mapping[Axes, ArrayLike],
    *,
    tolerance: float = 1e-10,
    max_iterations: int = 10_000,
) -> RakedTable:
    """Fit a table of any number of dimensions to given margins, keeping the seed's associations.

    Each cycle multiplies the table by target / current for every margin in turn; the odds ratios
    not fixed by the margins stay those of the seed, and the limit minimises the relative entropy to
    the seed. A zero of the seed is structural: it stays zero.

    Args:
        seed: Table to start from, any shape, not negative.
        margins: Target by axes kept: `(0,)` is the margin of the first axis, `(0, 2)` the two-way
            margin of the first and third, with the shape of those axes in increasing order.
        tolerance: Greatest admissible distance to a margin, as a share of the grand total.
        max_iterations: Limit of cycles.

    Returns:
        The fitted table with its convergence report.

    Raises:
        InvalidInput: If the seed or a margin is malformed or negative, axes do not exist or repeat,
            margins disagree on what they have in common, or a target above zero falls on seed cells
            that are all zero.
        NotConverged: If the limit is met first; with structural zeros the margins may have no
            table that satisfies them all.

    Source:
        Deming, W. E. and Stephan, F. F. (1940), On a least squares adjustment of a sampled
        frequency table, Annals of Mathematical Statistics 11; Fienberg, S. E. (1970), An iterative
        procedure for estimation in contingency tables, same journal 41.
    """
    table = checks.count_array(seed, argument="seed")
    return _fit(
        table,
        _targets(margins, table, {axes: f"margins[{axes!r}]" for axes in margins}),
        tolerance=tolerance,
        max_iterations=max_iterations,
    )


def _fit(
    table: FloatArray, targets: dict[Axes, FloatArray], *, tolerance: float, max_iterations: int
) -> RakedTable:
    structural_zeros = int((table == 0).sum())
    allowed = tolerance * max(float(next(iter(targets.values())).sum()), np.finfo(float).tiny)
    discrepancy = np.inf
    for iteration in range(1, max_iterations + 1):
        for axes, target in targets.items():
            current = _margin(table, axes)
            factor = np.divide(target, current, out=np.zeros_like(target), where=current > 0)
            table = table * _spread(factor, axes, table.ndim)
        discrepancy = max(
            float(np.abs(_margin(table, axes) - target).max()) for axes, target in targets.items()
        )
        if discrepancy <= allowed:
            return RakedTable(table, iteration, discrepancy, structural_zeros)
    raise NotConverged(
        "iterative proportional fitting",
        iterations=max_iterations,
        discrepancy=discrepancy,
        tolerance=allowed,
    )


def spree(
    structure: ArrayLike,
    area_totals: ArrayLike,
    category_totals: ArrayLike,
    *,
    tolerance: float = 1e-10,
    max_iterations: int = 10_000,
) -> RakedTable:
    """Update the composition of areas with structure-preserving estimation (SPREE).

    The association between areas and categories comes from an old and detailed table (a census),
    the totals of areas and of categories from newer figures: the estimate rakes the first to the
    second. It is exact where local odds ratios did not change since the old table, and biased
    towards them where they did.

    Args:
        structure: Old counts by area and category, shape (n, c), not negative.
        area_totals: New total of each area (persons), shape (n,).
        category_totals: New total of each category over all areas (persons), shape (c,).
        tolerance: As in `rake`.
        max_iterations: As in `rake`.

    Returns:
        The updated table, shape (n, c), with its convergence report.

    Raises:
        InvalidInput: As in `rake`; in particular if the two margins have different grand totals.
        NotConverged: As in `rake`.

    Source:
        Purcell, N. J. and Kish, L. (1980), Postcensal estimates for local areas (or domains),
        International Statistical Review 48(1).
    """
    old = checks.count_matrix(structure, argument="structure")
    targets = _targets(
        {(0,): area_totals, (1,): category_totals},
        old,
        {(0,): "area_totals", (1,): "category_totals"},
    )
    return _fit(old, targets, tolerance=tolerance, max_iterations=max_iterations)


def loglinear(
    observed: ArrayLike,
    interactions: list[Axes],
    *,
    tolerance: float = 1e-12,
    max_iterations: int = 10_000,
) -> LoglinearFit:
    """Fit a hierarchical log-linear model to a table of counts by maximum likelihood.

    The fitted table rakes a table of ones to the observed margins of the generating interactions;
    deviance = 2 sum observed log(observed / fitted).

    Args:
        observed: Counts, any shape, not negative.
        interactions: Highest interactions of the model, by axes: `[(0, 1), (0, 2), (1, 2)]` is a
            three-way table without three-way interaction, `[(0,), (1,)]` is independence.
        tolerance: As in `rake`.
        max_iterations: As in `rake`.

    Returns:
        Expected counts with deviance and degrees of freedom.

    Raises:
        InvalidInput: As in `rake`, or if no interaction is given.
        NotConverged: As in `rake`.

    Source:
        Bishop, Y. M. M., Fienberg, S. E. and Holland, P. W. (1975), Discrete Multivariate Analysis,
        chapter 3, MIT Press.
    """
    counts = checks.count_array(observed, argument="observed")
    if not interactions:
        raise InvalidInput("interactions", "must name at least one interaction")
    margins = {
        axes: _margin(counts, axes) for axes in (_axes(item, counts.ndim) for item in interactions)
    }
    raked = rake(np.ones_like(counts), margins, tolerance=tolerance, max_iterations=max_iterations)
    ratio = np.divide(counts, raked.table, out=np.ones_like(counts), where=counts > 0)
    terms = set(chain.from_iterable(_subsets(axes) for axes in margins))
    parameters = sum(int(np.prod([counts.shape[axis] - 1 for axis in term])) for term in terms)
    return LoglinearFit(
        fitted=raked.table,
        deviance=2 * float(xlogy(counts, ratio).sum()),
        degrees_of_freedom=counts.size - parameters,
        iterations=raked.iterations,
    )


def _axes(axes: Axes, dimensions: int) -> Axes:
    if not axes or list(axes) != sorted(set(axes)) or axes[0] < 0 or axes[-1] >= dimensions:
        raise InvalidInput(
            "margins", f"axes must be increasing and below {dimensions}, found {axes!r}"
        )
    return axes


def _targets(
    margins: Mapping[Axes, ArrayLike], seed: FloatArray, names: Mapping[Axes, str]
) -> dict[Axes, FloatArray]:
    """Check the margins against the seed and against each other, naming them as the caller does."""
    if not margins:
        raise InvalidInput("margins", "must hold at least one margin")
    targets = {}
    for axes, values in margins.items():
        kept = _axes(axes, seed.ndim)
        name = names[axes]
        target = checks.count_array(values, argument=name)
        shape = tuple(seed.shape[axis] for axis in kept)
        if target.shape != shape:
            raise InvalidInput(name, f"must have shape {shape}, found {target.shape}")
        unreachable = np.argwhere((target > 0) & (_margin(seed, kept) == 0))
        if unreachable.size:
            position = tuple(int(index) for index in unreachable[0])
            raise InvalidInput(name, "is above zero where the seed is all zero", position)
        targets[kept] = target
    _check_consistent(targets, names)
    return targets


def _check_consistent(targets: dict[Axes, FloatArray], names: Mapping[Axes, str]) -> None:
    """Every two margins must agree on the margin they share (at least the grand total)."""
    for (first, left), (second, right) in combinations(targets.items(), 2):
        shared = tuple(axis for axis in first if axis in second)
        ours = _margin(left, tuple(first.index(axis) for axis in shared))
        theirs = _margin(right, tuple(second.index(axis) for axis in shared))
        gap = float(np.abs(ours - theirs).max())
        if gap > CONSISTENCY * max(1.0, float(left.sum())):
            what = f"on axes {shared!r}" if shared else "on the grand total"
            raise InvalidInput(names[second], f"disagrees with {names[first]} {what} by {gap:.6g}")


def _margin(table: FloatArray, axes: Axes) -> FloatArray:
    away = tuple(axis for axis in range(table.ndim) if axis not in axes)
    return np.asarray(table.sum(axis=away))


def _spread(factor: FloatArray, axes: Axes, dimensions: int) -> NDArray[np.float64]:
    """Give a margin the dimensions of the table, so that it broadcasts."""
    return np.expand_dims(factor, tuple(axis for axis in range(dimensions) if axis not in axes))


def _subsets(axes: Axes) -> set[Axes]:
    return {subset for size in range(len(axes) + 1) for subset in combinations(axes, size)}
