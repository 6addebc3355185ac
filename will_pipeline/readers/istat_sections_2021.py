"""ISTAT, census sections of 2021: the attributes that come with their boundaries.

What belongs here is the producer's attribute table, out of the shapefile or of a CSV with the same
columns, and its totals by area and by municipality; geometries belong to the boundaries.
"""

import struct
from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePath

import numpy as np
import numpy.typing as npt
import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.readers.tabular import (
    LINE,
    Origin,
    as_numbers,
    only_codes,
    read_table,
    require_filled,
    require_unique,
    text_of,
)

SOURCE = "ISTAT sezioni 2021"
COUNTS = ("residents", "households", "dwellings", "buildings")
"""Counts a section carries; dwellings and buildings are missing in the earlier release."""

_REQUIRED = {
    "SEZ21_ID": "section_id",
    "PRO_COM": "pro_com",
    "SEZ21": "section",
    "COD_TIPO_S": "section_type",
    "POP21": "residents",
    "FAM21": "households",
}
_OPTIONAL = {
    "COM_ASC1": "asc1",
    "COM_ASC2": "asc2",
    "COM_ASC3": "asc3",
    "DEN_ASC1": "asc1_name",
    "ABI21": "dwellings",
    "EDI21": "buildings",
}
_LEVELS = ("asc1", "asc2", "asc3")
_NUMBERS = ("section_id", "pro_com", "section", "section_type", *COUNTS, *_LEVELS)
_OUTPUT = (
    "section_id", "pro_com", "section", "section_type", "is_fictitious",
    *_LEVELS, "asc1_name", *COUNTS,
)  # fmt: skip
# Homeless people and zones disputed between municipalities have a section of their own.
_FICTITIOUS = ((8_888_881, 8_888_889), (9_999_998, 9_999_999))
_SECTIONS_PER_MUNICIPALITY = 10_000_000
_DBF_HEADER = _DBF_FIELD = 32


def sections(files: Mapping[str, bytes], *, cities: Collection[str] | None = None) -> pl.DataFrame:
    """Read the attributes of the census sections of 2021.

    A shapefile counts through its `.dbf` (with the `.cpg` of the same name for the encoding);
    `.csv` files have the same columns, separated by commas. Other parts of a shapefile are not
    opened. Columns that the producer may leave out (`COM_ASC1` to `COM_ASC3`, `DEN_ASC1`, `ABI21`,
    `EDI21`) are then missing in every row; a code of area of 0 means that the municipality has no
    such level, and is missing too.

    Args:
        files: Bytes by name.
        cities: Six-digit municipality codes to keep, each of which must be there; every one where
            None.

    Returns:
        One row a section, sorted by section_id: section_id (thirteen digits, text: municipality
        and section), pro_com (six digits, text), section (number inside the municipality),
        section_type (code of the producer), is_fictitious, asc1, asc2, asc3 (codes of the
        sub-municipal areas, nullable), asc1_name (nullable), residents, households, dwellings and
        buildings (counts, the last two nullable).

    Raises:
        SourceFault: There is no table; a file is not of that form; a required column or cell is
            missing; a code is out of range, an identifier is not made of its municipality and
            section or appears twice; a count is negative.

    Source:
        ISTAT, Basi territoriali 2021, tracciato record of the census sections.
    """
    tables = [name for name in sorted(files) if _suffix(name) in (".dbf", ".csv")]
    if not tables:
        raise SourceFault(SOURCE, "-", "", "nessuna tabella .dbf o .csv delle sezioni")
    read: dict[str, str] = {}
    parts = []
    for name in tables:
        part = _table(name, files)
        again = part.filter(pl.col("section_id").is_in(list(read)))
        if again.height:
            section = again["section_id"][0]
            rule = f"sezione {section} già letta in {read[section]}"
            raise SourceFault(SOURCE, name, f"riga {again[LINE][0]}", rule)
        read |= dict.fromkeys(part["section_id"], name)
        parts.append(part.select(_OUTPUT))
    whole = pl.concat(parts).sort("section_id")
    return only_codes(whole, cities, Origin(SOURCE, ", ".join(tables)))


