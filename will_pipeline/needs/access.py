"""How many places an area has and how far they lie, beside what could not be found out.

A number here always says what it rests on: an area whose places have no known position has no
number, which is not the number zero.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from will_pipeline.geography.location import nearest_metres
from will_pipeline.needs.places import LEVELS_OF_A_PLACE, REGISTER_KINDS, THIRD_SECTOR

PER_THOUSAND = 1_000.0
VALID, PARTIAL, UNKNOWN = "valido", "parziale", "non_disponibile"
BENEFICIARIES = "agenzia_cinque_per_mille"
CELL = ["pro_com", "level", "kind"]


def access_rows(
    areas: pl.DataFrame,
    places: pl.DataFrame,
    placed: pl.DataFrame,
    drawn: pl.DataFrame,
    *,
    bodies: pl.DataFrame,
    crs: Mapping[str, str],
    year: int,
) -> pl.DataFrame:
    """Rows of `accesso_presidi`.

    Args:
        areas: `core.area`.
        places: result of `places.gather_places`.
        placed: result of `places.place_areas`.
        drawn: result of `places.drawn_areas`.
        bodies: third-sector bodies, `pro_com`: they have a city and no address.
        crs: projected reference system by city.
        year: year of the residents in `areas`.

    Returns:
        One row per area and kind of place known in its city. Residents are those of the same
        census at every level, so that an area and its city compare.
    """
    cells = _cells(areas, places, bodies)
    counted = _counted(cells, places, placed)
    metres = _metres(areas, places, drawn, crs)
    rows = cells.join(counted, on=["area_id", "kind"]).join(
        metres, on=["area_id", "kind"], how="left"
    )
    short = pl.col("unknown") > 0
    known = ~pl.col("silent") & (~short | (pl.col("unknown") < pl.col("total")))
    state = (
        pl.when(~known)
        .then(pl.lit(UNKNOWN))
        .when(short)
        .then(pl.lit(PARTIAL))
        .otherwise(pl.lit(VALID))
    )
    number = pl.when(known).then(pl.col("here"))
    return rows.select(
        "area_id",
        tipo="kind",
        numero=number,
        per_mille=pl.when(pl.col("residents") > 0).then(
            (PER_THOUSAND * number / pl.col("residents")).round(4)
        ),
        distanza_media_m=pl.col("metres").round(0),
        non_collocati="unknown",
        residenti_anno=pl.lit(year),
        stato=state,
        motivo=_reason(known, short),
        fonte_id="source_id",
    ).sort("area_id", "tipo")


def _cells(areas: pl.DataFrame, places: pl.DataFrame, bodies: pl.DataFrame) -> pl.DataFrame:
    """Every area with every kind its city has, and with the kinds of the national registers."""
    cities = areas.select("pro_com").unique()
    registers = pl.DataFrame(
        [*REGISTER_KINDS.items(), (THIRD_SECTOR, BENEFICIARIES)],
        schema={"kind": pl.String, "register": pl.String},
        orient="row",
    )
    own = places.group_by("pro_com", "kind").agg(
        source_id=pl.col("source_id").min(), total=pl.len().cast(pl.Int64)
    )
    listed = bodies.group_by("pro_com").agg(bodies=pl.len().cast(pl.Int64))
    speaking = pl.concat(
        [
            places.select("pro_com", register="source_id"),
            bodies.select("pro_com", register=pl.lit(BENEFICIARIES)),
        ]
    ).unique()
    kinds = (
        cities.join(registers, how="cross")
        .join(own, on=["pro_com", "kind"], how="full", coalesce=True)
        .join(listed, on="pro_com", how="left")
        .join(speaking.with_columns(speaks=True), on=["pro_com", "register"], how="left")
        .with_columns(
            # A register without a single row on a city does not say that it has nothing.
            silent=pl.col("source_id").is_null() & pl.col("speaks").is_null(),
            source_id=pl.coalesce("source_id", "register"),
            total=pl.when(pl.col("source_id").is_null() & (pl.col("kind") == THIRD_SECTOR))
            .then("bodies")
            .otherwise("total")
            .fill_null(0),
        )
        .select("pro_com", "kind", "source_id", "total", "silent")
    )
    return areas.select("area_id", "pro_com", "level", "residents").join(
        kinds, on="pro_com", how="inner"
    )


def _counted(cells: pl.DataFrame, places: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Places of every cell, and places of its city and level whose area is not known."""
    named = placed.join(places.select("place_id", "pro_com", "kind"), on="place_id")
    here = named.group_by("area_id", "kind").agg(here=pl.len().cast(pl.Int64))
    settled = named.group_by(CELL).agg(settled=pl.len().cast(pl.Int64))
    without_address = pl.col("source_id") == BENEFICIARIES
    whole = pl.col("level") == "C"
    return (
        cells.join(here, on=["area_id", "kind"], how="left")
        .join(settled, on=CELL, how="left")
        .select(
            "area_id",
            "kind",
            here=pl.when(whole).then("total").otherwise(pl.col("here").fill_null(0)),
            unknown=pl.when(whole)
            .then(0)
            .when(without_address)
            .then("total")
            .otherwise(pl.col("total") - pl.col("settled").fill_null(0)),
        )
    )


