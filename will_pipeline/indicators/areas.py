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

from will_pipeline.indicators.protection import Protection, protect

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
MUNICIPALITY_LEVEL = "C"
GROUP = ["pro_com", "level"]


class MissingVariable(LookupError):
    """A formula asks for a census variable that the table does not have."""

    def __init__(self, variables: list[str], expression: str) -> None:
        self.variables, self.expression = variables, expression
        listed = ", ".join(variables)
        super().__init__(
            f"mancano le variabili censuarie {listed}, usate nella formula {expression}"
        )


@dataclass(frozen=True)
class AreaCounts:
    """Counts of n areas: one row per area with `area_id`, `pro_com`, `level` and ISTAT's codes.

    Every municipality must have its own row (level C), which holds the totals of the city.

    Attributes:
        frame: the rows; `residents` too where a floor is given.
        floor: residents under which a group keeps its numbers to itself: formulas see counts that
            tell nothing of it (see `protection`).
        units: census sections the areas are made of, where the counts come from them: `area_id`
            (missing where a section belongs to the city alone) and ISTAT's codes.
    """

    frame: pl.DataFrame
    floor: int = 0
    units: pl.DataFrame | None = None

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
    def publishable(self) -> Flags:
        """Whether each area has enough residents to be estimated at all, shape (n,)."""
        return ~self._protection.withheld

    @cached_property
    def shared(self) -> Flags:
        """Areas whose counts are their part of a sum with a small group, shape (n,)."""
        return self._protection.shared

    @cached_property
    def counts(self) -> pl.DataFrame:
        """The codes that formulas see: those of `frame`, or what stands in for them."""
        codes = self._codes
        return pl.DataFrame(self._protection.counts, schema=codes, orient="row", nan_to_null=True)

    @cached_property
    def _codes(self) -> list[str]:
        aside = {"area_id", "residents", "ranked", "floor", *GROUP}
        return [name for name in self.frame.columns if name not in aside]

    @cached_property
    def _protection(self) -> Protection:
        values = self.frame.select(pl.col(self._codes).cast(pl.Float64)).to_numpy()
        if not self.floor:
            none = np.zeros(len(self), dtype=bool)
            return Protection(values, none, none)
        return protect(values, self.frame, floor=self.floor)

    @cached_property
    def groups(self) -> NDArray[np.str_]:
        """City and level of each row, shape (n,): the areas it is ranked with."""
        labels = self.frame.select(pl.concat_str(GROUP, separator="."))
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
        return evaluate(self.counts, expression)


def areas_of_sections(sections: pl.DataFrame, *, floor: int = 0) -> AreaCounts:
    """Areas and municipalities as sums of their census sections, which stay beside them.

    Args:
        sections: `pro_com`, `area_id` (`<pro_com>.<level><code>`, all of one level; missing for
            sections that belong to the city alone, such as ISTAT's fictitious ones) and counts by
            ISTAT's codes, one row per section.
        floor: as in `AreaCounts`.

    Returns:
        Counts sorted by `area_id`, with `residents`; a code that some section of an area does not
        have is missing for the whole area, since a sum would take it for zero.
    """
    codes = [name for name in sections.columns if name not in ("pro_com", "area_id")]
    summed = [
        pl.when(pl.col(code).null_count() == 0).then(pl.col(code).sum()).alias(code)
        for code in codes
    ]
    parts = (
        sections.filter(pl.col("area_id").is_not_null())
        .group_by("pro_com", "area_id")
        .agg(summed)
        .with_columns(level=pl.col("area_id").str.slice(7, 1))
    )
    whole = (
        sections.group_by("pro_com")
        .agg(summed)
        .with_columns(
            area_id=pl.col("pro_com") + f".{MUNICIPALITY_LEVEL}", level=pl.lit(MUNICIPALITY_LEVEL)
        )
    )
    frame = pl.concat([whole, parts], how="diagonal").sort("area_id")
    ordered = frame.select("area_id", "pro_com", "level", *codes, residents="P1")
    return AreaCounts(ordered, floor, sections.select("area_id", *codes))


def evaluate(frame: pl.DataFrame, expression: str) -> Floats:
    """Arithmetic over the columns of `frame`, missing values as NaN, shape (rows,).

    Raises:
        MissingVariable: the expression names a column that is not there.
    """
    try:
        values = frame.select(pl.sql_expr(expression).cast(pl.Float64).alias("value"))["value"]
    except pl.exceptions.ColumnNotFoundError as problem:
        known = set(frame.columns)
        missing = sorted(set(pl.sql_expr(expression).meta.root_names()) - known)
        raise MissingVariable(missing, expression) from problem
    return np.array(values.to_list(), dtype=np.float64)
