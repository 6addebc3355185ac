"""Personal income tax (IRPEF) declared, by municipality and by postal code.

What belongs here is the layout of the CSV files of the Dipartimento delle Finanze, whose headers
drift from year to year while the meaning of the columns read here does not.
"""

import re
from collections.abc import Collection, Iterable, Mapping

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

_NULLS = "(comprensivo dei valori nulli)"
ITEMS: dict[str, str] = {
    "buildings_income": "Reddito da fabbricati",
    "employment_income": "Reddito da lavoro dipendente e assimilati",
    "pension_income": "Reddito da pensione",
    "self_employment_income": f"Reddito da lavoro autonomo {_NULLS}",
    "ordinary_business_income": (
        f"Reddito di spettanza dell'imprenditore in contabilita' ordinaria  {_NULLS}"
    ),
    "simplified_business_income": (
        f"Reddito di spettanza dell'imprenditore in contabilita' semplificata {_NULLS}"
    ),
    "partnership_income": f"Reddito da partecipazione  {_NULLS}",
    "taxable_income": "Reddito imponibile",
    "net_tax": "Imposta netta",
    "class_up_to_0": "Reddito complessivo minore o uguale a zero euro",
    "class_0_10000": "Reddito complessivo da 0 a 10000 euro",
    "class_10000_15000": "Reddito complessivo da 10000 a 15000 euro",
    "class_15000_26000": "Reddito complessivo da 15000 a 26000 euro",
    "class_26000_55000": "Reddito complessivo da 26000 a 55000 euro",
    "class_55000_75000": "Reddito complessivo da 55000 a 75000 euro",
    "class_75000_120000": "Reddito complessivo da 75000 a 120000 euro",
    "class_over_120000": "Reddito complessivo oltre 120000 euro",
}
"""Producer's heading of each item; frequency and amount are a pair of columns each."""

_IDENTITY = {
    "Anno di imposta": "year",
    "Codice Istat Comune": "pro_com",
    "Denominazione Comune": "municipality",
    "Numero contribuenti": "taxpayers",
}
_OLDER = {
    "Codice Istat Comune": ("Codice Istat",),
    "Anno di imposta": ("Anno d'imposta",),
    ITEMS["employment_income"]: ("Reddito da lavoro dipendente",),
}
"""Headings of the years before, by the one of today: codes 2008-2011, employment 2000-2007."""

_HALVES = {
    "n": ("Frequenza",),
    "eur": ("Ammontare in euro", "Ammontare"),
}
"""Second part of a heading; 2008-2014 leave out the currency."""

_ALWAYS = ("employment_income", "taxable_income")
_WHOLE_LAYOUT_FROM = 2015
_UNASSIGNED = ("0", "000000")
_RENUMBERED = {"015149": "108033"}
"""Municipalities under a later code: Monza before it had a province."""


def municipalities(
    files: Mapping[str, bytes], *, cities: Collection[str] | None = None
) -> pl.DataFrame:
    """Read the tables by municipality, one file a year.

    Args:
        files: Official CSV files, one tax year each.
        cities: Municipalities to keep (ISTAT codes); every one where None.

    Returns:
        One row per municipality, year and item: pro_com, municipality, year, taxpayers, item,
        frequency (taxpayers), amount_eur (euro), status (`observed`, `suppressed` where the
        producer leaves the frequency blank because fewer than four taxpayers declare the item).
        Items that a year before 2015 does not have are no rows. Monza has its code of today in
        every year.

    Raises:
        SourceFault: A column is missing or there twice, a cell is not a whole number, a key is
            repeated, a municipality asked for is not in the file.
    """
    return _read(files, "mef_irpef_comuni", cities=cities, key=("pro_com",), extra={})


def postal_codes(
    files: Mapping[str, bytes],
    *,
    cities: Collection[str] | None = None,
    only_there: bool = False,
) -> pl.DataFrame:
    """Read the tables by postal code (CAP), one file a year.

    Args:
        files: Official CSV files, one tax year each.
        cities: Municipalities to keep (ISTAT codes); every one where None.
        only_there: Whether a municipality may be absent: those of one postal code are.

    Returns:
        As `municipalities`, with `cap` (five characters) after `pro_com`; taxpayers is missing
        where the producer hides it.

    Raises:
        SourceFault: As `municipalities`.
    """
    needed = None if only_there else cities
    frame = _read(
        files, "mef_irpef_cap", cities=needed, key=("pro_com", "cap"), extra={"CAP": "cap"}
    )
    return frame if cities is None else frame.filter(pl.col("pro_com").is_in(list(cities)))


def _read(
    files: Mapping[str, bytes],
    source: str,
    *,
    cities: Collection[str] | None,
    key: tuple[str, ...],
    extra: Mapping[str, str],
) -> pl.DataFrame:
    if not files:
        raise SourceFault(source, "-", "", "nessun file da leggere")
    frames = [
        _read_year(content, Origin(source, name), cities=cities, key=key, extra=extra)
        for name, content in files.items()
    ]
    return pl.concat(frames)