def area_totals(table: pl.DataFrame, *, area: str = "asc1_name") -> pl.DataFrame:
    """Add up the sections of each sub-municipal area, without the fictitious ones.

    People in fictitious sections are registered somewhere in the municipality without living in
    that area: they count in `municipality_totals` only.

    Args:
        table: Sections, as `sections` returns them.
        area: Column that says the area of a section: `asc1`, `asc2`, `asc3` or `asc1_name`.

    Returns:
        One row an area, sorted: pro_com, the column of the area, sections (number added), then the
        counts; a count is missing where it is in one of the sections.

    Raises:
        SourceFault: The column is not one of those, or a section that is not fictitious has no
            area.

    Source:
        ISTAT, Basi territoriali 2021, description of the data.
    """
    if area not in (*_LEVELS, "asc1_name"):
        raise SourceFault(SOURCE, "-", f"colonna {area}", "non è una colonna di aree")
    real = table.filter(~pl.col("is_fictitious"))
    outside = real.filter(pl.col(area).is_null())
    if outside.height:
        section = outside["section_id"][0]
        raise SourceFault(SOURCE, "-", f"colonna {area}", f"la sezione {section} non ha l'area")
    return _totals(real, ("pro_com", area))


def municipality_totals(table: pl.DataFrame) -> pl.DataFrame:
    """Add up all the sections of each municipality, fictitious ones included.

    Args:
        table: Sections, as `sections` returns them.

    Returns:
        One row a municipality, sorted: pro_com, sections (number added), then the counts; a count
        is missing where it is in one of the sections.

    Raises:
        polars.exceptions.ColumnNotFoundError: The table is not one of sections.

    Source:
        ISTAT, Basi territoriali 2021, description of the data.
    """
    return _totals(table, ("pro_com",))


