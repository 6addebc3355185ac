"""ISTAT, index of socio-economic discomfort (IDISE): the tables that a user hands in.

What belongs here is finding the declared columns in zipped or plain CSV and XLSX files; the layout
is declared in a small YAML file that the user may correct, since the official one is not known.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from importlib.resources import files as package_files
from pathlib import PurePosixPath
from typing import Any, Literal

import openpyxl
import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from will_pipeline.errors import SourceFault
from will_pipeline.readers.tabular import (
    LINE,
    Origin,
    as_numbers,
    read_table,
    require_filled,
    require_unique,
)
from will_pipeline.yaml_text import parse_yaml

SOURCE = "idise"
COLUMNS_FILE = "colonne.yaml"
LARGEST_BYTES = 50_000_000
_SHIPPED = "idise.yaml"
_AREA_ID = re.compile(r"\d{6}\.[QA]\w+")
_WITHIN_CITY, _CODE_DIGITS, _MUNICIPALITY_DIGITS = 1_000, 2, 6


class Layout(BaseModel):
    """How the files are read; the names of the fields are those of the user's YAML file.

    Attributes:
        tabelle: patterns of the names of the tables, also inside zips.
        foglio: sheet of an XLSX file, the first where none.
        separatore: separator of a CSV file.
        codifica: encoding of a CSV file.
        virgola_decimale: whether decimals have a comma.
        valore: column of the index, more is more discomfort.
        area: column of the area: `034027.Q04`, ISTAT's COM_ASC (municipality x 1000 + code), or a
            code beside the column of the municipality.
        comune: column of the municipality, needed where the area's code does not hold it.
        livello: level of the areas.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tabelle: tuple[str, ...] = Field(min_length=1)
    foglio: str | None = None
    separatore: str = Field(min_length=1, max_length=1)
    codifica: str
    virgola_decimale: bool
    valore: str = Field(min_length=1)
    area: str = Field(min_length=1)
    comune: str | None = None
    livello: Literal["Q", "A"]


def read_idise(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Read the index of every area from the files handed in.

    Args:
        files: Bytes by name: CSV, XLSX or ZIP files, and possibly `colonne.yaml`, which takes the
            place of the layout of the package.

    Returns:
        One row an area, sorted: `area_id` as in `dim_area`, `idise` (missing where the file has no
        value).

    Raises:
        SourceFault: No table, a declared column that is not there, a value that is no number, a
            code that is no area, an area found twice, a file that does not open.
    """
    layout = _layout(files)
    tables = [
        _table(content, Origin(SOURCE, name), layout) for name, content in _tables(files, layout)
    ]
    if not tables:
        wanted = ", ".join(layout.tabelle)
        raise SourceFault(SOURCE, "-", "", f"nessuna tabella fra i file consegnati ({wanted})")
    frame = pl.concat(tables)
    repeated = frame.filter(frame["area_id"].is_duplicated())["area_id"].unique().sort()
    if repeated.len():
        raise SourceFault(SOURCE, "-", f"area {repeated[0]}", "è in più di una riga o di un file")
    return frame.sort("area_id")


def _layout(files: Mapping[str, bytes]) -> Layout:
    given = files.get(COLUMNS_FILE)
    name = COLUMNS_FILE if given is not None else _SHIPPED
    content = given or (package_files("will_pipeline.readers") / _SHIPPED).read_bytes()
    try:
        return Layout.model_validate(parse_yaml(content))
    except yaml.YAMLError as error:
        raise SourceFault(SOURCE, name, "", "il file non è YAML") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SourceFault(SOURCE, name, f"campo {where}", "manca, è di troppo o non va") from error


def _tables(files: Mapping[str, bytes], layout: Layout) -> Iterator[tuple[str, bytes]]:
    for name, content in sorted(files.items()):
        if name.lower().endswith(".zip"):
            yield from _members(name, content, layout)
        elif _is_table(name, layout):
            yield name, content


def _is_table(name: str, layout: Layout) -> bool:
    plain = PurePosixPath(name).name.lower()
    return any(fnmatch(plain, pattern.lower()) for pattern in layout.tabelle)


def _members(name: str, content: bytes, layout: Layout) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in sorted(archive.infolist(), key=lambda each: each.filename):
                if not _is_table(member.filename, layout):
                    continue
                if member.file_size > LARGEST_BYTES:
                    rule = f"{member.filename} supera {LARGEST_BYTES // 1_000_000} MB"
                    raise SourceFault(SOURCE, name, "", rule)
                yield f"{name}/{member.filename}", archive.read(member)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
        raise SourceFault(SOURCE, name, "", "lo zip non si apre") from error


def _table(content: bytes, origin: Origin, layout: Layout) -> pl.DataFrame:
    columns = {layout.area: "area", layout.valore: "idise"}
    if layout.comune is not None:
        columns[layout.comune] = "municipality"
    if origin.file.lower().endswith(".xlsx"):
        content, encoding, separator = _as_csv(content, origin, layout), "utf-8", "\t"
    else:
        encoding, separator = layout.codifica, layout.separatore
    table = read_table(content, origin, columns=columns, separator=separator, encoding=encoding)
    table = as_numbers(
        table, ["idise"], origin, integer=False, decimal_comma=layout.virgola_decimale
    )
    require_filled(table, ["area"], origin)
    if layout.comune is None:
        table = table.with_columns(municipality=pl.lit(None, dtype=pl.String))
    identified = [
        _area_id(area, municipality, layout, origin, line)
        for area, municipality, line in table.select("area", "municipality", LINE).iter_rows()
    ]
    named = table.with_columns(area_id=pl.Series(identified, dtype=pl.String))
    require_unique(named, ["area_id"], origin)
    return named.select("area_id", "idise")


def _as_csv(content: bytes, origin: Origin, layout: Layout) -> bytes:
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (KeyError, ValueError, OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise origin.fault("", "il file XLSX non si apre") from error
    name = layout.foglio or book.sheetnames[0]
    if name not in book.sheetnames:
        raise origin.fault(f"foglio {name}", "il foglio manca")
    rows = (
        "\t".join(_cell(cell) for cell in row) for row in book[name].iter_rows(values_only=True)
    )
    return "\n".join(rows).encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    whole = isinstance(value, float) and value.is_integer()
    return re.sub(r"\s+", " ", str(int(value) if whole else value)).replace('"', "'")


def _area_id(area: str, municipality: str | None, layout: Layout, origin: Origin, line: int) -> str:
    if _AREA_ID.fullmatch(area):
        return area
    if not area.isdecimal() or (municipality is not None and not municipality.isdecimal()):
        raise origin.fault(f"riga {line}, colonna {layout.area}", f"{area!r} non è un'area")
    code, own = int(area), None if municipality is None else int(municipality)
    if code >= _WITHIN_CITY:
        found, code = divmod(code, _WITHIN_CITY)
        if own not in (None, found):
            rule = f"l'area {area} non è del comune {municipality}"
            raise origin.fault(f"riga {line}, colonna {layout.area}", rule)
        own = found
    if own is None:
        rule = f"il codice {area!r} non dice il comune: manca la colonna del comune"
        raise origin.fault(f"riga {line}, colonna {layout.area}", rule)
    number = str(code).zfill(_CODE_DIGITS)
    return f"{str(own).zfill(_MUNICIPALITY_DIGITS)}.{layout.livello}{number}"
