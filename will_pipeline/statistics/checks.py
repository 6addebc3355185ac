"""Validation of the arrays that enter a statistic: each check returns a clean array or raises.

Nothing in this module repairs data: a value that breaks a rule is named by argument and position.
"""

from collections.abc import Sized
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

SUM_TOLERANCE = 1e-9


class InvalidInput(ValueError):
    """An argument of a statistic breaks a rule of that statistic.

    Attributes:
        argument: Name of the argument at fault.
        position: Index of the first element at fault, or None when the whole argument is.
        rule: The rule that is broken, in words.
    """

    def __init__(self, argument: str, rule: str, position: tuple[int, ...] | None = None) -> None:
        self.argument = argument
        self.rule = rule
        self.position = position
        where = "" if position is None else "[" + ", ".join(str(i) for i in position) + "]"
        super().__init__(f"{argument}{where}: {rule}")


def require(satisfied: NDArray[np.bool_], values: FloatArray, *, argument: str, rule: str) -> None:
    """Check that every element follows a rule.

    Args:
        satisfied: Whether each element does, any shape.
        values: The elements, of the same shape.
        argument: Name of the argument, for the error.
        rule: The rule, in words.

    Raises:
        InvalidInput: If one does not; the first in row-major order is named by position (None for a
            single number).
    """
    if satisfied.all():
        return
    position = tuple(int(i) for i in np.argwhere(~satisfied)[0])
    raise InvalidInput(argument, f"{rule}, found {float(values[position])!r}", position or None)


def _finite(values: ArrayLike, *, argument: str, dimensions: int) -> FloatArray:
    raw = np.asarray(values)
    if raw.dtype.kind not in "biuf":
        raise InvalidInput(argument, f"must hold real numbers, found type {raw.dtype}")
    if raw.ndim != dimensions:
        raise InvalidInput(
            argument, f"must have {dimensions} dimension(s), found shape {tuple(raw.shape)}"
        )
    clean = raw.astype(np.float64)
    if clean.size == 0:
        raise InvalidInput(argument, "must not be empty")
    require(np.isfinite(clean), clean, argument=argument, rule="must be finite")
    return clean


def real_vector(values: ArrayLike, *, argument: str) -> FloatArray:
    """Check a vector of finite real numbers.

    Args:
        values: Array of shape (n,).
        argument: Name of the argument, for the error.

    Returns:
        A fresh float64 array of shape (n,).

    Raises:
        InvalidInput: If not numeric, not one-dimensional, empty, or not finite somewhere.
    """
    return _finite(values, argument=argument, dimensions=1)


def real_matrix(values: ArrayLike, *, argument: str, columns: int | None = None) -> FloatArray:
    """Check a matrix of finite real numbers.

    Args:
        values: Array of shape (n, m).
        argument: Name of the argument, for the error.
        columns: Required number of columns, if any.

    Returns:
        A fresh float64 array of shape (n, m).

    Raises:
        InvalidInput: If not numeric, not two-dimensional, empty, of the wrong width, or not finite.
    """
    clean = _finite(values, argument=argument, dimensions=2)
    if columns is not None and clean.shape[1] != columns:
        raise InvalidInput(argument, f"must have {columns} columns, found {clean.shape[1]}")
    return clean


def real_array(values: ArrayLike, *, argument: str) -> FloatArray:
    """Check an array of finite real numbers of any shape, with at least one dimension.

    Args:
        values: Array of shape (n, ...).
        argument: Name of the argument, for the error.

    Returns:
        A fresh float64 array of the same shape.

    Raises:
        InvalidInput: If not numeric, without dimensions, empty, or not finite somewhere.
    """
    return _finite(values, argument=argument, dimensions=max(1, np.ndim(values)))


def count_array(values: ArrayLike, *, argument: str) -> FloatArray:
    """Check an array of counts of any shape: finite and not negative.

    Args:
        values: Array of shape (n, ...); fractions are accepted (benchmarked counts).
        argument: Name of the argument, for the error.

    Returns:
        A fresh float64 array of the same shape.

    Raises:
        InvalidInput: If not a finite array or negative somewhere.
    """
    clean = real_array(values, argument=argument)
    require(clean >= 0, clean, argument=argument, rule="must not be negative")
    return clean


def count_matrix(values: ArrayLike, *, argument: str, columns: int | None = None) -> FloatArray:
    """Check a matrix of counts: finite and not negative.

    Args:
        values: Array of shape (n, m).
        argument: Name of the argument, for the error.
        columns: Required number of columns, if any.

    Returns:
        A fresh float64 array of shape (n, m).

    Raises:
        InvalidInput: If not a finite matrix, of the wrong width, or negative somewhere.
    """
    clean = real_matrix(values, argument=argument, columns=columns)
    require(clean >= 0, clean, argument=argument, rule="must not be negative")
    return clean


def flags(values: ArrayLike, *, argument: str, length: int | None = None) -> NDArray[np.bool_]:
    """Check a vector of true or false values; numbers are refused, also 0 and 1.

    Args:
        values: Array of shape (n,).
        argument: Name of the argument, for the error.
        length: Required length, if any.

    Returns:
        A fresh boolean array of shape (n,).

    Raises:
        InvalidInput: If not boolean, not one-dimensional, empty, or of another length.
    """
    raw = np.asarray(values)
    if raw.dtype != np.bool_ or raw.ndim != 1 or raw.size == 0:
        raise InvalidInput(argument, f"must be true or false values, found {raw.dtype} {raw.shape}")
    if length is not None and raw.size != length:
        raise InvalidInput(argument, f"must have {length} elements, found {raw.size}")
    return raw.copy()


