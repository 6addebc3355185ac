"""Projection of small-area populations by cohort-change ratios, its controls and its back-test.

Populations are arrays of areas by age groups; men and women are projected by the same functions.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput

PRIOR_PERSONS = 50.0
TOTALS_AGREE = 1e-9


@dataclass(frozen=True)
class Projection:
    """Projected persons by area and age group, both of shape (n, g), and the ratios behind them.

    `women_ratio` and `men_ratio` have shape (n, g - s): the ratio that carried the cohort into age
    group s + j, the last being the open group. `child_ratio` has shape (n, s): children of both
    sexes per woman of the ages counted for that group.
    """

    women: FloatArray
    men: FloatArray
    women_ratio: FloatArray
    men_ratio: FloatArray
    child_ratio: FloatArray

    @property
    def persons(self) -> FloatArray:
        """Women and men together, shape (n, g)."""
        return self.women + self.men


@dataclass(frozen=True)
class BackTest:
    """Errors of a projection against a count that came later.

    `log_error` = ln(actual / projected), shape (n,); `mean_absolute_percentage` (of actual, areas
    weighing alike), `weighted_absolute_percentage` (persons weighing alike) and
    `mean_percentage` (bias, positive when too high) are in percent.
    """

    log_error: FloatArray
    mean_absolute_percentage: float
    weighted_absolute_percentage: float
    mean_percentage: float


@dataclass(frozen=True)
class Interval:
    """Bounds around projected values, of their shape, and the half-width in logarithms."""

    lower: FloatArray
    upper: FloatArray
    half_width: float


def cohort_change_ratios(
    earlier: ArrayLike, later: ArrayLike, *, shift: int = 1, prior_persons: float = PRIOR_PERSONS
) -> FloatArray:
    """Ratios that carry each cohort to the next census, shrunk towards those of the city.

    CCR_i = (P_{i, x + s, t} + k c) / (P_{i, x, t - 1} + k), c being the same ratio over all areas:
    k persons of the city are added to each area's cohort. The open group w is fed by the last s + 1
    groups of the earlier census. k = 0 gives the plain Hamilton-Perry ratios.

    Args:
        earlier: Persons by area and age group at the earlier census, shape (n, g).
        later: The same at the later census, one interval after, shape (n, g).
        shift: Age groups s a cohort ages by in one interval (2 for ten years in 5-year groups).
        prior_persons: Strength k of the city's ratio, persons.

    Returns:
        Ratios into age groups s ... g - 1, shape (n, g - s).

    Raises:
        InvalidInput: If populations are malformed, shapes differ, `shift` leaves no cohort, the
            city has nobody in a cohort, or an area has nobody in it and k = 0.

    Source:
        Hamilton and Perry (1962), Social Forces 41(2); Swanson, Schlottmann and Schmidt (2010),
        Population Research and Policy Review 29(1); shrinkage as a gamma prior worth k persons.
    """
    start = _population(earlier, argument="earlier")
    end = _population(later, argument="later", like=start)
    _options(shift, start.shape[1], prior_persons)
    return _shrunk(end[:, shift:], _cohorts(start, shift), prior_persons, argument="earlier")


def hamilton_perry(
    earlier_women: ArrayLike,
    later_women: ArrayLike,
    earlier_men: ArrayLike,
    later_men: ArrayLike,
    *,
    fertile: ArrayLike,
    shift: int = 1,
    prior_persons: float = PRIOR_PERSONS,
    girls: float = 0.5,
) -> Projection:
    """Project one interval ahead with cohort-change and child-woman ratios.

    P_{x + s, t + 1} = CCR_x P_{x, t}; the open group is CCR_w times the last s + 1 groups. Children
    of the youngest group j < s are CWR_j times the projected women weighted by `fertile[j]`, with
    CWR_j = (children of both sexes + k c_j) / (weighted women + k) at the later census, shared
    between the sexes by `girls`.

    Args:
        earlier_women: Women by area and age group one interval before, persons, shape (n, g).
        later_women: Women at the launch census, shape (n, g).
        earlier_men: Men one interval before, shape (n, g).
        later_men: Men at the launch census, shape (n, g).
        fertile: Weights of women's age groups as mothers of child group j, shape (s, g), between 0
            and 1.
        shift: Age groups s a cohort ages by in one interval.
        prior_persons: Strength k of the city's ratios, persons; 0 for the plain method.
        girls: Share of girls among the projected children.

    Returns:
        The projection one interval after the later census.

    Raises:
        InvalidInput: As `cohort_change_ratios`, and if `fertile` or `girls` are out of [0, 1].

    Source:
        Hamilton and Perry (1962), Social Forces 41(2); Hauer, M. E. (2019), Population projections
        for U.S. counties by age, sex, and race controlled to shared socioeconomic pathway,
        Scientific Data 6.
    """
    before = _population(earlier_women, argument="earlier_women")
    launch = _population(later_women, argument="later_women", like=before)
    men_before = _population(earlier_men, argument="earlier_men", like=before)
    men_launch = _population(later_men, argument="later_men", like=before)
    _options(shift, before.shape[1], prior_persons)
    women_ratio = _shrunk(
        launch[:, shift:], _cohorts(before, shift), prior_persons, argument="earlier_women"
    )
    men_ratio = _shrunk(
        men_launch[:, shift:], _cohorts(men_before, shift), prior_persons, argument="earlier_men"
    )
    mothers = _fertile(fertile, shift, before.shape[1])
    checks.probability([girls], argument="girls")
    women = _aged(launch, women_ratio, shift)
    men = _aged(men_launch, men_ratio, shift)
    children = (launch + men_launch)[:, :shift]
    child_ratio = _shrunk(children, launch @ mothers.T, prior_persons, argument="later_women")
    born = child_ratio * (women @ mothers.T)
    women[:, :shift], men[:, :shift] = girls * born, (1.0 - girls) * born
    return Projection(women, men, women_ratio, men_ratio, child_ratio)


def blend_with_no_change(
    projected: ArrayLike, launch: ArrayLike, *, no_change_share: ArrayLike
) -> FloatArray:
    """Average a projection with today's population, age group by age group.

    (1 - b_x) projected + b_x launch. Districts of students renew themselves: for ages 15-29 half
    and half beat the pure projection in back-tests.

    Args:
        projected: Projected persons, shape (n, g).
        launch: Persons at the launch census, shape (n, g).
        no_change_share: Weight b_x of no change for each age group, shape (g,), between 0 and 1.

    Returns:
        Persons, shape (n, g).

    Raises:
        InvalidInput: If populations are malformed, shapes differ or a weight is out of [0, 1].

    Source:
        Averaging of methods: Smith, Tayman and Swanson (2013), A Practitioner's Guide to State and
        Local Population Projections, Springer.
    """
    ahead = _population(projected, argument="projected")
    today = _population(launch, argument="launch", like=ahead)
    weight = checks.probability(no_change_share, argument="no_change_share")
    if weight.size != ahead.shape[1]:
        raise InvalidInput("no_change_share", f"needs one weight per age group ({ahead.shape[1]})")
    return (1.0 - weight) * ahead + weight * today


def rake_to_totals(
    projected: ArrayLike, *, by_age: ArrayLike | None = None, total: float | None = None
) -> FloatArray:
    """Scale areas so that they add up to an official projection of the municipality.

    Proportional within each age group when `by_age` is given, else by one factor for everybody.

    Args:
        projected: Projected persons by area and age group, shape (n, g).
        by_age: Persons of the municipality by age group, shape (g,).
        total: Persons of the municipality; with `by_age` it must equal its sum.

    Returns:
        Persons, shape (n, g), adding up exactly (to rounding error) to the controls.

    Raises:
        InvalidInput: If malformed, if no control is given, if the two controls disagree, or if a
            group without projected persons has a positive control.

    Source:
        Smith, Tayman and Swanson (2013), A Practitioner's Guide to State and Local Population
        Projections, Springer (controlling to larger-area totals).
    """
    persons = _population(projected, argument="projected")
    if by_age is None:
        if total is None:
            raise InvalidInput("total", "needs a control: by_age, total or both")
        control = checks.counts([total], argument="total")
        return persons * _factor(control, persons.sum(keepdims=True).ravel(), "total")
    control = checks.counts(by_age, argument="by_age")
    if control.size != persons.shape[1]:
        raise InvalidInput("by_age", f"needs one total per age group ({persons.shape[1]})")
    if total is not None and abs(total - control.sum()) > TOTALS_AGREE * max(1.0, abs(total)):
        raise InvalidInput("total", f"must equal the sum of by_age ({float(control.sum())!r})")
    return persons * _factor(control, persons.sum(axis=0), "by_age")


def back_test(projected: ArrayLike, actual: ArrayLike) -> BackTest:
    """Compare a projection with the count that came later.

    Args:
        projected: Projected persons per area, shape (n,), above zero.
        actual: Counted persons per area, shape (n,), above zero.

    Returns:
        Errors by area and their summaries.

    Raises:
        InvalidInput: If malformed, not positive, or of different lengths.

    Source:
        Smith, Tayman and Swanson (2013), as above (MAPE, MALPE and weighted errors).
    """
    expected = checks.positive(projected, argument="projected")
    seen = checks.positive(actual, argument="actual")
    checks.same_length(projected=expected, actual=seen)
    gap = expected - seen
    return BackTest(
        log_error=np.log(seen / expected),
        mean_absolute_percentage=float(100 * np.mean(np.abs(gap) / seen)),
        weighted_absolute_percentage=float(100 * np.abs(gap).sum() / seen.sum()),
        mean_percentage=float(100 * np.mean(gap / seen)),
    )


def error_interval(projected: ArrayLike, test: BackTest, *, level: float = 0.90) -> Interval:
    """Bounds from the errors that the same method made in the past.

    The half-width q is the ceil((n + 1) level)-th smallest of the |log errors| of the back-test;
    the bounds are projected x exp(-q) and projected x exp(q): they hold a new area with probability
    of at least `level` when its error is exchangeable with those of the back-test.

    Args:
        projected: Projected persons, any shape.
        test: Back-test of the same method over the same horizon.
        level: Nominal coverage.

    Returns:
        The bounds, of the shape of `projected`.

    Raises:
        InvalidInput: If malformed or negative, or if the back-test has too few areas for `level`.

    Source:
        Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random World, Springer (split
        conformal prediction); Tayman, Smith and Lin (2007), on empirical errors as intervals.
    """
    persons = checks.count_array(projected, argument="projected")
    checks.confidence_level(level)
    errors = np.sort(np.abs(test.log_error))
    place = int(np.ceil((errors.size + 1) * level))
    if place > errors.size:
        raise InvalidInput("test", f"{errors.size} areas are too few for a level of {level!r}")
    half_width = float(errors[place - 1])
    return Interval(persons * np.exp(-half_width), persons * np.exp(half_width), half_width)


def _cohorts(population: FloatArray, shift: int) -> FloatArray:
    """Those who will be in groups s ... g - 1 one interval later; the last feed the open group."""
    groups = population.shape[1]
    closed = population[:, : groups - shift - 1]
    return np.hstack([closed, population[:, groups - shift - 1 :].sum(axis=1, keepdims=True)])


def _aged(launch: FloatArray, ratio: FloatArray, shift: int) -> FloatArray:
    ahead = np.zeros_like(launch)
    ahead[:, shift:] = ratio * _cohorts(launch, shift)
    return ahead


def _shrunk(
    numerator: FloatArray, denominator: FloatArray, prior_persons: float, *, argument: str
) -> FloatArray:
    base = denominator.sum(axis=0)
    nobody = np.flatnonzero(base == 0)
    if nobody.size:
        raise InvalidInput(argument, f"nobody in the city is in cohort {int(nobody[0])}")
    weight = denominator + prior_persons
    if (weight == 0).any():
        position = tuple(int(i) for i in np.argwhere(weight == 0)[0])
        raise InvalidInput(argument, "a cohort with nobody needs prior_persons above 0", position)
    return (numerator + prior_persons * numerator.sum(axis=0) / base) / weight


def _factor(control: FloatArray, current: FloatArray, argument: str) -> FloatArray:
    empty = np.flatnonzero((current == 0) & (control > 0))
    if empty.size:
        raise InvalidInput(argument, "nobody is projected to carry this total", (int(empty[0]),))
    return np.divide(control, current, out=np.ones_like(current), where=current > 0)


def _fertile(values: ArrayLike, shift: int, groups: int) -> FloatArray:
    mothers = checks.real_matrix(values, argument="fertile", columns=groups)
    if mothers.shape[0] != shift:
        raise InvalidInput("fertile", f"needs one row per child group ({shift})")
    inside = (mothers >= 0) & (mothers <= 1)
    checks.require(inside, mothers, argument="fertile", rule="must lie between 0 and 1")
    return mothers


def _population(values: ArrayLike, *, argument: str, like: FloatArray | None = None) -> FloatArray:
    clean = checks.count_matrix(values, argument=argument)
    if like is not None and clean.shape != like.shape:
        raise InvalidInput(argument, f"must have shape {like.shape}, found {clean.shape}")
    return clean


def _options(shift: int, groups: int, prior_persons: float) -> None:
    if not 1 <= shift < groups:
        raise InvalidInput("shift", f"must lie between 1 and {groups - 1}, found {shift!r}")
    if not np.isfinite(prior_persons) or prior_persons < 0:
        raise InvalidInput("prior_persons", f"must not be negative, found {prior_persons!r}")
