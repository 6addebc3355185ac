"""Turnout by municipality, from the files of Eligendo, the Interior Ministry's service.

What belongs here is the layout of each consultation's file and the passage from electoral codes
to ISTAT's, which every file carries in a column of its own.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
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
)

SOURCE = "eligendo_affluenza"


@dataclass(frozen=True)
class _Layout:
    """Columns of one consultation's file."""

    day: date
    pro_com: str
    electors: str
    voters: str
    rate: str
    decimal_comma: bool


_LAYOUTS = {
    "politiche_2022": _Layout(
        day=date(2022, 9, 25),
        pro_com="CODICE ISTAT",
        electors="elettori",
        voters="voti_h23",
        rate="%h23",
        decimal_comma=False,
    ),
    "europee_2024": _Layout(
        day=date(2024, 6, 9),
        pro_com="CODICE ISTAT",
        electors="ele_t",
        voters="vot_t",
        rate="perc",
        decimal_comma=True,
    ),
    "referendum_2026": _Layout(
        day=date(2026, 3, 23),
        pro_com="codice_istat",
        electors="ele_t",
        voters="vot_t_com4",
        rate="perc_com4",
        decimal_comma=True,
    ),
}


def turnout(files: Mapping[str, bytes], *, cities: Collection[str] | None = None) -> pl.DataFrame:
    """Read the final turnout of each consultation.

    Args:
        files: Official CSV files, named `<consultation>_affluenza_comuni.csv`, where the
            consultation is `politiche_2022`, `europee_2024` or `referendum_2026`.
        cities: Municipalities to keep (ISTAT codes); every one where None.

    Returns:
        One row per municipality and consultation: pro_com, consultation, last_day (Date),
        electors, voters (persons), turnout (percent, as published, two decimals).

    Raises:
        SourceFault: The consultation is unknown, a column is missing, a cell is not a number, a
            municipality is repeated or absent, the published rate is not voters over electors.
    """
    if not files:
        raise SourceFault(SOURCE, "-", "", "nessun file da leggere")
    return pl.concat([_read(name, content, cities) for name, content in files.items()])


def _read(name: str, content: bytes, cities: Collection[str] | None) -> pl.DataFrame:
    origin = Origin(SOURCE, name)
    consultation = PurePosixPath(name).name.partition("_affluenza")[0]
    layout = _LAYOUTS.get(consultation)
    if layout is None:
        raise origin.fault("", f"consultazione sconosciuta: {consultation!r}")
    columns = {
        layout.pro_com: "pro_com",
        layout.electors: "electors",
        layout.voters: "voters",
        layout.rate: "turnout",
    }
    frame = read_table(content, origin, columns=columns)
    frame = frame.with_columns(pl.col("pro_com").str.zfill(6))
    frame = only_codes(frame, cities, origin)
    frame = as_numbers(frame, ["electors", "voters"], origin)
    frame = as_numbers(
        frame, ["turnout"], origin, integer=False, decimal_comma=layout.decimal_comma
    )
    require_filled(frame, list(columns.values()), origin)
    require_unique(frame, ["pro_com"], origin)
    _require_rate(frame, origin)
    return frame.select(
        "pro_com",
        pl.lit(consultation).alias("consultation"),
        pl.lit(layout.day).alias("last_day"),
        "electors",
        "voters",
        "turnout",
    )


def _require_rate(frame: pl.DataFrame, origin: Origin) -> None:
    # Two published decimals: truncation and rounding both stay within one hundredth.
    rate = 100 * frame["voters"] / frame["electors"]
    broken = (rate - frame["turnout"]).abs() > 0.0101
    if broken.any():
        line = frame[LINE][broken.arg_true()[0]]
        raise origin.fault(f"riga {line}", "l'affluenza non è il rapporto fra votanti ed elettori")
