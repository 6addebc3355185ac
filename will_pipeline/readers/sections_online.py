"""ISTAT census of 2011 as downloaded: sections added up to the areas that the tables speak of.

What belongs here is the passage from figures and polygons by section to the frames of the embedded
tables by area; formats by area, by municipality and of later censuses have modules of their own.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import polars as pl
import pyogrio
import shapely

from will_pipeline.errors import SourceFault
from will_pipeline.readers.istat_boundaries import dissolved_sections
from will_pipeline.readers.istat_census_2011 import subareas
from will_pipeline.readers.polygon_files import UNREADABLE
from will_pipeline.readers.sections_csv import TOWN, VARIABLE, of_towns, rows_of, whole_numbers
from will_pipeline.readers.tabular import Origin

SOURCE = "ISTAT sezioni 2011"
PROJECTED, GEOGRAPHIC = "EPSG:32632", "EPSG:4326"
LEAST_SHARE_KEPT = 0.999
"""Share of a section's surface that mending its polygon must leave."""

_SECTIONS, _SUBAREAS = "_sezioni.csv", "_aree_sub_comunali.csv"
_TEXTS = ("REGIONE", "PROVINCIA", "COMUNE")
_CODES = ("CODREG", "CODPRO", "CODCOM", "PROCOM", "SEZ2011", "NSEZ", "ACE", "CODLOC", "CODASC")
_PLACE = ("pro_com", "comune", "province", "region")
_KINDS = {"asc": "COM_ASC", "ace": "ACE"}
_DECIMALS = 7


def census_areas(files: Mapping[str, bytes], *, cities: Sequence[str]) -> pl.DataFrame:
    """Add the sections of some municipalities up to census areas (ACE).

    Args:
        files: Members of `dati-cpa_2011.zip` by name; those of the sections end in
            `_sezioni.csv`.
        cities: Municipalities to keep (ISTAT codes).

    Returns:
        One row a census area, as `istat_census_2011.areas` gives it; fictitious sections count.

    Raises:
        SourceFault: A file is not the CSV of the producer, a section is repeated or has no area, a
            municipality has no section.

    Source:
        ISTAT, Basi territoriali e variabili censuarie, 2011.
    """
    sections = _sections(files, cities)
    _no_hole(sections, "ACE")
    return _added(sections, "ace", "ACE")


def sub_municipal_areas(files: Mapping[str, bytes], *, cities: Sequence[str]) -> pl.DataFrame:
    """Add the sections of some municipalities up to sub-municipal areas (ASC), and compare.

    Args:
        files: Members of `dati-cpa_2011.zip` by name; those of the sections end in
            `_sezioni.csv`, those of the sub-municipal areas in `_aree_sub_comunali.csv`.
        cities: Municipalities to keep (ISTAT codes).

    Returns:
        One row a sub-municipal area, as `istat_census_2011.subareas` gives it; municipalities
        without such areas have no row.

    Raises:
        SourceFault: A file is not the CSV of the producer, or the sections of an area do not add
            up to the figures that the producer gives of it.

    Source:
        ISTAT, Basi territoriali e variabili censuarie, 2011.
    """
    parts = {name: content for name, content in files.items() if name.endswith(_SUBAREAS)}
    published = subareas(parts).filter(pl.col("pro_com").is_in(list(cities)))
    divided = published["pro_com"].unique().to_list()
    if not divided:
        return published
    sections = _sections(files, cities).filter(pl.col("pro_com").is_in(divided))
    _no_hole(sections, "CODASC")
    added = _added(sections, "asc_code", "CODASC")
    key = ["pro_com", "asc_code"]
    names = [name for name in added.columns if re.fullmatch(VARIABLE, name)]
    found = published.sort(key).select(*key, *names)
    if not found.equals(added.sort(key).select(*key, *names)):
        raise SourceFault(SOURCE, ", ".join(parts), "", _difference(found, added, key, names))
    return published


def dissolved_areas(
    files: Mapping[str, bytes], *, cities: Sequence[str], tolerance_m: float = 5.0
) -> pl.DataFrame:
    """Dissolve the sections of some municipalities into census and sub-municipal areas.

    Args:
        files: Members of the zips of section boundaries (`.shp`, `.shx`, `.dbf`, `.prj`) by name.
        cities: Municipalities to keep (ISTAT codes).
        tolerance_m: Tolerance of the simplification in metres.

    Returns:
        One row an area of a level, as `istat_boundaries.dissolved_areas` gives it.

    Raises:
        SourceFault: A file is not such a shapefile, a polygon cannot be mended, the sections of a
            municipality do not fit together.

    Source:
        ISTAT, Basi territoriali 2011.
    """
    parts = []
    for town, sections in _polygons(files, cities):
        levels = ["ace"] + ["asc"] * bool((sections["COM_ASC"] > 0).all())
        parts.append(dissolved_sections(town, sections, levels, tolerance_m))
    return pl.concat(parts)


