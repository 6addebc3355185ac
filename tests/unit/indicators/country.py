"""A country of eight provinces in four regions whose levels follow one signal exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from will_pipeline.cities.catalogue import City, load_cities
from will_pipeline.indicators.levels import Evidence

SERIES = "02IST999"
WEIGHT = 0.5
PROVINCES = (
    ("Torino", "Piemonte", "ITC11", 0.10),
    ("Novara", "Piemonte", "ITC15", 0.20),
    ("Bergamo", "Lombardia", "ITC46", 0.05),
    ("Como", "Lombardia", "ITC42", 0.15),
    ("Padova", "Veneto", "ITD36", 0.30),
    ("Rovigo", "Veneto", "ITD37", 0.10),
    ("Firenze", "Toscana", "ITE14", 0.20),
    ("Pisa", "Toscana", "ITE17", 0.40),
)
LEVEL_OF_REGION = {"Piemonte": 40.0, "Lombardia": 30.0, "Veneto": 60.0, "Toscana": 50.0}
YEARS = (2022, 2023, 2024)
SWING = 0.10
TOWNS = ("001001", "001002")


def share(province: str) -> float:
    """Level of a province, per cent: its region's times the square root of its signal."""
    region, rate = next((r, x) for name, r, _, x in PROVINCES if name == province)
    return LEVEL_OF_REGION[region] * rate**WEIGHT


def pool(**extra: Any) -> pl.DataFrame:
    """Two census areas for each province; E over N is the province's signal."""
    rows = [
        {
            "pro_com": f"{place:06d}", "province": name, "region": region,
            "P1": 5000, "E": round(rate * size), "N": size, "G": 500, **extra,
        }
        for place, (name, region, _, rate) in enumerate(PROVINCES)
        for size in (1000, 2000)
    ]  # fmt: skip
    return pl.DataFrame(rows)


def series() -> pl.DataFrame:
    """Three years a province, mean on the level, half of them rising and half falling."""
    rows = []
    for place, (name, _, code, _) in enumerate(PROVINCES):
        swing = SWING if place % 2 else -SWING
        for year, step in zip(YEARS, (-swing, 0.0, swing), strict=True):
            rows.append((code, name, SERIES, "T", year, share(name) * (1 + step)))
    names = ["province_code", "province", "indicator_code", "sex", "year", "value"]
    return pl.DataFrame(rows, schema=names, orient="row")


def rates(**changed: float) -> pl.DataFrame:
    """Rates of isolation by age and macro-area, per cent."""
    found = {
        ("total", "total"): 14.0, ("age", "65-74"): 10.0, ("area", "north"): 10.0,
        ("area", "centre"): 11.0, ("area", "south_and_islands"): 19.0,
    }  # fmt: skip
    found |= {key: changed[key[1]] for key in found if key[1] in changed}
    return pl.DataFrame(
        [
            ("isolation", group, level, value, "2023-2024")
            for (group, level), value in found.items()
        ],
        schema=["measure", "breakdown", "level", "percent", "period"],
        orient="row",
    )


def city(pro_com: str, province_code: str = "ITC15", **given: Any) -> City:
    """A city of the country; region 01, in the north."""
    model = load_cities()[0]
    changed = {"pro_com": pro_com, "province_code": province_code, "region_code": "01", **given}
    return model.model_copy(update=changed)


def evidence(*cities: City, **changed: pl.DataFrame) -> Evidence:
    known = {"pool": pool(), "series": series(), "isolation": rates()} | changed
    return Evidence(**known, cities=cities or tuple(city(code) for code in TOWNS))


def bounded(score: float | np.ndarray) -> np.ndarray:
    """Relative risk of a score, never beyond twice or half."""
    return np.exp(np.log(2) * np.tanh(np.asarray(score) / np.log(2)))
