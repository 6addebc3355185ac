"""Borders between areas of different regions, from the edges that each region leaves over.

Regions are read one at a time; what belongs here is the sewing of their outlines.
"""

from __future__ import annotations

import polars as pl
import shapely

from will_pipeline.national.borders import LEAST_LINE, TOLERANCE_M

ENDS = ("x0", "y0", "x1", "y1")
_MIDDLE = 0.1


def links_across(outer: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Areas of different regions with a common border, and its length.

    Edges with the same ends are a common border. What is left is compared by distance, where two
    regions draw the same line with other vertices.

    Args:
        outer: `region`, `area_id`, `x0`, `y0`, `x1`, `y1` (metres) of every region.

    Returns:
        `area_id`, `other_id` (the smaller first), `metres`, sorted; and how many edges only
        distance could match.
    """
    rows = outer.sort("area_id", *ENDS)
    exact = rows.join(rows, on=list(ENDS), suffix="_other").filter(
        pl.col("region") < pl.col("region_other")
    )
    length = ((pl.col("x1") - pl.col("x0")) ** 2 + (pl.col("y1") - pl.col("y0")) ** 2).sqrt()
    first = exact.sort("area_id", "area_id_other", *ENDS).select(
        "area_id", other_id="area_id_other", metres=length
    )
    left = rows.join(exact, on=list(ENDS), how="anti", maintain_order="left")
    near, touched = _by_distance(left)
    return (
        pl.concat([first, near])
        .select(
            pl.min_horizontal("area_id", "other_id").alias("area_id"),
            pl.max_horizontal("area_id", "other_id").alias("other_id"),
            "metres",
        )
        .group_by("area_id", "other_id", maintain_order=True)
        .agg(pl.col("metres").sum())
        .sort("area_id", "other_id")
    ), touched


def _by_distance(rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    ends = rows.select(ENDS).to_numpy().reshape(-1, 2, 2)
    lines = shapely.linestrings(ends)
    run = ends[:, 1] - ends[:, 0]
    middle = shapely.linestrings(ends + _MIDDLE * (run[:, None] * [[[1.0], [-1.0]]]))
    one, other = shapely.STRtree(lines).query(middle, predicate="dwithin", distance=TOLERANCE_M)
    region = rows["region"].to_numpy()
    one, other = one[region[one] != region[other]], other[region[one] != region[other]]
    low, high = (
        zip(
            *sorted({(min(p), max(p)) for p in zip(one.tolist(), other.tolist(), strict=True)}),
            strict=True,
        )
        if len(one)
        else ((), ())
    )
    wide = shapely.buffer(lines[list(high)], TOLERANCE_M, cap_style="flat")
    metres = shapely.length(shapely.intersection(lines[list(low)], wide))
    found = pl.DataFrame(
        {
            "area_id": rows["area_id"].gather(list(low)),
            "other_id": rows["area_id"].gather(list(high)),
            "metres": metres,
        },
        schema={"area_id": pl.String, "other_id": pl.String, "metres": pl.Float64},
    )
    return found.filter(pl.col("metres") >= LEAST_LINE), len({*low, *high})
