"""Did a measure move anything: change where it started, against similar areas where it did not.

What belongs here is the verdict; which areas are compared is in `comparison`, the sentence in
`evaluation_words`, the permutation of areas in `statistics`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.indicators.estimators import Settings
from will_pipeline.needs.comparison import Baseline, Comparison, Delivered, compare
from will_pipeline.needs.evaluation_rows import (
    AREA_SCHEMA,
    MEASURE_SCHEMA,
    YEAR_SCHEMA,
    Verdict,
    area_rows,
    measure_row,
)
from will_pipeline.needs.evaluation_words import BETTER, TRENDS_DIFFER, UNCLEAR, WORSE
from will_pipeline.statistics.area_permutation import (
    SIZE,
    PermutedEffect,
    permuted_effect,
    permuted_trends,
)
from will_pipeline.statistics.difference_in_differences import two_by_two

TREND_SIZE = 0.10

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Evaluations:
    """Rows of `valutazione`, `valutazione_area` and `valutazione_anno`."""

    measures: pl.DataFrame
    areas: pl.DataFrame
    years: pl.DataFrame


def evaluate_measures(
    delivered: Delivered, baseline: Baseline, *, settings: Settings
) -> Evaluations:
    """Evaluate every measure that municipalities handed in.

    Treated areas are compared with the areas the municipality names or, where it names none, with
    those of the same city and level that were most like them before: indices, profile, level and
    slope of the outcome. The effect is the difference in differences; error rate, interval and
    smallest detectable effect come from the permutation of areas, because errors clustered by area
    are too small with so few. There is no effect where the paths before the start already differed,
    where areas are too few for the error rate, or where years are missing.

    Args:
        delivered: measures, their areas and their outcome.
        baseline: areas, indices and profiles as published.
        settings: seed of the assignments where they are too many to list.

    Returns:
        One row per measure, per measure and area, and per measure and year.

    Source:
        Card and Krueger (1994), American Economic Review 84(4); Stuart (2010), Statistical Science
        25(1); MacKinnon and Webb (2020), Journal of Econometrics 218(2); Roth (2022), American
        Economic Review: Insights 4(3).
    """
    rows: list[dict[str, object]] = []
    areas: list[dict[str, object]] = []
    years: list[dict[str, object]] = []
    for measure in delivered.measures.sort("measure_id").iter_rows(named=True):
        comparison, state = compare(measure, delivered, baseline)
        verdict = Verdict(state) if state else _judge(measure, comparison, settings)
        rows.append(measure_row(measure, comparison, verdict))
        areas += area_rows(measure["measure_id"], comparison)
        years += [{"valutazione_id": measure["measure_id"], **year} for year in verdict.years]
    return Evaluations(
        pl.DataFrame(rows, schema=MEASURE_SCHEMA),
        pl.DataFrame(areas, schema=AREA_SCHEMA),
        pl.DataFrame(years, schema=YEAR_SCHEMA),
    )


def _judge(measure: Mapping[str, Any], comparison: Comparison, settings: Settings) -> Verdict:
    panel, start = comparison.panel, int(measure["start"])
    area_ids = (*comparison.treated, *comparison.controls)
    values = panel.of(area_ids)
    treated = np.arange(len(area_ids)) < len(comparison.treated)
    years = np.array(panel.years)
    earlier = years < start

    def assignments() -> np.random.Generator:
        # The same assignments for every question about a measure.
        return settings.generator(f"valutazione {measure['measure_id']}")

    def judged(change: Floats) -> PermutedEffect:
        return permuted_effect(change, treated=treated, generator=assignments(), size=SIZE)

    trends = permuted_trends(values[:, earlier], treated=treated, generator=assignments())
    by_year = _by_year(values, treated, years, earlier, judged)
    if trends < TREND_SIZE:
        return Verdict(TRENDS_DIFFER, {"p_tendenze": trends}, by_year)
    effect = judged(values[:, ~earlier].mean(axis=1) - values[:, earlier].mean(axis=1))
    clustered = two_by_two(
        values.ravel(),
        treated=np.repeat(treated, years.size),
        after=np.tile(~earlier, len(area_ids)),
        area=np.repeat(np.arange(len(area_ids)), years.size),
    )
    state = UNCLEAR
    if effect.p_value <= SIZE:
        harmful = (effect.estimate > 0) == (measure["higher_is"] == "peggio")
        state = WORSE if harmful else BETTER
    numbers = {
        "effetto": effect.estimate,
        "errore_standard": clustered.standard_error,
        "ic_inf": effect.lower,
        "ic_sup": effect.upper,
        "p_effetto": effect.p_value,
        "effetto_minimo_rilevabile": effect.minimum_detectable,
        "p_tendenze": trends,
    }
    return Verdict(state, numbers, by_year)


def _by_year(
    values: Floats,
    treated: Flags,
    years: NDArray[np.int_],
    earlier: Flags,
    judged: Callable[[Floats], PermutedEffect],
) -> tuple[Mapping[str, object], ...]:
    """Difference between the groups in each year, against the last year before the start."""
    reference = int(earlier.sum()) - 1
    rows = []
    for column, year in enumerate(years.tolist()):
        change = values[:, column] - values[:, reference]
        effect = None if column == reference else judged(change)
        rows.append(
            {
                "anno": year,
                "prima": bool(earlier[column]),
                "riferimento": column == reference,
                "media_misura": float(values[treated, column].mean()),
                "media_confronto": float(values[~treated, column].mean()),
                "differenza": effect.estimate if effect else 0.0,
                "ic_inf": effect.lower if effect else None,
                "ic_sup": effect.upper if effect else None,
            }
        )
    return tuple(rows)
