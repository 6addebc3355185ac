"""Towns drawn as grids of sections, for the tests of coverage, contiguity and bridges."""

from __future__ import annotations

import numpy as np
import polars as pl
import shapely

from will_pipeline.geography.coverage import geographic

WEST_M, SOUTH_M, SIDE_M = 600_000.0, 4_960_000.0, 250.0


def wkb(*shapes: shapely.Geometry) -> list[bytes]:
    """WKB in degrees of shapes in metres from the corner of the town."""
    moved = shapely.transform(
        np.array(shapes, dtype=object), lambda xy: xy + np.array([WEST_M, SOUTH_M])
    )
    return list(shapely.to_wkb(geographic(moved)))


def town(columns: int, rows: int, *, shift: float = 0.0) -> pl.DataFrame:
    """Sections of a grid whose corners are moved by up to `shift` metres: no border is straight."""
    moved = np.random.default_rng(7).uniform(-shift, shift, (columns + 1, rows + 1, 2))
    x, y = np.meshgrid(np.arange(columns + 1), np.arange(rows + 1), indexing="ij")
    corner = np.stack([x, y], axis=2) * SIDE_M + moved
    cells = [
        shapely.Polygon([corner[i, j], corner[i + 1, j], corner[i + 1, j + 1], corner[i, j + 1]])
        for i in range(columns)
        for j in range(rows)
    ]
    names = [f"s{i:02d}{j:02d}" for i in range(columns) for j in range(rows)]
    return pl.DataFrame({"polygon_id": names, "geom_wkb": wkb(*cells)})
