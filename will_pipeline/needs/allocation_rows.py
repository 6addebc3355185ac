"""Rows of the published allocations: today, proposal, who gains and loses, and how surely.

Nothing is shared here: quantities take their column and a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.needs import allocation_words as words

SURE = 0.90
DECIMALS = 2
PER_PERSONS = 100.0
ROUNDING = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Proposal:
    """Quantities that an exercise proposes for n areas, in published units.

    Attributes:
        quantity: proposal, shape (n,).
        draws: proposals for plausible needs, shape (draws, n).
        unit: quantities are multiples of one over this number.
        loss: greatest share an area may lose, where the rule bounds it.
    """

    quantity: Floats
    draws: Floats
    unit: int
    loss: float | None


def inside_rows(
    exercise_id: str,
    inside: pl.DataFrame,
    proposal: Proposal,
    basis: str,
    level: float,
) -> list[dict[str, object]]:
    """Rows of `ripartizione_area` of the areas that share the budget.

    Args:
        exercise_id: the exercise.
        inside: `area_id`, `today`, `need`, `need_inf`, `need_sup`, sorted by area.
        proposal: quantities of the same areas.
        basis: which estimate of need they rest on.
        level: level of the intervals.
    """
    unit, tails = proposal.unit, [(1 - level) / 2, (1 + level) / 2]
    lower, upper = np.round(np.quantile(proposal.draws, tails, axis=0) * unit) / unit
    today = inside["today"].to_numpy().astype(float)
    half = 0.5 / unit
    gains = (proposal.draws > today + half).mean(axis=0)
    losses = (proposal.draws < today - half).mean(axis=0)
    rows: list[dict[str, object]] = []
    for column, area in enumerate(inside.iter_rows(named=True)):
        quantity = float(proposal.quantity[column])
        outcome = _outcome(quantity - today[column])
        sure = {"guadagna": gains, "perde": losses}.get(outcome)
        rows.append(
            {
                "esercizio_id": exercise_id,
                "area_id": area["area_id"],
                "base": basis,
                "bisogno": area["need"],
                "bisogno_inf": area["need_inf"],
                "bisogno_sup": area["need_sup"],
                "oggi": area["today"],
                "proposta": quantity,
                "proposta_inf": min(float(lower[column]), quantity),
                "proposta_sup": max(float(upper[column]), quantity),
                "differenza": round(quantity - area["today"], DECIMALS),
                "p_guadagna": float(gains[column]),
                "p_perde": float(losses[column]),
                "esito": outcome,
                "sicuro": None if sure is None else bool(sure[column] >= SURE),
                "motivo": None,
            }
        )
    return rows


def _outcome(difference: float) -> str:
    if abs(difference) < ROUNDING:
        return "uguale"
    return "guadagna" if difference > 0 else "perde"


def outside_rows(exercise_id: str, outside: pl.DataFrame) -> list[dict[str, object]]:
    """Rows of `ripartizione_area` of the areas that keep what they have today."""
    empty = ("base", "bisogno", "bisogno_inf", "bisogno_sup", "proposta_inf", "proposta_sup")
    return [
        {
            "esercizio_id": exercise_id,
            "area_id": area["area_id"],
            **dict.fromkeys(empty),
            "oggi": area["today"],
            "proposta": area["today"],
            "differenza": 0.0,
            "p_guadagna": None,
            "p_perde": None,
            "esito": "fuori",
            "sicuro": None,
            "motivo": words.OUTSIDE,
        }
        for area in outside.iter_rows(named=True)
    ]


def base_row(
    exercise: Mapping[str, Any],
    table: pl.DataFrame,
    inside: pl.DataFrame,
    basis: str,
    kept: float,
) -> dict[str, object]:
    """What a row of `ripartizione` says whether or not the exercise can be done."""
    return {
        **dict.fromkeys(EXERCISE_SCHEMA),
        "esercizio_id": exercise["exercise_id"],
        "pro_com": exercise["pro_com"],
        "dimensione": exercise["theme"],
        "titolo": exercise["title"],
        "unita": exercise["unit"],
        "regola": exercise["rule"],
        "base": basis,
        "quantita": exercise["budget"],
        "minimo": exercise["floor"],
        "oggi_totale": float(sum(table["today"].to_list())),
        "fuori_esercizio": kept,
        "aree": inside.height,
        "aree_fuori": table.height - inside.height,
    }


def summary_of(
    exercise: Mapping[str, Any],
    inside: pl.DataFrame,
    proposal: Proposal,
    rows: Sequence[Mapping[str, Any]],
    basis: str,
) -> dict[str, object]:
    """What a row of `ripartizione` says of an exercise that was done."""
    gaining = sum(row["esito"] == "guadagna" for row in rows)
    losing = sum(row["esito"] == "perde" for row in rows)
    unsure = sum(row["sicuro"] is False for row in rows)
    today, need = inside["today"].to_numpy().astype(float), inside["need"].to_numpy().astype(float)
    moved = 0.5 * float(np.abs(_parts(proposal.quantity) - _parts(today)).sum())
    text = words.reading(
        rule=str(exercise["rule"]),
        basis=basis,
        gaining=gaining,
        losing=losing,
        unsure=unsure,
        moved=moved,
        outside=sum(row["esito"] == "fuori" for row in rows),
        loss=proposal.loss,
        totals=(float(sum(row["oggi"] for row in rows)), float(exercise["budget"])),
    )
    return {
        "stato": "valido",
        "proposta_totale": round(sum(float(row["proposta"]) for row in rows), DECIMALS),
        "guadagnano": gaining,
        "perdono": losing,
        "incerte": unsure,
        "quota_spostata": moved,
        "copertura_minima_oggi": _least_coverage(today, need),
        "copertura_minima_proposta": _least_coverage(proposal.quantity, need),
        "perdita_massima": proposal.loss,
        "lettura": text,
    }


def _parts(quantity: Floats) -> Floats:
    total = quantity.sum()
    return quantity / total if total > 0 else np.zeros_like(quantity)


def _least_coverage(quantity: Floats, need: Floats) -> float | None:
    """Least quantity per hundred persons in need; None where nobody is estimated in need."""
    some = need > 0
    return float((quantity[some] / need[some]).min() * PER_PERSONS) if some.any() else None


EXERCISE_SCHEMA: dict[str, type[pl.DataType]] = {
    "esercizio_id": pl.String,
    "pro_com": pl.String,
    "dimensione": pl.String,
    "titolo": pl.String,
    "unita": pl.String,
    "regola": pl.String,
    "base": pl.String,
    "quantita": pl.Float64,
    "minimo": pl.Float64,
    "oggi_totale": pl.Float64,
    "fuori_esercizio": pl.Float64,
    "aree": pl.Int32,
    "aree_fuori": pl.Int32,
    "stato": pl.String,
    "proposta_totale": pl.Float64,
    "guadagnano": pl.Int32,
    "perdono": pl.Int32,
    "incerte": pl.Int32,
    "quota_spostata": pl.Float64,
    "copertura_minima_oggi": pl.Float64,
    "copertura_minima_proposta": pl.Float64,
    "perdita_massima": pl.Float64,
    "lettura": pl.String,
}
AREA_SCHEMA: dict[str, type[pl.DataType]] = {
    "esercizio_id": pl.String,
    "area_id": pl.String,
    "base": pl.String,
    "bisogno": pl.Float64,
    "bisogno_inf": pl.Float64,
    "bisogno_sup": pl.Float64,
    "oggi": pl.Float64,
    "proposta": pl.Float64,
    "proposta_inf": pl.Float64,
    "proposta_sup": pl.Float64,
    "differenza": pl.Float64,
    "p_guadagna": pl.Float64,
    "p_perde": pl.Float64,
    "esito": pl.String,
    "sicuro": pl.Boolean,
    "motivo": pl.String,
}
