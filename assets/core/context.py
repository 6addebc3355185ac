"""Context of the municipalities, from every source that speaks of the whole city.

The asset reads, calls one pure function and writes.
"""

import dagster as dg

from will_pipeline.indicators.context import LIBRARY_REGISTER_YEAR, context_rows
from will_pipeline.orchestration.figures import Figures
from will_pipeline.orchestration.warehouse import Warehouse

SOURCES = (
    "agenzia_cinque_per_mille",
    "eligendo_affluenza",
    "iccu_biblioteche",
    "istat_bes_territori",
    "istat_bilancio_2025",
    "istat_cittadinanza_2025",
    "istat_soddisfazione_vita",
    "mef_irpef_comuni",
    "mim_scuole",
    "opencivitas_spesa",
)


@dg.asset(
    key=["core", "municipality_context"],
    deps=[["core", "municipality"], *(["raw", source] for source in SOURCES)],
    group_name="core",
    owners=["team:dati"],
    kinds={"polars", "duckdb"},
)
def municipality_context(warehouse: Warehouse, figures: Figures) -> dg.MaterializeResult:
    """Contesto del comune intero: NEET della provincia, reddito, affluenza, presìdi."""
    rows = context_rows(
        warehouse.read_layer("raw", SOURCES),
        warehouse.read("core.municipality"),
        library_year=figures.year_of("iccu_biblioteche", LIBRARY_REGISTER_YEAR),
    )
    return warehouse.write("core.municipality_context", rows)
