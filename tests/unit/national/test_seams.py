"""Borders between regions, where they draw the same line and where they do not."""

from __future__ import annotations

import polars as pl
import pytest

from will_pipeline.national.seams import links_across

COLUMNS = ["region", "area_id", "x0", "y0", "x1", "y1"]


def outer(*rows: tuple[str, str, float, float, float, float]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=COLUMNS, orient="row")


def test_the_same_edge_in_two_regions_is_a_link_and_in_one_region_is_none() -> None:
    found, touched = links_across(
        outer(
            ("02", "b", 0.0, 0.0, 3.0, 4.0),
            ("01", "a", 0.0, 0.0, 3.0, 4.0),
            ("01", "a", 3.0, 4.0, 3.0, 9.0),
            ("03", "c", 3.0, 4.0, 3.0, 9.0),
            ("01", "a", 70.0, 0.0, 80.0, 0.0),
        )
    )
    assert found.rows() == [("a", "b", 5.0), ("a", "c", 5.0)]
    assert touched == 0


def test_a_border_drawn_with_other_vertices_is_found_by_distance_and_said() -> None:
    found, touched = links_across(
        outer(
            ("01", "a", 0.0, 0.0, 10.0, 0.0),
            ("02", "b", 0.0, 0.0, 6.0, 0.0),
            ("02", "c", 6.0, 0.0, 10.0, 0.0),
        )
    )
    assert found.select("area_id", "other_id").rows() == [("a", "b"), ("a", "c")]
    assert found["metres"].to_list() == pytest.approx([6.0, 4.0], abs=0.05)
    assert touched == 3


def test_a_country_of_one_region_has_no_seams() -> None:
    found, touched = links_across(outer(("01", "a", 0.0, 0.0, 10.0, 0.0)))
    assert found.is_empty()
    assert touched == 0
