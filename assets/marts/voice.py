"""The voice of the territory: what neighbourhood tables said of the data.

The asset reads, calls one pure function and writes.
"""

import dagster as dg

from will_pipeline.mart.deliveries import territory_statements
from will_pipeline.orchestration.warehouse import Warehouse


@dg.asset(
    key=["marts", "voce_territorio"],
    deps=[["core", "table_statement"]],
    group_name="marts",
    owners=["team:dati"],
    kinds={"duckdb"},
)
def voce_territorio(warehouse: Warehouse) -> dg.MaterializeResult:
    """Le osservazioni dei tavoli di quartiere, consegnate dai comuni."""
    rows = territory_statements(warehouse.read("core.table_statement"))
    return warehouse.write("marts.voce_territorio", rows)
