"""One delivery from bytes to harmonised rows, or to the reasons why not.

What belongs here is the whole examination of the files of one municipality and one kind; nothing
is kept on disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from will_pipeline.contracts.conform import conform
from will_pipeline.contracts.model import TableContract
from will_pipeline.deliveries.areas import Areas
from will_pipeline.deliveries.catalogue import harmonised, source_id
from will_pipeline.deliveries.model import Template
from will_pipeline.deliveries.problems import Problem, Refused
from will_pipeline.deliveries.reading import read_files
from will_pipeline.deliveries.rules import check_rules
from will_pipeline.deliveries.validation import Parsed, parse
from will_pipeline.deliveries.values import Setting

Tables = dict[str, pl.DataFrame]


@dataclass(frozen=True)
class Examined:
    """Outcome of the examination: tables by name, or problems; never both."""

    tables: Tables
    problems: tuple[Problem, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the delivery can be used."""
        return not self.problems


def examine(
    files: Mapping[str, bytes], template: Template, areas: Areas, *, today: date
) -> Examined:
    """Examine the files of one delivery.

    Args:
        files: bytes by file name.
        template: the kind of delivery.
        areas: areas of the municipality that hands it in.
        today: day of the examination: what comes after is the future.

    Returns:
        The harmonised tables, sorted by key and independent of the order of rows, or the problems.
    """
    try:
        sheets = read_files(files, template)
    except Refused as refusal:
        return Examined({}, refusal.problems)
    parts = parse(sheets, template, Setting(areas, today))
    problems = [problem for parsed in parts.values() for problem in parsed.problems]
    problems = problems or check_rules(parts, template, areas)
    if problems:
        return Examined({}, tuple(problems))
    return Examined(_harmonised(parts, template, areas.pro_com))


def _harmonised(parts: Mapping[str, Parsed], template: Template, pro_com: str) -> Tables:
    contracts = harmonised()
    constants = {"pro_com": pro_com, "source_id": source_id(template.kind, pro_com)}
    return {
        parsed.part.table: _frame(parsed, contracts[parsed.part.table], constants)
        for parsed in parts.values()
    }


def _frame(parsed: Parsed, contract: TableContract, constants: Mapping[str, str]) -> pl.DataFrame:
    columns = {
        column.target: [values[column.name] for _, values in parsed.rows]
        for column in parsed.part.columns
    }
    missing = [column.name for column in contract.columns if column.name not in columns]
    columns |= {name: [constants[name]] * len(parsed.rows) for name in missing}
    types = {column.target: _TYPES[column.type] for column in parsed.part.columns}
    schema = pl.Schema(types | dict.fromkeys(missing, pl.String()))
    return conform(pl.DataFrame(columns, schema=schema), contract)


_TYPES: dict[str, pl.DataType] = {
    "area": pl.String(),
    "codice": pl.String(),
    "testo": pl.String(),
    "scelta": pl.String(),
    "si_no": pl.Boolean(),
    "numero": pl.Float64(),
    "intero": pl.Int64(),
    "anno": pl.Int64(),
    "data": pl.Date(),
}
