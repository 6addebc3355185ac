"""Age structures of the areas of a city, as the cohort method wants them: equal bands, all areas.

Delivered rows come in here and leave as arrays, or as the reason, in Italian, why they cannot;
nothing is filled in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BAND = 5
LEAST_OPEN_AGE = 65
MEN, WOMEN, BOTH = "M", "F", "T"
CLASS = ["area_id", "year", "sex"]


class NoScenario(Exception):
    """An age structure, or a scenario, cannot be made; the text is the reason in Italian."""


@dataclass(frozen=True)
class AgeStructures:
    """Women and men of n areas by five-year bands, at each complete year.

    Where only the total of the sexes is delivered, each sex is half of it and `by_sex` is false.

    Attributes:
        area_ids: the areas, sorted.
        first_ages: first age of each band, shape (g,); the last band is open.
        women: persons by area and band by year, each of shape (n, g).
        men: the same for men.
        by_sex: whether the sexes were delivered apart.
        refused: why other years are left out, in Italian.
    """

    area_ids: tuple[str, ...]
    first_ages: NDArray[np.int64]
    women: dict[int, Floats]
    men: dict[int, Floats]
    by_sex: bool
    refused: tuple[str, ...]

    @property
    def years(self) -> tuple[int, ...]:
        """The complete years, in order."""
        return tuple(sorted(self.women))

    def persons(self, year: int) -> Floats:
        """Women and men together, shape (n, g)."""
        return self.women[year] + self.men[year]


def age_structures(rows: pl.DataFrame, area_ids: list[str]) -> AgeStructures:
    """Five-year age structures of all the areas of a city and level.

    Args:
        rows: `area_id`, `year`, `sex`, `age_from`, `age_to` (missing in the open class),
            `persons`; classes may be single ages or any that five-year bands can be made of.
        area_ids: every area of the city at that level.

    Returns:
        The years in which every area has every class; the open band is the widest of them.

    Raises:
        NoScenario: no year is complete.
    """
    mine = rows.filter(pl.col("area_id").is_in(area_ids))
    if mine.is_empty():
        raise NoScenario("nessuna età consegnata per queste aree")
    refused: list[str] = []
    whole: list[tuple[int, pl.DataFrame]] = []
    for (year,), group in mine.sort("year").group_by("year", maintain_order=True):
        fault = _fault(group, area_ids)
        if fault:
            refused.append(f"anno {year}: {fault}")
        else:
            whole.append((int(str(year)), group))
    if not whole:
        raise NoScenario("; ".join(refused))
    frame = pl.concat([group for _, group in whole])
    by_sex = all({MEN, WOMEN} <= set(group["sex"]) for _, group in whole)
    last = frame.filter(pl.col("age_to").is_null())["age_from"].min()
    first_ages = np.arange(0, int(str(last)) + 1, BAND, dtype=np.int64)
    women: dict[int, Floats] = {}
    men: dict[int, Floats] = {}
    for year, group in whole:
        for sex, into in ((WOMEN, women), (MEN, men)):
            into[year] = _bands(_of_sex(group, sex, by_sex=by_sex), area_ids, first_ages)
    return AgeStructures(tuple(sorted(area_ids)), first_ages, women, men, by_sex, tuple(refused))


def _of_sex(rows: pl.DataFrame, sex: str, *, by_sex: bool) -> pl.DataFrame:
    if by_sex:
        return rows.filter(pl.col("sex") == sex)
    total = rows.filter(pl.col("sex") == BOTH)
    both = rows.filter(pl.col("sex") != BOTH) if total.is_empty() else total
    return both.with_columns(persons=pl.col("persons") / 2)


def _bands(rows: pl.DataFrame, area_ids: list[str], first_ages: NDArray[np.int64]) -> Floats:
    band = pl.min_horizontal(pl.col("age_from") // BAND, pl.lit(len(first_ages) - 1))
    added = rows.group_by("area_id", band=band).agg(pl.col("persons").sum())
    order = {area: place for place, area in enumerate(sorted(area_ids))}
    persons = np.zeros((len(order), len(first_ages)))
    for area, place, number in added.iter_rows():
        persons[order[area], place] = number
    return persons


def _fault(rows: pl.DataFrame, area_ids: list[str]) -> str:
    """Why the classes of a year cannot be used, or nothing."""
    absent = sorted(set(area_ids) - set(rows["area_id"]))
    if absent:
        return f"mancano {len(absent)} aree su {len(area_ids)}, per esempio {absent[0]}"
    sexes = set(rows["sex"])
    if sexes not in ({BOTH}, {MEN, WOMEN}, {BOTH, MEN, WOMEN}):
        return "c'è un sesso solo"
    expected = len(area_ids) * len(sexes)
    if rows.select(CLASS).n_unique() != expected:
        return "non tutte le aree hanno gli stessi sessi"
    ordered = rows.sort(*CLASS, "age_from").with_columns(
        start=pl.col("age_to").shift(1).over(CLASS) + 1,
        first=pl.int_range(pl.len()).over(CLASS) == 0,
        last=pl.int_range(pl.len()).reverse().over(CLASS) == 0,
    )
    broken = ordered.filter(
        pl.when("first")
        .then(pl.col("age_from") != 0)
        .otherwise(pl.col("age_from").ne_missing(pl.col("start")))
        | (pl.col("age_to").is_null() != pl.col("last"))
    )
    if broken.height:
        row = broken.row(0, named=True)
        return f"le classi di età di {row['area_id']} hanno un buco o non finiscono aperte"
    return _unfit_bands(rows)


def _unfit_bands(rows: pl.DataFrame) -> str:
    opened = rows.filter(pl.col("age_to").is_null())["age_from"]
    if ((opened % BAND) != 0).any() or (opened < LEAST_OPEN_AGE).any():
        return f"la classe aperta deve iniziare a {LEAST_OPEN_AGE} anni o più, a passi di {BAND}"
    closed = rows.filter(pl.col("age_to").is_not_null())
    if (closed["age_from"] // BAND != closed["age_to"] // BAND).any():
        return f"le classi non si ricompongono in fasce di {BAND} anni"
    return ""
