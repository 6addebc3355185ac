"""Boundaries of the invented towns, drawn in the open sea where no municipality is.

Neighbourhoods are the Voronoi cells of their centres inside an oval, so that they fill the town
without gaps or overlaps and touch as real ones do.
"""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from will_pipeline.example.towns import Neighbourhood, Town

PROJECTED, GEOGRAPHIC = "EPSG:32632", "EPSG:4326"
CENTRE_M = (488_000.0, 4_878_000.0)
"""Where the centre of the drawn town is: in the Ligurian Sea, 30 km from any coast."""
_OVAL_KM = (3.9, 3.3)
_OVAL_CENTRE_KM = (0.7, 0.4)
_CORNERS = 28
_METRES, _DEGREES = 3, 7
_SQUARE_KM = 1e6

Floats = NDArray[np.float64]


def neighbourhood_polygons(town: Town) -> list[shapely.Polygon]:
    """Polygon of every neighbourhood, in metres (EPSG:32632).

    Args:
        town: a town whose centres all lie inside the oval.

    Returns:
        Polygons in the order of the neighbourhoods; together they are a valid coverage.
    """
    centres = np.array([(each.x, each.y) for each in town.neighbourhoods])
    oval = _oval()
    cells = shapely.voronoi_polygons(shapely.MultiPoint(centres), extend_to=oval, ordered=True)
    parts = [shapely.intersection(cell, oval) for cell in shapely.get_parts(cells)]
    return [shapely.transform(part, _in_metres) for part in parts]


def municipality_table(towns: Sequence[Town]) -> pl.DataFrame:
    """Boundaries of the towns that have them, as in the source `istat_confini_comuni`."""
    drawn = [town for town in towns if town.drawn]
    wholes = [shapely.coverage_union_all(neighbourhood_polygons(town)) for town in drawn]
    return pl.DataFrame(
        {
            "pro_com": [town.pro_com for town in drawn],
            "name": [town.name for town in drawn],
            "area_km2": [shapely.area(whole) / _SQUARE_KM for whole in wholes],
            "geometry_wkb": _wkb(wholes),
        }
    )


def area_table(towns: Sequence[Town]) -> pl.DataFrame:
    """Boundaries of neighbourhoods and census areas, as in `istat_parma_aree_2011`."""
    return pl.concat([_areas(town) for town in towns if town.drawn]).sort(
        "pro_com", "level", "code"
    )


def place_near(
    neighbourhood: Neighbourhood, east_km: float, north_km: float
) -> tuple[float, float]:
    """Longitude and latitude (degrees, six decimals) of a point near a neighbourhood's centre."""
    point = shapely.Point(neighbourhood.x + east_km, neighbourhood.y + north_km)
    moved = gpd.GeoSeries([shapely.transform(point, _in_metres)], crs=PROJECTED).to_crs(GEOGRAPHIC)
    return round(float(moved.iloc[0].x), 6), round(float(moved.iloc[0].y), 6)


def _areas(town: Town) -> pl.DataFrame:
    polygons = np.array(neighbourhood_polygons(town), dtype=object)
    census = np.array([each.ace for each in town.neighbourhoods])
    rows = [
        ("asc", each.code, 1, polygons[place]) for place, each in enumerate(town.neighbourhoods)
    ]
    rows += [
        ("ace", int(code), int((census == code).sum()),
         shapely.coverage_union_all(polygons[census == code]))
        for code in np.unique(census)
    ]  # fmt: skip
    levels, codes, sections, shapes = zip(*rows, strict=True)
    return pl.DataFrame(
        {
            "pro_com": [town.pro_com] * len(rows),
            "level": levels,
            "code": codes,
            "sections": sections,
            "area_km2": [shapely.area(shape) / _SQUARE_KM for shape in shapes],
            "geometry_wkb": _wkb(shapes),
        }
    )


def _oval() -> shapely.Polygon:
    turns = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    wobble = 1 + 0.06 * np.sin(3 * turns)
    east = _OVAL_CENTRE_KM[0] + _OVAL_KM[0] * wobble * np.cos(turns)
    north = _OVAL_CENTRE_KM[1] + _OVAL_KM[1] * wobble * np.sin(turns)
    return shapely.Polygon(np.column_stack([east, north]))


def _in_metres(kilometres: Floats) -> Floats:
    # To the metre: both sides of a boundary land on the same points.
    return np.asarray(np.round(kilometres, _METRES) * 1_000 + np.array(CENTRE_M))


def _wkb(shapes: Sequence[shapely.Geometry]) -> list[bytes]:
    geographic = gpd.GeoSeries(list(shapes), crs=PROJECTED).to_crs(GEOGRAPHIC)
    rounded = shapely.transform(
        np.array(geographic, dtype=object), lambda points: np.round(points, _DEGREES)
    )
    return list(shapely.to_wkb(shapely.normalize(rounded), byte_order=1))
