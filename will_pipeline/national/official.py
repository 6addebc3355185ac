"""Official files of one region, counts and polygons of sections, read in columns.

Only what the formulas use is kept. Whatever the fast way cannot read goes to the careful reader of
`will_pipeline.readers`, which says what is wrong and where.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import shapely

from will_pipeline.errors import SourceFault
from will_pipeline.national.edges import Objects, Places, Rings
from will_pipeline.national.shapefile import columns_of, polygons_of, rings_of_file
from will_pipeline.readers.istat_census_sections import sections

COUNTS, POLYGONS = "istat_sezioni_2011", "istat_basi_territoriali_2011"
PER_MUNICIPALITY = 10_000_000
METRIC = "EPSG:32632"
REGIONS = tuple(f"{number:02d}" for number in range(1, 21))
DRAWN = ["SEZ2011", "PRO_COM", "ACE"]
_FICTITIOUS = ((7_777_777, 7_777_777), (8_888_881, 8_888_889), (9_999_998, 9_999_999))
_KEYS = {"PROCOM": "pro_com", "SEZ2011": "section_id", "ACE": "ace"}


@dataclass(frozen=True)
class RegionFiles:
    """The two official files of a region."""

    code: str
    counts: Path
    polygons: Path


def files_of(folder: Path) -> list[RegionFiles]:
    """Find the files of every region in a folder, in the order of the codes.

    Args:
        folder: holds `R??_indicatori_2011_sezioni.zip` (or `.csv`) and `R??_11_WGS84.zip` (or
            `.shp`, `.parquet`).

    Raises:
        SourceFault: no region, or a region has one of the two files only.
    """
    counts = _by_region(folder, "_indicatori_2011_sezioni", (".zip", ".csv"))
    polygons = _by_region(folder, "_11_WGS84", (".parquet", ".zip", ".shp"))
    if not counts and not polygons:
        raise SourceFault(COUNTS, folder.name, "", "nessun file di regione in questa cartella")
    for code in sorted(counts.keys() ^ polygons.keys()):
        source = POLYGONS if code in counts else COUNTS
        raise SourceFault(source, folder.name, f"regione {code}", "manca il file")
    return [RegionFiles(code, counts[code], polygons[code]) for code in sorted(counts)]


def _by_region(folder: Path, tail: str, endings: Sequence[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for ending in reversed(endings):
        for path in folder.glob(f"R[0-9][0-9]{tail}{ending}"):
            found[path.name[1:3]] = path
    return found


def read_counts(path: Path, codes: Sequence[str]) -> pl.DataFrame:
    """Counts of the sections of a region.

    Args:
        path: the regional table, CSV (`;`, cp1252 or UTF-8) or an archive with it.
        codes: variables to keep.

    Returns:
        `section_id`, `pro_com`, `ace` (whole numbers), `is_fictitious`, `has_counts`, the codes.

    Raises:
        SourceFault: as `will_pipeline.readers.istat_census_sections.sections`.
    """
    try:
        frame = pl.read_csv(
            _text(path),
            separator=";",
            columns=[*_KEYS, *codes],
            schema_overrides=dict.fromkeys([*_KEYS, *codes], pl.Int64),
            quote_char=None,
        ).rename(_KEYS)
    except (pl.exceptions.PolarsError, UnicodeDecodeError, zipfile.BadZipFile, KeyError):
        return _careful(path, codes)
    number = pl.col("section_id") - pl.col("pro_com") * PER_MUNICIPALITY
    frame = frame.select(
        "section_id",
        "pro_com",
        "ace",
        *codes,
        is_fictitious=pl.any_horizontal(number.is_between(*ends) for ends in _FICTITIOUS),
        has_counts=pl.any_horizontal(pl.col(codes).is_not_null()),
    )
    broken = frame.select(
        (pl.col("section_id") // PER_MUNICIPALITY != pl.col("pro_com")).any(ignore_nulls=False)
        | pl.col("section_id").is_duplicated().any()
        | pl.any_horizontal((pl.col(codes) < 0).any())
    ).item()
    if broken is not False or not frame.height:
        return _careful(path, codes)
    return frame.sort("section_id")


def _text(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith("_sezioni.csv"))
            content = archive.read(name)
    if content.isascii():
        return content
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252").encode()
    return content


def _careful(path: Path, codes: Sequence[str]) -> pl.DataFrame:
    table = sections({path.name: path}, vintage=2011)
    return table.select(
        pl.col("section_id", "pro_com").cast(pl.Int64), "ace", *codes, "is_fictitious", "has_counts"
    )


@dataclass(frozen=True)
class Polygons:
    """Polygons of the sections of a region, sorted by section, in the metres of EPSG:32632.

    Attributes:
        keys: `section_id`, `pro_com`, `ace` (whole numbers).
        shapes: their polygons, shape (n,).
        rings: their rings, where the file gave them without passing through objects.
    """

    keys: pl.DataFrame
    shapes: Objects
    rings: Rings | None = None


def read_polygons(path: Path) -> Polygons:
    """Polygons of the sections of a region.

    Args:
        path: GeoParquet, shapefile, or an archive with a shapefile.

    Raises:
        SourceFault: the file cannot be read, has no reference system or lacks a column, a section
            has no code or no polygon.
    """
    read = _parquet if path.suffix == ".parquet" else _shapefile
    keys, shapes, rings, crs = read(path)
    if crs is None:
        raise SourceFault(POLYGONS, path.name, "", "manca il sistema di riferimento")
    table = keys.select(
        section_id=pl.col("SEZ2011").cast(pl.Int64),
        pro_com=pl.col("PRO_COM").cast(pl.Int64),
        ace=pl.col("ACE").cast(pl.Int64),
        row=pl.int_range(pl.len()),
    )
    for name, column in (("SEZ2011", "section_id"), ("PRO_COM", "pro_com")):
        if table[column].null_count():
            row = table.filter(pl.col(column).is_null())["row"][0] + 1
            raise SourceFault(POLYGONS, path.name, f"riga {row}, colonna {name}", "manca il codice")
    polygonal = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    if not polygonal.all():
        where = f"sezione {table['section_id'][int(np.flatnonzero(~polygonal)[0])]}"
        raise SourceFault(POLYGONS, path.name, where, "non è un poligono")
    if str(crs) != METRIC:
        shapes, rings = _projected(shapes, crs), None
    return _sorted(table, shapes, rings)


def _sorted(table: pl.DataFrame, shapes: Objects, rings: Rings | None) -> Polygons:
    step = table["section_id"].diff().drop_nulls()
    if (step > 0).all():
        return Polygons(table.drop("row"), shapes, rings)
    order = ["section_id"]
    if table["section_id"].is_duplicated().any():
        # Two polygons of one section: their order must not depend on that of the rows.
        drawing = pl.Series("drawn", shapely.to_wkb(shapes).tolist(), dtype=pl.Binary)
        table, order = table.with_columns(drawing), ["section_id", "drawn"]
    table = table.sort(order)
    rows = table["row"].to_numpy()
    return Polygons(table.select("section_id", "pro_com", "ace"), shapes[rows])


def _projected(shapes: Objects, crs: object) -> Objects:
    import geopandas as gpd  # noqa: PLC0415  # slow to import, seldom needed

    return np.asarray(gpd.GeoSeries(shapes, crs=crs).to_crs(METRIC).values, dtype=object)


_Read = tuple[pl.DataFrame, Objects, Rings | None, object]


def _shapefile(path: Path) -> _Read:
    try:
        where, parts = _members(path)
    except (StopIteration, OSError, zipfile.BadZipFile) as error:
        raise SourceFault(POLYGONS, path.name, "", "non è uno shapefile leggibile") from error
    keys = columns_of(parts["dbf"], DRAWN)
    absent = [name for name in DRAWN if keys is not None and name not in keys.columns]
    if keys is None or absent:
        rule = "la colonna manca" if absent else "la tavola degli attributi non è leggibile"
        where = f"colonna {absent[0]}" if absent else ""
        raise SourceFault(POLYGONS, path.name, where, rule)
    crs = _system(parts["prj"])
    drawn = rings_of_file(parts["shp"], parts["shx"])
    if drawn is None or len(drawn.simple) != keys.height:
        shapes = _by_gdal(where, path)
        if len(shapes) != keys.height:
            rule = f"{len(shapes)} poligoni e {keys.height} righe di attributi"
            raise SourceFault(POLYGONS, path.name, "", rule)
        return keys, shapes, None, crs
    shapes = polygons_of(drawn)
    many = np.flatnonzero(~drawn.simple)
    if len(many):
        shapes[many] = _by_gdal(where, path, many)
    return keys, shapes, drawn.rings, crs


def _members(path: Path) -> tuple[str, dict[str, bytes]]:
    """Where GDAL finds a shapefile, and the bytes of its parts; nothing for a missing system."""
    if path.suffix != ".zip":
        system = path.with_suffix(".prj")
        parts = {end: path.with_suffix(f".{end}").read_bytes() for end in ("shp", "shx", "dbf")}
        return str(path), parts | {"prj": system.read_bytes() if system.exists() else b""}
    with zipfile.ZipFile(path) as archive:
        names = {name.lower(): name for name in archive.namelist()}
        stem = next(name for name in names if name.endswith(".shp"))[:-3]
        found = {
            end: archive.read(names[stem + end])
            for end in ("shp", "shx", "dbf", "prj")
            if stem + end in names
        }
        if len(found.keys() - {"prj"}) < 3:
            raise zipfile.BadZipFile(path.name)
        return f"/vsizip/{path.resolve()}/{names[stem + 'shp']}", {"prj": b"", **found}


def _system(described: bytes) -> object:
    """Reference system of a `.prj`; that of ISTAT is known without asking."""
    text = described.decode("ascii", "replace").strip()
    if not text:
        return None
    if re.match(r'PROJCS\["WGS[_ ]?(19)?84[_ /]+UTM[_ ]zone[_ ]32N"', text, re.IGNORECASE):
        return METRIC
    return text


def _by_gdal(where: str, path: Path, rows: Places | None = None) -> Objects:
    import pyogrio  # noqa: PLC0415  # slow to import, seldom needed

    try:
        meta, table = pyogrio.read_arrow(where, columns=[], fids=rows)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise SourceFault(POLYGONS, path.name, "", "non è uno shapefile leggibile") from error
    drawn = table.column(meta["geometry_name"] or "wkb_geometry")
    return np.asarray(shapely.from_wkb(drawn.to_numpy(zero_copy_only=False)), dtype=object)


def _parquet(path: Path) -> _Read:
    import geopandas as gpd  # noqa: PLC0415  # slow to import, seldom needed

    try:
        frame = gpd.read_parquet(path, columns=[*DRAWN, "geometry"])
    except (ValueError, KeyError, OSError) as error:
        raise SourceFault(POLYGONS, path.name, "", "non è un GeoParquet leggibile") from error
    keys = pl.from_pandas(frame[DRAWN])
    crs = frame.crs.to_string() if frame.crs is not None else None
    return keys, np.asarray(frame.geometry.values, dtype=object), None, crs
