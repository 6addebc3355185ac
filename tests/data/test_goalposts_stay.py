"""Frozen goalposts keep scores where they are: one area's counts move only its own city."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from will_pipeline.cities.catalogue import load_cities
from will_pipeline.geography.census_areas import LEAST_RANKED_RESIDENTS, census_counts
from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Estimate, Settings
from will_pipeline.indicators.goalposts import load_frozen
from will_pipeline.indicators.indices import estimate_all, theme_indices
from will_pipeline.indicators.specification import LEAST_RESIDENTS, load_specification
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import read_embedded

ROOT = Path(__file__).parents[2]
SETTINGS = Settings(draws=20)
KEY = ["area_id", "dimensione", "metodo"]
SCORE = [*KEY, "indice", "classe"]
# A large and a small area, a district, and one beside an area that is withheld.
CHANGED = ("034027.A01", "029041.A03", "035033.Q02", "013075.A07")
COUNTS = ("P29", "P50", "P6", "PF3", "PF8", "ST3")
MORE = 0.2


@pytest.fixture(scope="module")
def pool() -> pl.DataFrame:
    return figure("ace")


def figure(name: str) -> pl.DataFrame:
    source = load_sources(ROOT / "assets" / "raw")[f"istat_censimento_2011_{name}"]
    return read_embedded(source, ROOT / "data" / "raw" / "figures")


@pytest.fixture(scope="module")
def counts() -> pl.DataFrame:
    frame = census_counts(load_cities(), figure("ace_citta"), figure("asc"))
    ranked = (pl.col("level") != "C") & (pl.col("P1") >= LEAST_RANKED_RESIDENTS)
    return frame.with_columns(residents="P1", ranked=ranked)


def estimated(counts: pl.DataFrame, pool: pl.DataFrame) -> tuple[AreaCounts, dict[str, Estimate]]:
    areas = AreaCounts(counts, LEAST_RESIDENTS)
    return areas, estimate_all(load_specification(), areas, pool, SETTINGS)


def scores(areas: AreaCounts, estimates: Mapping[str, Estimate]) -> pl.DataFrame:
    found = theme_indices(
        load_specification(), areas, estimates, frozen=load_frozen(), settings=SETTINGS, year=2011
    )
    return found.rows.sort(KEY)


@pytest.fixture(scope="module")
def before(counts: pl.DataFrame, pool: pl.DataFrame) -> pl.DataFrame:
    return scores(*estimated(counts, pool))


@pytest.mark.parametrize("area", CHANGED)
def test_no_score_of_another_city_moves(
    counts: pl.DataFrame, pool: pl.DataFrame, before: pl.DataFrame, area: str
) -> None:
    city = area.split(".", maxsplit=1)[0]
    # The city is the sum of its areas, so its own row takes the same persons.
    added = {
        code: int(MORE * counts.filter(pl.col("area_id") == area)[code].item()) for code in COUNTS
    }
    assert sum(added.values()) > 0
    touched = pl.col("area_id").is_in([area, f"{city}.C"])
    other = counts.with_columns(
        pl.when(touched).then(pl.col(code) + more).otherwise(code).alias(code)
        for code, more in added.items()
    )
    after = scores(*estimated(other, pool))
    elsewhere = ~pl.col("area_id").str.starts_with(city)
    assert_frame_equal(
        after.filter(elsewhere).select(SCORE),
        before.filter(elsewhere).select(SCORE),
        check_exact=True,
    )
    own = pl.col("area_id") == area
    assert not after.filter(own)["indice"].equals(before.filter(own)["indice"])


@pytest.mark.parametrize("area", CHANGED)
def test_with_the_rates_of_the_others_held_no_other_score_moves_at_all(
    counts: pl.DataFrame, pool: pl.DataFrame, before: pl.DataFrame, area: str
) -> None:
    areas, estimates = estimated(counts, pool)
    own = (counts["area_id"] == area).to_numpy()
    factor = np.where(own, 1 + MORE, 1.0)
    moved = {
        name: replace(each, value=each.value * factor, draws=each.draws * factor)
        for name, each in estimates.items()
    }
    after = scores(areas, moved)
    others = pl.col("area_id") != area
    held = [*SCORE, "ic_inf", "ic_sup"]
    assert_frame_equal(
        after.filter(others).select(held), before.filter(others).select(held), check_exact=True
    )
    assert not after.filter(~others)["indice"].equals(before.filter(~others)["indice"])