def _totals(table: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    # A plain sum would take a missing count for zero.
    counts = [
        pl.when(pl.col(name).null_count() == 0).then(pl.col(name).sum()).alias(name)
        for name in COUNTS
    ]
    return table.group_by(key).agg(pl.len().cast(pl.Int64).alias("sections"), *counts).sort(key)


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()


def _table(name: str, files: Mapping[str, bytes]) -> pl.DataFrame:
    origin = Origin(SOURCE, name)
    if _suffix(name) == ".csv":
        frame = _from_csv(files[name], origin)
    else:
        frame = _from_dbf(files[name], origin, _encoding(name, files))
    require_filled(frame, list(_REQUIRED.values()), origin)
    frame = as_numbers(frame, [c for c in _NUMBERS if c in frame.columns], origin)
    present = [column for column in COUNTS if column in frame.columns]
    require_filled(frame, present, origin)
    _refuse(frame, pl.any_horizontal(pl.col(present) < 0), origin, "un conteggio è negativo")
    _check_codes(frame, origin)
    return _with_keys(frame)


def _encoding(name: str, files: Mapping[str, bytes]) -> str:
    pages = {_stem(other): files[other] for other in files if _suffix(other) == ".cpg"}
    return pages.get(_stem(name), b"UTF-8").decode("ascii", "replace").strip()


def _stem(name: str) -> str:
    return PurePath(name).with_suffix("").as_posix().lower()


def _from_csv(content: bytes, origin: Origin) -> pl.DataFrame:
    header = text_of(content, origin).lstrip().split("\n", 1)[0].split(",")
    optional = {name: ours for name, ours in _OPTIONAL.items() if name in map(str.strip, header)}
    return read_table(content, origin, columns=_REQUIRED | optional)


def _from_dbf(content: bytes, origin: Origin, encoding: str) -> pl.DataFrame:
    # Geographic drivers take a cell that is no number for a zero: cells are taken as text here.
    records, fields = _dbf_layout(content, origin)
    absent = [name for name in _REQUIRED if name not in fields]
    if absent:
        raise origin.fault(f"colonna {absent[0]}", "la colonna manca nell'intestazione")
    data: dict[str, pl.Series] = {}
    for name, ours in (_REQUIRED | _OPTIONAL).items():
        if name in fields:
            cells = np.ascontiguousarray(records[:, fields[name]])
            raw = np.char.strip(cells.view(f"S{cells.shape[1]}")[:, 0])
            try:
                text = pl.Series(ours, np.char.decode(raw, encoding), dtype=pl.String)
            except (LookupError, UnicodeDecodeError) as error:
                rule = f"il testo non è {encoding}"
                raise origin.fault(f"colonna {name}", rule) from error
            # dBASE fills a number that was never written with asterisks.
            data[ours] = text.set(text.str.contains(r"^\**$"), None)
    frame = pl.DataFrame(data).with_row_index(LINE, offset=1).cast({LINE: pl.Int64})
    return frame.filter(pl.Series(records[:, 0] != ord("*")))


def _dbf_layout(content: bytes, origin: Origin) -> tuple[npt.NDArray[np.uint8], dict[str, slice]]:
    broken = origin.fault("", "non è una tabella dBASE leggibile")
    if len(content) < _DBF_HEADER:
        raise broken
    rows, header, length = struct.unpack_from("<IHH", content, 4)
    stop = header + rows * length
    if len(content) < stop:
        raise origin.fault("", f"il file è troncato: {len(content)} byte invece di {stop}")
    fields: dict[str, slice] = {}
    start = 1
    for place in range(_DBF_HEADER, header - 1, _DBF_FIELD):
        name = content[place : place + 11].split(b"\0")[0].decode("ascii", "replace")
        fields[name] = slice(start, start + content[place + 16])
        start += content[place + 16]
    if start != length or "" in fields or any(f.start == f.stop for f in fields.values()):
        raise broken
    if rows == 0:
        raise origin.fault("", "c'è l'intestazione ma nessuna riga")
    table = np.frombuffer(content, np.uint8, rows * length, offset=header)
    return table.reshape(rows, length), fields


def _check_codes(frame: pl.DataFrame, origin: Origin) -> None:
    town, number = pl.col("pro_com"), pl.col("section")
    _refuse(frame, ~town.is_between(1001, 999_999), origin, "il codice di comune non esiste")
    inside = number.is_between(1, _SECTIONS_PER_MUNICIPALITY - 1)
    _refuse(frame, ~inside, origin, "il numero di sezione non ha da una a sette cifre")
    composed = town * _SECTIONS_PER_MUNICIPALITY + number
    rule = "SEZ21_ID non è fatto di PRO_COM e SEZ21"
    _refuse(frame, pl.col("section_id") != composed, origin, rule)
    for level in _LEVELS:
        if level in frame.columns:
            code = pl.col(level)
            rule = f"l'area {level} non è del comune"
            _refuse(frame, (code != 0) & (code // 1000 != town), origin, rule)
    require_unique(frame, ["section_id"], origin)


def _refuse(frame: pl.DataFrame, broken: pl.Expr, origin: Origin, rule: str) -> None:
    rows = frame.filter(broken)
    if rows.height:
        raise origin.fault(f"riga {rows[LINE][0]}, sezione {rows['section_id'][0]}", rule)


def _with_keys(frame: pl.DataFrame) -> pl.DataFrame:
    number = pl.col("section")
    fictitious = pl.any_horizontal(number.is_between(low, high) for low, high in _FICTITIOUS)
    absent = [name for name in (*_LEVELS, *COUNTS) if name not in frame.columns]
    whole = frame.with_columns(pl.lit(None, dtype=pl.Int64).alias(name) for name in absent)
    if "asc1_name" not in frame.columns:
        whole = whole.with_columns(pl.lit(None, dtype=pl.String).alias("asc1_name"))
    return whole.with_columns(
        pl.col("section_id").cast(pl.String).str.zfill(13),
        pl.col("pro_com").cast(pl.String).str.zfill(6),
        fictitious.alias("is_fictitious"),
        # Zero is how the producer writes that the municipality has no such level.
        *(pl.when(pl.col(level) != 0).then(pl.col(level)).alias(level) for level in _LEVELS),
    )
