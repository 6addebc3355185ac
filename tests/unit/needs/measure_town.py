"""An invented town of areas with indices and profiles, and measures with a known effect."""

from __future__ import annotations

import numpy as np
import polars as pl

from will_pipeline.needs.comparison import Baseline, Delivered

TOWN = "999001"
YEARS = tuple(range(2018, 2026))
START = 2022
THEMES = ("giovani", "solitudine", "mobilita", "nuove_generazioni")


def area_ids(number: int) -> list[str]:
    return [f"{TOWN}.Q{code:02d}" for code in range(1, number + 1)]


def series(
    generator: np.random.Generator,
    *,
    areas: int = 12,
    treated: int = 4,
    effect: float = 0.0,
    drift: float = 0.0,
    dependence: float = 0.6,
) -> np.ndarray:
    """Outcome by area and year: own level, common year, dependence over time, effect, drift."""
    years = np.array(YEARS)
    noise = generator.normal(size=(areas, years.size))
    noise[:, 0] /= np.sqrt(1 - dependence**2)
    for column in range(1, years.size):
        noise[:, column] += dependence * noise[:, column - 1]
    own = 20 + 3 * generator.normal(size=(areas, 1))
    common = generator.normal(size=years.size)
    with_measure = (np.arange(areas) < treated)[:, None]
    moved = with_measure * (effect * (years >= START) + drift * (years - YEARS[0]))
    return own + common + noise + moved


def delivered(
    values: np.ndarray,
    *,
    treated: int = 4,
    named: bool = True,
    measure_id: str = f"{TOWN}-prova",
    higher_is: str = "peggio",
    theme: str = "giovani",
) -> Delivered:
    """A measure that starts in the first areas; the others are named for comparison or not."""
    ids = area_ids(len(values))
    members = [(measure_id, each, row < treated) for row, each in enumerate(ids)]
    outcomes = [
        (measure_id, each, year, float(value))
        for each, line in zip(ids, values, strict=True)
        for year, value in zip(YEARS, line, strict=True)
    ]
    measure = {
        "measure_id": measure_id,
        "pro_com": TOWN,
        "title": "Doposcuola di prova",
        "theme": theme,
        "outcome_name": "Abbandoni",
        "unit": "per mille",
        "higher_is": higher_is,
        "start": START,
    }
    return Delivered(
        pl.DataFrame([measure]),
        pl.DataFrame(
            members if named else members[:treated],
            schema=["measure_id", "area_id", "treated"],
            orient="row",
        ),
        pl.DataFrame(outcomes, schema=["measure_id", "area_id", "year", "value"], orient="row"),
    )


def baseline(areas: int = 12, *, seed: int = 3) -> Baseline:
    """Areas of the town with an index for every need and the profile that follows."""
    generator = np.random.default_rng(seed)
    ids = area_ids(areas)
    indices = 100 + 5 * generator.normal(size=(areas, len(THEMES)))
    return Baseline(
        pl.DataFrame(
            {
                "area_id": [f"{TOWN}.C", *ids],
                "pro_com": [TOWN] * (areas + 1),
                "livello": ["C", *["Q"] * areas],
                "popolazione": [9_000 * areas, *[9_000] * areas],
            }
        ),
        pl.DataFrame(
            [
                {
                    "area_id": area_id,
                    "dimensione": theme,
                    "anno": 2011,
                    "metodo": method,
                    "indice": float(indices[row, column]),
                }
                for row, area_id in enumerate(ids)
                for column, theme in enumerate(THEMES)
                for method in ("ampi", "ampi_citta")
            ]
        ),
        pl.DataFrame(
            [
                {
                    "area_id": area_id,
                    "anno": 2011,
                    "modello": "regola",
                    "profilo_id": "+".join(
                        theme for theme, value in zip(THEMES, line, strict=True) if value > 103
                    )
                    or "nessuno",
                }
                for area_id, line in zip(ids, indices, strict=True)
            ]
        ),
    )
