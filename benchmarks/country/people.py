"""Who lives in an invented country: 140 counts of 2011 by section, near places alike.

Counts are drawn from smooth fields over the land, so that they are autocorrelated as real ones
are; parts never exceed their whole, and nobody's real figures are used.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from benchmarks.country.lattice import Floats, Land, Whole
from will_pipeline.readers.census_layouts import codes

FIELDS = ("density", "age", "foreign", "poverty", "single")
SCALES = ((6, 0.5), (30, 0.4), (120, 0.35))
"""Grid of each layer of a field, and how much it counts."""
RESIDENTS = 145.0
UNINHABITED = 0.07
AGES = np.array([9, 9, 9, 9, 10, 11, 13, 15, 16, 15, 13, 12, 12, 11, 9, 19], dtype=np.float64)
SCHOOL = np.array([12, 30, 29, 17, 1, 6, 5], dtype=np.float64)
HOUSEHOLDS = np.array([32, 27, 19, 16, 4, 2], dtype=np.float64)
PARTS = {
    "P2": ("P1", 0.48),
    "P5": ("P1", 0.48),
    "P6": ("P1", 0.025),
    "P7": ("P1", 0.075),
    "P8": ("P1", 0.025),
    "P61": ("P60", 0.89),
    "P64": ("P60", 0.57),
    "P65": ("P61", 0.58),
    "P62": ("P60", 0.08),
    "P128": ("P1", 0.42),
    "P131": ("P18", 0.7),
    "A2": ("PF1", 0.97),
    "A46": ("PF1", 0.18),
    "A47": ("PF1", 0.72),
    "E1": ("PF1", 0.3),
}
"""What part of another count each count is, on average; the others are a tenth of residents."""
TILT = {
    "P7": "age",
    "P6": "single",
    "P8": "single",
    "P62": "poverty",
    "A46": "poverty",
    "P131": "age",
}
LEANING = 0.4


def fields(land: Land) -> dict[str, Floats]:
    """Smooth fields over the land, of about unit spread, one value a section."""
    generator = np.random.default_rng([land.seed, 3])
    found = {}
    for name in FIELDS:
        value = np.zeros(len(land.cell))
        for size, weight in SCALES:
            grid = generator.normal(size=(size + 2, size + 2))
            at = np.stack([land.y * size, land.x * size])
            value += weight * map_coordinates(grid, at, order=1, mode="nearest")
        found[name] = value / value.std()
    return found


def counts(land: Land, field: dict[str, Floats], chosen: Whole, *, region: int) -> pl.DataFrame:
    """Counts of the chosen sections, one column a code of 2011; nobody lives in some of them."""
    generator = np.random.default_rng([land.seed, 4, region])
    here = {name: values[chosen] for name, values in field.items()}
    lived = generator.random(len(chosen)) >= UNINHABITED
    known: dict[str, Whole] = {
        "P1": generator.poisson(RESIDENTS * np.exp(0.6 * here["density"])) * lived
    }
    ages = np.exp(0.12 * here["age"][:, None] * np.linspace(-1, 1, len(AGES))) * AGES
    _share(known, [f"P{n}" for n in range(14, 30)], known["P1"], ages, generator)
    grown = known["P1"] - known["P14"]
    _share(known, [f"P{n}" for n in range(46, 53)], grown, SCHOOL, generator, whole_name="P46")
    known["PF1"] = np.maximum((known["P1"] / 2.35).astype(np.int64), (known["P1"] > 0) * 1)
    lonely = np.repeat(HOUSEHOLDS[None, :], len(chosen), axis=0)
    lonely[:, 0] *= np.exp(0.3 * here["single"])
    _share(known, [f"PF{n}" for n in range(3, 9)], known["PF1"], lonely, generator)
    known["PF2"] = known["P1"].copy()
    workers = sum(known[f"P{n}"] for n in range(17, 27))
    known["P60"] = generator.binomial(workers, _leaned(0.68, -here["poverty"]))
    known["ST1"] = generator.binomial(known["P1"], _leaned(0.075, 2 * here["foreign"]))
    young = sum(known[f"P{n}"] for n in range(14, 20))
    known["ST3"] = generator.binomial(np.minimum(known["ST1"], young), 0.4)
    known["A44"] = known["PF1"] * generator.integers(70, 120, len(chosen))
    for name in codes(2011):
        if name not in known:
            base, share = PARTS.get(name, ("P1", 0.1))
            tilt = here[TILT[name]] if name in TILT else 0.0
            whole = known["P17"] + known["P18"] if base == "P18" else known[base]
            known[name] = generator.binomial(whole, _leaned(share, tilt))
    known["P3"] = known["P1"] - known["P2"]
    known["A48"] = known["PF1"] - np.minimum(known["A46"] + known["A47"], known["PF1"])
    return pl.DataFrame({name: known[name] for name in codes(2011)})


def _leaned(share: float, tilt: Floats | float) -> NDArray[np.float64]:
    odds = share / (1 - share) * np.exp(LEANING * np.asarray(tilt))
    return np.asarray(odds / (1 + odds))


def _share(
    known: dict[str, Whole],
    names: list[str],
    whole: Whole,
    weights: Floats,
    generator: np.random.Generator,
    *,
    whole_name: str | None = None,
) -> None:
    """Part a whole among names as weights say; the first name may be the whole itself."""
    parts = names
    if whole_name is not None:
        known[whole_name] = whole
        parts = [name for name in names if name != whole_name]
        weights = weights[..., : len(parts)]
    shares = np.broadcast_to(
        weights / weights.sum(axis=-1, keepdims=True), (len(whole), len(parts))
    )
    drawn = generator.multinomial(whole, shares)
    known.update({name: drawn[:, place] for place, name in enumerate(parts)})
