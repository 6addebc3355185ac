"""Exposed residents some years ahead, from two age structures of the same areas.

The cohort method itself is in `will_pipeline.statistics`; which ages it is asked for, how students'
quarters are treated and how wrong it has been belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from will_pipeline.needs.age_structures import BAND, AgeStructures, Floats, NoScenario
from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.cohort_projection import (
    PRIOR_PERSONS,
    BackTest,
    back_test,
    blend_with_no_change,
    error_interval,
    hamilton_perry,
    rake_to_totals,
)

INTERVALS = (10, 5)
FIRST_MOTHER, LAST_MOTHER = 15, 44
STUDENTS = (15, 29)
NO_CHANGE_SHARE = 0.5
LEAST_AREAS = 9
"""With fewer errors than this none is the 90th percentile of a new one."""
PUBLISHED_PERCENT = {(15, 29): 9.2, (65, None): 7.7}
OTHER_AGES_PERCENT = 9.2
"""Mean error after five years, weighted by persons, in the back-test on 397 census tracts of King
County: the worse of two periods. For ages 15-29 it bounds the blend from above (half the error of
each part); for ages it does not tell, the largest stands in."""
PUBLISHED_YEARS = 5
LAPLACE_90 = float(np.log(10.0))
"""90th percentile of |error| over its mean, for errors with tails heavier than the normal."""

Ages = tuple[int, int | None]


@dataclass(frozen=True)
class Outlook:
    """Residents of n areas one interval after the launch year.

    Attributes:
        area_ids: the areas.
        launch: year of the last structure.
        interval: years ahead.
        residents: all residents at the launch year, shape (n,).
        today: exposed residents at the launch year by ages, each of shape (n,).
        ahead: the same, projected.
        tests: back-test by ages, where a third structure lets one be made.
        raked: whether the areas were made to add up to a total of the municipality.
        by_sex: whether the sexes were projected apart.
    """

    area_ids: tuple[str, ...]
    launch: int
    interval: int
    residents: Floats
    today: Mapping[Ages, Floats]
    ahead: Mapping[Ages, Floats]
    tests: Mapping[Ages, BackTest]
    raked: bool
    by_sex: bool


@dataclass(frozen=True)
class Error:
    """How wrong the projection of some ages has been.

    Attributes:
        percent: mean error, weighted by persons, in percent.
        half_width: half-width of the 90 % interval, in logarithms.
        own: whether it was measured on these very areas.
    """

    percent: float
    half_width: float
    own: bool


def project_ages(
    structures: AgeStructures,
    ages: tuple[Ages, ...],
    *,
    interval: int,
    totals: Mapping[int, float],
    prior_persons: float = PRIOR_PERSONS,
) -> Outlook:
    """Project residents of given ages one interval after the last structure.

    Cohort-change ratios shrunk towards the city; ages 15-29 half and half with no change; scaled
    to the municipality's total of that year where one is given.

    Args:
        structures: age structures of all the areas of a city and level.
        ages: ages wanted, first and last (none for no end).
        interval: years between two structures and ahead: a multiple of five.
        totals: projected residents of the municipality by year.
        prior_persons: strength of the city's ratios, persons.

    Returns:
        The exposed residents, with the errors of the same method one interval before, where a
        third structure is there.

    Raises:
        NoScenario: no two structures are one interval apart, or the city has nobody in a cohort.

    Source:
        Hamilton and Perry (1962), Social Forces 41(2); see `statistics.cohort_projection`.
    """
    launch = _launch(structures, interval)
    persons = _project(structures, launch, interval, prior_persons)
    total = totals.get(launch + interval)
    if total is not None:
        persons = rake_to_totals(persons, total=total)
    before = structures.persons(launch)
    return Outlook(
        area_ids=structures.area_ids,
        launch=launch,
        interval=interval,
        residents=before.sum(axis=1),
        today={each: _exposed(before, structures, each) for each in ages},
        ahead={each: _exposed(persons, structures, each) for each in ages},
        tests=_tests(structures, ages, launch, interval, prior_persons),
        raked=total is not None,
        by_sex=structures.by_sex,
    )


def expected_error(outlook: Outlook, ages: Ages) -> Error:
    """How wrong the projection of these ages is expected to be, as a 90 % interval.

    With a back-test on nine areas or more: their own errors. Otherwise the published mean error,
    growing in proportion to the years ahead, or the own one where it is larger.

    Source:
        Own errors: split conformal (see `statistics.cohort_projection.error_interval`). Published
        errors: growth with the horizon after Smith, Tayman and Swanson (2013), A Practitioner's
        Guide to State and Local Population Projections, Springer.
    """
    test = outlook.tests.get(ages)
    if test is not None and test.log_error.size >= LEAST_AREAS:
        reached = error_interval(outlook.ahead[ages], test).half_width
        return Error(test.weighted_absolute_percentage, reached, own=True)
    published = PUBLISHED_PERCENT.get(ages, OTHER_AGES_PERCENT)
    percent = published * outlook.interval / PUBLISHED_YEARS
    if test is not None:
        percent = max(percent, test.weighted_absolute_percentage)
    return Error(percent, LAPLACE_90 * percent / 100.0, own=False)


def _launch(structures: AgeStructures, interval: int) -> int:
    """The last year that has another structure one interval before."""
    paired = [year for year in structures.years if year - interval in structures.women]
    if not paired:
        dates = ", ".join(str(year) for year in structures.years)
        raise NoScenario(f"servono due date a {interval} anni di distanza, ci sono: {dates}")
    return paired[-1]


def _project(structures: AgeStructures, launch: int, interval: int, prior: float) -> Floats:
    start = launch - interval
    shift = interval // BAND
    # Half of the total stands for each sex: half the prior keeps its weight.
    strength = prior if structures.by_sex else prior / 2
    try:
        ahead = hamilton_perry(
            structures.women[start],
            structures.women[launch],
            structures.men[start],
            structures.men[launch],
            fertile=_mothers(structures.first_ages, shift),
            shift=shift,
            prior_persons=strength,
        )
    except InvalidInput as problem:
        raise NoScenario("in una classe di età la città non ha nessuno") from problem
    students = _between(structures.first_ages, STUDENTS)
    return blend_with_no_change(
        ahead.persons,
        structures.persons(launch),
        no_change_share=np.where(students, NO_CHANGE_SHARE, 0.0),
    )


def _tests(
    structures: AgeStructures, ages: tuple[Ages, ...], launch: int, interval: int, prior: float
) -> dict[Ages, BackTest]:
    if launch - 2 * interval not in structures.women:
        return {}
    said = _project(structures, launch - interval, interval, prior)
    seen = structures.persons(launch)
    tests = {}
    for each in ages:
        projected = _exposed(said, structures, each)
        actual = _exposed(seen, structures, each)
        if (projected > 0).all() and (actual > 0).all():
            tests[each] = back_test(projected, actual)
    return tests


def _mothers(first_ages: NDArray[np.int64], shift: int) -> Floats:
    """Women of 15-44, five years older for each older group of children, shape (shift, g)."""
    older = BAND * np.arange(shift)[:, None]
    fertile = (first_ages >= FIRST_MOTHER + older) & (first_ages <= LAST_MOTHER + older)
    return fertile.astype(np.float64)


def _between(first_ages: NDArray[np.int64], ages: Ages) -> NDArray[np.bool_]:
    first, last = ages
    return (first_ages >= first) & (first_ages <= (first_ages[-1] if last is None else last))


def _exposed(persons: Floats, structures: AgeStructures, ages: Ages) -> Floats:
    return np.asarray(persons[:, _between(structures.first_ages, ages)].sum(axis=1))