def _metres(
    areas: pl.DataFrame, places: pl.DataFrame, drawn: pl.DataFrame, crs: Mapping[str, str]
) -> pl.DataFrame:
    """Distance of every drawn area to the nearest place of each kind, and the mean of its city.

    The inner point of a residual ring stands for nobody, so it has no distance.
    """
    located = places.filter(pl.col("lon").is_not_null() & pl.col("lat").is_not_null())
    origins = drawn.filter((pl.col("level") != "C") & ~pl.col("residual"))
    found = [
        nearest_metres(
            origins.select("area_id", "pro_com", "lon", "lat"),
            located.filter(pl.col("kind") == kind).select("pro_com", "lon", "lat"),
            crs,
        ).with_columns(kind=pl.lit(kind))
        for kind in located["kind"].unique().sort()
    ]
    nothing = pl.DataFrame(schema={"area_id": pl.String, "metres": pl.Float64, "kind": pl.String})
    near = pl.concat([nothing, *found])
    return pl.concat([near, _city_mean(areas, near)], how="diagonal")


def _city_mean(areas: pl.DataFrame, near: pl.DataFrame) -> pl.DataFrame:
    """Mean over residents, where every area of a level has a distance: quartieri before others."""
    kinds = near.select("kind").unique()
    parts = areas.filter((pl.col("level") != "C") & (pl.col("residents") > 0)).sort("area_id")
    means = (
        parts.join(kinds, how="cross")
        .join(near, on=["area_id", "kind"], how="left")
        .group_by(CELL)
        .agg(
            complete=pl.col("metres").is_not_null().all(),
            metres=(pl.col("metres") * pl.col("residents")).sum() / pl.col("residents").sum(),
        )
        .filter("complete")
    )
    order = {level: place for place, level in enumerate(LEVELS_OF_A_PLACE)}
    return (
        means.with_columns(order=pl.col("level").replace_strict(order, return_dtype=pl.Int64))
        .sort("pro_com", "kind", "order")
        .unique(["pro_com", "kind"], keep="first", maintain_order=True)
        .select("kind", "metres", area_id=pl.concat_str("pro_com", pl.lit(".C")))
    )


def _reason(known: pl.Expr, short: pl.Expr) -> pl.Expr:
    return (
        pl.when("silent")
        .then(pl.lit("La fonte non parla di questo comune."))
        .when(~known & (pl.col("kind") == THIRD_SECTOR))
        .then(pl.lit("La fonte dice il comune dell'ente, non il suo indirizzo."))
        .when(~known & (pl.col("source_id") == REGISTER_KINDS["scuola_primaria"]))
        .then(pl.lit("Senza coordinate: la fonte dà solo l'indirizzo."))
        .when(~known)
        .then(pl.lit("Non si sa in quali aree cadono: mancano i confini o le coordinate."))
        .when(short)
        .then(
            pl.concat_str(
                pl.lit("È un minimo: di "),
                pl.col("unknown"),
                pl.lit(" presìdi del comune, su "),
                pl.col("total"),
                pl.lit(", non si conosce l'area."),
            )
        )
    )
