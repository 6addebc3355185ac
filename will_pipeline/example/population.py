"""Residents of an invented town by age at three dates ten years apart.

The second and third dates follow from the first: people grow older, move, die and have children at
made-up rates, a little differently in every neighbourhood.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.example.residents import residents
from will_pipeline.example.towns import SEED, Neighbourhood, Town

YEARS = (2005, 2015, 2025)
BAND, BANDS = 5, 18
_STEPS = 2
_SURVIVAL = np.array([0.985] * 10 + [0.97, 0.95, 0.92, 0.87, 0.78, 0.60, 0.38, 0.15])
_CHILDREN_PER_WOMAN = (0.21, 0.20)
_MOTHERS = (slice(3, 9), slice(4, 10))
_STUDENTS = 2.0
_STUDENT_MOVES = {4: 2.6, 5: 1.6, 6: 0.30, 7: 0.55}
_MOVERS = slice(4, 9)
_CHANCE = 0.5

Floats = NDArray[np.float64]
SEXES = ("M", "F")


@cache
def population(town: Town) -> pl.DataFrame:
    """Residents by neighbourhood, year, sex and five-year class, drawn once in a process.

    Args:
        town: the town.

    Returns:
        `code`, `year`, `sex` (`M` or `F`), `age_from`, `age_to` (missing in the open class from 85
        on), `persons`; every class of every neighbourhood is there.
    """
    generator = np.random.default_rng([SEED, int(town.pro_com), 2])
    today = _first(town, residents(town))
    rows = []
    for year in YEARS:
        if year != YEARS[0]:
            today = _ten_years_on(town, today, generator)
        rows += [
            (place.code, year, sex, BAND * band, int(today[row, column, band]))
            for row, place in enumerate(town.neighbourhoods)
            for column, sex in enumerate(SEXES)
            for band in range(BANDS)
        ]
    frame = pl.DataFrame(rows, schema=["code", "year", "sex", "age_from", "persons"], orient="row")
    last = pl.col("age_from") == BAND * (BANDS - 1)
    return frame.select(
        "code",
        "year",
        "sex",
        "age_from",
        pl.when(~last).then(pl.col("age_from") + BAND - 1).alias("age_to"),
        "persons",
    )


def _first(town: Town, people: pl.DataFrame) -> Floats:
    """Persons at the first date, shape (neighbourhoods, sexes, bands): those of the census."""
    counts = np.zeros((len(town.neighbourhoods), len(SEXES), BANDS))
    row = {place.code: number for number, place in enumerate(town.neighbourhoods)}
    band = pl.min_horizontal(pl.col("age") // BAND, pl.lit(BANDS - 1))
    for code, male, place, size in people.group_by("code", "male", band=band).len().iter_rows():
        counts[row[code], 0 if male else 1, place] = size
    return counts


def _ten_years_on(town: Town, today: Floats, generator: np.random.Generator) -> Floats:
    survived = today * _SURVIVAL
    expected = np.zeros_like(today)
    expected[:, :, _STEPS:] = survived[:, :, :-_STEPS]
    expected[:, :, -1] += survived[:, :, -_STEPS:].sum(axis=2)
    expected *= np.array([_moves(place) for place in town.neighbourhoods])[:, None, :]
    women = expected[:, 1]
    for band, (ratio, mothers) in enumerate(zip(_CHILDREN_PER_WOMAN, _MOTHERS, strict=True)):
        born = ratio * women[:, mothers].sum(axis=1)
        expected[:, 0, band], expected[:, 1, band] = 0.513 * born, 0.487 * born
    chance = _CHANCE * np.sqrt(expected) * generator.standard_normal(expected.shape)
    return np.maximum(0.0, np.round(expected + chance))


def _moves(place: Neighbourhood) -> Floats:
    """How many remain for one who would, by age reached, shape (bands,)."""
    moves = np.ones(BANDS)
    moves[_MOVERS] += 0.12 + 0.3 * place.foreign - 0.03 * place.hardship
    if place.young > _STUDENTS:
        moves[list(_STUDENT_MOVES)] = list(_STUDENT_MOVES.values())
    return moves
