"""The tables of profiles put together: the published rule, and the typology beside it.

Nothing is decided here; `profiles` and `typology` make the rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from will_pipeline.indicators.estimators import Settings
from will_pipeline.indicators.specification import Specification
from will_pipeline.needs.frozen_typology import FrozenTypology
from will_pipeline.needs.profiles import TopThird, assign_profiles, profile_rows, unranked_areas
from will_pipeline.needs.published import published_values
from will_pipeline.needs.typology import assign_typology, typology_rows


def rule_facts(areas: pl.DataFrame, evidence: Sequence[TopThird], *, year: int) -> pl.DataFrame:
    """Rows of `fatto_profilo` by the rule.

    Args:
        areas: `area_id`, `level`, `ranked`, in the order of the evidence.
        evidence: one entry per need over the ranked areas.
        year: year of the indicators.
    """
    ranked = areas.filter("ranked")["area_id"].to_list()
    return assign_profiles(ranked, evidence, unranked_areas(areas), year=year)


def profile_facts(
    rule: pl.DataFrame,
    specification: Specification,
    frozen: FrozenTypology,
    facts: pl.DataFrame,
    areas: pl.DataFrame,
    *,
    year: int,
    settings: Settings,
) -> pl.DataFrame:
    """Rows of `fatto_profilo`, of both models.

    Args:
        rule: rows by the rule.
        specification: the specification table.
        frozen: the typology of the vintage.
        facts: rows of `fatto_indicatore`.
        areas: rows of `dim_area`.
        year: year of the indicators.
        settings: draws, level and seed.
    """
    published = published_values(facts, areas, frozen.names, year=year)
    left_out = unranked_areas(areas.rename({"livello": "level", "in_graduatoria": "ranked"}))
    typology = assign_typology(
        frozen, published, specification, left_out, year=year, settings=settings
    )
    return pl.concat([rule, typology.select(rule.columns)], how="vertical_relaxed")


def profile_dimension(
    rule: pl.DataFrame, specification: Specification, frozen: FrozenTypology
) -> pl.DataFrame:
    """Rows of `dim_profilo`, of both models.

    Args:
        rule: rows of `fatto_profilo` by the rule.
        specification: the specification table.
        frozen: the typology of the vintage.
    """
    by_rule = profile_rows(specification, rule)
    return pl.concat(
        [by_rule, typology_rows(specification, frozen).select(by_rule.columns)],
        how="vertical_relaxed",
    )
