"""The counts of areas that estimators work on, and arithmetic over their codes.

An `AreaCounts` is the harmonised census table seen as named arrays; it checks once what every
estimator relies on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
MUNICIPALITY_LEVEL = "C"


@dataclass(frozen=True)
class AreaCounts:
    """Counts of n areas: one row per area with `area_id`, `pro_com`, `level` and ISTAT's codes.

    Every municipality must have its own row (level C), which holds the totals of the city.
    """

    frame: pl.DataFrame

    def __post_init__(self) -> None:
        cities = set(self.frame["pro_com"].unique())
        totals = self.frame.filter(pl.col("level") == MUNICIPALITY_LEVEL)["pro_com"].to_list()
        if sorted(totals) != sorted(cities):
            missing = sorted(cities - set(totals)) or sorted(totals)
            raise ValueError(f"every municipality needs exactly one row of level C: {missing}")

    def __len__(self) -> int:
        return self.frame.height

    @cached_property
    def is_city(self) -> Flags:
        """Whether each row is a whole municipality, shape (n,)."""
        return (self.frame["level"] == MUNICIPALITY_LEVEL).to_numpy()

    @cached_property
    def groups(self) -> NDArray[np.str_]:
        """City and level of each row, shape (n,): the pool within which areas borrow strength."""
        labels = self.frame.select(pl.concat_str("pro_com", "level", separator="."))
        return labels.to_series().to_numpy().astype(str)

    @cached_property
    def city_row(self) -> NDArray[np.intp]:
        """Position of the municipality's row for each row, shape (n,)."""
        rows = {
            code: position
            for position, (code, level) in enumerate(self.frame.select("pro_com", "level").rows())
            if level == MUNICIPALITY_LEVEL
        }
        return np.array([rows[code] for code in self.frame["pro_com"]], dtype=np.intp)

    def evaluate(self, expression: str) -> Floats:
        """Arithmetic over ISTAT's codes, e.g. `P60 - P61`, shape (n,)."""
        return evaluate(self.frame, expression)


def evaluate(frame: pl.DataFrame, expression: str) -> Floats:
    """Arithmetic over the columns of `frame`, missing values as NaN, shape (rows,)."""
    values = frame.select(pl.sql_expr(expression).cast(pl.Float64).alias("value"))["value"]
    return np.array(values.to_list(), dtype=np.float64)
