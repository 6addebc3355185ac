"""Profiles of collective need, their traits, and the areas of other cities that resemble each one.

Each asset reads, calls pure functions of the library and writes.
"""

from typing import Any

import dagster as dg
import polars as pl

from assets.marts.facts import COUNTS, indices
from will_pipeline.indicators.goalposts import BASE_EDITION
from will_pipeline.indicators.specification import load_specification
from will_pipeline.mart.dimensions import CENSUS_YEAR
from will_pipeline.needs.frozen_typology import load_typology
from will_pipeline.needs.profile_tables import profile_dimension, profile_facts, rule_facts
from will_pipeline.needs.profile_traits import index_indicators, trait_rows
from will_pipeline.needs.published import PublishedValues, published_values
from will_pipeline.needs.twins import twin_rows
from will_pipeline.orchestration.marts import EstimationSettings
from will_pipeline.orchestration.warehouse import Warehouse

MART: dict[str, Any] = {
    "group_name": "marts",
    "owners": ["team:dati"],
    "kinds": {"duckdb", "python"},
}
PUBLISHED = [["marts", "fatto_indicatore"], ["marts", "dim_area"]]
EDITION = BASE_EDITION


@dg.asset(
    key=["marts", "fatto_profilo"], deps=[*COUNTS, ["marts", "fatto_indice"], *PUBLISHED], **MART
)
def fatto_profilo(warehouse: Warehouse, estimation: EstimationSettings) -> dg.MaterializeResult:
    """Il profilo di ogni area: quali bisogni spiccano, a quali aree somiglia, quanto è sicuro."""
    rows = profile_facts(
        _by_rule(warehouse, estimation),
        load_specification(),
        load_typology(EDITION),
        warehouse.read("marts.fatto_indicatore"),
        warehouse.read("marts.dim_area"),
        year=CENSUS_YEAR,
        settings=estimation.value(),
    )
    return warehouse.write("marts.fatto_profilo", rows)


@dg.asset(key=["marts", "dim_profilo"], deps=[*COUNTS, ["marts", "fatto_indice"]], **MART)
def dim_profilo(warehouse: Warehouse, estimation: EstimationSettings) -> dg.MaterializeResult:
    """I profili di bisogno collettivo possibili, in parole e con le domande per il tavolo."""
    rows = profile_dimension(
        _by_rule(warehouse, estimation), load_specification(), load_typology(EDITION)
    )
    return warehouse.write("marts.dim_profilo", rows)


@dg.asset(key=["marts", "profilo_tratto"], deps=[["marts", "fatto_profilo"], *PUBLISHED], **MART)
def profilo_tratto(warehouse: Warehouse) -> dg.MaterializeResult:
    """Come sono le aree di ogni profilo, indicatore per indicatore."""
    rows = trait_rows(
        load_typology(EDITION),
        _published(warehouse, index_indicators(load_specification())),
        warehouse.read("marts.fatto_profilo"),
    )
    return warehouse.write("marts.profilo_tratto", rows)


@dg.asset(key=["marts", "area_simile"], deps=PUBLISHED, **MART)
def area_simile(warehouse: Warehouse) -> dg.MaterializeResult:
    """Le aree di altre città più simili a ognuna, con i tratti in comune."""
    frozen = load_typology(EDITION)
    rows = twin_rows(load_specification(), frozen, _published(warehouse, frozen.names))
    return warehouse.write("marts.area_simile", rows)


def _by_rule(warehouse: Warehouse, estimation: EstimationSettings) -> pl.DataFrame:
    areas, found = indices(warehouse, estimation)
    return rule_facts(areas.frame, found.evidence, year=CENSUS_YEAR)


def _published(warehouse: Warehouse, indicators: tuple[str, ...]) -> PublishedValues:
    return published_values(
        warehouse.read("marts.fatto_indicatore"),
        warehouse.read("marts.dim_area"),
        indicators,
        year=CENSUS_YEAR,
    )