def _read_year(
    content: bytes,
    origin: Origin,
    *,
    cities: Collection[str] | None,
    key: tuple[str, ...],
    extra: Mapping[str, str],
) -> pl.DataFrame:
    names, pairs = _headings(content, origin, extra)
    frame = read_table(content, origin, columns=names, separator=";", encoding="cp1252")
    # Years before 2021 write the code without its leading zeros; the producer's closing row of
    # unassigned taxpayers has code 0.
    frame = frame.with_columns(pl.col("pro_com").str.zfill(6).replace(_RENUMBERED))
    if "cap" in key:
        frame = frame.with_columns(pl.col("cap").str.zfill(5))
    frame = frame.filter(~pl.col("pro_com").is_in(_UNASSIGNED))
    frame = only_codes(frame, cities, origin)
    frame = as_numbers(frame, ["year", "taxpayers", *pairs], origin)
    # Postal codes with fewer than four taxpayers have their number hidden too.
    counted = [] if "cap" in key else ["taxpayers"]
    require_filled(frame, ["year", *key, "municipality", *counted], origin)
    require_unique(frame, ["year", *key], origin)
    items = [item for item in ITEMS if f"{item}:n" in pairs]
    _require_items(items, frame, origin)
    identity = [*key, "municipality", "year", "taxpayers"]
    parts = [
        frame.select(
            *identity,
            pl.lit(item).alias("item"),
            pl.col(f"{item}:n").alias("frequency"),
            pl.col(f"{item}:eur").alias("amount_eur"),
            LINE,
        )
        for item in items
    ]
    return _with_status(pl.concat(parts), origin)


def _headings(
    content: bytes, origin: Origin, extra: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Our name by the heading of this year's file, and which of ours are of items."""
    first = text_of(content, origin, encoding="cp1252").partition("\n")[0]
    found: dict[str, list[str]] = {}
    for heading in first.strip("\r\n").split(";"):
        found.setdefault(_plain(heading), []).append(heading.strip())
    names: dict[str, str] = {}
    for heading, ours in (_IDENTITY | dict(extra)).items():
        spellings = (heading, *_OLDER.get(heading, ()))
        # The table reader tells which column is absent, under its name of today.
        names[_one(found, spellings, origin) or heading] = ours
    pairs: list[str] = []
    for item, heading in ITEMS.items():
        for half, endings in _HALVES.items():
            titles = (heading, *_OLDER.get(heading, ()))
            spellings = tuple(f"{title} - {end}" for title in titles for end in endings)
            theirs = _one(found, spellings, origin)
            if theirs is not None:
                names[theirs] = f"{item}:{half}"
                pairs.append(f"{item}:{half}")
    _require_halves(pairs, origin)
    return names, pairs


def _plain(heading: str) -> str:
    # Spaces, capitals and apostrophes drift; the words do not.
    return re.sub(r"[\s\u2019'`]+", " ", heading).strip().casefold()


def _one(found: Mapping[str, list[str]], spellings: Iterable[str], origin: Origin) -> str | None:
    there = [heading for each in spellings for heading in found.get(_plain(each), [])]
    if len(there) > 1:
        raise origin.fault(f"colonna {there[0]}", "la colonna è due volte nell'intestazione")
    return there[0] if there else None


def _require_halves(pairs: list[str], origin: Origin) -> None:
    for item, heading in ITEMS.items():
        absent = [half for half in _HALVES if f"{item}:{half}" not in pairs]
        if absent and (item in _ALWAYS or len(absent) < len(_HALVES)):
            column = f"{heading} - {_HALVES[absent[0]][0]}"
            raise origin.fault(f"colonna {column}", "la colonna manca nell'intestazione")


def _require_items(items: list[str], frame: pl.DataFrame, origin: Origin) -> None:
    absent = [item for item in ITEMS if item not in items]
    years = frame["year"].unique().sort()
    if absent and years[-1] >= _WHOLE_LAYOUT_FROM:
        column = f"{ITEMS[absent[0]]} - Frequenza"
        raise origin.fault(f"colonna {column}", "la colonna manca nell'intestazione")


def _with_status(frame: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    frequency, amount = frame["frequency"], frame["amount_eur"]
    # A few hidden frequencies have a published amount of zero: one to three declare nothing.
    halves = (frequency.is_null() & (amount != 0)) | (frequency.is_not_null() & amount.is_null())
    halves = halves.fill_null(value=False)
    if halves.any():
        row = halves.arg_true()[0]
        where = f"riga {frame[LINE][row]}, voce {frame['item'][row]}"
        raise origin.fault(where, "c'è la frequenza senza l'ammontare, o il contrario")
    status = pl.when(pl.col("frequency").is_null()).then(pl.lit("suppressed"))
    return frame.with_columns(status.otherwise(pl.lit("observed")).alias("status")).drop(LINE)
