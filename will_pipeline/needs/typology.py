"""The typology by night: every area in one of the frozen groups, and how surely.

Nothing is fitted here; an area's group depends on its own published values and on nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from will_pipeline.indicators.estimators import Settings
from will_pipeline.indicators.specification import Specification
from will_pipeline.needs.frozen_typology import IDENTIFIER, FrozenTypology
from will_pipeline.needs.published import PublishedValues
from will_pipeline.needs.traits import Trait, description, notable, themes_of
from will_pipeline.statistics.clustering import assign, frozen_membership

Floats = NDArray[np.float64]
MODEL = "tipologia"
UNCLASSIFIED = f"{IDENTIFIER}non_classificata"
WHAT_OTHERS_DO = "Che cosa fanno le aree simili di altre città, che qui manca?"


def assign_typology(
    frozen: FrozenTypology,
    published: PublishedValues,
    specification: Specification,
    unranked: Mapping[str, str],
    *,
    year: int,
    settings: Settings,
) -> pl.DataFrame:
    """Rows of `fatto_profilo` for the typology.

    The group is that of the nearest frozen centroid; membership is the probability of that group in
    the mixture k-means is the limit of; stability is the share of simulations, within the published
    intervals, in which the area keeps its group.

    Args:
        frozen: the typology of the vintage.
        published: published values of the ranked areas, over the typology's indicators.
        specification: the specification table, for the names of what is missing.
        unranked: areas left out, with the reason (Italian).
        year: year of the indicators.
        settings: draws, level and seed.

    Returns:
        One row per area of `published` and `unranked`, in order of identifier.

    Raises:
        ValueError: the values are of other indicators than the typology's.
    """
    if published.indicators != frozen.names:
        raise ValueError("values and typology are of different indicators")
    found = assign(frozen.treat(published.value), frozen.typology)
    membership = frozen_membership(frozen.treat(published.value), frozen.typology)
    names = [group.profilo_id for group in frozen.groups]
    rows: list[dict[str, object]] = []
    for place, area_id in enumerate(published.area_ids):
        label = int(found.label[place])
        if found.reason[place] is not None:
            rows.append(_unclassified(area_id, _why(published, specification, place)))
            continue
        rows.append(
            {
                "area_id": area_id,
                "profilo_id": names[label],
                "appartenenza": float(membership[place, label]),
                "secondo_profilo_id": names[int(found.second[place])],
                "stabilita": _kept(frozen, published, place, label, settings),
                "motivo": None,
            }
        )
    rows += [_unclassified(area_id, reason) for area_id, reason in unranked.items()]
    return (
        pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"motivo": pl.String})
        .with_columns(
            anno=pl.lit(year), modello=pl.lit(MODEL), punti_di_forza=pl.lit(None, dtype=pl.String)
        )
        .sort("area_id")
    )


def typology_rows(specification: Specification, frozen: FrozenTypology) -> pl.DataFrame:
    """Rows of `dim_profilo` for the typology: its groups in words, and the areas without one."""
    rows = []
    for group in frozen.groups:
        z = np.array(group.centroid)
        traits = notable(specification.comparable, z)
        needs = [trait for trait in traits if trait.is_need]
        strengths = [trait for trait in traits if not trait.is_need]
        rows.append(
            {
                "profilo_id": group.profilo_id,
                "etichetta": group.etichetta,
                "label_en": group.label_en,
                "descrizione": description(
                    specification,
                    z,
                    towns=frozen.pool.in_words,
                    exploratory=frozen.exploratory,
                ),
                "tratti_su": _identifiers(needs),
                "tratti_giu": _identifiers(strengths),
                "domande_per_il_tavolo": " ".join(
                    [theme.domande_per_il_tavolo[0] for theme in themes_of(specification, needs)]
                    + [WHAT_OTHERS_DO]
                ),
            }
        )
    rows.append(
        {
            "profilo_id": UNCLASSIFIED,
            "etichetta": "Fuori dalla tipologia",
            "label_en": "Outside the typology",
            "descrizione": "Area senza gruppo: il motivo è accanto a ogni area.",
            "tratti_su": None,
            "tratti_giu": None,
            "domande_per_il_tavolo": "Che cosa sanno di quest'area i servizi che la conoscono?",
        }
    )
    return pl.DataFrame(
        rows,
        infer_schema_length=None,
        schema_overrides={"tratti_su": pl.String, "tratti_giu": pl.String},
    ).with_columns(
        modello=pl.lit(MODEL),
        k=pl.lit(len(frozen.groups)),
        stabilita=pl.lit(frozen.stable.mean),
        esplorativo=pl.lit(frozen.exploratory),
    )


def _kept(
    frozen: FrozenTypology, published: PublishedValues, place: int, label: int, settings: Settings
) -> float:
    """Share of simulated values of one area, within its intervals, that keep its group."""
    generator = settings.generator(f"typology.{published.area_ids[place]}")
    width = published.upper[place] - published.lower[place]
    deviation = width / (2 * stats.norm.ppf((1 + settings.level) / 2))
    noise = generator.normal(size=(settings.draws, len(published.indicators)))
    drawn = published.value[place] + deviation * noise
    return float((assign(frozen.treat(drawn), frozen.typology).label == label).mean())


def _why(published: PublishedValues, specification: Specification, place: int) -> str:
    kept = published.withheld[place]
    absent = np.isnan(published.value[place]) & ~kept
    parts = []
    for flags, words in ((kept, "non pubblicato per riservatezza"), (absent, "dato mancante")):
        named = [
            specification.indicators[name].nome_breve
            for name, flag in zip(published.indicators, flags, strict=True)
            if flag
        ]
        if named:
            parts.append(f"{words}: {', '.join(named)}")
    return "; ".join(parts)


def _unclassified(area_id: str, reason: str) -> dict[str, object]:
    return {
        "area_id": area_id,
        "profilo_id": UNCLASSIFIED,
        "appartenenza": None,
        "secondo_profilo_id": None,
        "stabilita": None,
        "motivo": reason,
    }


def _identifiers(traits: list[Trait]) -> str | None:
    return ", ".join(trait.indicator.indicatore_id for trait in traits) or None
