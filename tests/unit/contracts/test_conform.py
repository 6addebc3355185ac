"""Frames on their way into a table: same rows or a refusal that names the column."""

from datetime import date, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from will_pipeline.contracts.conform import ContractBreach, column_types, conform
from will_pipeline.contracts.model import TableContract


def small(kind: str) -> TableContract:
    words = {"it": "Parole.", "en": "Words."}
    return TableContract.model_validate(
        {
            "table": "small",
            "english": "small",
            "grain": words,
            "description": words,
            "key": ["value"],
            "columns": [
                {"name": "value", "english": "value", "type": kind, "required": True, **words}
            ],
        }
    )


def test_rows_take_the_order_and_the_types_of_the_contract(
    town: TableContract, frame: pl.DataFrame
) -> None:
    shuffled = frame.select(reversed(frame.columns)).sort("code", descending=True)
    made = conform(shuffled, town)
    assert made.columns == [column.name for column in town.columns]
    assert made.schema["low"] == pl.Int32
    assert_frame_equal(made, frame, check_dtypes=False)


def test_a_missing_column_is_named(town: TableContract, frame: pl.DataFrame) -> None:
    with pytest.raises(ContractBreach, match="tabella town, colonna share: manca"):
        conform(frame.drop("share"), town)


def test_a_column_too_many_is_named(town: TableContract, frame: pl.DataFrame) -> None:
    with pytest.raises(ContractBreach, match="tabella town, colonna colour: non è prevista"):
        conform(frame.with_columns(colour=pl.lit("red")), town)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("INTEGER", [1.5]),
        ("INTEGER", [float("nan")]),
        ("INTEGER", [2**31]),
        ("INTEGER", ["uno"]),
        ("BIGINT", [0.1]),
        ("BOOLEAN", [2]),
        ("DOUBLE", ["1,5"]),
        ("DATE", [datetime(2026, 1, 1, 5)]),
        ("DATE", ["ieri"]),
    ],
)
def test_a_value_that_would_be_rounded_or_lost_is_refused(kind: str, values: list[object]) -> None:
    with pytest.raises(ContractBreach, match=f"colonna value: ha valori .* tipo {kind}"):
        conform(pl.DataFrame({"value": values}), small(kind))


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("INTEGER", [3.0], [3]),
        ("BIGINT", [2**40], [2**40]),
        ("DOUBLE", [7], [7.0]),
        ("DATE", [date(2026, 1, 1)], [date(2026, 1, 1)]),
        ("BOOLEAN", [True], [True]),
        ("BLOB", [b"\x00\x01"], [b"\x00\x01"]),
    ],
)
def test_a_value_that_fits_is_kept(kind: str, given: list[object], kept: list[object]) -> None:
    assert conform(pl.DataFrame({"value": given}), small(kind))["value"].to_list() == kept


def test_a_column_of_missing_values_takes_any_type(
    town: TableContract, frame: pl.DataFrame
) -> None:
    made = conform(frame.with_columns(share=pl.lit(None)), town)
    assert made.schema["share"] == pl.Float64
    assert made["share"].null_count() == 3


def test_variable_columns_follow_the_named_ones(town: TableContract, frame: pl.DataFrame) -> None:
    family = {"pattern": "P[0-9]+", "type": "BIGINT", "it": "Conteggio.", "en": "Count."}
    wide = TableContract.model_validate({**town.model_dump(), "variable_columns": family})
    made = conform(frame.select(pl.lit(4).alias("P1"), pl.all()), wide)
    assert made.columns[-1] == "P1"
    assert made.schema["P1"] == pl.Int64
    with pytest.raises(ContractBreach, match="colonna P1x"):
        column_types([*frame.columns, "P1x"], wide)
