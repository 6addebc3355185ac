"""Polygons of sections and of areas, out of the files that geographic programs exchange.

What belongs here is the passage from a GeoPackage, a zipped shapefile or a GeoJSON to rows with
our keys and WKB in degrees; repairs and unions belong to the geography.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import polars as pl
import pyogrio
import shapely

from will_pipeline.errors import SourceFault

SOURCE = "confini"
GEOGRAPHIC = "EPSG:4326"
SUFFIXES = (".gpkg", ".zip", ".geojson", ".json")
UNREADABLE = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.GeometryError,
    pyogrio.errors.FieldError,
    UnicodeDecodeError,
)
"""How a geographic file that cannot be read ends."""
MOST_UNPACKED = 500_000_000
_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_SECTIONS_PER_MUNICIPALITY = 10_000_000
_FICTITIOUS = ((8_888_881, 8_888_889), (9_999_998, 9_999_999))
_IDENTIFIERS = {"SEZ2011": "2011", "SEZ21_ID": "2021", "id": "2021"}
"""Column of the section's identifier by producer's product, with the edition it is of."""
_CODES = {
    "asc1": ("COM_ASC1", "COM_ASC_1", "COM_ASC", "asc1"),
    "asc2": ("COM_ASC2", "COM_ASC_2", "asc2"),
    "asc3": ("COM_ASC3", "COM_ASC_3", "asc3"),
    "ace": ("ACE",),
}
_COUNTS = {"residents": ("POP21", "P1"), "households": ("FAM21", "PF1")}
SECTIONS = pl.Schema(
    {
        "section_id": pl.String(),
        "pro_com": pl.String(),
        "edition": pl.String(),
        "fictitious": pl.Boolean(),
        "asc1": pl.Int64(),
        "asc2": pl.Int64(),
        "asc3": pl.Int64(),
        "ace": pl.Int64(),
        "residents": pl.Int64(),
        "households": pl.Int64(),
        "geom_wkb": pl.Binary(),
    }
)


def section_polygons(name: str, content: bytes) -> pl.DataFrame:
    """Read the polygons of census sections.

    The columns are those of ISTAT's boundaries of 2011 (`SEZ2011`) and 2021 (`SEZ21_ID`), or of
    the GeoJSON that AgID makes of the latter (`id`, with counts in `vars`). Every level of
    sub-municipal areas stays in its own column, since each has its own numbers; a code of 0 of
    such a level means that there is none. Polygons are not repaired.

    Args:
        name: name of the file.
        content: its bytes.

    Returns:
        One row a section, sorted: section_id (thirteen digits, text), pro_com (six), edition,
        fictitious (sections of people without a home and of disputed zones), asc1, asc2, asc3,
        ace (codes within the municipality, nullable), residents and households (where the file
        has them), geom_wkb (EPSG:4326).

    Raises:
        SourceFault: the file cannot be read, does not say its reference system or the identifier
            of its sections, or a code is not a whole number.

    Source:
        ISTAT, Basi territoriali 2011 and 2021, tracciato record of the census sections.
    """
    frame = read_polygons(name, content)
    identifier = next((column for column in _IDENTIFIERS if column in frame.columns), None)
    if identifier is None:
        rule = f"manca il codice della sezione; serve una colonna fra {', '.join(_IDENTIFIERS)}"
        raise SourceFault(SOURCE, name, "", rule)
    number = _whole(name, frame, identifier)
    if number.null_count():
        where = f"riga {int(number.is_null().arg_max() or 0) + 1}, colonna {identifier}"
        raise SourceFault(SOURCE, name, where, "manca il codice della sezione")
    frame = _with_variables(frame)
    town = number // _SECTIONS_PER_MUNICIPALITY
    codes = {
        ours: _code(_first(name, frame, theirs), town, zero=ours == "ace")
        for ours, theirs in _CODES.items()
    }
    counts = {ours: _first(name, frame, theirs) for ours, theirs in _COUNTS.items()}
    inside = pl.Series("inside", number % _SECTIONS_PER_MUNICIPALITY)
    apart = pl.any_horizontal(pl.col("inside").is_between(low, high) for low, high in _FICTITIOUS)
    return (
        pl.DataFrame({"number": number, "town": town, "inside": inside, **codes, **counts})
        .with_columns(
            pl.Series("geom_wkb", _wkb(frame), dtype=pl.Binary),
            section_id=pl.col("number").cast(pl.String).str.zfill(13),
            pro_com=pl.col("town").cast(pl.String).str.zfill(6),
            edition=pl.lit(_IDENTIFIERS[identifier]),
            fictitious=apart,
        )
        .select(SECTIONS.names())
        .match_to_schema(SECTIONS)
        .sort("section_id")
    )


def area_polygons(name: str, content: bytes) -> pl.DataFrame:
    """Read the polygons of areas that a municipality draws.

    Args:
        name: name of the file.
        content: its bytes; one feature an area, with its code in `codice` or, failing that, its
            name in `nome`.

    Returns:
        `label` (as written), `geom_wkb` (EPSG:4326), in the order of the file.

    Raises:
        SourceFault: the file cannot be read, does not say its reference system, or an area has no
            code and no name.
    """
    frame = read_polygons(name, content)
    columns = {column.casefold(): column for column in frame.columns}
    label = columns.get("codice") or columns.get("nome")
    if label is None:
        raise SourceFault(SOURCE, name, "", "manca la colonna codice (o nome) delle aree")
    told = ["" if pd.isna(value) else str(value) for value in frame[label]]
    for row, text in enumerate(told, start=1):
        if not text.strip():
            raise SourceFault(SOURCE, name, f"riga {row}, colonna {label}", "manca il valore")
    return pl.DataFrame(
        {"label": told, "geom_wkb": _wkb(frame)},
        schema={"label": pl.String, "geom_wkb": pl.Binary},
    )


def read_polygons(name: str, content: bytes) -> gpd.GeoDataFrame:
    """Read a geographic file from its bytes, in degrees.

    Args:
        name: name of the file; its extension is one of `SUFFIXES`.
        content: its bytes.

    Returns:
        The features, in EPSG:4326.

    Raises:
        SourceFault: the format is another, the file is damaged, has no features or no geometry,
            or does not say its reference system.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in SUFFIXES:
        rule = f"il formato non è ammesso; sono ammessi {', '.join(SUFFIXES)}"
        raise SourceFault(SOURCE, name, "", rule)
    body = _only_shapefile(name, content) if suffix == ".zip" else content
    with warnings.catch_warnings():
        # GDAL wants the suffix of the format, which bytes in memory cannot have.
        warnings.filterwarnings("ignore", message=".*non conformant file extension")
        try:
            frame = pyogrio.read_dataframe(io.BytesIO(body))
        except UNREADABLE as error:
            raise SourceFault(SOURCE, name, "", "il file geografico non si legge") from error
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        raise SourceFault(SOURCE, name, "", "nel file non ci sono geometrie")
    if frame.crs is None:
        raise SourceFault(SOURCE, name, "", "il file non dice il sistema di riferimento")
    return frame.to_crs(GEOGRAPHIC)


