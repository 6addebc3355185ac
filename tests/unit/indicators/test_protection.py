"""No count of a small group follows from what may be estimated from, whatever is added up."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.protection import protect, relations

FLOOR = 250
CODES = ["P1", "P2", "P3"]
CITY, NORTH, SOUTH = "001001.C", "001001.Q01", "001001.Q02"

# Cells of census area and neighbourhood: residents, men, persons alone. A2 has 40 residents who
# live in the north; all the rest of the north is A1.
CELLS = {
    ("001001.A1", NORTH): (4_000, 1_900, 700),
    ("001001.A2", NORTH): (40, 30, 12),
    ("001001.A2", SOUTH): (5_000, 2_600, 900),
    ("001001.A3", SOUTH): (3_000, 1_400, 300),
}
Cells = dict[tuple[str, str], tuple[int, ...]]


def town(cells: Cells) -> pl.DataFrame:
    """One row per area of the three levels, sums of the cells."""
    names = sorted({name for pair in cells for name in pair})
    rows = [
        {"area_id": name, "level": name[7], **dict(zip(CODES, total, strict=True))}
        for name in names
        for total in [np.sum([counts for pair, counts in cells.items() if name in pair], axis=0)]
    ]
    whole = np.sum(list(cells.values()), axis=0)
    rows.append({"area_id": CITY, "level": "C", **dict(zip(CODES, whole, strict=True))})
    return pl.DataFrame(rows).with_columns(pro_com=pl.lit("001001"), residents="P1")


def seen(frame: pl.DataFrame, floor: int = FLOOR) -> pl.DataFrame:
    areas = AreaCounts(frame, floor)
    return areas.counts.with_columns(
        frame["area_id"],
        shared=pl.Series(areas.shared),
        withheld=pl.Series(~areas.publishable),
    )


def gap(frame: pl.DataFrame, code: str, upper: list[str], lower: list[str]) -> float:
    """What an attacker finds by subtracting one union from another."""
    counts = dict(frame.select("area_id", code).iter_rows())
    return float(sum(counts[name] for name in upper) - sum(counts[name] for name in lower))


def test_a_neighbourhood_a_few_residents_larger_than_its_census_areas_tells_nothing() -> None:
    frame = town(CELLS)
    assert gap(frame, "P2", [NORTH], ["001001.A1"]) == 30
    assert gap(frame, "P2", ["001001.A2", "001001.A3"], [SOUTH]) == 30
    told = seen(frame)
    assert told.filter("shared")["area_id"].to_list() == ["001001.A1", "001001.A3"]
    # The north has 1,930 men: A1 has its part of its residents.
    a1, a3 = (
        told.row(by_predicate=pl.col("area_id") == f"001001.A{k}", named=True) for k in (1, 3)
    )
    assert a1["P2"] == pytest.approx(1_930 * 4_000 / 4_040)
    # The south without the rest of A2 has 1,400 - 30 men known from outside, for 2,960 residents.
    assert a3["P2"] == pytest.approx(1_370 * 3_000 / 2_960)
    untouched = ~(pl.col("shared") | pl.col("withheld"))
    exact = frame.select("area_id", *CODES).cast(dict.fromkeys(CODES, pl.Float64))
    kept = told.filter(untouched).select("area_id", *CODES)
    assert kept.equals(exact.filter(pl.col("area_id").is_in(kept["area_id"].to_list())))


@given(st.integers(0, 40), st.integers(0, 40), st.integers(-30, 200), st.integers(-12, 200))
def test_whatever_the_small_group_has_the_counts_seen_are_the_same(
    men: int, alone: int, one: int, two: int
) -> None:
    # The group is moved among areas that gave up their counts; all the others stay as they are.
    base = town(CELLS)
    moves = {"001001.A1": (30 - men, 12 - alone), "001001.A3": (one, two)}
    moved = base.with_columns(
        pl.col(code)
        + pl.col("area_id").replace_strict({k: v[j] for k, v in moves.items()}, default=0)
        for j, code in enumerate(("P2", "P3"))
    )
    assert seen(moved).equals(seen(base))


def test_where_the_residents_of_one_area_are_not_known_no_area_of_its_city_tells_counts() -> None:
    frame = town(CELLS)
    names = ["001001.A1", "001001.C"]
    blank = frame.with_columns(
        residents=pl.when(pl.col("area_id").is_in(names)).then(None).otherwise("residents")
    )
    other = town({("001001.A1", NORTH): (4_000, 1_900, 700)}).with_columns(
        pl.col("area_id").str.replace("001001", "002002"), pro_com=pl.lit("002002")
    )
    found = seen(pl.concat([blank, other]))
    told = dict(found.select("area_id", "withheld").iter_rows())
    inner = {name for name in told if name.startswith("001001") and name != CITY}
    assert {name for name, withheld in told.items() if withheld} == inner


def test_without_a_small_difference_all_counts_are_exact() -> None:
    cells = CELLS | {("001001.A2", NORTH): (400, 200, 90)}
    told = seen(town(cells))
    assert not told["shared"].any()
    assert not told["withheld"].any()


def test_with_the_rule_off_the_attack_succeeds() -> None:
    told = seen(town(CELLS), floor=0)
    assert gap(told, "P2", [NORTH], ["001001.A1"]) == 30


def test_in_a_city_of_one_level_the_area_beside_a_withheld_one_shares_with_it() -> None:
    cells = {
        ("001001.A0", NORTH): (100, 70, 1),
        ("001001.A1", NORTH): (3_000, 1_500, 400),
        ("001001.A2", NORTH): (9_000, 4_000, 900),
    }
    frame = town(cells).filter(pl.col("level") != "Q")
    told = seen(frame)
    assert told.filter("withheld")["area_id"].to_list() == ["001001.A0"]
    assert told.filter("shared")["area_id"].to_list() == ["001001.A1"]
    a1 = told.row(by_predicate=pl.col("area_id") == "001001.A1", named=True)
    assert a1["P2"] == pytest.approx(1_570 * 3_000 / 3_100)
    assert a1["P1"] == pytest.approx(3_000)


def test_what_some_count_contradicts_is_no_part_of_it() -> None:
    # Forty residents more, but fewer men: the census area lies elsewhere.
    cells = {
        ("001001.A1", SOUTH): (4_000, 2_500, 700),
        ("001001.A2", NORTH): (4_040, 1_900, 800),
    }
    frame = town(cells)
    counts = frame.select(CODES).to_numpy().astype(float)
    found = relations(
        counts,
        counts[:, 0],
        frame["level"].to_numpy().astype(str),
        np.arange(len(counts)),
        floor=FLOOR,
    )
    assert found == []


def test_an_area_that_would_lean_on_another_that_gave_up_its_counts_is_withheld() -> None:
    cells = {
        ("001001.A1", NORTH): (1_000, 500, 100),
        ("001001.A2", NORTH): (2_000, 900, 100),
        ("001001.A3", NORTH): (100, 50, 20),
        ("001001.A3", SOUTH): (3_000, 1_600, 500),
        ("001001.A4", SOUTH): (2_100, 990, 150),
    }
    frame = town(cells)
    counts = frame.select(CODES).to_numpy().astype(float)
    told = protect(counts, frame, floor=FLOOR)
    # Whatever was chosen, nothing left exact gives a small group back.
    level = frame["level"].to_numpy().astype(str)
    exact = np.flatnonzero(~told.shared & ~told.withheld)
    assert relations(counts, counts[:, 0], level, exact, floor=FLOOR) == []
    assert (told.counts >= 0).all()


@given(st.permutations(range(6)))
def test_the_order_of_the_rows_does_not_matter(order: list[int]) -> None:
    frame = town(CELLS)
    assert frame.height == 6
    one, two = seen(frame), seen(frame[order])
    assert one.sort("area_id").equals(two.sort("area_id"))


def test_a_missing_count_stays_missing_where_it_is_shared() -> None:
    frame = town(CELLS).with_columns(
        P3=pl.when(pl.col("area_id") == "001001.A1").then(None).otherwise("P3")
    )
    told = seen(frame)
    a1 = told.row(by_predicate=pl.col("area_id") == "001001.A1", named=True)
    assert a1["shared"]
    assert a1["P3"] is None


def left_over(frame: pl.DataFrame) -> list[float]:
    """Residents of the small groups that come back from the areas that publish their own counts."""
    areas = AreaCounts(frame, FLOOR)
    counts = frame.select(CODES).to_numpy().astype(float)
    exact = np.flatnonzero(~areas.shared & areas.publishable)
    level = frame["level"].to_numpy().astype(str)
    found = relations(counts, counts[:, 0], level, exact, floor=FLOOR)
    return [each.residents for each in found]


def test_a_city_that_one_level_does_not_cover_is_searched_over_both() -> None:
    # Neighbourhoods leave out a hundred residents; Q02 is A2 and nothing more.
    cells = {
        ("001001.A1", NORTH): (4_000, 1_900, 700),
        ("001001.A2", SOUTH): (5_000, 2_600, 900),
        ("001001.A1", "001001.X"): (100, 60, 20),
    }
    frame = town(cells).filter(pl.col("level") != "X")
    city, north, a2 = (
        frame.row(by_predicate=pl.col("area_id") == name, named=True)
        for name in (CITY, NORTH, "001001.A2")
    )
    assert city["P2"] - north["P2"] - a2["P2"] == 60
    assert left_over(frame) == []
    told = seen(frame)
    given_up = told.filter(pl.col("shared") | pl.col("withheld"))["area_id"].to_list()
    assert set(given_up) & {NORTH, "001001.A2"}


def test_a_neighbourhood_under_the_floor_is_protected_by_another() -> None:
    cells = {
        ("001001.A1", NORTH): (4_000, 1_900, 700),
        ("001001.A1", SOUTH): (240, 120, 50),
    }
    frame = town(cells).filter(pl.col("level") != "A")
    told = seen(frame)
    assert told.filter("withheld")["area_id"].to_list() == [SOUTH]
    assert told.filter("shared")["area_id"].to_list() == [NORTH]


@pytest.mark.parametrize(("residents", "small"), [(249, True), (250, False)])
def test_the_floor_is_of_two_hundred_and_fifty_residents(residents: int, small: bool) -> None:
    cells = CELLS | {("001001.A2", NORTH): (residents, 30, 12)}
    assert seen(town(cells))["shared"].any() == small
    alone = {
        ("001001.A0", NORTH): (residents, 70, 1),
        ("001001.A1", NORTH): (9_000, 4_000, 900),
    }
    told = seen(town(alone).filter(pl.col("level") != "Q"))
    assert told["withheld"].any() == small


def test_whatever_gives_up_its_counts_no_small_group_comes_back() -> None:
    # Groups of twenty and thirty residents, each on an edge of two neighbourhoods.
    cells = {
        ("001001.A1", NORTH): (1_000, 500, 100),
        ("001001.A2", NORTH): (20, 10, 5),
        ("001001.A2", SOUTH): (1_010, 505, 101),
        ("001001.A3", SOUTH): (30, 10, 3),
        ("001001.A3", "001001.Q03"): (2_000, 900, 300),
    }
    frame = town(cells)
    assert left_over(frame) == []
    assert seen(frame)["shared"].any()
