"""Residents by single year of age at 1 January, from demo.istat.it (POSAS).

What belongs here is the layout of that file: a title, one row a municipality and age, a row of
totals with age 999, closing notes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.readers.tabular import (
    LINE,
    Origin,
    as_numbers,
    only_codes,
    read_table,
    require_filled,
    require_unique,
    text_of,
)
from will_pipeline.readers.unpacked import Content, members

SOURCE = "istat_posas"
OLDEST = 100
"""Last age of the file, open: a hundred years and over."""

_PATTERN = r"(?i)posas(?:_(\d{4}))?(?:_it_\w+)?\.csv"
_TOTAL = 999
_SEXES = {"M": "Totale maschi", "F": "Totale femmine", "T": "Totale"}
_TITLE = re.compile(r"al 1° gennaio (\d{4})")


def population_by_age(
    files: Mapping[str, Content], *, cities: Collection[str] | None = None
) -> pl.DataFrame:
    """Read the residents by age and sex.

    Args:
        files: `POSAS_<year>_it_*.csv`, or `posas.csv`, by name, or archives that hold them.
        cities: Municipalities to keep (ISTAT codes); every one where None.

    Returns:
        One row a municipality, year, sex (`M`, `F`, `T`) and age: pro_com, municipality, year,
        sex, age_from, age_to (missing for the last age, which is open), persons.

    Raises:
        SourceFault: A column is missing, the title is of another year than the name, a cell is no
            whole number, an age is repeated or absent, males and females or the ages do not add up
            to the total, a municipality is not in the file.

    Source:
        ISTAT, Popolazione residente per sesso, età e stato civile al 1° gennaio.
    """
    parts = [
        _read(name, content, cities) for name, content in members(files, SOURCE, pattern=_PATTERN)
    ]
    return pl.concat(parts).sort("pro_com", "year", "sex", "age_from")


def totals(files: Mapping[str, bytes], *, cities: Collection[str] | None = None) -> pl.DataFrame:
    """Read the residents of all ages together.

    Args:
        files: `POSAS_<year>_it_*.csv`, or `posas.csv`, by name, one a year, each in any folder.
        cities: Municipalities to keep (ISTAT codes); every one where None.

    Returns:
        One row per municipality and year, as `istat_sdmx.population` gives it: pro_com, year, sex
        (`T`), population (persons), flag (missing: the file has none).

    Raises:
        SourceFault: As `population_by_age`.
    """
    parts, years = [], dict[int, str]()
    for name, content in sorted(files.items()):
        part = _read(PurePosixPath(name).name, content, cities)
        year = int(part["year"][0])
        if year in years:
            raise SourceFault(SOURCE, name, "", f"l'anno {year} è già in {years[year]}")
        years[year] = name
        parts.append(part.filter(sex="T"))
    if not parts:
        raise SourceFault(SOURCE, "-", "", "nessun file da leggere")
    return (
        pl.concat(parts)
        .group_by("pro_com", "year", "sex")
        .agg(population=pl.col("persons").sum())
        .with_columns(flag=pl.lit(None, pl.String))
        .sort("pro_com", "year")
    )


def _read(name: str, content: bytes, cities: Collection[str] | None) -> pl.DataFrame:
    origin = Origin(SOURCE, name)
    year = _year(name, content, origin)
    columns = {"Codice comune": "pro_com", "Comune": "municipality", "Età": "age"}
    columns |= {heading: sex for sex, heading in _SEXES.items()}
    frame = read_table(
        content, origin, columns=columns, separator=";", title_lines=1, note_prefix="Not"
    )
    frame = only_codes(frame.with_columns(pl.col("pro_com").str.zfill(6)), cities, origin)
    frame = as_numbers(frame, ["age", *_SEXES], origin)
    require_filled(frame, list(columns.values()), origin)
    require_unique(frame, ["pro_com", "age"], origin)
    _refuse(frame, pl.col("M") + pl.col("F") != pl.col("T"), origin, "maschi e femmine non fanno "
            "il totale")  # fmt: skip
    ages = _reconciled(frame, origin)
    return (
        ages.unpivot(
            on=list(_SEXES),
            index=["pro_com", "municipality", "age"],
            variable_name="sex",
            value_name="persons",
        )
        .with_columns(
            pl.lit(year, dtype=pl.Int64).alias("year"),
            pl.when(pl.col("age") < OLDEST).then(pl.col("age")).alias("age_to"),
        )
        .select(
            "pro_com",
            "municipality",
            "year",
            "sex",
            pl.col("age").alias("age_from"),
            "age_to",
            "persons",
        )
    )


def _year(name: str, content: bytes, origin: Origin) -> int:
    found = _TITLE.search(text_of(content, origin).partition("\n")[0])
    named = re.fullmatch(_PATTERN, name)
    if found is None or named is None or named[1] not in (None, found[1]):
        raise origin.fault("riga 1", "il titolo non è dell'anno che dice il nome")
    return int(found[1])


def _reconciled(frame: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    """Rows of ages, after comparing their sums with the rows of totals."""
    ages = frame.filter(pl.col("age") != _TOTAL)
    _refuse(ages, ~pl.col("age").is_between(0, OLDEST), origin, "l'età non è fra 0 e 100")
    stated = frame.filter(pl.col("age") == _TOTAL).select("pro_com", *_SEXES)
    added = ages.group_by("pro_com").agg(pl.len().alias("ages"), pl.col(list(_SEXES)).sum())
    both = added.join(stated, on="pro_com", how="full", suffix="_stated", coalesce=True)
    short = both.filter(pl.col("ages").ne_missing(OLDEST + 1)).sort("pro_com")
    if short.height:
        where = f"comune {short['pro_com'][0]}"
        raise origin.fault(where, f"{short['ages'][0] or 0} età invece di {OLDEST + 1}")
    for sex, heading in _SEXES.items():
        wrong = both.filter(pl.col(sex).ne_missing(pl.col(f"{sex}_stated"))).sort("pro_com")
        if wrong.height:
            row = wrong.row(0, named=True)
            rule = f"le età sommano {row[sex]}, il totale dice {row[f'{sex}_stated']}"
            raise origin.fault(f"comune {row['pro_com']}, colonna {heading}", rule)
    return ages


def _refuse(frame: pl.DataFrame, broken: pl.Expr, origin: Origin, rule: str) -> None:
    rows = frame.filter(broken)
    if rows.height:
        raise origin.fault(f"riga {rows[LINE][0]}", rule)
