"""Schemas of tiles: sizes, order, coverage and refusals."""

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.geography.tiles import FLOOR_SHARE, GAP, tile_schema


def areas(*residents: int, town: str = "034027", level: str = "Q") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "area_id": [f"{town}.{level}{n:02d}" for n in range(1, len(residents) + 1)],
            "pro_com": [town] * len(residents),
            "livello": [level] * len(residents),
            "popolazione": list(residents),
        }
    )


def corners(path: str) -> tuple[float, float, float, float]:
    numbers = [float(text) for text in re.findall(r"[\d.]+", path)]
    return min(numbers[0::2]), min(numbers[1::2]), max(numbers[0::2]), max(numbers[1::2])


def full_area(path: str) -> float:
    left, top, right, bottom = corners(path)
    return (right - left + GAP) * (bottom - top + GAP)


@given(st.lists(st.integers(0, 60_000), min_size=1, max_size=40))
def test_tiles_fill_the_box_without_overlap(residents):
    drawn = tile_schema(areas(*residents))
    boxes = [corners(path) for path in drawn["path_svg"]]
    width, height = (float(text) for text in drawn["riquadro"][0].split()[2:])
    for place, (left, top, right, bottom) in enumerate(boxes):
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        for other in boxes[place + 1 :]:
            apart = other[0] >= right or other[2] <= left or other[1] >= bottom or other[3] <= top
            assert apart


def test_size_follows_residents():
    drawn = tile_schema(areas(30_000, 20_000, 10_000))
    sizes = [full_area(path) for path in drawn["path_svg"]]
    assert sizes[0] / sizes[2] == pytest.approx(3, rel=0.01)
    assert sizes[1] / sizes[2] == pytest.approx(2, rel=0.01)


def test_a_hamlet_keeps_the_smallest_tile():
    drawn = tile_schema(areas(10_000, 10_000, 0))
    sizes = [full_area(path) for path in drawn["path_svg"]]
    assert sizes[2] / sizes[0] == pytest.approx(FLOOR_SHARE * (20_000 / 3) / 10_000, rel=0.01)


def test_an_empty_city_is_drawn_in_equal_tiles():
    sizes = [full_area(path) for path in tile_schema(areas(0, 0, 0))["path_svg"]]
    assert max(sizes) == pytest.approx(min(sizes), rel=0.01)


def test_tiles_read_in_the_order_of_the_codes():
    drawn = tile_schema(areas(*[5_000, 9_000, 1_000, 12_000, 4_000, 7_000]))
    starts = [(corners(path)[1], corners(path)[0]) for path in drawn["path_svg"]]
    assert starts == sorted(starts)


def test_input_order_does_not_matter_and_groups_are_apart():
    both = pl.concat([areas(5, 9, 1), areas(4, 4, town="013075", level="A")])
    drawn = tile_schema(both.sample(fraction=1.0, shuffle=True, seed=3))
    assert drawn.equals(tile_schema(both))
    assert drawn.filter(pl.col("area_id").str.starts_with("013075")).equals(
        tile_schema(areas(4, 4, town="013075", level="A"))
    )
    assert drawn.columns == [
        "area_id", "riquadro", "path_svg", "etichetta_x", "etichetta_y", "schematica",
    ]  # fmt: skip
    assert drawn["schematica"].all()


def test_label_lies_in_the_middle_of_its_tile():
    for row in tile_schema(areas(5, 9, 1)).to_dicts():
        left, top, right, bottom = corners(row["path_svg"])
        assert row["etichetta_x"] == pytest.approx((left + right) / 2, abs=0.2)
        assert row["etichetta_y"] == pytest.approx((top + bottom) / 2, abs=0.2)


def test_broken_input_is_named():
    with pytest.raises(ValueError, match="popolazione"):
        tile_schema(areas(1, 2).drop("popolazione"))
    with pytest.raises(ValueError, match=r"ripetuta 034027\.Q01"):
        tile_schema(pl.concat([areas(1), areas(2)]))
    with pytest.raises(ValueError, match=r"034027\.Q02"):
        tile_schema(areas(1, -2))
    with pytest.raises(ValueError, match=r"034027\.Q01"):
        tile_schema(areas(1).with_columns(popolazione=pl.lit(None, dtype=pl.Int64)))
