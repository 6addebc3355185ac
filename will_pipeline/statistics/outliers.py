"""Outlier treatment of indicators before goalposts are set, by one fixed and recorded rule.

Nothing is treated silently: every column comes back with what was found and what was done.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput

LOG_OFFSET_SHARE = 0.01
SMALLEST_COLUMN = 4


@dataclass(frozen=True)
class ColumnTreatment:
    """What was found in one indicator and what was done about it.

    Attributes:
        skewness: Sample skewness before treatment.
        kurtosis: Sample excess kurtosis before treatment.
        winsorised: Number of points moved (0 where none, or where the logarithm replaced them).
        logged: Whether the logarithm was taken.
        skewness_after: Skewness after treatment.
        kurtosis_after: Excess kurtosis after treatment.
        passed: Whether the treated column passes the rule.
        lower_limit: Least value after winsorising, in the indicator's unit; -inf if none was moved.
        upper_limit: Greatest value after winsorising; inf if none was moved.
    """

    skewness: float
    kurtosis: float
    winsorised: int
    logged: bool
    skewness_after: float
    kurtosis_after: float
    passed: bool
    lower_limit: float
    upper_limit: float


@dataclass(frozen=True)
class OutlierTreatment:
    """Treated values of shape (n, m) and one record per column."""

    values: FloatArray
    columns: tuple[ColumnTreatment, ...]


def treat_outliers(
    values: ArrayLike,
    *,
    most_points: int = 5,
    skewness_limit: float = 2.0,
    kurtosis_limit: float = 3.5,
) -> OutlierTreatment:
    """Winsorise the indicators that fail a test of skewness and kurtosis, else take logarithms.

    A column fails when |skewness| > 2 and excess kurtosis > 3.5 (sample versions, as in
    spreadsheets). A failing column has its most extreme value on the side of the skew moved onto
    the next one, again and again until it passes. If that would move more than `most_points`
    points, the moves are undone and the logarithm of the distance from the other end is taken:
    ln(x - min + a) for a positive skew, -ln(max - x + a) for a negative one, a = 1 % of the range.
    Values tied at an extreme move together.

    Args:
        values: Indicators, shape (n, m), n at least 4.
        most_points: Largest number of points that may be moved in a column.
        skewness_limit: Limit on the absolute skewness.
        kurtosis_limit: Limit on the excess kurtosis.

    Returns:
        Treated values with a record per column. A column that fails even the logarithm is returned
        as logged with `passed` False: it is for the caller to decide whether to use it.

    Raises:
        InvalidInput: If the matrix is malformed, has fewer than four rows, a column is constant, or
            `most_points` is negative.

    Source:
        Becker, W. et al. (2022), COINr: an R package for developing composite indicators, Journal
        of Open Source Software 7(78), European Commission JRC.
    """
    matrix = checks.not_constant(checks.real_matrix(values, argument="values"), argument="values")
    checks.at_least(matrix, SMALLEST_COLUMN, argument="values")
    if most_points < 0:
        raise InvalidInput("most_points", f"must not be negative, found {most_points}")
    limits = (skewness_limit, kurtosis_limit)
    treated = [_treat(column, most_points=most_points, limits=limits) for column in matrix.T]
    return OutlierTreatment(
        np.column_stack([column for column, _ in treated]), tuple(record for _, record in treated)
    )


@dataclass(frozen=True)
class FrozenTreatment:
    """The treatment of one indicator as its pool had it, to be given to any other value.

    Attributes:
        lower: Value that lower ones are moved onto; -inf where none is.
        upper: Value that greater ones are moved onto; inf where none is.
        log: Sign of the skew that called for the logarithm; 0 where none was taken.
        offset: What is added under the logarithm.
    """

    lower: float
    upper: float
    log: int = 0
    offset: float = 0.0

    def apply(self, values: FloatArray) -> FloatArray:
        """Treat values as the pool's were: moved onto its ends, then the logarithm where taken.

        Args:
            values: Values in the unit of the indicator, any shape; missing ones stay missing.

        Returns:
            Treated values of the same shape.

        Raises:
            TypeError: If they are not numbers.

        Source:
            Becker, W. and others (2022), COINr: composite indicators in R, JOSS 7(78).
        """
        inside = np.clip(values, self.lower, self.upper)
        if self.log > 0:
            return np.asarray(np.log(inside - self.lower + self.offset))
        if self.log < 0:
            return np.asarray(-np.log(self.upper - inside + self.offset))
        return inside


def freeze_treatment(values: ArrayLike, record: ColumnTreatment) -> FrozenTreatment:
    """State what was done to one column so that it can be done to areas outside the pool.

    Where the logarithm was taken, values beyond the pool's ends count as at the ends: there the
    logarithm would not exist, or depend on how far beyond they are.

    Args:
        values: The column as it was before treatment, shape (n,).
        record: What `treat_outliers` did to it.

    Returns:
        A treatment that gives the pool's own values what `treat_outliers` gave them.

    Raises:
        InvalidInput: If the column is malformed.

    Source:
        The rule of Becker, W. et al. (2022), as in `treat_outliers`.
    """
    column = checks.real_vector(values, argument="values")
    if not record.logged:
        return FrozenTreatment(record.lower_limit, record.upper_limit)
    low, high = float(column.min()), float(column.max())
    sign = 1 if record.skewness >= 0 else -1
    return FrozenTreatment(low, high, sign, LOG_OFFSET_SHARE * (high - low))


def _treat(
    column: FloatArray, *, most_points: int, limits: tuple[float, float]
) -> tuple[FloatArray, ColumnTreatment]:
    skewness, kurtosis = _shape(column)
    result, moved, logged = column, 0, False
    if not _passes(skewness, kurtosis, limits):
        logged = True
        for candidate in _winsorisations(column, most_points=most_points):
            if _passes(*_shape(candidate), limits):
                result, logged = candidate, False
                moved = int((candidate != column).sum())
                break
    if logged:
        result = _logarithm(column, skewness=skewness)
    skewness_after, kurtosis_after = _shape(result)
    low, high = float(result.min()), float(result.max())
    return result, ColumnTreatment(
        skewness=skewness,
        kurtosis=kurtosis,
        winsorised=moved,
        logged=logged,
        skewness_after=skewness_after,
        kurtosis_after=kurtosis_after,
        passed=_passes(skewness_after, kurtosis_after, limits),
        lower_limit=low if moved and low > column.min() else -np.inf,
        upper_limit=high if moved and high < column.max() else np.inf,
    )


def _winsorisations(column: FloatArray, *, most_points: int) -> Iterator[FloatArray]:
    """Yield the column with more and more points moved, while it keeps two distinct values."""
    current = column
    while True:
        high = _shape(current)[0] >= 0
        extreme = current.max() if high else current.min()
        rest = current[current != extreme]
        replacement = rest.max() if high else rest.min()
        current = np.where(current == extreme, replacement, current)
        moved = int((current != column).sum())
        if moved > most_points or current.max() == current.min():
            return
        yield current


def _logarithm(column: FloatArray, *, skewness: float) -> FloatArray:
    offset = LOG_OFFSET_SHARE * (column.max() - column.min())
    if skewness >= 0:
        return np.asarray(np.log(column - column.min() + offset))
    return np.asarray(-np.log(column.max() - column + offset))


def _shape(column: FloatArray) -> tuple[float, float]:
    """Sample skewness and excess kurtosis, both corrected for bias."""
    return float(stats.skew(column, bias=False)), float(stats.kurtosis(column, bias=False))


def _passes(skewness: float, kurtosis: float, limits: tuple[float, float]) -> bool:
    return not (abs(skewness) > limits[0] and kurtosis > limits[1])
