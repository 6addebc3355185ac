"""Files as the producers write them: encodings, separators, layouts, archives, to the byte.

The same rows always give the same bytes: no clock ends up in an archive or in a table of dBase.
"""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import geopandas as gpd
import numpy as np
import polars as pl
import pyogrio

_DAY = b"\x7a\x01\x01"
"""The first day of 2022, as the header of a dBase table writes it."""


def zipped(members: Mapping[str, bytes]) -> bytes:
    """An archive whose members all carry the first day there is."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return made.getvalue()


def delimited(
    frame: pl.DataFrame, *, separator: str = ";", encoding: str = "utf-8", end: str = "\r\n"
) -> bytes:
    """A table of text without quotes."""
    text = frame.write_csv(separator=separator, quote_style="never", line_terminator=end)
    return text.encode(encoding)


def shapefile(
    stem: str, columns: Mapping[str, Sequence[Any]], polygons: np.ndarray
) -> dict[str, bytes]:
    """A shapefile in EPSG:32632, as members of an archive."""
    frame = gpd.GeoDataFrame(dict(columns), geometry=polygons, crs="EPSG:32632")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sezioni.shp"
        pyogrio.write_dataframe(frame, path, driver="ESRI Shapefile", encoding="UTF-8")
        found = {each.suffix: each.read_bytes() for each in sorted(path.parent.iterdir())}
    found[".dbf"] = found[".dbf"][:1] + _DAY + found[".dbf"][4:]
    return {f"{stem}{suffix}": content for suffix, content in found.items()}


def workbook(sheets: Mapping[str, Iterable[Sequence[Any]]]) -> bytes:
    """A workbook with inline texts, as large exports are written."""
    types = '<Default Extension="xml" ContentType="application/xml"/>'
    names, links, members = [], [], {}
    for place, (name, rows) in enumerate(sheets.items(), start=1):
        part = f"worksheets/sheet{place}.xml"
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
        types += f'<Override PartName="/xl/{part}" ContentType="{kind}"/>'
        names.append(f'<sheet name="{escape(name)}" sheetId="{place}" r:id="rId{place}"/>')
        links.append(f'<Relationship Id="rId{place}" Type="{_OFFICE}/worksheet" Target="{part}"/>')
        table = [list(row) for row in rows]
        body = "".join(_row(number, row) for number, row in enumerate(table, start=1))
        last = f"{_letters(max(map(len, table), default=1) - 1)}{max(len(table), 1)}"
        # Without its size, a reader has to go through the whole sheet to know it.
        sheet = (
            f'<worksheet xmlns="{_MAIN}"><dimension ref="A1:{last}"/>'
            f"<sheetData>{body}</sheetData></worksheet>"
        )
        members[f"xl/{part}"] = sheet
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    types += f'<Override PartName="/xl/workbook.xml" ContentType="{main}"/>'
    rels = "application/vnd.openxmlformats-package.relationships+xml"
    types = f'<Default Extension="rels" ContentType="{rels}"/>' + types
    documents = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f"{''.join(names)}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f"{''.join(links)}</Relationships>",
        **members,
    }
    start = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return zipped({name: (start + text).encode() for name, text in documents.items()})


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def _row(number: int, cells: Sequence[Any]) -> str:
    inside = "".join(_cell(f"{_letters(place)}{number}", cell) for place, cell in enumerate(cells))
    return f'<row r="{number}">{inside}</row>'


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{name}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{name}"><v>{value}</v></c>'


def _letters(place: int) -> str:
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def in_order(names: Iterable[str]) -> list[str]:
    """Names of census variables in the order of the layouts."""
    families = ("P", "ST", "A", "PF", "E", "IT", "EM", "NA")

    def place(name: str) -> tuple[int, int]:
        family, number = re.fullmatch(r"([A-Z]+)(\d+)", name).groups()  # type: ignore[union-attr]
        return families.index(family), int(number)

    return sorted(names, key=place)
