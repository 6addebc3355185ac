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


def libraries(
    files: Mapping[str, bytes],
    *,
    cities: Collection[str] | None = None,
    separator: str = ",",
    decimal_comma: bool = False,
) -> pl.DataFrame:
    """Read the libraries.

    Args:
        files: Official CSV files, one register or a cut of it each.
        cities: Municipalities to keep (ISTAT codes); every one where None.
        separator: Field separator: the register of every day has semicolons.
        decimal_comma: Whether coordinates have a comma, as in the register of every day.

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
    frame = pl.concat(
        [
            _read(name, content, separator=separator, decimal_comma=decimal_comma)
            for name, content in files.items()
        ]
    )
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


def _read(name: str, content: bytes, *, separator: str, decimal_comma: bool) -> pl.DataFrame:
    origin = Origin(SOURCE, name)
    frame = read_table(content, origin, columns=_COLUMNS, separator=separator)
    require_filled(frame, ["isil_code", "pro_com", "name"], origin)
    # The register of every day writes codes as numbers, without the zero before.
    frame = frame.with_columns(pl.col("pro_com").str.zfill(6))
    places = ["latitude", "longitude"]
    return as_numbers(frame, places, origin, integer=False, decimal_comma=decimal_comma)
