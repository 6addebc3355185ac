"""Places of a city beside its needs: schools, libraries and what the municipality hands in.

Which sources a list of places is made of, and in which area each place stands, belong here; how
many there are and how far they lie is counted in `access`.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from will_pipeline.geography.addresses import FOUND, WITHOUT_LETTER, geocode
from will_pipeline.geography.placing import NEAR, place_points
from will_pipeline.indicators.context import teaching_sites

LIBRARY, THIRD_SECTOR, PHARMACY = "biblioteca", "ente_terzo_settore", "farmacia"
LIBRARIES, SCHOOLS, PHARMACIES = "iccu_biblioteche", "mim_scuole", "salute_farmacie"
SCHOOL_KINDS = {
    "INFANZIA": "scuola_infanzia",
    "PRIMARIA": "scuola_primaria",
    "PRIMO GRADO": "scuola_secondaria_primo_grado",
    r"SECONDO GRADO|^LICEO|^IST": "scuola_secondaria_secondo_grado",
}
"""Kind of place by the words of the register's type of school."""
OTHER_SCHOOL = "scuola_di_altro_tipo"
REGISTER_KINDS = {LIBRARY: LIBRARIES, **dict.fromkeys(SCHOOL_KINDS.values(), SCHOOLS)}
"""Kinds that a register of the whole country lists, with its source: none there means none."""
LEVELS_OF_A_PLACE = ("Q", "A")
STATED, INSIDE, OUTSIDE = "area_indicata", "nell_area", "fuori_da_ogni_area"
NEAR_AN_AREA = "vicino_a_un_area"
OF_SOURCE, OF_NOBODY = "fonte", "nessuna"
STATED_ELSEWHERE = "area_indicata_discorde"
NO_COORDINATES, NO_BOUNDARIES = "senza_coordinate", "citta_senza_confini"
COLUMNS = {
    "place_id": pl.String,
    "pro_com": pl.String,
    "area_id": pl.String,
    "kind": pl.String,
    "name": pl.String,
    "owner": pl.String,
    "address": pl.String,
    "lon": pl.Float64,
    "lat": pl.Float64,
    "verified_on": pl.Date,
    "source_id": pl.String,
}


