"""The view that crosses need and places: what it calls high, few, and what it does not know."""

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.mart.database import write_database

Tables = dict[str, pl.DataFrame]
ONE, TWO = "034027.Q01", "034027.Q02"


@pytest.fixture
def crossing(
    tmp_path: Path,
    tables: Tables,
    contracts: dict[str, TableContract],
    views: dict[str, ViewContract],
) -> Any:
    def cross(access: pl.DataFrame) -> dict[tuple[str, str], str]:
        high = pl.when(pl.col("dimensione") == "giovani").then(0.9).otherwise(0.1)
        changed = tables | {
            "fatto_indice": tables["fatto_indice"].with_columns(p_quinto_alto=high),
            "accesso_presidi": access,
        }
        path = tmp_path / "mart.duckdb"
        write_database(path, changed, contracts, views)
        with duckdb.connect(str(path), read_only=True) as connection:
            found = connection.execute(
                "SELECT area_id, dimensione, incrocio FROM v_bisogno_e_presidi"
            ).fetchall()
        return {(area, theme): said for area, theme, said in found}

    return cross


def test_few_is_below_the_middle_of_the_city_and_high_is_more_likely_than_not(
    crossing: Any, tables: Tables
) -> None:
    # Q01 has a place and Q02 none: the middle is between them.
    said = crossing(tables["accesso_presidi"])
    assert said[TWO, "giovani"] == "alto bisogno, pochi presìdi"
    assert said[ONE, "giovani"] == "alto bisogno"
    assert said[TWO, "solitudine"] == "altro"
    assert {area for area, _ in said} == {ONE, TWO}


def test_a_minimum_is_perhaps_few(crossing: Any, tables: Tables) -> None:
    partial = tables["accesso_presidi"].with_columns(
        stato=pl.lit("parziale"), motivo=pl.lit("È un minimo.")
    )
    assert crossing(partial)[TWO, "giovani"] == "alto bisogno, forse pochi presìdi"


def test_what_is_not_known_is_not_few(crossing: Any, tables: Tables) -> None:
    unknown = pl.col("area_id") == TWO
    access = tables["accesso_presidi"].with_columns(
        numero=pl.when(~unknown).then("numero"),
        per_mille=pl.when(~unknown).then("per_mille"),
        stato=pl.when(unknown).then(pl.lit("non_disponibile")).otherwise("stato"),
        motivo=pl.when(unknown).then(pl.lit("Mancano i confini.")),
    )
    assert crossing(access)[TWO, "giovani"] == "non noto"
