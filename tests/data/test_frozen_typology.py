"""The tracked typology is what the tracked figures make; its groups stay where they are."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from will_pipeline.cities.catalogue import load_cities
from will_pipeline.geography.census_areas import (
    LEAST_RANKED_RESIDENTS,
    SOURCE_OF_LEVEL,
    census_counts,
)
from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimators import Settings
from will_pipeline.indicators.facts import indicator_facts
from will_pipeline.indicators.goalposts import BASE_EDITION, load_frozen
from will_pipeline.indicators.indices import estimate_all, theme_indices
from will_pipeline.indicators.levels import Evidence
from will_pipeline.indicators.specification import LEAST_RESIDENTS, load_specification
from will_pipeline.needs.freezing_typology import (
    Plan,
    freeze_typology,
    main,
    previous_edition,
    read_pool,
)
from will_pipeline.needs.frozen_typology import FrozenTypology, frozen_file, load_typology
from will_pipeline.needs.profile_tables import profile_facts, rule_facts
from will_pipeline.needs.published import published_values
from will_pipeline.needs.twins import twin_rows
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import read_embedded

ROOT = Path(__file__).parents[2]
DESCRIPTORS, FIGURES = ROOT / "assets" / "raw", ROOT / "data" / "raw" / "figures"
SETTINGS = Settings(draws=100)
YEAR = 2011
GROWN, NEW = "034027", "034027.A99"
REFREEZE = "python -m will_pipeline.needs.freezing_typology assets/raw data/raw/figures --replace"
REST = 3


def figure(key: str) -> pl.DataFrame:
    return read_embedded(load_sources(DESCRIPTORS)[key], FIGURES)


@pytest.fixture(scope="module")
def tracked() -> FrozenTypology:
    return load_typology(BASE_EDITION)


def test_freezing_again_gives_the_tracked_groups_and_their_stability(
    tracked: FrozenTypology,
) -> None:
    made = freeze_typology(
        load_specification(),
        read_pool(DESCRIPTORS, FIGURES),
        edition=BASE_EDITION,
        plan=Plan(candidates=(len(tracked.groups),)),
    )
    assert made.pool == tracked.pool
    assert made.within == pytest.approx(tracked.within, rel=1e-9), REFREEZE
    assert made.stable.mean == pytest.approx(tracked.stable.mean, abs=1e-6), REFREEZE
    for new, old in zip(made.groups, tracked.groups, strict=True):
        assert (new.profilo_id, new.etichetta, new.areas) == (
            old.profilo_id, old.etichetta, old.areas,
        ), REFREEZE  # fmt: skip
        assert new.centroid == pytest.approx(old.centroid, abs=1e-9)
        assert new.mean == pytest.approx(old.mean, abs=1e-9)
    for new, old in zip(made.indicators, tracked.indicators, strict=True):
        assert new.model_dump() == pytest.approx(old.model_dump(), abs=1e-9)


def freezing(monkeypatch: pytest.MonkeyPatch, folder: Path, *flags: str) -> None:
    few = ["--resamples", "2", "--starts", "5", "--output", str(folder)]
    arguments = ["freezing", str(DESCRIPTORS), str(FIGURES), *few, *flags]
    monkeypatch.setattr("sys.argv", arguments)
    main()


def test_a_frozen_edition_is_not_overwritten_unless_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    kept = frozen_file(BASE_EDITION, tmp_path)
    kept.write_text("old", "utf-8")
    with pytest.raises(SystemExit) as refusal:
        freezing(monkeypatch, tmp_path)
    assert refusal.value.code == 2
    assert kept.name in capsys.readouterr().err
    assert kept.read_text("utf-8") == "old"


def test_a_new_edition_keeps_the_numbers_of_the_one_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tracked: FrozenTypology
) -> None:
    before = frozen_file(BASE_EDITION, tmp_path)
    before.write_bytes(frozen_file(BASE_EDITION).read_bytes())
    assert previous_edition("2001", tmp_path) is None
    freezing(monkeypatch, tmp_path, "--edition", "2051")
    assert before.read_bytes() == frozen_file(BASE_EDITION).read_bytes()
    made = load_typology("2051", tmp_path)
    numbers = {group.number for group in tracked.groups}
    common = numbers & {group.number for group in made.groups}
    assert len(common) == min(len(made.groups), len(tracked.groups))


@pytest.fixture(scope="module")
def counts() -> pl.DataFrame:
    cities, subareas = (figure(f"istat_censimento_2011_{name}") for name in ("ace_citta", "asc"))
    return census_counts(load_cities(), cities, subareas)


def grown(counts: pl.DataFrame) -> pl.DataFrame:
    """The same cities, one of which has an area more: a third of one it already has."""
    codes = counts.select(pl.selectors.integer()).columns
    model = counts.filter(pl.col("area_id") == f"{GROWN}.A01").with_columns(
        pl.col(codes) // REST, area_id=pl.lit(NEW)
    )
    added = model.select(codes).row(0, named=True)
    whole = pl.col("area_id") == f"{GROWN}.C"
    city = counts.with_columns(
        pl.when(whole).then(pl.col(code) + added[code]).otherwise(code).alias(code)
        for code in codes
    )
    # Among the others and not at the end: places in the table must not matter either.
    return pl.concat([city, model.select(city.columns)]).sort("area_id")


def published(counts: pl.DataFrame, tracked: FrozenTypology) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of `fatto_profilo` and of `area_simile`, made as the graph makes them."""
    specification, pool = load_specification(), figure("istat_censimento_2011_ace")
    ranked = (pl.col("level") != "C") & (pl.col("P1") >= LEAST_RANKED_RESIDENTS)
    areas = AreaCounts(
        counts.sort("area_id").with_columns(residents="P1", ranked=ranked), LEAST_RESIDENTS
    )
    estimates = estimate_all(specification, areas, pool, SETTINGS)
    found = theme_indices(
        specification, areas, estimates, frozen=load_frozen(), settings=SETTINGS, year=YEAR
    )
    facts = indicator_facts(
        specification,
        areas,
        estimates,
        evidence=Evidence(
            pool, figure("istat_bes_territori"), figure("iss_passi_argento"), load_cities()
        ),
        settings=SETTINGS,
        year=YEAR,
        sources=SOURCE_OF_LEVEL,
    )
    places = areas.frame.select(
        "area_id", "pro_com", livello="level", in_graduatoria="ranked",
        residuale=pl.col("area_id").str.ends_with(".A00"),
    )  # fmt: skip
    profiles = profile_facts(
        rule_facts(areas.frame, found.evidence, year=YEAR),
        specification,
        tracked,
        facts,
        places,
        year=YEAR,
        settings=SETTINGS,
    )
    values = published_values(facts, places, tracked.names, year=YEAR)
    return profiles.sort("modello", "area_id"), twin_rows(specification, tracked, values)


