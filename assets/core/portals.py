"""What municipal portals tell of areas: residents by age, and polygons.

Each asset reads, calls one pure function and writes.
"""

from typing import Any

import dagster as dg

from will_pipeline.geography.portal_areas import portal_boundaries, registry_population
from will_pipeline.orchestration.warehouse import Warehouse

POPULATIONS = ("bergamo_popolazione", "monza_popolazione", "parma_anagrafe")
AREAS = "reggio_aree"
CORE: dict[str, Any] = {
    "group_name": "core",
    "owners": ["team:dati"],
    "kinds": {"polars", "duckdb"},
}


@dg.asset(
    key=["core", "registry_population"],
    deps=[
        ["core", "area"],
        ["core", "population_by_age"],
        *(["raw", source] for source in POPULATIONS),
    ],
    **CORE,
)
def registry_population_by_age(warehouse: Warehouse) -> dg.MaterializeResult:
    """Residenti per età delle aree: consegnati dal comune, o detti dal suo portale."""
    rows = registry_population(
        warehouse.read("core.area"),
        warehouse.read("core.population_by_age"),
        [warehouse.read(f"raw.{source}") for source in POPULATIONS],
    )
    return warehouse.write("core.registry_population", rows)


@dg.asset(key=["core", "portal_boundary"], deps=[["core", "area"], ["raw", AREAS]], **CORE)
def portal_boundary(warehouse: Warehouse) -> dg.MaterializeResult:
    """Poligoni delle aree detti dal portale del comune."""
    rows = portal_boundaries(warehouse.read("core.area"), warehouse.read(f"raw.{AREAS}"), AREAS)
    return warehouse.write("core.portal_boundary", rows)
