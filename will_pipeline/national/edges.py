"""Edges of many polygons as arrays, and which of them are the same edge drawn twice.

Arithmetic on vertices belongs here; what neighbours make of it belongs to `borders`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

Objects = NDArray[np.object_]
Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Flags = NDArray[np.bool_]
Points = NDArray[np.complex128]
Keys = NDArray[np.uint64]

_ODD = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53)


@dataclass(frozen=True)
class Rings:
    """Every ring of n polygons.

    Attributes:
        points: vertices of all rings one after the other, as complex numbers, shape (v,).
        offsets: where each ring begins, and the number of vertices at the end, shape (r + 1,).
        owner: polygon of each ring, growing, shape (r,).
        outer: whether each ring is an outer one, shape (r,); unknown where None, and then rings of
            a polygon that has many have it on their right, as shapefiles must.
    """

    points: Points
    offsets: Places
    owner: Places
    outer: Flags | None


@dataclass(frozen=True)
class Edges:
    """Every edge of n polygons.

    Attributes:
        points: vertices of all rings one after the other, as complex numbers, shape (v,).
        start: vertex an edge begins at, the next one being its end, growing, shape (m,).
        owner: polygon of each edge, shape (m,).
        inward: whether the ring runs with its polygon on the right, shape (m,).
    """

    points: Points
    start: Places
    owner: Places
    inward: Flags

    @cached_property
    def key(self) -> Keys:
        """A number that two edges between the same vertices have in common, shape (m,)."""
        hashed = _hashed(self.points)
        return np.asarray(hashed[self.start] + hashed[self.start + 1])

    def metres(self, chosen: Places) -> Floats:
        """Length of the chosen edges, in the unit of the vertices."""
        start = self.start[chosen]
        run = self.points[start + 1] - self.points[start]
        return np.asarray(np.sqrt(run.real**2 + run.imag**2))

    def ends(self, chosen: Places) -> Floats:
        """Ends of the chosen edges, the smaller first, shape (k, 4)."""
        here, there = self.points[self.start[chosen]], self.points[self.start[chosen] + 1]
        # Complex numbers are ordered by their real part, then by the imaginary one.
        first, last = np.minimum(here, there), np.maximum(here, there)
        return np.column_stack([first.real, first.imag, last.real, last.imag])


@dataclass(frozen=True)
class Matches:
    """Edges that are there twice, and those that are there once.

    Attributes:
        first: one of the two, shape (p,).
        second: the other one, shape (p,).
        alone: edges nobody else has, shape (q,).
        wrong: edges that a coverage cannot have: drawn three times, by one polygon twice, or with
            both polygons on the same side.
    """

    first: Places
    second: Places
    alone: Places
    wrong: Places


def rings_of(shapes: Objects) -> Rings:
    """Take polygons apart into their rings.

    Args:
        shapes: polygons or multipolygons, none empty, shape (n,).
    """
    kind, vertices, offsets = shapely.to_ragged_array(shapes)
    parts = offsets[1].astype(np.intp)
    owner = np.arange(len(shapes))
    if kind == shapely.GeometryType.MULTIPOLYGON:
        owner = np.repeat(owner, np.diff(offsets[2]))
    outer = np.zeros(len(offsets[0]) - 1, dtype=bool)
    outer[parts[:-1]] = True
    # Zero has two signs, and only one of them may be hashed.
    points = (np.ascontiguousarray(vertices, dtype=np.float64) + 0.0).view(np.complex128)[:, 0]
    return Rings(points, offsets[0].astype(np.intp), np.repeat(owner, np.diff(parts)), outer)


def edges_of(rings: Rings) -> Edges:
    """Take rings apart into their edges, in their order; those without length are left out."""
    points, offsets = rings.points, rings.offsets
    run = np.ones(len(points), dtype=bool)
    run[:-1] = points[1:] != points[:-1]
    run[offsets[1:] - 1] = False
    inward = _clockwise(points, offsets)
    inward = inward == rings.outer if rings.outer is not None else _right_sided(rings, inward)
    size = np.add.reduceat(run, offsets[:-1], dtype=np.intp)
    owner = np.repeat(rings.owner, size)
    return Edges(points, np.flatnonzero(run), owner, np.repeat(inward, size))


def _right_sided(rings: Rings, clockwise: Flags) -> Flags:
    """Side of the polygon of each ring: a polygon of many rings is taken to follow the rule."""
    return clockwise | (np.bincount(rings.owner)[rings.owner] > 1)


def matched(edges: Edges) -> Matches:
    """Find the edges that are between the same two vertices.

    Keys of 64 bits are sorted, and the edges of equal keys compared.

    Args:
        edges: edges of polygons.

    Returns:
        Pairs in the order of the first edge, which comes before the second.
    """
    order = np.argsort(edges.key)
    key = edges.key[order]
    equal = key[1:] == key[:-1]
    partner = np.full(len(order), -1)
    one, other = order[:-1][equal], order[1:][equal]
    partner[np.minimum(one, other)] = np.maximum(one, other)
    first = np.flatnonzero(partner >= 0)
    second = partner[first]
    # One end compared is enough: the other is in the key, and few edges leave a vertex.
    here, start = edges.points[edges.start[first]], edges.start[second]
    along = here == edges.points[start]
    same = along | (here == edges.points[start + 1])
    first, second, along = first[same], second[same], along[same]
    facing = along != (edges.inward[first] == edges.inward[second])
    bad = ~facing | (edges.owner[first] == edges.owner[second])
    thrice = np.append(False, equal) & np.append(equal, False)
    shared = np.zeros(len(order), dtype=bool)
    shared[first] = shared[second] = True
    wrong = np.unique(np.concatenate([order[thrice], first[bad], second[bad]]))
    return Matches(first, second, np.flatnonzero(~shared), wrong)


def _clockwise(points: Points, rings: Places) -> Flags:
    x, y = points.real - points[0].real, points.imag - points[0].imag
    twice = np.zeros(len(points))
    twice[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]
    twice[rings[1:] - 1] = 0.0
    return np.asarray(np.add.reduceat(twice, rings[:-1]) < 0)


def _hashed(points: Points) -> Keys:
    bits = points.view(np.uint64).reshape(-1, 2)
    with np.errstate(over="ignore"):
        mixed = bits[:, 0] * np.uint64(_ODD[0])
        mixed ^= mixed >> np.uint64(32)
        mixed += bits[:, 1] * np.uint64(_ODD[1])
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(_ODD[2])
        mixed ^= mixed >> np.uint64(32)
        mixed *= np.uint64(_ODD[3])
        mixed ^= mixed >> np.uint64(29)
    return np.asarray(mixed)
