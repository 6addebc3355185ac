"""What there is to say about profiles and twins of a release, in Italian lines.

`will controlla` prints these lines and the page of the method repeats them, so that the two agree.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from will_pipeline.italian import number
from will_pipeline.needs.frozen_typology import FrozenTypology
from will_pipeline.needs.profiles import MODEL as RULE
from will_pipeline.needs.typology import MODEL as TYPOLOGY
from will_pipeline.statistics.cluster_stability import PUBLISHABLE_STABILITY

REPORT_TABLES = ("dim_profilo", "fatto_profilo", "area_simile", "dim_area", "dim_comune")
TITLES = {RULE: "Profili per regola", TYPOLOGY: "Tipologia"}


def profile_report(tables: Mapping[str, pl.DataFrame], frozen: FrozenTypology) -> list[str]:
    """Areas by profile and model, number of groups, stability by number, verdict, twins.

    Args:
        tables: the published tables named in `REPORT_TABLES`.
        frozen: the typology of the vintage.

    Returns:
        Lines in Italian; indented ones belong to the line above.
    """
    return [
        *_profiles(tables, RULE),
        *_profiles(tables, TYPOLOGY),
        *stability_lines(frozen),
        verdict(frozen),
        *_twins(tables),
    ]


def stability_lines(frozen: FrozenTypology) -> list[str]:
    """Stability of every number of groups tried, the published one marked."""
    pool = frozen.pool
    lines = [
        f"Gruppi cercati in {number(pool.areas)} aree di censimento di {pool.towns} città italiane "
        f"{pool.in_words}; stabilità su {frozen.resamples} ricampionamenti:"
    ]
    for tried in frozen.stability:
        mark = ", scelto" if tried.clusters == len(frozen.groups) else ""
        lines.append(
            f"  {tried.clusters} gruppi: {number(tried.mean, 3)} "
            f"(tra {number(tried.lower, 3)} e {number(tried.upper, 3)}){mark}"
        )
    return lines


def verdict(frozen: FrozenTypology) -> str:
    """Whether the typology passes the gate, in one Italian sentence."""
    mean, gate = number(frozen.stable.mean, 3), number(PUBLISHABLE_STABILITY, 3)
    k = len(frozen.groups)
    if frozen.exploratory:
        return (
            f"Verdetto: esplorativa. Con {k} gruppi la stabilità è {mean}, sotto la soglia {gate}."
        )
    return f"Verdetto: pubblicata. Con {k} gruppi la stabilità è {mean}, la soglia è {gate}."


def _profiles(tables: Mapping[str, pl.DataFrame], model: str) -> list[str]:
    facts = tables["fatto_profilo"].filter(pl.col("modello") == model)
    labels = dict(tables["dim_profilo"].select("profilo_id", "etichetta").iter_rows())
    given = facts.filter(pl.col("motivo").is_null())
    counted = (
        given.group_by("profilo_id").len().sort(["len", "profilo_id"], descending=[True, False])
    )
    without = facts.filter(pl.col("motivo").is_not_null())
    reasons = without.group_by("motivo").len().sort("motivo")
    missing = "; ".join(f"{reason}: {areas}" for reason, areas in reasons.iter_rows())
    return [
        f"{TITLES[model]}: {_count(given.height, 'area classificata', 'aree classificate')}, "
        f"{without.height} senza profilo{missing and f' ({missing})'}.",
        *(f"  {labels[profile]}: {areas}" for profile, areas in counted.iter_rows()),
    ]


def _twins(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    twins = tables["area_simile"]
    cities = (
        twins.join(tables["dim_area"].select("area_id", "pro_com"), on="area_id", how="left")
        .join(tables["dim_comune"].select("pro_com", "nome"), on="pro_com", how="left")
        .group_by("nome")
        .agg(pl.col("area_id").n_unique().alias("areas"))
        .sort("nome")
    )
    told = ", ".join(f"{name} {found}" for name, found in cities.iter_rows())
    areas = twins["area_id"].n_unique()
    return [
        f"Aree simili: {_count(areas, 'area ne ha', 'aree ne hanno')}, in "
        f"{_count(cities.height, 'città', 'città')} ({told})."
    ]


def _count(many: int, singular: str, plural: str) -> str:
    return f"{many} {singular if many == 1 else plural}"
