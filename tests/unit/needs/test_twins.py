"""Twins: other cities only, published values only, the same for any order of rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.needs.conftest import CITIES, MakeFacts, areas_of, laid_out, withheld
from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.indicators.specification import Specification
from will_pipeline.needs.frozen_typology import FrozenTypology
from will_pipeline.needs.twins import NOTHING_SHARED, twin_rows

# Three cities; the second one alone has districts, beside its census areas.
LEVELS = {
    **{f"{city}.A{k:02d}": "A" for city in CITIES for k in range(1, 5)},
    **{f"{CITIES[1]}.Q{k:02d}": "Q" for k in range(1, 3)},
    **{f"{CITIES[2]}.Q{k:02d}": "Q" for k in range(1, 3)},
}
PLACES = {area: 0.1 * place for place, area in enumerate(sorted(LEVELS))}


@pytest.fixture
def rows(
    specification: Specification, frozen: FrozenTypology, make_facts: MakeFacts
) -> pl.DataFrame:
    published = laid_out(make_facts(PLACES), areas_of(LEVELS), frozen.names)
    return twin_rows(specification, frozen, published)


def test_every_area_has_five_twins_in_other_cities_closest_first(rows: pl.DataFrame) -> None:
    conform(rows, load_contracts("mart")["area_simile"])
    for _, own in rows.group_by("area_id"):
        assert own.sort("posto")["posto"].to_list() == [1, 2, 3, 4, 5]
        assert own.sort("posto")["distanza"].is_sorted()
    assert rows["area_id"].n_unique() == len(LEVELS)
    assert (rows["area_id"].str.head(6) != rows["simile_id"].str.head(6)).all()


def test_distances_are_those_worked_by_hand(rows: pl.DataFrame) -> None:
    # The same difference on every indicator is its own root mean square.
    for row in rows.iter_rows(named=True):
        gap = abs(PLACES[row["area_id"]] - PLACES[row["simile_id"]])
        assert row["distanza"] == pytest.approx(gap, abs=1e-9)
        assert row["indicatori_usati"] == 11


def test_census_areas_meet_census_areas_and_districts_the_working_level_of_each_city(
    rows: pl.DataFrame,
) -> None:
    for row in rows.iter_rows(named=True):
        own, other, city = LEVELS[row["area_id"]], LEVELS[row["simile_id"]], row["simile_id"][:6]
        if own == "A":
            assert other == "A"
        else:
            assert other == ("A" if city == CITIES[0] else "Q")


def test_small_areas_rings_and_cities_take_no_part(
    specification: Specification, frozen: FrozenTypology, make_facts: MakeFacts
) -> None:
    ring, small = f"{CITIES[0]}.A01", f"{CITIES[0]}.A02"
    areas = areas_of(LEVELS).with_columns(
        residuale=pl.col("area_id") == ring,
        in_graduatoria=pl.col("in_graduatoria") & (pl.col("area_id") != small),
    )
    whole = {f"{city}.C": 0.0 for city in CITIES}
    published = laid_out(make_facts({**PLACES, **whole}), areas, frozen.names)
    rows = twin_rows(specification, frozen, published)
    seen = set(rows["area_id"]) | set(rows["simile_id"])
    assert seen == set(LEVELS) - {ring, small}


def test_of_areas_equally_far_the_first_identifier_comes_first(
    specification: Specification, frozen: FrozenTypology, make_facts: MakeFacts
) -> None:
    published = laid_out(make_facts(dict.fromkeys(LEVELS, 0.0)), areas_of(LEVELS), frozen.names)
    rows = twin_rows(specification, frozen, published)
    first = rows.filter(pl.col("area_id") == f"{CITIES[0]}.A01").sort("posto")["simile_id"]
    assert first.to_list() == [f"{CITIES[1]}.A{k:02d}" for k in range(1, 5)] + [f"{CITIES[2]}.A01"]
    assert set(rows["tratti_comuni"]) == {NOTHING_SHARED}


def test_a_withheld_value_is_left_out_of_the_comparison_and_cannot_be_read_from_it(
    specification: Specification, frozen: FrozenTypology, make_facts: MakeFacts
) -> None:
    hidden = f"{CITIES[0]}.A03"
    told = []
    for secret in (4.0, -4.0):
        z = np.full(len(frozen.names), PLACES[hidden])
        z[frozen.names.index("anziani_75")] = secret
        facts = withheld(make_facts({**PLACES, hidden: z}), hidden, "anziani_75")
        told.append(
            twin_rows(specification, frozen, laid_out(facts, areas_of(LEVELS), frozen.names))
        )
    assert told[0].equals(told[1])
    own = told[0].filter(pl.col("area_id") == hidden)
    assert set(own["indicatori_usati"]) == {10}
    assert own.height == 5
    # Areas that publish everything are never compared with one that does not.
    assert hidden not in set(told[0]["simile_id"])


def test_too_few_published_values_give_no_twins(
    specification: Specification, frozen: FrozenTypology, make_facts: MakeFacts
) -> None:
    hidden = f"{CITIES[0]}.A03"
    facts = withheld(make_facts(PLACES), hidden, *frozen.names[:6])
    rows = twin_rows(specification, frozen, laid_out(facts, areas_of(LEVELS), frozen.names))
    assert hidden not in set(rows["area_id"])


def test_shared_traits_are_told_against_each_ones_own_city(
    specification: Specification, frozen: FrozenTypology, make_facts: MakeFacts
) -> None:
    z = np.zeros(len(frozen.names))
    z[frozen.names.index("anziani_75")] = 0.8
    one, other = f"{CITIES[0]}.A01", f"{CITIES[1]}.A01"
    published = laid_out(
        make_facts({**dict.fromkeys(LEVELS, 3.0), one: z, other: z}), areas_of(LEVELS), frozen.names
    )
    rows = twin_rows(specification, frozen, published)
    pair = rows.filter(pl.col("area_id") == one, pl.col("simile_id") == other)
    assert pair["tratti_comuni"].to_list() == ["molti anziani di 75 anni e più"]
    assert pair["posto"].to_list() == [1]


@settings(
    deadline=None, max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_is_not_content(
    specification: Specification,
    frozen: FrozenTypology,
    make_facts: MakeFacts,
    rows: pl.DataFrame,
    random: object,
) -> None:
    seed = random.randrange(1000)
    facts = make_facts(PLACES).sample(fraction=1.0, shuffle=True, seed=seed)
    areas = areas_of(LEVELS).sample(fraction=1.0, shuffle=True, seed=seed + 1)
    assert twin_rows(specification, frozen, laid_out(facts, areas, frozen.names)).equals(rows)


def test_a_single_city_has_no_twins(
    specification: Specification, frozen: FrozenTypology, make_facts: MakeFacts
) -> None:
    alone = {area: kind for area, kind in LEVELS.items() if area.startswith(CITIES[0])}
    published = laid_out(make_facts(PLACES), areas_of(alone), frozen.names)
    assert twin_rows(specification, frozen, published).is_empty()
