"""Pharmacies with coordinates, from the register of the Ministero della Salute.

What belongs here is the layout of the register in JSON; tax numbers are left out, and so are the
pharmacies that closed.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from will_pipeline.readers.json_answers import document, records
from will_pipeline.readers.tabular import Origin, as_numbers, only_file, require_filled

SOURCE = "salute_farmacie"
_COLUMNS = {
    "cod_farmacia": "pharmacy_code",
    "descrizione_farmacia": "name",
    "indirizzo": "address",
    "cap": "cap",
    "comune": "municipality",
    "descrizione_tipologia": "kind",
    "latitudine": "latitude",
    "longitudine": "longitude",
    "data_fine_validita": "closed_on",
}
_NONE = "-"
_WEST, _EAST, _SOUTH, _NORTH = 6.0, 19.0, 35.0, 48.0


def pharmacies(files: Mapping[str, bytes], *, municipalities: Mapping[str, str]) -> pl.DataFrame:
    """Read the pharmacies that are open.

    Args:
        files: The register as JSON, one file.
        municipalities: ISTAT code of each municipality to keep by its name; a municipality may
            have several spellings.

    Returns:
        One row a pharmacy, sorted: pharmacy_code, pro_com, name, address, cap (five characters),
        kind, latitude and longitude (degrees), coordinates (`observed`; `missing` where the
        register has `-`, nothing or 0; `outside` where they are not in Italy).

    Raises:
        SourceFault: The file is no list of objects, a field is in no row, a coordinate is no
            number, an open pharmacy is repeated, a municipality has none.

    Source:
        Ministero della Salute, Farmacie, open data.
    """
    content, origin = only_file(files, SOURCE)
    rows = document(content, origin)
    frame = records(rows, origin, columns=_COLUMNS)
    texts = list(_COLUMNS.values())
    frame = frame.with_columns(
        pl.when(pl.col(name) != _NONE).then(pl.col(name)).alias(name) for name in texts
    ).filter(pl.col("closed_on").is_null())
    codes = {_plain(name): code for name, code in municipalities.items()}
    known = {name: codes.get(_plain(name)) for name in frame["municipality"].drop_nulls().unique()}
    frame = frame.with_columns(
        pl.col("municipality")
        .replace_strict(known, default=None, return_dtype=pl.String)
        .alias("pro_com")
    ).filter(pl.col("pro_com").is_not_null())
    absent = sorted(set(municipalities.values()) - set(frame["pro_com"]))
    if absent:
        raise origin.fault("campo comune", f"nessuna farmacia del comune {absent[0]}")
    require_filled(frame, ["pharmacy_code", "name"], origin)
    twice = frame.filter(pl.col("pharmacy_code").is_duplicated()).sort("pharmacy_code")
    if twice.height:
        raise origin.fault(f"farmacia {twice['pharmacy_code'][0]}", "la farmacia è ripetuta")
    return _placed(frame, origin).sort("pharmacy_code")


def _placed(frame: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    places = ["latitude", "longitude"]
    frame = as_numbers(frame, places, origin, integer=False, decimal_comma=True)
    latitude, longitude = (pl.col(each) for each in places)
    blank = latitude.is_null() | longitude.is_null() | (latitude == 0) | (longitude == 0)
    inside = latitude.is_between(_SOUTH, _NORTH) & longitude.is_between(_WEST, _EAST)
    status = pl.when(blank).then(pl.lit("missing")).when(inside).then(pl.lit("observed"))
    return frame.select(
        "pharmacy_code",
        "pro_com",
        "name",
        "address",
        pl.col("cap").str.zfill(5),
        "kind",
        *(pl.when(~blank).then(pl.col(each)).alias(each) for each in places),
        status.otherwise(pl.lit("outside")).alias("coordinates"),
    )


def _plain(name: str) -> str:
    # Apostrophes are written in three ways, one of which is a backtick.
    return " ".join(name.replace("`", "'").replace("\u2019", "'").casefold().split())