def _only_shapefile(name: str, content: bytes) -> bytes:
    """The one shapefile of an archive in an archive of its own, under names we choose."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            layers = [each for each in members if each.filename.lower().endswith(".shp")]
            if len(layers) != 1:
                rule = f"l'archivio deve avere un solo shapefile, ne ha {len(layers)}"
                raise SourceFault(SOURCE, name, "", rule)
            stem = layers[0].filename[:-4].lower()
            parts = [each for each in members if each.filename.lower() in _names(stem)]
            if sum(each.file_size for each in parts) > MOST_UNPACKED:
                raise SourceFault(SOURCE, name, "", "l'archivio aperto è troppo grande")
            target = io.BytesIO()
            with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as flat:
                for each in parts:
                    flat.writestr(
                        f"dati{PurePath(each.filename).suffix.lower()}", _read(archive, each)
                    )
            return target.getvalue()
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise SourceFault(SOURCE, name, "", "l'archivio è rovinato o non si apre") from error


def _names(stem: str) -> Iterator[str]:
    return (f"{stem}{suffix}" for suffix in _SHAPEFILE)


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as stream:
        content = stream.read(MOST_UNPACKED + 1)
    if len(content) != member.file_size:
        raise zipfile.BadZipFile
    return content


def _with_variables(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The counts that a GeoJSON keeps inside `vars`, each in a column."""
    if "vars" not in frame.columns:
        return frame
    told = [json.loads(each) if isinstance(each, str) else each or {} for each in frame["vars"]]
    wanted = [code for codes in _COUNTS.values() for code in codes]
    return frame.assign(**{code: [each.get(code) for each in told] for code in wanted})


def _first(name: str, frame: gpd.GeoDataFrame, columns: Sequence[str]) -> pl.Series:
    found = [column for column in columns if column in frame.columns]
    filled = [column for column in found if not frame[column].isna().all()]
    if not filled:
        return pl.Series("absent", [None] * len(frame), dtype=pl.Int64)
    return _whole(name, frame, filled[0])


def _whole(name: str, frame: gpd.GeoDataFrame, column: str) -> pl.Series:
    raw = [None if pd.isna(value) or value == "" else value for value in frame[column]]
    try:
        numbers = [None if value is None else _integer(value) for value in raw]
    except (TypeError, ValueError) as error:
        rule = "un valore non è un numero intero"
        raise SourceFault(SOURCE, name, f"colonna {column}", rule) from error
    return pl.Series(column, numbers, dtype=pl.Int64)


def _integer(value: Any) -> int:
    # Codes past 2^53 would lose digits as decimals; files that hold decimals have whole ones.
    number = int(value)
    if not isinstance(value, str) and number != value:
        raise ValueError
    return number


def _code(codes: pl.Series, town: pl.Series, *, zero: bool) -> pl.Series:
    """Codes within the municipality, whether or not the file writes it before them."""
    inside = pl.select(
        pl.when(codes // 1_000 == town).then(codes - town * 1_000).otherwise(codes)
    ).to_series()
    return inside if zero else pl.select(pl.when(inside != 0).then(inside)).to_series()


def _wkb(frame: gpd.GeoDataFrame) -> list[bytes | None]:
    shapes = shapely.force_2d(np.asarray(frame.geometry.values, dtype=object))
    return [None if shape is None else shapely.to_wkb(shape, byte_order=1) for shape in shapes]
