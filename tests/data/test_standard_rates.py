"""The rates by age inside the formulas are the published ones, and they do what age does."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

from will_pipeline.cities.catalogue import load_cities
from will_pipeline.definitions import PROJECT
from will_pipeline.geography.census_areas import census_counts
from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Settings
from will_pipeline.indicators.estimators import estimate
from will_pipeline.indicators.specification import LEAST_RESIDENTS, load_specification
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import read_embedded

FIGURES = PROJECT / "data" / "raw" / "figures"


def embedded(key: str) -> pl.DataFrame:
    return read_embedded(load_sources(PROJECT / "assets" / "raw")[key], FIGURES)


@pytest.mark.parametrize(
    ("indicator", "sex", "complement"),
    [("non_occupazione_15_64", "total", True), ("occupazione_femminile", "women", False)],
)
def test_formulas_hold_the_published_rates(indicator: str, sex: str, complement: bool) -> None:
    published = embedded("istat_occupazione_eta").filter(breakdown=sex)["percent"] / 100
    expected = [
        1 - rate if complement and position < 4 else rate
        for position, rate in enumerate(published.to_list())
    ]
    formula = load_specification().indicators[indicator].estimator.expected
    written = [float(number) for number in re.findall(r"0\.\d+", formula)]
    assert written == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("indicator", ["non_occupazione_15_64", "occupazione_femminile"])
def test_areas_with_more_of_the_least_employed_ages_are_lifted_less(indicator: str) -> None:
    counts = census_counts(
        load_cities(),
        embedded("istat_censimento_2011_ace_citta"),
        embedded("istat_censimento_2011_asc"),
    ).with_columns(residents="P1")
    areas = AreaCounts(counts, LEAST_RESIDENTS)
    card = load_specification().indicators[indicator]
    found = estimate(card, areas, embedded("istat_censimento_2011_ace"), Settings(draws=2))
    kept = areas.publishable & ~areas.is_city
    adjustment = (found.value - 100 * found.numerator / found.denominator)[kept]
    edges = areas.evaluate("P17 + P18 + P25 + P26") / areas.evaluate(
        "P17 + P18 + P19 + P20 + P21 + P22 + P23 + P24 + P25 + P26"
    )
    within_city = edges - edges[areas.city_row]
    correlation = np.corrcoef(adjustment, within_city[kept])[0, 1]
    assert correlation * card.polarita < -0.4
