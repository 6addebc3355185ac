"""What a spreadsheet of a release shows: headings in words, the names beside the codes, decimals.

Rows are chosen, named and ordered here for people; formal files keep every figure as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from will_pipeline.atlas.words import INDICATOR_STATES, READINGS
from will_pipeline.contracts.model import TableContract, ViewColumn, ViewContract
from will_pipeline.mart.descriptors import readme_rows
from will_pipeline.mart.spreadsheets import Sheet

NAMES_FIRST = ("comune", "area")
CODES_LAST = ("area_id", "pro_com")
WIDE_FORMATS = {"residenti": "#,##0", "famiglie": "#,##0", "appartenenza": "0%"}
WHOLE = 0
"""Decimals of counts of persons and families."""
FIGURES = ("valore", "ic_inf", "ic_sup", "valore_comune")
"""Columns of the facts written with the decimals of their indicator."""
FACT_COLUMNS = (
    "comune", "area", "indicatore", "unita", "anno", "gruppo", "valore", "ic_inf", "ic_sup",
    "valore_comune", "lettura", "stato", "nota", "affidabilita", "numeratore", "denominatore",
    "indice_100", "anno_struttura", "fonte", "area_id", "indicatore_id", "fonte_id",
)  # fmt: skip
FACT_HEADINGS = {
    "comune": "Città",
    "area": "Area",
    "indicatore": "Indicatore",
    "unita": "Unità",
    "anno": "Anno",
    "gruppo": "Gruppo",
    "valore": "Valore",
    "ic_inf": "Intervallo: da",
    "ic_sup": "Intervallo: a",
    "valore_comune": "Valore della città",
    "lettura": "Rispetto alla città",
    "stato": "Stato del numero",
    "nota": "Nota",
    "affidabilita": "Grado",
    "numeratore": "Casi",
    "denominatore": "Su quanti",
    "indice_100": "Città = 100",
    "anno_struttura": "Anno della struttura per età",
    "fonte": "Fonte",
    "area_id": "Codice dell'area",
    "indicatore_id": "Codice dell'indicatore",
    "fonte_id": "Codice della fonte",
}
DICTIONARY_HEADINGS = ("Intestazione", "Nome tecnico nei CSV e nel mart", "Che cosa dice")
SOURCE_HEADINGS = {
    "titolo": "Fonte",
    "ente": "Chi la produce",
    "data_riferimento": "Si riferisce a",
    "licenza": "Licenza",
    "licenza_uri": "Indirizzo della licenza",
    "attribuzione": "Da citare così",
}


def heading(column: ViewColumn) -> str:
    """The heading of a column in words: its text in the contract up to the first full stop."""
    return column.it.partition(".")[0]


def wide_headings(view: ViewContract) -> dict[str, str]:
    """Headings of the wide table by technical name."""
    return {column.name: heading(column) for column in view.columns}


def workbook_sheets(
    wide: pl.DataFrame,
    view: ViewContract,
    tables: Mapping[str, pl.DataFrame],
    info: Mapping[str, str],
) -> list[Sheet]:
    """The sheets of the workbook of areas: read me, data, dictionary, sources.

    Args:
        wide: rows of the wide view.
        view: its contract.
        tables: tables of the mart.
        info: values of `mart_info` by key.

    Returns:
        Sheets in order; in that of the data the names come first and the codes last.
    """
    named = wide_headings(view)
    shown = wide.select(_people_first(wide.columns))
    sources = tables["dim_fonte"].sort("fonte_id").select(*SOURCE_HEADINGS)
    entries = [(named[column.name], column.name, column.it) for column in view.columns]
    return [
        Sheet("Leggimi", ("Voce", "Testo"), readme_rows(info)),
        Sheet(
            "Dati",
            [named[name] for name in shown.columns],
            [tuple(_in_words(value) for value in row) for row in shown.iter_rows()],
            formats=[WIDE_FORMATS.get(name, "0.0") for name in shown.columns],
            frozen=len(NAMES_FIRST),
            wide=True,
        ),
        Sheet("Dizionario", DICTIONARY_HEADINGS, entries),
        Sheet.of("Fonti", sources, list(SOURCE_HEADINGS.values())),
    ]


def told_facts(
    facts: pl.DataFrame, tables: Mapping[str, pl.DataFrame], contract: TableContract
) -> tuple[pl.DataFrame, dict[str, pl.Series]]:
    """The facts as people read them: names beside codes, states and readings in words.

    Args:
        facts: rows of `fatto_indicatore`.
        tables: tables of the mart.
        contract: contract of the facts, whose every column stays.

    Returns:
        The table with the columns of `FACT_COLUMNS`, and the decimals of each numeric column,
        row by row.
    """
    areas = tables["dim_area"].select("area_id", "pro_com", area="nome")
    cities = tables["dim_comune"].select("pro_com", comune="nome")
    cards = tables["dim_indicatore"].select("indicatore_id", "unita", "decimali", indicatore="nome")
    sources = tables["dim_fonte"].select("fonte_id", fonte="titolo")
    named = (
        facts.join(areas, on="area_id", how="left", maintain_order="left")
        .join(cities, on="pro_com", how="left", maintain_order="left")
        .join(cards, on="indicatore_id", how="left", maintain_order="left")
        .join(sources, on="fonte_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("stato").replace({**INDICATOR_STATES, "valido": "pubblicato"}),
            pl.col("lettura").replace(READINGS),
        )
    )
    lost = [column.name for column in contract.columns if column.name not in FACT_COLUMNS]
    if lost:
        raise ValueError(f"the spreadsheet of facts leaves out {', '.join(lost)}")
    decimals = dict.fromkeys(FIGURES, named["decimali"])
    decimals["indice_100"] = pl.Series([1] * named.height)
    for name in ("numeratore", "denominatore"):
        whole = (named[name].is_null() | (named[name] % 1 == 0)).to_list()
        decimals[name] = pl.Series([WHOLE if each else 1 for each in whole])
    return named.select(FACT_COLUMNS), decimals


def _people_first(columns: Sequence[str]) -> list[str]:
    between = [name for name in columns if name not in (*NAMES_FIRST, *CODES_LAST)]
    return [*NAMES_FIRST, *between, *CODES_LAST]


def _in_words(value: Any) -> Any:
    return {True: "sì", False: "no"}[value] if isinstance(value, bool) else value
