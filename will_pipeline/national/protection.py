"""Which rates of the country stay hidden so that nobody gets a small group back by subtraction.

A rate is an exact fraction, so whoever reads it may work out the counts behind it: nothing here
relies on counts being unknown, only on which areas are shown.
"""

from __future__ import annotations

import polars as pl

from will_pipeline.indicators.specification import LEAST_RESIDENTS
from will_pipeline.national.formulas import GIVEN, RATE, SMALL

SHIELD = "oscurato_secondario"
"""State of an area hidden for the sake of another."""
_TOWN, _AREA = "C", "A"


def protected(table: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    """Hide one more area where a municipality minus its shown areas is a small group.

    What a municipality has beyond its shown areas is its hidden ones and who counts in no area
    (fictitious sections). Where they are more than none and fewer than the floor, or one hidden
    area only, the smallest shown area joins them. A shown area has at least the floor of residents,
    so that one is always enough.

    Args:
        table: result of `formulas.rates`.
        areas: `area_id` and residents (`P1`) of the same areas.

    Returns:
        The table in its order, the areas so hidden with state `oscurato_secondario` and no rate.

    Source:
        Hundepool et al. (2012), Statistical Disclosure Control, Wiley (secondary suppression).
    """
    known = table.select("area_id", "pro_com", "level", "stato").join(
        areas.select("area_id", residents="P1"), on="area_id"
    )
    inside = known.filter(pl.col("level") == _AREA)
    shown, small = inside.filter(stato=GIVEN), inside.filter(stato=SMALL)
    # An area where nobody lives is no group.
    small = small.filter(pl.col("residents") > 0)
    towns = (
        known.filter(pl.col("level") == _TOWN, pl.col("stato") == GIVEN)
        .join(
            shown.group_by("pro_com").agg(told=pl.col("residents").sum()), on="pro_com", how="inner"
        )
        .join(small.group_by("pro_com").agg(small=pl.len()), on="pro_com", how="left")
        .with_columns(rest=pl.col("residents") - pl.col("told"))
        .filter(pl.col("rest") > 0)
        .filter((pl.col("rest") < LEAST_RESIDENTS) | (pl.col("small") == 1).fill_null(value=False))
    )
    shields = (
        shown.join(towns, on="pro_com", how="semi")
        .sort("pro_com", "residents", "area_id")
        .unique("pro_com", keep="first", maintain_order=True)["area_id"]
    )
    shield = pl.col("area_id").is_in(shields.implode())
    rates = [name for name in table.columns if name.startswith(RATE)]
    return table.with_columns(
        pl.when(shield).then(pl.lit(SHIELD)).otherwise("stato").alias("stato"),
        *(pl.when(~shield).then(name).alias(name) for name in rates),
    )
