"""Sections as the engine of the indicators takes them: one area each, or the city alone.

What belongs here is the passage from the levels of a section to the identifier of its area; areas
drawn by a municipality come from the geography instead.
"""

import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.readers.census_layouts import VINTAGES, codes

LETTERS = {"ace": "A", "asc": "Q", "asc1": "Q", "asc2": "Q", "asc3": "Q"}
"""Letter of the identifier of an area by the level of the sections it comes from."""


def engine_rows(table: pl.DataFrame, *, level: str) -> pl.DataFrame:
    """Give every section the identifier of its area, as `indicators.areas.areas_of_sections` wants.

    Sections that the producer gives no count of are left out: nobody lives there. Fictitious
    sections belong to their city alone.

    Args:
        table: Sections, as `istat_census_sections.sections` or `agid_census.sections` give them.
        level: Level of the areas: `ace`, `asc`, or `asc1` to `asc3`, each with its own numbers.

    Returns:
        One row a section: pro_com, area_id (`034027.Q04`; missing in fictitious sections), then the
        variables of the vintage.

    Raises:
        SourceFault: The table has no such level, or an inhabited section has no area at it.
    """
    if level not in LETTERS or level not in table.columns:
        raise SourceFault("istat_sezioni", "-", f"colonna {level}", "non è un livello di aree")
    counted = table.filter(pl.col("has_counts"))
    real = ~pl.col("is_fictitious")
    outside = counted.filter(real & pl.col(level).is_null())
    if outside.height:
        where = f"sezione {outside['section_id'][0]}"
        raise SourceFault("istat_sezioni", "-", where, f"non ha un'area di livello {level}")
    known = {code for vintage in VINTAGES for code in codes(vintage)}
    number = pl.col(level).cast(pl.String).str.zfill(2)
    identifier = pl.format(f"{{}}.{LETTERS[level]}{{}}", pl.col("pro_com"), number)
    return counted.select(
        "pro_com",
        pl.when(real).then(identifier).alias("area_id"),
        *(name for name in counted.columns if name in known),
    )
