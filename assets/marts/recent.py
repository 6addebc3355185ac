"""Published figures of the later censuses, and how areas changed from one to another.

Each asset reads, calls pure functions of the library and writes.
"""

from typing import Any

import dagster as dg

from assets.marts.facts import EVIDENCE, evidence
from will_pipeline.indicators.over_time import series_rows, vintage_facts
from will_pipeline.mart.editions import bridge_table, edition_dimension
from will_pipeline.orchestration.marts import EstimationSettings
from will_pipeline.orchestration.territory import Territory
from will_pipeline.orchestration.warehouse import Warehouse

MART: dict[str, Any] = {
    "group_name": "marts",
    "owners": ["team:dati"],
    "kinds": {"duckdb", "python"},
}
SERIES = ("recent_section", "area", "census_2011", "area_bridge", "census_2011_pool")


@dg.asset(key=["marts", "area_edizione"], deps=[["core", "recent_area"]], **MART)
def area_edizione(warehouse: Warehouse) -> dg.MaterializeResult:
    """Le aree con i confini del 2021, e quelle del 2011 che continuano."""
    rows = edition_dimension(warehouse.read("core.recent_area"))
    return warehouse.write("marts.area_edizione", rows)


@dg.asset(key=["marts", "ponte_aree"], deps=[["core", "area_bridge"]], **MART)
def ponte_aree(warehouse: Warehouse) -> dg.MaterializeResult:
    """Il ponte fra i confini del 2011 e quelli del 2021, pesato con i residenti."""
    return warehouse.write("marts.ponte_aree", bridge_table(warehouse.read("core.area_bridge")))


@dg.asset(
    key=["marts", "fatto_annata"],
    deps=[["core", "recent_section"], *(["raw", source] for source in EVIDENCE)],
    **MART,
)
def fatto_annata(
    warehouse: Warehouse, estimation: EstimationSettings, territory: Territory
) -> dg.MaterializeResult:
    """Gli indicatori dei censimenti del 2021 e del 2023, sulle aree di allora."""
    rows = vintage_facts(
        warehouse.read("core.recent_section"), evidence(warehouse, territory), estimation.value()
    )
    return warehouse.write("marts.fatto_annata", rows)


@dg.asset(key=["marts", "serie_storica"], deps=[["core", name] for name in SERIES], **MART)
def serie_storica(warehouse: Warehouse, estimation: EstimationSettings) -> dg.MaterializeResult:
    """Ogni area nei censimenti che si hanno, con la variazione dove i numeri si confrontano."""
    tables = warehouse.read_layer("core", SERIES)
    rows = series_rows(
        tables["recent_section"],
        areas=tables["area"],
        counts=tables["census_2011"],
        bridge=tables["area_bridge"],
        pool=tables["census_2011_pool"],
        settings=estimation.value(),
    )
    return warehouse.write("marts.serie_storica", rows)
