"""Statistical disclosure control of indicators and indices: what small areas keep to themselves.

City totals are published, so hiding one small area is not enough: the area beside it must not give
the hidden counts back by difference.
"""

from __future__ import annotations

import polars as pl

from will_pipeline.indicators.areas import GROUP, beside_small
from will_pipeline.indicators.specification import Specification

CANDIDATES = 30
"""Counts within one step of rounding of an area beside a small one. Value and both ends of the
interval are rounded, and together they leave about a third of them."""
RARE = 2 * CANDIDATES
"""Counts under this are withheld beside a small area: no rounding hides so few."""
RECOVERABLE_TIERS = ("osservato", "derivato")
RECOVERABLE_KINDS = ("over_concentration",)
EXPECTED_PERSONS = ("synthetic", "missing_parity")
LEAST_PERSONS = 5
"""Expected persons in need under which an area keeps them to itself."""
WITHHELD = (
    "valore",
    "numeratore",
    "denominatore",
    "ic_inf",
    "ic_sup",
    "affidabilita",
    "indice_100",
    "lettura",
)
_KNOWN = ("valore", "numeratore", "denominatore")
_PER_HUNDRED = 100.0


def withhold(
    facts: pl.DataFrame, areas: pl.DataFrame, specification: Specification
) -> pl.DataFrame:
    """Withhold values under the floor, and what would give them back.

    Where one area of a city is under the floor, the next smallest area of the same city and level
    stands beside it. There, observed counts are withheld; observed and derived values, from which
    the count could be worked out, go with them (complementary suppression); values that mix the
    count with the rest of the city stay, rounded to steps of thirty counts (controlled rounding),
    since an estimator with few unknowns can be turned back. An area with fewer than five expected
    persons in need is treated like one under the floor, in persons and in share.

    Args:
        facts: rows of `fatto_indicatore`.
        areas: `area_id`, `pro_com`, `level`, `residents`.
        specification: the specification table, for floor and tier.

    Returns:
        The same rows; withheld ones have status `soppresso` or `soppresso_secondario`. A row with
        neither value nor counts keeps its status.

    Source:
        Hundepool, A. et al. (2012), Statistical Disclosure Control, Wiley, chapters 4 and 5.
    """
    cards = pl.DataFrame(
        [
            {
                "indicatore_id": i.indicatore_id,
                "floor": i.soglia_riservatezza,
                "recoverable": i.tipo in RECOVERABLE_TIERS or i.estimator.kind in RECOVERABLE_KINDS,
                "kind": i.estimator.kind,
            }
            for i in specification.indicators.values()
        ]
    )
    rows = facts.join(
        areas.select("area_id", *GROUP, "residents"),
        on="area_id",
        how="left",
        maintain_order="left",
    ).join(cards, on="indicatore_id", how="left", maintain_order="left")
    rows = _without_few(rows)
    rows = beside_small(rows, [*GROUP, "indicatore_id", "anno", "gruppo"]).with_columns(
        recoverable=pl.col("recoverable") | (pl.col("numeratore") < RARE)
    )
    rows = _rounded_beside(rows).with_columns(
        # Where nothing is known there is nothing to withhold: missing is not suppressed.
        stato=pl.when(pl.all_horizontal(pl.col(*_KNOWN).is_null()))
        .then("stato")
        .when("below")
        .then(pl.lit("soppresso"))
        .when(pl.col("beside") & pl.col("recoverable"))
        .then(pl.lit("soppresso_secondario"))
        .otherwise("stato")
    )
    withheld = pl.col("stato").is_in(["soppresso", "soppresso_secondario"])
    return (
        rows.with_columns(*(pl.when(~withheld).then(pl.col(name)).alias(name) for name in WITHHELD))
        .with_columns(
            *(
                pl.when(~pl.col("beside")).then(pl.col(name)).alias(name)
                for name in ("numeratore", "denominatore")
            )
        )
        .select(facts.columns)
    )


