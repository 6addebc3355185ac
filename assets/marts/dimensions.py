"""Published dimensions: municipalities, areas, shapes, needs, indicators, sources, dictionary.

Each asset reads, calls one pure function and writes.
"""

from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from will_pipeline.contracts.catalogue import load_views
from will_pipeline.contracts.dictionary import dictionary_rows
from will_pipeline.indicators.methods import indicator_rows
from will_pipeline.indicators.specification import load_specification, theme_rows
from will_pipeline.indicators.vintages import layout_codes
from will_pipeline.mart.deliveries import delivery_sources
from will_pipeline.mart.dimensions import (
    area_dimension,
    geometry_dimension,
    municipality_dimension,
    source_dimension,
)
from will_pipeline.orchestration.figures import Figures
from will_pipeline.orchestration.warehouse import MARTS, Warehouse, contracts_of
from will_pipeline.sources.descriptor import load_sources

MART: dict[str, Any] = {"group_name": "marts", "owners": ["team:dati"], "kinds": {"duckdb"}}
LAYOUTS = ("istat_censimento_2011_variabili", "istat_censimento_2021_variabili")
SOURCES = {
    key: source
    for key, source in load_sources(Path(__file__).parent.parent / "raw").items()
    if source.has_table
}


@dg.asset(key=["marts", "dim_comune"], deps=[["core", "municipality"]], **MART)
def dim_comune(warehouse: Warehouse) -> dg.MaterializeResult:
    """I comuni pubblicati, con la popolazione più recente."""
    rows = municipality_dimension(warehouse.read("core.municipality"))
    return warehouse.write("marts.dim_comune", rows)


@dg.asset(key=["marts", "dim_area"], deps=[["core", "area"], ["core", "area_boundary"]], **MART)
def dim_area(warehouse: Warehouse) -> dg.MaterializeResult:
    """Le aree pubblicate: comuni, aree sub-comunali, aree di censimento."""
    rows = area_dimension(warehouse.read("core.area"), warehouse.read("core.area_boundary"))
    return warehouse.write("marts.dim_area", rows)


@dg.asset(key=["marts", "area_geometria"], deps=[["core", "area_outline"]], **MART)
def area_geometria(warehouse: Warehouse) -> dg.MaterializeResult:
    """La forma di ogni area per l'atlante: confine dove c'è, tessera di uno schema dove manca."""
    rows = geometry_dimension(warehouse.read("core.area_outline"))
    return warehouse.write("marts.area_geometria", rows)


@dg.asset(key=["marts", "dim_dimensione"], **MART)
def dim_dimensione(warehouse: Warehouse) -> dg.MaterializeResult:
    """I quattro bisogni, in parole."""
    return warehouse.write("marts.dim_dimensione", theme_rows(load_specification()))


@dg.asset(key=["marts", "dim_indicatore"], deps=[["raw", key] for key in LAYOUTS], **MART)
def dim_indicatore(warehouse: Warehouse) -> dg.MaterializeResult:
    """La scheda di ogni indicatore: formula di ogni annata, lettura, limiti, metodo."""
    codes = layout_codes(*(warehouse.read(f"raw.{key}") for key in LAYOUTS))
    rows = indicator_rows(load_specification(layouts=codes))
    return warehouse.write("marts.dim_indicatore", rows)


@dg.asset(
    key=["marts", "dim_fonte"],
    deps=[*(["raw", key] for key in SOURCES), ["core", "delivery"], ["core", "municipality"]],
    **MART,
)
def dim_fonte(warehouse: Warehouse, figures: Figures) -> dg.MaterializeResult:
    """Le fonti, con ente, licenza, data e impronta dei dati."""
    here = {key: source for key, source in SOURCES.items() if figures.has(source)}
    sealed = {key: (figures.describe(source), figures.pin(source)) for key, source in here.items()}
    delivered = delivery_sources(
        warehouse.read("core.delivery"), warehouse.read("core.municipality")
    )
    marked = {key: figures.mark(source) for key, source in here.items()}
    rows = pl.concat([source_dimension(sealed, marked), delivered], how="vertical_relaxed")
    return warehouse.write("marts.dim_fonte", rows)


@dg.asset(key=["marts", "dizionario"], **MART)
def dizionario(warehouse: Warehouse) -> dg.MaterializeResult:
    """Il dizionario dei dati: ogni colonna di ogni tabella e vista, generato dal contratto."""
    rows = dictionary_rows(contracts_of(MARTS).values(), load_views().values())
    return warehouse.write("marts.dizionario", rows)
