"""An attacker with the mart, the code and a map: how much of a small group's counts comes back.

The real figures of 2011 are estimated and published; then what the hidden groups have is changed,
and unions of areas of all levels are subtracted from each other and searched by linear programming.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from polars.testing import assert_frame_equal

from will_pipeline.cities.catalogue import load_cities
from will_pipeline.definitions import PROJECT
from will_pipeline.geography.census_areas import SOURCE_OF_LEVEL, census_counts
from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Settings
from will_pipeline.indicators.facts import indicator_facts
from will_pipeline.indicators.goalposts import load_frozen
from will_pipeline.indicators.indices import Indices, estimate_all, theme_indices
from will_pipeline.indicators.levels import Evidence
from will_pipeline.indicators.methods import indicator_rows
from will_pipeline.indicators.protection import Relation, relations
from will_pipeline.indicators.specification import LEAST_RESIDENTS, load_specification
from will_pipeline.mart.disclosure_audit import (
    BOUNDED,
    LEAST_CANDIDATES,
    SUBTRACTED,
    Audit,
    audit_mart,
)
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import read_embedded
from will_pipeline.statistics.recovery import Difference, recoverable_ranges

SETTINGS = Settings(draws=50)
# Residents of the groups left by subtracting areas, where every area publishes its own counts.
GROUPS = {
    "013075": {70},
    "028060": {20},
    "034027": {105},
    "108033": {3, 17, 24, 80, 114},
}
Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """The census counts of the cities, and what is known outside them."""

    counts: pl.DataFrame
    pool: pl.DataFrame
    evidence: Evidence


@pytest.fixture(scope="module")
def figures() -> Figures:
    sources = load_sources(PROJECT / "assets" / "raw")

    def read(key: str) -> pl.DataFrame:
        return read_embedded(sources[key], PROJECT / "data" / "raw" / "figures")

    counts = census_counts(
        load_cities(),
        read("istat_censimento_2011_ace_citta"),
        read("istat_censimento_2011_asc"),
    )
    pool = read("istat_censimento_2011_ace")
    evidence = Evidence(pool, read("istat_bes_territori"), read("iss_passi_argento"), load_cities())
    return Figures(
        counts.with_columns(
            residents="P1", ranked=(pl.col("level") != "C") & (pl.col("P1") >= 1_000)
        ),
        pool,
        evidence,
    )


def published(figures: Figures, counts: pl.DataFrame) -> tuple[pl.DataFrame, Indices]:
    """Rows of the facts and of the indices, with the evidence of the profiles."""
    specification = load_specification()
    areas = AreaCounts(counts, LEAST_RESIDENTS)
    estimates = estimate_all(specification, areas, figures.pool, SETTINGS)
    facts = indicator_facts(
        specification,
        areas,
        estimates,
        evidence=figures.evidence,
        settings=SETTINGS,
        year=2011,
        sources=SOURCE_OF_LEVEL,
    )
    indices = theme_indices(
        specification,
        areas,
        estimates,
        frozen=load_frozen(),
        settings=SETTINGS,
        year=2011,
    )
    return facts, indices


@pytest.fixture(scope="module")
def shown(figures: Figures) -> tuple[pl.DataFrame, Indices]:
    return published(figures, figures.counts)


def codes_of(counts: pl.DataFrame) -> list[str]:
    return list(AreaCounts(counts).counts.columns)


def hidden_moved(counts: pl.DataFrame, share: float) -> pl.DataFrame:
    """Every small group has `share` of its bound more or less of all codes but its residents.

    What a group gets the area that shares with it loses, so that every published sum stays.
    """
    areas = AreaCounts(counts, LEAST_RESIDENTS)
    codes = [code for code in codes_of(counts) if code != "P1"]
    values = counts.select(codes).to_numpy().astype(float)
    level, residents = counts["level"].to_numpy().astype(str), counts["residents"].to_numpy()
    moved = values.copy()
    for city in counts["pro_com"].unique(maintain_order=True):
        here = np.flatnonzero(((counts["pro_com"] == city).to_numpy()) & areas.publishable)
        for relation in relations(values, residents, level, here, floor=LEAST_RESIDENTS):
            group = values[list(relation.upper)].sum(axis=0) - values[list(relation.lower)].sum(
                axis=0
            )
            target = np.floor(np.minimum(relation.residents * share, group + 3))
            gave = [area for area in relation.members if areas.shared[area]]
            if len(gave) == 1:
                change = target - group
                moved[gave[0]] = values[gave[0]] + (
                    -change if gave[0] in relation.lower else change
                )
    small = ~areas.publishable
    moved[small] = np.floor(residents[small, None] * share)
    return counts.with_columns(pl.DataFrame(moved, schema=codes).cast(pl.Int64))


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.35, 0.9])
def test_everything_published_is_the_same_whatever_the_small_groups_have(
    figures: Figures, shown: tuple[pl.DataFrame, Indices], share: float
) -> None:
    moved = hidden_moved(figures.counts, share)
    changed = (
        moved.select(codes_of(moved)) != figures.counts.select(codes_of(moved))
    ).sum_horizontal()
    assert int((changed > 0).sum()) >= 12
    facts, indices = published(figures, moved)
    assert_frame_equal(facts, shown[0], check_exact=True)
    assert_frame_equal(indices.rows, shown[1].rows, check_exact=True)
    for one, two in zip(indices.evidence, shown[1].evidence, strict=True):
        assert (one.membership == two.membership).all()
        assert (one.lowest == two.lowest).all()


def test_with_the_rule_off_the_index_and_the_facts_follow_them(figures: Figures) -> None:
    specification = load_specification()

    def plain(counts: pl.DataFrame) -> dict[str, Counts]:
        areas = AreaCounts(counts)
        found = estimate_all(specification, areas, figures.pool, replace(SETTINGS, draws=2))
        return {name: each.value for name, each in found.items()}

    before, after = plain(figures.counts), plain(hidden_moved(figures.counts, 0.9))
    assert any(not np.array_equal(before[name], after[name], equal_nan=True) for name in before)


def exact_areas(facts: pl.DataFrame, counts: pl.DataFrame) -> NDArray[np.intp]:
    """Rows of the areas that publish the counts of any indicator."""
    told = facts.filter(pl.col("numeratore").is_not_null())["area_id"].unique().implode()
    return np.flatnonzero(counts["area_id"].is_in(told).to_numpy())


def subtracted(counts: pl.DataFrame, known: NDArray[np.intp]) -> dict[str, list[Relation]]:
    """Small groups of every city that come back by subtracting unions of known areas."""
    values = counts.select(codes_of(counts)).to_numpy().astype(float)
    level, residents = counts["level"].to_numpy().astype(str), counts["residents"].to_numpy()
    city = counts["pro_com"].to_numpy()
    found = {
        str(code): relations(values, residents, level, known[city[known] == code], floor=250)
        for code in dict.fromkeys(city)
    }
    return {code: each for code, each in found.items() if each}


def test_no_small_group_comes_back_by_subtracting_unions_of_published_areas(
    figures: Figures, shown: tuple[pl.DataFrame, Indices]
) -> None:
    known = exact_areas(shown[0], figures.counts)
    assert len(known) == 105 - 12
    assert subtracted(figures.counts, known) == {}


def test_without_protection_the_same_subtraction_finds_them(figures: Figures) -> None:
    large = np.flatnonzero((figures.counts["residents"] >= LEAST_RESIDENTS).to_numpy())
    found = subtracted(figures.counts, large)
    sizes = {code: {int(each.residents) for each in groups} for code, groups in found.items()}
    for code, groups in GROUPS.items():
        assert groups <= sizes[code]


def searched(
    counts: pl.DataFrame, code: str, known: NDArray[np.intp], groups: list[Relation]
) -> list[tuple[float, float]]:
    """Least and most persons of `code` that each group can have, given all that is published.

    Unknown are the counts of the areas not published and of the groups, which no count exceeds
    the residents of; every relation between unions of areas, and every sum of a level, holds.
    """
    city = counts["pro_com"].to_numpy()
    here = np.flatnonzero(city == city[groups[0].upper[0]])
    place = {int(area): k for k, area in enumerate(here)}
    values = counts[code].to_numpy().astype(float)
    told = np.where(np.isin(here, known), values[here], np.nan)
    level = counts["level"].to_numpy().astype(str)[here]
    whole = int(np.flatnonzero(level == "C")[0])
    sums = [(whole, np.flatnonzero(level == name).tolist()) for name in ("A", "Q") if name in level]
    ranges = recoverable_ranges(
        told[:, None],
        counts["residents"].to_numpy().astype(float)[here][:, None],
        sums,
        groups=[
            Difference(
                tuple(place[area] for area in group.upper),
                tuple(place[area] for area in group.lower),
                group.residents,
            )
            for group in groups
        ],
    )
    return list(zip(ranges.groups_lower[:, 0], ranges.groups_upper[:, 0], strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("pro_com", GROUPS)
@pytest.mark.parametrize("protected", [True, False])
def test_linear_programming_finds_the_groups_only_where_the_rule_is_off(
    figures: Figures, shown: tuple[pl.DataFrame, Indices], pro_com: str, protected: bool
) -> None:
    counts = figures.counts
    large = np.flatnonzero((counts["residents"] >= LEAST_RESIDENTS).to_numpy())
    groups = subtracted(counts, large)[pro_com]
    known = exact_areas(shown[0], counts) if protected else large
    used = [code for code in ("P2", "P14", "P61", "P7", "PF8", "ST1") if code in counts.columns]
    assert len(used) >= 5
    widths = [
        (high - low, group.residents)
        for code in used
        for group, (low, high) in zip(groups, searched(counts, code, known, groups), strict=True)
    ]
    if protected:
        # A group can have any count its residents allow, or as many as a search should leave.
        assert all(width >= min(LEAST_CANDIDATES, size) for width, size in widths), widths
    else:
        assert all(width < 1e-6 for width, _ in widths)


@pytest.mark.slow
def test_two_releases_tell_no_more_than_one(
    figures: Figures, shown: tuple[pl.DataFrame, Indices]
) -> None:
    # Between two releases one large area changes, and every hidden group too.
    area = "108033.A41"

    def corrected(counts: pl.DataFrame) -> pl.DataFrame:
        return counts.with_columns(
            P61=pl.col("P61")
            + pl.when(pl.col("area_id") == area)
            .then(7)
            .when(pl.col("area_id").is_in(["108033.C", "108033.Q04"]))
            .then(7)
            .otherwise(0)
        )

    one, two = (
        published(figures, corrected(each))[0]
        for each in (figures.counts, hidden_moved(figures.counts, 0.35))
    )
    assert_frame_equal(one, two, check_exact=True)
    moved = one.filter(
        one.select(pl.struct(pl.all())).to_series()
        != shown[0].select(pl.struct(pl.all())).to_series()
    )
    assert moved.height > 0
    assert set(moved["area_id"].str.head(6)) == {"108033"}


def audited(figures: Figures, facts: pl.DataFrame) -> Audit:
    """The attack on these facts by whoever has the mart alone."""
    counts = figures.counts
    return audit_mart(
        {
            "mart_info": pl.DataFrame({"chiave": ["rilascio"], "valore": ["2026.11.1"]}),
            "dim_indicatore": indicator_rows(load_specification()),
            "dim_area": counts.select(
                "area_id", "pro_com", livello="level", popolazione="residents"
            ),
            "fatto_indicatore": facts,
        }
    )


def test_the_auditor_of_a_mart_finds_nothing_with_the_rule(
    figures: Figures, shown: tuple[pl.DataFrame, Indices]
) -> None:
    audit = audited(figures, shown[0])
    assert audit.findings == ()
    assert audit.unsettled == ()
    assert audit.attacked > 300
    assert audit.narrowest is not None
    assert audit.narrowest >= LEAST_CANDIDATES


def test_the_auditor_of_a_mart_succeeds_where_the_rule_is_weakened(
    figures: Figures, shown: tuple[pl.DataFrame, Indices]
) -> None:
    # Only areas under the floor keep their counts; those beside them publish their own.
    exact = raw_counts(figures)
    weak = (
        shown[0]
        .join(exact, on=["area_id", "indicatore_id"], how="left")
        .with_columns(
            numeratore=pl.when(pl.col("nota").is_not_null())
            .then(pl.coalesce("numeratore", "own_numerator"))
            .otherwise("numeratore"),
            denominatore=pl.when(pl.col("nota").is_not_null())
            .then(pl.coalesce("denominatore", "own_denominator"))
            .otherwise("denominatore"),
        )
    )
    audit = audited(figures, weak)
    assert {BOUNDED, SUBTRACTED} <= {each.kind for each in audit.findings}
    recovered = {each.area for each in audit.findings if each.kind == BOUNDED}
    assert {"013075.A00", "108033.A00"} <= recovered
    groups = {each.lower for each in audit.findings if each.kind == SUBTRACTED}
    for sizes in GROUPS.values():
        assert sizes <= groups


def raw_counts(figures: Figures) -> pl.DataFrame:
    """The true counts of every area and indicator, whose counts the rule withholds."""
    specification = load_specification()
    areas = AreaCounts(figures.counts)
    estimates = estimate_all(specification, areas, figures.pool, replace(SETTINGS, draws=2))
    return pl.concat(
        pl.DataFrame(
            {
                "area_id": figures.counts["area_id"],
                "indicatore_id": [name] * figures.counts.height,
                "own_numerator": each.numerator,
                "own_denominator": each.denominator,
            }
        )
        for name, each in estimates.items()
    )
