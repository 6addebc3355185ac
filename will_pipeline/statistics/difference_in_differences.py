"""Effect of a measure that started in some areas and not in others, and what could have been seen.

Areas are the clusters: errors are correlated within an area over time, never assumed independent.
"""

from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.regression.linear_model import RegressionResults

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput
from will_pipeline.statistics.grouping import known_labels
from will_pipeline.statistics.threads import single_threaded

POWER = 0.80
FEWEST_AREAS = 2


@dataclass(frozen=True)
class Effect:
    """Estimated change due to the measure, in units of the outcome.

    `lower` and `upper` bound it with Student's t on `degrees_of_freedom` (areas minus one);
    `minimum_detectable` is the smallest true effect the design would have found significant with
    the stated power.
    """

    estimate: float
    standard_error: float
    degrees_of_freedom: int
    lower: float
    upper: float
    p_value: float
    treated_areas: int
    control_areas: int
    minimum_detectable: float


@dataclass(frozen=True)
class EventStudy:
    """Difference between treated and control areas by period, against the reference period.

    `period`, `estimate`, `standard_error`, `lower`, `upper` have shape (periods - 1,), ascending,
    the reference left out. `pre_trend_p_value` tests that all differences before the start are
    zero; `parallel` is whether it is not rejected at 5 %, which is no proof: the test is weak when
    `pre_trend_detectable`, the smallest single lead it would have seen, is large.
    """

    period: FloatArray
    estimate: FloatArray
    standard_error: FloatArray
    lower: FloatArray
    upper: FloatArray
    reference: float
    pre_trend_statistic: float
    pre_trend_p_value: float
    pre_trend_detectable: float
    treated_areas: int
    control_areas: int

    @property
    def parallel(self) -> bool:
        """Whether parallel trends before the start are not rejected at 5 %."""
        return self.pre_trend_p_value >= 0.05


@single_threaded
def two_by_two(
    outcome: ArrayLike,
    *,
    treated: ArrayLike,
    after: ArrayLike,
    area: ArrayLike,
    level: float = 0.90,
    power: float = POWER,
) -> Effect:
    """Difference in differences of two groups and two spans of time.

    y = a + b treated + c after + d treated x after + e by least squares; d is the effect, its
    variance is clustered by area (with the small-sample factor G/(G-1) (N-1)/(N-K)).

    Args:
        outcome: Outcome per area and period, shape (n,).
        treated: Whether the area has the measure, booleans of shape (n,), constant in an area.
        after: Whether the period is after its start, booleans of shape (n,).
        area: Area of each row, any sortable labels, shape (n,).
        level: Nominal coverage of the interval.
        power: Probability of detection that defines the minimum detectable effect.

    Returns:
        The effect with its interval and its minimum detectable size.

    Raises:
        InvalidInput: If arrays are malformed, lengths differ, an area is both treated and not, a
            group has fewer than two areas or one of the four cells is empty.

    Source:
        Card and Krueger (1994), American Economic Review 84(4); Liang and Zeger (1986), Biometrika
        73(1); Bertrand, Duflo and Mullainathan (2004), Quarterly Journal of Economics 119(1).
    """
    y = checks.real_vector(outcome, argument="outcome")
    measure = checks.flags(treated, argument="treated")
    later = checks.flags(after, argument="after")
    areas = known_labels(area, argument="area")
    checks.same_length(outcome=y, treated=measure, after=later, area=areas)
    checks.confidence_level(level)
    code, groups = _groups(areas, measure)
    for name, cell in (("before", ~later), ("after", later)):
        for side in (measure, ~measure):
            if not (cell & side).any():
                raise InvalidInput("after", f"each group needs observations {name} the start")
    d = (measure & later).astype(np.float64)
    design = np.column_stack([np.ones(y.size), measure, later, d]).astype(np.float64)
    fit = _clustered(y, design, code)
    return _effect(fit, 3, groups, level=level, power=power)


