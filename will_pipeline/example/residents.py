"""The invented residents of a town, drawn one by one: who they are and where they live.

Counts that come from persons agree with each other by construction; how they are counted belongs
to `census`, and nobody described here exists.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.example.towns import SEED, Neighbourhood, Town

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

OLDEST = 99
CONTINENTS = ("europa", "africa", "america", "asia", "oceania", "apolide")
_CONTINENT_WEIGHTS = (0.48, 0.22, 0.10, 0.19, 0.005, 0.005)
MARITAL = ("mai_sposato", "sposato", "separato", "vedovo", "divorziato")
_MARITAL_BY_AGE = (
    (20, (1.0, 0.0, 0.0, 0.0, 0.0)),
    (30, (0.86, 0.13, 0.005, 0.0, 0.005)),
    (45, (0.40, 0.52, 0.035, 0.005, 0.04)),
    (65, (0.18, 0.65, 0.05, 0.04, 0.08)),
    (80, (0.08, 0.63, 0.02, 0.22, 0.05)),
    (OLDEST + 1, (0.08, 0.36, 0.01, 0.53, 0.02)),
)
EDUCATION = ("laurea", "diploma", "media", "elementare", "alfabeta", "analfabeta")
LABOUR = (
    "studente", "occupato", "disoccupato", "primo_lavoro", "casa", "reddito", "altro", "bambino",
)  # fmt: skip
_ALONE_BY_AGE = ((20, 0.0), (35, 0.22), (65, 0.42), (80, 0.68), (OLDEST + 1, 0.62))
_IN_A_HOME_AT_80 = 0.05


@cache
def residents(town: Town) -> pl.DataFrame:
    """Draw every resident of a town, once in a process.

    Args:
        town: the town; the same town always has the same residents.

    Returns:
        One row per resident: `code` (neighbourhood), `age` (years), `male`, `origin` (null for
        Italians), `marital`, `education` (null under 6), `labour`, `commutes` (`dentro`, `fuori` or
        null), `alone` (lives alone), `home` (lives in an institution), and what no census sees:
        `neet` (15-29, out of work and school), `isolated` (65 and over), `unskilled` (10-14, below
        the standard in mathematics).
    """
    generator = np.random.default_rng([SEED, int(town.pro_com)])
    return pl.concat([_neighbourhood(each, generator) for each in town.neighbourhoods])


def _neighbourhood(place: Neighbourhood, generator: np.random.Generator) -> pl.DataFrame:
    size = place.residents

    def draw() -> Floats:
        return generator.random(size)

    age = _choose(draw(), np.tile(_age_weights(place), (size, 1)))
    male = draw() < np.select([age < 65, age < 80], [0.497, 0.45], 0.36)
    foreign = draw() < np.minimum(0.9, place.foreign * _foreign_by_age(age))
    origin = _choose(draw(), np.tile(_CONTINENT_WEIGHTS, (size, 1)))
    marital = _choose(draw(), _marital_weights(age, male, place))
    education = _choose(draw(), _education_weights(age, place))
    labour = _choose(draw(), _labour_weights(age, male, foreign, place))
    moves = np.isin(labour, [LABOUR.index("studente"), LABOUR.index("occupato")])
    moves |= (age >= 6) & (age < 15)
    inside = draw() < np.where(age < 15, 0.97, 0.72)
    home = (age >= 80) & (draw() < _IN_A_HOME_AT_80)
    married = marital == MARITAL.index("sposato")
    alone = draw() < np.where(married, 0.02, place.alone * _by_age(age, _ALONE_BY_AGE))
    alone &= ~home & (age >= 18)
    works_or_studies = np.isin(labour, [LABOUR.index("studente"), LABOUR.index("occupato")])
    isolated = draw() < _logistic(-2.6 + alone + 0.6 * (age >= 75) + 0.3 * place.hardship)
    unskilled = draw() < _logistic(-0.6 + 0.7 * place.hardship)
    return pl.DataFrame(
        {
            "code": np.full(size, place.code),
            "age": age,
            "male": male,
            "origin": np.where(foreign, np.array(CONTINENTS)[origin], ""),
            "marital": np.array(MARITAL)[marital],
            "education": np.where(age >= 6, np.array(EDUCATION)[education], ""),
            "labour": np.array(LABOUR)[labour],
            "commutes": np.where(moves, np.where(inside, "dentro", "fuori"), ""),
            "alone": alone,
            "home": home,
            "neet": (age >= 15) & (age < 30) & ~works_or_studies,
            "isolated": (age >= 65) & isolated,
            "unskilled": (age >= 10) & (age < 15) & unskilled,
        }
    ).with_columns(
        pl.when(pl.col(name) != "").then(pl.col(name)).alias(name)
        for name in ("origin", "education", "commutes")
    )


def _choose(uniform: Floats, weights: Floats) -> Codes:
    """Draw a category per row from its weights, shape (n, k); uniforms last between releases."""
    upper = np.cumsum(weights, axis=1)
    return np.asarray((uniform[:, None] * upper[:, -1:] >= upper).sum(axis=1), dtype=np.int64)


def _logistic(score: Any) -> Floats:
    return np.asarray(1 / (1 + np.exp(-score)))


def _by_age(age: Codes, steps: tuple[tuple[int, float], ...]) -> Floats:
    values = np.array([value for _, value in steps])
    return np.asarray(values[np.searchsorted([until for until, _ in steps], age, side="right")])


def _age_weights(place: Neighbourhood) -> Floats:
    ages = np.arange(OLDEST + 1)
    usual = np.interp(ages, [0, 14, 18, 29, 38, 52, 65, 74, 99], [9, 9, 9, 10, 15, 15, 12, 11, 0.3])
    youth = np.where((ages >= 19) & (ages < 30), place.young, 1.0)
    elders = np.where(ages >= 65, place.old, 1.0)
    return np.asarray(usual * youth * elders, dtype=np.float64)


def _foreign_by_age(age: Codes) -> Floats:
    return _by_age(age, ((15, 1.5), (45, 1.5), (65, 0.8), (OLDEST + 1, 0.12)))


def _marital_weights(age: Codes, male: NDArray[np.bool_], place: Neighbourhood) -> Floats:
    table = np.array([weights for _, weights in _MARITAL_BY_AGE])
    rows = np.searchsorted([until for until, _ in _MARITAL_BY_AGE], age, side="right")
    weights = table[rows].copy()
    weights[:, MARITAL.index("vedovo")] *= np.where(male, 0.4, 1.4)
    weights[:, MARITAL.index("sposato")] /= place.alone
    return np.asarray(weights)


def _education_weights(age: Codes, place: Neighbourhood) -> Floats:
    hard = place.hardship
    degree = _logistic(-1.1 - 0.55 * hard - 0.025 * (age - 30.0)) * np.where(age < 24, 0.25, 1.0)
    primary = _logistic(-4.4 + 0.4 * hard + 0.07 * (age - 40.0))
    lower = np.full(age.size, 0.26 + 0.09 * hard)
    literate = 0.008 + 0.05 * (age > 75) + 0.004 * max(hard, 0.0)
    illiterate = 0.002 + 0.006 * (age > 75)
    upper = np.maximum(0.12, 1 - degree - primary - lower)
    adult = np.column_stack([degree, upper, lower, primary, literate, illiterate])
    pupil = np.select(
        [(age < 11)[:, None], (age < 14)[:, None], (age < 19)[:, None]],
        [np.eye(6)[[4]], np.eye(6)[[3]], np.array([[0.0, 0.05, 0.92, 0.03, 0.0, 0.0]])],
        adult,
    )
    return np.asarray(pupil, dtype=np.float64)


def _labour_weights(
    age: Codes, male: NDArray[np.bool_], foreign: NDArray[np.bool_], place: Neighbourhood
) -> Floats:
    hard = place.hardship
    study = np.select(
        [age < 19, age < 25, age < 30],
        [0.94 - 0.03 * hard, 0.46 - 0.09 * hard + 0.18 * (place.young - 1), 0.12 - 0.03 * hard],
        0.004,
    )
    retired = np.select([age < 58, age < 65], [0.01, 0.4], 0.9)
    woman = ~male
    work = np.where(age < 65, _logistic(1.7 - 0.5 * hard - 0.7 * woman), 0.03)
    work *= np.where(age < 25, 0.75, 1.0)
    rest = (1 - study) * (1 - retired) * (1 - work)
    out_of_work = np.where(age < 65, 0.34 + 0.10 * hard, 0.0)
    first = out_of_work * np.select([age < 20, age < 25, age < 30], [0.7, 0.45, 0.25], 0.02)
    at_home = woman * np.where(age < 30, 0.22, 0.5) * np.where(foreign, 1.2, 1.0)
    other = np.maximum(0.05, 1 - out_of_work - at_home)
    weights = np.column_stack(
        [
            study,
            (1 - study) * (1 - retired) * work,
            rest * (out_of_work - first),
            rest * first,
            rest * at_home,
            (1 - study) * retired,
            rest * other,
            np.zeros(age.size),
        ]
    )
    return np.where((age < 15)[:, None], np.eye(8)[[7]], weights)
