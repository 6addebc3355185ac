"""Comune di Parma, registry: one row a resident, added up before anything is kept.

What belongs here is the passage from those rows to counts by quartiere; the rows themselves never
leave the function, and small counts are hidden.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from will_pipeline.readers.census_cells import CellFault, decoded, whole
from will_pipeline.readers.tabular import Origin, only_file

SOURCE = "parma_anagrafe"
PRO_COM = "034027"
LEAST_PERSONS = 5
"""Fewest persons of a published count that is not zero."""

_REQUIRED = ("Quartiere", "SEZ21", "Cittad", "ETA", "Sesso", "Ncomp", "Tipores")
_SEXES = {"1": "M", "2": "F", "M": "M", "F": "F"}
_CLASS, _OLDEST_CLASS, _OLDEST = 5, 85, 120
_FAMILY = "1"
_SECTIONS_DIGITS = 7


@dataclass(frozen=True)
class _Resident:
    quartiere: str
    age_from: int | None
    sex: str
    citizenship: str
    alone: bool


def population(
    files: Mapping[str, bytes],
    *,
    year: int,
    italian: Collection[str] | None,
    least: int = LEAST_PERSONS,
) -> pl.DataFrame:
    """Add the residents up by quartiere, age, sex and citizenship.

    Residents in institutions (`Tipores` other than 1) count as residents and never as living
    alone, whatever the size of the institution.

    Args:
        files: The CSV of the portal (`;`, UTF-8 or cp1252), one row a resident.
        year: Year of the table, at 1 January.
        italian: Codes of the column of citizenship that mean Italian; none for who needs no
            citizenship, and then everybody is `straniera`: the rows are to be added up.
        least: Fewest persons of a count that is told.

    Returns:
        One row a quartiere and class with somebody in it, sorted: pro_com, quartiere, year,
        age_from and age_to (five years a class; age_to missing from 85 on; both missing where the
        registry has no age), sex (`M`, `F`), citizenship (`italiana`, `straniera`), persons and
        living_alone (persons), each missing where it is under `least` and not zero, status
        (`observed`, or `suppressed` where one of them is).

    Raises:
        SourceFault: A column is missing, a line is cut, a section or a size of household is no
            whole number, a sex is unknown, a quartiere is blank, no resident is Italian. The text
            says the line and never what is in it.
    """
    content, origin = only_file(files, SOURCE)
    persons: Counter[_Resident] = Counter(
        _residents(decoded(content, origin), origin, italian or ())
    )
    if not persons:
        raise origin.fault("", "c'è l'intestazione ma nessun residente")
    if italian is not None and not any(who.citizenship == "italiana" for who in persons):
        raise origin.fault("colonna Cittad", "nessun residente italiano: i codici sono cambiati")
    rows = [
        (who.quartiere, who.age_from, who.sex, who.citizenship, count, count if who.alone else 0)
        for who, count in persons.items()
    ]
    key = ["quartiere", "age_from", "sex", "citizenship"]
    types = [pl.String, pl.Int64, pl.String, pl.String, pl.Int64, pl.Int64]
    schema = dict(zip([*key, "persons", "living_alone"], types, strict=True))
    table = pl.DataFrame(rows, schema=schema, orient="row")
    table = table.group_by(key).agg(pl.col("persons", "living_alone").sum())
    hidden = {
        name: (pl.col(name) > 0) & (pl.col(name) < least) for name in ("persons", "living_alone")
    }
    # Whoever knows both the persons and the ones not alone would know the hidden ones.
    nearly = (pl.col("persons") - pl.col("living_alone")).is_between(1, least - 1)
    hidden["living_alone"] = hidden["living_alone"] | hidden["persons"] | nearly
    last = pl.col("age_from") >= _OLDEST_CLASS
    return (
        table.with_columns(
            pl.any_horizontal(*hidden.values()).alias("any"),
            **{f"_{name}": pl.when(~rule).then(pl.col(name)) for name, rule in hidden.items()},
        )
        .select(
            pl.lit(PRO_COM).alias("pro_com"),
            "quartiere",
            pl.lit(year, dtype=pl.Int64).alias("year"),
            "age_from",
            pl.when(~last).then(pl.col("age_from") + _CLASS - 1).alias("age_to"),
            "sex",
            "citizenship",
            pl.col("_persons").alias("persons"),
            pl.col("_living_alone").alias("living_alone"),
            pl.when("any").then(pl.lit("suppressed")).otherwise(pl.lit("observed")).alias("status"),
        )
        .sort("quartiere", "age_from", "sex", "citizenship", nulls_last=True)
    )


def _residents(text: str, origin: Origin, italian: Collection[str]) -> Iterator[_Resident]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    header = [name.strip() for name in next(lines)]
    absent = [name for name in _REQUIRED if name not in header]
    if absent:
        raise origin.fault(f"colonna {absent[0]}", "la colonna manca nell'intestazione")
    places = [header.index(name) for name in _REQUIRED]
    for row in lines:
        if not any(cell.strip() for cell in row):
            continue
        where = f"riga {lines.line_num}"
        if len(row) != len(header):
            rule = f"{len(row)} campi, l'intestazione ne ha {len(header)}"
            raise origin.fault(where, rule)
        yield _resident([row[place].strip() for place in places], where, origin, italian)


def _resident(cells: list[str], where: str, origin: Origin, italian: Collection[str]) -> _Resident:
    quartiere, section, citizenship, age, sex, size, kind = cells
    if not quartiere:
        raise origin.fault(f"{where}, colonna Quartiere", "il valore manca")
    if sex not in _SEXES:
        raise origin.fault(f"{where}, colonna Sesso", "codice di sesso sconosciuto")
    number = _number(section, f"{where}, colonna SEZ21", origin)
    if number is None or not 0 < number < 10**_SECTIONS_DIGITS:
        raise origin.fault(f"{where}, colonna SEZ21", "non è un numero di sezione")
    members = _number(size, f"{where}, colonna Ncomp", origin)
    years = _number(age, f"{where}, colonna ETA", origin)
    # An age out of bounds is the registry's way of not knowing it.
    if years is not None and not 0 <= years <= _OLDEST:
        years = None
    return _Resident(
        quartiere=quartiere,
        age_from=None if years is None else min(years // _CLASS * _CLASS, _OLDEST_CLASS),
        sex=_SEXES[sex],
        citizenship="italiana" if citizenship in italian else "straniera",
        alone=members == 1 and kind == _FAMILY,
    )


def _number(cell: str, where: str, origin: Origin) -> int | None:
    try:
        return whole(cell)
    except CellFault:
        # The cell is a person's: it is not repeated in a message.
        raise origin.fault(where, "il valore non è un numero intero") from None
