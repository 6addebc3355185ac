"""Personal income tax (IRPEF) declared, by municipality and by postal code.

What belongs here is the layout of the CSV files of the Dipartimento delle Finanze, whose headers
drift from year to year while the meaning of the columns read here does not.
"""

from collections.abc import Collection, Mapping

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
_UNASSIGNED = ("0", "000000")


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
        producer leaves the cell blank because fewer than four taxpayers declare the item).

    Raises:
        SourceFault: A column is missing, a cell is not a whole number, a key is repeated, a
            municipality asked for is not in the file.
    """
    return _read(files, "mef_irpef_comuni", cities=cities, key=("pro_com",), extra={})


def postal_codes(
    files: Mapping[str, bytes], *, cities: Collection[str] | None = None
) -> pl.DataFrame:
    """Read the tables by postal code (CAP), one file a year.

    Args:
        files: Official CSV files, one tax year each.
        cities: Municipalities to keep (ISTAT codes); every one where None.

    Returns:
        As `municipalities`, with `cap` (five characters) after `pro_com`.

    Raises:
        SourceFault: As `municipalities`.
    """
    return _read(
        files, "mef_irpef_cap", cities=cities, key=("pro_com", "cap"), extra={"CAP": "cap"}
    )


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
    pairs = {f"{heading} - Frequenza": f"{item}:n" for item, heading in ITEMS.items()}
    pairs |= {f"{heading} - Ammontare in euro": f"{item}:eur" for item, heading in ITEMS.items()}
    names = _IDENTITY | dict(extra) | pairs
    frame = read_table(content, origin, columns=names, separator=";", encoding="cp1252")
    # Years before 2021 write the code without its leading zeros; the producer's closing row of
    # unassigned taxpayers has code 0.
    frame = frame.with_columns(pl.col("pro_com").str.zfill(6))
    frame = frame.filter(~pl.col("pro_com").is_in(_UNASSIGNED))
    frame = only_codes(frame, cities, origin)
    frame = as_numbers(frame, ["year", "taxpayers", *pairs.values()], origin)
    require_filled(frame, ["year", *key, "municipality", "taxpayers"], origin)
    require_unique(frame, ["year", *key], origin)
    identity = [*key, "municipality", "year", "taxpayers"]
    parts = [
        frame.select(
            *identity,
            pl.lit(item).alias("item"),
            pl.col(f"{item}:n").alias("frequency"),
            pl.col(f"{item}:eur").alias("amount_eur"),
            LINE,
        )
        for item in ITEMS
    ]
    return _with_status(pl.concat(parts), origin)


def _with_status(frame: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    halves = frame["frequency"].is_null() != frame["amount_eur"].is_null()
    if halves.any():
        row = halves.arg_true()[0]
        where = f"riga {frame[LINE][row]}, voce {frame['item'][row]}"
        raise origin.fault(where, "c'è la frequenza senza l'ammontare, o il contrario")
    status = pl.when(pl.col("frequency").is_null()).then(pl.lit("suppressed"))
    return frame.with_columns(status.otherwise(pl.lit("observed")).alias("status")).drop(LINE)
