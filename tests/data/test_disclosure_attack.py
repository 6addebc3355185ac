"""An attacker with the mart, the code and patience: how much of a hidden count comes back.

The real figures of 2011 are published, then every count the hidden area could have is tried
through the project's own estimators and compared with what was published.
"""

from __future__ import annotations

import polars as pl
import pytest

from will_pipeline.cities.catalogue import load_cities
from will_pipeline.definitions import PROJECT
from will_pipeline.geography.census_areas import SOURCE_OF_LEVEL, census_counts
from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Settings
from will_pipeline.indicators.estimators import estimate
from will_pipeline.indicators.facts import census_facts
from will_pipeline.indicators.specification import LEAST_RESIDENTS, load_specification
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import read_embedded

LEAST_CANDIDATES = 8
SETTINGS = Settings(draws=2)
COMPARED = ["area_id", "valore", "ic_inf", "ic_sup", "valore_comune", "numeratore"]
ATTACKED = {
    "vedovi_separati_divorziati": "P7",
    "famiglie_numerose": "PF8",
    "disoccupazione": "P61",
    "cerca_primo_lavoro": "P61",
}


@pytest.fixture(scope="module")
def figures() -> dict[str, pl.DataFrame]:
    sources = load_sources(PROJECT / "assets" / "raw")
    return {
        name: read_embedded(
            sources[f"istat_censimento_2011_{name}"], PROJECT / "data" / "raw" / "figures"
        )
        for name in ("ace_citta", "asc", "ace")
    }


def counts_of(figures: dict[str, pl.DataFrame], pro_com: str) -> pl.DataFrame:
    counts = census_counts(load_cities(), figures["ace_citta"], figures["asc"])
    return counts.filter(pl.col("pro_com") == pro_com).with_columns(
        residents="P1", ranked=(pl.col("level") != "C") & (pl.col("P1") >= 1_000)
    )


def published(counts: pl.DataFrame, indicator: str, pool: pl.DataFrame) -> pl.DataFrame:
    specification = load_specification()
    areas = AreaCounts(counts, LEAST_RESIDENTS)
    found = estimate(specification.indicators[indicator], areas, pool, SETTINGS)
    return census_facts(
        specification, areas, {indicator: found}, year=2011, sources=SOURCE_OF_LEVEL
    ).select(COMPARED)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pro_com", "hidden", "beside"),
    [("013075", "013075.A00", "013075.A07"), ("108033", "108033.A00", "108033.A51")],
)
@pytest.mark.parametrize(("indicator", "code"), ATTACKED.items())
def test_many_hidden_counts_fit_everything_that_is_published(
    figures: dict[str, pl.DataFrame],
    indicator: str,
    code: str,
    pro_com: str,
    hidden: str,
    beside: str,
) -> None:
    counts = counts_of(figures, pro_com)
    seen = published(counts, indicator, figures["ace"])
    fitting = []
    for shift in range(-25, 26):
        moved = counts.with_columns(
            pl.when(pl.col("area_id") == hidden)
            .then(pl.col(code) + shift)
            .when(pl.col("area_id") == beside)
            .then(pl.col(code) - shift)
            .otherwise(code)
            .alias(code)
        )
        if moved[code].min() >= 0 and published(moved, indicator, figures["ace"]).equals(seen):
            fitting.append(shift)
    assert 0 in fitting
    assert len(fitting) >= LEAST_CANDIDATES, fitting
