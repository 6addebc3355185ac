"""Census sections of 2021 and 2023 as downloaded, cut to the municipalities of a run.

What belongs here is the passage from the files of a copy to the tables of the sources; the formats
have modules of their own, and areas are the geography's matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import polars as pl

from will_pipeline.readers import agid_census, istat_census_sections
from will_pipeline.readers.census_layouts import codes

KEYS = (*istat_census_sections.KEYS, "asc1", "asc2", "asc3")
DRAWING = ("area_m2", "geometry_wkb", "repaired")


def counts(files: Mapping[str, bytes], *, cities: Sequence[str], vintage: int) -> pl.DataFrame:
    """Read the sections of some municipalities out of the regional tables.

    Args:
        files: Regional workbooks by name, as `istat_census_sections.sections` takes them.
        cities: Municipalities to keep (ISTAT codes).
        vintage: 2021 or 2023.

    Returns:
        One row a section: section_id, pro_com, section, is_fictitious, has_counts, asc1 to asc3,
        then the variables of the layout (counts, missing where the producer gives none).

    Raises:
        SourceFault: As `istat_census_sections.sections`.

    Source:
        ISTAT, Censimento permanente, dati per sezioni di censimento.
    """
    read = istat_census_sections.sections(files, vintage=vintage, cities=cities)
    return read.select(*KEYS, *codes(vintage))


def drawn(files: Mapping[str, bytes], *, cities: Sequence[str]) -> pl.DataFrame:
    """Read the sections of 2023 of the municipalities that have a file of their own.

    A municipality of the run may have no file: it has no rows, and is known from ISTAT alone.

    Args:
        files: GeoJSON by name, one municipality each, as `agid_census.sections` takes them.
        cities: Municipalities to keep (ISTAT codes).

    Returns:
        One row a section: the keys of `counts`, area_m2, geometry_wkb (EPSG:4326), repaired, then
        the variables of 2023.

    Raises:
        SourceFault: As `agid_census.sections`.

    Source:
        AgID, Cruscotto Italia.
    """
    plain = {PurePosixPath(name).name: content for name, content in files.items()}
    read = agid_census.sections(plain).filter(pl.col("pro_com").is_in(list(cities)))
    return read.select(*KEYS, *DRAWING, *codes(agid_census.VINTAGE))
