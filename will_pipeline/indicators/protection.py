"""Counts that stand in for those of small groups, made of what is published alone.

Which sums and differences of published areas leave a group too small is found here, and so are
the counts that replace those of the area beside it; what is withheld is decided in `disclosure`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]
MOST_AREAS = 20
"""Areas of a level whose unions are all tried; of a larger one, those of the larger areas."""
MOST_OF_FEWER = 14
"""Areas of the smaller level up to which all unions are tried; beyond, single ones and pairs."""


@dataclass(frozen=True)
class Relation:
    """Two unions of areas of one city that differ by a group under the floor.

    Attributes:
        upper: positions of the areas of the larger union.
        lower: positions of the areas of the smaller one.
        residents: residents of the difference, above zero and under the floor.
    """

    upper: tuple[int, ...]
    lower: tuple[int, ...]
    residents: float

    @property
    def members(self) -> frozenset[int]:
        """Every area that must be known for the difference to be known."""
        return frozenset(self.upper) | frozenset(self.lower)


@dataclass(frozen=True)
class Protection:
    """Counts of n areas that may be estimated from, and whose they are.

    Attributes:
        counts: the codes, shape (n, codes): exact, shared or withheld (residents times the city's
            rate) as told below.
        shared: areas whose counts are their share, by residents, of a sum with a small group,
            shape (n,).
        withheld: areas that publish nothing, shape (n,).
    """

    counts: Floats
    shared: NDArray[np.bool_]
    withheld: NDArray[np.bool_]


def protect(counts: Floats, areas: pl.DataFrame, *, floor: int) -> Protection:
    """Replace the counts from which those of a group under the floor could be worked out.

    Areas under the floor are withheld, and so are all areas of a city where the residents of one
    are not known. An attacker who knows which areas lie inside which adds
    and subtracts the others: wherever two unions of published areas, of the same city, differ by
    fewer residents than the floor and by no negative count, one area of the two gives up its own
    counts. It gets its part, by residents, of its counts and the group's together (or of its
    counts without the group's), a sum that the rest of what is published tells anyway: so nothing
    computed from it can tell more. All identities among the codes hold, and no count is negative.

    An area that cannot be made good without using one that was given up is withheld.

    Args:
        counts: codes of n areas, shape (n, codes), missing as NaN.
        areas: `pro_com`, `level` (C, Q, A) and `residents`, n rows in the same order.
        floor: residents under which a group keeps its numbers to itself.

    Source:
        Hundepool, A. et al. (2012), Statistical Disclosure Control, Wiley, chapters 4 and 5
        (linked tables; collapsing of categories). The share by residents is the project's own.
    """
    residents = areas["residents"].to_numpy().astype(np.float64)
    level = areas["level"].to_numpy().astype(str)
    cities = areas["pro_com"].to_numpy().astype(str)
    unknown = set(cities[np.isnan(residents)].tolist())
    # Of an area of unknown size nothing says that it is large, nor what its neighbours leave of it.
    withheld = (level != "C") & (~(residents >= floor) | np.isin(cities, sorted(unknown)))
    made, used = counts.copy(), dict[int, Relation]()
    for city in dict.fromkeys(cities):
        here = np.flatnonzero((cities == city) & ~withheld)
        found = relations(counts, residents, level, here, floor=floor)
        used |= _chosen(found, counts, residents, level)
    failed = _without_ground(used, counts)
    for area, relation in used.items():
        if area not in failed:
            made[area] = _share(area, relation, counts, residents)
    withheld[list(failed)] = True
    whole = {str(cities[row]): row for row in np.flatnonzero(level == "C")}
    for place in np.flatnonzero(withheld):
        row = whole[str(cities[place])]
        made[place] = counts[row] * residents[place] / residents[row]
    shared = np.zeros(len(residents), dtype=bool)
    shared[[area for area in used if area not in failed]] = True
    return Protection(made, shared, withheld)


def relations(
    counts: Floats, residents: Floats, level: NDArray[np.str_], here: Positions, *, floor: int
) -> list[Relation]:
    """Pairs of unions of areas of one city that differ by a group under the floor.

    Args:
        counts: codes of n areas, shape (n, codes).
        residents: residents of n areas.
        level: C, Q or A of n areas.
        here: positions of the published areas of one city, its own row among them.
        floor: residents under which a group is too small.

    Returns:
        Those that contain no other, fewest areas first. Only differences that no code
        contradicts, since parts are never larger than what they are parts of. Where one level does
        not cover the city, unions may take areas of both.
    """
    whole, upper, lower = (here[level[here] == name] for name in ("C", "Q", "A"))
    pairs = [(whole, lower), (whole, upper)]
    if len(upper) and len(lower):
        pairs.append((upper, lower) if len(upper) <= len(lower) else (lower, upper))
        covered = [residents[level_areas].sum() for level_areas in (upper, lower)]
        if min(covered) < residents[whole].sum():
            pairs.append((whole, np.sort(np.concatenate([upper, lower]))))
    found = [
        relation
        for few, many in pairs
        for relation in _between(counts, residents, few, many, floor=floor)
    ]
    found.sort(key=lambda relation: (len(relation.members), sorted(relation.members)))
    least: list[Relation] = []
    for relation in found:
        if not any(kept.members <= relation.members for kept in least):
            least.append(relation)
    return least


def _between(
    counts: Floats, residents: Floats, few: Positions, many: Positions, *, floor: int
) -> Iterator[Relation]:
    few, many = _largest(few, residents), _largest(many, residents)
    if not len(few) or not len(many):
        return
    sums = _sums(residents[many])
    order = np.argsort(sums, kind="stable")
    ordered = sums[order]
    for chosen in _unions(few):
        total = residents[chosen].sum()
        near = order[
            np.searchsorted(ordered, total - floor, side="right") : np.searchsorted(
                ordered, total + floor, side="left"
            )
        ]
        near = near[(near > 0) & (sums[near] != total)]
        inside = _bits(near, len(many))
        rest = counts[chosen].sum(axis=0) - inside @ np.nan_to_num(counts[many])
        rest = np.where(np.isnan(rest) | np.isnan(counts[many]).any(axis=0), 0.0, rest)
        for row in np.flatnonzero((rest >= 0).all(axis=1) | (rest <= 0).all(axis=1)):
            others = many[inside[row]]
            gap = total - sums[near[row]]
            first, second = (chosen, others) if gap > 0 else (others, chosen)
            yield Relation(tuple(first.tolist()), tuple(second.tolist()), abs(float(gap)))


def _unions(few: Positions) -> Iterator[Positions]:
    most = len(few) if len(few) <= MOST_OF_FEWER else 2
    for size in range(1, most + 1):
        for union in combinations(few.tolist(), size):
            yield np.array(union, dtype=np.intp)


def _largest(areas: Positions, residents: Floats) -> Positions:
    return np.sort(areas[np.argsort(-residents[areas], kind="stable")[:MOST_AREAS]])


def _sums(values: Floats) -> Floats:
    """Sum of every subset, the empty one first, shape (2 to the number of values,)."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
    return sums


