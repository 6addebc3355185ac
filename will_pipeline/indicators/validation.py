"""Comparing our numbers with what others published on the same areas.

Agreement is measured, never enforced: nothing here changes a number, and no published index of
others ships with the project.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.stats import kendalltau

from will_pipeline.indicators.areas import MUNICIPALITY_LEVEL, Floats
from will_pipeline.indicators.goalposts import CITY_METHOD

LEAST_COMPARED = 3
_GROUP = ["pro_com", "livello", "dimensione", "anno"]


@dataclass(frozen=True)
class Agreement:
    """How two measures of the same n places agree; NaN where one of them does not vary.

    Attributes:
        n: places compared.
        pearson: linear correlation.
        spearman: correlation of ranks.
        kendall: tau-b, the excess of concordant over discordant pairs, ties allowed for.
    """

    n: int
    pearson: float
    spearman: float
    kendall: float


@dataclass(frozen=True)
class Comparison:
    """Comparison of an outside index with ours.

    Attributes:
        summary: one row per city, level, need and year: `n`, `pearson`, `spearman`, `kendall`,
            empty where fewer than three areas can be compared or one index does not vary.
        places: one row per area, need and year: both indices and both ranks (1 is most need),
            `rank_gap` (ours minus theirs) and `within_range`, whether their rank lies in the
            range of likely places that we publish.
        unmatched: areas of the outside table without an index of ours, sorted.
    """

    summary: pl.DataFrame
    places: pl.DataFrame
    unmatched: tuple[str, ...]


def agreement(ours: Floats, theirs: Floats) -> Agreement:
    """Agreement of two measures over the places where both are known.

    Args:
        ours: shape (n,), NaN where missing.
        theirs: shape (n,), NaN where missing.

    Raises:
        ValueError: the measures differ in length, or fewer than three places have both.

    Source:
        Kendall, M. G. (1945), The treatment of ties in ranking problems, Biometrika 33(3).
    """
    if ours.shape != theirs.shape:
        raise ValueError(f"measures of {ours.shape} and {theirs.shape} places")
    both = np.isfinite(ours) & np.isfinite(theirs)
    a, b = ours[both], theirs[both]
    if a.size < LEAST_COMPARED:
        raise ValueError(f"{a.size} places have both measures, {LEAST_COMPARED} are needed")
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return Agreement(a.size, np.nan, np.nan, np.nan)
    ranks = np.column_stack([pl.Series(each).rank().to_numpy() for each in (a, b)])
    return Agreement(
        n=a.size,
        pearson=float(np.corrcoef(a, b)[0, 1]),
        spearman=float(np.corrcoef(ranks, rowvar=False)[0, 1]),
        kendall=float(kendalltau(a, b).statistic),
    )


def compare_with_idise(frame: pl.DataFrame, indices: pl.DataFrame) -> Comparison:
    """Compare ISTAT's index of socio-economic discomfort (IDISE) with our indices, by area.

    IDISE is relative to its municipality, so areas are compared within a city and level, with our
    city-relative index. The needs are kept apart: IDISE mixes labour, education and income, and
    need not agree with loneliness.

    Args:
        frame: `area_id` as in `dim_area` and `idise` (more is more discomfort), one row an area.
        indices: rows of `fatto_indice`.

    Raises:
        ValueError: a column is absent, an area comes twice, or an identifier is not of the form
            `<pro_com>.<level><code>`.
    """
    absent = {"area_id", "idise"} - set(frame.columns)
    if absent:
        raise ValueError(f"IDISE: mancano le colonne {sorted(absent)}")
    repeated = frame.filter(frame["area_id"].is_duplicated())["area_id"].unique().sort()
    if repeated.len():
        raise ValueError(f"IDISE: aree ripetute {repeated.to_list()}")
    malformed = frame.filter(~pl.col("area_id").str.contains(r"^\d{6}\.[QA]\w+(@\w+)?$"))
    if malformed.height:
        raise ValueError(f"IDISE: identificativi non ammessi {malformed['area_id'].to_list()}")
    own = indices.filter(pl.col("metodo") == CITY_METHOD)
    known = frame.filter(pl.col("idise").is_finite().fill_null(value=False))
    both = own.join(known.select("area_id", "idise"), on="area_id").with_columns(
        pro_com=pl.col("area_id").str.head(6), livello=pl.col("area_id").str.slice(7, 1)
    )
    both = both.filter(pl.col("livello") != MUNICIPALITY_LEVEL).sort(*_GROUP, "area_id")
    places = both.with_columns(our_rank=_rank("indice"), their_rank=_rank("idise")).with_columns(
        rank_gap=pl.col("our_rank") - pl.col("their_rank"),
        within_range=pl.col("their_rank").is_between("rango_min", "rango_max"),
    )
    return Comparison(
        summary=_summary(both),
        places=places.select(
            *_GROUP, "area_id", "indice", "idise", "our_rank", "their_rank", "rank_gap",
            "within_range",
        ),
        unmatched=tuple(sorted(set(frame["area_id"]) - set(both["area_id"]))),
    )  # fmt: skip


def _rank(column: str) -> pl.Expr:
    return pl.col(column).rank("min", descending=True).over(_GROUP).cast(pl.Int64)


def _summary(both: pl.DataFrame) -> pl.DataFrame:
    measures = ("pearson", "spearman", "kendall")
    rows: list[dict[str, object]] = []
    for key, group in both.group_by(_GROUP, maintain_order=True):
        row = dict(zip(_GROUP, key, strict=True)) | {"n": group.height}
        if group.height >= LEAST_COMPARED:
            found = agreement(group["indice"].to_numpy(), group["idise"].to_numpy())
            row |= {name: getattr(found, name) for name in measures}
        rows.append(row)
    texts = {"pro_com": pl.String, "livello": pl.String, "dimensione": pl.String}
    schema = texts | {"anno": pl.Int64, "n": pl.Int64} | dict.fromkeys(measures, pl.Float64)
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col(measures).fill_nan(None))
