"""What if a quantity were shared by need: proposal against today, and how sure the difference is.

Nothing here decides: an exercise takes a rule, a budget and a least quantity, and shows who would
have more and who less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from will_pipeline.indicators.estimators import Settings
from will_pipeline.needs import allocation_words as words
from will_pipeline.needs.allocation_rows import (
    AREA_SCHEMA,
    DECIMALS,
    EXERCISE_SCHEMA,
    ROUNDING,
    Floats,
    Proposal,
    base_row,
    inside_rows,
    outside_rows,
    summary_of,
)
from will_pipeline.needs.allocation_words import EXPECTED, LATENT, LINEAR, PROPORTIONAL
from will_pipeline.statistics.sharing import (
    above_floors,
    least_after_losses,
    level_filling,
    whole_shares,
)

LARGEST_LOSS = 0.20
FEWEST_AREAS = 2

_ENDS = ("", "_inf", "_sup")


@dataclass(frozen=True)
class Allocations:
    """Rows of `ripartizione` and `ripartizione_area`."""

    exercises: pl.DataFrame
    areas: pl.DataFrame


def allocate(
    exercises: pl.DataFrame, lines: pl.DataFrame, needs: pl.DataFrame, *, settings: Settings
) -> Allocations:
    """Share the budget of every exercise by need, and compare with today.

    The need is the latent one where it is known for every area of the exercise, else the expected
    one for all: two areas are never measured with two rulers. Areas without a published need keep
    what they have and stay out, so that the proposal reveals nothing about them. Quantities are
    whole where budget, least and today are, else in hundredths, and sum exactly.

    Rules, with need n, budget B and least f. `proporzionale`: f each, the rest in proportion to n.
    `max_min`: the least quantity per person in need is as large as it can be. `lineare`: the
    total of the unmet need, sum of max(0, B n_i / sum n - q_i), is as small as it can be while no
    area loses more than 20 % of what it has today scaled to the budget; of the many solutions of
    that linear programme it is the one with the highest least coverage.

    Needs are drawn from two half-normals around the estimate whose 5th and 95th percentiles are the
    interval's ends, never under zero, each area by itself; every draw is shared again. Errors
    common to all the areas cancel in the shares, so that drawing areas independently widens the
    answer rather than narrowing it.

    Args:
        exercises: rows of `core.allocation_exercise`.
        lines: rows of `core.allocation_line`.
        needs: rows of `bisogno_latente`; the last year of each area counts.
        settings: draws, level of the intervals and seed.

    Returns:
        One row per exercise and per exercise and area.

    Source:
        Moulin (2003), Fair Division and Collective Welfare, chapter 2, MIT Press; Luss (1999),
        Operations Research 47(3).
    """
    rows: list[dict[str, object]] = []
    areas: list[dict[str, object]] = []
    for exercise in exercises.sort("exercise_id").iter_rows(named=True):
        own = lines.filter(pl.col("exercise_id") == exercise["exercise_id"])
        table, basis = _with_need(own, needs, exercise["theme"])
        row, lines_of = _exercise(exercise, table, basis, settings)
        rows.append(row)
        areas += lines_of
    return Allocations(
        pl.DataFrame(rows, schema=EXERCISE_SCHEMA), pl.DataFrame(areas, schema=AREA_SCHEMA)
    )


def _with_need(lines: pl.DataFrame, needs: pl.DataFrame, theme: str) -> tuple[pl.DataFrame, str]:
    """Lines of an exercise with the need of each area, sorted, and which estimate it is."""
    last = (
        needs.filter(pl.col("dimensione") == theme)
        .sort("anno")
        .group_by("area_id")
        .agg(pl.col(f"{each}{end}").last() for each in (LATENT, EXPECTED) for end in _ENDS)
    )
    joined = lines.select("area_id", "today").join(last, on="area_id", how="left").sort("area_id")
    inside = joined.drop_nulls([f"{EXPECTED}{end}" for end in _ENDS])
    known = inside.drop_nulls([f"{LATENT}{end}" for end in _ENDS])
    basis = LATENT if 0 < known.height == inside.height else EXPECTED
    estimated = pl.col("area_id").is_in(inside["area_id"].to_list())
    need = [pl.when(estimated).then(pl.col(f"{basis}{end}")).alias(f"need{end}") for end in _ENDS]
    return joined.select("area_id", "today", *need), basis


def _exercise(
    exercise: Mapping[str, Any], table: pl.DataFrame, basis: str, settings: Settings
) -> tuple[dict[str, object], list[dict[str, object]]]:
    inside = table.filter(pl.col("need").is_not_null())
    outside = table.filter(pl.col("need").is_null())
    kept = float(sum(outside["today"].to_list()))
    budget = float(exercise["budget"]) - kept
    fault = _fault(exercise, budget, table["today"].to_list(), areas=inside.height)
    base = base_row(exercise, table, inside, basis, kept)
    if fault:
        return {**base, "stato": "non_fattibile", "lettura": words.not_done(fault)}, []
    unit = _unit(exercise, table["today"].to_list())
    proposal = _propose(exercise, inside, budget, unit, settings)
    rows = [
        *inside_rows(exercise["exercise_id"], inside, proposal, basis, settings.level),
        *outside_rows(exercise["exercise_id"], outside),
    ]
    rows.sort(key=lambda each: str(each["area_id"]))
    return {**base, **summary_of(exercise, inside, proposal, rows, basis)}, rows


def _fault(
    exercise: Mapping[str, Any], budget: float, today: Sequence[float], *, areas: int
) -> str | None:
    if areas < FEWEST_AREAS:
        return f"servono almeno due aree con un bisogno stimato, qui {areas}"
    if areas * float(exercise["floor"]) > budget + ROUNDING:
        return words.floors_too_high(
            areas, float(exercise["floor"]), max(budget, 0.0), str(exercise["unit"])
        )
    step = 10**DECIMALS
    numbers = (exercise["budget"], exercise["floor"], *today)
    if any(abs(step * value - round(step * value)) > ROUNDING * max(1, value) for value in numbers):
        return "le quantità hanno più di due decimali"
    return None


def _unit(exercise: Mapping[str, Any], today: Sequence[float]) -> int:
    """Published quantities are multiples of one over this number."""
    numbers = (exercise["budget"], exercise["floor"], *today)
    return 1 if all(float(value).is_integer() for value in numbers) else 10**DECIMALS


def _propose(
    exercise: Mapping[str, Any],
    inside: pl.DataFrame,
    budget: float,
    unit: int,
    settings: Settings,
) -> Proposal:
    total = round(budget * unit)
    least = np.full(inside.height, float(round(float(exercise["floor"]) * unit)))
    loss: float | None = None
    if exercise["rule"] == LINEAR:
        least, loss = _bounded(inside["today"].to_numpy() * unit, total, least)
    need = inside["need"].to_numpy().astype(np.float64)
    share = above_floors if exercise["rule"] == PROPORTIONAL else level_filling
    whole = whole_shares(share(need, total=total, least=least), total=total, least=least)
    drawn = _drawn_needs(inside, settings, str(exercise["exercise_id"]))
    return Proposal(whole / unit, share(drawn, total=total, least=least) / unit, unit, loss)


def _bounded(today: Floats, total: int, least: Floats) -> tuple[Floats, float]:
    """Whole least quantities when no area may lose more than the share stated."""
    real, loss = least_after_losses(today, total=total, least=least, loss=LARGEST_LOSS)
    raised = np.array([ceil(value - ROUNDING * max(1.0, value)) for value in real], dtype=float)
    if raised.sum() <= total:
        return raised, loss
    # The bounds leave no room for rounding up: the last unit goes by largest remainder.
    return whole_shares(real * (total / real.sum()), total=total, least=least).astype(float), loss


def _drawn_needs(inside: pl.DataFrame, settings: Settings, exercise_id: str) -> Floats:
    """Plausible needs, shape (draws, n)."""
    reach = float(stats.norm.ppf(0.5 + settings.level / 2))
    generator = settings.generator(f"ripartizione {exercise_id}")
    z = generator.standard_normal((settings.draws, inside.height))
    need, low, high = (inside[f"need{end}"].to_numpy().astype(float) for end in _ENDS)
    return np.maximum(need + z / reach * np.where(z > 0, high - need, need - low), 0.0)
