"""Rows of the published evaluations, from what was compared and what came of it.

Nothing is estimated here: numbers take their column and a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from will_pipeline.needs import evaluation_words as words
from will_pipeline.needs.comparison import Comparison
from will_pipeline.needs.evaluation_words import CONCLUSIVE, UNCLEAR
from will_pipeline.needs.matching import CALIPER
from will_pipeline.needs.panel import OTHERS_NEARER, TOO_FAR


@dataclass(frozen=True)
class Verdict:
    """What came of one evaluation.

    Attributes:
        state: one of `evaluation_words.STATES`.
        numbers: columns of `valutazione` that have a number.
        years: rows of `valutazione_anno`, without the measure.
    """

    state: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    years: tuple[Mapping[str, object], ...] = ()


def measure_row(
    measure: Mapping[str, Any], comparison: Comparison, verdict: Verdict
) -> dict[str, object]:
    """A row of `valutazione`.

    Args:
        measure: a row of `core.measure`.
        comparison: the areas compared.
        verdict: what came of it.
    """
    panel, matches = comparison.panel, comparison.matches
    before = [column for column, year in enumerate(panel.years) if year < measure["start"]]
    known = bool(comparison.treated) and bool(before)
    start = float(panel.of(comparison.treated)[:, before].mean()) if known else None
    return {
        "valutazione_id": measure["measure_id"],
        "pro_com": measure["pro_com"],
        "dimensione": measure["theme"],
        "misura": measure["title"],
        "esito": measure["outcome_name"],
        "unita": measure["unit"],
        "verso": measure["higher_is"],
        "inizio": measure["start"],
        "primo_anno": panel.years[0] if panel.years else None,
        "ultimo_anno": panel.years[-1] if panel.years else None,
        "aree": len(comparison.treated),
        "aree_confronto": len(comparison.controls),
        "aree_escluse": len(comparison.left_out),
        "confronto": comparison.choice,
        "squilibrio_prima": matches.imbalance_before if matches else None,
        "squilibrio_dopo": matches.imbalance_after if matches else None,
        "valore_prima": start,
        "stato": verdict.state,
        **dict.fromkeys(_NUMBERS),
        **verdict.numbers,
        "lettura": _sentence(measure, comparison, verdict, start),
    }


def _sentence(
    measure: Mapping[str, Any], comparison: Comparison, verdict: Verdict, start: float | None
) -> str:
    groups = {"areas": len(comparison.treated), "compared": len(comparison.controls)}
    numbers, unit = verdict.numbers, str(measure["unit"])
    if verdict.state not in CONCLUSIVE:
        return words.no_answer(verdict.state, **groups)
    if verdict.state == UNCLEAR:
        detectable = numbers["effetto_minimo_rilevabile"]
        text = words.not_seen(detectable, start or 0.0, unit=unit, **groups)
    else:
        ends = (numbers["ic_inf"], numbers["ic_sup"])
        text = words.seen(verdict.state, numbers["effetto"], *ends, unit=unit, **groups)
    apart = comparison.matches.imbalance_after if comparison.matches else None
    return text if (apart or 0.0) <= words.UNLIKE else f"{text} {words.STILL_UNLIKE}"


def area_rows(measure_id: str, comparison: Comparison) -> list[dict[str, object]]:
    """Rows of `valutazione_area`: every area considered, with its part and the reason."""
    matches = comparison.matches
    distance = matches.distance if matches else {}
    nearest = matches.nearest if matches else {}
    chosen = {*comparison.treated, *comparison.controls, *comparison.left_out}
    reasons = {
        each: OTHERS_NEARER if far <= CALIPER else TOO_FAR
        for each, far in distance.items()
        if each not in chosen
    }
    roles = {
        **dict.fromkeys(comparison.treated, "misura"),
        **dict.fromkeys(comparison.controls, "confronto"),
        **dict.fromkeys(reasons, "non_scelta"),
        **dict.fromkeys(comparison.left_out, "esclusa"),
    }
    return [
        {
            "valutazione_id": measure_id,
            "area_id": area_id,
            "ruolo": role,
            "distanza": distance.get(area_id),
            "simile_a": nearest.get(area_id),
            "motivo": {**reasons, **comparison.left_out}.get(area_id),
        }
        for area_id, role in sorted(roles.items())
    ]


_NUMBERS = (
    "effetto",
    "errore_standard",
    "ic_inf",
    "ic_sup",
    "p_effetto",
    "effetto_minimo_rilevabile",
    "p_tendenze",
)
MEASURE_SCHEMA: dict[str, type[pl.DataType]] = {
    "valutazione_id": pl.String,
    "pro_com": pl.String,
    "dimensione": pl.String,
    "misura": pl.String,
    "esito": pl.String,
    "unita": pl.String,
    "verso": pl.String,
    "inizio": pl.Int32,
    "primo_anno": pl.Int32,
    "ultimo_anno": pl.Int32,
    "aree": pl.Int32,
    "aree_confronto": pl.Int32,
    "aree_escluse": pl.Int32,
    "confronto": pl.String,
    "squilibrio_prima": pl.Float64,
    "squilibrio_dopo": pl.Float64,
    "valore_prima": pl.Float64,
    "stato": pl.String,
    **dict.fromkeys(_NUMBERS, pl.Float64),
    "lettura": pl.String,
}
AREA_SCHEMA: dict[str, type[pl.DataType]] = {
    "valutazione_id": pl.String,
    "area_id": pl.String,
    "ruolo": pl.String,
    "distanza": pl.Float64,
    "simile_a": pl.String,
    "motivo": pl.String,
}
YEAR_SCHEMA: dict[str, type[pl.DataType]] = {
    "valutazione_id": pl.String,
    "anno": pl.Int32,
    "prima": pl.Boolean,
    "riferimento": pl.Boolean,
    "media_misura": pl.Float64,
    "media_confronto": pl.Float64,
    "differenza": pl.Float64,
    "ic_inf": pl.Float64,
    "ic_sup": pl.Float64,
}
