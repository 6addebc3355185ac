"""Register of Italian libraries kept by ICCU, with coordinates.

What belongs here is the layout of the register; telephone numbers and addresses of electronic
mail are left out.
"""

from collections.abc import Collection, Mapping

import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.readers.tabular import (
    Origin,
    as_numbers,
    only_codes,
    read_table,
    require_filled,
    require_unique,
)

SOURCE = "iccu_biblioteche"
_COLUMNS = {
    "codice-isil": "isil_code",
    "codice istat comune": "pro_com",
    "denominazione": "name",
    "indirizzo": "address",
    "frazione": "locality",
    "cap": "cap",
    "latitudine": "latitude",
    "longitudine": "longitude",
}


def libraries(files: Mapping[str, bytes], *, cities: Collection[str] | None = None) -> pl.DataFrame:
    """Read the libraries.

    Args:
        files: Official CSV files, one register or a cut of it each.
        cities: Municipalities to keep (ISTAT codes); every one where None.

    Returns:
        One row per library: isil_code, pro_com, name, address, locality, cap, latitude and
        longitude (degrees, WGS84), coordinates (`observed`, or `missing` where the register
        leaves them blank or writes 0).

    Raises:
        SourceFault: A column is missing, a coordinate is not a number, a library is repeated, a
            municipality has no library.
    """
    if not files:
        raise SourceFault(SOURCE, "-", "", "nessun file da leggere")
    frame = pl.concat([_read(name, content) for name, content in files.items()])
    everywhere = Origin(SOURCE, "-")
    require_unique(frame, ["isil_code"], everywhere)
    frame = only_codes(frame, cities, everywhere)
    placed = (pl.col("latitude") != 0) & (pl.col("longitude") != 0)
    placed = placed.fill_null(value=False)
    return frame.select(
        *list(_COLUMNS.values())[:6],
        pl.when(placed).then(pl.col("latitude")).alias("latitude"),
        pl.when(placed).then(pl.col("longitude")).alias("longitude"),
        pl.when(placed).then(pl.lit("observed")).otherwise(pl.lit("missing")).alias("coordinates"),
    )


def _read(name: str, content: bytes) -> pl.DataFrame:
    origin = Origin(SOURCE, name)
    frame = read_table(content, origin, columns=_COLUMNS)
    require_filled(frame, ["isil_code", "pro_com", "name"], origin)
    return as_numbers(frame, ["latitude", "longitude"], origin, integer=False)
