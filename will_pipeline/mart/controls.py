"""Rows of `controllo`: what was checked on this content and what was seen.

Findings of the contracts and checks that span tables become Italian sentences here; whether they
stop a publication follows from their gravity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from will_pipeline.contracts.validation import Finding

ERROR, WARNING = "errore", "avviso"


def control_rows(
    tables: Mapping[str, pl.DataFrame],
    findings: Iterable[Finding],
    impossible: pl.DataFrame,
) -> pl.DataFrame:
    """Rows of `controllo`.

    Args:
        tables: published tables by name.
        findings: outcome of the contracts' rules.
        impossible: counts that contradict a definition: `indicatore_id`, `area_id`,
            `numeratore`, `denominatore`.

    Returns:
        One row per control and object.
    """
    rows = [
        _row(finding.rule, finding.table, finding.passed, finding.message, value=finding.rows)
        for finding in findings
    ]
    rows += _residents(tables["dim_area"])
    rows += _every_need_everywhere(tables)
    rows += _impossible(impossible)
    return pl.DataFrame(rows, infer_schema_length=None)


def _row(
    control: str,
    subject: str,
    passed: bool,
    message: str,
    *,
    value: float | None = None,
    threshold: float | None = 0.0,
    gravity: str = ERROR,
) -> dict[str, object]:
    return {
        "controllo": control,
        "oggetto": subject,
        "esito": "superato" if passed else "fallito",
        "gravita": gravity,
        "messaggio": message,
        "valore": None if value is None else float(value),
        "soglia": threshold,
    }


def _residents(areas: pl.DataFrame) -> list[dict[str, object]]:
    whole = areas.filter(pl.col("livello") == "C").select("pro_com", city="popolazione")
    parts = (
        areas.filter(pl.col("livello") != "C")
        .group_by("pro_com", "livello")
        .agg(parts=pl.col("popolazione").sum())
        .join(whole, on="pro_com")
        .sort("pro_com", "livello")
    )
    return [
        _row(
            "somma_residenti",
            f"{row['pro_com']}.{row['livello']}",
            row["parts"] == row["city"],
            f"Le aree di livello {row['livello']} contano {row['parts']} residenti, "
            f"il comune {row['city']}.",
            value=row["parts"] - row["city"],
        )
        for row in parts.iter_rows(named=True)
    ]


def _every_need_everywhere(tables: Mapping[str, pl.DataFrame]) -> list[dict[str, object]]:
    ranked = tables["dim_area"].filter("in_graduatoria").select("area_id")
    found = tables["fatto_indice"]
    rows = []
    for theme in tables["dim_dimensione"].sort("ordine")["dimensione"]:
        without = ranked.join(
            found.filter(pl.col("dimensione") == theme), on="area_id", how="anti"
        ).height
        rows.append(
            _row(
                "indice_in_ogni_area",
                theme,
                without == 0,
                f"Aree in graduatoria senza indice: {without} su {ranked.height}.",
                value=without,
                gravity=WARNING,
            )
        )
    return rows


def _impossible(impossible: pl.DataFrame) -> list[dict[str, object]]:
    if impossible.is_empty():
        return [
            _row(
                "conteggi_possibili",
                "tutti gli indicatori",
                True,
                "Nessun conteggio contraddice la definizione del suo indicatore.",
                value=0,
                gravity=WARNING,
            )
        ]
    return [
        _row(
            "conteggi_possibili",
            f"{row['indicatore_id']} in {row['area_id']}",
            False,
            "Il numeratore supera il denominatore o è negativo: il valore non si pubblica "
            "e va verificato con la fonte.",
            value=row["numeratore"],
            threshold=row["denominatore"],
            gravity=WARNING,
        )
        for row in impossible.iter_rows(named=True)
    ]
