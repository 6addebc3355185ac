"""Indices of the four needs with their uncertainty, and the evidence for the profiles.

Scores come from frozen goalposts; how far they could be from those shown comes from simulation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from will_pipeline.indicators.areas import AreaCounts, Flags, Floats
from will_pipeline.indicators.estimates import Estimate, Settings, nothing
from will_pipeline.indicators.estimators import estimate
from will_pipeline.indicators.goalposts import CITY_METHOD, Frozen, methods, stack
from will_pipeline.indicators.specification import Specification, Theme
from will_pipeline.needs.profiles import TopThird
from will_pipeline.statistics.monte_carlo import Aggregation, IndexUncertainty, simulate_index
from will_pipeline.statistics.normalise import Goalposts

TOP_FIFTH, TOP_THIRD = 1 / 5, 1 / 3
PUBLISHED_DECIMALS = 1


@dataclass(frozen=True)
class Indices:
    """Rows of `fatto_indice`, and who is in the top third of each need, draw by draw."""

    rows: pl.DataFrame
    evidence: tuple[TopThird, ...]


def estimate_all(
    specification: Specification, areas: AreaCounts, pool: pl.DataFrame, settings: Settings
) -> dict[str, Estimate]:
    """Estimate every indicator that comes from counts of areas, by identifier.

    An indicator one of whose codes is in no column is estimated nowhere.
    """
    return {
        card.indicatore_id: nothing(areas, settings)
        if specification.missing(card.indicatore_id, areas.frame.columns, pool.columns)
        else estimate(card, areas, pool, settings)
        for card in specification.from_census
    }


def theme_indices(
    specification: Specification,
    areas: AreaCounts,
    estimates: Mapping[str, Estimate],
    *,
    frozen: Frozen,
    settings: Settings,
    year: int,
) -> Indices:
    """Index of every need in every ranked area, with likely place; pool index of the cities.

    Args:
        specification: the specification table.
        areas: areas in the order of the estimates, with the columns `ranked` and `residents`.
        estimates: estimate of each indicator.
        frozen: goalposts and class cuts.
        settings: draws, level and seed.
        year: year of the indicators.

    Returns:
        Rows of `fatto_indice` (city-relative and pool scores of ranked areas, pool scores of
        whole cities), and the evidence on the top third over the ranked areas, in order.
    """
    ranked = areas.frame["ranked"].to_numpy()
    rows: list[pl.DataFrame] = []
    evidence: list[TopThird] = []
    for theme in specification.themes:
        values = stack(estimates, specification.index_indicators(theme.dimensione), "value")
        known = np.isfinite(values).all(axis=1)
        for method in methods(specification, theme.dimensione):
            shown = known & (ranked if method == CITY_METHOD else ranked | areas.is_city)
            if not shown.any():
                evidence += _no_evidence(specification, theme, settings, ranked, method)
                continue
            outcome = _simulate(
                specification,
                theme,
                areas,
                estimates,
                frozen=frozen,
                settings=settings,
                method=method,
                shown=shown,
            )
            rows.append(
                _rows(
                    specification,
                    theme,
                    areas,
                    frozen=frozen,
                    outcome=outcome,
                    shown=shown,
                    method=method,
                    year=year,
                )
            )
            if method == CITY_METHOD:
                evidence.append(_evidence(specification, theme, outcome, shown, ranked))
    if not rows:
        raise ValueError("no need has an indicator in any area: there is nothing to publish")
    return Indices(pl.concat(rows), tuple(evidence))


def _no_evidence(
    specification: Specification, theme: Theme, settings: Settings, ranked: Flags, method: str
) -> list[TopThird]:
    if method != CITY_METHOD:
        return []
    places = int(ranked.sum())
    return [
        TopThird(
            theme=theme.dimensione,
            partial=specification.is_partial(theme.dimensione),
            membership=np.zeros((settings.draws, places), dtype=bool),
            lowest=np.zeros((settings.draws, places), dtype=bool),
            known=np.zeros(places, dtype=bool),
        )
    ]


def _simulate(
    specification: Specification,
    theme: Theme,
    areas: AreaCounts,
    estimates: Mapping[str, Estimate],
    *,
    frozen: Frozen,
    settings: Settings,
    method: str,
    shown: Flags,
) -> IndexUncertainty:
    indicators = specification.index_indicators(theme.dimensione)
    cube = np.stack([estimates[i.indicatore_id].draws for i in indicators], axis=-1)[:, shown]
    posts = [frozen.goalposts[i.indicatore_id] for i in indicators]
    references = stack(estimates, indicators, "city")[shown] if method == CITY_METHOD else None
    return simulate_index(
        cube,
        goalposts=posts,
        aggregations=_aggregations(cube, posts, references),
        city=areas.groups[shown],
        generator=settings.generator(f"{theme.dimensione}.{method}"),
        values=stack(estimates, indicators, "value")[shown],
        references=references,
        ranked=~areas.is_city[shown],
        level=settings.level,
        top=(TOP_FIFTH, TOP_THIRD),
    )


def _aggregations(
    cube: Floats, posts: Sequence[Goalposts], references: Floats | None
) -> tuple[Aggregation, ...]:
    """The three variants, or two where some draw lies beyond what a geometric mean can take.

    A figure so uncertain that a draw falls below zero points is not cut to fit a variant: the
    variant is left out for the whole need.
    """
    for position, post in enumerate(posts):
        values = cube[..., position]
        own = 0.0 if references is None else references[:, position] - post.reference
        if (post.normalise((values - own).ravel()) <= 0).any():
            return ("ampi", "mean")
    return ("ampi", "geometric", "mean")


def _rows(
    specification: Specification,
    theme: Theme,
    areas: AreaCounts,
    *,
    frozen: Frozen,
    outcome: IndexUncertainty,
    shown: Flags,
    method: str,
    year: int,
) -> pl.DataFrame:
    score = outcome.baseline
    in_city = method == CITY_METHOD
    missing = np.full(score.size, np.nan)
    places: dict[str, Floats] = {
        "rango_min": outcome.rank_lower if in_city else missing,
        "rango_max": outcome.rank_upper if in_city else missing,
        "n_aree": outcome.ranked_in_city.astype(np.float64) if in_city else missing,
        "p_quinto_alto": outcome.p_top[TOP_FIFTH] if in_city else missing,
        "p_terzo_alto": outcome.p_top[TOP_THIRD] if in_city else missing,
        "p_terzo_basso": outcome.p_bottom_third if in_city else missing,
    }
    return pl.DataFrame(
        {
            "area_id": areas.frame["area_id"].filter(pl.Series(shown)),
            "dimensione": theme.dimensione,
            "anno": year,
            "metodo": method,
            "indice": score.round(PUBLISHED_DECIMALS),
            "ic_inf": np.minimum(outcome.lower, score).round(PUBLISHED_DECIMALS),
            "ic_sup": np.maximum(outcome.upper, score).round(PUBLISHED_DECIMALS),
            **places,
            "classe": frozen.classify(theme.dimensione, method, score),
            "n_indicatori": len(specification.index_indicators(theme.dimensione)),
            "parziale": specification.is_partial(theme.dimensione),
        }
    ).with_columns(pl.selectors.float().fill_nan(None))


def _evidence(
    specification: Specification,
    theme: Theme,
    outcome: IndexUncertainty,
    shown: Flags,
    ranked: Flags,
) -> TopThird:
    draws = outcome.membership_top_third.shape[0]
    highest, lowest = (np.zeros((draws, ranked.size), dtype=bool) for _ in range(2))
    highest[:, shown] = outcome.membership_top_third
    lowest[:, shown] = outcome.membership_bottom_third
    return TopThird(
        theme=theme.dimensione,
        partial=specification.is_partial(theme.dimensione),
        membership=highest[:, ranked],
        lowest=lowest[:, ranked],
        known=shown[ranked],
    )
