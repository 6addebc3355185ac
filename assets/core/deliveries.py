"""Harmonised tables of what municipalities hand in.

Each asset reads, calls one pure function and writes.
"""

import dagster as dg

from will_pipeline.contracts.conform import empty
from will_pipeline.orchestration.warehouse import CORE, Warehouse, contracts_of


def _delivered(table: str) -> dg.AssetsDefinition:
    contract = contracts_of(CORE)[table]

    @dg.asset(
        key=["core", table],
        description=contract.description.it,
        deps=[["core", "area"], ["core", "municipality"]],
        group_name="core",
        owners=["team:dati"],
        kinds={"polars", "duckdb"},
    )
    def asset(warehouse: Warehouse) -> dg.MaterializeResult:
        return warehouse.write(f"core.{table}", empty(contract))

    return asset


@dg.definitions
def deliveries() -> dg.Definitions:
    """Tables that only deliveries fill."""
    tables = [name for name, each in contracts_of(CORE).items() if each.from_deliveries]
    return dg.Definitions(assets=[_delivered(table) for table in tables])
