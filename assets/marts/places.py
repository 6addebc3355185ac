"""Published places: what a city has, area by area, and how near it is.

Each asset reads, calls pure functions of the library and writes.
"""

from typing import Any

import dagster as dg
import polars as pl

from will_pipeline.mart.dimensions import CENSUS_YEAR
from will_pipeline.needs.access import access_rows
from will_pipeline.needs.place_quality import place_quality_rows
from will_pipeline.needs.places import (
    drawn_areas,
    gather_places,
    place_areas,
    place_rows,
    with_positions,
)
from will_pipeline.orchestration.territory import Territory
from will_pipeline.orchestration.warehouse import Warehouse

MART: dict[str, Any] = {"group_name": "marts", "owners": ["team:dati"], "kinds": {"duckdb"}}
PLACES = [
    ["core", "area"],
    ["core", "area_outline"],
    ["core", "delivered_place"],
    ["raw", "iccu_biblioteche"],
    ["core", "place_position"],
    ["raw", "mim_scuole"],
    ["raw", "salute_farmacie"],
]


@dg.asset(key=["marts", "presidio"], deps=PLACES, **MART)
def presidio(warehouse: Warehouse, territory: Territory) -> dg.MaterializeResult:
    """I presìdi delle città, con l'area in cui stanno o il motivo per cui non si sa."""
    places, _, placed = _placed(warehouse, territory)
    return warehouse.write("marts.presidio", place_rows(places, placed))


@dg.asset(
    key=["marts", "accesso_presidi"], deps=[*PLACES, ["raw", "agenzia_cinque_per_mille"]], **MART
)
def accesso_presidi(warehouse: Warehouse, territory: Territory) -> dg.MaterializeResult:
    """Quanti presìdi ha ogni area, per mille residenti, e quanto dista il più vicino."""
    places, drawn, placed = _placed(warehouse, territory)
    rows = access_rows(
        warehouse.read("core.area"),
        places,
        placed,
        drawn,
        bodies=warehouse.read("raw.agenzia_cinque_per_mille").filter("third_sector"),
        crs=_systems(territory),
        year=CENSUS_YEAR,
    )
    return warehouse.write("marts.accesso_presidi", rows)


@dg.asset(key=["marts", "qualita_presidi"], deps=PLACES, **MART)
def qualita_presidi(warehouse: Warehouse, territory: Territory) -> dg.MaterializeResult:
    """Come sono finite le ricerche degli indirizzi, e quanti punti cadono fuori dalle aree."""
    places, _, placed = _placed(warehouse, territory)
    rows = place_quality_rows(places, warehouse.read("core.place_position"), placed)
    return warehouse.write("marts.qualita_presidi", rows)


def _placed(
    warehouse: Warehouse, territory: Territory
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Places, drawn areas and the area of each place, from the warehouse."""
    drawn = drawn_areas(warehouse.read("core.area"), warehouse.read("core.area_outline"))
    places = gather_places(
        warehouse.read("raw.iccu_biblioteche"),
        warehouse.read("raw.mim_scuole"),
        warehouse.read("core.delivered_place"),
        warehouse.read("raw.salute_farmacie"),
    )
    places = with_positions(places, warehouse.read("core.place_position"))
    return places, drawn, place_areas(places, drawn, _systems(territory))


def _systems(territory: Territory) -> dict[str, str]:
    return {city.pro_com: city.crs for city in territory.cities()}
