"""Indicators in every census that has sections, and how areas changed from one to another.

What belongs here is the estimate of each vintage on the areas of its own edition, and the passage
of the earlier figures over the bridge; which areas and bridges there are is the geography's matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from will_pipeline.geography.bridges import WHOLE
from will_pipeline.indicators.areas import MUNICIPALITY_LEVEL, AreaCounts, areas_of_sections
from will_pipeline.indicators.estimates import Estimate, Settings
from will_pipeline.indicators.facts import SPARE_DECIMALS, census_facts, indicator_facts
from will_pipeline.indicators.indices import estimate_all
from will_pipeline.indicators.levels import Evidence
from will_pipeline.indicators.specification import (
    LEAST_RESIDENTS,
    Specification,
    load_specification,
)
from will_pipeline.indicators.vintages import BASE_VINTAGE
from will_pipeline.readers.census_layouts import codes

BY_TOWN = "censimento"
"""Stands for the source of a census until the town tells which one it has."""
_LEVELS = dict.fromkeys(("C", "Q", "A"), BY_TOWN)
_NUMBERS = dict.fromkeys(("valore", "ic_inf", "ic_sup"), pl.Float64())
FACTS = pl.Schema(
    dict.fromkeys(("area_id", "indicatore_id", "gruppo"), pl.String())
    | dict.fromkeys(("anno", "anno_struttura"), pl.Int32())
    | _NUMBERS
    | dict.fromkeys(("numeratore", "denominatore", "valore_comune", "indice_100"), pl.Float64())
    | dict.fromkeys(("stato", "affidabilita", "lettura", "fonte_id", "nota"), pl.String())
)
SERIES = pl.Schema(
    dict.fromkeys(("area_id", "indicatore_id"), pl.String())
    | {"anno": pl.Int32()}
    | _NUMBERS
    | {"stato": pl.String(), "tramite_ponte": pl.Boolean(), "stimato": pl.Boolean()}
    | {"fonte_id": pl.String(), "ultimo_anno": pl.Int32(), "confrontabile": pl.Boolean()}
    | dict.fromkeys(("variazione", "variazione_inf", "variazione_sup"), pl.Float64())
    | {"lettura": pl.String()}
)


@dataclass(frozen=True)
class Vintage:
    """One census, estimated.

    Attributes:
        year: year of the census.
        specification: formulas of that census.
        areas: areas of the 2021 edition and their municipalities.
        estimates: estimate of each indicator in them.
        estimated: areas whose counts are an estimate, by identifier.
        bridged: whether the counts come over a bridge.
    """

    year: int
    specification: Specification
    areas: AreaCounts
    estimates: Mapping[str, Estimate]
    estimated: frozenset[str] = frozenset()
    bridged: bool = False


def vintages(sections: pl.DataFrame, pool: pl.DataFrame, settings: Settings) -> list[Vintage]:
    """Estimate every census of the sections on the areas they make up.

    Args:
        sections: rows of `core.recent_section`.
        pool: census areas of Italy in 2011, for what is learnt from outside.
        settings: draws, level and seed; each census draws from a stream of its own, or the
            difference of two would look more certain than it is.

    Returns:
        The censuses in order of time; none where there are no sections.
    """
    found = []
    for year in sections["vintage"].unique().sort().to_list():
        own = [code for code in codes(year) if code in sections.columns]
        counted = sections.filter((pl.col("vintage") == year) & pl.col("counted"))
        areas = areas_of_sections(counted.select("pro_com", "area_id", *own), floor=LEAST_RESIDENTS)
        found.append(_estimated(year, areas, pool, settings))
    return found


def carried(
    counts: AreaCounts, bridge: pl.DataFrame, pool: pl.DataFrame, settings: Settings
) -> Vintage:
    """Carry the census of 2011 over the bridge, and estimate it on the areas of the 2021 edition.

    What is carried are the protected counts of the published areas, so that a figure on other
    boundaries tells nothing that the published ones do not. A count missing in an old area is
    missing in each new one it reaches.

    Args:
        counts: areas of 2011 and their municipalities, with their floor.
        bridge: rows of `core.area_bridge`.
        pool: as in `vintages`.
        settings: as in `vintages`.

    Source:
        Goodchild and Lam (1980), Areal interpolation, Geo-Processing.
    """
    told = counts.frame.select("area_id", "pro_com", "level").with_columns(
        firm=pl.Series(counts.publishable & ~counts.shared)
    )
    known = pl.concat([told, counts.counts], how="horizontal")
    names = counts.counts.columns
    weight = pl.col("population_weight")
    inside = bridge.filter(pl.col("area_to").str.contains("@") & (weight > 0))
    parts = (
        inside.join(known, left_on="area_from", right_on="area_id")
        .sort("area_to", "area_from")
        .group_by(area_id="area_to", maintain_order=True)
        .agg(
            pl.col("pro_com").first(),
            *(
                pl.when(pl.col(name).null_count() == 0)
                .then((pl.col(name) * weight).sum())
                .alias(name)
                for name in names
            ),
            estimated=(weight < 1 - WHOLE).any() | ~pl.col("firm").all(),
        )
        .with_columns(level=pl.col("area_id").str.slice(7, 1))
    )
    towns = known.filter(
        (pl.col("level") == MUNICIPALITY_LEVEL)
        & pl.col("pro_com").is_in(parts["pro_com"].unique().to_list())
    )
    frame = pl.concat(
        [towns.with_columns(estimated=pl.lit(value=False)).drop("firm"), parts],
        how="diagonal_relaxed",
    ).sort("area_id")
    areas = AreaCounts(
        frame.select("area_id", "pro_com", "level", *names, residents="P1"), LEAST_RESIDENTS
    )
    flagged = frame.filter("estimated")["area_id"].to_list()
    found = _estimated(BASE_VINTAGE, areas, pool, settings)
    return replace(found, estimated=frozenset(flagged), bridged=True)


def vintage_facts(sections: pl.DataFrame, evidence: Evidence, settings: Settings) -> pl.DataFrame:
    """Rows of `fatto_annata`: every indicator of every census on the areas of its own edition.

    Args:
        sections: rows of `core.recent_section`.
        evidence: what is known outside the areas.
        settings: draws, level and seed.
    """
    rows = [
        _sourced(
            indicator_facts(
                each.specification,
                each.areas,
                each.estimates,
                evidence=evidence,
                settings=_own(settings, each.year),
                year=each.year,
                sources=_LEVELS,
            ),
            sections,
        )
        for each in vintages(sections, evidence.pool, settings)
    ]
    return pl.concat(rows) if rows else pl.DataFrame(schema=FACTS)


def series_rows(
    sections: pl.DataFrame,
    *,
    areas: pl.DataFrame,
    counts: pl.DataFrame,
    bridge: pl.DataFrame,
    pool: pl.DataFrame,
    settings: Settings,
) -> pl.DataFrame:
    """Rows of `serie_storica`: each area in each census, and how far it is from the latest one.

    Only numbers of the same formula are subtracted, and none that measures an area against its
    own city. Changes from or to an estimate have no reading: their interval knows nothing of the
    error of the bridge, nor of what an area shares with a small group.

    Args:
        sections: rows of `core.recent_section`.
        areas: rows of `core.area`.
        counts: rows of `core.census_2011`.
        bridge: rows of `core.area_bridge`.
        pool: census areas of Italy in 2011.
        settings: draws, level and seed.

    Returns:
        One row per area, indicator and census; indicators that the latest census of an area does
        not have are left out.
    """
    found = vintages(sections, pool, settings)
    if not found:
        return pl.DataFrame(schema=SERIES)
    if not bridge.is_empty():
        residents = areas.select("area_id", "residents")
        old = AreaCounts(
            counts.join(residents, on="area_id", maintain_order="left"), LEAST_RESIDENTS
        )
        found = [carried(old, bridge, pool, settings), *found]
    towns = areas.filter(pl.col("level") != MUNICIPALITY_LEVEL).group_by("pro_com")
    sources = towns.agg(fonte_id=pl.col("source_id").sort().first())
    rows = pl.concat(_of_one(each, sections, sources) for each in found)
    last = rows.filter(pl.col("anno") > BASE_VINTAGE).group_by("area_id", "indicatore_id")
    known = rows.join(
        last.agg(ultimo_anno=pl.col("anno").max()), on=["area_id", "indicatore_id"]
    ).sort("area_id", "indicatore_id", "anno")
    return _changes(known, {each.year: each for each in found}, settings.level)


def _own(settings: Settings, year: int) -> Settings:
    return replace(settings, seed=settings.seed + year)


def _estimated(year: int, areas: AreaCounts, pool: pl.DataFrame, settings: Settings) -> Vintage:
    specification = load_specification(vintage=year)
    estimates = estimate_all(specification, areas, pool, _own(settings, year))
    return Vintage(year, specification, areas, estimates)


def _sourced(rows: pl.DataFrame, sections: pl.DataFrame) -> pl.DataFrame:
    """Rows whose census is named: each town has its own publisher."""
    by_town = sections.group_by("pro_com", "vintage").agg(
        own=pl.col("source_id").mode().sort().first()
    )
    told = rows.with_columns(pro_com=pl.col("area_id").str.head(6)).join(
        by_town,
        left_on=["pro_com", "anno_struttura"],
        right_on=["pro_com", "vintage"],
        how="left",
        maintain_order="left",
    )
    named = pl.when(pl.col("fonte_id") == BY_TOWN).then("own").otherwise("fonte_id")
    return told.with_columns(fonte_id=named).drop("pro_com", "own")


def _of_one(each: Vintage, sections: pl.DataFrame, base_sources: pl.DataFrame) -> pl.DataFrame:
    facts = census_facts(
        each.specification, each.areas, each.estimates, year=each.year, sources=_LEVELS
    )
    if each.bridged:
        by_town = facts.with_columns(pro_com=pl.col("area_id").str.head(6)).drop("fonte_id")
        facts = by_town.join(base_sources, on="pro_com", how="left", maintain_order="left")
    else:
        facts = _sourced(facts, sections)
    whole = pl.col("area_id").str.ends_with(".C")
    return facts.select(
        "area_id",
        "indicatore_id",
        "anno",
        "valore",
        "ic_inf",
        "ic_sup",
        "stato",
        tramite_ponte=pl.lit(each.bridged) & ~whole,
        # A number made of counts shared with a small group is no observation of the area either.
        stimato=pl.col("area_id").is_in(list(each.estimated)) | pl.col("nota").is_not_null(),
        fonte_id="fonte_id",
    )


def _changes(rows: pl.DataFrame, found: Mapping[int, Vintage], level: float) -> pl.DataFrame:
    places = {
        year: {name: k for k, name in enumerate(each.areas.frame["area_id"])}
        for year, each in found.items()
    }
    values = {
        (area, name, year): value
        for area, name, year, value in rows.select(
            "area_id", "indicatore_id", "anno", "valore"
        ).iter_rows()
    }
    told = [
        _change(row, found, places, values, level)
        for row in rows.select("area_id", "indicatore_id", "anno", "ultimo_anno").iter_rows()
    ]
    schema = {
        "confrontabile": pl.Boolean,
        "variazione": pl.Float64,
        "variazione_inf": pl.Float64,
        "variazione_sup": pl.Float64,
    }
    added = pl.DataFrame(told, schema=schema, orient="row")
    low, high = pl.col("variazione_inf"), pl.col("variazione_sup")
    latest = pl.col("stimato") & (pl.col("anno") == pl.col("ultimo_anno"))
    estimated = pl.col("stimato") | latest.any().over("area_id", "indicatore_id")
    return pl.concat([rows, added], how="horizontal").with_columns(
        lettura=pl.when(estimated | pl.col("variazione").is_null())
        .then(None)
        .when(low > 0)
        .then(pl.lit("in_aumento"))
        .when(high < 0)
        .then(pl.lit("in_calo"))
        .otherwise(pl.lit("non_distinguibile"))
    )


def _change(
    row: tuple[str, str, int, int],
    found: Mapping[int, Vintage],
    places: Mapping[int, Mapping[str, int]],
    values: Mapping[tuple[str, str, int], float | None],
    level: float,
) -> tuple[bool, float | None, float | None, float | None]:
    area, name, year, last = row
    then, now = found[year], found[last]
    cards = [each.specification.indicators[name] for each in (then, now)]
    # A number that measures an area against its own city moves when the city does.
    same = cards[0].estimator == cards[1].estimator and cards[1].comparabilita == "tra_comuni"
    before, after = values[area, name, year], values[area, name, last]
    if year == last or not same or before is None or after is None:
        return same, None, None, None
    digits = cards[1].decimali + SPARE_DECIMALS
    drawn = (
        now.estimates[name].draws[:, places[last][area]]
        - then.estimates[name].draws[:, places[year][area]]
    )
    change = round(after - before, digits)
    low, high = np.quantile(drawn, ((1 - level) / 2, (1 + level) / 2))
    ends = (min(float(low), change), max(float(high), change))
    return same, change, round(ends[0], digits), round(ends[1], digits)
