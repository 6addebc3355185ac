"""An invented country of census sections with the variables of 2021 and 2023.

Counts obey the identities of the official files (parts add up to their totals); nothing in them is
real.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from tests.unit.indicators.country import PROVINCES

AGES = [f"P{code}" for code in range(14, 30)]
MEN = [f"P{code}" for code in range(30, 46)]
WOMEN = [f"P{code}" for code in range(67, 83)]
TOWNS = ("001001", "001002")
AREAS, SECTIONS = 6, 25
_2011 = [
    "P1", *AGES, *MEN, "P6", "P7", "P8", "P46", "P49", "P50", "P51", "P52", "P60", "P61", "P62",
    "P65", "P131", "ST3", "PF1", "PF2", "PF3", "PF8", "A44", "A46", "A47", "A48",
]  # fmt: skip
_2021 = [
    "P1", *AGES, *MEN, *WOMEN, "P83", "P86", "P87", "P88", "P101", "P103", "IT2", "IT10",
    "ST1", "ST22", "ST23", "ST31", "PF1", "PF3", "PF8",
]  # fmt: skip
BORN = ["EM1", "EM2", "EM3", "EM4", "EM5", "EM6"]
LAYOUTS = {2011: set(_2011), 2021: set(_2021), 2023: {*_2021, *BORN}}


def town(pro_com: str, generator: np.random.Generator) -> pl.DataFrame:
    """Sections of one town: six areas, and a section of persons without a dwelling."""
    frames = [
        _sections(pro_com, f"{pro_com}.A{area:02d}", SECTIONS, generator, poor=area / AREAS)
        for area in range(1, AREAS + 1)
    ]
    frames.append(_sections(pro_com, None, 1, generator, poor=1.0))
    return pl.concat(frames)


def towns(seed: int = 5) -> pl.DataFrame:
    """Sections of both towns."""
    generator = np.random.default_rng(seed)
    return pl.concat([town(pro_com, generator) for pro_com in TOWNS])


def pool(seed: int = 6) -> pl.DataFrame:
    """Areas of the eight provinces of the invented country, for what is learnt from outside."""
    generator = np.random.default_rng(seed)
    rows = []
    for place, (province, region, _, rate) in enumerate(PROVINCES):
        made = _sections(f"{place:06d}", "x", 40, generator, poor=rate * 2)
        codes = [name for name in made.columns if name not in ("pro_com", "area_id")]
        halves = made.with_columns(half=pl.int_range(pl.len()) % 2)
        rows.append(
            halves.group_by("pro_com", "half", maintain_order=True)
            .agg(pl.col(codes).sum())
            .drop("half")
            .with_columns(province=pl.lit(province), region=pl.lit(region))
        )
    return pl.concat(rows)


def _sections(
    pro_com: str,
    area: str | None,
    count: int,
    generator: np.random.Generator,
    *,
    poor: float,
) -> pl.DataFrame:
    men = generator.poisson(4.0, size=(count, len(AGES))) + 1
    women = generator.poisson(4.0, size=(count, len(AGES))) + 1
    ages = men + women
    child, adult = ages[:, :3].sum(axis=1), ages[:, 3:13].sum(axis=1)
    foreign_child = generator.binomial(child, np.clip(generator.beta(2, 8, size=count), 0, 0.9))
    foreign_adult = generator.binomial(adult, 0.2)
    italian_adult = adult - foreign_adult
    italian_work = generator.binomial(italian_adult, 0.75 - 0.15 * poor)
    foreign_work = generator.binomial(foreign_adult, 0.60 - 0.20 * poor)
    women_adult = women[:, 3:13].sum(axis=1)
    women_work = generator.binomial(women_adult, 0.60 - 0.15 * poor)
    nine_more = ages[:, 3:].sum(axis=1) + ages[:, 2]
    low = ages[:, 2] + generator.binomial(nine_more - ages[:, 2], 0.35 + 0.2 * poor)
    first, second = generator.binomial(low, 0.1), generator.binomial(low, 0.3)
    households = generator.poisson(40, size=count) + 20
    foreign = foreign_child + foreign_adult
    people = ages.sum(axis=1)
    born_here = generator.binomial(foreign_child, 0.7)
    acquired = generator.binomial(italian_adult, 0.03)
    columns: dict[str, object] = {"P1": people}
    columns |= {code: ages[:, j] for j, code in enumerate(AGES)}
    columns |= {code: men[:, j] for j, code in enumerate(MEN)}
    columns |= {code: women[:, j] for j, code in enumerate(WOMEN)}
    columns |= {
        "P83": nine_more,
        "P86": np.minimum(first, low),
        "P87": np.minimum(second, low - np.minimum(first, low)),
    }
    columns["P88"] = low - columns["P86"] - columns["P87"]  # type: ignore[operator]
    columns |= {
        "P101": italian_work + foreign_work,
        "P103": np.minimum(women_work, italian_work + foreign_work),
        "IT2": italian_adult,
        "IT10": italian_work,
        "ST1": foreign,
        "ST22": foreign_child,
        "ST23": foreign_adult,
        "ST31": foreign_work,
        "PF1": households,
        "PF3": generator.binomial(households, 0.3 + 0.1 * poor),
        "PF8": generator.binomial(households, 0.02),
        "EM1": people - foreign - acquired,
        "EM2": np.zeros(count, dtype=np.int64),
        "EM3": acquired // 3,
        "EM4": acquired - acquired // 3,
        "EM5": born_here,
        "EM6": foreign - born_here,
    }
    return pl.DataFrame(columns).select(
        pl.lit(pro_com).alias("pro_com"),
        pl.lit(area, dtype=pl.String).alias("area_id"),
        pl.all().cast(pl.Int64),
    )
