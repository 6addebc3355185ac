"""Polygons of a shapefile as arrays of vertices, without an object in between.

Only what every official shapefile of polygons is made of is read here; whatever is unusual is left
to GDAL by whoever calls.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from will_pipeline.national.edges import Flags, Objects, Rings

POLYGON = 5
_FILE_CODE = 9994
_HEADER, _INDEX_ROW = 100, 8
_BEFORE_PARTS = 52
"""Bytes of a record before its parts: number, length, type, box and the two counts."""
_WORD, _POINT = 4, 16
_DBF_HEADER = 32


@dataclass(frozen=True)
class Drawn:
    """Polygons of a file, in its order.

    Attributes:
        rings: vertices of every ring and whose it is.
        simple: whether the polygon is one ring, shape (n,).
    """

    rings: Rings
    simple: Flags


def rings_of_file(shp: bytes, shx: bytes) -> Drawn | None:
    """Read the rings of every polygon.

    Args:
        shp: the main file.
        shx: its index.

    Returns:
        The polygons; nothing where the file has other shapes, empty ones, or does not hang
        together.

    Source:
        ESRI (1998), Shapefile Technical Description.
    """
    if len(shp) < _HEADER or len(shp) % _WORD or len(shx) <= _HEADER:
        return None
    if struct.unpack_from(">i", shp)[0] != _FILE_CODE:
        return None
    index = np.frombuffer(shx, ">i4", offset=_HEADER)
    record = index[: len(index) // 2 * 2].reshape(-1, 2)[:, 0].astype(np.int64) * 2
    words = np.frombuffer(shp, "<i4")
    if record.max() + _BEFORE_PARTS > len(shp) or (words[record // _WORD + 2] != POLYGON).any():
        return None
    parts = words[record // _WORD + 11].astype(np.int64)
    points = words[record // _WORD + 12].astype(np.int64)
    first_part = record + _BEFORE_PARTS
    first_point = first_part + parts * _WORD
    ends = first_point + points * _POINT
    if (parts < 1).any() or (points < 4).any() or ends.max() > len(shp):
        return None
    vertices = words[_within(len(words), first_point // _WORD, ends // _WORD)]
    starts = words[_within(len(words), first_part // _WORD, first_point // _WORD)]
    owner = np.repeat(np.arange(len(record)), parts)
    before = np.concatenate([[0], np.cumsum(points)])
    offsets = np.append(starts + before[owner], before[-1]).astype(np.intp)
    if (np.diff(offsets) < 4).any():
        return None
    # Zero has two signs, and only one of them may be hashed.
    drawn = (vertices.view(np.float64) + 0.0).view(np.complex128)
    return Drawn(Rings(drawn, offsets, owner, None), parts == 1)


def _within(size: int, first: NDArray[np.int64], last: NDArray[np.int64]) -> Flags:
    """Which words lie in one of the spans, that neither overlap nor come in any order."""
    change = np.zeros(size + 1, dtype=np.int8)
    np.add.at(change, first, 1)
    np.add.at(change, last, -1)
    return np.cumsum(change[:-1], dtype=np.int8).astype(bool)


def polygons_of(drawn: Drawn) -> Objects:
    """Polygons of one ring each; nothing in the place of those that have more."""
    rings = drawn.rings
    whole = np.full(len(drawn.simple), None, dtype=object)
    single = drawn.simple[rings.owner]
    vertices = rings.points.view(np.float64).reshape(-1, 2)
    offsets = rings.offsets
    if not single.all():
        size = np.diff(offsets)
        vertices = vertices[np.repeat(single, size)]
        offsets = np.concatenate([[0], np.cumsum(size[single])])
    made = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, vertices, (offsets, np.arange(len(offsets)))
    )
    whole[drawn.simple] = made
    return whole


def columns_of(dbf: bytes, names: Sequence[str]) -> pl.DataFrame | None:
    """Read number columns of a table of attributes, missing where blank.

    Args:
        dbf: the file.
        names: columns to read, in capitals; those that are not there are left out.

    Returns:
        The columns, in the order of `names`; nothing where the file does not hang together or a
        cell is no number.

    Source:
        dBASE III file format, as in ESRI (1998).
    """
    if len(dbf) < _DBF_HEADER:
        return None
    rows, header, width = struct.unpack_from("<IHH", dbf, 4)
    if header + rows * width > len(dbf) or header <= _DBF_HEADER or width < 2:
        return None
    cells = np.frombuffer(dbf, "S1", count=rows * width, offset=header).reshape(rows, width)
    found, before = {}, 1
    for at in range(_DBF_HEADER, header - 1, _DBF_HEADER):
        name = dbf[at : at + 11].split(b"\0")[0].decode("ascii", "replace").upper()
        size = dbf[at + 16]
        if name in names:
            text = np.ascontiguousarray(cells[:, before : before + size]).view(f"S{size}")[:, 0]
            found[name] = text
        before += size
    try:
        return pl.DataFrame({name: _numbers(found[name]) for name in names if name in found})
    except ValueError:
        return None


def _numbers(text: NDArray[np.bytes_]) -> pl.Series:
    # GDAL writes asterisks in a number cell that has no number.
    filled = np.char.strip(text, b" *") != b""
    values = np.full(len(text), np.nan)
    values[filled] = text[filled].astype(np.float64)
    return pl.Series(values).fill_nan(None)
