"""Areas of the 2021 edition: which sections they are made of, and the bridge that leads to them.

What belongs here is the choice of one scheme a city and the placing of its sections; counts are
never divided, and what happens to them is told by the indicators.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
import shapely

from will_pipeline.geography.bridges import BRIDGE, BY_POINT, bridge_of_polygons
from will_pipeline.geography.placing import place_points
from will_pipeline.readers.census_layouts import VINTAGES, codes

EDITION = "2021"
BY_CODE = "codice"
AGID, ISTAT = "agid_censimento_citta", "istat_sezioni_{year}"
SAME_AREA = 0.95
"""Part of the residents of an old and of a new area that both must share to be the same area."""
_DRAWN, _WRITTEN = 2023, 2021
_KEYS = ("section_id", "pro_com", "is_fictitious", "has_counts", "asc1")


def recent_sections(
    drawn: pl.DataFrame,
    counts: Mapping[int, pl.DataFrame],
    boundaries: pl.DataFrame,
    crs: Mapping[str, str],
) -> pl.DataFrame:
    """Sections of the censuses of 2021 and 2023, each in its area.

    A city is divided by the sub-municipal areas of the first level where every inhabited section
    carries a code of them, else by its census areas of 2011, in which a point inside each section
    falls. Where a section with residents is in no area, the city has none in that census.

    Args:
        drawn: sections of 2023 with polygons (`agid_censimento_citta`).
        counts: sections by year (`istat_sezioni_2021`, `istat_sezioni_2023`); those of 2023 are
            taken for cities without polygons, and for the sections that have none.
        boundaries: rows of `core.area_boundary`.
        crs: projected reference system in metres by city.

    Returns:
        Rows of `core.recent_section`: `vintage`, `section_id`, `pro_com`, `fictitious`, `counted`,
        `area_id`, `placed_by`, `source_id`, then every variable of the vintages.
    """
    both = _one_a_section(drawn, counts[_DRAWN])
    placed = _placed(drawn, boundaries, crs)
    parts = [_in_areas(both.with_columns(vintage=pl.lit(_DRAWN)), placed)]
    written = counts[_WRITTEN].with_columns(source_id=pl.lit(ISTAT.format(year=_WRITTEN)))
    parts.append(_in_areas(written.with_columns(vintage=pl.lit(_WRITTEN)), placed))
    whole = pl.concat(parts, how="diagonal_relaxed")
    known = {code for vintage in VINTAGES for code in codes(vintage)}
    return whole.select(
        pl.col("vintage").cast(pl.Int32),
        "section_id",
        "pro_com",
        "area_id",
        "placed_by",
        "source_id",
        *(name for name in whole.columns if name in known),
        fictitious="is_fictitious",
        counted="has_counts",
    ).sort("vintage", "section_id")


def disagreements(drawn: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    """Sections of which two publishers of one census give different residents.

    Args:
        drawn: sections with polygons.
        counts: sections of the same census from the regional tables.

    Returns:
        `section_id`, `drawn`, `written` (residents), sorted; sections that only one of them has
        are no disagreement.
    """
    if "P1" not in drawn.columns or "P1" not in counts.columns:
        empty = {"section_id": pl.String, "drawn": pl.Int64, "written": pl.Int64}
        return pl.DataFrame(schema=empty)
    both = drawn.select("section_id", drawn="P1").join(
        counts.select("section_id", written="P1"), on="section_id"
    )
    return both.filter(pl.col("drawn") != pl.col("written")).sort("section_id")


def recent_bridge(
    sections_2011: pl.DataFrame, sections: pl.DataFrame, drawn: pl.DataFrame, areas: pl.DataFrame
) -> pl.DataFrame:
    """Bridge from the areas of 2011 to those of 2021, by a point inside every section of 2011.

    Sections are not divided, so that residents pass as whole persons. Cities without polygons of
    2021, or published in 2011 by areas of their own, have no bridge.

    Args:
        sections_2011: `section_id`, `pro_com`, `ace`, `asc`, `residents`, `geometry_wkb`.
        sections: rows of `core.recent_section`.
        drawn: sections of 2023 with polygons.
        areas: rows of `core.area`.

    Returns:
        Rows of `core.area_bridge`; residents outside every new area lead to the municipality.
    """
    placed = sections.filter((pl.col("vintage") == _DRAWN) & pl.col("area_id").is_not_null())
    shapes = drawn.select("section_id", geom_wkb="geometry_wkb")
    new = placed.select("section_id", "pro_com", "area_id").join(shapes, on="section_id")
    parts = [
        _town_bridge(old, new.filter(pl.col("pro_com") == key[0]), areas)
        for key, old in sections_2011.group_by("pro_com", maintain_order=True)
    ]
    nothing = pl.DataFrame(schema=BRIDGE)
    return pl.concat([nothing, *parts]).sort("area_from", "area_to")


def recent_areas(sections: pl.DataFrame, areas: pl.DataFrame, bridge: pl.DataFrame) -> pl.DataFrame:
    """Areas of the 2021 edition with their residents, and the municipalities they divide.

    Args:
        sections: rows of `core.recent_section`.
        areas: rows of `core.area`, for the names.
        bridge: rows of `core.area_bridge`, for which areas are the same.

    Returns:
        Rows of `core.recent_area`, in the latest census that each city has. An area has the name of
        that of 2011 with which it shares nearly all residents.
    """
    if sections.is_empty():
        return _no_area()
    latest = sections.filter(pl.col("vintage") == pl.col("vintage").max().over("pro_com"))
    lived = latest.filter("counted")
    inside = lived.filter(pl.col("area_id").is_not_null())
    parts = inside.group_by("area_id", "pro_com").agg(*_sums(), pl.col("placed_by").first())
    whole = lived.group_by("pro_com").agg(*_sums())
    every = pl.concat(
        [whole.with_columns(area_id=pl.format("{}.C", "pro_com")), parts], how="diagonal"
    )
    names = areas.select(earlier_id="area_id", old_name="name")
    known = every.join(_same(bridge, inside), on="area_id", how="left").with_columns(
        earlier_id=pl.when(pl.col("area_id").str.ends_with(".C"))
        .then("area_id")
        .otherwise("earlier_id"),
        level=pl.col("area_id").str.slice(7, 1),
        code=pl.col("area_id").str.extract(r"\.[QA](\d+)@").cast(pl.Int64),
    )
    plain = (
        pl.when(pl.col("level") == "Q")
        .then(pl.format("Area sub-comunale {}", "code"))
        .otherwise(pl.format("Area di censimento {}", "code"))
    )
    return (
        known.join(names, on="earlier_id", how="left")
        .with_columns(name=pl.coalesce("old_name", plain))
        .drop("old_name")
        .sort("area_id")
    )


def _one_a_section(drawn: pl.DataFrame, written: pl.DataFrame) -> pl.DataFrame:
    """Sections of one census: those with polygons, then those that only the tables have."""
    more = written.join(drawn, on="section_id", how="anti")
    return pl.concat(
        [
            drawn.with_columns(source_id=pl.lit(AGID)),
            more.with_columns(source_id=pl.lit(ISTAT.format(year=_DRAWN))),
        ],
        how="diagonal_relaxed",
    )


def _placed(drawn: pl.DataFrame, boundaries: pl.DataFrame, crs: Mapping[str, str]) -> pl.DataFrame:
    """Census area of 2011 in which a point inside each section falls."""
    lower = boundaries.filter(pl.col("level") == "A").select(
        "area_id", "pro_com", "level", "geom_wkb"
    )
    asked = drawn.filter(pl.col("pro_com").is_in(lower["pro_com"].unique().to_list()))
    inner = shapely.point_on_surface(
        np.asarray(shapely.from_wkb(asked["geometry_wkb"].to_list()), dtype=object)
    )
    points = asked.select("pro_com", point_id="section_id").with_columns(
        lon=pl.Series(shapely.get_x(inner), dtype=pl.Float64),
        lat=pl.Series(shapely.get_y(inner), dtype=pl.Float64),
    )
    found = place_points(points, lower, crs)
    return found.select(section_id="point_id", by_point="area_id")


def _in_areas(sections: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Give sections the identifier of their area, by the one scheme of their city."""
    # Where residents are not known, somebody may live there.
    residents = pl.col("P1") if "P1" in sections.columns else pl.lit(None, pl.Int64)
    lived_in = residents.is_null() | (residents > 0)
    real = pl.col("has_counts") & ~pl.col("is_fictitious") & lived_in
    number = pl.col("asc1").cast(pl.String).str.zfill(2)
    coded = pl.format(f"{{}}.Q{{}}@{EDITION}", "pro_com", number)
    by_code = (pl.col("asc1").is_not_null() | ~real).all().over("pro_com")
    by_point = (pl.col("by_point").is_not_null() | ~real).all().over("pro_com")
    pointed = pl.format(f"{{}}@{EDITION}", "by_point")
    scheme = pl.when(by_code).then(pl.lit(BY_CODE)).when(by_point).then(pl.lit(BY_POINT))
    return (
        sections.join(placed, on="section_id", how="left", maintain_order="left")
        .with_columns(placed_by=scheme)
        .with_columns(
            area_id=pl.when(pl.col("is_fictitious"))
            .then(None)
            .when(pl.col("placed_by") == BY_CODE)
            .then(coded)
            .when(pl.col("placed_by") == BY_POINT)
            .then(pointed)
        )
        .with_columns(placed_by=pl.when(pl.col("area_id").is_not_null()).then("placed_by"))
        .drop("by_point")
    )


