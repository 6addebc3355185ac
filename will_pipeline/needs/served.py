"""Persons followed by services: which delivered numbers count, and which may be published.

They are a sensitive count: what belongs here is what must be withheld so that no number under the
threshold can be read or worked out.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from will_pipeline.errors import SourceFault
from will_pipeline.indicators.areas import MUNICIPALITY_LEVEL
from will_pipeline.indicators.specification import LEAST_RESIDENTS
from will_pipeline.statistics.suppression import primary_suppression, suppress

SOURCE, TABLE = "persone seguite dai servizi", "core.service_users"
LEAST_USERS = 10
"""Persons followed under which a number is withheld: users of services are a sensitive count."""
LEVEL_WORDS = {"C": "comune", "Q": "quartiere", "A": "area di censimento"}
WITHHELD_STATUS = ("soppresso", "soppresso_secondario")
Flags = NDArray[np.bool_]


def latest_users(users: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    """Persons followed in the latest year of each area and theme.

    A city that changes level from one year to another counts at the level of its latest year; areas
    of two levels would count the same persons twice.

    Args:
        users: rows of `core.service_users`.
        areas: `area_id`, `pro_com`, `level`.

    Returns:
        `area_id`, `dimensione`, `year`, `users`.

    Raises:
        SourceFault: an area that does not exist, or two levels in the latest year of one city and
            theme.
    """
    places = areas.select("area_id", "pro_com", "level").unique()
    unknown = users.join(places, on="area_id", how="anti").sort("area_id")
    if unknown.height:
        where = f"area {unknown['area_id'][0]}"
        raise SourceFault(SOURCE, TABLE, where, "l'area non esiste")
    placed = users.join(places, on="area_id").rename({"theme": "dimensione"})
    newest = placed.filter(pl.col("year") == pl.col("year").max().over("pro_com", "dimensione"))
    levels = newest.group_by("pro_com", "dimensione").agg(pl.col("level").unique().sort())
    for city, theme, found in levels.sort("pro_com", "dimensione").iter_rows():
        if len(found) > 1:
            where = f"comune {city}, bisogno {theme}"
            rule = f"aree di due livelli nello stesso anno ({', '.join(found)}): se ne usa uno solo"
            raise SourceFault(SOURCE, TABLE, where, rule)
    level = levels.select("pro_com", "dimensione", level=pl.col("level").list.first())
    kept = placed.join(level, on=["pro_com", "dimensione", "level"], how="semi")
    return (
        kept.filter(pl.col("year") == pl.col("year").max().over("area_id", "dimensione"))
        .select("area_id", "dimensione", "year", "users")
        .sort("area_id", "dimensione")
    )


def withheld_users(own: pl.DataFrame) -> pl.DataFrame:
    """Mark the numbers of one city and theme that must not be published.

    Withheld are numbers from one to nine, those of areas under the floor of residents or whose
    expected persons are withheld, and as few others as keep the former unknown to whoever has the
    city's total. Where nothing can protect them (one area alone, or a total that is itself under
    the threshold) every number of the city is withheld.

    Args:
        own: areas of one city, level and theme: `users`, `residents`, `stato`.

    Returns:
        The same rows with `withheld`.

    Source:
        Regole deontologiche per trattamenti a fini statistici, GU 14 January 2019, art. 5;
        Hundepool et al. (2012), Statistical Disclosure Control, Wiley, chapter 4.
    """
    counts = own["users"].cast(pl.Float64).to_numpy()
    hidden_anyway = (
        own["stato"].is_in(WITHHELD_STATUS) | (own["residents"] < LEAST_RESIDENTS)
    ).to_numpy()
    primary = hidden_anyway | primary_suppression(counts, threshold=LEAST_USERS)
    return own.with_columns(withheld=pl.Series(_protected(counts, primary), dtype=pl.Boolean))


def whole_city(own: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    """Persons followed in the whole city, where every area of the delivered level has its number.

    The sum is the one that the withheld numbers are protected against. Whoever moved during the
    year is counted in two areas.

    Args:
        own: areas of one city, level and theme as `withheld_users` gives them.
        areas: every area of that city and theme: `area_id`, `level`.

    Returns:
        One row, as those of `own` with the city as its area; none where an area is missing, the
        years differ, or the city handed in its own number.
    """
    level, city = own["level"][0], areas.filter(pl.col("level") == MUNICIPALITY_LEVEL)
    expected = areas.filter(pl.col("level") == level).height
    if level == MUNICIPALITY_LEVEL or own.height < expected or own["year"].n_unique() > 1:
        return own.clear()
    total = own["users"].sum()
    small = own["withheld"].any() and (total < LEAST_USERS or own["withheld"].all())
    return city.select(
        pl.col(name) if name in city.columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in own.schema.items()
    ).with_columns(
        year=pl.lit(own["year"][0], dtype=own.schema["year"]),
        users=pl.lit(total, dtype=own.schema["users"]),
        withheld=pl.lit(bool(small)),
    )


def why_unknown(own: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    """Say in Italian why areas of a city that handed in some numbers have none of their own.

    Args:
        own: areas of one city, level and theme with a delivered number.
        areas: every area of that city and theme: `area_id`, `dimensione`, `level`.

    Returns:
        `area_id`, `dimensione`, `motivo_copertura` for every area without a delivered number.
    """
    level = own["level"][0]
    every = areas.filter(pl.col("level") == level).height
    missing = every - own.height
    if missing:
        city = f"Per il totale mancano le persone seguite di {_of_areas(missing)} su {every}."
    else:
        city = "Le aree hanno persone seguite di anni diversi: non si sommano."
    other = f"Il comune ha contato le persone per {LEVEL_WORDS[level]}: i confini sono altri."
    return areas.join(own, on=["area_id", "dimensione"], how="anti").select(
        "area_id",
        "dimensione",
        motivo_copertura=pl.when(pl.col("level") == MUNICIPALITY_LEVEL)
        .then(pl.lit(city))
        .when(pl.col("level") == level)
        .then(pl.lit("Manca nel file del comune."))
        .otherwise(pl.lit(other)),
    )


def _of_areas(number: int) -> str:
    return "un'area" if number == 1 else f"{number} aree"


def _protected(counts: NDArray[np.float64], primary: Flags) -> Flags:
    if not primary.any():
        return primary
    total = counts.sum()
    if counts.size < 2 or total < max(LEAST_USERS, counts[primary].max() + 1):
        return np.ones_like(primary)
    # The city's total is one more cell, which everybody is taken to know.
    cells = np.append(counts, total)
    found = suppress(
        cells,
        total_relation(counts.size),
        threshold=LEAST_USERS,
        primary=np.append(primary, values=False),
        fixed=np.append(np.zeros_like(primary), values=True),
    )
    return found.suppressed[:-1]


def total_relation(areas: int) -> sparse.csr_array:
    """The relation everybody knows of one city's table: the areas add up to the last cell."""
    return sparse.csr_array(np.append(np.ones(areas), -1.0)[None, :])
