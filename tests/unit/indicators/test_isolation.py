"""Isolation of older people: rates by age, macro-areas, and the trap of towns full of students."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from tests.unit.indicators import country
from will_pipeline.cities.catalogue import Benchmark
from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Settings
from will_pipeline.indicators.indices import estimate_all
from will_pipeline.indicators.isolation import learn, levels
from will_pipeline.indicators.kinds import MacroAreaLevel, Synthetic
from will_pipeline.indicators.levels import benchmarks
from will_pipeline.indicators.persons import estimate_persons
from will_pipeline.indicators.specification import Indicator, Specification

MakeTown = Callable[..., AreaCounts]
MakeCard = Callable[..., Indicator]
MakeSpecification = Callable[..., Specification]
LEVEL = {"kind": "macro_area", "measure": "isolation", "rate_error": 1.0, "heterogeneity": 0.15}
ALONE = {
    "name": "vive_solo",
    "estimator": {
        "kind": "net_of_excess", "numerator": "H1", "denominator": "H", "excess": "Y", "base": "P1",
    },
    "prior": {"weight": 0.25, "error": 0.1},
}  # fmt: skip
ISOLATED = {
    "kind": "synthetic",
    "exposed": [
        {"name": "65-74 anni", "population": "A", "published": "65-74"},
        {"name": "75 anni e più", "population": "B"},
    ],
    "signals": [ALONE],
    "level": LEVEL,
}
HOUSEHOLDS = {
    "P1": [2000, 2000, 4000, 3000] * 2,
    "Y": [400, 400, 800, 600] * 2,
    "H": [1000, 1000, 2000, 1500] * 2,
    "H1": [300, 400, 600, 450] * 2,
    "A": [200, 200, 400, 300] * 2,
    "B": [200, 200, 400, 300] * 2,
}


@pytest.fixture(scope="module")
def specification(make_card: MakeCard, make_specification: MakeSpecification) -> Specification:
    card = make_card("isolati", estimator=ISOLATED, ruolo="persone", tipo="sintetico")
    return make_specification(tema=[card])


@pytest.fixture(scope="module")
def national() -> pl.DataFrame:
    """Half of the older residents are 65-74."""
    return country.pool(A=100, B=100, Y=1, H=2, H1=1)


def found(specification: Specification, areas: AreaCounts, national: pl.DataFrame) -> np.ndarray:
    settings = Settings(draws=100)
    known = country.evidence(pool=national)
    estimates = estimate_all(specification, areas, national, settings)
    return estimate_persons(specification, areas, estimates, evidence=known, settings=settings)[
        "isolati"
    ].estimate.value


def test_the_rate_not_published_is_what_the_total_leaves(national: pl.DataFrame) -> None:
    lesson = learn(Synthetic.model_validate(ISOLATED), national, country.rates())
    np.testing.assert_allclose(lesson.rates, [0.10, 0.18])
    np.testing.assert_allclose(lesson.errors, [0.01, 0.01 * np.sqrt(1.25) / 0.5])
    np.testing.assert_allclose(lesson.tilt.weights, [0.25])
    np.testing.assert_allclose(lesson.tilt.covariance, [[0.01]])


def test_every_region_has_the_level_of_its_macro_area() -> None:
    shares, error, year = levels(MacroAreaLevel.model_validate(LEVEL), country.rates())
    assert len(shares) == 20
    assert (shares["08"], shares["12"], shares["13"]) == (0.10, 0.11, 0.19)
    assert (error, year) == (0.01, 2024)


def test_a_city_outside_the_known_regions_has_no_level_but_its_own(
    specification: Specification,
) -> None:
    card = specification.indicators["isolati"]
    nowhere = country.city("999001", region_code="99")
    here = country.city("000011")
    assert set(benchmarks(card, country.evidence(nowhere, here))) == {"000011"}
    given = Benchmark(rate=15.0, year=2024, source="prova", error=1.0)
    own = country.city("999001", region_code="99", benchmarks={"isolati": given})
    assert benchmarks(card, country.evidence(own))["999001"].share == 0.15


def test_rates_that_contradict_each_other_or_are_absent_are_refused(national: pl.DataFrame) -> None:
    estimator = Synthetic.model_validate(ISOLATED)
    with pytest.raises(ValueError, match="no shares"):
        learn(estimator, national, country.rates(total=4.0))
    without = country.rates().filter(pl.col("breakdown") != "age")
    with pytest.raises(ValueError, match="65-74"):
        learn(estimator, national, without)
    with pytest.raises(ValueError, match="centre"):
        levels(
            MacroAreaLevel.model_validate(LEVEL),
            country.rates().filter(pl.col("level") != "centre"),
        )


def test_more_people_alone_is_more_isolation_at_the_weight_of_the_prior(
    specification: Specification, make_town: MakeTown, national: pl.DataFrame
) -> None:
    value = found(specification, make_town(**HOUSEHOLDS), national)
    assert value[:4].sum() == pytest.approx(220.0, abs=1e-9)
    # Structure is the same everywhere: only who lives alone sets the second area apart.
    assert value[1] / value[0] == pytest.approx((0.4 / 0.3) ** 0.25, rel=0.02)


@pytest.mark.parametrize("students", [50, 200, 600])
def test_young_people_living_alone_do_not_make_an_area_lonely(
    specification: Specification, make_town: MakeTown, national: pl.DataFrame, students: int
) -> None:
    before = found(specification, make_town(**HOUSEHOLDS), national)
    with_students = {
        code: [counts[0] + students, *counts[1:]] if code in ("P1", "Y", "H", "H1") else counts
        for code, counts in HOUSEHOLDS.items()
    }
    after = found(specification, make_town(**with_students), national)
    # What the students would add if the share of one-person households were taken as it is.
    uncorrected = 0.25 * np.log((300 + students) / (1000 + students) / 0.3)
    assert abs(np.log(after[0] / before[0])) < 0.05 * uncorrected + 0.002
    assert after[:4].sum() == pytest.approx(before[:4].sum(), abs=1e-9)


def test_an_excess_larger_than_the_households_leaves_the_level_unshared(
    specification: Specification, make_town: MakeTown, national: pl.DataFrame
) -> None:
    odd = HOUSEHOLDS | {"Y": [1900, 400, 800, 600, *HOUSEHOLDS["Y"][4:]]}
    value = found(specification, make_town(**odd), national)
    assert np.isnan(value[:4]).all()
    assert value[4] == pytest.approx(220.0)