def _town_bridge(old: pl.DataFrame, new: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    known = set(areas["area_id"])
    upper = pl.format("{}.Q{}", "pro_com", pl.col("asc").cast(pl.String).str.zfill(2))
    lower = pl.format("{}.A{}", "pro_com", pl.col("ace").cast(pl.String).str.zfill(2))
    divided = new["area_id"].str.contains(r"\.Q").any() and not old["asc"].null_count()
    named = old.with_columns(area_from=upper if divided else lower)
    if new.is_empty() or not set(named["area_from"]) <= known:
        return pl.DataFrame(schema=BRIDGE)
    found = bridge_of_polygons(
        named.select("section_id", "area_from", population="residents", geom_wkb="geometry_wkb"),
        new.select("area_id", "geom_wkb"),
        method=BY_POINT,
    )
    return found.with_columns(
        pl.col("area_to").fill_null(pl.format("{}.C", pl.col("area_from").str.head(6)))
    )


def _same(bridge: pl.DataFrame, inside: pl.DataFrame) -> pl.DataFrame:
    """Old area of each new one with which it shares nearly all residents, both ways."""
    parts = bridge.filter(pl.col("area_to").str.contains("@"))
    into = parts.filter(pl.col("population_weight") >= 1 - SAME_AREA).group_by("area_to").len()
    alone = into.filter(pl.col("len") == 1)["area_to"].to_list()
    most = parts.filter((pl.col("population_weight") >= SAME_AREA) & pl.col("area_to").is_in(alone))
    return most.select(area_id="area_to", earlier_id="area_from").join(
        inside.select("area_id").unique(), on="area_id", how="semi"
    )


def _sums() -> list[pl.Expr]:
    return [
        _whole_sum("P1").alias("residents"),
        _whole_sum("PF1").alias("households"),
        pl.len().cast(pl.Int64).alias("sections"),
        pl.col("vintage").first().alias("year"),
        pl.col("source_id").mode().sort().first().alias("source_id"),
    ]


def _whole_sum(code: str) -> pl.Expr:
    # A sum that skips a missing part would be too small, and nobody would see it.
    return pl.when(pl.col(code).null_count() == 0).then(pl.col(code).sum())


def _no_area() -> pl.DataFrame:
    texts = ("area_id", "pro_com", "level", "name", "earlier_id", "placed_by", "source_id")
    numbers = ("code", "residents", "households", "sections")
    schema = dict.fromkeys(texts, pl.String()) | dict.fromkeys(numbers, pl.Int64())
    return pl.DataFrame(schema=schema | {"year": pl.Int32()})
