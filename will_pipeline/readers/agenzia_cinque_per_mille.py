"""Beneficiaries of the five-per-thousand share of income tax, from the Agenzia delle Entrate.

What belongs here is the layout of the list; tax codes are checked and then left out, and a
natural person's is refused.
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

SOURCE = "agenzia_cinque_per_mille"
_FLAGS = {
    "ets_e_onlus": "third_sector",
    "asd": "amateur_sport",
    "ricerca_scientifica": "scientific_research",
    "ricerca_sanitaria": "health_research",
    "comuni": "municipality_itself",
    "beni_culturali_e_paesaggistici": "cultural_heritage",
    "enti_gestori_aree_protette": "protected_areas",
}
_AMOUNTS = {
    "importo_delle_scelte_espresse": "amount_expressed_eur",
    "importo_totale_erogabile": "amount_total_eur",
}
_IDENTITY = {
    "codice_fiscale": "tax_code",
    "denominazione": "name",
    "codice_comune": "pro_com",
    "numero_scelte": "choices",
}


def beneficiaries(
    files: Mapping[str, bytes], *, year: int, cities: Collection[str] | None = None
) -> pl.DataFrame:
    """Read the beneficiaries.

    Args:
        files: Lists as CSV, one list or a cut of it each.
        year: Financial year of the list.
        cities: Municipalities to keep (ISTAT codes); every one where None.

    Returns:
        One row per beneficiary: pro_com, name, year, one Boolean a category (a beneficiary may
        have several), choices (taxpayers), amount_expressed_eur and amount_total_eur (euro).

    Raises:
        SourceFault: A column is missing, a cell is not a number, a tax code is a natural
            person's, a beneficiary is repeated, a municipality is not in the files.
    """
    if not files:
        raise SourceFault(SOURCE, "-", "", "nessun file da leggere")
    frame = pl.concat([_read(name, content) for name, content in files.items()])
    everywhere = Origin(SOURCE, "-")
    frame = only_codes(frame, cities, everywhere)
    require_unique(frame, ["pro_com", "name"], everywhere)
    return frame.select(
        "pro_com",
        "name",
        pl.lit(year, dtype=pl.Int64).alias("year"),
        *_FLAGS.values(),
        "choices",
        *_AMOUNTS.values(),
    )


def _read(name: str, content: bytes) -> pl.DataFrame:
    origin = Origin(SOURCE, name)
    frame = read_table(content, origin, columns=_IDENTITY | _FLAGS | _AMOUNTS)
    _require_bodies(frame, origin)
    frame = _with_flags(frame, origin)
    frame = as_numbers(frame, ["choices"], origin)
    frame = as_numbers(frame, list(_AMOUNTS.values()), origin, integer=False)
    require_filled(frame, [*_IDENTITY.values(), *_AMOUNTS.values()], origin)
    return frame.drop("tax_code")


def _require_bodies(frame: pl.DataFrame, origin: Origin) -> None:
    # Eleven digits are a body's tax code; sixteen characters are a natural person's.
    personal = ~frame["tax_code"].str.contains(r"^\d{11}$").fill_null(value=False)
    if personal.any():
        line = frame[LINE][personal.arg_true()[0]]
        rule = "il codice fiscale non è di un ente: il file può contenere dati di persone"
        raise origin.fault(f"riga {line}, colonna codice_fiscale", rule)


def _with_flags(frame: pl.DataFrame, origin: Origin) -> pl.DataFrame:
    for column in _FLAGS.values():
        unknown = (frame[column] != "X").fill_null(value=False)
        if unknown.any():
            row = unknown.arg_true()[0]
            where = f"riga {frame[LINE][row]}, colonna {column}"
            raise origin.fault(where, f"atteso X o niente, trovato {frame[column][row]!r}")
    return frame.with_columns(pl.col(column).is_not_null() for column in _FLAGS.values())
