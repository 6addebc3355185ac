"""Grouping of neighbouring areas into basins that reach a minimum mass of persons.

Neighbours are pairs of positions: shared borders where there is geometry, or the closest profiles
of the same city where there is none.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import kneighbors_graph

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.grouping import known_labels

Positions = NDArray[np.intp]

NEIGHBOURS = 4
GAIN = 1e-9
SUM_SLACK = 1e-9


@dataclass(frozen=True)
class Basins:
    """A complete partition of areas into connected basins above the minimum mass.

    `label` has shape (n,), numbered from 0 by decreasing mass; `mass` (persons) and `areas` have
    shape (basins,). `within` is the sum of squared distances of profiles from their basin's mean,
    in standardised units.
    """

    label: Positions
    mass: FloatArray
    areas: Positions
    within: float


@dataclass
class _Basin:
    """State of a basin while it grows: members, mass, sum of profiles, neighbouring basins."""

    members: set[int]
    mass: float
    total: FloatArray
    around: set[int]

    @property
    def mean(self) -> FloatArray:
        return self.total / len(self.members)


def demand_basins(
    profile: ArrayLike, mass: ArrayLike, neighbours: ArrayLike, *, minimum: float
) -> Basins:
    """Aggregate neighbouring areas until every basin has a minimum mass.

    Connectivity-constrained agglomeration: while a basin is below `minimum`, the lightest one is
    merged with the neighbour of least Ward cost |A||B| / (|A| + |B|) |mean_A - mean_B|^2 among the
    neighbours that are below the minimum too, or among all where none is (so that basins stay as
    many as possible). Border areas then move to a neighbouring basin as long as the sum of squares
    falls, the basin they leave stays connected and both stay above the minimum. Ties are broken by
    mass and profile, never by the order of the rows.

    Args:
        profile: Indicators by area, shape (n, m); standardised here, where constant columns
            carry nothing.
        mass: Expected persons per area, shape (n,), not negative.
        neighbours: Pairs of positions of neighbouring areas, integers of shape (p, 2).
        minimum: Least mass of a basin, persons, above zero (met to a relative 1e-9).

    Returns:
        The basins.

    Raises:
        InvalidInput: If arrays are malformed, lengths differ, a pair is no pair of positions, or a
            connected group of areas is lighter than `minimum` (no basin there could reach it).

    Source:
        Ward (1963), Journal of the American Statistical Association 58; Duque, Anselin and Rey
        (2012), The max-p-regions problem, Journal of Regional Science 52(3); Openshaw and Rao
        (1995), Environment and Planning A 27, for the exchange of border areas.
    """
    z = _standardised(checks.real_matrix(profile, argument="profile"))
    persons = checks.counts(mass, argument="mass")
    checks.same_length(profile=z, mass=persons)
    if not np.isfinite(minimum) or minimum <= 0:
        raise InvalidInput("minimum", f"must be above zero, found {minimum!r}")
    pairs = _pairs(neighbours, len(z))
    _reachable(pairs, persons, minimum)
    order = np.lexsort((*z.T[::-1], persons))
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    # Fractions added in another order may miss a minimum they reach exactly.
    least = minimum * (1.0 - SUM_SLACK)
    basins = _agglomerate(z[order], persons[order], rank[pairs], least)
    around = _adjacency(rank[pairs], order.size)
    _exchange(basins, z[order], persons[order], around, least)
    label = np.empty(order.size, dtype=np.intp)
    for number, basin in enumerate(
        sorted(basins.values(), key=lambda b: (-b.mass, min(b.members)))
    ):
        label[order[sorted(basin.members)]] = number
    return Basins(
        label=label,
        mass=np.bincount(label, weights=persons).astype(np.float64),
        areas=np.bincount(label),
        within=_within(z, label),
    )


def profile_neighbours(
    profile: ArrayLike, *, groups: ArrayLike, neighbours: int = NEIGHBOURS
) -> Positions:
    """Neighbours in profile space, for cities without geometry.

    Each area is tied to its `neighbours` closest areas of the same group (Euclidean distance of
    standardised indicators), and to what else the minimum spanning tree of the group needs for the
    group to be connected. Areas of different groups are never tied.

    Args:
        profile: Indicators by area, shape (n, m).
        groups: City of each area, any sortable labels, shape (n,).
        neighbours: Closest areas each area is tied to, at least 1.

    Returns:
        Pairs of positions, each once with the smaller position first, shape (p, 2).

    Raises:
        InvalidInput: If the profile is malformed, a group is missing, lengths differ, or
            `neighbours` is below 1.

    Source:
        Maier, Hein and von Luxburg (2009), Theoretical Computer Science 410, on k-nearest-neighbour
        graphs; Assuncao, Neves, Camara and Freitas (2006), SKATER, International Journal of
        Geographical Information Science 20(7), on spanning trees of profiles.
    """
    z = _standardised(checks.real_matrix(profile, argument="profile"))
    cities = known_labels(groups, argument="groups")
    checks.same_length(profile=z, groups=cities)
    if neighbours < 1:
        raise InvalidInput("neighbours", f"must be at least 1, found {neighbours!r}")
    found = [np.empty((0, 2), dtype=np.intp)]
    for city in np.unique(cities):
        inside = np.flatnonzero(cities == city)
        if inside.size > 1:
            found.append(inside[_tied(z[inside], min(neighbours, inside.size - 1))])
    return np.unique(np.sort(np.vstack(found), axis=1), axis=0)


def _tied(z: FloatArray, neighbours: int) -> Positions:
    nearest = kneighbors_graph(z, neighbours, mode="connectivity").tocoo()
    # A shift keeps pairs of identical profiles, whose distance of 0 would read as no edge.
    tree = minimum_spanning_tree(pairwise_distances(z) + 1.0).tocoo()
    rows = np.concatenate([nearest.row, tree.row])
    columns = np.concatenate([nearest.col, tree.col])
    return np.column_stack([rows, columns]).astype(np.intp)


def _agglomerate(
    z: FloatArray, mass: FloatArray, pairs: Positions, minimum: float
) -> dict[int, _Basin]:
    around = _adjacency(pairs, len(z))
    basins = {i: _Basin({i}, float(mass[i]), z[i].copy(), set(around[i])) for i in range(len(z))}
    light = [(basin.mass, name) for name, basin in basins.items() if basin.mass < minimum]
    heapq.heapify(light)
    while light:
        weight, name = heapq.heappop(light)
        if name not in basins or basins[name].mass != weight:
            continue
        partner = _partner(basins, name, minimum)
        _merge(basins, name, partner)
        if basins[name].mass < minimum:
            heapq.heappush(light, (basins[name].mass, name))
    return basins


def _partner(basins: dict[int, _Basin], name: int, minimum: float) -> int:
    basin = basins[name]
    wanting = [other for other in basin.around if basins[other].mass < minimum]
    return min(wanting or basin.around, key=lambda other: (_ward_cost(basin, basins[other]), other))


def _ward_cost(one: _Basin, other: _Basin) -> float:
    a, b = len(one.members), len(other.members)
    return float(a * b / (a + b) * ((one.mean - other.mean) ** 2).sum())


def _merge(basins: dict[int, _Basin], name: int, partner: int) -> None:
    kept, gone = basins[name], basins.pop(partner)
    kept.members |= gone.members
    kept.mass += gone.mass
    kept.total += gone.total
    for other in gone.around - {name}:
        basins[other].around.discard(partner)
        basins[other].around.add(name)
    kept.around = (kept.around | gone.around) - {name, partner}


def _exchange(
    basins: dict[int, _Basin],
    z: FloatArray,
    mass: FloatArray,
    around: list[set[int]],
    minimum: float,
) -> None:
    """Move border areas while it lowers the sum of squares; each move lowers it, so it ends."""
    home = {area: name for name, basin in basins.items() for area in basin.members}
    moved = True
    while moved:
        moved = False
        for area in range(len(z)):
            source = basins[home[area]]
            targets = sorted({home[other] for other in around[area]} - {home[area]})
            if not targets or source.mass - mass[area] < minimum or len(source.members) == 1:
                continue
            gain, best = max((_gain(z[area], source, basins[name]), -name) for name in targets)
            if gain <= GAIN or not _stays_connected(source.members - {area}, around):
                continue
            _move(area, source, basins[-best], z[area], float(mass[area]))
            home[area] = -best
            moved = True


def _gain(point: FloatArray, source: _Basin, target: _Basin) -> float:
    """Fall of the sum of squares when a point leaves one basin for another (Hartigan 1975)."""
    a, b = len(source.members), len(target.members)
    leaving = a / (a - 1) * ((point - source.mean) ** 2).sum()
    joining = b / (b + 1) * ((point - target.mean) ** 2).sum()
    return float(leaving - joining)


def _move(area: int, source: _Basin, target: _Basin, point: FloatArray, mass: float) -> None:
    source.members.discard(area)
    target.members.add(area)
    source.mass, target.mass = source.mass - mass, target.mass + mass
    source.total, target.total = source.total - point, target.total + point


def _stays_connected(members: set[int], around: list[set[int]]) -> bool:
    start = min(members)
    seen, queue = {start}, [start]
    while queue:
        for other in around[queue.pop()] & members - seen:
            seen.add(other)
            queue.append(other)
    return len(seen) == len(members)


def _adjacency(pairs: Positions, n: int) -> list[set[int]]:
    around: list[set[int]] = [set() for _ in range(n)]
    edges: Iterable[list[int]] = pairs.tolist()
    for one, other in edges:
        if one != other:
            around[one].add(other)
            around[other].add(one)
    return around


def _pairs(neighbours: ArrayLike, n: int) -> Positions:
    pairs = np.asarray(neighbours)
    if pairs.size == 0:
        return np.empty((0, 2), dtype=np.intp)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise InvalidInput("neighbours", "must be pairs of whole numbers, shape (p, 2)")
    wrong = np.argwhere((pairs < 0) | (pairs >= n))
    if wrong.size:
        position = tuple(int(i) for i in wrong[0])
        raise InvalidInput("neighbours", f"must be a position below {n}", position)
    return pairs.astype(np.intp)


def _reachable(pairs: Positions, mass: FloatArray, minimum: float) -> None:
    n = mass.size
    graph = sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    component = connected_components(graph, directed=False)[1]
    total = np.bincount(component, weights=mass)
    short = np.flatnonzero(total[component] < minimum * (1.0 - SUM_SLACK))
    if short.size:
        reached = float(total[component[short[0]]])
        raise InvalidInput(
            "mass",
            f"its connected areas add up to {reached!r}, below {minimum!r}",
            (int(short[0]),),
        )


def _standardised(values: FloatArray) -> FloatArray:
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def _within(z: FloatArray, label: Positions) -> float:
    members = np.bincount(label).astype(np.float64)
    sums = np.zeros((members.size, z.shape[1]))
    np.add.at(sums, label, z)
    return float(((z - (sums / members[:, None])[label]) ** 2).sum())