def gather_places(
    libraries: pl.DataFrame,
    schools: pl.DataFrame,
    delivered: pl.DataFrame,
    pharmacies: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Put together the places of the registers and those the municipalities hand in.

    Where a municipality hands in its own list of a kind, that list takes the place of the
    register for that kind in that city: kept together, most places would be there twice.

    Args:
        libraries: register of libraries (`iccu_biblioteche`).
        schools: register of schools (`mim_scuole`); offices without pupils are left out.
        delivered: rows of `core.delivered_place`.
        pharmacies: register of pharmacies (`salute_farmacie`); empty until it is downloaded.

    Returns:
        One row per place with the columns of `core.delivered_place`; `area_id` only where the
        municipality states it, and `place_id` led by the source.
    """
    listed = [_libraries(libraries), _schools(schools)]
    registers = pl.concat(listed if pharmacies is None else [*listed, _pharmacies(pharmacies)])
    part = _level("area_id").is_in(LEVELS_OF_A_PLACE)
    own = delivered.select(pl.col(name).cast(kind) for name, kind in COLUMNS.items()).with_columns(
        _place_id("place_id"), area_id=pl.when(part).then("area_id")
    )
    kept = registers.join(own, on=["pro_com", "kind"], how="anti")
    return pl.concat([kept, own]).sort("place_id")


def geocoded_places(places: pl.DataFrame, civic_numbers: pl.DataFrame) -> pl.DataFrame:
    """Look up the addresses of the places that no source gives coordinates of.

    Args:
        places: result of `gather_places`.
        civic_numbers: the national archive of civic numbers (`anncsu_civici`); where it has no row
            of a city nothing is looked up there.

    Returns:
        Rows of `core.place_position`: `place_id`, `pro_com`, `source_id`, `outcome`, `lon`, `lat`
        (missing unless found), one row per place that was looked up.
    """
    measured = civic_numbers.filter(
        pl.col("coordinates") == "observed", pl.col("number").is_not_null()
    ).select("pro_com", "street", "number", letter="exponent", lon="longitude", lat="latitude")
    asked = places.filter(~_located(), pl.col("address").is_not_null()).join(
        measured.select("pro_com").unique(), on="pro_com", how="semi"
    )
    found = geocode(asked.select("pro_com", "address", address_id="place_id"), measured)
    named = asked.select("place_id", "source_id")
    return (
        found.rename({"address_id": "place_id"})
        .join(named, on="place_id")
        .select("place_id", "pro_com", "source_id", "outcome", "lon", "lat")
        .sort("place_id")
    )


def with_positions(places: pl.DataFrame, positions: pl.DataFrame) -> pl.DataFrame:
    """Give the places the coordinates that were found for them, and say where each has its own.

    Args:
        places: result of `gather_places`.
        positions: rows of `core.place_position`.

    Returns:
        The places, with `located_by`: `fonte`, `civico`, `civico_senza_esponente` or `nessuna`.
    """
    known = positions.filter(pl.col("outcome").is_in([FOUND, WITHOUT_LETTER])).select(
        "place_id", "outcome", found_lon="lon", found_lat="lat"
    )
    return (
        places.join(known, on="place_id", how="left")
        .with_columns(
            located_by=pl.when(_located())
            .then(pl.lit(OF_SOURCE))
            .otherwise(pl.col("outcome").fill_null(OF_NOBODY)),
            lon=pl.coalesce("lon", "found_lon"),
            lat=pl.coalesce("lat", "found_lat"),
        )
        .select(*COLUMNS, "located_by")
        .sort("place_id")
    )


def place_areas(
    places: pl.DataFrame, outlines: pl.DataFrame, crs: Mapping[str, str]
) -> pl.DataFrame:
    """Find the area of each level in which each place stands.

    The area a municipality states wins over the one its coordinates give.

    Args:
        places: result of `gather_places`.
        outlines: `area_id`, `pro_com`, `level`, `geom_wkb`: areas with a polygon.
        crs: projected reference system by city.

    Returns:
        `place_id`, `level`, `area_id`, `by_point` (the area the coordinates give), `position`
        (`dentro`, `vicino` or `fuori`; missing without coordinates) and `drawn` (whether the level
        has boundaries to look in): one row per place and level at which something is known.
        `area_id` is missing where the coordinates fall in no area and near none.
    """
    pointed = places.filter(_located()).select("pro_com", "lon", "lat", point_id="place_id")
    found = place_points(pointed, outlines, crs).select(
        "level", "position", place_id="point_id", by_point="area_id", drawn=pl.lit(value=True)
    )
    stated = places.filter(pl.col("area_id").is_not_null()).select(
        "place_id", level=_level("area_id"), stated="area_id"
    )
    return (
        found.join(stated, on=["place_id", "level"], how="full", coalesce=True)
        .select(
            "place_id",
            "level",
            "by_point",
            "position",
            area_id=pl.coalesce("stated", "by_point"),
            drawn=pl.col("drawn").fill_null(value=False),
        )
        .sort("place_id", "level")
    )


def place_rows(places: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Rows of `presidio`.

    Args:
        places: result of `with_positions`.
        placed: result of `place_areas` on the same places.

    Returns:
        One row per place, with how its area is known; places in no area are kept.
    """
    rows = places.rename({"area_id": "stated"})
    for level in (*LEVELS_OF_A_PLACE, "C"):
        here = placed.filter(pl.col("level") == level)
        rows = rows.join(
            here.select(
                "place_id",
                pl.col("area_id").alias(f"in_{level}"),
                pl.col("by_point").alias(f"point_{level}"),
                pl.col("position").alias(f"position_{level}"),
                pl.col("drawn").alias(f"drawn_{level}"),
            ),
            on="place_id",
            how="left",
        ).with_columns(pl.col(f"drawn_{level}").fill_null(value=False))
    return rows.select(
        "pro_com",
        "lon",
        "lat",
        presidio_id="place_id",
        area_id=pl.coalesce("stated", "in_Q", "in_A"),
        area_censimento_id="in_A",
        tipo="kind",
        nome="name",
        ente="owner",
        indirizzo="address",
        coordinate="located_by",
        posizione=_position(),
        fonte_id="source_id",
        verificato_il="verified_on",
    ).sort("presidio_id")


def drawn_areas(areas: pl.DataFrame, outlines: pl.DataFrame) -> pl.DataFrame:
    """Areas whose shape is a place and not a tile.

    Args:
        areas: `core.area`.
        outlines: `core.area_outline`.

    Returns:
        `area_id`, `pro_com`, `level`, `residents`, `residual`, `geom_wkb`, `lon`, `lat` (an inner
        point).
    """
    shapes = outlines.filter(~pl.col("schematic")).select("area_id", "geom_wkb", "lon", "lat")
    return areas.select("area_id", "pro_com", "level", "residents", "residual").join(
        shapes, on="area_id", how="inner"
    )


def _libraries(register: pl.DataFrame) -> pl.DataFrame:
    return _register(
        register.select(
            "pro_com",
            "name",
            "address",
            place_id="isil_code",
            kind=pl.lit(LIBRARY),
            lon="longitude",
            lat="latitude",
            source_id=pl.lit(LIBRARIES),
        )
    )


def _pharmacies(register: pl.DataFrame) -> pl.DataFrame:
    placed = pl.col("coordinates") == "observed"
    return _register(
        register.select(
            "pro_com",
            "name",
            "address",
            place_id="pharmacy_code",
            kind=pl.lit(PHARMACY),
            lon=pl.when(placed).then("longitude"),
            lat=pl.when(placed).then("latitude"),
            source_id=pl.lit(PHARMACIES),
        )
    )


def _schools(register: pl.DataFrame) -> pl.DataFrame:
    kind = pl.lit(OTHER_SCHOOL)
    for words, name in SCHOOL_KINDS.items():
        told = pl.col("school_type").str.contains(words)
        kind = pl.when(told).then(pl.lit(name)).otherwise(kind)
    return _register(
        teaching_sites(register).select(
            "pro_com",
            "name",
            "address",
            place_id="school_code",
            kind=kind,
            owner="management",
            source_id=pl.lit(SCHOOLS),
        )
    )


def _register(rows: pl.DataFrame) -> pl.DataFrame:
    absent = [
        pl.lit(None, kind).alias(name) for name, kind in COLUMNS.items() if name not in rows.columns
    ]
    return rows.with_columns(*absent, _place_id("place_id")).select(
        pl.col(name).cast(kind) for name, kind in COLUMNS.items()
    )


def _place_id(column: str) -> pl.Expr:
    return pl.concat_str("source_id", pl.lit("."), column).alias(column)


def _located() -> pl.Expr:
    return pl.col("lon").is_not_null() & pl.col("lat").is_not_null()


def _level(column: str) -> pl.Expr:
    return pl.col(column).str.split(".").list.get(1).str.slice(0, 1)


def _position() -> pl.Expr:
    """How the area of a place is known, from what each level says."""
    stated = pl.col("stated").is_not_null()
    in_q = _level("stated") == "Q"
    looked_in = pl.when(in_q).then("drawn_Q").otherwise("drawn_A")
    pointed = pl.when(in_q).then("point_Q").otherwise("point_A")
    elsewhere = looked_in & pointed.ne_missing(pl.col("stated"))
    out_of_town = pl.col("drawn_C") & pl.col("point_C").is_null()
    drawn = pl.col("drawn_Q") | pl.col("drawn_A")
    inside = pl.col("point_Q").is_not_null() | pl.col("point_A").is_not_null()
    # The area is that of the quartiere, and the census area's only where there is none.
    looked_at = pl.when(pl.col("point_Q").is_not_null())
    near = looked_at.then(pl.col("position_Q")).otherwise(pl.col("position_A")) == NEAR
    return (
        pl.when(stated & elsewhere)
        .then(pl.lit(STATED_ELSEWHERE))
        .when(stated)
        .then(pl.lit(STATED))
        .when(~_located())
        .then(pl.lit(NO_COORDINATES))
        .when(inside & near.fill_null(value=False))
        .then(pl.lit(NEAR_AN_AREA))
        .when(inside)
        .then(pl.lit(INSIDE))
        .when(drawn | out_of_town)
        .then(pl.lit(OUTSIDE))
        .otherwise(pl.lit(NO_BOUNDARIES))
    )
