"""Sections, areas and bridge of the later censuses: empty until the live sources bring them.

Each asset reads, calls one pure function and writes.
"""

from typing import Any

import dagster as dg

from will_pipeline.geography.recent_areas import (
    disagreements,
    recent_areas,
    recent_bridge,
    recent_sections,
)
from will_pipeline.orchestration.territory import Territory
from will_pipeline.orchestration.warehouse import Warehouse

CORE: dict[str, Any] = {
    "group_name": "core",
    "owners": ["team:dati"],
    "kinds": {"polars", "duckdb"},
}
DRAWN = ["raw", "agid_censimento_citta"]
WRITTEN = {year: ["raw", f"istat_sezioni_{year}"] for year in (2021, 2023)}


@dg.asset(
    key=["core", "recent_section"],
    deps=[DRAWN, *WRITTEN.values(), ["core", "area_boundary"], ["core", "municipality"]],
    **CORE,
)
def recent_section(warehouse: Warehouse, territory: Territory) -> dg.MaterializeResult:
    """Le sezioni dei censimenti del 2021 e del 2023, ognuna nella sua area."""
    rows = recent_sections(
        warehouse.read(".".join(DRAWN)),
        {year: warehouse.read(".".join(key)) for year, key in WRITTEN.items()},
        warehouse.read("core.area_boundary"),
        {city.pro_com: city.crs for city in territory.cities()},
    )
    return warehouse.write("core.recent_section", rows)


@dg.asset(
    key=["core", "area_bridge"],
    deps=[
        DRAWN,
        ["raw", "istat_sezioni_2011"],
        ["core", "area"],
        ["core", "recent_section"],
    ],
    **CORE,
)
def area_bridge(warehouse: Warehouse) -> dg.MaterializeResult:
    """Il ponte fra le aree del 2011 e quelle del 2021, pesato con i residenti del 2011."""
    rows = recent_bridge(
        warehouse.read("raw.istat_sezioni_2011"),
        warehouse.read("core.recent_section"),
        warehouse.read(".".join(DRAWN)),
        warehouse.read("core.area"),
    )
    return warehouse.write("core.area_bridge", rows)


@dg.asset(
    key=["core", "recent_area"],
    deps=[
        ["core", "area"],
        ["core", "area_bridge"],
        ["core", "municipality"],
        ["core", "recent_section"],
    ],
    **CORE,
)
def recent_area(warehouse: Warehouse) -> dg.MaterializeResult:
    """Le aree con i confini del 2021, i loro residenti e l'area del 2011 che continuano."""
    rows = recent_areas(
        warehouse.read("core.recent_section"),
        warehouse.read("core.area"),
        warehouse.read("core.area_bridge"),
    )
    return warehouse.write("core.recent_area", rows)


@dg.asset_check(
    asset=["core", "recent_section"],
    name="conteggi_uguali",
    description="AgID e ISTAT danno gli stessi residenti alla stessa sezione del 2023.",
    additional_deps=[DRAWN, WRITTEN[2023]],
)
def same_counts(warehouse: Warehouse) -> dg.AssetCheckResult:
    """Un avviso se i due editori dello stesso censimento non sono d'accordo."""
    found = disagreements(warehouse.read(".".join(DRAWN)), warehouse.read(".".join(WRITTEN[2023])))
    return dg.AssetCheckResult(
        passed=found.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"sezioni": found.height},
    )
