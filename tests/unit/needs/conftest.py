"""A small typology on the comparable indicators that ship, and published values around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest

from will_pipeline.indicators.specification import Specification, load_specification
from will_pipeline.needs.frozen_typology import FrozenTypology, Group, Pool, Scale, TriedNumber
from will_pipeline.needs.published import PublishedValues, published_values

YEAR = 2011
CITIES = ("001001", "001002", "001003")
CENTRE, DEVIATION = 20.0, 4.0
MakeFacts = Callable[..., pl.DataFrame]


@pytest.fixture(scope="session")
def specification() -> Specification:
    return load_specification()


@pytest.fixture(scope="session")
def indicators(specification: Specification) -> tuple[str, ...]:
    return tuple(indicator.indicatore_id for indicator in specification.comparable)


def typology(indicators: tuple[str, ...], *, stability: float = 0.8) -> FrozenTypology:
    """Two groups one deviation above and below the mean on every indicator."""
    width = len(indicators)
    return FrozenTypology(
        edition=str(YEAR),
        seed=1,
        starts=2,
        resamples=3,
        pool=Pool(
            least_residents_of_town=50_000, most_residents_of_town=250_000,
            least_residents_of_area=1_000, towns=3, areas=30,
        ),
        stability=(
            TriedNumber(clusters=2, mean=stability, lower=stability - 0.1, upper=stability + 0.1),
            TriedNumber(clusters=3, mean=0.5, lower=0.4, upper=0.6),
        ),
        within=30.0 * width,
        indicators=tuple(
            Scale(indicatore_id=name, centre=CENTRE, deviation=DEVIATION) for name in indicators
        ),
        groups=tuple(
            Group(
                profilo_id=f"tipologia_{number}", etichetta=label, label_en=label, areas=15,
                centroid=(z,) * width, mean=(CENTRE + DEVIATION * z,) * width,
            )
            for number, label, z in ((1, "Alto", 1.0), (2, "Basso", -1.0))
        ),
    )  # fmt: skip


@pytest.fixture(scope="session")
def frozen(indicators: tuple[str, ...]) -> FrozenTypology:
    return typology(indicators)


def areas_of(levels: Mapping[str, str]) -> pl.DataFrame:
    """Rows of `dim_area` for areas by identifier; every city has its own row."""
    rows = [
        {"area_id": area_id, "pro_com": area_id[:6], "livello": level, "residuale": False,
         "in_graduatoria": True}
        for area_id, level in levels.items()
    ]  # fmt: skip
    rows += [
        {"area_id": f"{city}.C", "pro_com": city, "livello": "C", "residuale": False,
         "in_graduatoria": False}
        for city in sorted({area_id[:6] for area_id in levels})
    ]  # fmt: skip
    return pl.DataFrame(rows)


@pytest.fixture
def make_facts(indicators: tuple[str, ...]) -> MakeFacts:
    """Rows of `fatto_indicatore`: one value for each area, the same on every indicator."""

    def make(
        values: Mapping[str, float | np.ndarray], *, width: float = 0.4, **changed: Any
    ) -> pl.DataFrame:
        rows = []
        for area_id, given in values.items():
            z = np.broadcast_to(given, len(indicators))
            for name, each in zip(indicators, z, strict=True):
                value = CENTRE + DEVIATION * float(each)
                rows.append(
                    {
                        "area_id": area_id, "indicatore_id": name, "anno": YEAR,
                        "gruppo": "totale", "valore": value, "ic_inf": value - width,
                        "ic_sup": value + width, "valore_comune": CENTRE, "stato": "valido",
                        **changed,
                    }
                )  # fmt: skip
        return pl.DataFrame(rows, infer_schema_length=None)

    return make


def withheld(facts: pl.DataFrame, area_id: str, *names: str) -> pl.DataFrame:
    """The same facts with some values of an area kept confidential."""
    hidden = (pl.col("area_id") == area_id) & pl.col("indicatore_id").is_in(names)
    gone = [
        pl.when(~hidden).then(pl.col(name)).alias(name) for name in ("valore", "ic_inf", "ic_sup")
    ]
    state = pl.when(hidden).then(pl.lit("soppresso_secondario")).otherwise("stato")
    return facts.with_columns(*gone, stato=state)


def laid_out(
    facts: pl.DataFrame, areas: pl.DataFrame, indicators: tuple[str, ...]
) -> PublishedValues:
    return published_values(facts, areas, indicators, year=YEAR)
