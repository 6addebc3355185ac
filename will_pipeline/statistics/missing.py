"""Matrices of indicators in which some values are missing: which rows can be used, and why not.

Missing is not zero: nothing here fills a value, it only says which rows lack which indicator.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput


def matrix_with_gaps(
    values: ArrayLike, *, indicators: Sequence[str], argument: str = "values"
) -> FloatArray:
    """Check a matrix of real numbers in which NaN stands for a missing value.

    Args:
        values: One row per area and one column per indicator, shape (n, m).
        indicators: Names of the columns, all different.
        argument: Name of the argument, for the error.

    Returns:
        A fresh float64 array of shape (n, m).

    Raises:
        InvalidInput: If not a numeric matrix, empty, infinite somewhere, or if names and columns do
            not correspond.
    """
    raw = np.asarray(values)
    if raw.dtype.kind not in "iuf" or raw.ndim != 2 or raw.size == 0:
        raise InvalidInput(argument, f"must be a numeric matrix, found {raw.dtype} {raw.shape}")
    if len(indicators) != raw.shape[1]:
        raise InvalidInput(
            "indicators", f"must name the {raw.shape[1]} columns, found {len(indicators)} names"
        )
    if len(set(indicators)) != len(indicators):
        raise InvalidInput("indicators", "must all be different")
    clean = raw.astype(np.float64)
    checks.require(~np.isinf(clean), clean, argument=argument, rule="must be finite or missing")
    return clean


def complete_rows(values: FloatArray) -> NDArray[np.bool_]:
    """Tell which rows lack nothing.

    Args:
        values: One row per area and one column per indicator, shape (n, m), NaN where missing.

    Returns:
        True where no value is missing, shape (n,).
    """
    return np.asarray(np.isfinite(values).all(axis=1))


def reasons(values: FloatArray, *, indicators: Sequence[str]) -> tuple[str | None, ...]:
    """Say why each row cannot be used.

    Args:
        values: One row per area and one column per indicator, shape (n, m), NaN where missing.
        indicators: Names of the columns, length m.

    Returns:
        One text per row, in Italian; None where nothing is missing.
    """
    gaps = np.isnan(values)
    texts: list[str | None] = [None] * len(values)
    for row in np.flatnonzero(gaps.any(axis=1)):
        names = ", ".join(indicators[int(column)] for column in np.flatnonzero(gaps[row]))
        texts[row] = f"dati mancanti: {names}"
    return tuple(texts)
