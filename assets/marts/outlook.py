"""Published outlook: persons in need some years ahead, and series of the whole city.

Each asset reads, calls one pure function and writes.
"""

from typing import Any

import dagster as dg

from will_pipeline.cities.catalogue import projected_totals
from will_pipeline.indicators.specification import load_specification
from will_pipeline.needs.city_series import city_series_rows
from will_pipeline.needs.scenario import scenario_rows
from will_pipeline.orchestration.territory import Territory
from will_pipeline.orchestration.warehouse import Warehouse

MART: dict[str, Any] = {
    "group_name": "marts",
    "owners": ["team:dati"],
    "kinds": {"duckdb", "python"},
}


@dg.asset(
    key=["marts", "proiezione"],
    deps=[
        ["core", "area"],
        ["core", "municipality"],
        ["core", "registry_population"],
        ["marts", "fatto_indicatore"],
    ],
    **MART,
)
def proiezione(warehouse: Warehouse, territory: Territory) -> dg.MaterializeResult:
    """Uno scenario per area e bisogno: quante persone, se la quota di oggi resta ferma."""
    rows = scenario_rows(
        warehouse.read("core.area"),
        warehouse.read("core.municipality"),
        warehouse.read("core.registry_population"),
        warehouse.read("marts.fatto_indicatore"),
        themes=[theme.dimensione for theme in load_specification().themes],
        totals=projected_totals(territory.cities()),
    )
    return warehouse.write("marts.proiezione", rows)


@dg.asset(
    key=["marts", "serie_citta"],
    deps=[
        ["core", "municipality"],
        ["core", "municipality_context"],
        ["raw", "istat_bes_territori"],
        ["raw", "istat_popolazione"],
    ],
    **MART,
)
def serie_citta(warehouse: Warehouse) -> dg.MaterializeResult:
    """Le serie della città e della sua provincia, con pochi anni in avanti e il loro errore."""
    rows = city_series_rows(
        warehouse.read("core.municipality_context"),
        warehouse.read("raw.istat_bes_territori"),
        warehouse.read("raw.istat_popolazione"),
        warehouse.read("core.municipality"),
    )
    return warehouse.write("marts.serie_citta", rows)
