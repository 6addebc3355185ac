"""Comparable indicators of the ranked areas as they are published, side by side.

Typology, twins and traits read nothing finer than the mart shows: a value that is withheld there
cannot be worked out from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
VALID = "valido"
WITHHELD = ("soppresso", "soppresso_secondario")
TOTAL = "totale"
COLUMNS = {"valore": "value", "ic_inf": "lower", "ic_sup": "upper", "valore_comune": "city"}


@dataclass(frozen=True)
class PublishedValues:
    """Published values of n ranked areas and m indicators, in order of identifier of the area.

    Attributes:
        areas: `area_id`, `pro_com`, `livello`, `residuale`.
        indicators: identifiers of the indicators.
        value: shape (n, m), NaN where not published.
        lower: lower end of the interval, shape (n, m).
        upper: upper end of the interval, shape (n, m).
        city: value of the city, shape (n, m).
        withheld: whether a value is kept confidential, shape (n, m).
    """

    areas: pl.DataFrame
    indicators: tuple[str, ...]
    value: Floats
    lower: Floats
    upper: Floats
    city: Floats
    withheld: Flags

    def __len__(self) -> int:
        return self.areas.height

    @property
    def area_ids(self) -> list[str]:
        """Identifiers of the areas, in order."""
        return self.areas["area_id"].to_list()


def published_values(
    facts: pl.DataFrame, areas: pl.DataFrame, indicators: Sequence[str], *, year: int
) -> PublishedValues:
    """Lay the published values of one year out as areas by indicators.

    Args:
        facts: rows of `fatto_indicatore`.
        areas: rows of `dim_area`.
        indicators: identifiers of the indicators, in the order wanted.
        year: year of the indicators.

    Returns:
        The areas that are in rankings, whatever the order of the rows given.
    """
    ranked = (
        areas.filter(pl.col("livello") != "C", "in_graduatoria")
        .select("area_id", "pro_com", "livello", "residuale")
        .sort("area_id")
    )
    cells = facts.filter(
        pl.col("anno") == year,
        pl.col("gruppo") == TOTAL,
        pl.col("indicatore_id").is_in(list(indicators)),
    ).with_columns(
        withheld=pl.col("stato").is_in(WITHHELD),
        **{
            english: pl.when(pl.col("stato") == VALID).then(italian)
            for italian, english in COLUMNS.items()
        },
    )

    def wide(column: str) -> pl.DataFrame:
        table = ranked.select("area_id")
        for name in indicators:
            own = cells.filter(pl.col("indicatore_id") == name).select(
                "area_id", pl.col(column).alias(name)
            )
            table = table.join(own, on="area_id", how="left", maintain_order="left")
        return table.drop("area_id")

    def numbers(column: str) -> Floats:
        return np.asarray(wide(column).cast(pl.Float64).to_numpy(), dtype=np.float64)

    return PublishedValues(
        areas=ranked,
        indicators=tuple(indicators),
        value=numbers("value"),
        lower=numbers("lower"),
        upper=numbers("upper"),
        city=numbers("city"),
        withheld=wide("withheld").fill_null(value=False).to_numpy(),
    )
