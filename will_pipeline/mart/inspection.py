"""A published release looked over: its checks, its profiles, its basins, in Italian lines.

What is said of each subject belongs to its own room; here the tables are read and the parts are
put together.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from will_pipeline.indicators.goalposts import BASE_EDITION
from will_pipeline.mart.controls import ERROR
from will_pipeline.needs.basins import basin_report
from will_pipeline.needs.frozen_typology import load_typology
from will_pipeline.needs.report import REPORT_TABLES as PROFILE_TABLES
from will_pipeline.needs.report import profile_report

PASSED = "superato"
BASIN_TABLES = ("bacino", "dim_comune", "dim_dimensione")


@dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes:
        sections: title and lines of every part.
        broken: whether a check that stops a publication has failed.
    """

    sections: tuple[tuple[str, tuple[str, ...]], ...]
    broken: bool


def inspection_report(mart: duckdb.DuckDBPyConnection) -> Inspection:
    """Look over an open mart.

    Args:
        mart: an open mart.
    """
    names = sorted({"controllo", "mart_info", *PROFILE_TABLES, *BASIN_TABLES})
    tables = {name: mart.sql(f'SELECT * FROM "{name}"').pl() for name in names}
    controls = tables["controllo"]
    failed = controls.filter(pl.col("esito") != PASSED)
    return Inspection(
        sections=(
            ("Rilascio", tuple(_release(tables["mart_info"]))),
            ("Controlli", tuple(control_lines(controls))),
            ("Profili", tuple(profile_report(tables, load_typology(BASE_EDITION)))),
            ("Bacini", tuple(basin_report(tables))),
        ),
        broken=not failed.filter(pl.col("gravita") == ERROR).is_empty(),
    )


def control_lines(controls: pl.DataFrame) -> list[str]:
    """How many checks passed, and every one that did not.

    Args:
        controls: rows of `controllo`.
    """
    failed = controls.filter(pl.col("esito") != PASSED).sort("gravita", "controllo", "oggetto")
    lines = [f"Superati {controls.height - failed.height} su {controls.height}."]
    lines += [
        f"{row['gravita'].capitalize()}, {row['controllo']}, {row['oggetto']}: {row['messaggio']}"
        for row in failed.iter_rows(named=True)
    ]
    return lines


def _release(info: pl.DataFrame) -> list[str]:
    said = dict(info.select("chiave", "valore").iter_rows())
    return [f"{said['rilascio']}, fatto il {said['fatto_il']}, contratto {said['contratto']}."]