def municipalities(
    files: Mapping[str, bytes], *, cities: Sequence[str], tolerance_m: float = 20.0
) -> pl.DataFrame:
    """Dissolve the sections of some municipalities into their boundary.

    Args:
        files: As in `dissolved_areas`, with the members of `dati-cpa_2011.zip` for the names.
        cities: Municipalities to keep (ISTAT codes).
        tolerance_m: Tolerance of the simplification in metres.

    Returns:
        One row a municipality, as `istat_boundaries.municipalities` gives it.

    Raises:
        SourceFault: As in `dissolved_areas`; or a municipality has no name.

    Source:
        ISTAT, Basi territoriali 2011.
    """
    named = dict(_sections(files, cities).select("pro_com", "COMUNE").unique().iter_rows())
    rows = []
    for town, sections in _polygons(files, cities):
        whole = shapely.coverage_union_all(np.array(sections.geometry.array, dtype=object))
        drawn = gpd.GeoSeries([shapely.simplify(whole, tolerance_m)], crs=PROJECTED)
        rounded = shapely.transform(drawn.to_crs(GEOGRAPHIC).iloc[0], _rounded)
        rows.append(
            {
                "pro_com": town,
                "name": named[town],
                "area_km2": float(shapely.area(whole)) / 1e6,
                "geometry_wkb": shapely.to_wkb(shapely.normalize(rounded), byte_order=1),
            }
        )
    return pl.DataFrame(rows)


def populated_sections(files: Mapping[str, bytes], *, cities: Sequence[str]) -> pl.DataFrame:
    """Put the residents of every section of some municipalities on its polygon.

    Sections without figures have no residents; fictitious sections have no polygon and no row.

    Args:
        files: Members of `dati-cpa_2011.zip` and of the zips of section boundaries by name.
        cities: Municipalities to keep (ISTAT codes).

    Returns:
        One row a polygon: section_id (thirteen digits), pro_com, ace, asc (missing where there is
        none), residents, geometry_wkb (EPSG:4326).

    Raises:
        SourceFault: As in `census_areas` and `dissolved_areas`.

    Source:
        ISTAT, Basi territoriali e variabili censuarie, 2011.
    """
    people = _sections(files, cities).select("SEZ2011", residents="P1")
    parts = []
    for town, drawn in _polygons(files, cities):
        whole = drawn.dissolve(by="SEZ2011", as_index=False) if _in_parts(drawn) else drawn
        degrees = np.array(whole.geometry.to_crs(GEOGRAPHIC).array, dtype=object)
        rounded = shapely.normalize(shapely.transform(degrees, _rounded))
        parts.append(
            pl.DataFrame(
                {
                    "SEZ2011": whole["SEZ2011"].to_numpy(),
                    "pro_com": [town] * len(whole),
                    "ace": whole["ACE"].to_numpy(),
                    "COM_ASC": whole["COM_ASC"].to_numpy(),
                    "geometry_wkb": list(shapely.to_wkb(rounded, byte_order=1)),
                }
            )
        )
    return (
        pl.concat(parts)
        .join(people, on="SEZ2011", how="left", maintain_order="left")
        .select(
            pl.col("SEZ2011").cast(pl.String).str.zfill(13).alias("section_id"),
            "pro_com",
            "ace",
            pl.when(pl.col("COM_ASC") > 0).then(pl.col("COM_ASC") % 1000).alias("asc"),
            pl.col("residents").fill_null(0),
            "geometry_wkb",
        )
    )


def _in_parts(drawn: gpd.GeoDataFrame) -> bool:
    return bool(drawn["SEZ2011"].duplicated().any())


def _sections(files: Mapping[str, bytes], cities: Sequence[str]) -> pl.DataFrame:
    tables = [
        _table(name, content, cities) for name, content in files.items() if name.endswith(_SECTIONS)
    ]
    if not tables:
        raise SourceFault(SOURCE, ", ".join(files), "", "nessun file di sezioni")
    for table in tables[1:]:
        if table.columns != tables[0].columns:
            raise SourceFault(SOURCE, ", ".join(files), "riga 1", "le regioni hanno altre colonne")
    sections = pl.concat(tables)
    repeated = sections.filter(pl.col("SEZ2011").is_duplicated())
    if repeated.height:
        where = f"sezione {repeated['SEZ2011'].sort()[0]}"
        raise SourceFault(SOURCE, ", ".join(files), where, "sezione ripetuta")
    absent = sorted(set(cities) - set(sections["pro_com"]))
    if absent:
        rule = f"nessuna sezione per i comuni {', '.join(absent)}"
        raise SourceFault(SOURCE, ", ".join(files), "colonna PROCOM", rule)
    return sections


