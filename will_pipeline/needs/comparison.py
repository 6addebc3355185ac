"""Which areas an evaluation compares: those with the measure, and those most like them without it.

What belongs here ends before the outcome after the start is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from will_pipeline.indicators.specification import LEAST_RESIDENTS
from will_pipeline.needs.evaluation_words import FEW_AREAS, MIXED_LEVELS, SHORT_SERIES
from will_pipeline.needs.matching import Matches, Traits, baseline_traits, match_areas, needs_of
from will_pipeline.needs.panel import (
    INCOMPLETE,
    NO_BASELINE,
    TOO_FEW_RESIDENTS,
    Panel,
    before_start,
    candidates,
    complete_panel,
)
from will_pipeline.statistics.area_permutation import FEWEST_AREAS, SIZE, attainable_size

LEAST_BEFORE, LEAST_AFTER = 2, 1
GIVEN, MATCHED, MATCHED_ON_OUTCOME = "indicato", "abbinato", "abbinato_esito"


@dataclass(frozen=True)
class Delivered:
    """What municipalities hand in about measures.

    Attributes:
        measures: rows of `core.measure`.
        members: rows of `core.measure_area`.
        outcomes: rows of `core.measure_outcome`.
    """

    measures: pl.DataFrame
    members: pl.DataFrame
    outcomes: pl.DataFrame


@dataclass(frozen=True)
class Baseline:
    """What is published about areas before any measure.

    Attributes:
        areas: rows of `dim_area`.
        indices: rows of `fatto_indice`.
        profiles: rows of `fatto_profilo`.
    """

    areas: pl.DataFrame
    indices: pl.DataFrame
    profiles: pl.DataFrame


@dataclass(frozen=True)
class Comparison:
    """Areas of one evaluation.

    Attributes:
        panel: outcome of every area with a complete series.
        treated: areas with the measure that are compared, sorted.
        controls: areas of comparison, sorted.
        choice: who chose the areas of comparison, and on what.
        left_out: areas left out, with the reason in Italian.
        matches: how the areas of comparison were chosen; None where the municipality named them.
    """

    panel: Panel
    treated: tuple[str, ...]
    controls: tuple[str, ...]
    choice: str
    left_out: Mapping[str, str]
    matches: Matches | None = None


def compare(
    measure: Mapping[str, Any], delivered: Delivered, baseline: Baseline
) -> tuple[Comparison, str | None]:
    """Areas to compare, and the state of the evaluation where that already ends it.

    Args:
        measure: a row of `core.measure`.
        delivered: measures, their areas and their outcome.
        baseline: areas, indices and profiles as published.
    """
    own = pl.col("measure_id") == measure["measure_id"]
    small = set(baseline.areas.filter(pl.col("popolazione") < LEAST_RESIDENTS)["area_id"])
    shown = ~pl.col("area_id").is_in(sorted(small))
    panel = complete_panel(delivered.outcomes.filter(own, shown))
    members = delivered.members.filter(own).sort("area_id")
    listed = members.filter("treated")["area_id"].to_list()
    given = members.filter(~pl.col("treated"))["area_id"].to_list()
    complete = set(panel.area_ids)
    treated = tuple(area_id for area_id in listed if area_id in complete)
    controls = tuple(area_id for area_id in given if area_id in complete)
    comparison = Comparison(
        panel,
        treated,
        controls,
        GIVEN if given else MATCHED,
        {
            each: TOO_FEW_RESIDENTS if each in small else INCOMPLETE
            for each in (*listed, *given)
            if each not in complete
        },
    )
    levels = baseline.areas.filter(pl.col("area_id").is_in([*listed, *given]))["livello"].unique()
    if levels.len() > 1:
        return comparison, MIXED_LEVELS
    before = sum(year < measure["start"] for year in panel.years)
    if before < LEAST_BEFORE or len(panel.years) - before < LEAST_AFTER:
        return comparison, SHORT_SERIES
    if not given and treated:
        comparison = _matched(measure, comparison, delivered, baseline)
    groups = len(comparison.treated), len(comparison.controls)
    few = min(groups) < FEWEST_AREAS or attainable_size(*groups, size=SIZE) == 0
    return comparison, FEW_AREAS if few else None


def _matched(
    measure: Mapping[str, Any],
    comparison: Comparison,
    delivered: Delivered,
    baseline: Baseline,
) -> Comparison:
    panel, start = comparison.panel, int(measure["start"])
    pool, reasons = candidates(
        panel,
        baseline.areas,
        treated=frozenset({*comparison.treated, *comparison.left_out}),
        busy=_busy(measure, delivered, last=panel.years[-1]),
    )
    left_out = {**reasons, **comparison.left_out}
    path = before_start(panel, start).filter(pl.col("area_id").is_in([*comparison.treated, *pool]))
    known = path.join(
        baseline_traits(baseline.indices, baseline.profiles, before=start),
        on="area_id",
        how="inner",
    )
    choice = MATCHED if known.height else MATCHED_ON_OUTCOME
    traits = _traits(known if known.height else path)
    treated = tuple(each for each in comparison.treated if each in traits.area_ids)
    absent = [each for each in (*comparison.treated, *pool) if each not in traits.area_ids]
    left_out |= dict.fromkeys(absent, NO_BASELINE)
    matches = match_areas(traits, treated) if treated else None
    return Comparison(
        panel, treated, matches.controls if matches else (), choice, left_out, matches
    )


def _busy(measure: Mapping[str, Any], delivered: Delivered, *, last: int) -> frozenset[str]:
    """Areas where another measure on the same need had started by the last year."""
    others = delivered.measures.filter(
        (pl.col("measure_id") != measure["measure_id"])
        & (pl.col("pro_com") == measure["pro_com"])
        & (pl.col("theme") == measure["theme"])
        & (pl.col("start") <= last)
    )
    active = delivered.members.filter("treated").join(others, on="measure_id", how="semi")
    return frozenset(active["area_id"])


def _traits(known: pl.DataFrame) -> Traits:
    ordered = known.sort("area_id")
    numeric = ordered.drop("area_id", "profilo_id", strict=False)
    profiles = ordered["profilo_id"].to_list() if "profilo_id" in ordered.columns else None
    return Traits(
        tuple(ordered["area_id"]),
        numeric.to_numpy(),
        None if profiles is None else tuple(needs_of(profile) for profile in profiles),
    )
