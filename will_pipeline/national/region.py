"""One region from its sections: areas with counts and outlines, links between them, outer edges.

Pure passage from counts and polygons to tables; files belong to `official` and `partitions`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import shapely

from will_pipeline.errors import SourceFault
from will_pipeline.national.borders import Borders, common_borders
from will_pipeline.national.edges import Flags, Objects, Places
from will_pipeline.national.official import COUNTS, POLYGONS, Polygons
from will_pipeline.readers.istat_census_sections import totals

_KM = 1_000.0
_SAME_SURFACE = 1e-9
"""Relative difference of surface that a union of matching polygons may have."""


@dataclass(frozen=True)
class RegionTables:
    """Tables of one region.

    Attributes:
        areas: `area_id`, `pro_com`, `level` (A census area, C municipality), `sections`,
            `sections_without_counts`, the counts.
        outlines: `area_id`, `polygons`, `mended` (polygons whose borders did not match),
            `surface_km2`, `perimeter_km`, `geom_wkb` (EPSG:32632).
        links: `area_id`, `other_id`, `metres`: finest areas with a common border.
        outer: `area_id`, `x0`, `y0`, `x1`, `y1`: edges that no other polygon of the region has.
    """

    areas: pl.DataFrame
    outlines: pl.DataFrame
    links: pl.DataFrame
    outer: pl.DataFrame


def region_tables(counts: pl.DataFrame, polygons: Polygons) -> RegionTables:
    """Make the tables of a region.

    The finest areas are census areas, where a municipality has any, and else the municipality.
    Fictitious sections count in the municipality only.

    Args:
        counts: result of `official.read_counts`.
        polygons: result of `official.read_polygons`.

    Raises:
        SourceFault: a section of a municipality with census areas has none.
    """
    keys, shapes = polygons.keys, polygons.shapes
    divided = (
        pl.concat([counts.select("pro_com", "ace"), keys.select("pro_com", "ace")])
        .filter(pl.col("ace") > 0)["pro_com"]
        .unique()
    )
    placed = keys.with_columns(area_id=_area_id(divided))
    _all_placed(placed, POLYGONS)
    leaf, names = _numbered(placed["area_id"])
    found = common_borders(shapes, rings=polygons.rings)
    outlines = dissolved(shapes, leaf, names, found.mended)
    return RegionTables(
        areas=_areas(counts, divided),
        outlines=_with_municipalities(outlines),
        links=_links(found, leaf, names),
        outer=_outer(found, leaf, names),
    )


def _area_id(divided: pl.Series) -> pl.Expr:
    town = pl.col("pro_com").cast(pl.String).str.zfill(6)
    inside = pl.concat_str(town, pl.lit(".A"), pl.col("ace").cast(pl.String).str.zfill(2))
    whole = pl.concat_str(town, pl.lit(".C"))
    return pl.when(pl.col("pro_com").is_in(divided.implode())).then(inside).otherwise(whole)


def _all_placed(table: pl.DataFrame, source: str) -> None:
    outside = table.filter(pl.col("area_id").is_null())
    if outside.height:
        where = f"sezione {outside['section_id'][0]}"
        raise SourceFault(source, "-", where, "non ha un'area di censimento")


def _numbered(names: pl.Series) -> tuple[Places, pl.Series]:
    """Position of every name among the sorted names, and those."""
    known = names.unique().sort()
    leaf = names.to_frame("name").join(
        known.to_frame("name").with_row_index("place"),
        on="name",
        how="left",
        maintain_order="left",
    )
    return leaf["place"].cast(pl.Int64).to_numpy(), known


def _areas(counts: pl.DataFrame, divided: pl.Series) -> pl.DataFrame:
    town = pl.col("pro_com").cast(pl.String).str.zfill(6)
    real = counts.filter(~pl.col("is_fictitious")).with_columns(area_id=_area_id(divided))
    _all_placed(real, COUNTS)
    codes = [name for name in counts.columns if name not in ("section_id", "pro_com", "ace")]
    inside = real.filter(pl.col("area_id").str.contains(".A", literal=True))
    below = _summed(inside.select("area_id", *codes))
    whole = _summed(counts.select(*codes, area_id=town + ".C"))
    return (
        pl.concat([below, whole])
        .select(
            "area_id",
            pro_com=pl.col("area_id").str.head(6),
            level=pl.col("area_id").str.slice(7, 1),
            rest=pl.struct(pl.exclude("area_id")),
        )
        .unnest("rest")
        .sort("area_id")
    )


def _summed(counts: pl.DataFrame) -> pl.DataFrame:
    """Totals by area, as `totals` makes them; a plain sum where no count is missing."""
    codes = pl.exclude("area_id", "is_fictitious", "has_counts")
    if counts.select(pl.any_horizontal(codes.is_null().any())).item():
        return totals(counts, key=["area_id"])
    return counts.group_by("area_id").agg(
        pl.len().cast(pl.Int64).alias("sections"),
        pl.lit(0, dtype=pl.Int64).alias("sections_without_counts"),
        codes.sum(),
    )


def dissolved(shapes: Objects, leaf: Places, names: pl.Series, mended: Flags) -> pl.DataFrame:
    """Join polygons into areas by coverage union, or by plain union where it would be wrong.

    Args:
        shapes: polygons, in metres, shape (n,).
        leaf: position of the area of each, shape (n,).
        names: sorted names of the areas.
        mended: polygons whose borders do not match, shape (n,).

    Returns:
        Rows of `RegionTables.outlines`, of the areas only.
    """
    order = np.argsort(leaf, kind="stable")
    starts = np.searchsorted(leaf[order], np.arange(len(names)))
    patched = np.add.reduceat(mended[order].astype(np.int64), starts)
    groups = np.split(shapes[order], starts[1:])
    joined = np.array(
        [
            _mended_union(group) if broken else shapely.coverage_union_all(group)
            for group, broken in zip(groups, patched, strict=True)
        ],
        dtype=object,
    )
    surface = shapely.area(joined)
    added = np.add.reduceat(shapely.area(shapes[order]), starts)
    doubtful = (np.abs(added - surface) > _SAME_SURFACE * surface) | ~shapely.is_valid(joined)
    for place in np.flatnonzero(doubtful & (patched == 0)):
        joined[place] = _mended_union(groups[place])
        patched[place] = len(groups[place])
    return pl.DataFrame(
        {
            "area_id": names,
            "polygons": np.diff(np.append(starts, len(leaf))),
            "mended": patched,
            "surface_km2": shapely.area(joined) / _KM**2,
            "perimeter_km": shapely.length(joined) / _KM,
            "geom_wkb": shapely.to_wkb(shapely.normalize(joined), byte_order=1).tolist(),
        },
        schema_overrides={"geom_wkb": pl.Binary, "polygons": pl.Int64},
    )


def _mended_union(group: Objects) -> shapely.Geometry:
    broken = ~shapely.is_valid(group)
    if broken.any():
        group = group.copy()
        group[broken] = shapely.make_valid(group[broken], method="structure", keep_collapsed=False)
    return shapely.union_all(group)


def _with_municipalities(outlines: pl.DataFrame) -> pl.DataFrame:
    """Outlines of whole municipalities beside those of their census areas."""
    below = outlines.filter(pl.col("area_id").str.contains(".A", literal=True)).with_columns(
        town=pl.col("area_id").str.head(6) + ".C"
    )
    if not below.height:
        return outlines
    leaf, names = _numbered(below["town"])
    shapes = np.asarray(shapely.from_wkb(below["geom_wkb"].to_list()), dtype=object)
    mended = (below["mended"] > 0).to_numpy()
    counted = below.group_by("town").agg(pl.col("polygons", "mended").sum()).sort("town")
    whole = dissolved(shapes, leaf, names, mended).with_columns(
        counted["polygons"], counted["mended"]
    )
    return pl.concat([outlines, whole]).sort("area_id")


def _links(found: Borders, leaf: Places, names: pl.Series) -> pl.DataFrame:
    one, other = leaf[found.first], leaf[found.second]
    apart = one != other
    low, high = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
    pair = low * len(names) + high
    order = np.argsort(pair, kind="stable")
    pair, metres = pair[order], found.metres[apart][order]
    starts = np.flatnonzero(np.append(True, pair[1:] != pair[:-1])) if len(pair) else order
    total = np.add.reduceat(metres, starts) if len(pair) else metres
    first, second = np.divmod(pair[starts], len(names))
    return pl.DataFrame(
        {"area_id": names.gather(first), "other_id": names.gather(second), "metres": total},
        schema={"area_id": pl.String, "other_id": pl.String, "metres": pl.Float64},
    )


def _outer(found: Borders, leaf: Places, names: pl.Series) -> pl.DataFrame:
    ends = found.edges.ends(found.outer)
    return pl.DataFrame(
        {
            "area_id": names.gather(leaf[found.edges.owner[found.outer]]),
            **{name: ends[:, place] for place, name in enumerate(("x0", "y0", "x1", "y1"))},
        }
    ).sort("area_id", "x0", "y0", "x1", "y1")
