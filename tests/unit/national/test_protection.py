"""An attack by subtraction on invented municipalities: no group under the floor comes back."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.indicators.specification import LEAST_RESIDENTS
from will_pipeline.national.formulas import GIVEN, SMALL, Formula, Formulas, rates
from will_pipeline.national.protection import SHIELD, protected

FORMULAS = Formulas((Formula("x", "P2", "P1"),), {})
Towns = list[tuple[list[int | None], int]]


def country(towns: Towns) -> pl.DataFrame:
    """Municipalities of so many residents an area, and so many without one."""
    rows = []
    for number, (below, apart) in enumerate(towns):
        town = f"{number:06}"
        whole = sum(each or 0 for each in below) + apart
        rows.append((f"{town}.C", town, "C", whole))
        rows += [(f"{town}.A{place:02}", town, "A", each) for place, each in enumerate(below)]
    schema = {"area_id": pl.String, "pro_com": pl.String, "level": pl.String, "P1": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(P2=pl.col("P1") // 7)


def states(*towns: tuple[list[int | None], int]) -> list[str]:
    areas = country(list(towns))
    return protected(rates(areas, FORMULAS), areas)["stato"].to_list()


def test_the_smallest_other_area_is_hidden_with_a_lone_small_one() -> None:
    assert states(([900, 100, 600, 700], 0)) == [GIVEN, GIVEN, SMALL, SHIELD, GIVEN]
    # A lone area close to the floor would stand nearly bare in a rest above it.
    assert states(([900, 240, 600], 30)) == [GIVEN, GIVEN, SMALL, SHIELD]


def test_two_small_areas_shield_each_other_only_above_the_floor() -> None:
    assert states(([900, 200, 200], 0)) == [GIVEN, GIVEN, SMALL, SMALL]
    assert states(([900, 100, 100, 300], 0)) == [GIVEN, GIVEN, SMALL, SMALL, SHIELD]


def test_who_counts_in_no_area_is_a_group_too() -> None:
    assert states(([900, 600], 37)) == [GIVEN, GIVEN, SHIELD]
    assert states(([900, 600], 250)) == [GIVEN, GIVEN, GIVEN]


def test_where_nothing_comes_back_nothing_more_is_hidden() -> None:
    assert states(([900, 600], 0), ([900, 0], 0)) == [GIVEN, GIVEN, GIVEN, GIVEN, GIVEN, SMALL]
    assert states(([], 800), ([100, 100], 10)) == [GIVEN, SMALL, SMALL, SMALL]


residents = st.one_of(
    st.none(), st.integers(0, LEAST_RESIDENTS), st.integers(LEAST_RESIDENTS, 2_000)
)


@given(st.lists(st.tuples(st.lists(residents, max_size=6), st.integers(0, 400)), max_size=5))
def test_nothing_under_the_floor_comes_back_by_subtraction(towns: Towns) -> None:
    areas = country(towns)
    bare = rates(areas, FORMULAS)
    table = protected(bare, areas)
    assert table["area_id"].equals(bare["area_id"])
    told = table.filter(pl.col("tasso_x").is_not_null())
    assert set(told["stato"]) <= {GIVEN}
    known = told.select("area_id", "pro_com", "level").join(areas, on=["area_id"])
    for _, town in known.group_by("pro_com"):
        whole = town.filter(pl.col("level") == "C")["P1"].sum()
        shown = town.filter(pl.col("level") == "A")["P1"]
        assert (town["P1"] >= LEAST_RESIDENTS).all()
        if whole:
            rest = whole - shown.sum()
            assert rest == 0 or rest >= LEAST_RESIDENTS
    # No more than one area a municipality pays for the others.
    paid = table.filter(stato=SHIELD).group_by("pro_com").len()["len"]
    assert (paid == 1).all()
