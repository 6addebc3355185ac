"""Polygons that fill a territory without gaps or overlaps: repair, union and simplification.

Here sections become areas; which section belongs to which area is decided by the schemes, and
where files come from by the readers.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from will_pipeline.errors import SourceFault

SOURCE = "confini delle aree"
GEOGRAPHIC, METRIC = "EPSG:4326", "EPSG:32632"
TOLERANCE_M = 5.0
WIDEST_GAP_M = 2.0
"""Metres: a gap thinner than this between two polygons is a slip of the pen, not a place."""
LARGEST_CHANGE = 0.01
"""Share of its surface that a polygon may gain or lose when slips are mended."""
DECIMALS = 7
"""Degrees are kept to about a centimetre."""
REPAIR_LOG = pl.Schema(
    {
        "polygon_id": pl.String(),
        "problem": pl.String(),
        "action": pl.String(),
        "before_m2": pl.Float64(),
        "after_m2": pl.Float64(),
    }
)
RING, MENDED = "anello rifatto", "bordi accostati ai vicini"
_NOT_MATCHING = "i bordi non combaciano con i vicini"
_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_SQUARE_KM = 1e6
_FELT_M2 = 0.01

Objects = NDArray[np.object_]
Flags = NDArray[np.bool_]


def repair(
    polygons: pl.DataFrame, *, file: str = "-", source: str = SOURCE
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make every polygon valid and all of them together a coverage, and tell what was changed.

    Rings that cross themselves are rebuilt from their structure. Only where borders do not match
    are they brought together: gaps thinner than `WIDEST_GAP_M` close and overlaps go to the
    neighbour with the longest common border. Where all borders match, good polygons
    come out as they went in.

    Args:
        polygons: `polygon_id`, `geom_wkb` (EPSG:4326), one row per polygon; other columns stay.
        file: name of the file they come from, for messages.
        source: name of the source, for messages.

    Returns:
        The rows with polygons that are a valid coverage, sorted by `polygon_id`, and the log of
        the repairs: `polygon_id`, `problem`, `action`, `before_m2`, `after_m2` (square metres on
        the plane of EPSG:32632).

    Raises:
        SourceFault: a polygon is repeated, missing or has no surface, or a repair would change
            the surface of a polygon by more than `LARGEST_CHANGE`.

    Source:
        Validity: OGC 06-103r4, Simple feature access; rebuilding and cleaning as in GEOS 3.14.
    """
    rows = polygons.sort("polygon_id")
    names = rows["polygon_id"].to_list()
    shapes = _decoded(rows, file=file, source=source)
    rebuilt, log = _rebuilt(names, shapes)
    matched, mending = _matched(names, rebuilt, file=file, source=source)
    good = rows.with_columns(
        pl.Series("geom_wkb", shapely.to_wkb(matched, byte_order=1).tolist(), dtype=pl.Binary)
    )
    return good, pl.DataFrame([*log, *mending], schema=REPAIR_LOG, orient="row").sort(
        "polygon_id", "action"
    )


def dissolve(
    members: pl.DataFrame,
    *,
    tolerance_m: float = TOLERANCE_M,
    file: str = "-",
    source: str = SOURCE,
) -> pl.DataFrame:
    """Join polygons into areas, and simplify the borders of neighbours together.

    The union takes away common edges and nothing else; the simplification moves both sides of a
    border as one, so that areas still touch without gaps or overlaps.

    Args:
        members: `area_id`, `polygon_id`, `geom_wkb` (EPSG:4326): a valid coverage.
        tolerance_m: square root, in metres, of the area of the smallest triangle a border keeps;
            zero keeps every vertex.
        file: name of the file they come from, for messages.
        source: name of the source, for messages.

    Returns:
        One row per area, sorted: `area_id`, `members` (polygons joined), `surface_km2` and
        `perimeter_km` (on the plane of EPSG:32632, before the simplification), `geom_wkb`
        (EPSG:4326).

    Raises:
        SourceFault: the polygons are not a valid coverage, or the simplified areas are not.

    Source:
        Visvalingam and Whyatt (1993), Line generalisation by repeated elimination of points, The
        Cartographic Journal, as coverage simplification in GEOS.
    """
    rows = members.sort("area_id", "polygon_id")
    shapes = projected(_decoded(rows, file=file, source=source))
    _require_coverage(rows["polygon_id"].to_list(), shapes, file=file, source=source)
    area = rows["area_id"].to_numpy()
    names, first = np.unique(area.astype(str), return_index=True)
    groups = np.split(shapes, first[1:])
    joined = np.array(
        [_surface_of(shapely.coverage_union_all(group)) for group in groups], dtype=object
    )
    drawn = joined if tolerance_m == 0 else shapely.coverage_simplify(joined, tolerance_m)
    outlines = shapely.transform(geographic(np.asarray(drawn, dtype=object)), _rounded)
    _require_coverage(names.tolist(), outlines, file=file, source=source)
    return pl.DataFrame(
        {
            "area_id": names.tolist(),
            "members": [len(group) for group in groups],
            "surface_km2": shapely.area(joined) / _SQUARE_KM,
            "perimeter_km": shapely.length(joined) / 1_000,
            "geom_wkb": shapely.to_wkb(shapely.normalize(outlines), byte_order=1).tolist(),
        },
        schema={
            "area_id": pl.String,
            "members": pl.Int64,
            "surface_km2": pl.Float64,
            "perimeter_km": pl.Float64,
            "geom_wkb": pl.Binary,
        },
    )


