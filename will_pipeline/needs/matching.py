"""Areas to compare with those where a measure started: the most similar before it did.

Only what was known before the start enters; the outcome afterwards never does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.indicators.goalposts import CITY_METHOD
from will_pipeline.needs.profiles import MODEL, NO_NEED, UNCLASSIFIED

NEIGHBOURS = 3
CALIPER = 1.5
DIGITS = 9

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Traits:
    """What is known of n areas before a measure.

    Attributes:
        area_ids: the areas, sorted.
        values: numeric traits, shape (n, k), none missing.
        needs: needs that stand out in the profile of each area; None where profiles are not
            compared.
    """

    area_ids: tuple[str, ...]
    values: Floats
    needs: tuple[frozenset[str], ...] | None


@dataclass(frozen=True)
class Matches:
    """Areas chosen for comparison.

    Attributes:
        controls: chosen areas, sorted.
        distance: distance of every candidate from the nearest treated area.
        nearest: that treated area.
        imbalance_before: mean absolute standardised difference between treated areas and all
            candidates, over the numeric traits.
        imbalance_after: the same against the chosen ones; None where there are none.
    """

    controls: tuple[str, ...]
    distance: Mapping[str, float]
    nearest: Mapping[str, str]
    imbalance_before: float
    imbalance_after: float | None


def baseline_traits(indices: pl.DataFrame, profiles: pl.DataFrame, *, before: int) -> pl.DataFrame:
    """Indices and profile of every area in the last year before a measure.

    Args:
        indices: rows of `fatto_indice`.
        profiles: rows of `fatto_profilo`.
        before: first year with the measure; only earlier years count.

    Returns:
        `area_id`, one column per need (index with 100 as the city) and `profilo_id`, for the areas
        that have them all.
    """
    known = indices.filter((pl.col("metodo") == CITY_METHOD) & (pl.col("anno") < before))
    last = known.filter(pl.col("anno") == pl.col("anno").max())
    wide = last.sort("dimensione").pivot("dimensione", index="area_id", values="indice")
    rules = profiles.filter(
        (pl.col("modello") == MODEL)
        & (pl.col("profilo_id") != UNCLASSIFIED)
        & (pl.col("anno") < before)
    )
    labels = rules.sort("anno").group_by("area_id").agg(pl.col("profilo_id").last())
    return wide.join(labels, on="area_id").drop_nulls().sort("area_id")


def needs_of(profile: str) -> frozenset[str]:
    """Needs that stand out in a rule-based profile."""
    return frozenset() if profile == NO_NEED else frozenset(profile.split("+"))


def match_areas(
    traits: Traits,
    treated: Sequence[str],
    *,
    neighbours: int = NEIGHBOURS,
    caliper: float = CALIPER,
) -> Matches:
    """Choose the areas most similar to the treated ones, with a limit on how far they may be.

    The distance is the root mean square of the differences in standard deviations, over the numeric
    traits and the profile, where each need that stands out in one area only counts like one
    standard deviation. Every treated area takes its nearest candidates within the caliper; an area
    taken twice counts once. Equal distances go by identifier.

    Args:
        traits: what is known of treated and candidate areas.
        treated: areas with the measure, all among those of `traits`.
        neighbours: candidates that each treated area takes at most.
        caliper: greatest distance accepted, in standard deviations.

    Raises:
        ValueError: a treated area has no traits.

    Source:
        Stuart (2010), Matching methods for causal inference, Statistical Science 25(1).
    """
    own = sorted(treated)
    position = {area_id: row for row, area_id in enumerate(traits.area_ids)}
    absent = [area_id for area_id in own if area_id not in position]
    if absent:
        raise ValueError(f"treated areas without traits: {', '.join(absent)}")
    candidates = [area_id for area_id in sorted(position) if area_id not in set(own)]
    rows, others = [position[each] for each in own], [position[each] for each in candidates]
    scaled = _standardised(traits.values)
    far = np.round(_distances(scaled, traits.needs, rows, others), DIGITS)
    chosen: set[str] = set()
    for line in far:
        ranked = np.argsort(line, kind="stable")[:neighbours]
        chosen |= {candidates[column] for column in ranked if line[column] <= caliper}
    kept = sorted(chosen)
    return Matches(
        controls=tuple(kept),
        distance={
            area_id: float(far[:, column].min()) for column, area_id in enumerate(candidates)
        },
        nearest={area_id: own[int(far[:, j].argmin())] for j, area_id in enumerate(candidates)},
        imbalance_before=_imbalance(scaled, rows, others),
        imbalance_after=_imbalance(scaled, rows, [position[each] for each in kept])
        if kept
        else None,
    )


def _standardised(values: Floats) -> Floats:
    spread = values.std(axis=0)
    # A trait that is the same everywhere tells no area from another.
    varies = spread > 1e-12 * np.abs(values).max(axis=0, initial=1e-300)
    return np.asarray((values - values.mean(axis=0))[:, varies] / spread[varies])


def _distances(
    scaled: Floats,
    needs: tuple[frozenset[str], ...] | None,
    rows: list[int],
    others: list[int],
) -> Floats:
    squares = ((scaled[rows][:, None, :] - scaled[others][None, :, :]) ** 2).sum(axis=2)
    traits = scaled.shape[1]
    if needs is not None:
        squares = squares + [[len(needs[i] ^ needs[j]) for j in others] for i in rows]
        traits += 1
    return np.asarray(np.sqrt(squares / max(traits, 1)))


def _imbalance(scaled: Floats, rows: list[int], others: list[int]) -> float:
    if not others or not scaled.shape[1]:
        return 0.0
    return float(np.abs(scaled[rows].mean(axis=0) - scaled[others].mean(axis=0)).mean())
