"""The land of an invented country: sections as a valid coverage, municipalities and regions on it.

Every border is drawn once and used by both its sides, to the last bit; who lives in a section is
the matter of `people`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]

SHARES = {
    "01": 0.090,
    "02": 0.005,
    "03": 0.132,
    "04": 0.027,
    "05": 0.084,
    "06": 0.022,
    "07": 0.030,
    "08": 0.095,
    "09": 0.072,
    "10": 0.019,
    "11": 0.031,
    "12": 0.075,
    "13": 0.033,
    "14": 0.009,
    "15": 0.068,
    "16": 0.055,
    "17": 0.013,
    "18": 0.034,
    "19": 0.090,
    "20": 0.016,
}
"""About what part of the country's sections each region has."""
SECTIONS_PER_MUNICIPALITY = 50
SPREAD = 1.1
"""Standard deviation of the logarithm of the sections of a municipality."""
DIVIDED_FROM, SECTIONS_PER_AREA = 200, 110
"""Sections from which a municipality has census areas, and how many each has."""
SMALL = 50_000
"""Sections under which a country has smaller areas, so as to have any."""
POINTS = 5
"""Vertices inside each of the six borders of a section: 36 vertices a polygon."""
SIDE_M = 250.0
ORIGIN = np.array([350_000.0, 4_050_000.0])
JITTER = 0.18
WIGGLE = 0.02


@dataclass(frozen=True)
class Land:
    """Sections of a country, in the order of their cells; every field has one row a section.

    `region` is the position of the region in `SHARES`, `municipality` and `area` count from 0 over
    the country and inside the municipality (-1 where it has no census areas), `x` and `y` are
    the cell's place between 0 and 1.
    """

    rows: int
    columns: int
    cell: Whole
    region: Whole
    municipality: Whole
    area: Whole
    x: Floats
    y: Floats
    seed: int


def country(sections: int, *, seed: int) -> Land:
    """Lay out a country of so many sections."""
    generator = np.random.default_rng([seed, 1])
    shrink = 1 if sections >= SMALL else 4
    columns = int(np.ceil(np.sqrt(sections * 0.7)))
    rows = int(np.ceil(sections / columns))
    cell = np.arange(sections)
    row, column = cell // columns, cell % columns
    x, y = (column + 0.5 * (row % 2)) / columns, row / rows
    weights = np.array(list(SHARES.values()))
    region = split(x, y, _sizes(weights, sections))
    municipality, area = np.empty(sections, dtype=np.int64), np.full(sections, -1)
    known = 0
    for number in range(len(SHARES)):
        members = np.flatnonzero(region == number)
        towns = max(1, round(len(members) / SECTIONS_PER_MUNICIPALITY))
        drawn = np.exp(generator.normal(0, SPREAD, towns))
        municipality[members] = known + split(x[members], y[members], _sizes(drawn, len(members)))
        known += towns
    order = np.argsort(municipality, kind="stable")
    starts = np.searchsorted(municipality[order], np.arange(known + 1))
    for first, last in pairwise(starts.tolist()):
        members = order[first:last]
        if len(members) >= DIVIDED_FROM // shrink:
            parts = np.ones(round(len(members) * shrink / SECTIONS_PER_AREA))
            area[members] = split(x[members], y[members], _sizes(parts, len(members)))
    return Land(rows, columns, cell, region, municipality, area, x, y, seed)


def split(x: Floats, y: Floats, sizes: Whole) -> Whole:
    """Cut points into compact groups of the given sizes, by halving along the longer side."""
    label = np.empty(len(x), dtype=np.int64)
    waiting = [(np.arange(len(x)), 0, len(sizes))]
    before = np.concatenate([[0], np.cumsum(sizes)])
    while waiting:
        members, first, last = waiting.pop()
        if last - first == 1:
            label[members] = first
            continue
        along = x if np.ptp(x[members]) >= np.ptp(y[members]) else y
        across = y if along is x else x
        middle = (first + last) // 2
        cut = before[middle] - before[first]
        order = members[np.lexsort((across[members], along[members]))]
        waiting += [(order[:cut], first, middle), (order[cut:], middle, last)]
    return label


def _sizes(weights: Floats, total: int) -> Whole:
    """Whole parts of a total, at least one each, as the weights say."""
    ends = np.round(np.cumsum(weights) / weights.sum() * (total - len(weights)))
    return np.diff(np.concatenate([[0], ends])).astype(np.int64) + 1


class Borders:
    """Every border between the sections of a land, drawn once."""

    def __init__(self, land: Land) -> None:
        generator = np.random.default_rng([land.seed, 2])
        nodes = 2 * land.columns + 2
        lines = land.rows + 1
        place = np.stack(
            np.broadcast_arrays(0.5 * np.arange(nodes)[None, :], np.arange(lines)[:, None]), axis=-1
        ) + generator.uniform(-JITTER, JITTER, (lines, nodes, 2)) * [0.5, 1.0]
        self._land = land
        self._flat = _wiggled(place[:, :-1], place[:, 1:], generator)
        self._upright = _wiggled(place[:-1], place[1:], generator)

    def polygons(self, chosen: Whole) -> NDArray[np.object_]:
        """Polygons of the chosen sections, in metres, exterior rings clockwise."""
        cell = self._land.cell[chosen]
        row, column = cell // self._land.columns, cell % self._land.columns
        left = 2 * column + row % 2
        ring = np.concatenate(
            [
                self._upright[row, left][:, :-1],
                self._flat[row + 1, left][:, :-1],
                self._flat[row + 1, left + 1][:, :-1],
                self._upright[row, left + 2][:, :0:-1],
                self._flat[row, left + 1][:, :0:-1],
                self._flat[row, left][:, :0:-1],
            ],
            axis=1,
        )
        closed = np.concatenate([ring, ring[:, :1]], axis=1)
        return np.asarray(shapely.polygons(closed), dtype=object)


def _wiggled(here: Floats, there: Floats, generator: np.random.Generator) -> Floats:
    """Lines between nodes with points inside, in metres to the millimetre."""
    share = np.linspace(0, 1, POINTS + 2)[:, None]
    line = here[..., None, :] * (1 - share) + there[..., None, :] * share
    line[..., 1:-1, :] += generator.uniform(-WIGGLE, WIGGLE, line[..., 1:-1, :].shape)
    return np.asarray((ORIGIN + SIDE_M * line).round(3))
