"""Small groups that a publication leaves between its areas: subtraction without a map.

The published counts of all areas are laid side by side here, and unions that could lie one inside
the other are subtracted; whether that is a finding is said in `disclosure_audit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.indicators.protection import Relation, relations
from will_pipeline.mart.published_counts import COUNT, DENOMINATOR, MUNICIPALITY, NUMERATOR

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """The counts that n areas publish, as an attacker lays them side by side.

    Attributes:
        areas: identifiers, n of them.
        city: municipality of each, shape (n,).
        level: C, Q or A of each, shape (n,).
        residents: residents of each, shape (n,).
        counts: k different columns, missing where not published, shape (n, k).
        of_persons: columns that never exceed the residents, shape (k,).
        within: pairs of columns of which the first never exceeds the second.
    """

    areas: list[str]
    city: NDArray[np.str_]
    level: NDArray[np.str_]
    residents: Floats
    counts: Floats
    of_persons: NDArray[np.bool_]
    within: tuple[tuple[int, int], ...]

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Areas that publish any count, shape (n,)."""
        return ~np.all(np.isnan(self.counts), axis=1)


def lay_out(areas: pl.DataFrame, cells: pl.DataFrame) -> Known:
    """Lay the published counts of all areas side by side, columns that say the same once.

    Args:
        areas: `area_id`, `pro_com`, `livello`, `residenti`.
        cells: result of `published_cells`.
    """
    told = cells.filter(pl.col("natura") == COUNT).with_columns(
        column=pl.format("{} {} {}", "tabella", "voce", "misura")
    )
    wide = told.pivot(on="column", index="area_id", values="valore")
    laid = areas.join(wide, on="area_id", how="left", maintain_order="left")
    names = [name for name in wide.columns if name != "area_id"]
    different = {laid[name].to_numpy().tobytes(): name for name in reversed(names)}
    # Columns of the city alone say nothing of its parts.
    inner = laid.filter(pl.col("livello") != MUNICIPALITY)
    kept = sorted(name for name in different.values() if inner[name].count())
    counts = laid.select(kept).to_numpy().astype(np.float64).reshape(laid.height, len(kept))
    residents = laid["residenti"].to_numpy().astype(np.float64)
    return Known(
        areas=laid["area_id"].to_list(),
        city=laid["pro_com"].to_numpy().astype(str),
        level=laid["livello"].to_numpy().astype(str),
        residents=residents,
        counts=counts,
        of_persons=~np.any(counts > residents[:, None], axis=0),
        within=_within(counts, kept),
    )


def _within(counts: Floats, names: list[str]) -> tuple[tuple[int, int], ...]:
    """Numerators and denominators of one item, where no area has more in the former."""
    found = []
    for part, name in enumerate(names):
        partner = name.removesuffix(NUMERATOR) + DENOMINATOR
        if name.endswith(NUMERATOR) and partner in names:
            whole = names.index(partner)
            if not np.any(counts[:, part] > counts[:, whole]):
                found.append((part, whole))
    return tuple(found)


def small_groups(known: Known, *, floor: int) -> list[Relation]:
    """Groups under the floor that come back by subtracting unions of areas that publish counts.

    An attacker without a map takes every pair of unions that could be one inside the other: no
    count of the difference is negative, none exceeds its residents, and no part its whole. At
    least one count of the difference must be known: otherwise nothing comes back.

    Args:
        known: result of `lay_out`.
        floor: residents under which a group is small.
    """
    found = []
    for city in dict.fromkeys(known.city.tolist()):
        here = np.flatnonzero((known.city == city) & known.exact)
        found += [
            group
            for group in relations(known.counts, known.residents, known.level, here, floor=floor)
            if _could_be(group, known)
        ]
    return found


def crosses(group: Relation, names: Sequence[str], exact: pl.DataFrame) -> bool:
    """Whether counts that nobody publishes show that a difference is of no group of persons.

    Where areas of two levels cross, the sum of some can exceed that of others by few residents
    without holding them: then some count of the difference is negative.

    Args:
        group: one of `small_groups`.
        names: identifiers of the areas.
        exact: `area_id` and counts by ISTAT's codes, also those that are not published.
    """
    codes = [name for name, kind in exact.schema.items() if kind.is_numeric() and name != "code"]
    sides = []
    for places in (group.upper, group.lower):
        rows = exact.filter(pl.col("area_id").is_in([names[place] for place in places]))
        if rows.height != len(places):
            return False
        sides.append(rows.select(pl.col(codes).cast(pl.Float64).sum()).to_numpy()[0])
    return bool((sides[0] < sides[1]).any())


def _could_be(group: Relation, known: Known) -> bool:
    rest = known.counts[list(group.upper)].sum(axis=0) - known.counts[list(group.lower)].sum(axis=0)
    # Where no count of the difference is known, nothing comes back.
    if np.isnan(rest).all() or (rest[known.of_persons] > group.residents).any():
        return False
    # Comparisons with what is missing are false, and contradict nothing.
    return not any(rest[part] > rest[whole] for part, whole in known.within)
