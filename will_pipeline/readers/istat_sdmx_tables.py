"""Flows of ISTAT's SDMX service brought to the tables that the graph has of them.

What belongs here is the passage from observations by code to one row a territory and year; the
layout of an answer is the matter of `istat_sdmx_flows`.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.readers.istat_sdmx_flows import observations
from will_pipeline.readers.territory_codes import PROVINCES, REGIONS

LIFE, NEET = "DF_DCSS_BEST_PPC_2_GC", "172_931"
_ALL_SEXES = ("T", "9")
_SCORES = {"SA_8": "persons_8", "SA_9": "persons_9", "SA_10": "persons_10", "ALL": "persons_total"}
_SEXES = {"1": "M", "2": "F", "9": "T"}


def life_satisfaction(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Read satisfaction with life as a whole by province, out of the flow itself.

    Args:
        files: One SDMX-CSV answer of DF_DCSS_BEST_PPC_2_GC.

    Returns:
        One row per province and year, as `istat_sdmx.life_satisfaction` gives it: province_code,
        province, year, persons_8, persons_9, persons_10, persons_total (estimated persons aged 14
        and over), share_8_10 (percent, two decimals).

    Raises:
        SourceFault: As `istat_sdmx_flows.observations`; or a province lacks one of the scores, or
            has two figures for one.

    Source:
        ISTAT, Benessere equo e sostenibile dei territori, dataflow DF_DCSS_BEST_PPC_2_GC.
    """
    table = observations(files, flow=LIFE).filter(
        pl.col("territory").is_in(list(PROVINCES)),
        pl.col("gender").is_in(_ALL_SEXES),
        pl.col("life_satisf").is_in(list(_SCORES)),
    )
    key = ["territory", "year"]
    _require_one(table, [*key, "life_satisf"], LIFE)
    wide = table.pivot("life_satisf", index=key, values="value").rename(_SCORES, strict=False)
    absent = [name for name in _SCORES.values() if name not in wide.columns]
    holes = wide.filter(pl.any_horizontal(pl.all().is_null())) if not absent else wide
    if absent or holes.height:
        where = f"territorio {holes['territory'][0]}" if holes.height else ""
        raise SourceFault(f"istat_sdmx_{LIFE}", "-", where, "manca un voto o il totale")
    high = pl.sum_horizontal("persons_8", "persons_9", "persons_10")
    return wide.select(
        pl.col("territory").alias("province_code"),
        pl.col("territory").replace_strict(dict(PROVINCES)).alias("province"),
        "year",
        *_SCORES.values(),
        (100 * high / pl.col("persons_total")).round(2).alias("share_8_10"),
    ).sort("province_code", "year")


def neet_by_region(files: Mapping[str, bytes], *, age_class: str) -> pl.DataFrame:
    """Read the share of NEET by region and sex, out of the flow itself.

    Args:
        files: One SDMX-CSV answer of 172_931.
        age_class: Code of the age class to keep.

    Returns:
        One row per region, sex and year, as `istat_sdmx.neet_by_region` gives it: region_code,
        region, age_class, sex (`M`, `F`, `T`), year, share (percent), flag.

    Raises:
        SourceFault: As `istat_sdmx_flows.observations`; or the class is not there, or a region has
            two figures for one sex and year.

    Source:
        ISTAT, Rilevazione sulle forze di lavoro, dataflow 172_931.
    """
    table = observations(files, flow=NEET).filter(
        pl.col("territory").is_in(list(REGIONS)),
        pl.col("data_type") == "NEET_I",
        pl.col("age") == age_class,
        pl.col("sex").is_in(list(_SEXES)),
    )
    if table.is_empty():
        raise SourceFault(f"istat_sdmx_{NEET}", "-", "colonna AGE", f"manca la classe {age_class}")
    _require_one(table, ["territory", "sex", "year"], NEET)
    return table.select(
        pl.col("territory").alias("region_code"),
        pl.col("territory").replace_strict(dict(REGIONS)).alias("region"),
        pl.col("age").alias("age_class"),
        pl.col("sex").replace_strict(_SEXES),
        "year",
        pl.col("value").alias("share"),
        "flag",
    ).sort("region_code", "sex", "year")


def _require_one(table: pl.DataFrame, key: list[str], flow: str) -> None:
    twice = table.filter(pl.struct(key).is_duplicated())
    if twice.height:
        row = twice.row(0, named=True)
        where = f"territorio {row['territory']}, anno {row['year']}"
        raise SourceFault(f"istat_sdmx_{flow}", "-", where, "ci sono due cifre per la stessa voce")
