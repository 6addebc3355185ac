"""The way out: controls, identity card, atlas and release.

Nothing reaches readers before every blocking check upstream has passed.
"""

from typing import Any

import dagster as dg
import polars as pl

from assets.marts.facts import COUNTS, estimated
from will_pipeline.atlas.static import render_atlas
from will_pipeline.contracts.catalogue import load_views
from will_pipeline.indicators.facts import impossible_counts, unavailable_indicators
from will_pipeline.indicators.specification import load_specification
from will_pipeline.mart.controls import control_rows
from will_pipeline.mart.deliveries import delivery_controls
from will_pipeline.mart.fingerprint import release_fingerprint, rendering_hash
from will_pipeline.mart.overrides import overridden
from will_pipeline.mart.release import (
    INFO_TABLE,
    NEWS_TABLE,
    info_rows,
    publish,
    release_news,
    state_release,
    stated_in,
)
from will_pipeline.orchestration.marts import EstimationSettings, MartShelf
from will_pipeline.orchestration.warehouse import MARTS, Warehouse, contracts_of

MART: dict[str, Any] = {"group_name": "marts", "owners": ["team:dati"], "kinds": {"duckdb"}}
DELIVERY = ["core", "delivery"]
EXACT = "core.census_2011"
SECTIONS = "core.section"
OSM_PLACES = "raw.osm_presidi"
CONTROLS_TABLE = "controllo"
ABOUT_THE_RELEASE = (INFO_TABLE, CONTROLS_TABLE, NEWS_TABLE)
TABLES = tuple(name for name in contracts_of(MARTS) if name not in ABOUT_THE_RELEASE)


@dg.asset(
    key=["marts", "controllo"],
    deps=[*COUNTS, ["core", "delivery"], *(["marts", name] for name in TABLES)],
    **MART,
)
def controllo(
    warehouse: Warehouse, estimation: EstimationSettings, mart_shelf: MartShelf
) -> dg.MaterializeResult:
    """I controlli eseguiti su questo contenuto e il loro esito."""
    findings = [
        finding for name in TABLES for finding in warehouse.check(MARTS, contracts_of(MARTS)[name])
    ]
    areas, estimates = estimated(warehouse, estimation)
    missing = unavailable_indicators(
        load_specification(), areas, warehouse.read("core.census_2011_pool")
    )
    rows = control_rows(
        warehouse.read_layer(MARTS, TABLES), findings, impossible_counts(areas, estimates), missing
    )
    delivered = delivery_controls(
        warehouse.read("core.delivery"), warehouse.read("core.municipality")
    )
    seen = pl.concat([rows, delivered], how="vertical_relaxed")
    let = overridden(seen, mart_shelf.let_through(), today=mart_shelf.time().date())
    return warehouse.write("marts.controllo", let)


@dg.asset(
    key=["marts", "mart_info"],
    deps=[["marts", "controllo"], ["core", "section"], ["raw", "osm_presidi"]],
    **MART,
)
def mart_info(
    warehouse: Warehouse, mart_shelf: MartShelf, estimation: EstimationSettings
) -> dg.MaterializeResult:
    """La carta d'identità del rilascio: numero, impronta, data, licenza, citazione."""
    tables = warehouse.read_layer(MARTS, (*TABLES, CONTROLS_TABLE))
    fingerprint = release_fingerprint(
        tables,
        contracts_of(MARTS).values(),
        load_views().values(),
        rendering_hash(),
        beside={name: warehouse.read(name) for name in (SECTIONS, OSM_PLACES)},
    )
    statement = state_release(mart_shelf.shelf(), fingerprint, mart_shelf.time())
    rows = info_rows(
        statement, seed=estimation.seed, draws=estimation.draws, notice=mart_shelf.notices()
    )
    return warehouse.write("marts.mart_info", rows)


@dg.asset(key=["marts", "novita"], deps=[["marts", "mart_info"]], **MART)
def novita(warehouse: Warehouse, mart_shelf: MartShelf) -> dg.MaterializeResult:
    """Che cosa è cambiato rispetto al rilascio che si legge ora, riga per riga, e perché."""
    tables = warehouse.read_layer(MARTS, (*TABLES, CONTROLS_TABLE, INFO_TABLE))
    statement = stated_in(tables[INFO_TABLE])
    rows = release_news(
        mart_shelf.shelf(),
        statement,
        tables,
        contracts_of(MARTS),
        overrides=mart_shelf.confirmed_jumps(),
        today=mart_shelf.time().date(),
    )
    return warehouse.write("marts.novita", rows)


@dg.asset(
    key=["marts", "rilascio"],
    deps=[
        ["core", "section"],
        ["core", "census_2011"],
        ["raw", "osm_presidi"],
        *(["marts", name] for name in contracts_of(MARTS)),
    ],
    group_name="marts",
    owners=["team:dati"],
    kinds={"duckdb", "html"},
)
def rilascio(
    context: dg.AssetExecutionContext, warehouse: Warehouse, mart_shelf: MartShelf
) -> dg.MaterializeResult:
    """Il rilascio: mart, atlante e file, sostituiti in un colpo solo se c'è una novità."""
    tables = warehouse.read_layer(MARTS, tuple(contracts_of(MARTS)))
    statement = stated_in(tables[INFO_TABLE])
    publication = publish(
        mart_shelf.shelf(),
        statement,
        tables,
        contracts=contracts_of(MARTS),
        views=load_views(),
        atlas=lambda: render_atlas(
            tables, release=statement.release, with_sheets=mart_shelf.sheets
        ),
        sections=warehouse.read(SECTIONS),
        exact=warehouse.read(EXACT),
        osm_places=warehouse.read(OSM_PLACES),
        now=mart_shelf.time(),
        keep=mart_shelf.keep,
    )
    context.log.info(publication.message)
    return dg.MaterializeResult(
        metadata={
            "rilascio": publication.release,
            "novita": publication.is_new,
            "esito": publication.message,
        },
        data_version=dg.DataVersion(statement.fingerprint),
    )
