"""How well the places are placed: look-ups of addresses and points outside the areas, counted.

What belongs here is the counting of outcomes; finding a place belongs to the geography.
"""

from __future__ import annotations

import polars as pl

PER_HUNDRED, DECIMALS = 100.0, 4
POINTS = {"C": "punto_comune", "Q": "punto_quartiere", "A": "punto_area_censimento"}
_CELL = ["pro_com", "source_id", "measure"]


def place_quality_rows(
    places: pl.DataFrame, positions: pl.DataFrame, placed: pl.DataFrame
) -> pl.DataFrame:
    """Rows of `qualita_presidi`.

    Args:
        places: result of `places.with_positions`.
        positions: rows of `core.place_position`.
        placed: result of `places.place_areas` on the same places.

    Returns:
        One row per municipality, source, measure and outcome met, with its places and their share
        of those the measure counts: the match rate of addresses, and the points inside, near and
        outside the areas of each level that is drawn.
    """
    named = places.select("place_id", "pro_com", "source_id")
    points = placed.filter(pl.col("position").is_not_null()).join(named, on="place_id")
    outcomes = pl.concat(
        [
            places.select(
                "pro_com", "source_id", measure=pl.lit("coordinate"), outcome="located_by"
            ),
            positions.select(
                "pro_com", "source_id", pl.lit("indirizzo").alias("measure"), "outcome"
            ),
            points.select(
                "pro_com",
                "source_id",
                measure=pl.col("level").replace_strict(POINTS),
                outcome="position",
            ),
        ]
    )
    counted = outcomes.group_by(*_CELL, "outcome").agg(number=pl.len().cast(pl.Int32))
    share = PER_HUNDRED * pl.col("number") / pl.col("number").sum().over(_CELL)
    return counted.select(
        "pro_com",
        fonte_id="source_id",
        misura="measure",
        esito="outcome",
        numero="number",
        quota=share.round(DECIMALS),
    ).sort("pro_com", "fonte_id", "misura", "esito")
