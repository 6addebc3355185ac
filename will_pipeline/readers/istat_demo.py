"""Demographic balances of demo.istat.it: residents (P2) and foreign residents (P3).

What belongs here is the layout of those two files: a title line, one column per item and sex, a
closing note.
"""

from collections.abc import Collection, Mapping

import polars as pl

from will_pipeline.readers.tabular import (
    LINE,
    Origin,
    as_numbers,
    only_codes,
    only_file,
    read_table,
    require_filled,
    require_unique,
    text_of,
)

_SEXES = {"Maschi": "M", "Femmine": "F", "Totale": "T"}
_ITEMS = {
    "population_start": "Popolazione censita al 1° gennaio - {sex}",
    "births": "Nati vivi - {sex}",
    "deaths": "Morti - {sex}",
    "natural_balance": "Saldo naturale - {sex}",
    "arrivals_internal": "Immigrati da altro comune - {sex}",
    "departures_internal": "Emigrati per altro comune - {sex}",
    "internal_balance": "Saldo migratorio interno - {sex}",
    "arrivals_abroad": "Immigrati dall'estero - {sex}",
    "departures_abroad": "Emigrati per l'estero - {sex}",
    "abroad_balance": "Saldo migratorio con l'estero - {sex}",
    "territorial_changes": "Unità in più/meno dovute a variazioni territoriali - {sex}",
    "population_end": "Popolazione al 31 dicembre - {sex}",
}
_RESIDENTS = _ITEMS | {
    "registered_other": "Iscritti in anagrafe per altri motivi - {sex} (v)",
    "cancelled_other": "Cancellati dall'anagrafe per altri motivi - {sex} (v)",
}
_FOREIGNERS = _ITEMS | {
    "citizenship_acquisitions": "Acquisizioni della cittadinanza italiana - {sex}",
    "registered_other": "Iscritti in anagrafe per altri motivi (v) - {sex}",
    "cancelled_other": "Cancellati dall'anagrafe per altri motivi (v) - {sex}",
}


def balance(
    files: Mapping[str, bytes], *, year: int, cities: Collection[str] | None = None
) -> pl.DataFrame:
    """Read the balance of the residents (P2).

    Args:
        files: One official CSV file.
        year: Year of the balance; the title line must say the same.
        cities: Municipalities to keep (ISTAT codes); every one where None.

    Returns:
        One row per municipality and sex (`M`, `F`, `T`): pro_com, municipality, year, sex, the
        items of the balance in persons, information (`p` where provisional).

    Raises:
        SourceFault: The title is of another year, a column is missing, a cell is not a whole
            number, a key is repeated, a municipality is not in the file.
    """
    content, origin = only_file(files, f"istat_bilancio_{year}")
    return _read(content, origin, items=_RESIDENTS, year=year, cities=cities)


def foreign_balance(
    files: Mapping[str, bytes], *, year: int, cities: Collection[str] | None = None
) -> pl.DataFrame:
    """Read the balance of the foreign residents (P3), acquisitions of citizenship included.

    Args:
        files: One official CSV file.
        year: Year of the balance; the title line must say the same.
        cities: Municipalities to keep (ISTAT codes); every one where None.

    Returns:
        As `balance`, with citizenship_acquisitions (persons).

    Raises:
        SourceFault: As `balance`.
    """
    content, origin = only_file(files, f"istat_cittadinanza_{year}")
    return _read(content, origin, items=_FOREIGNERS, year=year, cities=cities)


def _read(
    content: bytes,
    origin: Origin,
    *,
    items: Mapping[str, str],
    year: int,
    cities: Collection[str] | None,
) -> pl.DataFrame:
    title = text_of(content, origin).partition("\n")[0].strip().strip('"')
    if not title.endswith(f"31 dicembre {year}"):
        raise origin.fault("riga 1", f"il titolo non è del {year}: {title!r}")
    measures = {
        heading.format(sex=label): f"{item}:{sex}"
        for item, heading in items.items()
        for label, sex in _SEXES.items()
    }
    identity = {
        "Codice comune": "pro_com",
        "Comune": "municipality",
        "Informazioni": "information",
    }
    frame = read_table(
        content,
        origin,
        columns=identity | measures,
        separator=";",
        title_lines=1,
        note_prefix="Note:",
    )
    frame = only_codes(frame, cities, origin)
    frame = as_numbers(frame, list(measures.values()), origin)
    require_filled(frame, ["pro_com", "municipality", *measures.values()], origin)
    require_unique(frame, ["pro_com"], origin)
    _require_sum(frame, items, origin)
    parts = [
        frame.select(
            "pro_com",
            "municipality",
            pl.lit(year, dtype=pl.Int64).alias("year"),
            pl.lit(sex).alias("sex"),
            *[pl.col(f"{item}:{sex}").alias(item) for item in items],
            "information",
        )
        for sex in _SEXES.values()
    ]
    return pl.concat(parts)


def _require_sum(frame: pl.DataFrame, items: Mapping[str, str], origin: Origin) -> None:
    for item in items:
        broken = frame[f"{item}:M"] + frame[f"{item}:F"] != frame[f"{item}:T"]
        if broken.any():
            line = frame[LINE][broken.arg_true()[0]]
            rule = "maschi e femmine non fanno il totale"
            raise origin.fault(f"riga {line}, voce {item}", rule)
