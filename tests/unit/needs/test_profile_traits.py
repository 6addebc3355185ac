"""Traits of profiles: plain means of what is published, distances on the frozen scale."""

from __future__ import annotations

import polars as pl
import pytest

from tests.unit.needs.conftest import CENTRE, DEVIATION, MakeFacts, areas_of, laid_out, withheld
from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.indicators.specification import Specification
from will_pipeline.needs.frozen_typology import FrozenTypology
from will_pipeline.needs.profile_traits import index_indicators, trait_rows

PLACES = {"001001.A01": 1.0, "001001.A02": 2.0, "001002.A01": -1.0}
PROFILES = {"001001.A01": "giovani", "001001.A02": "giovani", "001002.A01": "nessuno"}
WITHIN_CITY = "sovraconcentrazione_under30"


def profiles(**reasons: str) -> pl.DataFrame:
    rows = [
        {"area_id": area, "modello": model, "profilo_id": profile, "motivo": reasons.get(area)}
        for area, profile in PROFILES.items()
        for model, profile in (("regola", profile), ("tipologia", "tipologia_1"))
    ]
    return pl.DataFrame(rows, schema_overrides={"motivo": pl.String})


@pytest.fixture
def facts(make_facts: MakeFacts) -> pl.DataFrame:
    comparable = make_facts(PLACES)
    within = comparable.filter(pl.col("indicatore_id") == "anziani_75").with_columns(
        indicatore_id=pl.lit(WITHIN_CITY)
    )
    return pl.concat([comparable, within])


def rows(
    frozen: FrozenTypology, facts: pl.DataFrame, specification: Specification, **reasons: str
) -> dict[tuple[str, str], tuple[object, ...]]:
    published = laid_out(
        facts, areas_of(dict.fromkeys(PLACES, "A")), index_indicators(specification)
    )
    found = trait_rows(frozen, published, profiles(**reasons))
    conform(found, load_contracts("mart")["profilo_tratto"])
    return {(row[0], row[1]): row[2:] for row in found.iter_rows()}


def test_a_profile_by_rule_has_the_means_of_its_areas(
    frozen: FrozenTypology, facts: pl.DataFrame, specification: Specification
) -> None:
    found = rows(frozen, facts, specification)
    z, value, areas = found["giovani", "anziani_75"]
    assert (z, value, areas) == (pytest.approx(1.5), pytest.approx(CENTRE + 1.5 * DEVIATION), 2)
    assert found["nessuno", "disoccupazione"][0] == pytest.approx(-1.0)


def test_an_indicator_without_a_common_scale_has_a_mean_and_no_distance(
    frozen: FrozenTypology, facts: pl.DataFrame, specification: Specification
) -> None:
    z, value, areas = rows(frozen, facts, specification)["giovani", WITHIN_CITY]
    assert z is None
    assert (value, areas) == (pytest.approx(CENTRE + 1.5 * DEVIATION), 2)


def test_withheld_values_and_unclassified_areas_are_not_in_the_mean(
    frozen: FrozenTypology, facts: pl.DataFrame, specification: Specification
) -> None:
    hidden = withheld(facts, "001001.A02", "anziani_75")
    found = rows(frozen, hidden, specification, **{"001002.A01": "meno di 1.000 residenti"})
    assert found["giovani", "anziani_75"] == (pytest.approx(1.0), CENTRE + DEVIATION, 1)
    assert found["giovani", "disoccupazione"][2] == 2
    assert not any(profile == "nessuno" for profile, _ in found)


def test_the_typology_has_its_frozen_centroids(
    frozen: FrozenTypology, facts: pl.DataFrame, specification: Specification
) -> None:
    found = rows(frozen, facts, specification)
    assert found["tipologia_2", "affollamento"] == (-1.0, CENTRE - DEVIATION, 15)