@single_threaded
def event_study(
    outcome: ArrayLike,
    *,
    treated: ArrayLike,
    period: ArrayLike,
    area: ArrayLike,
    start: float,
    level: float = 0.90,
) -> EventStudy:
    """Differences between treated and control areas in each period around a common start.

    y_it = a_i + g_t + sum_{s != r} d_s treated_i 1(t = s) + e_it with area and period effects; the
    reference r is the last period before the start. A Wald test (F, clustered by area) of all d_s
    with s < r checks the trends before. The measure has to start everywhere in the same period:
    with staggered starts this estimator mixes effects of different ages.

    Args:
        outcome: Outcome per area and period, shape (n,), one row for each area in each period.
        treated: Whether the area has the measure, booleans of shape (n,), constant in an area.
        period: Period of each row (year), shape (n,).
        area: Area of each row, any sortable labels, shape (n,).
        start: First period with the measure.
        level: Nominal coverage of the intervals.

    Returns:
        Differences by period and the test of the trends before the start.

    Raises:
        InvalidInput: If arrays are malformed, lengths differ, a row is repeated or absent, an area
            is both treated and not, a group has fewer than two areas, there are fewer than two
            periods before the start or none from it, or more leads than areas can test.

    Source:
        Jacobson, LaLonde and Sullivan (1993), American Economic Review 83(4); Roth (2022), Pretest
        with caution, AER: Insights 4(3); Goodman-Bacon (2021), Journal of Econometrics 225(2).
    """
    y = checks.real_vector(outcome, argument="outcome")
    measure = checks.flags(treated, argument="treated")
    when = checks.real_vector(period, argument="period")
    areas = known_labels(area, argument="area")
    checks.same_length(outcome=y, treated=measure, period=when, area=areas)
    checks.confidence_level(level)
    code, groups = _groups(areas, measure)
    periods, time = np.unique(when, return_inverse=True)
    _balanced(code, time, sum(groups), periods.size)
    leads = _leads(periods, start, sum(groups))
    kept = np.delete(np.arange(periods.size), leads)
    dummies = (time[:, None] == kept) & measure[:, None]
    design = np.column_stack(
        [
            dummies,
            code[:, None] == np.arange(sum(groups)),
            time[:, None] == np.arange(1, periods.size),
        ]
    ).astype(np.float64)
    fit = _clustered(y, design, code)
    shown = slice(0, kept.size)
    estimate, error = fit.params[shown], fit.bse[shown]
    freedom = sum(groups) - 1
    reach = stats.t.ppf(0.5 + level / 2, freedom) * error
    test = fit.f_test(np.eye(leads, design.shape[1]))
    return EventStudy(
        period=periods[kept],
        estimate=estimate,
        standard_error=error,
        lower=estimate - reach,
        upper=estimate + reach,
        reference=float(periods[leads]),
        pre_trend_statistic=float(test.fvalue),
        pre_trend_p_value=float(test.pvalue),
        pre_trend_detectable=max(
            minimum_detectable_effect(float(se), freedom) for se in error[:leads]
        ),
        treated_areas=groups[0],
        control_areas=groups[1],
    )


def minimum_detectable_effect(
    standard_error: float, degrees_of_freedom: int, *, size: float = 0.05, power: float = POWER
) -> float:
    """Smallest true effect that a two-sided test would have declared with the given power.

    (t_{1 - size/2} + t_{power}) x standard error, Student's t on the degrees of freedom. All
    arguments are numbers, of no shape.

    Args:
        standard_error: Standard error of the effect, in units of the outcome, not negative.
        degrees_of_freedom: Degrees of freedom of the test (areas minus one), at least 1.
        size: Probability of a false alarm.
        power: Probability of detection.

    Returns:
        The effect, in units of the outcome.

    Raises:
        InvalidInput: If an argument is out of its range.

    Source:
        Bloom (1995), Minimum detectable effects, Evaluation Review 19(5).
    """
    checks.counts([standard_error], argument="standard_error")
    checks.confidence_level(size, argument="size")
    checks.confidence_level(power, argument="power")
    if degrees_of_freedom < 1:
        raise InvalidInput("degrees_of_freedom", f"must be at least 1, found {degrees_of_freedom}")
    student = stats.t(degrees_of_freedom)
    return float((student.ppf(1 - size / 2) + student.ppf(power)) * standard_error)


def _clustered(y: FloatArray, design: FloatArray, code: NDArray[np.intp]) -> RegressionResults:
    return sm.OLS(y, design).fit(cov_type="cluster", cov_kwds={"groups": code}, use_t=True)


def _effect(
    fit: RegressionResults, column: int, groups: tuple[int, int], *, level: float, power: float
) -> Effect:
    estimate, error = float(fit.params[column]), float(fit.bse[column])
    freedom = sum(groups) - 1
    reach = float(stats.t.ppf(0.5 + level / 2, freedom)) * error
    return Effect(
        estimate=estimate,
        standard_error=error,
        degrees_of_freedom=freedom,
        lower=estimate - reach,
        upper=estimate + reach,
        p_value=float(fit.pvalues[column]),
        treated_areas=groups[0],
        control_areas=groups[1],
        minimum_detectable=minimum_detectable_effect(error, freedom, power=power),
    )


def _groups(
    areas: NDArray[np.generic], treated: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], tuple[int, int]]:
    """Number of each row's area, and the count of treated and control areas."""
    _, first, code = np.unique(areas, return_index=True, return_inverse=True)
    mixed = np.flatnonzero(treated != treated[first][code])
    if mixed.size:
        raise InvalidInput("treated", "must not change within an area", (int(mixed[0]),))
    with_measure = int(treated[first].sum())
    groups = (with_measure, first.size - with_measure)
    if min(groups) < FEWEST_AREAS:
        raise InvalidInput(
            "area", f"needs {FEWEST_AREAS} treated and {FEWEST_AREAS} control areas, found {groups}"
        )
    return code, groups


def _balanced(code: NDArray[np.intp], time: NDArray[np.intp], areas: int, periods: int) -> None:
    cell, rows = np.unique(code * periods + time, return_counts=True)
    if (rows > 1).any():
        twice = int(cell[np.flatnonzero(rows > 1)[0]])
        second = np.flatnonzero(code * periods + time == twice)[1]
        raise InvalidInput("period", "an area appears twice in a period", (int(second),))
    if cell.size != areas * periods:
        raise InvalidInput("period", "every area needs a row in every period")


def _leads(periods: FloatArray, start: float, areas: int) -> int:
    """How many periods stand before the reference, which is the last one before the start."""
    before = int((periods < start).sum())
    if before < 2:
        raise InvalidInput("start", f"needs at least two periods before it, found {before}")
    if before == periods.size:
        raise InvalidInput("start", "needs at least one period from it on")
    if before - 1 > areas - 1:
        raise InvalidInput("area", f"{areas} areas cannot test {before - 1} periods before start")
    return before - 1
