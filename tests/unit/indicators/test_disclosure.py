"""What stands beside a small area is told coarsely enough."""

from __future__ import annotations

import polars as pl
import pytest

from will_pipeline.indicators.areas import AreaCounts, beside_small
from will_pipeline.indicators.disclosure import coarsen_indices

TOWN = pl.DataFrame(
    {
        "area_id": ["001001.C", "001001.A00", "001001.A01", "001001.A02", "001001.Q01"],
        "pro_com": "001001",
        "level": ["C", "A", "A", "A", "Q"],
        "residents": [9_000, 100, 3_000, 5_900, 9_000],
    }
)


def test_the_next_smallest_of_the_same_level_stands_beside_a_small_area() -> None:
    placed = beside_small(TOWN.with_columns(floor=250), ["pro_com", "level"])
    assert placed.filter("below")["area_id"].to_list() == ["001001.A00"]
    assert placed.filter("beside")["area_id"].to_list() == ["001001.A01"]


def test_without_a_small_area_nothing_stands_beside() -> None:
    placed = beside_small(TOWN.with_columns(floor=50), ["pro_com", "level"])
    assert not placed["below"].any()
    assert not placed["beside"].any()


def test_an_area_beside_borrows_from_nobody_and_is_ranked_with_its_city() -> None:
    areas = AreaCounts(TOWN, floor=250)
    assert areas.pools[2] == "001001.A01"
    assert areas.groups[2] == areas.groups[3] == areas.pools[3] == "001001.A"
    assert areas.publishable.tolist() == [True, False, True, True, True]


def test_without_a_floor_every_area_borrows_from_its_city() -> None:
    areas = AreaCounts(TOWN)
    assert areas.pools.tolist() == areas.groups.tolist()
    assert areas.publishable.all()


@pytest.mark.parametrize(("area", "coarse"), [("001001.A01", True), ("001001.A02", False)])
def test_only_the_index_beside_is_rounded_and_its_interval_outwards(
    area: str, coarse: bool
) -> None:
    rows = pl.DataFrame({"area_id": [area], "indice": [99.6], "ic_inf": [97.2], "ic_sup": [101.4]})
    told = coarsen_indices(rows, TOWN, floor=250).row(0)
    assert told == ((area, 100.0, 97.0, 102.0) if coarse else (area, 99.6, 97.2, 101.4))
