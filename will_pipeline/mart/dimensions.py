"""Rows of the published dimensions, from the harmonised tables and the descriptions of sources.

Here English columns become Italian ones; nothing is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from will_pipeline.sources.descriptor import Descriptor
from will_pipeline.sources.pins import Pin

CENSUS_YEAR = 2011
CENSUS_EDITION = "censimento 2011"
CENSUS_DATE = date(2011, 10, 9)
NEXT_EDITION_DATE = date(2021, 12, 31)


def municipality_dimension(municipalities: pl.DataFrame) -> pl.DataFrame:
    """Rows of `dim_comune` from `core.municipality`."""
    return municipalities.select(
        "pro_com",
        nome="name",
        sigla="plate",
        regione="region",
        provincia="province",
        codice_provincia_istat="province_code",
        popolazione="population",
        popolazione_anno="population_year",
        uri="uri",
    )


def area_dimension(areas: pl.DataFrame, boundaries: pl.DataFrame) -> pl.DataFrame:
    """Rows of `dim_area` from `core.area`, with the surface of those in `core.area_boundary`.

    Sub-municipal and census areas do not nest into each other, so the parent of both is the
    municipality. Their boundaries were replaced by the edition of the 2021 census; those of the
    municipality still hold.
    """
    whole = pl.col("level") == "C"
    surfaces = boundaries.select("area_id", "surface_km2")
    return areas.join(surfaces, on="area_id", how="left").select(
        "area_id",
        "pro_com",
        area_stabile_id="area_id",
        livello="level",
        codice="code",
        nome="name",
        area_superiore_id=pl.when(~whole).then(pl.concat_str("pro_com", pl.lit(".C"))),
        edizione_confini=pl.lit(CENSUS_EDITION),
        valido_dal=pl.lit(CENSUS_DATE),
        valido_al=pl.when(~whole).then(pl.lit(NEXT_EDITION_DATE)),
        popolazione="residents",
        famiglie="households",
        superficie_km2="surface_km2",
        residuale="residual",
        in_graduatoria="ranked",
        fonte_id="source_id",
    )


def geometry_dimension(outlines: pl.DataFrame) -> pl.DataFrame:
    """Rows of `area_geometria` from `core.area_outline`."""
    return outlines.select(
        "area_id",
        "geom_wkb",
        "lon",
        "lat",
        riquadro="view_box",
        path_svg="path",
        etichetta_x="label_x",
        etichetta_y="label_y",
        schematica="schematic",
        fonte_id="source_id",
    )


def source_dimension(
    sources: Mapping[str, tuple[Descriptor, Pin]], marked: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Rows of `dim_fonte`: every source with licence, date and checksum.

    Args:
        sources: description and seal by key of the source.
        marked: by key, why an older copy is in use, in Italian; empty where the source is up to
            date.
    """
    marks = {key: mark for key, mark in (marked or {}).items() if mark}
    return pl.DataFrame(
        [
            {
                "fonte_id": key,
                "titolo": source.title,
                "ente": source.producer,
                "url": source.url,
                "licenza": source.licence.name,
                "licenza_uri": source.licence.url,
                "attribuzione": source.attribution,
                "data_riferimento": source.reference_date,
                "scaricato_il": pin.retrieved,
                "sha256": pin.sha256,
                "byte": pin.bytes,
                "aggiornata": key not in marks,
                "problemi_noti": " ".join(
                    said for said in (marks.get(key, ""), source.known_problems.strip()) if said
                )
                or None,
            }
            for key, (source, pin) in sources.items()
        ],
        infer_schema_length=None,
    )
