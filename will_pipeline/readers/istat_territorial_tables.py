"""ISTAT, the tables that come with the boundaries of 2021: sub-municipal areas and localities.

What belongs here is their form (UTF-16, tabs) and their keys; levels of sub-municipal areas are
numbered each on its own, so that the same number is another area at another level.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Mapping

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
)
from will_pipeline.readers.unpacked import Content, members

SOURCE = "istat_territori_2021"
_AREAS = r"(?i)ASC([123])_R\d\d(?:_21)?\.csv"
_LOCALITIES = r"(?i)LOC_R\d\d(?:_21)?\.csv"
_AREAS_PER_MUNICIPALITY = 1_000
_LOCALITIES_PER_MUNICIPALITY = 100_000


def sub_municipal_areas(
    files: Mapping[str, Content], *, cities: Collection[str] | None = None
) -> pl.DataFrame:
    """Read the sub-municipal areas, every level apart.

    Args:
        files: `ASC<level>_R<region>_21.csv` by name, or archives that hold them.
        cities: Six-digit municipality codes to keep, each of which must be there; every one where
            None.

    Returns:
        One row an area, sorted: level (1 to 3), pro_com (six digits, text), code (inside the
        municipality and the level), label (code as the municipality writes it), name, kind (what
        the municipality calls such an area).

    Raises:
        SourceFault: A table is absent, not in UTF-16, lacks a column or a cell; a code is not made
            of its municipality and number, or appears twice at a level.

    Source:
        ISTAT, Basi territoriali 2021.
    """
    parts = [_areas(name, content) for name, content in members(files, SOURCE, pattern=_AREAS)]
    whole = pl.concat(parts).sort("pro_com", "level", "code")
    everywhere = Origin(SOURCE, ", ".join(sorted(files)))
    twice = whole.filter(pl.struct("pro_com", "level", "code").is_duplicated())
    if twice.height:
        row = twice.row(0, named=True)
        where = f"comune {row['pro_com']}, livello {row['level']}, area {row['code']}"
        raise everywhere.fault(where, "l'area è ripetuta")
    return only_codes(whole, cities, everywhere)


def localities(
    files: Mapping[str, Content], *, cities: Collection[str] | None = None
) -> pl.DataFrame:
    """Read the localities: towns, hamlets, places of production, scattered houses.

    Args:
        files: `LOC_R<region>_21.csv` by name, or archives that hold them.
        cities: Six-digit municipality codes to keep, each of which must be there; every one where
            None.

    Returns:
        One row a locality, sorted: locality_id (eleven digits, text), pro_com (six digits, text),
        kind (1 inhabited centre, 2 hamlet, 3 place of production, 4 scattered houses), name.

    Raises:
        SourceFault: As `sub_municipal_areas`.

    Source:
        ISTAT, Basi territoriali 2021.
    """
    parts = []
    for name, content in members(files, SOURCE, pattern=_LOCALITIES):
        origin = Origin(SOURCE, name)
        columns = {
            "PRO_COM": "pro_com",
            "LOC21_ID": "locality_id",
            "TIPO_LOC": "kind",
            "NOME": "name",
        }
        frame = _table(content, columns, origin)
        frame = as_numbers(frame, ["pro_com", "locality_id", "kind"], origin)
        require_filled(frame, list(columns.values()), origin)
        owner = pl.col("locality_id") // _LOCALITIES_PER_MUNICIPALITY
        rule = "LOC21_ID non è fatto del comune e della località"
        _refuse(frame, owner != pl.col("pro_com"), origin, rule)
        rule = "il tipo di località non è fra 1 e 4"
        _refuse(frame, ~pl.col("kind").is_between(1, 4), origin, rule)
        require_unique(frame, ["locality_id"], origin)
        code = pl.col("locality_id").cast(pl.String).str.zfill(11)
        parts.append(frame.select(code, _six_digits(), "kind", "name"))
    everywhere = Origin(SOURCE, ", ".join(sorted(files)))
    return only_codes(pl.concat(parts).sort("locality_id"), cities, everywhere)


def _areas(name: str, content: bytes) -> pl.DataFrame:
    origin = Origin(SOURCE, name)
    found = re.fullmatch(_AREAS, name)
    level = found[1] if found else ""
    header = _text_header(content, origin)
    # The same release has the level of a column set off by an underscore, or not.
    wanted = {"PRO_COM": "pro_com"}
    for ours, stem in (("code", "COM_ASC"), ("label", "COD_ASC_T"), ("name", "DEN_ASC"),
                       ("kind", "TIPO_ASC")):  # fmt: skip
        spellings = (f"{stem}_{level}", f"{stem}{level}", f"{stem.replace('_T', level + '_T')}")
        wanted[next((each for each in spellings if each in header), spellings[0])] = ours
    frame = _table(content, wanted, origin)
    frame = as_numbers(frame, ["pro_com", "code"], origin)
    require_filled(frame, ["pro_com", "code", "name"], origin)
    owner = pl.col("code") // _AREAS_PER_MUNICIPALITY
    rule = f"COM_ASC{level} non è fatto del comune e dell'area"
    _refuse(frame, owner != pl.col("pro_com"), origin, rule)
    return frame.select(
        pl.lit(int(level), dtype=pl.Int64).alias("level"),
        _six_digits(),
        pl.col("code") % _AREAS_PER_MUNICIPALITY,
        "label",
        "name",
        "kind",
    )


def _six_digits() -> pl.Expr:
    return pl.col("pro_com").cast(pl.String).str.zfill(6)


def _text_header(content: bytes, origin: Origin) -> list[str]:
    # Any other encoding "succeeds" on UTF-16 and fills names with zero bytes: the mark decides.
    if not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise origin.fault("byte 0", "il testo non è UTF-16: manca il segno iniziale")
    try:
        text = content.decode("utf-16")
    except UnicodeDecodeError as error:
        raise origin.fault(f"byte {error.start}", "il testo non è UTF-16 o è troncato") from error
    return [name.strip() for name in text.partition("\n")[0].split("\t")]


def _table(content: bytes, columns: Mapping[str, str], origin: Origin) -> pl.DataFrame:
    _text_header(content, origin)
    return read_table(content, origin, columns=columns, separator="\t", encoding="utf-16")


def _refuse(frame: pl.DataFrame, broken: pl.Expr, origin: Origin, rule: str) -> None:
    rows = frame.filter(broken)
    if rows.height:
        raise SourceFault(origin.source, origin.file, f"riga {rows[LINE][0]}", rule)
