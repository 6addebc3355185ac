"""Random numbers by group, so that a group's draws depend on its own members and on nobody else.

Estimators and simulations that draw for many cities at once take their streams from here.
"""

from collections.abc import Callable, Iterator
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

from will_pipeline.statistics.checks import FloatArray
from will_pipeline.statistics.grouping import group_index, known_labels

ROOT_RANGE = 2**63 - 1
Rows = NDArray[np.intp]


def streams(
    generator: np.random.Generator, groups: ArrayLike
) -> Iterator[tuple[Rows, np.random.Generator]]:
    """One stream for each group, made of the generator's state and of the group's name.

    The generator gives one number whatever the groups are, so that what is drawn from it next does
    not depend on them either.

    Args:
        generator: Source of randomness.
        groups: Label of the group of each member, shape (n,).

    Yields:
        Positions of the members of a group and the group's own generator.

    Raises:
        InvalidInput: If the labels are not a vector or one is missing; the argument is `groups`.
    """
    labels = known_labels(groups, argument="groups")
    member = group_index(labels, length=labels.size, argument="groups")
    root = int(generator.integers(ROOT_RANGE))
    for group in np.unique(member):
        rows = np.flatnonzero(member == group)
        name = crc32(str(labels[rows[0]]).encode())
        yield rows, np.random.default_rng([root, name])


def draw_in_groups(
    sample: Callable[[np.random.Generator, Rows], FloatArray],
    *,
    shape: tuple[int, int],
    generator: np.random.Generator,
    groups: ArrayLike | None,
) -> FloatArray:
    """Draw for n members, each group from its own stream; all from one where there are no groups.

    Args:
        sample: Draws of the members at the given positions, shape (draws, positions).
        shape: Numbers of draws and of members.
        generator: Source of randomness.
        groups: Label of the group of each member, shape (n,), or None.

    Returns:
        Draws of shape (draws, n).

    Raises:
        InvalidInput: If there is not one label for each member.
    """
    if groups is None:
        return sample(generator, np.arange(shape[1]))
    group_index(groups, length=shape[1], argument="groups")
    drawn = np.empty(shape)
    for rows, stream in streams(generator, groups):
        drawn[:, rows] = sample(stream, rows)
    return drawn
