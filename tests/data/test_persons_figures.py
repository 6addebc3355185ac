"""Persons in need on the real figures: sums, honesty of the error, students, missing columns."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from will_pipeline.cities.catalogue import load_cities
from will_pipeline.geography.census_areas import LEAST_RANKED_RESIDENTS, census_counts
from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Estimate, Settings
from will_pipeline.indicators.facts import persons_facts, unavailable_indicators
from will_pipeline.indicators.indices import estimate_all
from will_pipeline.indicators.levels import Evidence
from will_pipeline.indicators.measured_coverage import (
    INFLATED,
    MORE,
    STANDARDISED,
    read_coverage,
)
from will_pipeline.indicators.persons import Persons, estimate_persons
from will_pipeline.indicators.persons_page import FIGURES, page
from will_pipeline.indicators.specification import (
    LEAST_RESIDENTS,
    Specification,
    load_specification,
)
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import read_embedded

ROOT = Path(__file__).parents[2]
DESCRIPTORS, EMBEDDED = ROOT / "assets" / "raw", ROOT / "data" / "raw" / "figures"
COUNTED = ("neet_15_29", "isolati_65", "competenze_inadeguate")
# Mean of 2022, 2023 and 2024 of the series of the province, per cent (BES of territories 2025).
NEET = {"028060": (12.4 + 8.3 + 6.1) / 3, "003106": (18.1 + 14.2 + 16.1) / 3}
NUMERACY = {"028060": (31.8 + 31.6 + 32.5) / 3, "034027": (40.3 + 40.0 + 41.1) / 3}


@pytest.fixture(scope="module")
def figures() -> dict[str, pl.DataFrame]:
    sources = load_sources(DESCRIPTORS)
    keys = (*FIGURES, "istat_censimento_2011_variabili")
    return {key: read_embedded(sources[key], EMBEDDED) for key in keys}


@pytest.fixture(scope="module")
def layout(figures: dict[str, pl.DataFrame]) -> list[str]:
    return figures["istat_censimento_2011_variabili"]["code"].to_list()


@pytest.fixture(scope="module")
def specification() -> Specification:
    return load_specification()


@pytest.fixture(scope="module")
def evidence(figures: dict[str, pl.DataFrame]) -> Evidence:
    return Evidence(*(figures[key] for key in FIGURES[:3]), cities=load_cities())


@pytest.fixture(scope="module")
def areas(figures: dict[str, pl.DataFrame]) -> AreaCounts:
    census, subareas = (figures[key] for key in FIGURES[3:])
    counts = census_counts(load_cities(), census, subareas)
    return AreaCounts(counts.with_columns(residents="P1"), LEAST_RESIDENTS)


def everything(
    specification: Specification, areas: AreaCounts, evidence: Evidence, settings: Settings
) -> tuple[dict[str, Estimate], dict[str, Persons]]:
    rates = estimate_all(specification, areas, evidence.pool, settings)
    return rates, estimate_persons(
        specification, areas, rates, evidence=evidence, settings=settings
    )


@pytest.fixture(scope="module")
def persons(
    specification: Specification, areas: AreaCounts, evidence: Evidence
) -> dict[str, Persons]:
    return everything(specification, areas, evidence, Settings())[1]


@pytest.mark.parametrize("name", COUNTED)
def test_every_area_counts_persons_and_adds_up_to_the_benchmark(
    areas: AreaCounts, persons: dict[str, Persons], name: str
) -> None:
    found = persons[name].estimate
    assert np.isfinite(found.value).all()
    groups = sorted(set(areas.groups[~areas.is_city]))
    assert len(groups) == 12
    for group in groups:
        inside = areas.groups == group
        assert abs(found.value[inside].sum() - found.city[inside][0]) < 1e-6
    assert (found.lower <= found.value).all()
    assert (found.value <= found.upper).all()
    assert (found.value <= found.denominator).all()


def test_benchmarks_are_the_means_of_three_years(
    areas: AreaCounts, persons: dict[str, Persons]
) -> None:
    for name, published in (("neet_15_29", NEET), ("competenze_inadeguate", NUMERACY)):
        share = persons[f"{name}_quota"].estimate.value
        for city, rate in published.items():
            place = int(np.flatnonzero(areas.frame["area_id"] == f"{city}.C")[0])
            assert share[place] == pytest.approx(rate)
    isolated = persons["isolati_65_quota"].estimate.value[areas.is_city]
    np.testing.assert_allclose(isolated, 10.0)


def test_signals_predict_regions_left_out_better_than_none(persons: dict[str, Persons]) -> None:
    for name, least, most in (("neet_15_29", 0.14, 0.16), ("competenze_inadeguate", 0.09, 0.10)):
        model = persons[name].model
        assert model is not None
        assert model.validation is not None
        assert least < model.validation.with_signals < most
        assert model.validation.with_signals < model.validation.without_signals
        assert model.validation.unmatched == ()
        assert (model.tilt.weights > 0).all()


def test_published_rows_keep_both_years_and_sum_within_rounding(
    specification: Specification, areas: AreaCounts, persons: dict[str, Persons]
) -> None:
    facts = persons_facts(specification, areas, persons, structure_year=2011).join(
        areas.frame.select("area_id", "pro_com", "level", "residents"), on="area_id"
    )
    assert set(facts["anno"]) == {2024}
    assert set(facts["anno_struttura"]) == {2011}
    assert facts["numeratore"].null_count() == facts.height
    hidden = facts.filter(pl.col("stato") != "valido")
    assert set(hidden["area_id"]) == {"013075.A00", "108033.A00"}
    ranked = facts.filter(
        (pl.col("level") != "C") & (pl.col("residents") >= LEAST_RANKED_RESIDENTS)
    )
    assert ranked["valore"].null_count() == 0
    calm = facts.filter(
        pl.col("indicatore_id").is_in(COUNTED) & ~pl.col("pro_com").is_in(["013075", "108033"])
    )
    sums = (
        calm.filter(pl.col("level") != "C")
        .group_by("indicatore_id", "pro_com", "level")
        .agg(gap=(pl.col("valore").sum() - pl.col("valore_comune").first()).abs(), n=pl.len())
    )
    assert (sums["gap"] <= 0.05 * (sums["n"] + 1) + 1e-9).all()


def test_no_count_of_the_hidden_rings_comes_back_from_shares(
    specification: Specification, areas: AreaCounts, persons: dict[str, Persons]
) -> None:
    facts = persons_facts(specification, areas, persons, structure_year=2011)
    for beside in ("013075.A07", "108033.A51"):
        own = facts.filter(pl.col("area_id") == beside)
        assert own["denominatore"].null_count() == own.height
        exposed = persons["neet_15_29"].estimate.denominator[
            int(np.flatnonzero(areas.frame["area_id"] == beside)[0])
        ]
        value = dict(own.select("indicatore_id", "valore").iter_rows())
        guess = 100 * value["neet_15_29"] / value["neet_15_29_quota"]
        # What persons over their share tell must be as vague as thirty exposed residents.
        steps = 5.0 / value["neet_15_29"] + 2.0 / value["neet_15_29_quota"]
        assert steps * guess / 2 >= 15
        assert exposed > 0


@pytest.mark.parametrize("town", ["028060", "034027"])
@pytest.mark.parametrize("students", [200, 1_000])
def test_towns_of_students_do_not_come_out_lonely_because_of_them(
    specification: Specification,
    areas: AreaCounts,
    evidence: Evidence,
    persons: dict[str, Persons],
    town: str,
    students: int,
) -> None:
    where = areas.frame["area_id"] == f"{town}.A01"
    moved = where | (areas.frame["area_id"] == f"{town}.C")
    added = areas.frame.with_columns(
        *(
            pl.when(moved).then(pl.col(code) + students).otherwise(code).alias(code)
            for code in ("P1", "P18", "PF1", "PF2", "PF3")
        )
    )
    one = {card.indicatore_id: card for card in specification.synthetic}["isolati_65"]
    crowded = AreaCounts(added, LEAST_RESIDENTS)
    found = everything(specification, crowded, evidence, Settings(draws=100))[1]
    before = persons[one.indicatore_id].estimate
    after = found[one.indicatore_id].estimate
    census = areas.frame["area_id"].str.starts_with(f"{town}.A").to_numpy()
    change = after.value[census] / before.value[census] - 1
    width = (before.upper - before.lower)[census] / before.value[census]
    assert np.abs(change).max() < 0.01
    assert (np.abs(change) < 0.05 * width).all()


def test_areas_full_of_young_adults_are_not_the_lonely_ones(
    areas: AreaCounts, persons: dict[str, Persons]
) -> None:
    share = persons["isolati_65_quota"].estimate
    young = areas.evaluate("1.0 * (P18 + P19 + P20) / P1")
    rank = young / young[areas.city_row]
    chosen = ~areas.is_city & areas.publishable
    assert abs(np.corrcoef(rank[chosen], (share.value / share.city)[chosen])[0, 1]) < 0.35


def test_the_seed_moves_no_published_value_and_hardly_the_middle_of_its_draws(
    specification: Specification,
    areas: AreaCounts,
    evidence: Evidence,
    persons: dict[str, Persons],
) -> None:
    other = everything(specification, areas, evidence, Settings(seed=7))[1]
    for name in COUNTED:
        one, two = persons[name].estimate, other[name].estimate
        np.testing.assert_array_equal(one.value, two.value)
        gap = np.abs(np.median(one.draws, axis=0) - np.median(two.draws, axis=0))
        assert np.median(gap / (one.upper - one.lower)) < 0.02


def test_a_deleted_column_takes_its_indicators_away_and_nothing_else(
    specification: Specification, areas: AreaCounts, evidence: Evidence, layout: list[str]
) -> None:
    settings = Settings(draws=2)
    shown = everything(specification, areas, evidence, settings)
    base = {name: found.value for name, found in shown[0].items()}
    base |= {name: found.estimate.value for name, found in shown[1].items()}
    used = {code for name in base for code in specification.codes(name)}
    for code in [None, *sorted(used | {"P1"})]:
        gone = sorted(set(layout) - used - {"P1"}) if code is None else [code]
        less = AreaCounts(areas.frame.drop(gone, strict=False), LEAST_RESIDENTS)
        known = replace(evidence, pool=evidence.pool.drop(gone, strict=False))
        rates, persons = everything(specification, less, known, settings)
        found = {name: rate.value for name, rate in rates.items()}
        found |= {name: each.estimate.value for name, each in persons.items()}
        reasons = unavailable_indicators(specification, less, known.pool)
        told = {
            name: reason
            for name, reason in reasons.iter_rows()
            if name not in {card.indicatore_id for card in specification.unavailable}
        }
        expected = {name for name in base if code in needs(specification, name)}
        assert set(told) == expected, code
        for name, value in found.items():
            if name in expected:
                assert np.isnan(value).all(), (code, name)
                assert str(code) in told[name]
            else:
                np.testing.assert_array_equal(value, base[name], err_msg=f"{code} {name}")


def needs(specification: Specification, name: str) -> set[str]:
    """Codes written anywhere in the estimator of an indicator or in those it stands on."""
    estimator = specification.indicators[name].estimator
    found = set(re.findall(r"\b(?:P|ST|PF|A)\d+\b", str(estimator.model_dump())))
    stands_on = [getattr(estimator, "of", None)]
    stands_on += [s.name for s in getattr(estimator, "signals", ()) if s.estimator is None]
    for other in filter(None, stands_on):
        found |= needs(specification, other)
    learns = estimator.kind in {"net_of_structure", "synthetic"}
    return found | ({"P1"} if learns else set())


COVERAGE = (ROOT / "docs" / "method" / "coverage.md").read_text("utf-8")


def test_the_method_page_is_what_the_figures_make() -> None:
    tracked = (ROOT / "docs" / "method" / "persone.md").read_text("utf-8")
    assert page(DESCRIPTORS, EMBEDDED, COVERAGE) == tracked


def test_the_method_page_states_coverage_and_error_as_measured(
    persons: dict[str, Persons],
) -> None:
    tracked = (ROOT / "docs" / "method" / "persone.md").read_text("utf-8")
    trust = tracked.split("## Quanto ci si può fidare")[1].split("\n## ")[0]
    measured = read_coverage(COVERAGE)
    for value in (measured.of(INFLATED, MORE), *measured.range_of(STANDARDISED)):
        assert f"{value:.1f}".replace(".", ",") in trust
    for name in ("neet_15_29", "competenze_inadeguate"):
        model = persons[name].model
        assert model is not None
        assert model.validation is not None
        error = f"{100 * model.validation.with_signals:.1f}".replace(".", ",")
        assert re.search(rf"\| `{name}` \| 19 \| 106 \| {error} \|", trust)
    assert "isolati_65` | non misurabile" in trust


def test_the_page_follows_the_simulation() -> None:
    other = COVERAGE.replace("| 89.6 | 0.2 | 5.4 |", "| 81.2 | 0.2 | 5.4 |")
    assert other != COVERAGE
    assert "| 81,2 |" in page(DESCRIPTORS, EMBEDDED, other)
