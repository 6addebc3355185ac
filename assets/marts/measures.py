"""What municipalities ask of the figures: did a measure move anything, and what if we shared anew.

Each asset reads, calls pure functions of the library and writes.
"""

from typing import Any

import dagster as dg

from will_pipeline.needs.allocation import Allocations, allocate
from will_pipeline.needs.comparison import Baseline, Delivered
from will_pipeline.needs.evaluation import Evaluations, evaluate_measures
from will_pipeline.orchestration.marts import EstimationSettings
from will_pipeline.orchestration.warehouse import Warehouse

MART: dict[str, Any] = {
    "group_name": "marts",
    "owners": ["team:dati"],
    "kinds": {"duckdb", "python"},
}
MEASURES = ("measure", "measure_area", "measure_outcome")
BASELINE = ("dim_area", "fatto_indice", "fatto_profilo")
EVALUATED: list[list[str]] = [
    *(["core", table] for table in MEASURES),
    *(["marts", table] for table in BASELINE),
]
SHARED: list[list[str]] = [
    ["core", "allocation_exercise"],
    ["core", "allocation_line"],
    ["marts", "bisogno_latente"],
]


@dg.asset(key=["marts", "valutazione"], deps=EVALUATED, **MART)
def valutazione(warehouse: Warehouse, estimation: EstimationSettings) -> dg.MaterializeResult:
    """Che cosa si può dire dell'effetto di ogni misura, con l'effetto più piccolo che si vede."""
    return warehouse.write("marts.valutazione", _evaluated(warehouse, estimation).measures)


@dg.asset(key=["marts", "valutazione_area"], deps=[*EVALUATED, ["marts", "valutazione"]], **MART)
def valutazione_area(warehouse: Warehouse, estimation: EstimationSettings) -> dg.MaterializeResult:
    """Le aree con la misura, quelle di confronto e quelle lasciate fuori, con il motivo."""
    return warehouse.write("marts.valutazione_area", _evaluated(warehouse, estimation).areas)


@dg.asset(key=["marts", "valutazione_anno"], deps=[*EVALUATED, ["marts", "valutazione"]], **MART)
def valutazione_anno(warehouse: Warehouse, estimation: EstimationSettings) -> dg.MaterializeResult:
    """La differenza fra aree con la misura e di confronto, anno per anno."""
    return warehouse.write("marts.valutazione_anno", _evaluated(warehouse, estimation).years)


@dg.asset(key=["marts", "ripartizione"], deps=SHARED, **MART)
def ripartizione(warehouse: Warehouse, estimation: EstimationSettings) -> dg.MaterializeResult:
    """Gli esercizi di ripartizione secondo il bisogno: che cosa cambierebbe rispetto a oggi."""
    return warehouse.write("marts.ripartizione", _allocated(warehouse, estimation).exercises)


@dg.asset(key=["marts", "ripartizione_area"], deps=[*SHARED, ["marts", "ripartizione"]], **MART)
def ripartizione_area(warehouse: Warehouse, estimation: EstimationSettings) -> dg.MaterializeResult:
    """Area per area: quanto ha oggi, quanto avrebbe e quanto è sicura la differenza."""
    return warehouse.write("marts.ripartizione_area", _allocated(warehouse, estimation).areas)


def _evaluated(warehouse: Warehouse, estimation: EstimationSettings) -> Evaluations:
    delivered = Delivered(*warehouse.read_layer("core", MEASURES).values())
    baseline = Baseline(*warehouse.read_layer("marts", BASELINE).values())
    return evaluate_measures(delivered, baseline, settings=estimation.value())


def _allocated(warehouse: Warehouse, estimation: EstimationSettings) -> Allocations:
    return allocate(
        warehouse.read("core.allocation_exercise"),
        warehouse.read("core.allocation_line"),
        warehouse.read("marts.bisogno_latente"),
        settings=estimation.value(),
    )
