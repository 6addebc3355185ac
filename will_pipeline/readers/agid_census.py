"""AgID, one GeoJSON a city: the polygons of the sections of 2021 with their counts of 2023.

What belongs here is the layout of that file; its labels of the kinds of locality are swapped with
regard to the official layout, and are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

import polars as pl
import shapely

from will_pipeline.errors import SourceFault
from will_pipeline.readers.census_cells import CellFault, whole
from will_pipeline.readers.census_layouts import codes
from will_pipeline.readers.tabular import Origin, only_codes, text_of

SOURCE = "agid_censimento_citta"
VINTAGE = 2023
_LEVELS = ("asc1", "asc2", "asc3")
_SECTIONS_PER_MUNICIPALITY = 10_000_000
_AREAS_PER_MUNICIPALITY = 1_000
_FICTITIOUS = ((8_888_881, 8_888_889), (9_999_998, 9_999_999))


def sections(files: Mapping[str, bytes], *, cities: Collection[str] | None = None) -> pl.DataFrame:
    """Read the sections of every city with their polygons and counts.

    The producer writes the parts of a shape as rings of one polygon: polygons that are not valid
    are made valid, ring by ring, and say so.

    Args:
        files: GeoJSON by name (`<six-digit code>.geojson`), one city each, in longitude and
            latitude (WGS 84).
        cities: Six-digit municipality codes to keep, each of which must be there; every one where
            None.

    Returns:
        One row a section, sorted: section_id (thirteen digits, text), pro_com (six digits, text),
        section (number inside the municipality), is_fictitious, has_counts (false where the
        producer gives no variable: nobody lives there), asc1, asc2, asc3 (codes inside the
        municipality, missing where there is no such level), the variables of 2023 (counts, missing
        where not given), area_m2 (as published, missing where it is not), geometry_wkb (EPSG:4326)
        and repaired (whether the polygon had to be made valid).

    Raises:
        SourceFault: A file is not that GeoJSON or is of another city than its name says; a section
            has no code, appears twice, has a variable that is no whole number or is none of the
            layout, or a shape that is no polygon or cannot be mended.

    Source:
        AgID, Cruscotto Italia, from ISTAT's permanent census 2023 and Basi territoriali 2021.
    """
    if not files:
        raise SourceFault(SOURCE, "-", "", "nessun file da leggere")
    rows: dict[str, dict[str, Any]] = {}
    for name in sorted(files):
        origin = Origin(SOURCE, name)
        for number, feature in enumerate(_features(files[name], origin), start=1):
            row = _section(feature, number, origin)
            if row["section_id"] in rows:
                raise origin.fault(f"sezione {row['section_id']}", "la sezione è ripetuta")
            rows[row["section_id"]] = row
    table = pl.DataFrame(list(rows.values()), schema=_schema()).sort("section_id")
    if not table["has_counts"].any():
        raise SourceFault(SOURCE, ", ".join(sorted(files)), "campo vars", "nessuna variabile")
    return only_codes(table, cities, Origin(SOURCE, ", ".join(sorted(files))))


def _schema() -> dict[str, Any]:
    numbers = dict.fromkeys((*_LEVELS, *codes(VINTAGE)), pl.Int64)
    return {
        "section_id": pl.String,
        "pro_com": pl.String,
        "section": pl.Int64,
        "is_fictitious": pl.Boolean,
        "has_counts": pl.Boolean,
        **numbers,
        "area_m2": pl.Float64,
        "geometry_wkb": pl.Binary,
        "repaired": pl.Boolean,
    }


def _features(content: bytes, origin: Origin) -> list[Any]:
    try:
        document = json.loads(text_of(content, origin))
    except json.JSONDecodeError as error:
        raise origin.fault(f"riga {error.lineno}", "il file non è JSON o è troncato") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or document.get("type") != "FeatureCollection":
        raise origin.fault("", "il GeoJSON non è una FeatureCollection")
    if not features:
        raise origin.fault("campo features", "nessuna sezione")
    return features


def _section(feature: Any, number: int, origin: Origin) -> dict[str, Any]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise origin.fault(f"elemento {number}", "l'elemento non ha proprietà")
    identifier = _whole(properties.get("id"), f"elemento {number}, campo id", origin)
    if identifier is None or not 10_010_000_000 <= identifier < 10**13:
        raise origin.fault(f"elemento {number}, campo id", "manca il codice della sezione")
    town, section = divmod(identifier, _SECTIONS_PER_MUNICIPALITY)
    named = re.fullmatch(r"c?(\d{6})", PurePosixPath(origin.file).stem)
    if named and int(named[1]) != town:
        raise origin.fault(f"elemento {number}, campo id", f"la sezione è del comune {town:06d}")
    where = f"sezione {identifier:013d}"
    counts = _counts(properties.get("vars"), where, origin)
    shape, repaired = _polygon(feature.get("geometry"), where, origin)
    levels = {level: _level(properties.get(level), town, f"{where}, {level}", origin)
              for level in _LEVELS}  # fmt: skip
    area = properties.get("area_mq")
    return {
        "section_id": f"{identifier:013d}",
        "pro_com": f"{town:06d}",
        "section": section,
        "is_fictitious": any(low <= section <= high for low, high in _FICTITIOUS),
        "has_counts": any(value is not None for value in counts.values()),
        **levels,
        **counts,
        "area_m2": float(area) if isinstance(area, int | float) else None,
        "geometry_wkb": shape,
        "repaired": repaired,
    }


def _counts(given: Any, where: str, origin: Origin) -> dict[str, int | None]:
    variables = {} if given is None else given
    if not isinstance(variables, dict):
        raise origin.fault(f"{where}, campo vars", "non è un elenco di variabili")
    known = codes(VINTAGE)
    unknown = sorted(set(variables) - set(known))
    if unknown:
        raise origin.fault(f"{where}, campo vars", f"variabile sconosciuta: {unknown[0]}")
    counts = {code: _whole(variables.get(code), f"{where}, {code}", origin) for code in known}
    negative = [code for code, value in counts.items() if value is not None and value < 0]
    if negative:
        raise origin.fault(f"{where}, {negative[0]}", "un conteggio è negativo")
    return counts


def _level(given: Any, town: int, where: str, origin: Origin) -> int | None:
    code = _whole(given, where, origin)
    if not code:
        return None
    if code > _AREAS_PER_MUNICIPALITY:
        if code // _AREAS_PER_MUNICIPALITY != town:
            raise origin.fault(where, "l'area non è del comune")
        code %= _AREAS_PER_MUNICIPALITY
    return code


def _whole(given: Any, where: str, origin: Origin) -> int | None:
    try:
        return whole(given)
    except CellFault as fault:
        raise origin.fault(where, str(fault)) from fault


def _polygon(given: Any, where: str, origin: Origin) -> tuple[bytes, bool]:
    try:
        shape = shapely.from_geojson(json.dumps(given)) if given else None
    except shapely.errors.ShapelyError as error:
        raise origin.fault(where, "la geometria non si legge") from error
    if shape is None or shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise origin.fault(where, "la geometria non è un poligono")
    if shape.is_valid:
        return shapely.to_wkb(shapely.normalize(shape), byte_order=1), False
    mended = _surfaces(shapely.make_valid(shape))
    if mended.is_empty:
        raise origin.fault(where, "il poligono non si può riparare")
    return shapely.to_wkb(shapely.normalize(mended), byte_order=1), True


def _surfaces(shape: Any) -> Any:
    # Mending may leave lines and points beside the surfaces.
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.union_all([part for part in parts if part.geom_type == "Polygon"])
