"""Published demand: basins that reach a critical mass, and latent need.

Each asset reads, calls pure functions of the library and writes.
"""

from typing import Any

import dagster as dg

from assets.marts.facts import COUNTS, EVIDENCE, estimated, evidence
from will_pipeline.indicators.persons import estimate_persons
from will_pipeline.indicators.specification import load_specification
from will_pipeline.needs.basins import DemandBasins, demand_rows
from will_pipeline.needs.expected import ExpectedPersons, expected_persons
from will_pipeline.needs.latent import latent_rows
from will_pipeline.orchestration.marts import EstimationSettings
from will_pipeline.orchestration.territory import Territory
from will_pipeline.orchestration.warehouse import Warehouse

MART: dict[str, Any] = {
    "group_name": "marts",
    "owners": ["team:dati"],
    "kinds": {"duckdb", "python"},
}
PERSONS = [*COUNTS, *(["raw", source] for source in EVIDENCE), ["marts", "fatto_indicatore"]]
BASINS = [*PERSONS, ["marts", "fatto_indice"], ["core", "area_outline"]]


@dg.asset(key=["marts", "bacino"], deps=BASINS, **MART)
def bacino(
    warehouse: Warehouse, estimation: EstimationSettings, territory: Territory
) -> dg.MaterializeResult:
    """I bacini di domanda: aree messe insieme finché le persone attese bastano a un servizio."""
    return warehouse.write("marts.bacino", _basins(warehouse, estimation, territory).basins)


@dg.asset(key=["marts", "bacino_area"], deps=BASINS, **MART)
def bacino_area(
    warehouse: Warehouse, estimation: EstimationSettings, territory: Territory
) -> dg.MaterializeResult:
    """Le aree di ogni bacino, con le persone attese in ciascuna."""
    return warehouse.write("marts.bacino_area", _basins(warehouse, estimation, territory).members)


@dg.asset(key=["marts", "bisogno_latente"], deps=[*PERSONS, ["core", "service_users"]], **MART)
def bisogno_latente(
    warehouse: Warehouse, estimation: EstimationSettings, territory: Territory
) -> dg.MaterializeResult:
    """Persone attese, seguite dai servizi e latenti; copertura non nota senza il file."""
    rows = latent_rows(
        expected_of(warehouse, estimation, territory),
        warehouse.read("core.service_users"),
        settings=estimation.value(),
    )
    return warehouse.write("marts.bisogno_latente", rows)


def expected_of(
    warehouse: Warehouse, estimation: EstimationSettings, territory: Territory
) -> ExpectedPersons:
    """Expected persons of the warehouse, as published, with the draws of the same settings."""
    specification = load_specification()
    areas, estimates = estimated(warehouse, estimation)
    persons = estimate_persons(
        specification,
        areas,
        estimates,
        evidence=evidence(warehouse, territory),
        settings=estimation.value(),
    )
    return expected_persons(
        specification,
        warehouse.read("marts.fatto_indicatore"),
        warehouse.read("core.area"),
        areas.frame["area_id"].to_list(),
        {**estimates, **{name: found.estimate for name, found in persons.items()}},
    )


def _basins(
    warehouse: Warehouse, estimation: EstimationSettings, territory: Territory
) -> DemandBasins:
    return demand_rows(
        expected_of(warehouse, estimation, territory),
        warehouse.read("marts.fatto_indice"),
        warehouse.read("core.area_outline"),
        territory.cities(),
        level=estimation.level,
    )