@pytest.fixture(scope="module")
def before(counts: pl.DataFrame, tracked: FrozenTypology) -> tuple[pl.DataFrame, pl.DataFrame]:
    return published(counts, tracked)


def test_an_area_more_in_one_city_changes_no_profile_and_no_distance_elsewhere(
    counts: pl.DataFrame,
    tracked: FrozenTypology,
    before: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    profiles, twins = published(grown(counts), tracked)
    assert NEW in set(profiles["area_id"])
    elsewhere = ~pl.col("area_id").str.starts_with(GROWN)
    assert_frame_equal(profiles.filter(elsewhere), before[0].filter(elsewhere), check_exact=True)
    # The new area may be somebody's twin; every other pair is as far apart as it was.
    pair = ["area_id", "simile_id"]
    other = elsewhere & ~pl.col("simile_id").str.starts_with(GROWN)
    both = twins.filter(other).join(before[1].filter(other), on=pair, suffix="_before")
    assert both.height > 200
    assert both["distanza"].equals(both["distanza_before"], check_names=False)
    assert both["tratti_comuni"].equals(both["tratti_comuni_before"], check_names=False)


def test_shuffled_counts_give_the_same_profiles_and_twins(
    counts: pl.DataFrame,
    tracked: FrozenTypology,
    before: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    shuffled = published(counts.sample(fraction=1.0, shuffle=True, seed=4), tracked)
    for made, first in zip(shuffled, before, strict=True):
        assert_frame_equal(made, first, check_exact=True)


def test_all_eight_cities_have_profiles_of_both_models_and_twins(
    before: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    cities = {city.pro_com for city in load_cities()}
    profiles, twins = before
    for model in ("regola", "tipologia"):
        given = profiles.filter(pl.col("modello") == model, pl.col("motivo").is_null())
        assert set(given["area_id"].str.head(6)) == cities
    assert set(twins["area_id"].str.head(6)) == cities
    assert set(twins.group_by("area_id").len()["len"]) == {5}
