"""Rows of the published areas of later editions of the boundaries, and of the bridge to them.

Here English columns become Italian ones; nothing is computed.
"""

from __future__ import annotations

import polars as pl

from will_pipeline.mart.dimensions import CENSUS_DATE, CENSUS_EDITION, NEXT_EDITION_DATE

LATER_EDITION = "censimento 2021"


def edition_dimension(areas: pl.DataFrame) -> pl.DataFrame:
    """Rows of `area_edizione` from `core.recent_area`.

    Boundaries of the municipalities are those of the edition before: they still hold.
    """
    whole = pl.col("level") == "C"
    return areas.select(
        "area_id",
        "pro_com",
        area_stabile_id=pl.coalesce("earlier_id", "area_id"),
        livello="level",
        codice="code",
        nome="name",
        edizione_confini=pl.when(whole)
        .then(pl.lit(CENSUS_EDITION))
        .otherwise(pl.lit(LATER_EDITION)),
        valido_dal=pl.when(whole).then(pl.lit(CENSUS_DATE)).otherwise(pl.lit(NEXT_EDITION_DATE)),
        assegnazione="placed_by",
        popolazione="residents",
        famiglie="households",
        anno="year",
        fonte_id="source_id",
    )


def bridge_table(bridge: pl.DataFrame) -> pl.DataFrame:
    """Rows of `ponte_aree` from `core.area_bridge`."""
    return bridge.select(
        area_da="area_from",
        area_a="area_to",
        peso_popolazione="population_weight",
        peso_superficie="surface_weight",
        metodo="method",
    )
