"""The census of an invented town: its residents, households, homes and houses, counted.

Names of the counts are the codes of ISTAT's 2011 layout, so that the pipeline reads them as any
other; the figures are invented.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from will_pipeline.example.towns import SEED, Neighbourhood, Town

_AGES = tuple(range(0, 75, 5))
_LARGE = 6
_SIZES = (2, 3, 4, 5, 6, 7, 8)
_SIZE_WEIGHTS = (0.42, 0.29, 0.215, 0.05, 0.015, 0.007, 0.003)
_UNITS = (1, 2, 4, 8, 12, 24)
_COTTAGES = (0.50, 0.26, 0.14, 0.07, 0.02, 0.01)
_BLOCKS = (0.06, 0.08, 0.16, 0.26, 0.24, 0.20)
_PERIODS = (0.14, 0.10, 0.16, 0.22, 0.16, 0.09, 0.06, 0.04, 0.03)


def count(town: Town, persons: pl.DataFrame) -> pl.DataFrame:
    """Count a town, neighbourhood by neighbourhood.

    Args:
        town: the town.
        persons: its residents, as drawn by `residents`.

    Returns:
        One row per neighbourhood: `code`, `ace`, then the 140 counts of the 2011 layout (A44 in
        square metres).
    """
    generator = np.random.default_rng([SEED, int(town.pro_com), 1])
    people = persons.group_by("code").agg(**_person_counts()).sort("code")
    built = pl.DataFrame(
        [
            _households(place, persons.filter(pl.col("code") == place.code), generator)
            for place in town.neighbourhoods
        ]
    )
    joined = people.join(built, on="code", validate="1:1")
    codes = [name for name in joined.columns if name not in ("code", "ace")]
    return joined.select("code", "ace", pl.col(codes).cast(pl.Int64)).sort("code")


def _person_counts() -> dict[str, pl.Expr]:
    man = pl.col("male")
    foreign = pl.col("origin").is_not_null()
    conditions = {
        "P1": man | ~man, "P2": man, "P3": ~man,
        **_crossed("marital", {
            "mai_sposato": ("P4", "P9"), "sposato": ("P5", "P10"), "separato": ("P6", "P11"),
            "vedovo": ("P7", "P12"), "divorziato": ("P8", "P13"),
        }),
        **_ages(),
        "P46": pl.col("age") >= 6, "P53": (pl.col("age") >= 6) & man,
        **_crossed("education", {
            "laurea": ("P47", "P54"), "diploma": ("P48", "P55"), "media": ("P49", "P56"),
            "elementare": ("P50", "P57"), "alfabeta": ("P51", "P58"), "analfabeta": ("P52", "P59"),
        }),
        **_labour(),
        "P137": pl.col("commutes") == "dentro", "P138": pl.col("commutes") == "fuori",
        **_foreigners(foreign),
    }  # fmt: skip
    return {name: _how_many(where) for name, where in conditions.items()}


def _how_many(where: pl.Expr) -> pl.Expr:
    return pl.when(where.fill_null(value=False)).then(1).otherwise(0).sum()


def _crossed(column: str, codes: Mapping[str, tuple[str, str]]) -> dict[str, pl.Expr]:
    """Counts of everybody and of males for each value of a column."""
    return {
        name: (pl.col(column) == value) & males
        for value, pair in codes.items()
        for name, males in zip(pair, (pl.lit(True), pl.col("male")), strict=True)
    }


def _ages() -> dict[str, pl.Expr]:
    bands = [(pl.col("age") >= low) & (pl.col("age") < low + 5) for low in _AGES]
    bands.append(pl.col("age") >= 75)
    everybody = {f"P{14 + place}": band for place, band in enumerate(bands)}
    males = {f"P{30 + place}": band & pl.col("male") for place, band in enumerate(bands)}
    return everybody | males


def _labour() -> dict[str, pl.Expr]:
    man, state = pl.col("male"), pl.col("labour")
    force = state.is_in(["occupato", "disoccupato", "primo_lavoro"])
    outside = ~force & (state != "bambino")
    return {
        "P60": force, "P61": state == "occupato", "P62": state == "disoccupato",
        "P64": force & man, "P65": (state == "occupato") & man,
        "P66": (state == "disoccupato") & man,
        "P128": outside, "P129": outside & man,
        "P130": state == "casa",
        **_crossed("labour", {
            "studente": ("P131", "P132"), "altro": ("P135", "P136"), "reddito": ("P139", "P140"),
        }),
    }  # fmt: skip


def _foreigners(foreign: pl.Expr) -> dict[str, pl.Expr]:
    man, origin = pl.col("male"), pl.col("origin")
    spans = [pl.col("age") < 30, pl.col("age").is_between(30, 54), pl.col("age") > 54]
    continents = ("europa", "africa", "america", "asia", "oceania", "apolide")
    return {
        "ST1": foreign, "ST2": foreign & man,
        **{f"ST{3 + place}": foreign & span for place, span in enumerate(spans)},
        **{f"ST{6 + place}": foreign & span & man for place, span in enumerate(spans)},
        **{f"ST{9 + place}": origin == name for place, name in enumerate(continents)},
        "ST15": foreign & (origin != "apolide"),
    }  # fmt: skip


def _households(
    place: Neighbourhood, persons: pl.DataFrame, generator: np.random.Generator
) -> dict[str, int]:
    alone = int(persons["alone"].sum())
    together = persons.height - alone - int(persons["home"].sum())
    drawn = generator.random(together // _SIZES[0] + 1)
    weights = np.array(_SIZE_WEIGHTS) * np.exp(
        0.12 * (place.hardship + 3 * place.foreign) * np.arange(len(_SIZES))
    )
    sizes = np.array(_SIZES)[np.searchsorted(np.cumsum(weights / weights.sum()), drawn)]
    ends = np.cumsum(sizes)
    kept = sizes[: int(np.searchsorted(ends, together))]
    last = together - int(kept.sum())
    members = np.concatenate([np.ones(alone, dtype=np.int64), kept, [last] if last else []])
    households = members.size
    by_size = {f"PF{2 + size}": int((members == size).sum()) for size in range(1, _LARGE)}
    large = members[members >= _LARGE]
    rented = round(place.rent * households)
    other = round(0.08 * households)
    square_metres = (42 + 19 * members) * (1 - 0.09 * place.hardship) * (1.1 - 0.25 * place.storeys)
    occupied, empty, second = households - households // 90, households // 11, households // 120
    homes = occupied + empty + second
    return {
        "code": place.code,
        "ace": place.ace,
        "A2": occupied,
        "A3": empty + second,
        "A5": households // 400,
        "A6": empty,
        "A7": second,
        "A44": round(float(square_metres.sum())),
        "A46": rented,
        "A47": households - rented - other,
        "A48": other,
        "PF1": households,
        "PF2": int(members.sum()),
        **by_size,
        "PF8": large.size,
        "PF9": int(large.sum()),
        **_houses(place, homes, generator),
    }


def _houses(place: Neighbourhood, homes: int, generator: np.random.Generator) -> dict[str, int]:
    mix = (1 - place.storeys) * np.array(_COTTAGES) + place.storeys * np.array(_BLOCKS)
    kinds = _pick(generator, homes, tuple(mix))
    units = np.array(_UNITS)[kinds]
    houses = int(np.searchsorted(np.cumsum(units), homes)) + 1
    kinds, units = kinds[:houses], units[:houses]
    storeys = np.minimum(3, kinds // 2 + _pick(generator, houses, (0.6, 0.4)))
    other, unused = houses // 5, houses // 30
    return {
        "E1": houses + other + unused,
        "E2": houses + other,
        "E3": houses,
        "E4": other,
        **_tally("E", 5, _pick(generator, houses, (0.55, 0.35, 0.10)), 3),
        **_tally("E", 8, _pick(generator, houses, _PERIODS), len(_PERIODS)),
        **_tally("E", 17, storeys, 4),
        **_tally("E", 21, kinds, len(_UNITS)),
        "E27": int(units.sum()),
        **_tally("E", 28, _pick(generator, houses, (0.45, 0.40, 0.13, 0.02)), 4),
    }


def _pick(generator: np.random.Generator, size: int, weights: tuple[float, ...]) -> np.ndarray:
    steps = np.cumsum(weights) / np.sum(weights)
    return np.minimum(np.searchsorted(steps, generator.random(size)), len(weights) - 1)


def _tally(family: str, first: int, values: np.ndarray, size: int) -> dict[str, int]:
    counts = np.bincount(values, minlength=size)
    return {f"{family}{first + place}": int(counts[place]) for place in range(size)}
