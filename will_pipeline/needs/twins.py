"""Twins: the areas of other cities that an area can compare notes with, and what they share.

A distance depends on the published values of its two areas and on a frozen scale: areas that come
or go elsewhere change no distance.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from will_pipeline.indicators.specification import Specification
from will_pipeline.needs.frozen_typology import FrozenTypology
from will_pipeline.needs.published import Flags, Floats, PublishedValues
from will_pipeline.needs.traits import listed, shared
from will_pipeline.statistics.twins import NONE, Twins, nearest_areas

TWINS = 5
FEWEST_INDICATORS = 6
"""More than half of the comparable indicators: fewer would make two areas alike by omission."""
DISTRICTS, CENSUS_AREAS = "Q", "A"
NOTHING_SHARED = "nessun tratto in comune rispetto alla propria città"


def twin_rows(
    specification: Specification, frozen: FrozenTypology, published: PublishedValues
) -> pl.DataFrame:
    """Rows of `area_simile`: the five nearest areas of other cities for every area.

    Census areas are compared with census areas; districts with the districts of the other cities,
    or with their census areas where a city has none. Rings (scattered settlements around a town)
    take no part. A value that one of the two areas does not publish is left out of the comparison.
    Of two areas equally far, the one with the first identifier comes first. Shared traits tell how
    both areas differ from their own cities, in the same direction.

    Args:
        specification: the specification table.
        frozen: the typology, for treatment and scale.
        published: published values of the ranked areas over the typology's indicators.

    Returns:
        `area_id`, `simile_id`, `posto`, `distanza` (standard deviations, root mean square),
        `indicatori_usati`, `tratti_comuni`.
    """
    places = ~published.areas["residuale"].to_numpy()
    z = frozen.standardise(published.value)
    from_city = z - frozen.standardise(published.city)
    rows: list[dict[str, object]] = []
    for level in (DISTRICTS, CENSUS_AREAS):
        asking = places & (published.areas["livello"] == level).to_numpy()
        taking_part = places & _compared_with(published.areas, level)
        if _cities(published, taking_part) < 2 or not asking.any():
            continue
        rows += _rows(
            specification, published, z, from_city, asking=asking, taking_part=taking_part
        )
    schema = {
        "area_id": pl.String,
        "simile_id": pl.String,
        "posto": pl.Int64,
        "distanza": pl.Float64,
        "indicatori_usati": pl.Int64,
        "tratti_comuni": pl.String,
    }
    return pl.DataFrame(rows, schema=schema).sort("area_id", "posto")


def _compared_with(areas: pl.DataFrame, level: str) -> Flags:
    """Areas a level is compared with: its own, and for districts those of cities without any."""
    own = (areas["livello"] == level).to_numpy()
    if level == CENSUS_AREAS:
        return np.asarray(own)
    divided = areas.filter(pl.col("livello") == DISTRICTS)["pro_com"].unique()
    return np.asarray(own | ~areas["pro_com"].is_in(divided.implode()).to_numpy())


def _cities(published: PublishedValues, chosen: Flags) -> int:
    return published.areas.filter(pl.Series(chosen))["pro_com"].n_unique()


def _rows(
    specification: Specification,
    published: PublishedValues,
    z: Floats,
    from_city: Floats,
    *,
    asking: Flags,
    taking_part: Flags,
) -> list[dict[str, object]]:
    chosen = np.flatnonzero(taking_part)
    found = nearest_areas(
        z[chosen],
        published.areas["pro_com"].to_numpy()[chosen],
        indicators=published.indicators,
        count=TWINS,
        minimum_indicators=FEWEST_INDICATORS,
        standardised=True,
    )
    return [
        _row(specification, published, from_city, found, chosen=chosen, own=int(own), rank=rank)
        for own in np.flatnonzero(asking[chosen])
        for rank in range(TWINS)
        if found.position[own, rank] != NONE
    ]


def _row(
    specification: Specification,
    published: PublishedValues,
    from_city: Floats,
    found: Twins,
    *,
    chosen: np.ndarray,
    own: int,
    rank: int,
) -> dict[str, object]:
    one, other = int(chosen[own]), int(chosen[found.position[own, rank]])
    traits = shared(specification.comparable, from_city[one], from_city[other])
    return {
        "area_id": published.area_ids[one],
        "simile_id": published.area_ids[other],
        "posto": rank + 1,
        "distanza": float(found.distance[own, rank]),
        "indicatori_usati": len(found.indicators[own]),
        "tratti_comuni": listed(traits) or NOTHING_SHARED,
    }
