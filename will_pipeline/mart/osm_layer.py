"""The places of OpenStreetMap as files of their own, under ODbL and apart from everything else.

Nothing of them is joined to a table of the mart; without places there is no file at all.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import geopandas as gpd
import polars as pl

from will_pipeline.mart.geofiles import REFERENCE_SYSTEM, write_geopackage
from will_pipeline.mart.plain_text import write_formal_csv

SOURCE = "osm_presidi"
FOLDER = "osm"
LAYER = "presidi_osm"
LICENCE_FILE = "LICENZA.txt"
KINDS = {
    "community_centre": "centro civico",
    "kindergarten": "scuola dell'infanzia o nido",
    "library": "biblioteca",
    "school": "scuola",
    "social_facility": "servizio sociale",
    "youth_centre": "centro giovani",
}
POSITIONS = {
    "observed": "punto sulla mappa",
    "centre": "centro del contorno",
    "missing": "non disponibile",
}
LICENCE = """\
Luoghi di OpenStreetMap: licenza

I file di questa cartella vengono da OpenStreetMap.
Chi li usa scrive: © OpenStreetMap contributors
La licenza è la Open Data Commons Open Database License, ODbL 1.0:
https://opendatacommons.org/licenses/odbl/1-0/

Che cosa chiede:
- dire da dove vengono i dati e con quale licenza;
- se con questi dati si fa un'altra banca dati e la si pubblica, darle la stessa licenza;
- se la si pubblica con una protezione contro la copia, darne anche una copia senza.

Perciò questi luoghi stanno a parte. Gli altri file del rilascio sono CC BY 4.0 e non ne contengono.
Chi unisce questi file ad altri dati e pubblica il risultato lo mette sotto ODbL 1.0.

Che cosa si è cambiato: pochi tipi di luogo, poche colonne, un punto al posto di ogni contorno.
I volontari segnano quello che vedono: un luogo che qui manca può esserci.

In English: the files of this folder are derived from OpenStreetMap, © OpenStreetMap contributors,
and are made available under the Open Database License (ODbL) 1.0. No other file contains them.
"""


def write_osm_layer(folder: Path, places: pl.DataFrame, *, made_at: datetime) -> None:
    """Write the places in a folder of their own, as GeoPackage and CSV with their licence.

    Args:
        folder: folder of the release.
        places: rows of `raw.osm_presidi`; without any, nothing is written.
        made_at: time of the release, the only one in the files.
    """
    if places.is_empty():
        return
    apart = folder / FOLDER
    apart.mkdir(parents=True, exist_ok=True)
    rows = told_places(places)
    write_formal_csv(apart / f"{LAYER}.csv", rows)
    placed = rows.drop_nulls(["lon", "lat"])
    if placed.height:
        frame = gpd.GeoDataFrame(
            {name: placed[name].to_list() for name in placed.columns},
            geometry=gpd.points_from_xy(placed["lon"].to_numpy(), placed["lat"].to_numpy()),
            crs=REFERENCE_SYSTEM,
        )
        write_geopackage(apart / f"{LAYER}.gpkg", frame, made_at=made_at, layer=LAYER)
    (apart / LICENCE_FILE).write_text(LICENCE, "utf-8")


def told_places(places: pl.DataFrame) -> pl.DataFrame:
    """The places with Italian names of columns and values, sorted by municipality and object.

    Args:
        places: rows of `raw.osm_presidi`.
    """
    return places.sort("pro_com", "osm_id").select(
        "osm_id",
        "pro_com",
        tipo=pl.col("kind").replace_strict(KINDS, return_dtype=pl.String),
        nome="name",
        via="street",
        civico="house_number",
        cap="postcode",
        citta="city",
        lon="longitude",
        lat="latitude",
        posizione=pl.col("position").replace_strict(POSITIONS, return_dtype=pl.String),
    )
