"""Goalposts and class cuts, frozen at the base vintage so that no nightly run can move a score.

The tables under `frozen/` are made once by `freeze` from the areas of the cities and then only
read; a new base vintage is a new pair of tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from will_pipeline.indicators.areas import AreaCounts, Flags, Floats
from will_pipeline.indicators.estimates import Estimate
from will_pipeline.indicators.specification import Indicator, Specification
from will_pipeline.statistics.composite import ampi, penalised_mean
from will_pipeline.statistics.normalise import Goalposts

FROZEN_FOLDER = Path(__file__).parent / "frozen"
BASE_EDITION = "2011.3"
CITY_METHOD, POOL_METHOD = "ampi_citta", "ampi"
CLASSES = 5
POOL_LEVEL = "A"
CUT_DECIMALS = 6


@dataclass(frozen=True)
class Frozen:
    """Goalposts by indicator and the four cuts between classes by theme and method."""

    goalposts: Mapping[str, Goalposts]
    cuts: Mapping[tuple[str, str], tuple[float, ...]]

    def classify(self, theme: str, method: str, scores: Floats) -> Floats:
        """Class from 1 (least need) to 5 of each score, shape (n,)."""
        cuts = np.array(self.cuts[(theme, method)])
        # The cuts were rounded when frozen: a score that sits on one must not cross it.
        position = np.searchsorted(cuts, scores.round(CUT_DECIMALS), side="left")
        return np.asarray(1.0 + position, dtype=np.float64)


def load_frozen(edition: str = BASE_EDITION, folder: Path = FROZEN_FOLDER) -> Frozen:
    """Read the frozen tables of one edition.

    Raises:
        FileNotFoundError: the edition was never frozen.
    """
    posts = pl.read_csv(
        folder / f"goalposts_{edition}.csv", schema_overrides={"polarity": pl.Int64}
    )
    cuts = pl.read_csv(folder / f"classes_{edition}.csv")
    return Frozen(
        goalposts={
            row["indicator_id"]: Goalposts(
                row["minimum"],
                row["maximum"],
                (row["minimum"] + row["maximum"]) / 2,
                "+" if row["polarity"] > 0 else "-",
            )
            for row in posts.iter_rows(named=True)
        },
        cuts={
            (row["theme"], row["method"]): tuple(row[f"cut_{k}"] for k in range(1, CLASSES))
            for row in cuts.iter_rows(named=True)
        },
    )


def freeze(
    specification: Specification,
    areas: AreaCounts,
    estimates: Mapping[str, Estimate],
    ranked: pl.Series,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make the frozen tables from the pool: ranked census areas of every city.

    Goalposts are the mean of the pool plus and minus half its range (Mazziotta and Pareto 2016);
    cuts are the quintiles of the pool's scores.

    Args:
        specification: the specification table.
        areas: areas in the order of the estimates.
        estimates: estimate of each indicator.
        ranked: whether each area is ranked, shape (n,).

    Returns:
        The tables of goalposts and of class cuts, rounded to ten significant decimals.
    """
    pool = ((areas.frame["level"] == POOL_LEVEL) & ranked).to_numpy() & areas.publishable
    posts: dict[str, Goalposts] = {}
    cuts: list[dict[str, object]] = []
    for theme in specification.themes:
        indicators = specification.index_indicators(theme.dimensione)
        for indicator in indicators:
            values = estimates[indicator.indicatore_id].value[pool]
            posts[indicator.indicatore_id] = Goalposts.from_pool(
                values, "+" if indicator.polarita > 0 else "-"
            )
        chosen = [posts[indicator.indicatore_id] for indicator in indicators]
        scores = {
            POOL_METHOD: ampi(stack(estimates, indicators, "value")[pool], chosen),
            CITY_METHOD: city_relative(estimates, indicators, chosen, pool),
        }
        for method in methods(specification, theme.dimensione):
            score = scores[method]
            quintiles = np.quantile(score, np.arange(1, CLASSES) / CLASSES)
            cuts.append(
                {"theme": theme.dimensione, "method": method}
                | {
                    f"cut_{k + 1}": round(float(cut), CUT_DECIMALS)
                    for k, cut in enumerate(quintiles)
                }
            )
    table = pl.DataFrame(
        [
            {
                "indicator_id": name,
                "polarity": 1 if post.polarity == "+" else -1,
                "minimum": round(post.minimum, 10),
                "maximum": round(post.maximum, 10),
            }
            for name, post in posts.items()
        ]
    )
    return table, pl.DataFrame(cuts)


def methods(specification: Specification, theme: str) -> tuple[str, ...]:
    """Methods by which the index of `theme` may be published.

    A score that compares cities needs indicators that compare cities.
    """
    within = any(
        indicator.comparabilita == "entro_comune"
        for indicator in specification.index_indicators(theme)
    )
    return (CITY_METHOD,) if within else (CITY_METHOD, POOL_METHOD)


def stack(
    estimates: Mapping[str, Estimate], indicators: tuple[Indicator, ...], name: str
) -> Floats:
    """One attribute of several estimates side by side, shape (n, indicators)."""
    return np.column_stack([getattr(estimates[i.indicatore_id], name) for i in indicators])


def city_relative(
    estimates: Mapping[str, Estimate],
    indicators: tuple[Indicator, ...],
    goalposts: list[Goalposts],
    chosen: Flags,
) -> Floats:
    """AMPI of chosen areas where each one's city scores 100 (ISTAT's convention for IDISE)."""
    shifted = (stack(estimates, indicators, "value") - stack(estimates, indicators, "city"))[chosen]
    points = np.column_stack(
        [post.with_reference(0.0).normalise(shifted[:, j]) for j, post in enumerate(goalposts)]
    )
    return penalised_mean(points)
