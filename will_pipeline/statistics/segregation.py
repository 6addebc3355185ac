"""Indices of how unevenly a group lives over the units of a city or of one of its areas.

They describe where people live, never what they need: presence is exposure, separation a signal.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.grouping import known_labels


@dataclass(frozen=True)
class AreaSeparation:
    """Isolation inside each area; every field has shape (k,), areas in ascending order.

    `isolation` is xPx over the units of the area, `share` the group's share of the area (the value
    of xPx when every unit has the same share), `by_chance` the expected xPx had the group's members
    been placed at random, `eta_squared` the isolation net of the share. All three indices are NaN
    in an area without members of the group: not defined, which is not zero.
    """

    area: NDArray[np.generic]
    units: NDArray[np.intp]
    members: FloatArray
    share: FloatArray
    isolation: FloatArray
    by_chance: FloatArray
    eta_squared: FloatArray


def dissimilarity(group: ArrayLike, others: ArrayLike) -> float:
    """Share of the group that would have to move for an even distribution.

    D = 1/2 sum |x_i / X - y_i / Y|, from 0 (even) to 1 (no unit is shared).

    Args:
        group: Members of the group per unit, persons, shape (n,).
        others: Everybody else per unit, persons, shape (n,).

    Returns:
        The index, between 0 and 1.

    Raises:
        InvalidInput: If counts are malformed, lengths differ, or either side has nobody.

    Source:
        Duncan, O. D. and Duncan, B. (1955), American Sociological Review 20(2); Massey, D. S. and
        Denton, N. A. (1988), The dimensions of residential segregation, Social Forces 67(2).
    """
    x = _people(group, argument="group")
    y = _people(others, argument="others")
    checks.same_length(group=x, others=y)
    return float(0.5 * np.abs(x / x.sum() - y / y.sum()).sum())


def isolation(group: ArrayLike, total: ArrayLike) -> float:
    """Probability that someone met in the unit of a member of the group is a member too.

    xPx = sum (x_i / X)(x_i / t_i). Units without residents contribute nothing.

    Args:
        group: Members of the group per unit, persons, shape (n,).
        total: All residents per unit, persons, shape (n,).

    Returns:
        The index, from the group's share (even distribution) to 1 (complete isolation).

    Raises:
        InvalidInput: If counts are malformed, lengths differ, or the group is empty or exceeds
            the total.

    Source:
        Massey and Denton (1988), Social Forces 67(2).
    """
    x, t = _members_of(group, total)
    return float((x / x.sum() * _share(x, t)).sum())


def interaction(group: ArrayLike, others: ArrayLike, total: ArrayLike) -> float:
    """Probability that someone met in the unit of a member of the group belongs to the others.

    xPy = sum (x_i / X)(y_i / t_i). With two exhaustive groups xPx + xPy = 1.

    Args:
        group: Members of the group per unit, persons, shape (n,).
        others: Members of the other group per unit, persons, shape (n,).
        total: All residents per unit, persons, shape (n,).

    Returns:
        The index, between 0 and 1.

    Raises:
        InvalidInput: If counts are malformed, lengths differ, a group is empty, or the two groups
            together exceed the total of a unit.

    Source:
        Massey and Denton (1988), Social Forces 67(2).
    """
    x, t = _members_of(group, total)
    y = _people(others, argument="others")
    checks.same_length(total=t, others=y)
    _not_above(x + y, t, argument="others", rule="must not exceed total together with group")
    return float((x / x.sum() * _share(y, t)).sum())


def location_quotient(group: ArrayLike, total: ArrayLike) -> FloatArray:
    """Share of the group in each unit over its share in all the units.

    LQ_i = (x_i / t_i) / (X / T): 1 is the average share, 2 twice as much.

    Args:
        group: Members of the group per unit, persons, shape (n,).
        total: All residents per unit, persons, shape (n,), above zero.

    Returns:
        The quotients, shape (n,).

    Raises:
        InvalidInput: If counts are malformed, lengths differ, the group is empty or above the
            total, or a unit has no residents (its quotient does not exist).

    Source:
        Isard, W. (1960), Methods of Regional Analysis, MIT Press.
    """
    x, t = checks.numerator_within(group, total, argument="group", denominator_argument="total")
    _people(x, argument="group")
    return (x / t) / (x.sum() / t.sum())


def entropy_index(counts: ArrayLike) -> float:
    """Theil's information index of how far units are from the diversity of the whole.

    H = sum t_i (E - E_i) / (E T) with E_i = sum_g p_ig ln(1 / p_ig): 0 when every unit has the
    composition of the whole, 1 when no unit is shared by two groups.

    Args:
        counts: Persons by unit (rows) and group (columns), shape (n, g), g at least 2.

    Returns:
        The index, between 0 and 1.

    Raises:
        InvalidInput: If malformed or negative, or if fewer than two groups have members.

    Source:
        Theil, H. and Finizza, A. J. (1971), Journal of Mathematical Sociology 1(2); Massey and
        Denton (1988), Social Forces 67(2).
    """
    table = checks.count_matrix(counts, argument="counts")
    if np.count_nonzero(table.sum(axis=0)) < 2:
        raise InvalidInput("counts", "needs members of at least two groups")
    units = table.sum(axis=1)
    whole = _entropy(table.sum(axis=0, keepdims=True))[0]
    within = float((units * _entropy(table)).sum() / units.sum())
    return float((whole - within) / whole)


def separation_by_area(group: ArrayLike, total: ArrayLike, areas: ArrayLike) -> AreaSeparation:
    """Isolation of a group over the small units of each area.

    xPx as in `isolation`, computed inside each area over its units (census sections). Small units
    are uneven by chance alone, so the value expected under random placement is given beside it:
    with x_i hypergeometric, E[xPx] = sum_i (P (1 - P) (T - t_i) / (T - 1) + t_i P^2) / X over the
    inhabited units. The net measure is eta^2 = (xPx - P) / (1 - P), NaN where all are members.

    Args:
        group: Members of the group per unit, persons, shape (n,).
        total: All residents per unit, persons, shape (n,).
        areas: Area of each unit, any sortable labels, shape (n,).

    Returns:
        One row per area.

    Raises:
        InvalidInput: If counts are malformed, an area is missing, lengths differ, or the group
            exceeds the total.

    Source:
        Massey and Denton (1988), Social Forces 67(2); Winship, C. (1977), A
        revaluation of indexes of residential segregation, Social Forces 55(4), for chance.
    """
    x = checks.counts(group, argument="group")
    t = checks.counts(total, argument="total")
    labels = known_labels(areas, argument="areas")
    checks.same_length(group=x, total=t, areas=labels)
    _not_above(x, t, argument="group", rule="must not exceed total")
    names, code = np.unique(labels, return_inverse=True)
    size = names.size

    def add(values: FloatArray) -> FloatArray:
        return np.bincount(code, weights=values, minlength=size).astype(np.float64)

    members, people = add(x), add(t)
    share = _or_nan(members, people)
    index = _or_nan(add(x * _share(x, t)), members)
    inhabited = (t > 0).astype(np.float64)
    spread = share * (1 - share) * _or_nan(people * add(inhabited) - people, people - 1)
    lone = people <= 1
    spread[lone] = 0.0
    by_chance = _or_nan(spread + people * share**2, members)
    eta_squared = _or_nan(index - share, 1 - share)
    return AreaSeparation(
        area=names,
        units=np.bincount(code, minlength=size),
        members=members,
        share=share,
        isolation=index,
        by_chance=by_chance,
        eta_squared=eta_squared,
    )


def _people(values: ArrayLike, *, argument: str) -> FloatArray:
    clean = checks.counts(values, argument=argument)
    if clean.sum() == 0:
        raise InvalidInput(argument, "must count at least one person")
    return clean


def _members_of(group: ArrayLike, total: ArrayLike) -> tuple[FloatArray, FloatArray]:
    x = _people(group, argument="group")
    t = checks.counts(total, argument="total")
    checks.same_length(group=x, total=t)
    _not_above(x, t, argument="group", rule="must not exceed total")
    return x, t


def _not_above(lower: FloatArray, upper: FloatArray, *, argument: str, rule: str) -> None:
    above = np.flatnonzero(lower > upper)
    if above.size:
        raise InvalidInput(argument, rule, (int(above[0]),))


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Share in each unit, 0 in a unit with no residents, where it only ever multiplies nobody."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _or_nan(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    return np.divide(
        numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0
    )


def _entropy(table: FloatArray) -> FloatArray:
    people = table.sum(axis=1, keepdims=True)
    share = np.divide(table, people, out=np.zeros_like(table), where=people > 0)
    logarithm = np.log(share, out=np.zeros_like(share), where=share > 0)
    return -(share * logarithm).sum(axis=1)
