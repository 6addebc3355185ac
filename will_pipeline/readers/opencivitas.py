"""Historical and standard expenditure of municipalities, from OpenCivitas (MEF and Sogei).

What belongs here is the layout of the table of all services: cents and basis points become euro
and percent, nothing else changes.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

import polars as pl

from will_pipeline.readers.tabular import Origin, only_codes, only_file, text_of

SOURCE = "opencivitas_spesa"
_COLUMNS = {
    "istatCode": ("pro_com", pl.String),
    "name": ("municipality", pl.String),
    "historicalSpendingCents": ("historical_spending_eur", pl.Int64),
    "standardSpendingCents": ("standard_spending_eur", pl.Int64),
    "differenceCents": ("difference_eur", pl.Int64),
    "historicalPerCapitaCents": ("historical_per_resident_eur", pl.Int64),
    "standardPerCapitaCents": ("standard_per_resident_eur", pl.Int64),
    "differenceBasisPoints": ("difference_percent", pl.Int64),
    "serviceDifferenceBasisPoints": ("service_difference_percent", pl.Int64),
    "spendingLevel": ("spending_level", pl.Int64),
    "serviceLevel": ("service_level", pl.Int64),
}
_HUNDREDTHS = [name for name, _ in _COLUMNS.values() if name.endswith(("_eur", "_percent"))]


def spending(files: Mapping[str, bytes], *, cities: Collection[str] | None = None) -> pl.DataFrame:
    """Read expenditure and level of services, all services together.

    Args:
        files: One JSON table with `referenceYear`, `municipalityColumns`, `municipalityRows`.
        cities: Municipalities to keep (ISTAT codes); every one where None.

    Returns:
        One row per municipality: pro_com, municipality, year, expenditure in euro (total and per
        resident), differences in percent, spending_level and service_level (1 to 10).

    Raises:
        SourceFault: The file is not that table, a column is missing, a cell is not a whole number
            of hundredths, a municipality is repeated or absent.
    """
    content, origin = only_file(files, SOURCE)
    document = _document(content, origin)
    header: list[str] = document["municipalityColumns"]
    for name in _COLUMNS:
        if name not in header:
            raise origin.fault(f"colonna {name}", "la colonna manca")
    rows: list[list[Any]] = document["municipalityRows"]
    for number, row in enumerate(rows, start=1):
        _check_row(row, header, number, origin)
    frame = pl.DataFrame(
        [[row[header.index(name)] for name in _COLUMNS] for row in rows],
        schema=dict(_COLUMNS.values()),
        orient="row",
    )
    if frame["pro_com"].is_duplicated().any():
        code = frame.filter(pl.col("pro_com").is_duplicated())["pro_com"][0]
        raise origin.fault(f"comune {code}", "comune ripetuto")
    frame = only_codes(frame, cities, origin)
    return frame.select(
        "pro_com",
        "municipality",
        pl.lit(document["referenceYear"], dtype=pl.Int64).alias("year"),
        *((pl.col(name) / 100).round(2) for name in _HUNDREDTHS),
        "spending_level",
        "service_level",
    )


def _document(content: bytes, origin: Origin) -> dict[str, Any]:
    try:
        document = json.loads(text_of(content, origin))
    except json.JSONDecodeError as error:
        raise origin.fault(f"riga {error.lineno}", "il file non è JSON") from error
    expected = {"referenceYear": int, "municipalityColumns": list, "municipalityRows": list}
    for field, kind in expected.items():
        if not isinstance(document, dict) or not isinstance(document.get(field), kind):
            raise origin.fault(f"campo {field}", "il campo manca o non è del tipo atteso")
    return dict(document)


def _check_row(row: list[Any], header: list[str], number: int, origin: Origin) -> None:
    if len(row) != len(header):
        rule = f"{len(row)} campi, l'intestazione ne ha {len(header)}"
        raise origin.fault(f"riga {number}", rule)
    for name, (_, dtype) in _COLUMNS.items():
        cell = row[header.index(name)]
        wanted = str if dtype == pl.String else int
        # A missing level is the producer's "not assessed"; codes and names are never missing.
        if (cell is None and wanted is int) or type(cell) is wanted:
            continue
        kind = "un testo" if wanted is str else "un numero intero"
        raise origin.fault(f"riga {number}, colonna {name}", f"il valore {cell!r} non è {kind}")
