"""Published facts: indicators and indices of every area.

Each asset reads, calls pure functions of the library and writes.
"""

from typing import Any

import dagster as dg
import polars as pl

from will_pipeline.geography.census_areas import SOURCE_OF_LEVEL
from will_pipeline.geography.schemes import counts_source
from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.context import context_facts
from will_pipeline.indicators.estimates import Estimate
from will_pipeline.indicators.facts import indicator_facts
from will_pipeline.indicators.goalposts import load_frozen
from will_pipeline.indicators.indices import Indices, estimate_all, theme_indices
from will_pipeline.indicators.levels import Evidence
from will_pipeline.indicators.quality import quality_rows
from will_pipeline.indicators.specification import LEAST_RESIDENTS, load_specification
from will_pipeline.mart.dimensions import CENSUS_YEAR
from will_pipeline.orchestration.marts import EstimationSettings
from will_pipeline.orchestration.territory import Territory
from will_pipeline.orchestration.warehouse import Warehouse

MART: dict[str, Any] = {
    "group_name": "marts",
    "owners": ["team:dati"],
    "kinds": {"duckdb", "python"},
}
COUNTS = [["core", "area"], ["core", "census_2011"], ["core", "census_2011_pool"]]
EVIDENCE = ("istat_censimento_2011_ace", "istat_bes_territori", "iss_passi_argento")


@dg.asset(
    key=["marts", "fatto_indicatore"],
    deps=[*COUNTS, *(["raw", source] for source in EVIDENCE), ["core", "municipality_context"]],
    **MART,
)
def fatto_indicatore(
    warehouse: Warehouse, estimation: EstimationSettings, territory: Territory
) -> dg.MaterializeResult:
    """Gli indicatori di ogni area, con intervallo, stato, affidabilità, confronto e fonte."""
    areas, estimates = estimated(warehouse, estimation)
    rows = indicator_facts(
        load_specification(),
        areas,
        estimates,
        evidence=evidence(warehouse, territory),
        settings=estimation.value(),
        year=CENSUS_YEAR,
        sources=SOURCE_OF_LEVEL,
    ).with_columns(counts_source("area_id", "fonte_id"))
    context = context_facts(warehouse.read("core.municipality_context"))
    return warehouse.write("marts.fatto_indicatore", pl.concat([rows, context], how="diagonal"))


@dg.asset(
    key=["marts", "qualita_indicatore"],
    deps=[["marts", "fatto_indicatore"], ["marts", "dim_indicatore"], ["marts", "dim_area"]],
    **MART,
)
def qualita_indicatore(warehouse: Warehouse) -> dg.MaterializeResult:
    """Il rapporto di qualità di ogni indicatore: rilevanza, accuratezza, tempi, confronti."""
    tables = ("fatto_indicatore", "dim_indicatore", "dim_area")
    published = warehouse.read_layer("marts", tables)
    rows = quality_rows(*(published[name] for name in tables))
    return warehouse.write("marts.qualita_indicatore", rows)


@dg.asset(key=["marts", "fatto_indice"], deps=COUNTS, **MART)
def fatto_indice(warehouse: Warehouse, estimation: EstimationSettings) -> dg.MaterializeResult:
    """L'indice dei quattro bisogni in ogni area, con intervallo e posto probabile in città."""
    return warehouse.write("marts.fatto_indice", indices(warehouse, estimation)[1].rows)


def estimated(
    warehouse: Warehouse, estimation: EstimationSettings
) -> tuple[AreaCounts, dict[str, Estimate]]:
    """Areas of the warehouse and the estimate of every indicator in them."""
    facts = warehouse.read("core.area").select("area_id", "residents", "ranked")
    counts = warehouse.read("core.census_2011").join(facts, on="area_id", maintain_order="left")
    areas, pool = AreaCounts(counts, LEAST_RESIDENTS), warehouse.read("core.census_2011_pool")
    return areas, estimate_all(load_specification(), areas, pool, estimation.value())


def evidence(warehouse: Warehouse, territory: Territory) -> Evidence:
    """What is known outside the areas, for the expected persons."""
    pool, series, isolation = (warehouse.read(f"raw.{source}") for source in EVIDENCE)
    return Evidence(pool, series, isolation, territory.cities())


def indices(warehouse: Warehouse, estimation: EstimationSettings) -> tuple[AreaCounts, Indices]:
    """Areas of the warehouse and the index of every need in them."""
    areas, estimates = estimated(warehouse, estimation)
    found = theme_indices(
        load_specification(),
        areas,
        estimates,
        frozen=load_frozen(),
        settings=estimation.value(),
        year=CENSUS_YEAR,
    )
    return areas, found
