"""Expected persons in need by area and theme, as published, with the draws behind their intervals.

What basins and latent need both start from belongs here: published numbers, never finer ones, so
that nothing made of them tells more than they do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from will_pipeline.indicators.areas import MUNICIPALITY_LEVEL, Floats
from will_pipeline.indicators.disclosure import CANDIDATES, rounding_step
from will_pipeline.indicators.estimators import Estimate
from will_pipeline.indicators.specification import Indicator, Specification

PERSONS, PERCENT, TOTAL, VALID = "persone", "%", "totale", "valido"


@dataclass(frozen=True)
class ExpectedPersons:
    """Expected persons of every area and theme.

    Attributes:
        frame: one row per area and theme, sorted: `area_id`, `pro_com`, `level`, `name`,
            `residents`, `dimensione`, `anno`, `attesi`, `attesi_inf`, `attesi_sup`, `stato`,
            `step` (of the rounding, persons; null where the number is published as it is).
        themes: every theme that counts persons, in order of presentation.
        positions: column of each area in the draws.
        estimates: estimate of the persons of each theme; none where the figures cannot give it.
    """

    frame: pl.DataFrame
    themes: tuple[str, ...]
    positions: Mapping[str, int]
    estimates: Mapping[str, Estimate]

    def draws(self, theme: str, area_ids: Sequence[str]) -> Floats:
        """Plausible persons of these areas, shape (draws, areas).

        Raises:
            KeyError: the theme or an area has no draws.
        """
        places = [self.positions[area_id] for area_id in area_ids]
        return np.asarray(self.estimates[theme].draws[:, places], dtype=np.float64)


def persons_indicators(specification: Specification) -> dict[str, Indicator]:
    """The indicator that counts the persons of each theme, in order of presentation.

    Raises:
        ValueError: a theme counts its persons twice.
    """
    found: dict[str, Indicator] = {}
    for name, card in specification.indicators.items():
        theme = specification.theme_of[name]
        if theme is None or card.ruolo != PERSONS or card.unita == PERCENT:
            continue
        if theme in found:
            raise ValueError(f"{theme} counts its persons twice: {name}")
        found[theme] = card
    return found


def expected_persons(
    specification: Specification,
    facts: pl.DataFrame,
    areas: pl.DataFrame,
    area_ids: Sequence[str],
    estimates: Mapping[str, Estimate],
) -> ExpectedPersons:
    """Gather the expected persons of every area and theme.

    Args:
        specification: which indicator counts the persons of each theme.
        facts: rows of `fatto_indicatore`; where a number has several years, the latest counts.
        areas: `area_id`, `pro_com`, `level`, `name`, `residents`.
        area_ids: areas in the order of the estimates.
        estimates: estimates by indicator; those of persons are used.

    Returns:
        Numbers as they are published; withheld ones are null, with their status.
    """
    cards = persons_indicators(specification)
    themes = {card.indicatore_id: theme for theme, card in cards.items()}
    known = {
        theme: estimates[card.indicatore_id]
        for theme, card in cards.items()
        if card.indicatore_id in estimates
    }
    positions = {area_id: place for place, area_id in enumerate(area_ids)}
    latest = pl.col("anno") == pl.col("anno").max().over("area_id", "indicatore_id")
    frame = (
        facts.filter(pl.col("indicatore_id").is_in(list(themes)) & (pl.col("gruppo") == TOTAL))
        .filter(latest)
        .with_columns(
            dimensione=pl.col("indicatore_id").replace_strict(themes, return_dtype=pl.String)
        )
        .join(areas.select("area_id", "pro_com", "level", "name", "residents"), on="area_id")
        .join(_rates(known, positions), on=["area_id", "dimensione"], how="left")
        .with_columns(step=pl.when(_is_rounded()).then(rounding_step(CANDIDATES * pl.col("rate"))))
        .select(
            "area_id",
            "pro_com",
            "level",
            "name",
            "residents",
            "dimensione",
            "anno",
            attesi="valore",
            attesi_inf="ic_inf",
            attesi_sup="ic_sup",
            stato="stato",
            step="step",
        )
        .sort("area_id", "dimensione")
    )
    return ExpectedPersons(frame, tuple(cards), positions, known)


def _is_rounded() -> pl.Expr:
    # Beside a withheld area the exposed residents are withheld too, and the value is rounded.
    return (
        pl.col("valore").is_not_null()
        & pl.col("denominatore").is_null()
        & (pl.col("level") != MUNICIPALITY_LEVEL)
    )


def _rates(known: Mapping[str, Estimate], positions: Mapping[str, int]) -> pl.DataFrame:
    frames = [
        pl.DataFrame(
            {
                "area_id": list(positions),
                "dimensione": [theme] * len(positions),
                "rate": found.value / np.where(found.denominator > 0, found.denominator, np.nan),
            },
            schema={"area_id": pl.String, "dimensione": pl.String, "rate": pl.Float64},
        )
        for theme, found in known.items()
    ]
    empty = pl.DataFrame(schema={"area_id": pl.String, "dimensione": pl.String, "rate": pl.Float64})
    return pl.concat([empty, *frames])
