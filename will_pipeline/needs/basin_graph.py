"""Which areas of a city may be put together in a basin: neighbours by border or by profile.

Areas without an index do not choose their company here; they follow another area, and the two move
as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from will_pipeline.geography.contiguity import contiguous_areas, distances
from will_pipeline.indicators.areas import Floats
from will_pipeline.statistics.regionalisation import profile_neighbours

Positions = NDArray[np.intp]
NO_PAIRS: Positions = np.empty((0, 2), dtype=np.intp)


@dataclass(frozen=True)
class BasinGraph:
    """The areas of one city as units that move together, and which units are neighbours.

    Attributes:
        unit: unit of each area, shape (n,).
        profile: indices of each unit, shape (units, themes); none where no area has any and there
            are no borders to go by.
        pairs: neighbouring units, shape (p, 2).
        borders: areas that border on each other, shape (b, 2); empty where borders are unknown.
        drawn: whether the pairs come from borders.
    """

    unit: Positions
    profile: Floats | None
    pairs: Positions
    borders: Positions
    drawn: bool


def graph_by_profile(scores: Floats, residents: Floats) -> BasinGraph:
    """Neighbours in the space of the indices, for cities without boundaries.

    Args:
        scores: indices by area and theme, shape (n, themes); NaN where an area has none.
        residents: residents by area, shape (n,).

    Returns:
        Every area without an index follows the least populous area that has one.
    """
    known = _known(scores)
    if not known.any():
        whole = np.zeros(len(scores), dtype=np.intp)
        return BasinGraph(whole, None, NO_PAIRS, NO_PAIRS, drawn=False)
    leader = _leaders(known, residents, NO_PAIRS, np.empty(0))
    unit, first = _numbered(leader)
    profile = scores[first]
    pairs = profile_neighbours(profile, groups=np.zeros(len(first), dtype=np.intp))
    return BasinGraph(unit, profile, pairs, NO_PAIRS, drawn=False)


def graph_by_borders(
    names: Sequence[str],
    scores: Floats,
    residents: Floats,
    outlines: pl.DataFrame,
    mass: Floats,
    *,
    crs: str,
    minimum: float,
) -> BasinGraph:
    """Neighbours by common border.

    A group of areas cut off from the rest (an island, an exclave) that would not reach the minimum
    by itself is tied to the nearest area outside it; a basin made that way is not contiguous.

    Args:
        names: identifiers of the n areas.
        scores: indices by area and theme, shape (n, themes); NaN where an area has none.
        residents: residents by area, shape (n,).
        outlines: `area_id`, `geom_wkb` of the n areas.
        mass: persons by area, shape (n,).
        crs: projected reference system.
        minimum: least persons of a basin.

    Returns:
        Every area without an index follows the one it shares most border with.
    """
    place = {name: position for position, name in enumerate(names)}
    bordering = contiguous_areas(outlines, crs=crs)
    borders = _positions(bordering, place)
    known = _known(scores)
    if not known.any():
        known = np.ones(len(names), dtype=bool)
        scores = np.zeros((len(names), 1))
    leader = _leaders(known, residents, borders, bordering["shared_m"].to_numpy())
    unit, first = _numbered(leader)
    pairs = _distinct(unit[borders])
    weight = np.bincount(unit, weights=mass, minlength=len(first)).astype(np.float64)
    if _short_group(pairs, weight, minimum) is not None:
        apart = distances(outlines, crs=crs).sort("distance_m", "area_id", "other_id")
        links = unit[_positions(apart, place)]
        pairs = _bridged(pairs, links, weight, minimum)
    return BasinGraph(unit, scores[first], pairs, borders, drawn=True)


def connected(inside: Positions, borders: Positions) -> bool:
    """Whether areas make one piece: a single one does, several where their borders say so.

    Args:
        inside: positions of the areas.
        borders: pairs of positions of bordering areas, shape (b, 2).
    """
    within = borders[np.isin(borders, inside).all(axis=1)]
    reached, waiting = {int(inside[0])}, [int(inside[0])]
    while waiting:
        here = waiting.pop()
        beside = within[(within == here).any(axis=1)].ravel().tolist()
        waiting += [area for area in beside if area not in reached]
        reached |= set(beside)
    return reached == set(inside.tolist())


def _known(scores: Floats) -> NDArray[np.bool_]:
    return np.isfinite(scores).all(axis=1) & (scores.shape[1] > 0)


def _leaders(
    known: NDArray[np.bool_], residents: Floats, borders: Positions, shared: Floats
) -> Positions:
    """The area each one moves with: itself where it has an index."""
    leader = np.where(known, np.arange(known.size), -1)
    longest_first = np.lexsort((*borders.T[::-1], -shared))
    following = True
    while following:
        following = False
        for one, other in borders[longest_first].tolist():
            if (leader[one] < 0) != (leader[other] < 0):
                leader[one] = leader[other] = max(leader[one], leader[other])
                following = True
                break
    least = np.flatnonzero(known)[np.argmin(residents[known])]
    return np.where(leader < 0, least, leader)


def _numbered(leader: Positions) -> tuple[Positions, Positions]:
    first, unit = np.unique(leader, return_inverse=True)
    return unit.astype(np.intp), first.astype(np.intp)


def _positions(pairs: pl.DataFrame, place: dict[str, int]) -> Positions:
    ends = [[place[one], place[other]] for one, other in pairs.select("area_id", "other_id").rows()]
    return np.array(ends, dtype=np.intp).reshape(-1, 2)


def _distinct(pairs: Positions) -> Positions:
    ordered = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return np.unique(ordered, axis=0).reshape(-1, 2)


def _groups(pairs: Positions, n: int) -> Positions:
    graph = sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.intp)


def _short_group(pairs: Positions, weight: Floats, minimum: float) -> Positions | None:
    """Units of a connected group below the minimum; none where every group reaches it."""
    group = _groups(pairs, weight.size)
    total = np.bincount(group, weights=weight)
    short = np.flatnonzero(total < minimum)
    if total.size == 1 or not short.size:
        return None
    return np.flatnonzero(group == short[0])


def _bridged(pairs: Positions, nearest: Positions, weight: Floats, minimum: float) -> Positions:
    while (short := _short_group(pairs, weight, minimum)) is not None:
        leaving = np.isin(nearest, short).sum(axis=1) == 1
        pairs = _distinct(np.vstack([pairs, nearest[leaving][:1]]))
    return pairs
