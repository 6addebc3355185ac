"""Labels of what areas belong to (cities, parents, domains): never missing, and numbered.

A missing label is no group of its own: every function that groups refuses it by position.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from will_pipeline.statistics.checks import InvalidInput


def known_labels(values: ArrayLike, *, argument: str, length: int | None = None) -> NDArray[Any]:
    """Check a vector of labels: text or numbers, none of them missing.

    Args:
        values: Label per unit, shape (n,).
        argument: Name of the argument, for the error.
        length: Required number of labels, if any.

    Returns:
        The labels as an array of shape (n,).

    Raises:
        InvalidInput: If not one-dimensional, empty, of another length, or missing somewhere.
    """
    raw = np.asarray(values)
    if raw.ndim != 1 or raw.size == 0:
        raise InvalidInput(argument, f"must be one label per unit, found shape {raw.shape}")
    if length is not None and raw.size != length:
        raise InvalidInput(argument, f"must have shape ({length},), found {raw.shape}")
    missing = np.flatnonzero(pd.isna(raw))
    if missing.size:
        raise InvalidInput(argument, "must not be missing", (int(missing[0]),))
    return raw


def group_index(labels: ArrayLike, *, length: int, argument: str) -> NDArray[np.intp]:
    """Number the groups named by a vector of labels.

    Args:
        labels: Label per area, shape (n,), text or numbers.
        length: Required number of labels.
        argument: Name of the argument, for the error.

    Returns:
        Index of the group of each area, shape (n,), from 0 in sorted order of the labels.

    Raises:
        InvalidInput: If the shape differs or a label is missing.
    """
    raw = known_labels(labels, argument=argument, length=length)
    return np.unique(raw, return_inverse=True)[1].astype(np.intp)


def group_members(labels: ArrayLike | None, length: int) -> NDArray[np.intp]:
    """Number the groups of areas; one group where no label is given.

    Args:
        labels: Group label per area, shape (n,), or None.
        length: Number of areas n.

    Returns:
        Index of the group of each area, shape (n,).

    Raises:
        InvalidInput: If labels are missing or not one per area; the argument named is `groups`.
    """
    if labels is None:
        return np.zeros(length, dtype=np.intp)
    return group_index(labels, length=length, argument="groups")
