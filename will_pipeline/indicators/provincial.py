"""What provinces teach: the level of a condition, and how much signals of the census move it.

Levels come from the BES of territories, signals from the census areas of the same provinces; the
two meet here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.indicators.areas import Floats
from will_pipeline.indicators.kinds import ProvincialLevel, Synthetic
from will_pipeline.indicators.signals import province_signals
from will_pipeline.indicators.specification import Specification
from will_pipeline.readers.territory_codes import province_code
from will_pipeline.statistics.synthetic import Tilt, estimate_tilt

SOURCE = "istat_bes_territori"
YEARS_OF_LEVEL = 3
LATER_PROVINCES = {
    "Olbia-Tempio": "Sassari",
    "Carbonia-Iglesias": "Sud Sardegna",
    "Medio Campidano": "Sud Sardegna",
}
"""Provinces of 2011 that the BES of territories counts inside another one."""
_PER_HUNDRED = 100.0


@dataclass(frozen=True)
class ProvincialLevels:
    """Mean of the last three years of a series, by province.

    Attributes:
        shares: mean share by code of the province, within [0, 1].
        relative_error: standard error of a mean over the mean, the same for every province: the
            scatter of the years once province and common year effect are removed, pooled over the
            provinces, over the square root of the number of years. The source publishes none.
        year: last of the years.
    """

    shares: dict[str, float]
    relative_error: float
    year: int


@dataclass(frozen=True)
class Validation:
    """How well the signals predict provinces of a region that taught them nothing.

    Attributes:
        with_signals: root mean square error of the logarithm of the province's level over its
            region's, corrected for the mean of the region, leaving one region out at a time.
        without_signals: the same with no signal at all.
        provinces: provinces compared (regions of one province teach nothing).
        regions: regions left out in turn.
        unmatched: provinces found in one of the two sources only.
    """

    with_signals: float
    without_signals: float
    provinces: int
    regions: int
    unmatched: tuple[str, ...]


@dataclass(frozen=True)
class ProvincialLesson:
    """What the provinces teach about one indicator."""

    levels: ProvincialLevels
    tilt: Tilt
    validation: Validation


def provincial_levels(series: pl.DataFrame, code: str) -> ProvincialLevels:
    """Level of every province: mean of the last three years of a series, both sexes.

    Args:
        series: `province_code`, `indicator_code`, `sex`, `year`, `value` (per cent).
        code: the indicator of the source.

    Returns:
        Levels of the provinces that have all three years.

    Raises:
        ValueError: the series has fewer than three years or two complete provinces.
    """
    rows = series.filter(
        (pl.col("indicator_code") == code) & (pl.col("sex") == "T") & pl.col("value").is_not_null()
    )
    years = sorted(rows["year"].unique())[-YEARS_OF_LEVEL:]
    kept = (
        rows.filter(pl.col("year").is_in(years))
        .sort("province_code", "year")
        .group_by("province_code", maintain_order=True)
        .agg("value")
        .filter(pl.col("value").list.len() == YEARS_OF_LEVEL)
    )
    if len(years) < YEARS_OF_LEVEL or kept.height < 2:
        raise ValueError(f"series {code}: three years of at least two provinces are needed")
    values = np.array(kept["value"].to_list(), dtype=np.float64)
    logs = np.log(values)
    scatter = logs - logs.mean(axis=1, keepdims=True) - logs.mean(axis=0) + logs.mean()
    freedom = (YEARS_OF_LEVEL - 1) * (len(values) - 1)
    relative = float(np.sqrt((scatter**2).sum() / freedom / YEARS_OF_LEVEL))
    means = (values.mean(axis=1) / _PER_HUNDRED).tolist()
    return ProvincialLevels(
        dict(zip(kept["province_code"], means, strict=True)), relative, int(years[-1])
    )


def provinces_of_areas(pool: pl.DataFrame) -> pl.DataFrame:
    """Sums of ISTAT's codes by province of today, `code` missing where there is none.

    Args:
        pool: census areas of Italy with `province` and `region`, names of 2011.
    """
    return (
        pool.with_columns(province=pl.col("province").replace(LATER_PROVINCES))
        .group_by("province", "region")
        .agg(pl.selectors.numeric().sum())
        .with_columns(code=pl.col("province").map_elements(province_code, return_dtype=pl.String))
        .sort("province", "region")
    )


def learn(
    estimator: Synthetic, specification: Specification, pool: pl.DataFrame, series: pl.DataFrame
) -> ProvincialLesson:
    """Learn levels and weights of the signals from the provinces.

    Weights are estimated inside regions (one constant for each region): a benchmark already tells
    the level of a place, and what is carried to areas is how places of one level differ. Signals
    of a province are those of its towns that have census areas.

    Args:
        estimator: the synthetic indicator, of provincial level.
        specification: the specification table.
        pool: census areas of Italy with `province` and `region`.
        series: the BES of territories.

    Returns:
        Levels, tilt and out-of-sample error.

    Raises:
        TypeError: the level of the indicator is not that of a province.
        ValueError: the two sources have too few provinces in common.

    Source:
        Fay and Herriot (1979) and Gonzalez (1973), as in `statistics.synthetic.estimate_tilt`.
    """
    if not isinstance(estimator.level, ProvincialLevel):
        raise TypeError("the level must be that of a province")
    levels = provincial_levels(series, estimator.level.series)
    towns = provinces_of_areas(pool)
    known = pl.col("code").is_in(list(levels.shares))
    matched = towns.filter(known)
    alone = pl.len().over("region") == 1
    compared = matched.filter(~alone)
    if compared["region"].n_unique() < 2:
        raise ValueError("provinces of at least two regions are needed in both sources")
    both = province_signals(estimator, specification, pool, matched)
    signals = both[~matched.select(alone).to_series().to_numpy()]
    shares = np.array([levels.shares[code] for code in compared["code"]])
    regions = compared["region"].to_numpy().astype(str)
    names = dict(series.select("province_code", "province").unique().iter_rows())
    unmatched = {
        *towns.filter(~known.fill_null(value=False))["province"],
        *(names[code] for code in set(levels.shares) - set(matched["code"])),
    }
    error = levels.relative_error
    gaps = np.log(shares) - _means(np.log(shares)[:, None], regions)[:, 0]
    residuals = gaps.copy()
    for region in np.unique(regions):
        out = regions == region
        weights = _tilt(shares[~out], error, signals[~out], regions[~out]).weights
        own = signals[out] - signals[out].mean(axis=0)
        residuals[out] = gaps[out] - own @ weights
    freedom = len(gaps) - np.unique(regions).size
    return ProvincialLesson(
        levels,
        _tilt(shares, error, signals, regions),
        Validation(
            with_signals=float(np.sqrt((residuals**2).sum() / freedom)),
            without_signals=float(np.sqrt((gaps**2).sum() / freedom)),
            provinces=len(gaps),
            regions=int(np.unique(regions).size),
            unmatched=tuple(sorted(unmatched)),
        ),
    )


def _tilt(
    shares: Floats, relative_error: float, signals: Floats, regions: NDArray[np.str_]
) -> Tilt:
    """Weights of the signals with one constant for each region."""
    labels = np.unique(regions)
    constants = (regions[:, None] == labels[None, 1:]).astype(np.float64)
    fit = estimate_tilt(
        shares,
        relative_error * shares,
        np.full(shares.size, shares.mean()),
        np.column_stack([signals, constants]),
    )
    k = signals.shape[1]
    return Tilt(fit.weights[:k], fit.covariance[:k, :k], fit.heterogeneity, fit.bound)


def _means(values: Floats, regions: NDArray[np.str_]) -> Floats:
    labels, member = np.unique(regions, return_inverse=True)
    sums = np.zeros((labels.size, values.shape[1]))
    np.add.at(sums, member, values)
    return (sums / np.bincount(member)[:, None])[member]