def _table(name: str, content: bytes, cities: Sequence[str]) -> pl.DataFrame:
    origin = Origin(SOURCE, name)
    rows = rows_of(content, origin)
    known = {*_CODES, *_TEXTS}
    header = rows.columns[1:]
    absent = [one for one in (*_CODES, *_TEXTS) if one not in header]
    if absent:
        raise origin.fault("riga 1", f"manca la colonna {absent[0]}")
    unknown = [one for one in header if one not in known and not re.fullmatch(VARIABLE, one)]
    if unknown:
        raise origin.fault("riga 1", f"'{unknown[0]}' non è una variabile censuaria")
    mine = of_towns(rows, cities, column=TOWN)
    numbers = whole_numbers(mine, [one for one in header if one not in _TEXTS], origin)
    return numbers.select(*header, pl.col(TOWN).cast(pl.String).str.zfill(6).alias("pro_com"))


def _no_hole(sections: pl.DataFrame, column: str) -> None:
    holes = sections.filter(pl.any_horizontal(pl.exclude("CODASC", "CODLOC").is_null()))
    if column == "CODASC":
        holes = sections.filter(pl.col(column).is_null())
    if holes.height:
        where = f"sezione {holes['SEZ2011'].sort()[0]}"
        raise SourceFault(SOURCE, _SECTIONS, where, f"manca un conteggio o il codice {column}")


def _added(sections: pl.DataFrame, name: str, column: str) -> pl.DataFrame:
    names = [one for one in sections.columns if re.fullmatch(VARIABLE, one)]
    renamed = sections.rename(
        {"COMUNE": "comune", "PROVINCIA": "province", "REGIONE": "region", column: name}
    )
    head = ("pro_com", name, *_PLACE[1:])
    return renamed.group_by(head).agg(pl.col(names).sum()).sort("pro_com", name)


def _difference(
    published: pl.DataFrame, added: pl.DataFrame, key: Sequence[str], names: Iterable[str]
) -> str:
    both = published.join(added, on=list(key), how="full", suffix="_sections", coalesce=True)
    for name in names:
        wrong = both.filter(pl.col(name).ne_missing(pl.col(f"{name}_sections")))
        if wrong.height:
            row = wrong.sort(list(key)).row(0, named=True)
            return (
                f"comune {row['pro_com']}, area {row[key[1]]}, variabile {name}: le sezioni "
                f"sommano {row[f'{name}_sections']}, l'area {row[name]}"
            )
    return "le aree delle sezioni non sono quelle pubblicate"


def _polygons(
    files: Mapping[str, bytes], cities: Sequence[str]
) -> Iterable[tuple[str, gpd.GeoDataFrame]]:
    """Sections of each municipality, mended where a polygon is not valid."""
    shapes = sorted(name for name in files if name.endswith(".shp"))
    found = [_shapefile(files, name) for name in shapes]
    if not found:
        raise SourceFault(SOURCE, ", ".join(files), "", "nessuno shapefile di sezioni")
    towns = {town: part for frame in found for town, part in frame.groupby("PRO_COM")}
    for town in sorted(cities):
        if int(town) not in towns:
            raise SourceFault(SOURCE, ", ".join(shapes), f"comune {town}", "nessuna sezione")
        yield town, _mended(town, towns[int(town)])


def _shapefile(files: Mapping[str, bytes], name: str) -> gpd.GeoDataFrame:
    stem = name.removesuffix(".shp")
    # GDAL reads a shapefile from files that stand beside each other.
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
            if f"{stem}{suffix}" in files:
                (Path(folder) / f"sezioni{suffix}").write_bytes(files[f"{stem}{suffix}"])
        try:
            frame = pyogrio.read_dataframe(Path(folder) / "sezioni.shp")
        except UNREADABLE as error:
            raise SourceFault(SOURCE, name, "", "non è uno shapefile leggibile") from error
    absent = [one for one in ("PRO_COM", "SEZ2011", *_KINDS.values()) if one not in frame.columns]
    if absent:
        raise SourceFault(SOURCE, name, f"colonna {absent[0]}", "colonna assente")
    if frame.crs is None or frame.crs.to_epsg() != 32632:
        raise SourceFault(SOURCE, name, "", f"il sistema di riferimento non è {PROJECTED}")
    for column in ("PRO_COM", "SEZ2011", *_KINDS.values()):
        frame[column] = frame[column].fillna(0).astype(np.int64)
    return frame


def _mended(town: str, sections: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    polygons = np.array(sections.geometry.array, dtype=object)
    # Lines and points that a mended ring leaves behind are no part of a section.
    repaired = shapely.make_valid(polygons, method="structure", keep_collapsed=False)
    mended = np.where(shapely.is_valid(polygons), polygons, repaired)
    before, after = shapely.area(polygons), shapely.area(mended)
    lost = (after < before * LEAST_SHARE_KEPT) | shapely.is_missing(polygons)
    if lost.any():
        where = f"sezione {sections['SEZ2011'].to_numpy()[lost.argmax()]}"
        raise SourceFault(SOURCE, f"comune {town}", where, "il poligono non si può riparare")
    return sections.set_geometry(gpd.GeoSeries(mended, index=sections.index, crs=sections.crs))


def _rounded(points: Any) -> Any:
    return np.round(points, _DECIMALS)
