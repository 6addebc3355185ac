"""Two towns: one with the boundaries of two quartieri, one with those of the municipality only."""

import polars as pl
import shapely

from will_pipeline.needs.places import COLUMNS

DRAWN, BARE = "099001", "099002"
CRS = {DRAWN: "EPSG:32632", BARE: "EPSG:32632"}
LIBRARY_COLUMNS = {
    "isil_code": pl.String,
    "pro_com": pl.String,
    "name": pl.String,
    "address": pl.String,
    "longitude": pl.Float64,
    "latitude": pl.Float64,
}
SCHOOL_COLUMNS = ["school_code", "pro_com", "name", "address", "school_type", "management"]


def square(west: float, south: float, width: float = 1.0) -> bytes:
    return shapely.to_wkb(shapely.box(west, south, west + width, south + 1))


def areas() -> pl.DataFrame:
    rows = [
        (f"{DRAWN}.C", DRAWN, "C", 4_000, False),
        (f"{DRAWN}.Q01", DRAWN, "Q", 3_000, False),
        (f"{DRAWN}.Q02", DRAWN, "Q", 1_000, False),
        (f"{DRAWN}.A00", DRAWN, "A", 4_000, True),
        (f"{BARE}.C", BARE, "C", 2_000, False),
        (f"{BARE}.A01", BARE, "A", 2_000, False),
    ]
    schema = ["area_id", "pro_com", "level", "residents", "residual"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def outlines() -> pl.DataFrame:
    rows = [
        (f"{DRAWN}.C", square(10, 45, 2.0), 11.0, 45.5, False),
        (f"{DRAWN}.Q01", square(10, 45), 10.5, 45.5, False),
        (f"{DRAWN}.Q02", square(11, 45), 11.5, 45.5, False),
        (f"{DRAWN}.A00", None, None, None, True),
        (f"{BARE}.C", square(12, 45), 12.5, 45.5, False),
        (f"{BARE}.A01", None, None, None, True),
    ]
    schema = {
        "area_id": pl.String,
        "geom_wkb": pl.Binary,
        "lon": pl.Float64,
        "lat": pl.Float64,
        "schematic": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def libraries(*rows: tuple[str, str, float | None, float | None]) -> pl.DataFrame:
    filled = [(code, town, f"Biblioteca {code}", None, lon, lat) for code, town, lon, lat in rows]
    return pl.DataFrame(filled, schema=LIBRARY_COLUMNS, orient="row")


def schools(*rows: tuple[str, str, str]) -> pl.DataFrame:
    filled = [(code, town, code, "Via Roma 1", kind, "statale") for code, town, kind in rows]
    schema = dict.fromkeys(SCHOOL_COLUMNS, pl.String)
    return pl.DataFrame(filled, schema=schema, orient="row").with_columns(
        feature=pl.lit(None, pl.String)
    )


def delivered(*rows: dict[str, object]) -> pl.DataFrame:
    common = {"pro_com": DRAWN, "kind": "centro_giovani", "name": "Centro", "source_id": "consegna"}
    return pl.DataFrame([common | row for row in rows], schema=COLUMNS)


def positions() -> pl.DataFrame:
    """Rows of `core.place_position` where nothing was looked up."""
    texts = ["place_id", "pro_com", "source_id", "outcome"]
    return pl.DataFrame(
        schema=dict.fromkeys(texts, pl.String) | {"lon": pl.Float64, "lat": pl.Float64}
    )
