"""Harmonised tables of what municipalities hand in.

Each asset reads, calls one pure function and writes.
"""

from collections.abc import Iterator

import dagster as dg

from will_pipeline.deliveries.boundary_files import TABLES
from will_pipeline.deliveries.catalogue import load_templates
from will_pipeline.deliveries.folder import FIRST_TABLES
from will_pipeline.orchestration.deliveries import CHECKS, Deliveries, results
from will_pipeline.orchestration.warehouse import CORE, Warehouse, contracts_of

DELIVERY = dg.AssetKey([CORE, "delivery"])
AREA_DELIVERY = dg.AssetKey([CORE, "area_delivery"])
MUNICIPALITY = dg.AssetKey([CORE, "municipality"])


@dg.asset(
    key=AREA_DELIVERY,
    deps=[MUNICIPALITY],
    group_name=CORE,
    owners=["team:dati"],
    kinds={"geopandas", "csv", "duckdb"},
)
def area_delivery(warehouse: Warehouse, deliveries: Deliveries) -> dg.MaterializeResult:
    """I file che dicono quali aree ci sono: sezioni, loro conteggi, aree proprie dei comuni."""
    taken = deliveries.take_in_areas(warehouse.read("core.municipality"))
    return warehouse.write("core.area_delivery", taken)


@dg.asset(
    key=DELIVERY,
    deps=[[CORE, "area"], AREA_DELIVERY, MUNICIPALITY],
    group_name=CORE,
    owners=["team:dati"],
    kinds={"csv", "excel", "duckdb"},
)
def delivery(warehouse: Warehouse, deliveries: Deliveries) -> dg.MaterializeResult:
    """I file consegnati dai comuni: esaminati, archiviati se buoni, con il loro esito."""
    taken = deliveries.take_in(
        warehouse.read("core.municipality"),
        warehouse.read("core.area"),
        warehouse.read("core.area_delivery"),
    )
    return warehouse.write("core.delivery", taken)


@dg.multi_asset_check(
    name="consegne",
    specs=[
        dg.AssetCheckSpec(name, asset=DELIVERY, description=said, additional_deps=[MUNICIPALITY])
        for name, said in CHECKS.items()
    ],
)
def refused(warehouse: Warehouse, deliveries: Deliveries) -> Iterator[dg.AssetCheckResult]:
    """Un avviso se una consegna è stata rifiutata o se una cartella è di nessun comune."""
    municipalities = warehouse.read("core.municipality")
    strangers = deliveries.strangers(municipalities)
    yield from results(warehouse.read("core.delivery"), municipalities, strangers, DELIVERY)


def _delivered(table: str) -> dg.AssetsDefinition:
    first = table in FIRST_TABLES
    files, deps = (AREA_DELIVERY, []) if first else (DELIVERY, [dg.AssetKey([CORE, "area"])])

    @dg.asset(
        key=[CORE, table],
        description=contracts_of(CORE)[table].description.it,
        deps=[files, MUNICIPALITY, *deps],
        group_name=CORE,
        owners=["team:dati"],
        kinds={"polars", "duckdb"},
    )
    def asset(warehouse: Warehouse, deliveries: Deliveries) -> dg.MaterializeResult:
        taken = warehouse.read(".".join(files.path))
        rows = deliveries.table(table, taken, warehouse.read("core.municipality"))
        return warehouse.write(f"core.{table}", rows)

    return asset


@dg.definitions
def delivered_tables() -> dg.Definitions:
    """What came in, its warnings, and one table per part of every kind of delivery."""
    parts = [part.table for template in load_templates().values() for part in template.parts]
    return dg.Definitions(
        assets=[area_delivery, delivery, *(_delivered(table) for table in (*parts, *TABLES))],
        asset_checks=[refused],
    )