def counts(values: ArrayLike, *, argument: str) -> FloatArray:
    """Check a vector of counts: finite and not negative.

    Args:
        values: Array of shape (n,); fractions are accepted (benchmarked counts).
        argument: Name of the argument, for the error.

    Returns:
        A fresh float64 array of shape (n,).

    Raises:
        InvalidInput: If not a finite vector, or negative somewhere.
    """
    clean = real_vector(values, argument=argument)
    require(clean >= 0, clean, argument=argument, rule="must not be negative")
    return clean


def positive(values: ArrayLike, *, argument: str) -> FloatArray:
    """Check a vector of finite numbers strictly above zero.

    Args:
        values: Array of shape (n,).
        argument: Name of the argument, for the error.

    Returns:
        A fresh float64 array of shape (n,).

    Raises:
        InvalidInput: If not a finite vector or not strictly positive somewhere.
    """
    clean = real_vector(values, argument=argument)
    require(clean > 0, clean, argument=argument, rule="must be above zero")
    return clean


def numerator_within(
    numerator: ArrayLike,
    denominator: ArrayLike,
    *,
    argument: str = "numerator",
    denominator_argument: str = "denominator",
) -> tuple[FloatArray, FloatArray]:
    """Check the two parts of a proportion: 0 <= numerator <= denominator, denominator > 0.

    Args:
        numerator: Counts of shape (n,).
        denominator: Counts of shape (n,).
        argument: Name of the numerator, for the error.
        denominator_argument: Name of the denominator, for the error.

    Returns:
        Numerator and denominator as fresh float64 arrays of shape (n,).

    Raises:
        InvalidInput: If either part is malformed, lengths differ, or a numerator is too large.
    """
    upper = positive(denominator, argument=denominator_argument)
    lower = counts(numerator, argument=argument)
    same_length(**{argument: lower, denominator_argument: upper})
    require(
        lower <= upper, lower, argument=argument, rule=f"must not exceed {denominator_argument}"
    )
    return lower, upper


def same_length(**arrays: Sized) -> int:
    """Check that all the named arrays have the same number of rows.

    Args:
        **arrays: The arrays by argument name.

    Returns:
        The common length.

    Raises:
        InvalidInput: If one differs from the first; the error names that one.
    """
    names = list(arrays)
    length = len(arrays[names[0]])
    for name in names[1:]:
        if len(arrays[name]) != length:
            raise InvalidInput(
                name, f"must have the length of {names[0]} ({length}), found {len(arrays[name])}"
            )
    return length


def at_least(values: Sized, minimum: int, *, argument: str) -> int:
    """Check that an argument has enough elements (rows) for the statistic to exist.

    Args:
        values: Any sized object.
        minimum: Least acceptable number of elements.
        argument: Name of the argument, for the error.

    Returns:
        The number of elements.

    Raises:
        InvalidInput: If there are fewer than `minimum`.
    """
    if len(values) < minimum:
        raise InvalidInput(argument, f"needs at least {minimum} element(s), found {len(values)}")
    return len(values)


def weights(
    values: ArrayLike, *, argument: str = "weights", total: float | None = 1.0
) -> FloatArray:
    """Check a vector of weights: not negative and adding up to a declared total.

    Args:
        values: Array of shape (m,).
        argument: Name of the argument, for the error.
        total: Required sum (tolerance 1e-9, relative above one); None asks only for a positive sum.

    Returns:
        A fresh float64 array of shape (m,), never renormalised.

    Raises:
        InvalidInput: If negative, not finite, all zero, or not summing to `total`.
    """
    clean = counts(values, argument=argument)
    added = float(clean.sum())
    if total is None:
        if added <= 0:
            raise InvalidInput(argument, "must not all be zero")
    elif abs(added - total) > SUM_TOLERANCE * max(1.0, abs(total)):
        raise InvalidInput(argument, f"must sum to {total!r}, found {added!r}")
    return clean


def not_constant(values: ArrayLike, *, argument: str) -> FloatArray:
    """Check that a vector, or every column of a matrix, takes at least two values.

    Args:
        values: Array of shape (n,) or (n, m).
        argument: Name of the argument, for the error.

    Returns:
        A fresh float64 array of the same shape.

    Raises:
        InvalidInput: If constant; for a matrix the position is that of the column, (0, column).
    """
    raw: Any = np.asarray(values)
    if raw.ndim == 1:
        clean = real_vector(raw, argument=argument)
        if clean.max() == clean.min():
            raise InvalidInput(argument, f"must not be constant, every value is {clean[0]!r}")
        return clean
    clean = real_matrix(raw, argument=argument)
    flat = np.flatnonzero(clean.max(axis=0) == clean.min(axis=0))
    if flat.size:
        column = int(flat[0])
        raise InvalidInput(
            argument,
            f"must not be constant, every value of column {column} is {float(clean[0, column])!r}",
            (0, column),
        )
    return clean


def probability(values: ArrayLike, *, argument: str) -> FloatArray:
    """Check a vector of probabilities or rates, each within [0, 1].

    Args:
        values: Array of shape (n,).
        argument: Name of the argument, for the error.

    Returns:
        A fresh float64 array of shape (n,).

    Raises:
        InvalidInput: If not a finite vector or outside [0, 1] somewhere.
    """
    clean = real_vector(values, argument=argument)
    require((clean >= 0) & (clean <= 1), clean, argument=argument, rule="must lie between 0 and 1")
    return clean


def confidence_level(value: float, *, argument: str = "level") -> float:
    """Check a nominal coverage, strictly between 0 and 1.

    Args:
        value: The level, for example 0.90.
        argument: Name of the argument, for the error.

    Returns:
        The level as a float.

    Raises:
        InvalidInput: If not strictly between 0 and 1.
    """
    if not 0.0 < value < 1.0:
        raise InvalidInput(argument, f"must lie strictly between 0 and 1, found {value!r}")
    return float(value)
