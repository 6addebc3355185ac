"""Where the places stand whose source gives an address only.

The asset reads, calls one pure function and writes.
"""

import dagster as dg

from will_pipeline.needs.places import gather_places, geocoded_places
from will_pipeline.orchestration.warehouse import Warehouse

REGISTERS = ("iccu_biblioteche", "mim_scuole", "salute_farmacie")


@dg.asset(
    key=["core", "place_position"],
    deps=[
        ["core", "delivered_place"],
        ["raw", "anncsu_civici"],
        *(["raw", register] for register in REGISTERS),
    ],
    group_name="core",
    owners=["team:dati"],
    kinds={"polars", "duckdb"},
)
def place_position(warehouse: Warehouse) -> dg.MaterializeResult:
    """Gli indirizzi senza coordinate, cercati nell'archivio dei numeri civici."""
    libraries, schools, pharmacies = (warehouse.read(f"raw.{name}") for name in REGISTERS)
    places = gather_places(libraries, schools, warehouse.read("core.delivered_place"), pharmacies)
    rows = geocoded_places(places, warehouse.read("raw.anncsu_civici"))
    return warehouse.write("core.place_position", rows)
