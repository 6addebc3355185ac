"""ISTAT, permanent census of 2021 and 2023: which variables the files by section publish.

What belongs here is the record layout of each year; the files of counts are another matter.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from will_pipeline.readers.tabular import (
    Origin,
    read_table,
    require_filled,
    require_unique,
    text_of,
)

SOURCE = "istat_censimento_2021_variabili"
LAYOUT_YEAR, LIST_YEAR = 2021, 2023

_VARIABLE = r"(?:P|ST|IT|PF|A|EM|NA)\d+(?:_B)?"
_UNIVERSES = {
    "P": "popolazione",
    "EM": "popolazione",
    "IT": "italiani",
    "ST": "stranieri",
    "PF": "famiglie",
    "A": "abitazioni",
    "NA": "automobili",
}
_SCHEMA = {
    "vintage": pl.Int64,
    "code": pl.String,
    "position": pl.Int64,
    "universe": pl.String,
    "definition": pl.String,
}


def definitions(files: Mapping[str, bytes]) -> pl.DataFrame:
    """Read the variables of 2021 from the record layout and those of 2023 from the list of codes.

    The words of 2023 are those of the layout of 2021 where the code is the same: the producer's
    layout of 2023 is not at hand, and the list only says which codes there are.

    Args:
        files: The record layout of 2021 (`.csv`, `;`, UTF-8) and the list of the codes of 2023
            (`.json`, one object by code), by name.

    Returns:
        One row a vintage and variable: `vintage`, `code`, `position` (from 1, in the order of the
        layout; codes that only 2023 has come last, in alphabetical order), `universe`,
        `definition` (missing for the codes that only 2023 has).

    Raises:
        SourceFault: One of the two files is absent or of another kind, a code appears twice or is
            none of the producer's, or the list has none of the codes of the layout.

    Source:
        ISTAT, Censimento permanente 2021, dati per sezioni di censimento: tracciato record.
    """
    layout, listed = _named(files, ".csv"), _named(files, ".json")
    words = _layout(files[layout.file], layout)
    codes = _codes(files[listed.file], listed)
    if not set(codes) & set(words):
        raise listed.fault("", "nessun codice è nel tracciato del 2021")
    later = [code for code in words if code in codes] + sorted(set(codes) - set(words))
    rows = [
        (vintage, code, place, _universe(code), words.get(code))
        for vintage, order in ((LAYOUT_YEAR, list(words)), (LIST_YEAR, later))
        for place, code in enumerate(order, start=1)
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _named(files: Mapping[str, bytes], suffix: str) -> Origin:
    found = [name for name in files if name.lower().endswith(suffix)]
    if len(found) != 1:
        rule = f"atteso un solo file {suffix}, trovati {len(found)}"
        raise Origin(SOURCE, suffix).fault("", rule)
    return Origin(SOURCE, found[0])


def _layout(content: bytes, origin: Origin) -> dict[str, str]:
    table = read_table(
        content,
        origin,
        columns={"NOME_CAMPO": "code", "DEFINIZIONE": "definition"},
        separator=";",
    )
    require_filled(table, ["code", "definition"], origin)
    require_unique(table, ["code"], origin)
    kept = table.filter(pl.col("code").str.contains(f"^(?:{_VARIABLE})$"))
    if kept.is_empty():
        raise origin.fault("", "nessuna variabile definita")
    squeezed = pl.col("definition").str.replace_all(r"\s+", " ")
    return dict(kept.select("code", squeezed).iter_rows())


def _codes(content: bytes, origin: Origin) -> list[str]:
    try:
        found: Any = json.loads(text_of(content, origin), object_pairs_hook=lambda pairs: pairs)
    except json.JSONDecodeError as error:
        raise origin.fault(f"riga {error.lineno}", "il file non è JSON") from error
    if not isinstance(found, list) or not all(isinstance(pair, tuple) for pair in found):
        raise origin.fault("", "il file non è un elenco di codici")
    codes = [str(code) for code, _ in found]
    for code in codes:
        if not re.fullmatch(_VARIABLE, code):
            raise origin.fault(f"codice {code}", "non è una variabile censuaria")
        if codes.count(code) > 1:
            raise origin.fault(f"codice {code}", "codice ripetuto")
    return codes


def _universe(code: str) -> str:
    family = re.match(r"[A-Z]+", code)
    return _UNIVERSES[family[0]] if family else ""