def projected(shapes: Objects, crs: str = METRIC) -> Objects:
    """Shapes in degrees (EPSG:4326) brought to the metres of a plane."""
    return np.asarray(gpd.GeoSeries(shapes, crs=GEOGRAPHIC).to_crs(crs).values, dtype=object)


def geographic(shapes: Objects, crs: str = METRIC) -> Objects:
    """Shapes in the metres of a plane brought to degrees (EPSG:4326)."""
    return np.asarray(gpd.GeoSeries(shapes, crs=crs).to_crs(GEOGRAPHIC).values, dtype=object)


def _decoded(rows: pl.DataFrame, *, file: str, source: str) -> Objects:
    names = rows["polygon_id"]
    _refuse(names, names.is_duplicated().to_numpy(), "è ripetuto", file, source)
    _refuse(names, rows["geom_wkb"].is_null().to_numpy(), "non ha un contorno", file, source)
    shapes = np.asarray(shapely.from_wkb(rows["geom_wkb"].to_list()), dtype=object)
    flat = ~np.isin(shapely.get_type_id(shapes), _POLYGONS) | shapely.is_empty(shapes)
    _refuse(names, flat, "non è un poligono", file, source)
    return shapes


def _rebuilt(names: list[str], shapes: Objects) -> tuple[Objects, list[tuple[Any, ...]]]:
    """Invalid polygons rebuilt; what is left of a ring without surface is dropped."""
    rebuilt = shapes.copy()
    broken = np.flatnonzero(~shapely.is_valid(shapes))
    for place in broken:
        # In degrees, so that the vertices stay those of the neighbours to the last bit.
        rebuilt[place] = _surface_of(
            shapely.make_valid(shapes[place], method="structure", keep_collapsed=False)
        )
    before, after = _square_metres(shapes[broken]), _square_metres(rebuilt[broken])
    reasons = [str(reason) for reason in shapely.is_valid_reason(shapes[broken])]
    log = [(names[place], reasons[k], RING, before[k], after[k]) for k, place in enumerate(broken)]
    return rebuilt, log


def _surface_of(shape: Any) -> Any:
    parts = shapely.get_parts(shapely.get_parts(shape))
    faces = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return faces[0] if len(faces) == 1 else shapely.MultiPolygon(list(faces))


def _matched(
    names: list[str], shapes: Objects, *, file: str, source: str
) -> tuple[Objects, list[tuple[Any, ...]]]:
    """Borders brought together where they do not match; untouched polygons stay the same object."""
    series = pl.Series(names, dtype=pl.String)
    _refuse(series, shapely.is_empty(shapes), "non ha superficie", file, source)
    plane = projected(shapes)
    wrong = ~shapely.is_empty(shapely.coverage_invalid_edges(plane))
    if not wrong.any() and not _has_thin_holes(plane):
        return shapes, []
    clean = np.asarray(shapely.coverage_clean(plane, gap_width=WIDEST_GAP_M), dtype=object)
    before, after = shapely.area(plane), shapely.area(clean)
    far = np.abs(after - before) > LARGEST_CHANGE * before
    _refuse(series, far, f"si sovrappone ai vicini o ne è staccato: {_NOT_MATCHING}", file, source)
    mended = geographic(clean)
    _require_coverage(names, mended, file=file, source=source)
    moved = wrong | (np.abs(after - before) > _FELT_M2)
    log = [
        (names[place], _NOT_MATCHING, MENDED, float(before[place]), float(after[place]))
        for place in np.flatnonzero(moved)
    ]
    return mended, log


def _has_thin_holes(plane: Objects) -> bool:
    """Whether a coverage has holes inside that are only slips between two borders."""
    whole = shapely.get_parts(shapely.coverage_union_all(plane))
    rings = [ring for part in whole for ring in part.interiors]
    holes = shapely.polygons(rings) if rings else np.empty(0, dtype=object)
    return bool((2 * shapely.area(holes) < WIDEST_GAP_M * shapely.length(holes) / 2).any())


def _square_metres(shapes: Objects) -> list[float]:
    return [float(area) for area in shapely.area(projected(shapes))] if len(shapes) else []


def _require_coverage(names: list[str], shapes: Objects, *, file: str, source: str) -> None:
    series = pl.Series(names, dtype=pl.String)
    _refuse(series, ~shapely.is_valid(shapes), "ha un contorno non valido", file, source)
    if not shapely.coverage_is_valid(shapes):
        wrong = ~shapely.is_empty(shapely.coverage_invalid_edges(shapes))
        _refuse(series, wrong, _NOT_MATCHING, file, source)


def _rounded(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.round(points, DECIMALS)


def _refuse(names: pl.Series, wrong: Flags, rule: str, file: str, source: str) -> None:
    for place in np.flatnonzero(wrong)[:1]:
        raise SourceFault(source, file, f"poligono {names[int(place)]}", rule)
