"""What the areas of a profile look like, indicator by indicator.

Means of published values only, and the frozen centroids of the typology; no estimate is made here.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from will_pipeline.indicators.specification import Specification
from will_pipeline.needs.frozen_typology import FrozenTypology
from will_pipeline.needs.profiles import MODEL as RULE
from will_pipeline.needs.published import Floats, PublishedValues

SCHEMA = {
    "profilo_id": pl.String,
    "indicatore_id": pl.String,
    "media_z": pl.Float64,
    "media_valore": pl.Float64,
    "aree": pl.Int64,
}


def trait_rows(
    frozen: FrozenTypology,
    published: PublishedValues,
    profiles: pl.DataFrame,
) -> pl.DataFrame:
    """Rows of `profilo_tratto`.

    For profiles by rule, which compare an area with its city, `media_z` is the mean distance of the
    areas from their own city in standard deviations of the comparable towns; it is missing for
    indicators without such a scale. For the typology it is the frozen centroid, the distance from
    the mean of all comparable areas of Italy, and `media_valore` the mean over the pool.

    Args:
        frozen: the typology.
        published: published values of the ranked areas over all index indicators.
        profiles: rows of `fatto_profilo`.

    Returns:
        Rows in order of profile and indicator; a profile no area has is not there.
    """
    assigned = dict(
        profiles.filter(pl.col("modello") == RULE, pl.col("motivo").is_null())
        .select("area_id", "profilo_id")
        .iter_rows()
    )
    own = np.array([assigned.get(area_id, "") for area_id in published.area_ids])
    distance = _from_city(frozen, published)
    rows: list[dict[str, object]] = []
    for profile in sorted(set(own) - {""}):
        for j, indicator in enumerate(published.indicators):
            members = (own == profile) & np.isfinite(published.value[:, j])
            if members.any():
                z = distance[members, j]
                rows.append(
                    {
                        "profilo_id": profile,
                        "indicatore_id": indicator,
                        "media_z": float(z.mean()) if np.isfinite(z).all() else None,
                        "media_valore": float(published.value[members, j].mean()),
                        "aree": int(members.sum()),
                    }
                )
    rows += [
        {
            "profilo_id": group.profilo_id,
            "indicatore_id": indicator,
            "media_z": z,
            "media_valore": mean,
            "aree": group.areas,
        }
        for group in frozen.groups
        for indicator, z, mean in zip(frozen.names, group.centroid, group.mean, strict=True)
    ]
    return pl.DataFrame(rows, schema=SCHEMA).sort("profilo_id", "indicatore_id")


def index_indicators(specification: Specification) -> tuple[str, ...]:
    """Identifiers of every index indicator, comparable or not, in order of presentation."""
    return tuple(
        indicator.indicatore_id
        for theme in specification.themes
        for indicator in specification.index_indicators(theme.dimensione)
    )


def _from_city(frozen: FrozenTypology, published: PublishedValues) -> Floats:
    """Distance of every area from its city, shape (n, m); NaN where there is no common scale."""
    distance = np.full(published.value.shape, np.nan)
    columns = [published.indicators.index(name) for name in frozen.names]
    distance[:, columns] = frozen.standardise(published.value[:, columns]) - frozen.standardise(
        published.city[:, columns]
    )
    return distance
