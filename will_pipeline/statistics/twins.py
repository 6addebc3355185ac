"""Nearest areas of other cities: whom an area can compare notes with.

Only indicators that both areas have enter a comparison, and each result says which ones they were.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.grouping import known_labels
from will_pipeline.statistics.missing import matrix_with_gaps

NONE = -1
TWINS = 3
ENOUGH_INDICATORS = 3


@dataclass(frozen=True)
class Twins:
    """Nearest areas, closest first; `position` and `distance` have shape (n, count).

    `position` is -1 and `distance` NaN where there are not enough candidates. `distance` is the
    root mean square difference in standard deviations over `indicators[i]`, the names of the
    indicators used for area i (empty where there is no result, for the `reason` given).
    """

    position: NDArray[np.intp]
    distance: FloatArray
    indicators: tuple[tuple[str, ...], ...]
    reason: tuple[str | None, ...]


def nearest_areas(
    values: ArrayLike,
    cities: ArrayLike,
    *,
    indicators: Sequence[str],
    count: int = TWINS,
    minimum_indicators: int = ENOUGH_INDICATORS,
    standardised: bool = False,
) -> Twins:
    """Find the most similar areas in other cities.

    Indicators are standardised over all areas that have them (mean 0, population standard deviation
    1). An area is compared on the indicators it has, with the areas of other cities that have them
    all: d_ij = sqrt(mean_k (z_ik - z_jk)^2). Of areas equally far, the one that comes first wins.

    Args:
        values: Comparable indicators by area, shape (n, m), NaN where missing.
        cities: City of each area, any sortable labels, shape (n,).
        indicators: Names of the m indicators.
        count: Number of twins wanted.
        minimum_indicators: Fewest indicators a comparison may rest on.
        standardised: Whether values are on a common scale already; they are then taken as they
            are, and a distance depends on its two areas alone.

    Returns:
        Twins, distances, the indicators used and the reason where there are none.

    Raises:
        InvalidInput: If values or names are malformed, a city is missing, lengths differ, there is
            a single city, an indicator is constant, or a number is below 1.

    Source:
        In the manner of ONS, Clustering similar local authorities and statistical nearest
        neighbours in the UK, methodology (ordered lists of the most similar areas).
    """
    matrix = matrix_with_gaps(values, indicators=indicators)
    city = known_labels(cities, argument="cities")
    checks.same_length(values=matrix, cities=city)
    if np.unique(city).size < 2:
        raise InvalidInput("cities", "needs areas of at least two cities")
    for argument, number in (("count", count), ("minimum_indicators", minimum_indicators)):
        if number < 1:
            raise InvalidInput(argument, f"must be at least 1, found {number!r}")
    z = matrix if standardised else _standardised(matrix)
    n = len(z)
    position, distance = np.full((n, count), NONE), np.full((n, count), np.nan)
    used: list[tuple[str, ...]] = [()] * n
    reason: list[str | None] = [None] * n
    patterns, pattern = np.unique(np.isfinite(z), axis=0, return_inverse=True)
    for number, present in enumerate(patterns):
        rows = np.flatnonzero(pattern == number)
        names = tuple(name for name, has in zip(indicators, present, strict=True) if has)
        if len(names) < minimum_indicators:
            text = f"indicatori disponibili {len(names)}, ne servono {minimum_indicators}"
            _note(reason, rows, text)
            continue
        candidates = np.flatnonzero(np.isfinite(z[:, present]).all(axis=1))
        for own in np.unique(city[rows]):
            asking = rows[city[rows] == own]
            others = candidates[city[candidates] != own]
            if others.size == 0:
                _note(reason, asking, "nessuna area di altre città ha gli stessi indicatori")
                continue
            found = min(count, others.size)
            # Plain differences: the shortcut by products loses half the digits near zero.
            far = cdist(z[np.ix_(asking, present)], z[np.ix_(others, present)])
            near = np.argsort(far, axis=1, kind="stable")[:, :found]
            position[asking, :found] = others[near]
            distance[asking, :found] = np.take_along_axis(far, near, axis=1) / np.sqrt(len(names))
            for row in asking:
                used[row] = names
    return Twins(position, distance, tuple(used), tuple(reason))


def _standardised(matrix: FloatArray) -> FloatArray:
    with_values = np.isfinite(matrix).any(axis=0)
    if not with_values.all():
        column = int(np.flatnonzero(~with_values)[0])
        raise InvalidInput("values", f"column {column} has no value at all", (0, column))
    spread = np.nanstd(matrix, axis=0)
    flat = np.flatnonzero(spread == 0)
    if flat.size:
        column = int(flat[0])
        raise InvalidInput("values", f"must not be constant, column {column} is", (0, column))
    return (matrix - np.nanmean(matrix, axis=0)) / spread


def _note(reason: list[str | None], rows: NDArray[np.intp], text: str) -> None:
    for row in rows:
        reason[row] = text
