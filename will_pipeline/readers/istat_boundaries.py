"""ISTAT boundaries: municipalities, and areas dissolved from the census sections of 2011.

What belongs here is the passage from the producer's geometry to WKB in longitude and latitude
with areas measured on the plane; contiguity and correspondences belong to the geography.
"""

import io
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import polars as pl
import pyogrio
import shapely

from will_pipeline.errors import SourceFault
from will_pipeline.readers.polygon_files import UNREADABLE

SOURCE = "ISTAT confini"
GEOGRAPHIC = "EPSG:4326"
PROJECTED = "EPSG:32632"

_DECIMALS = 7
_LEVELS = {"asc": "COM_ASC", "ace": "ACE"}
_SECTION_COLUMNS = ("SEZ2011", "PRO_COM", *_LEVELS.values())


def municipalities(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Read municipal boundaries, one GeoJSON a municipality.

    Args:
        files: Bytes of GeoJSON files in longitude and latitude (WGS 84) by name; each feature has
            `com_istat_code` and `name`.

    Returns:
        One row a municipality: `pro_com`, `name`, `area_km2` (planar, EPSG:32632) and
        `geometry_wkb` (EPSG:4326).

    Raises:
        SourceFault: A file is not GeoJSON in longitude and latitude, a geometry is absent, invalid
            or not a polygon, or a municipality appears twice.

    Source:
        ISTAT, Confini delle unità amministrative a fini statistici.
    """
    rows: dict[str, tuple[str, Any]] = {}
    for name, content in files.items():
        for number, feature in enumerate(_features(name, content), start=1):
            code, label, geometry = _municipality(name, f"elemento {number}", feature)
            if code in rows:
                raise SourceFault(SOURCE, name, f"elemento {number}", f"comune {code} ripetuto")
            rows[code] = (label, geometry)
    geometries = np.array([geometry for _, geometry in rows.values()], dtype=object)
    projected = gpd.GeoSeries(geometries, crs=GEOGRAPHIC).to_crs(PROJECTED)
    return pl.DataFrame(
        {
            "pro_com": list(rows),
            "name": [label for label, _ in rows.values()],
            "area_km2": projected.area.to_numpy() / 1e6,
            "geometry_wkb": _wkb(geometries),
        },
        schema={
            "pro_com": pl.String,
            "name": pl.String,
            "area_km2": pl.Float64,
            "geometry_wkb": pl.Binary,
        },
    )


def dissolved_areas(files: Mapping[str, bytes], *, tolerance_m: float = 5.0) -> pl.DataFrame:
    """Dissolve census sections of 2011 into sub-municipal areas and census areas.

    The sections must be a valid coverage (no gap or overlap between neighbours): the union then
    only removes shared edges, and the simplification moves both sides of a boundary together.

    Args:
        files: Bytes of GeoPackages in EPSG:32632 by name, with `SEZ2011`, `PRO_COM`, `COM_ASC`
            (PRO_COM x 1000 + code) and `ACE`.
        tolerance_m: Tolerance of the simplification in metres: the square root of the area of the
            smallest triangle kept.

    Returns:
        One row an area of a level: `pro_com`, `level` (`asc` or `ace`), `code`, `sections` (number
        dissolved), `area_km2` (planar, EPSG:32632, before simplification) and `geometry_wkb`
        (EPSG:4326).

    Raises:
        SourceFault: A file is not such a GeoPackage, a section is invalid or repeated, or the
            sections are not a coverage.

    Source:
        ISTAT, Basi territoriali 2011. Simplification: Visvalingam and Whyatt (1993), The
        Cartographic Journal, as coverage simplification in GEOS.
    """
    return pl.concat(
        dissolved_sections(name, _sections(name, content), list(_LEVELS), tolerance_m)
        for name, content in files.items()
    )


def dissolved_sections(
    name: str, sections: gpd.GeoDataFrame, levels: Sequence[str], tolerance_m: float
) -> pl.DataFrame:
    """Dissolve census sections of 2011 that are already read.

    Args:
        name: Where they come from, for faults.
        sections: `SEZ2011`, `PRO_COM`, `COM_ASC`, `ACE` (whole numbers) and polygons (EPSG:32632).
        levels: Levels to make: `asc`, `ace`.
        tolerance_m: Tolerance of the simplification in metres, as in `dissolved_areas`.

    Returns:
        Rows as `dissolved_areas` gives them.

    Raises:
        SourceFault: A section is repeated, has no valid polygon or does not fit with the others.
    """
    _check_sections(name, sections)
    rows = [
        row
        for level in levels
        for row in _dissolve(name, sections, level, _LEVELS[level], tolerance_m)
    ]
    return pl.DataFrame(
        rows,
        schema={
            "pro_com": pl.String,
            "level": pl.String,
            "code": pl.Int64,
            "sections": pl.Int64,
            "area_km2": pl.Float64,
            "geometry_wkb": pl.Binary,
        },
    )


def _dissolve(
    name: str, sections: gpd.GeoDataFrame, level: str, column: str, tolerance_m: float
) -> list[dict[str, Any]]:
    municipality = sections["PRO_COM"].to_numpy()
    raw_code = sections[column].to_numpy()
    code = raw_code - municipality * 1000 if level == "asc" else raw_code
    polygons = np.array(sections.geometry.array, dtype=object)
    keys = sorted(set(zip(municipality.tolist(), code.tolist(), strict=True)))
    members = [(municipality == town) & (code == area) for town, area in keys]
    dissolved = np.array([shapely.coverage_union_all(polygons[rows]) for rows in members])
    simplified = shapely.coverage_simplify(dissolved, tolerance_m)
    geographic = gpd.GeoSeries(simplified, crs=PROJECTED).to_crs(GEOGRAPHIC)
    rounded = shapely.transform(np.array(geographic, dtype=object), _rounded)
    if not (shapely.is_valid(rounded).all() and shapely.coverage_is_valid(rounded)):
        rule = f"le aree {level} semplificate a {tolerance_m:g} m non combaciano"
        raise SourceFault(SOURCE, name, f"colonna {column}", rule)
    wkb = _wkb(rounded)
    return [
        {
            "pro_com": f"{town:06d}",
            "level": level,
            "code": area,
            "sections": int(members[place].sum()),
            "area_km2": float(shapely.area(dissolved[place])) / 1e6,
            "geometry_wkb": wkb[place],
        }
        for place, (town, area) in enumerate(keys)
    ]


def _sections(name: str, content: bytes) -> gpd.GeoDataFrame:
    sections = _geopackage(name, content)
    absent = [column for column in _SECTION_COLUMNS if column not in sections.columns]
    if absent:
        raise SourceFault(SOURCE, name, f"colonna {absent[0]}", "colonna assente")
    if sections.crs is None or sections.crs.to_epsg() != 32632:
        raise SourceFault(SOURCE, name, "", f"il sistema di riferimento non è {PROJECTED}")
    for column in _SECTION_COLUMNS:
        if sections[column].dtype.kind != "i":
            raise SourceFault(SOURCE, name, f"colonna {column}", "non sono numeri interi")
    if sections.empty:
        raise SourceFault(SOURCE, name, "", "nessuna sezione")
    return sections


def _check_sections(name: str, sections: gpd.GeoDataFrame) -> None:
    identifiers = sections["SEZ2011"]
    _refuse(name, identifiers, identifiers.duplicated().to_numpy(), "sezione ripetuta")
    polygons = np.array(sections.geometry.array, dtype=object)
    shapeless = shapely.is_missing(polygons) | shapely.is_empty(polygons)
    _refuse(name, identifiers, shapeless, "geometria assente")
    _refuse(name, identifiers, ~shapely.is_valid(polygons), "geometria non valida")
    if not shapely.coverage_is_valid(polygons):
        edges = shapely.coverage_invalid_edges(polygons)
        rule = "la sezione non combacia con le vicine"
        _refuse(name, identifiers, ~shapely.is_empty(edges), rule)


def _refuse(name: str, identifiers: Any, broken: Any, rule: str) -> None:
    if broken.any():
        section = identifiers.to_numpy()[broken.argmax()]
        raise SourceFault(SOURCE, name, f"sezione {section}", rule)


def _geopackage(name: str, content: bytes) -> gpd.GeoDataFrame:
    with warnings.catch_warnings():
        # GDAL wants a .gpkg suffix, which bytes in memory cannot have.
        warnings.filterwarnings("ignore", message=".*non conformant file extension")
        try:
            frame = pyogrio.read_dataframe(io.BytesIO(content))
        except UNREADABLE as error:
            raise SourceFault(SOURCE, name, "", "non è un GeoPackage leggibile") from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise SourceFault(SOURCE, name, "", "il GeoPackage non ha geometrie")
    return frame


def _features(name: str, content: bytes) -> list[Any]:
    try:
        document = json.loads(content)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SourceFault(SOURCE, name, "", "non è un GeoJSON leggibile") from error
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise SourceFault(SOURCE, name, "", "il GeoJSON non è una FeatureCollection")
    crs = document.get("crs")
    if crs is not None and not str(crs).rstrip("'} ").endswith(("CRS84", "EPSG::4326")):
        raise SourceFault(SOURCE, name, "campo crs", "le coordinate non sono in WGS 84")
    features = document.get("features")
    if not isinstance(features, list) or not features:
        raise SourceFault(SOURCE, name, "campo features", "nessun elemento")
    return features


def _municipality(name: str, place: str, feature: Any) -> tuple[str, str, Any]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise SourceFault(SOURCE, name, place, "l'elemento non ha proprietà")
    code, label = properties.get("com_istat_code"), properties.get("name")
    if not (isinstance(code, str) and len(code) == 6 and code.isdecimal()):
        rule = f"{code!r} non è un codice comunale di sei cifre"
        raise SourceFault(SOURCE, name, f"{place}, campo com_istat_code", rule)
    if not (isinstance(label, str) and label.strip()):
        raise SourceFault(SOURCE, name, f"{place}, campo name", "nome assente")
    try:
        geometry = shapely.from_geojson(json.dumps(feature.get("geometry")))
    except shapely.errors.ShapelyError as error:
        raise SourceFault(SOURCE, name, place, "geometria non leggibile") from error
    if geometry is None or geometry.geom_type not in ("Polygon", "MultiPolygon"):
        raise SourceFault(SOURCE, name, place, "la geometria non è un poligono")
    if geometry.is_empty or not geometry.is_valid:
        raise SourceFault(SOURCE, name, place, "geometria vuota o non valida")
    west, south, east, north = geometry.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise SourceFault(SOURCE, name, place, "le coordinate non sono longitudine e latitudine")
    return code, label, shapely.transform(geometry, _rounded)


def _rounded(coordinates: Any) -> Any:
    # About a centimetre: enough for a map, and blind to the last bits of a projection.
    return np.round(coordinates, _DECIMALS)


def _wkb(geometries: Any) -> list[bytes]:
    return list(shapely.to_wkb(shapely.normalize(geometries), byte_order=1))
