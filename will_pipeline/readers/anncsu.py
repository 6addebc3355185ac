"""Civic numbers with coordinates, from the national archive of streets and civic numbers (ANNCSU).

What belongs here is the layout of the regional files; matching addresses with them is the
geography's matter.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping

import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.readers.tabular import LINE, Origin, as_numbers, require_filled, text_of
from will_pipeline.readers.unpacked import Content, members

SOURCE = "anncsu_civici"
_PATTERN = r"(?i)INDIR_[A-Z]+(?:_\d{8})?\.csv"
_COLUMNS = {
    "CODICE_COMUNE": "belfiore",
    "CODICE_ISTAT": "pro_com",
    "PROGRESSIVO_NAZIONALE": "street_id",
    "ODONIMO": "street",
    "PROGRESSIVO_ACCESSO": "access_id",
    "CIVICO": "number",
    "ESPONENTE": "exponent",
    "COORD_X_COMUNE": "longitude",
    "COORD_Y_COMUNE": "latitude",
    "METODO": "method",
}
_SEPARATORS = ";,"
_WEST, _EAST, _SOUTH, _NORTH = 6.0, 19.0, 35.0, 48.0


def civic_numbers(
    files: Mapping[str, Content], *, cities: Collection[str] | None = None
) -> pl.DataFrame:
    """Read the civic numbers of some municipalities.

    Args:
        files: `INDIR_<area>_<day>.csv` by name, or archives that hold them.
        cities: Municipalities to keep (ISTAT codes), each of which must be there; every one where
            None.

    Returns:
        One row an access, sorted: pro_com, belfiore, street_id, street, access_id, number
        (missing where there is none), exponent, longitude and latitude (degrees), method (code of
        how the municipality measured), coordinates (`observed`; `missing` where blank or zero;
        `outside` where they are not in Italy: kept as published, and not to be used).

    Raises:
        SourceFault: A column is missing, a line is cut, a coordinate is no number with a decimal
            comma or dot, an access appears twice, a municipality is not in the files.

    Source:
        Agenzia delle Entrate and ISTAT, ANNCSU, open data.
    """
    parts = [
        _read(name, content, cities) for name, content in members(files, SOURCE, pattern=_PATTERN)
    ]
    whole = _whole(parts, ", ".join(sorted(files)))
    absent = sorted(set(cities or ()) - set(whole["pro_com"]))
    if absent:
        shown = ", ".join(sorted(files))
        raise SourceFault(SOURCE, shown, "colonna CODICE_ISTAT", f"manca il codice {absent[0]}")
    return whole


def civic_numbers_of_regions(
    files: Mapping[str, bytes], *, cities: Collection[str]
) -> pl.DataFrame:
    """Read the civic numbers of some municipalities out of the files of their regions.

    Args:
        files: One CSV a region, each in any folder.
        cities: Municipalities to keep (ISTAT codes); one that is in no file has no row.

    Returns:
        As `civic_numbers`, empty where no municipality is there.

    Raises:
        SourceFault: As `civic_numbers`.
    """
    parts = [_read(name, content, cities) for name, content in sorted(files.items())]
    return _whole(parts, ", ".join(sorted(files)))


def _whole(parts: list[pl.DataFrame], shown: str) -> pl.DataFrame:
    whole = pl.concat(parts).sort("pro_com", "street", "number", "exponent", "access_id")
    twice = whole.filter(pl.struct("pro_com", "access_id").is_duplicated())
    if twice.height:
        where = f"comune {twice['pro_com'][0]}, accesso {twice['access_id'][0]}"
        raise SourceFault(SOURCE, shown, where, "l'accesso è ripetuto")
    return whole


def _read(name: str, content: bytes, cities: Collection[str] | None) -> pl.DataFrame:
    origin = Origin(SOURCE, name)
    kept = list(_kept(text_of(content, origin), origin, cities))
    schema = {LINE: pl.Int64} | dict.fromkeys(_COLUMNS.values(), pl.String)
    frame = pl.DataFrame(kept, schema=schema, orient="row")
    frame = as_numbers(frame, ["number", "method"], origin)
    places = ["longitude", "latitude"]
    frame = as_numbers(frame, places, origin, integer=False, decimal_comma=True)
    require_filled(frame, ["pro_com", "belfiore", "street", "access_id"], origin)
    longitude, latitude = (pl.col(each) for each in places)
    blank = longitude.is_null() | latitude.is_null() | (longitude == 0) | (latitude == 0)
    inside = longitude.is_between(_WEST, _EAST) & latitude.is_between(_SOUTH, _NORTH)
    status = pl.when(blank).then(pl.lit("missing")).when(inside).then(pl.lit("observed"))
    return frame.select(
        "pro_com",
        "belfiore",
        "street_id",
        "street",
        "access_id",
        "number",
        "exponent",
        *(pl.when(~blank).then(pl.col(each)).alias(each) for each in places),
        "method",
        status.otherwise(pl.lit("outside")).alias("coordinates"),
    )


def _kept(
    text: str, origin: Origin, cities: Collection[str] | None
) -> Iterator[tuple[int, *tuple[str | None, ...]]]:
    # A region has millions of rows: those of other municipalities are never held.
    first = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    header = [name.strip() for name in next(lines)]
    absent = [name for name in _COLUMNS if name not in header]
    if absent:
        raise origin.fault(f"colonna {absent[0]}", "la colonna manca nell'intestazione")
    places = [header.index(name) for name in _COLUMNS]
    town = header.index("CODICE_ISTAT")
    for row in lines:
        if not row:
            continue
        if len(row) != len(header):
            rule = f"{len(row)} campi, l'intestazione ne ha {len(header)}"
            raise origin.fault(f"riga {lines.line_num}", rule)
        code = row[town].strip().zfill(6)
        if cities is None or code in cities:
            cells = (row[place].strip() or None for place in places)
            yield lines.line_num, *(code if at == 1 else cell for at, cell in enumerate(cells))
