"""What provinces teach, where the truth is known."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from tests.unit.indicators import country
from will_pipeline.indicators.kinds import Synthetic
from will_pipeline.indicators.provincial import (
    ProvincialLesson,
    learn,
    provinces_of_areas,
    provincial_levels,
)
from will_pipeline.indicators.specification import Indicator, Specification

MakeCard = Callable[..., Indicator]
MakeSpecification = Callable[..., Specification]
Teach = Callable[[pl.DataFrame, pl.DataFrame], ProvincialLesson]
ESTIMATOR = Synthetic.model_validate(
    {
        "kind": "synthetic",
        "exposed": [{"name": "tutti", "population": "G"}],
        "signals": [{"name": "segnale"}],
        "level": {"kind": "provincial", "series": country.SERIES},
    }
)


@pytest.fixture
def teach(make_card: MakeCard, make_specification: MakeSpecification) -> Teach:
    rate = {"kind": "shrunk_rate", "numerator": "E", "denominator": "N"}
    specification = make_specification(tema=[make_card("segnale", estimator=rate)])
    return lambda pool, series: learn(ESTIMATOR, specification, pool, series)


def test_a_level_is_the_mean_of_the_last_three_years() -> None:
    older = (
        country.series()
        .filter(pl.col("year") == 2022)
        .with_columns(year=pl.lit(2021, pl.Int64), value=pl.lit(99.0))
    )
    levels = provincial_levels(pl.concat([older, country.series()]), country.SERIES)
    assert levels.year == 2024
    assert levels.shares["ITC15"] == pytest.approx(country.share("Novara") / 100)


def test_scatter_common_to_all_the_provinces_is_no_error() -> None:
    year = pl.col("year") - 2022
    falling = country.series().with_columns(
        value=pl.col("province").map_elements(country.share, return_dtype=pl.Float64) * 0.9**year
    )
    assert provincial_levels(falling, country.SERIES).relative_error == pytest.approx(0, abs=1e-12)
    swinging = provincial_levels(country.series(), country.SERIES).relative_error
    # Logarithms of 0.9, 1 and 1.1, rising in half of the provinces and falling in the others.
    logs = np.log([[0.9, 1.0, 1.1], [1.1, 1.0, 0.9]] * 4)
    scatter = logs - logs.mean(axis=1, keepdims=True) - logs.mean(axis=0) + logs.mean()
    assert swinging == pytest.approx(np.sqrt((scatter**2).sum() / (2 * 7) / 3))


@pytest.mark.parametrize("years", [[2023, 2024], [2024]])
def test_fewer_than_three_years_are_refused(years: list[int]) -> None:
    short = country.series().filter(pl.col("year").is_in(years))
    with pytest.raises(ValueError, match=country.SERIES):
        provincial_levels(short, country.SERIES)


def test_a_province_without_one_of_the_years_has_no_level() -> None:
    holed = country.series().filter((pl.col("province") != "Como") | (pl.col("year") != 2023))
    assert "ITC42" not in provincial_levels(holed, country.SERIES).shares


def test_an_exact_relation_is_found_and_predicts_regions_left_out(teach: Teach) -> None:
    lesson = teach(country.pool(), country.series())
    assert lesson.tilt.weights == pytest.approx([country.WEIGHT], abs=1e-6)
    assert lesson.tilt.heterogeneity == pytest.approx(0, abs=1e-3)
    assert lesson.validation.with_signals == pytest.approx(0, abs=1e-6)
    gaps = [0.5 * np.log(r) / 2 for r in (2.0, 3.0, 3.0, 2.0)]
    expected = np.sqrt(2 * np.sum(np.square(gaps)) / 4)
    assert lesson.validation.without_signals == pytest.approx(expected)
    assert (lesson.validation.provinces, lesson.validation.regions) == (8, 4)
    assert lesson.validation.unmatched == ()


def test_levels_of_regions_teach_nothing_about_weights(teach: Teach) -> None:
    shifted = country.series().with_columns(
        value=pl.when(pl.col("province").is_in(["Padova", "Rovigo"]))
        .then(pl.col("value") / 3)
        .otherwise("value")
    )
    lesson = teach(country.pool(), shifted)
    assert lesson.tilt.weights == pytest.approx([country.WEIGHT], abs=1e-6)


def test_provinces_of_one_source_only_are_reported_and_left_out(teach: Teach) -> None:
    fewer = country.pool().filter(pl.col("province") != "Como")
    strange = fewer.head(1).with_columns(province=pl.lit("Atlantide"), region=pl.lit("Piemonte"))
    lesson = teach(pl.concat([fewer, strange]), country.series())
    assert lesson.validation.unmatched == ("Atlantide", "Como")
    # Bergamo is left alone in its region, which teaches nothing.
    assert (lesson.validation.provinces, lesson.validation.regions) == (6, 3)


def test_provinces_of_2011_join_those_that_count_them_today() -> None:
    names = ["Olbia-Tempio", "Sassari", "Medio Campidano", "Carbonia-Iglesias"]
    pool = (
        country.pool()
        .head(4)
        .with_columns(
            province=pl.Series(names), region=pl.lit("Sardegna"), P1=pl.Series([1, 2, 4, 8])
        )
    )
    joined = provinces_of_areas(pool)
    assert dict(joined.select("code", "P1").iter_rows()) == {"ITG25": 3, "IT111": 12}


def test_one_region_is_too_few(teach: Teach) -> None:
    alone = country.pool().filter(pl.col("region") == "Veneto")
    with pytest.raises(ValueError, match="two regions"):
        teach(alone, country.series())
