"""Bridges between editions of boundaries: which part of the people of an area ends up in which.

Weights and what is carried over them belong here; change over time is told only through them, and
whatever crosses a divided area is marked as estimated.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from will_pipeline.geography.coverage import METRIC, projected

BY_SECTION, BY_INTERSECTION, BY_POINT = "sezioni", "intersezione", "punto"
SPREAD_SHARE = 0.01
"""Share of a section that may stick out of the new areas without anybody being left outside:
borders of two editions never match to the metre."""
WHOLE = 1e-12
BRIDGE = pl.Schema(
    {
        "area_from": pl.String(),
        "area_to": pl.String(),
        "population_weight": pl.Float64(),
        "surface_weight": pl.Float64(),
        "method": pl.String(),
    }
)
_PIECE = ("area_from", "area_to", "population", "surface")


def bridge_of_sections(sections: pl.DataFrame) -> pl.DataFrame:
    """Bridge between two schemes made of the same sections.

    Args:
        sections: `section_id`, `area_from`, `area_to` (missing where the section is in no area of
            the new scheme), `population` (persons), `surface_m2`; one row per section.

    Returns:
        `area_from`, `area_to`, `population_weight`, `surface_weight`, `method`, sorted. Weights
        of an old area add up to one; people outside every new area are the row without `area_to`.
        An old area without people takes the weights of its surface.

    Raises:
        ValueError: a section is repeated or has no old area, or a population or a surface is
            missing or negative.
    """
    _require_sections(sections, "section_id", "area_from")
    pieces = sections.select(
        "area_from", "area_to", population=pl.col("population").cast(pl.Float64),
        surface=pl.col("surface_m2").cast(pl.Float64),
    )  # fmt: skip
    return _weights(pieces, BY_SECTION)


def bridge_of_polygons(
    sections: pl.DataFrame,
    areas: pl.DataFrame,
    *,
    crs: str = METRIC,
    method: str = BY_INTERSECTION,
    spread_share: float = SPREAD_SHARE,
) -> pl.DataFrame:
    """Bridge from areas made of old sections to new areas known by their polygons.

    By intersection, the people of a section are taken to live evenly over its surface; by point,
    all of them stand where its inner point is. What of a section lies outside every new area is
    shared out in proportion up to `spread_share` of it, and beyond that stays outside.

    Args:
        sections: `section_id`, `area_from`, `population` (persons), `geom_wkb` (EPSG:4326).
        areas: `area_id`, `geom_wkb` (EPSG:4326), a valid coverage.
        crs: projected reference system in which surfaces are measured.
        method: `intersezione` or `punto`.
        spread_share: share of a section that may stick out.

    Returns:
        As `bridge_of_sections`.

    Raises:
        ValueError: as `bridge_of_sections`; or the method has another name.

    Source:
        Goodchild and Lam (1980), Areal interpolation: a variant of the traditional spatial
        problem, Geo-Processing; sections as control zones (Langford, 2006, Computers, Environment
        and Urban Systems).
    """
    if method not in (BY_INTERSECTION, BY_POINT):
        raise ValueError(f"Ponti: il metodo {method} non esiste.")
    ordered = sections.sort("section_id")
    old = _shapes(ordered, crs)
    surface = np.asarray(shapely.area(old), dtype=np.float64)
    _require_sections(
        ordered.with_columns(pl.Series("surface_m2", surface)), "section_id", "area_from"
    )
    new = areas.sort("area_id")
    names = np.array(new["area_id"].to_list(), dtype=object)
    find = _overlaps if method == BY_INTERSECTION else _points
    section, area, share = find(old, _shapes(new, crs))
    met = np.bincount(section, weights=share, minlength=len(old))
    spread = met >= 1 - spread_share
    # Overlaps add up to the section but for the last bits: dividing by their sum closes exactly.
    share = share / np.where(spread, met, np.maximum(met, 1.0))[section]
    outside = np.flatnonzero(~spread)
    rows = pl.DataFrame(
        {
            "section": np.concatenate([section, outside]).astype(np.int64),
            "area_to": [*names[area].tolist(), *[None] * len(outside)],
            "share": np.concatenate([share, 1 - np.minimum(met, 1.0)[outside]]),
        },
        schema={"section": pl.Int64, "area_to": pl.String, "share": pl.Float64},
    )
    people = ordered["population"].cast(pl.Float64).to_numpy()
    where = rows["section"].to_numpy()
    parts = rows["share"].to_numpy()
    pieces = rows.select(
        ordered["area_from"].gather(rows["section"]).alias("area_from"),
        "area_to",
        pl.Series("population", people[where] * parts),
        pl.Series("surface", surface[where] * parts),
    )
    return _weights(pieces, method)


def carry(values: pl.DataFrame, bridge: pl.DataFrame) -> pl.DataFrame:
    """Carry counts of the old areas over a bridge.

    Args:
        values: `area_id`, `value` (count of a quantity that adds up), one row per old area.
        bridge: result of one of the bridges.

    Returns:
        `area_id`, `value`, `estimated`, sorted; the row without area is what falls outside every
        new area. `estimated` is false only where whole old areas were put together. The sum is
        that of `values`.

    Raises:
        ValueError: an area is repeated, a value is missing, or the bridge does not have an area.
    """
    if values["area_id"].is_duplicated().any() or values["value"].null_count():
        raise ValueError("Ponti: un'area è ripetuta o non ha il valore.")
    lost = sorted(set(values["area_id"]) - set(bridge["area_from"]))
    if lost:
        raise ValueError(f"Ponti: il ponte non ha {', '.join(lost)}.")
    divided = pl.col("population_weight").is_between(WHOLE, 1 - WHOLE)
    return (
        bridge.join(values, left_on="area_from", right_on="area_id")
        .sort("area_to", "area_from")
        .group_by(area_id="area_to", maintain_order=True)
        .agg(
            value=(pl.col("value") * pl.col("population_weight")).sum(),
            estimated=divided.any(),
        )
        .sort("area_id", nulls_last=True)
    )


def _shapes(rows: pl.DataFrame, crs: str) -> NDArray[np.object_]:
    shapes = np.asarray(shapely.from_wkb(rows["geom_wkb"].to_list()), dtype=object)
    return projected(shapes, crs)


def _overlaps(
    old: NDArray[np.object_], new: NDArray[np.object_]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    section, area = shapely.STRtree(new).query(old, predicate="intersects")
    order = np.lexsort((area, section))
    section, area = section[order], area[order]
    common = shapely.area(shapely.intersection(old[section], new[area]))
    share = np.asarray(common / shapely.area(old)[section], dtype=np.float64)
    real = share > WHOLE
    return section[real], area[real], share[real]


def _points(
    old: NDArray[np.object_], new: NDArray[np.object_]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    section, area = shapely.STRtree(new).query(
        shapely.point_on_surface(old), predicate="intersects"
    )
    order = np.lexsort((area, section))
    section, first = np.unique(section[order], return_index=True)
    return section, area[order][first], np.ones(len(section))


def _weights(pieces: pl.DataFrame, method: str) -> pl.DataFrame:
    summed = (
        pieces.sort(*_PIECE, nulls_last=True)
        .group_by("area_from", "area_to", maintain_order=True)
        .agg(pl.col("population", "surface").sum())
    )
    people, ground = (pl.col(name).sum().over("area_from") for name in ("population", "surface"))
    by_surface = pl.col("surface") / ground
    return (
        summed.with_columns(
            surface_weight=by_surface,
            population_weight=pl.when(people > 0)
            .then(pl.col("population") / people)
            .otherwise(by_surface),
            method=pl.lit(method),
        )
        .select(BRIDGE.names())
        .filter((pl.col("population_weight") > 0) | (pl.col("surface_weight") > 0))
        .sort("area_from", "area_to", nulls_last=True)
    )


def _require_sections(sections: pl.DataFrame, key: str, area: str) -> None:
    if sections[key].is_duplicated().any():
        raise ValueError("Ponti: una sezione è ripetuta.")
    wrong = sections.filter(
        pl.col(area).is_null()
        | pl.any_horizontal(
            pl.col(name).is_null() | (pl.col(name) < 0) | pl.col(name).cast(pl.Float64).is_nan()
            for name in ("population", "surface_m2")
        )
    )
    if wrong.height:
        raise ValueError(
            f"Ponti: alla sezione {wrong[key][0]} manca l'area, la popolazione o la superficie."
        )
