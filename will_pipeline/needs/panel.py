"""The series of a measure as a table of areas by years, and the areas that can be compared.

An area whose series has a hole is left out and named; no year is ever filled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.indicators.specification import LEAST_RESIDENTS

Floats = NDArray[np.float64]

INCOMPLETE = "mancano anni della serie"
TOO_FEW_RESIDENTS = f"meno di {LEAST_RESIDENTS} residenti: i suoi numeri restano riservati"
NO_BASELINE = "mancano indici o profilo prima della misura"
OTHER_MEASURE = "qui è partita un'altra misura sullo stesso bisogno"
TOO_FAR = "troppo diversa dalle aree con la misura"
OTHERS_NEARER = "altre aree sono più simili"
WHOLE_CITY = "C"


@dataclass(frozen=True)
class Panel:
    """Outcome of n areas over t years, complete.

    Attributes:
        area_ids: areas, sorted.
        years: years, ascending.
        values: outcome, shape (n, t).
        incomplete: areas with some value but not all, sorted.
    """

    area_ids: tuple[str, ...]
    years: tuple[int, ...]
    values: Floats
    incomplete: tuple[str, ...]

    def of(self, area_ids: tuple[str, ...]) -> Floats:
        """Outcome of some of the areas, in the order given, shape (areas, t)."""
        position = {area_id: row for row, area_id in enumerate(self.area_ids)}
        return self.values[[position[area_id] for area_id in area_ids]]


def complete_panel(outcomes: pl.DataFrame) -> Panel:
    """Table of areas by years of one measure.

    Args:
        outcomes: `area_id`, `year`, `value`, each area and year once.

    Returns:
        The areas with a value in every year of the series.
    """
    years = outcomes["year"].unique().sort().to_list()
    wide = outcomes.sort("year").pivot("year", index="area_id", values="value").sort("area_id")
    full = wide.drop_nulls()
    whole = set(full["area_id"])
    values = full.select(str(year) for year in years).to_numpy() if years else np.empty((0, 0))
    return Panel(
        tuple(full["area_id"]),
        tuple(int(year) for year in years),
        np.asarray(values, dtype=np.float64),
        tuple(area_id for area_id in wide["area_id"] if area_id not in whole),
    )


def before_start(panel: Panel, start: int) -> pl.DataFrame:
    """Mean and yearly slope of every area's outcome before a measure: `area_id`, two columns."""
    years = np.array([year for year in panel.years if year < start], dtype=np.float64)
    values = panel.values[:, : years.size]
    centred = years - years.mean()
    return pl.DataFrame(
        {
            "area_id": list(panel.area_ids),
            "mean_before": values.mean(axis=1),
            "slope_before": values @ centred / (centred @ centred),
        },
        schema_overrides={"area_id": pl.String},
    )


def candidates(
    panel: Panel, areas: pl.DataFrame, *, treated: frozenset[str], busy: frozenset[str]
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Areas that may be compared with the treated ones, and why others may not.

    Args:
        panel: outcome of the measure.
        areas: `area_id`, `pro_com`, `livello`.
        treated: areas with the measure, all of one municipality and level.
        busy: areas with another measure on the same need.

    Returns:
        Other areas of the same municipality and level with a complete series, and the reason of
        those that have a series and are left out, in Italian. Whole municipalities are never
        candidates.
    """
    same = areas.filter(pl.col("livello") != WHOLE_CITY).join(
        areas.filter(pl.col("area_id").is_in(sorted(treated)))
        .select("pro_com", "livello")
        .unique(),
        on=["pro_com", "livello"],
        how="semi",
    )
    others = [area_id for area_id in same["area_id"].sort() if area_id not in treated]
    complete, incomplete = set(panel.area_ids), set(panel.incomplete)
    reasons = {area_id: INCOMPLETE for area_id in others if area_id in incomplete}
    reasons |= {area_id: OTHER_MEASURE for area_id in others if area_id in busy & complete}
    return tuple(each for each in others if each in complete and each not in reasons), reasons
