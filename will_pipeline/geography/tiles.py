"""Schemas of tiles for cities whose areas have no published boundaries.

Only the layout lives here: who may be drawn and in which colour is decided by the atlas.
"""

from itertools import accumulate

import polars as pl

WIDTH = 1000.0
HEIGHT = 620.0
GAP = 6.0
FLOOR_SHARE = 0.2
"""Smallest tile as a share of the mean one, so that a hamlet can still be seen and clicked."""
TARGET_ASPECT = 1.5
"""Width over height that leaves room for a name inside a tile."""

_COLUMNS = ("area_id", "pro_com", "livello", "popolazione")


def tile_schema(areas: pl.DataFrame) -> pl.DataFrame:
    """Draw one tile per area, in rows, in the order of the identifiers.

    The rows are the contiguous partition that brings the tiles closest to `TARGET_ASPECT`, found
    by dynamic programming over all partitions. Keeping the order, as ordered treemaps do (Bederson,
    Shneiderman and Wattenberg, "Ordered and quantum treemaps", ACM Transactions on Graphics, 2002),
    lets a reader find an area by its number. Tiles are proportional to residents, except that no
    tile is smaller than `FLOOR_SHARE` of the mean one.

    Args:
        areas: one row per area with area_id, pro_com, livello and popolazione (persons).

    Returns:
        One row per area, sorted by area_id: area_id, riquadro (viewBox text shared by the areas of
        a city and level), path_svg, etichetta_x, etichetta_y (drawing units), schematica (true).

    Raises:
        ValueError: a column is missing, an identifier repeats or residents are null or negative.
    """
    _check(areas)
    rows: list[dict[str, object]] = []
    ordered = areas.sort("pro_com", "livello", "area_id")
    for _, group in ordered.group_by("pro_com", "livello", maintain_order=True):
        identifiers = group["area_id"].to_list()
        residents = [float(value) for value in group["popolazione"].to_list()]
        for area_id, (left, top, width, height) in zip(
            identifiers, _layout(_sizes(residents)), strict=True
        ):
            rows.append(_tile(area_id, left, top, width, height))
    return pl.DataFrame(
        rows,
        schema={
            "area_id": pl.String,
            "riquadro": pl.String,
            "path_svg": pl.String,
            "etichetta_x": pl.Float64,
            "etichetta_y": pl.Float64,
            "schematica": pl.Boolean,
        },
    ).sort("area_id")


def _check(areas: pl.DataFrame) -> None:
    missing = [column for column in _COLUMNS if column not in areas.columns]
    if missing:
        raise ValueError(f"Schema a tessere: mancano le colonne {', '.join(missing)}.")
    repeated = areas.filter(pl.col("area_id").is_duplicated())["area_id"].unique().sort()
    if len(repeated):
        raise ValueError(f"Schema a tessere: area ripetuta {', '.join(repeated)}.")
    wrong = areas.filter(pl.col("popolazione").is_null() | (pl.col("popolazione") < 0))["area_id"]
    if len(wrong):
        raise ValueError(
            f"Schema a tessere: popolazione vuota o negativa per {', '.join(wrong.sort())}."
        )


def _sizes(residents: list[float]) -> list[float]:
    """Share of the drawing of each area; the floor is taken before shares are made."""
    mean = sum(residents) / len(residents)
    floored = [max(value, FLOOR_SHARE * mean) if mean > 0 else 1.0 for value in residents]
    total = sum(floored)
    return [value / total for value in floored]


def _layout(sizes: list[float]) -> list[tuple[float, float, float, float]]:
    """Left, top, width and height of each tile in the common box."""
    boxes: list[tuple[float, float, float, float]] = []
    top = 0.0
    for start, end in _best_rows(sizes):
        share = sum(sizes[start:end])
        height = share * HEIGHT
        left = 0.0
        for size in sizes[start:end]:
            width = WIDTH * size / share
            boxes.append((left, top, width, height))
            left += width
        top += height
    return boxes


def _best_rows(sizes: list[float]) -> list[tuple[int, int]]:
    """Contiguous rows of least total distortion; ties go to the earlier cut."""
    cumulated = [0.0, *accumulate(sizes)]
    count = len(sizes)
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, count + 1):
        best.append(
            min(
                (
                    best[start][0]
                    + _distortion(sizes[start:end], cumulated[end] - cumulated[start]),
                    start,
                )
                for start in range(end)
            )
        )
    rows: list[tuple[int, int]] = []
    end = count
    while end > 0:
        start = best[end][1]
        rows.append((start, end))
        end = start
    return rows[::-1]


def _distortion(sizes: list[float], share: float) -> float:
    """Sum over a row of how far each tile is from the wanted proportion (1 is perfect)."""
    height = share * HEIGHT
    cost = 0.0
    for size in sizes:
        ratio = WIDTH * size / share / height / TARGET_ASPECT
        cost += max(ratio, 1.0 / ratio) ** 2
    return cost


def _tile(area_id: str, left: float, top: float, width: float, height: float) -> dict[str, object]:
    inset = min(GAP, width / 4, height / 4) / 2
    x0, y0 = round(left + inset, 1), round(top + inset, 1)
    x1, y1 = round(left + width - inset, 1), round(top + height - inset, 1)
    return {
        "area_id": area_id,
        "riquadro": f"0 0 {WIDTH:.0f} {HEIGHT:.0f}",
        "path_svg": f"M{x0} {y0}L{x1} {y0}L{x1} {y1}L{x0} {y1}Z",
        "etichetta_x": round(left + width / 2, 1),
        "etichetta_y": round(top + height / 2, 1),
        "schematica": True,
    }
