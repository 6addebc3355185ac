"""The most similar areas are chosen, whatever the order of rows, and never the treated ones."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.needs.measure_town import area_ids, baseline
from will_pipeline.needs.matching import (
    Traits,
    baseline_traits,
    match_areas,
    needs_of,
)


def on_a_line(*places: float, needs: tuple[str, ...] | None = None) -> Traits:
    profiles = None if needs is None else tuple(needs_of(profile) for profile in needs)
    return Traits(tuple(area_ids(len(places))), np.array(places)[:, None], profiles)


def test_the_nearest_within_the_caliper_are_chosen() -> None:
    # Standard deviation of the trait is 2: distances of the others from the first are in halves.
    traits = on_a_line(0.0, 1.0, 2.0, 3.0, 4.0, 6.0)
    first, *others = area_ids(6)
    found = match_areas(traits, [first], neighbours=3, caliper=1.1)
    assert traits.values.std() == pytest.approx(1.97, abs=0.01)
    assert found.controls == tuple(others[:2])
    assert found.distance[others[0]] == pytest.approx(1 / traits.values.std())
    assert set(found.nearest.values()) == {first}


def test_an_area_chosen_twice_counts_once_and_treated_ones_never_do() -> None:
    ids = area_ids(5)
    found = match_areas(on_a_line(0.0, 0.1, 0.2, 5.0, 5.1), ids[:2], neighbours=2, caliper=9)
    assert found.controls == (ids[2], ids[3])
    assert not set(found.controls) & set(ids[:2])


def test_equal_distances_go_by_identifier() -> None:
    ids = area_ids(4)
    found = match_areas(on_a_line(0.0, 1.0, -1.0, 1.0), [ids[0]], neighbours=1, caliper=9)
    assert found.controls == (ids[1],)


def test_a_need_that_stands_out_in_one_area_only_counts_like_a_standard_deviation() -> None:
    traits = on_a_line(0.0, 0.0, 2.0, needs=("giovani", "giovani+mobilita", "giovani"))
    ids = area_ids(3)
    found = match_areas(traits, [ids[0]], caliper=9)
    spread = traits.values.std()
    assert found.distance[ids[1]] == pytest.approx(np.sqrt(1 / 2))
    assert found.distance[ids[2]] == pytest.approx(np.sqrt((2 / spread) ** 2 / 2))


def test_a_trait_that_is_the_same_everywhere_is_ignored() -> None:
    values = np.column_stack([[0.0, 1, 2, 3], np.full(4, 0.1)])
    found = match_areas(Traits(tuple(area_ids(4)), values, None), [area_ids(4)[0]], neighbours=1)
    assert found.controls == (area_ids(4)[1],)


def test_nobody_near_enough_is_nobody() -> None:
    found = match_areas(on_a_line(0.0, 9.0, 9.1), [area_ids(3)[0]], caliper=0.5)
    assert found.controls == ()
    assert found.imbalance_after is None


@given(st.integers(0, 100_000))
def test_balance_improves_when_the_measure_goes_to_one_end(seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(40, 3))
    order = np.argsort(values[:, 0] + 0.5 * generator.normal(size=40))
    traits = Traits(tuple(area_ids(40)), values[order], None)
    found = match_areas(traits, area_ids(40)[:8], neighbours=2)
    assert found.imbalance_after is not None
    assert found.imbalance_after < found.imbalance_before


def test_a_treated_area_without_traits_is_named() -> None:
    with pytest.raises(ValueError, match="Q99"):
        match_areas(on_a_line(0.0, 1.0), ["999001.Q99"])


def test_the_baseline_is_the_last_year_before_the_measure() -> None:
    town = baseline(5)
    later = town.indices.with_columns(pl.lit(2021, pl.Int64).alias("anno"), pl.col("indice") + 1)
    both = pl.concat([town.indices, later])
    first = baseline_traits(town.indices, town.profiles, before=2022)
    assert first["area_id"].to_list() == area_ids(5)
    assert baseline_traits(both, town.profiles, before=2021).equals(first)
    after = baseline_traits(both, town.profiles, before=2022)
    assert (after["giovani"] - first["giovani"]).to_list() == pytest.approx([1.0] * 5)
    assert baseline_traits(both, town.profiles, before=2011).is_empty()


def test_areas_without_an_index_or_a_profile_have_no_baseline() -> None:
    town, ids = baseline(4), area_ids(4)
    indices = town.indices.filter(
        (pl.col("area_id") != ids[0]) | (pl.col("dimensione") != "giovani")
    )
    profiles = town.profiles.with_columns(
        profilo_id=pl.when(pl.col("area_id") == ids[1])
        .then(pl.lit("non_classificata"))
        .otherwise("profilo_id")
    )
    assert baseline_traits(indices, profiles, before=2022)["area_id"].to_list() == ids[2:]
