"""Statistical disclosure control of indicators and indices: what small areas keep to themselves.

City totals are published, so hiding one small area is not enough: the area beside it must not give
the hidden counts back by difference.
"""

from __future__ import annotations

import polars as pl

from will_pipeline.indicators.areas import GROUP, MUNICIPALITY_LEVEL, AreaCounts
from will_pipeline.indicators.specification import Specification

CANDIDATES = 30
"""Counts within one step of rounding of an area beside a small one. Value and both ends of the
interval are rounded, and together they leave about a third of them."""
RARE = 2 * CANDIDATES
"""Counts under this are withheld beside a small area: no rounding hides so few."""
RECOVERABLE_TIERS = ("osservato", "derivato")
RECOVERABLE_KINDS = ("over_concentration",)
EXPECTED_PERSONS = ("synthetic", "missing_parity")
WHOLE_PERSONS = ("observed_count",)
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
SHARED_NOTE = "calcolato insieme a un gruppo vicino con meno di {} residenti, per riservatezza"
_KNOWN = ("valore", "numeratore", "denominatore")
_PER_HUNDRED = 100.0


def withhold(facts: pl.DataFrame, areas: AreaCounts, specification: Specification) -> pl.DataFrame:
    """Withhold values under the floor, and what would give them back.

    Areas that share their counts with a small group (see `protection`) publish no counts, nor
    whole numbers of persons, since theirs are no observed ones; what is computed from shared
    counts stays, and tells nothing more than the areas around it.

    An area under a floor that an indicator sets higher, or with fewer than five expected persons
    in need, keeps the number to itself, and the next smallest area of the same city and level
    stands beside it. There, observed counts are withheld; observed and derived values, from which
    the count could be worked out, go with them (complementary suppression); values that mix the
    count with the rest of the city stay, rounded to steps of thirty counts (controlled rounding),
    since an estimator with few unknowns can be turned back.

    Args:
        facts: rows of `fatto_indicatore`.
        areas: the areas of the rows, with `residents`.
        specification: the specification table, for floor, tier and kind.

    Returns:
        The same rows; withheld ones have status `soppresso` or `soppresso_secondario`, those
        computed from shared counts a note. A row with neither value nor counts keeps its status.

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
    places = areas.frame.select("area_id", *GROUP, "residents").with_columns(
        small=pl.Series(~areas.publishable), shared=pl.Series(areas.shared)
    )
    rows = facts.join(places, on="area_id", how="left", maintain_order="left").join(
        cards, on="indicatore_id", how="left", maintain_order="left"
    )
    rows = beside_small(_without_few(rows), [*GROUP, "indicatore_id", "anno", "gruppo"])
    rows = rows.with_columns(recoverable=pl.col("recoverable") | (pl.col("numeratore") < RARE))
    rows = _rounded_beside(rows).with_columns(
        # Where nothing is known there is nothing to withhold: missing is not suppressed.
        stato=pl.when(pl.all_horizontal(pl.col(*_KNOWN).is_null()))
        .then("stato")
        .when(pl.col("below") & (pl.col("residents") < pl.col("floor")))
        .then(pl.lit("soppresso"))
        .when(
            pl.col("below")
            | (pl.col("beside") & pl.col("recoverable"))
            | (pl.col("shared") & pl.col("kind").is_in(WHOLE_PERSONS))
        )
        .then(pl.lit("soppresso_secondario"))
        .otherwise("stato")
    )
    withheld = pl.col("stato").is_in(["soppresso", "soppresso_secondario"])
    return (
        rows.with_columns(*(pl.when(~withheld).then(pl.col(name)).alias(name) for name in WITHHELD))
        .with_columns(
            *(
                pl.when(~(pl.col("beside") | pl.col("shared"))).then(pl.col(name)).alias(name)
                for name in ("numeratore", "denominatore")
            )
        )
        .with_columns(
            nota=pl.when(pl.col("shared") & (pl.col("stato") == "valido")).then(
                pl.format(SHARED_NOTE, pl.lit(areas.floor))
            )
        )
        .select(facts.columns)
    )


def beside_small(rows: pl.DataFrame, within: list[str]) -> pl.DataFrame:
    """Mark rows under their floor (`below`) and the next smallest of the same group (`beside`).

    City totals are published, so the next smallest area must not give the hidden number back by
    difference. Areas that are small for every indicator need nobody beside them: the counts around
    them are shared already.

    Args:
        rows: `residents`, `floor`, `level`, `small` and the columns of `within`.
        within: columns that make a group.
    """
    under = pl.col("residents") < pl.col("floor")
    below = (under | (pl.col("small") & (pl.col("floor") > 0))) & (
        pl.col("level") != MUNICIPALITY_LEVEL
    )
    others = pl.when(~pl.col("below")).then(pl.col("residents"))
    return rows.with_columns(below=below).with_columns(
        beside=(pl.col("below") & ~pl.col("small")).any().over(within)
        & ~pl.col("below")
        & (others.rank("ordinal").over(within) == 1).fill_null(value=False)
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
