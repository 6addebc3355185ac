"""Municipalities, areas and census counts: the harmonised geography of the 2011 census.

Each asset reads, calls one pure function and writes.
"""

from typing import Any

import dagster as dg
import polars as pl

from will_pipeline.geography.boundaries import (
    boundaries_in_use,
    boundaries_left_out,
    delivered_boundaries,
    embedded_boundaries,
    left_out_words,
    section_boundaries,
)
from will_pipeline.geography.census_areas import area_rows, census_counts, municipality_rows
from will_pipeline.geography.outlines import outline_rows
from will_pipeline.geography.portal_areas import own_or_portal
from will_pipeline.geography.schemes import own_area_counts, without_counts
from will_pipeline.orchestration.territory import Territory
from will_pipeline.orchestration.warehouse import Warehouse

OWN = ("own_area", "own_area_section", "section_count")
DRAWN = ("section", "own_area_section", "delivered_boundary", "portal_boundary")
CORE: dict[str, Any] = {
    "group_name": "core",
    "owners": ["team:dati"],
    "kinds": {"polars", "duckdb"},
}


@dg.asset(key=["core", "municipality"], deps=[["raw", "istat_bilancio_2025"]], **CORE)
def municipality(warehouse: Warehouse, territory: Territory) -> dg.MaterializeResult:
    """I comuni del progetto, con i codici che li legano alle fonti e l'ultima popolazione."""
    balance = warehouse.read("raw.istat_bilancio_2025")
    return warehouse.write("core.municipality", municipality_rows(territory.cities(), balance))


@dg.asset(
    key=["core", "census_2011"],
    deps=[
        ["raw", "istat_censimento_2011_ace_citta"],
        ["raw", "istat_censimento_2011_asc"],
        ["core", "own_area"],
        ["core", "own_area_section"],
        ["core", "section_count"],
    ],
    **CORE,
)
def census_2011(warehouse: Warehouse, territory: Territory) -> dg.MaterializeResult:
    """Conteggi del censimento 2011 per comune, quartiere e area di censimento."""
    own = (warehouse.read(f"core.{name}") for name in OWN)
    counts = census_counts(
        territory.cities(),
        warehouse.read("raw.istat_censimento_2011_ace_citta"),
        warehouse.read("raw.istat_censimento_2011_asc"),
        own_area_counts(*own),
    )
    return warehouse.write("core.census_2011", counts)


@dg.asset(key=["core", "census_2011_pool"], deps=[["raw", "istat_censimento_2011_ace"]], **CORE)
def census_2011_pool(warehouse: Warehouse) -> dg.MaterializeResult:
    """Conteggi del censimento 2011 di tutte le aree di censimento italiane."""
    areas = warehouse.read("raw.istat_censimento_2011_ace")
    pool = areas.rename({"ace": "code"}).drop("comune", "province", "region")
    return warehouse.write("core.census_2011_pool", pool)


@dg.asset(
    key=["core", "area"],
    deps=[
        ["core", "census_2011"],
        ["core", "municipality"],
        ["core", "own_area"],
        ["raw", "istat_censimento_2011_asc"],
    ],
    **CORE,
)
def area(warehouse: Warehouse) -> dg.MaterializeResult:
    """Le aree su cui si pubblica: comuni, quartieri, aree di censimento del 2011."""
    rows = area_rows(
        warehouse.read("core.census_2011"),
        warehouse.read("core.municipality"),
        warehouse.read("raw.istat_censimento_2011_asc"),
        warehouse.read("core.own_area"),
    )
    return warehouse.write("core.area", rows)


@dg.asset(
    key=["core", "area_boundary"],
    deps=[
        ["core", "area"],
        ["core", "delivered_boundary"],
        ["core", "own_area_section"],
        ["core", "portal_boundary"],
        ["core", "section"],
        ["raw", "istat_confini_comuni"],
        ["raw", "istat_parma_aree_2011"],
    ],
    **CORE,
)
def area_boundary(warehouse: Warehouse) -> dg.MaterializeResult:
    """I confini in uso delle aree: consegnati, uniti dalle sezioni, o compresi nel progetto."""
    rows = boundaries_in_use(
        warehouse.read("core.area"),
        embedded=embedded_boundaries(
            warehouse.read("raw.istat_confini_comuni"), warehouse.read("raw.istat_parma_aree_2011")
        ),
        **_drawings(warehouse),
    )
    return warehouse.write("core.area_boundary", rows)


@dg.asset(key=["core", "area_outline"], deps=[["core", "area"], ["core", "area_boundary"]], **CORE)
def area_outline(warehouse: Warehouse) -> dg.MaterializeResult:
    """Contorni delle aree dove ci sono i confini, tessere di uno schema dove non ci sono."""
    rows = outline_rows(warehouse.read("core.area"), warehouse.read("core.area_boundary"))
    return warehouse.write("core.area_outline", rows)


@dg.asset_check(
    asset=["core", "area_boundary"],
    name="confini_in_uso",
    description="Ogni confine consegnato e ogni area propria sono in uso.",
    additional_deps=[["core", name] for name in (*DRAWN, *OWN)],
)
def boundaries_used(warehouse: Warehouse) -> dg.AssetCheckResult:
    """Un avviso se un confine consegnato non disegna nessun livello, o un'area non si pubblica."""
    left = boundaries_left_out(warehouse.read("core.area_boundary"), **_drawings(warehouse))
    own, *others = (warehouse.read(f"core.{name}") for name in OWN)
    waiting = without_counts(own, own_area_counts(own, *others))
    return dg.AssetCheckResult(
        passed=left.is_empty() and not waiting,
        severity=dg.AssetCheckSeverity.WARN,
        description=left_out_words(left, waiting),
    )


def _drawings(warehouse: Warehouse) -> dict[str, pl.DataFrame]:
    sections, correspondence, *drawn = (warehouse.read(f"core.{name}") for name in DRAWN)
    return {
        "sections": section_boundaries(sections, correspondence),
        "delivered": delivered_boundaries(own_or_portal(*drawn)),
    }
