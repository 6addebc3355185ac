"""What is learnt from the census areas of all Italy, outside the cities.

Nothing here looks at a single city; the cities' estimators use what it returns.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from will_pipeline.indicators.areas import evaluate
from will_pipeline.indicators.kinds import NetOfStructure

POOL_LEAST_RESIDENTS = 1_000


def structure_slope(specification: NetOfStructure, pool: pl.DataFrame) -> tuple[float, float]:
    """Slope of the rate on the share of the structure group, and its standard error.

    Weighted least squares on deviations from the municipality's mean, over Italian census areas
    of at least 1,000 residents; errors clustered by municipality (Liang and Zeger 1986).
    """
    table = pl.DataFrame(
        {
            "pro_com": pool["pro_com"],
            "rate": evaluate(pool, specification.numerator)
            / np.maximum(evaluate(pool, specification.denominator), 1.0),
            "share": evaluate(pool, specification.structure)
            / np.maximum(evaluate(pool, specification.structure_base), 1.0),
            "weight": evaluate(pool, specification.denominator),
            "residents": evaluate(pool, "P1"),
        }
    ).filter(pl.col("residents") >= POOL_LEAST_RESIDENTS)

    def deviation(name: str) -> pl.Expr:
        mean = (pl.col(name) * pl.col("weight")).sum() / pl.col("weight").sum()
        return (pl.col(name) - mean).over("pro_com")

    within = table.select("pro_com", "weight", y=deviation("rate"), x=deviation("share"))
    spread = within.select((pl.col("weight") * pl.col("x") ** 2).sum()).item()
    slope = within.select((pl.col("weight") * pl.col("x") * pl.col("y")).sum()).item() / spread
    scores = within.group_by("pro_com").agg(
        (pl.col("weight") * pl.col("x") * (pl.col("y") - slope * pl.col("x"))).sum().alias("score")
    )
    variation = float((scores["score"] ** 2).to_numpy().sum())
    return float(slope), float(np.sqrt(variation) / spread)