def coarsen_indices(rows: pl.DataFrame, areas: pl.DataFrame, *, floor: int) -> pl.DataFrame:
    """Round to whole points the indices of areas beside one under the floor.

    With one decimal, the indicator that was withheld there could be worked out from the index and
    the other indicators to within a few persons.

    Args:
        rows: rows of `fatto_indice`.
        areas: `area_id`, `pro_com`, `level`, `residents`.
        floor: residents under which an area keeps its numbers to itself.

    Returns:
        The same rows, intervals rounded outwards.
    """
    placed = beside_small(areas.with_columns(floor=pl.lit(floor)), GROUP)
    beside = placed.filter("beside")["area_id"].implode()
    coarse = pl.col("area_id").is_in(beside)
    return rows.with_columns(
        indice=pl.when(coarse).then(pl.col("indice").round(0)).otherwise("indice"),
        ic_inf=pl.when(coarse).then(pl.col("ic_inf").floor()).otherwise("ic_inf"),
        ic_sup=pl.when(coarse).then(pl.col("ic_sup").ceil()).otherwise("ic_sup"),
    )


def _without_few(rows: pl.DataFrame) -> pl.DataFrame:
    persons = (
        pl.when(pl.col("kind").is_in(EXPECTED_PERSONS))
        .then("valore")
        .when(pl.col("kind") == "synthetic_share")
        .then(pl.col("valore") * pl.col("denominatore") / _PER_HUNDRED)
    )
    few = (persons < LEAST_PERSONS).fill_null(value=False)
    above = pl.max_horizontal("floor", pl.col("residents") + 1)
    return rows.with_columns(floor=pl.when(few).then(above).otherwise("floor"))


def _rounded_beside(rows: pl.DataFrame) -> pl.DataFrame:
    # Persons move with the exposed residents: thirty of these are worth thirty times the rate.
    one = (
        pl.when(pl.col("kind").is_in(EXPECTED_PERSONS))
        .then("valore")
        .otherwise(pl.lit(_PER_HUNDRED))
    )
    counts = CANDIDATES * one / pl.col("denominatore")
    step = rounding_step(counts)
    rounded = pl.col("beside") & (pl.col("denominatore") > 0) & (counts > 0)
    value = (pl.col("valore") / step).round(0) * step
    return rows.with_columns(
        valore=pl.when(rounded).then(value.round(6)).otherwise("valore"),
        ic_inf=pl.when(rounded)
        .then(((pl.col("ic_inf") / step).floor() * step).round(6))
        .otherwise("ic_inf"),
        ic_sup=pl.when(rounded)
        .then(((pl.col("ic_sup") / step).ceil() * step).round(6))
        .otherwise("ic_sup"),
        indice_100=pl.when(rounded & pl.col("indice_100").is_not_null())
        .then((_PER_HUNDRED * value / pl.col("valore_comune")).round(6))
        .otherwise("indice_100"),
    ).with_columns(
        # The words must follow from the numbers that are published, not from finer ones.
        lettura=pl.when(rounded & pl.col("lettura").is_not_null())
        .then(reading())
        .otherwise("lettura")
    )


def rounding_step(counts: pl.Expr) -> pl.Expr:
    """Step of controlled rounding: the smallest of 1, 2, 5, 10, 20 ... that hides so many counts.

    Args:
        counts: what `CANDIDATES` counts are worth in the unit of the value, above zero.
    """
    power = 10.0 ** counts.log10().floor()
    return (
        pl.when(counts <= power)
        .then(power)
        .when(counts <= 2 * power)
        .then(2 * power)
        .when(counts <= 5 * power)
        .then(5 * power)
        .otherwise(10 * power)
    )


def reading() -> pl.Expr:
    """Where the interval lies with respect to the city: above, below, or indistinguishable."""
    return (
        pl.when(pl.col("ic_inf") > pl.col("valore_comune"))
        .then(pl.lit("sopra"))
        .when(pl.col("ic_sup") < pl.col("valore_comune"))
        .then(pl.lit("sotto"))
        .otherwise(pl.lit("non_distinguibile"))
    )
