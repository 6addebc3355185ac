"""Archives and workbooks made for the tests, good and bad."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import openpyxl

from will_pipeline.sources.live import Live

TABLE = b"codice;nome;persone\r\n034027;Parma;10\r\n035033;Reggio;20\r\n"
PROPERTIES, MOMENT = "docProps/core.xml", b"2026-01-01T00:00:00Z"
PROJECTION = b'PROJCS["WGS_1984_UTM_Zone_32N",GEOGCS["GCS_WGS_1984"]]'


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in members.items():
            # Made by hand: what the library would make of a hostile name is not what is tested.
            member = zipfile.ZipInfo("x")
            member.filename, member.compress_type = name, method
            archive.writestr(member, content)
    return made.getvalue()


def workbook(rows: int = 3) -> bytes:
    """A workbook, of the same bytes at every run: the library writes the time of day in it."""
    book = openpyxl.Workbook()
    for number in range(rows):
        book.active.append([number, "Città"])
    made = io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as archive:
        members = {each.filename: archive.read(each) for each in archive.infolist()}
    timeless = re.sub(rb"(?<=W3CDTF\">)[^<]+", MOMENT, members[PROPERTIES])
    return zipped({**members, PROPERTIES: timeless})


def with_member(archive: bytes, name: str, content: bytes) -> bytes:
    """The same archive with a member replaced or added."""
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        members = {each.filename: read.read(each) for each in read.infolist()}
    return zipped({**members, name: content})


def shapefile(records: int = 2) -> dict[str, bytes]:
    """Headers as the format wants them; the reader of shapes is not what is tested."""
    body = b"\0" * 40
    shapes = struct.pack(">i20xi", 9994, (100 + len(body)) // 2).ljust(100, b"\0") + body
    table = struct.pack("<4xIHH20x", records, 65, 11) + b"\0" * 33 + b" " * 11 * records
    stem = "SHP/R08_21_WGS84"
    return {
        f"{stem}.shp": shapes,
        f"{stem}.shx": shapes,
        f"{stem}.dbf": table,
        f"{stem}.prj": PROJECTION,
    }


def declared(kind: str, **given: Any) -> Live:
    content = {
        "host": "istat_sito",
        "files": [{"name": "dati", "path": "/x"}],
        "format": kind,
        "size_bytes": {"min": 1, "max": 10**7},
        "rows": {"min": 2, "max": 1000},
        "unzipped_bytes": 10**7,
    }
    members: dict[str, Any] = {
        "csv_zip": [{"name": "tabella.csv", "pattern": r".*\.csv"}],
        "xlsx_zip": [{"name": "tabella.xlsx", "pattern": r".*\.xlsx"}],
        "shapefile_zip": [
            {"name": f"confini.{end}", "pattern": rf"SHP/.*\.{end}"}
            for end in ("shp", "shx", "dbf", "prj")
        ],
    }
    if kind in members:
        content["members"] = members[kind]
    if kind == "shapefile_zip":
        content["encoding"] = "utf-8"
    return Live.model_validate({**content, **given})
