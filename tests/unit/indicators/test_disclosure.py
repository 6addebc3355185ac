"""Which rows are withheld, and which stand beside them."""

from __future__ import annotations

import polars as pl

from will_pipeline.indicators.disclosure import beside_small

TOWN = pl.DataFrame(
    {
        "area_id": ["001001.C", "001001.A00", "001001.A01", "001001.A02", "001001.Q01"],
        "pro_com": "001001",
        "level": ["C", "A", "A", "A", "Q"],
        "residents": [9_000, 100, 3_000, 5_900, 9_000],
    }
)


def test_the_next_smallest_of_the_same_level_stands_beside_an_area_under_a_floor_of_its_own() -> (
    None
):
    rows = TOWN.with_columns(floor=250, small=pl.lit(value=False))
    placed = beside_small(rows, ["pro_com", "level"])
    assert placed.filter("below")["area_id"].to_list() == ["001001.A00"]
    assert placed.filter("beside")["area_id"].to_list() == ["001001.A01"]


def test_nothing_stands_beside_an_area_small_for_every_indicator() -> None:
    rows = TOWN.with_columns(floor=250, small=pl.col("area_id") == "001001.A00")
    placed = beside_small(rows, ["pro_com", "level"])
    assert placed.filter("below")["area_id"].to_list() == ["001001.A00"]
    assert not placed["beside"].any()


def test_without_a_small_area_nothing_stands_beside() -> None:
    rows = TOWN.with_columns(floor=50, small=pl.lit(value=False))
    placed = beside_small(rows, ["pro_com", "level"])
    assert not placed["below"].any()
    assert not placed["beside"].any()
