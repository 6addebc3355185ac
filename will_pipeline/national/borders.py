"""Which polygons border on each other and for how long, for hundreds of thousands of polygons.

Neighbours by a common line (rook) belong here, also where the drawing is no valid coverage; the
areas of a city, few and checked before, have `will_pipeline.geography.contiguity`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from will_pipeline.national.edges import (
    Edges,
    Flags,
    Floats,
    Matches,
    Objects,
    Places,
    Rings,
    edges_of,
    matched,
    rings_of,
)

TOLERANCE_M = 0.01
"""Metres within which two lines are the same border, where vertices do not match."""
LEAST_LINE = 10 * TOLERANCE_M
"""Metres from which an approximate border is a line and not a corner."""
_MIDDLE = 0.1


@dataclass(frozen=True)
class Borders:
    """Common borders of n polygons.

    Attributes:
        first: one neighbour, the smaller position, shape (p,).
        second: the other one, shape (p,).
        metres: length of their common border, shape (p,).
        outer: edges nobody shares, as positions in `edges`.
        edges: all edges.
        mended: polygons whose borders do not match vertex by vertex or that are not valid: their
            neighbours were found by distance and intersection instead, shape (n,).
    """

    first: Places
    second: Places
    metres: Floats
    outer: Places
    edges: Edges
    mended: Flags


def common_borders(shapes: Objects, *, rings: Rings | None = None) -> Borders:
    """Find which polygons share a line, and its length.

    Edges are matched by a hash of their vertices, which is exact on a coverage. Whatever a
    coverage cannot have is then looked for: an edge used three times or from one side twice, an
    edge nobody shares that runs on or inside another polygon, an invalid polygon with an edge
    nobody shares (one whose edges are all shared has the borders that its neighbours say). Only
    the polygons concerned are compared again, by a tree of boxes and by intersections within
    `TOLERANCE_M`; their lengths are then right to a few centimetres.

    Args:
        shapes: polygons, in metres, shape (n,).
        rings: their rings, where those are at hand already.

    Returns:
        Pairs sorted by position.

    Source:
        Cliff and Ord (1981), Spatial Processes, Pion (rook contiguity); Leutenegger, Edgington and
        Lopez (1997), STR: a simple and efficient algorithm for R-tree packing, ICDE.
    """
    edges = edges_of(rings_of(shapes) if rings is None else rings)
    found = matched(edges)
    mended = np.zeros(len(shapes), dtype=bool)
    mended[edges.owner[found.wrong]] = True
    open_to_doubt = np.unique(edges.owner[found.alone])
    mended[open_to_doubt] |= ~shapely.is_valid(shapes[open_to_doubt])
    _mark_unmatched(shapes, edges, found, mended)
    first, second, metres = _by_edges(edges, found, len(shapes))
    if mended.any():
        exact = ~(mended[first] | mended[second])
        more = _by_distance(shapes, mended)
        first, second, metres = (
            np.concatenate([mine[exact], other])
            for mine, other in zip((first, second, metres), more, strict=True)
        )
        order = np.lexsort((second, first))
        first, second, metres = first[order], second[order], metres[order]
    return Borders(first, second, metres, found.alone, edges, mended)


def _by_edges(edges: Edges, found: Matches, count: int) -> tuple[Places, Places, Floats]:
    one, other = edges.owner[found.first], edges.owner[found.second]
    pair = np.minimum(one, other) * count + np.maximum(one, other)
    # Edges of one border follow each other along a ring: few runs are left to sort.
    pair, metres = _runs(pair, edges.metres(found.first))
    order = np.argsort(pair, kind="stable")
    pair, metres = _runs(pair[order], metres[order])
    first, second = np.divmod(pair, count)
    # An edge of a polygon with itself is no border.
    apart = first != second
    return first[apart], second[apart], metres[apart]


def _runs(pair: Places, metres: Floats) -> tuple[Places, Floats]:
    """Add up what follows itself."""
    if not len(pair):
        return pair, metres
    starts = np.flatnonzero(np.append(True, pair[1:] != pair[:-1]))
    return pair[starts], np.add.reduceat(metres, starts)


def _mark_unmatched(shapes: Objects, edges: Edges, found: Matches, mended: Flags) -> None:
    """Mark the polygons of an unshared edge that runs on or inside another one, and the other."""
    if not len(found.alone):
        return
    start = edges.start[found.alone]
    here, there = edges.points[start], edges.points[start + 1]
    inner = np.stack([here + _MIDDLE * (there - here), there + _MIDDLE * (here - there)], axis=1)
    middle = shapely.linestrings(np.stack([inner.real, inner.imag], axis=-1))
    line, other = shapely.STRtree(shapes).query(middle, predicate="dwithin", distance=TOLERANCE_M)
    owner = edges.owner[found.alone][line]
    foreign = owner != other
    mended[owner[foreign]] = True
    mended[other[foreign]] = True


def _by_distance(shapes: Objects, mended: Flags) -> tuple[Places, Places, Floats]:
    """Common borders of the polygons to mend, by intersections of boundaries and surfaces."""
    asked = np.flatnonzero(mended)
    one, other = shapely.STRtree(shapes).query(
        shapes[asked], predicate="dwithin", distance=TOLERANCE_M
    )
    one = asked[one]
    # Two polygons to mend find each other twice.
    once = (one != other) & (~mended[other] | (one < other))
    first, second = np.minimum(one, other)[once], np.maximum(one, other)[once]
    needed, place = np.unique(np.append(first, second), return_inverse=True)
    good = shapes[needed].copy()
    broken = ~shapely.is_valid(good)
    good[broken] = shapely.make_valid(good[broken], method="structure", keep_collapsed=False)
    # Mitred corners: a round one would add vertices without adding truth.
    wide = shapely.buffer(good, TOLERANCE_M, join_style="mitre")
    line = shapely.boundary(good)
    a, b = place[: len(first)], place[len(first) :]
    metres = (
        shapely.length(shapely.intersection(line[a], wide[b]))
        + shapely.length(shapely.intersection(line[b], wide[a]))
    ) / 2
    kept = metres >= LEAST_LINE
    return first[kept], second[kept], np.asarray(metres[kept], dtype=np.float64)
