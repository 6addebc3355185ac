"""The invented figures as tables of the sources they replace, with their seals.

Which sources these are, and how their descriptions change, is written in the example's
`sostituzioni.yaml`; here their rows are made.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from will_pipeline.example.census import count
from will_pipeline.example.population import SEXES, YEARS, population
from will_pipeline.example.residents import residents
from will_pipeline.example.shapes import area_table, municipality_table
from will_pipeline.example.towns import TOWNS, Town
from will_pipeline.sources.descriptor import Descriptor
from will_pipeline.sources.embedded import validate
from will_pipeline.sources.embedding import to_parquet
from will_pipeline.sources.overlay import RULES_FILE, Overlay, seal
from will_pipeline.sources.pins import write_pin

PROVINCE, REGION = "Provincia inventata", "Regione inventata"
_BALANCE_YEAR = YEARS[-1]


def example_tables(towns: Sequence[Town] = TOWNS) -> dict[str, pl.DataFrame]:
    """Make the table of every replaced source.

    Args:
        towns: the invented towns.

    Returns:
        Tables by key of the source, shaped as their descriptors want; the same towns always give
        the same tables.
    """
    counted = {town: count(town, residents(town)) for town in towns}
    return {
        "istat_censimento_2011_ace_citta": _census_areas(counted),
        "istat_censimento_2011_asc": _neighbourhoods(counted),
        "istat_confini_comuni": municipality_table(towns),
        "istat_parma_aree_2011": area_table(towns),
        "istat_bilancio_2025": pl.concat([_balance(town) for town in towns]).sort("pro_com", "sex"),
    }


def write_example(folder: Path, rules: Path, sources: Mapping[str, Descriptor]) -> Overlay:
    """Write the tables of the example, sealed, with the rules beside them.

    Args:
        folder: folder of the overlay; made where absent.
        rules: the tracked `sostituzioni.yaml`.
        sources: descriptions of the sources by key.

    Returns:
        The overlay, every table of which keeps the rules of its description.

    Raises:
        SourceFault: a table breaks a rule; nothing is sealed after it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(rules, folder / RULES_FILE)
    overlay = Overlay(folder)
    for key, frame in example_tables().items():
        source = overlay.describe(sources[key])
        content = to_parquet(validate(frame, source))
        (folder / source.parquet_name).write_bytes(content)
        write_pin(seal(source, frame, content), folder)
    return overlay


def _census_areas(counted: Mapping[Town, pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(
        [
            table.drop("code")
            .group_by("ace")
            .sum()
            .select(pl.lit(town.pro_com).alias("pro_com"), "ace", *_names(town), pl.exclude("ace"))
            for town, table in counted.items()
        ]
    ).sort("pro_com", "ace")


def _neighbourhoods(counted: Mapping[Town, pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(
        [
            table.drop("ace").select(
                pl.lit(town.pro_com).alias("pro_com"),
                pl.col("code").alias("asc_code"),
                pl.Series("asc_name", [each.name for each in town.neighbourhoods]),
                pl.lit("Quartiere").alias("asc_type"),
                *_names(town),
                pl.exclude("code"),
            )
            for town, table in counted.items()
        ]
    ).sort("pro_com", "asc_code")


def _names(town: Town) -> list[pl.Expr]:
    words = {"comune": town.name, "province": PROVINCE, "region": REGION}
    return [pl.lit(value).alias(name) for name, value in words.items()]


def _balance(town: Town) -> pl.DataFrame:
    """Population balance: the residents by age of the same year, and a year of movements."""
    persons = population(town).filter(pl.col("year") == _BALANCE_YEAR)
    by_sex = dict(persons.group_by("sex").agg(pl.col("persons").sum()).iter_rows())
    men, women = (_movements(by_sex[sex]) for sex in SEXES)
    both = {name: men[name] + women[name] for name in men}
    return pl.DataFrame(
        [
            {
                "pro_com": town.pro_com,
                "municipality": town.name,
                "year": _BALANCE_YEAR,
                "sex": sex,
                **moved,
                "information": "p",
            }
            for sex, moved in (("M", men), ("F", women), ("T", both))
        ]
    )


def _movements(persons: int) -> dict[str, int]:
    born, dead = persons * 7 // 1000, persons * 11 // 1000
    inward, outward = persons * 30 // 1000, persons * 29 // 1000
    from_abroad, to_abroad = persons * 8 // 1000, persons * 3 // 1000
    moved, migrated = inward - outward, from_abroad - to_abroad
    return {
        "population_start": persons,
        "births": born,
        "deaths": dead,
        "natural_balance": born - dead,
        "arrivals_internal": inward,
        "departures_internal": outward,
        "internal_balance": moved,
        "arrivals_abroad": from_abroad,
        "departures_abroad": to_abroad,
        "abroad_balance": migrated,
        "territorial_changes": 0,
        "population_end": persons + born - dead + moved + migrated,
        "registered_other": 0,
        "cancelled_other": 0,
    }