def _bits(subsets: NDArray[np.intp], size: int) -> NDArray[np.bool_]:
    return ((subsets[:, None] >> np.arange(size)) & 1).astype(bool)


def _chosen(
    found: Sequence[Relation], counts: Floats, residents: Floats, level: NDArray[np.str_]
) -> dict[int, Relation]:
    """The area that gives up its counts in each relation, with the relation that replaces them.

    Those whose sum with the group, or without it, is negative nowhere; then those in no sum
    already in use; then census areas before neighbourhoods, which planners know by name; then the
    smallest.
    """
    used: dict[int, Relation] = {}
    for relation in found:
        if relation.members & used.keys():
            continue
        leaned_on = frozenset[int]().union(*(other.members for other in used.values()))
        chosen = min(
            (area for area in relation.members if level[area] != "C"),
            key=lambda area: (
                _negative(area, relation, counts),
                area in leaned_on,
                level[area] != "A",
                residents[area],
                area,
            ),
        )
        used[chosen] = relation
    return used


def _without_ground(used: dict[int, Relation], counts: Floats) -> set[int]:
    """Areas whose replacement needs counts that were given up too, or would be negative."""
    return {
        area
        for area, relation in used.items()
        if (relation.members - {area}) & used.keys() or _negative(area, relation, counts)
    }


def _negative(area: int, relation: Relation, counts: Floats) -> bool:
    return bool((_together(area, relation, counts) < 0).any())


def _together(area: int, relation: Relation, counts: Floats) -> Floats:
    """Counts of the area with the group where it lies outside, without it where it lies inside.

    They follow from the other areas of the relation, without those of the area itself.
    """
    group = counts[list(relation.upper)].sum(axis=0) - counts[list(relation.lower)].sum(axis=0)
    return counts[area] + (group if area in relation.lower else -group)


def _share(area: int, relation: Relation, counts: Floats, residents: Floats) -> Floats:
    gap = relation.residents if area in relation.lower else -relation.residents
    return _together(area, relation, counts) * residents[area] / (residents[area] + gap)
