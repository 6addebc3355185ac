"""Short extrapolation of yearly city-level series by a state-space local trend.

Series of a dozen years say little about their own variances, so these are averaged over and not
estimated: intervals carry that ignorance, and nothing is extrapolated beyond four years.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats
from statsmodels.tsa.statespace.structural import UnobservedComponents

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput

Scale = Literal["identity", "log", "logit"]

FURTHEST = 4
FEWEST_YEARS = 6
LEVEL_RATIOS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
TREND_RATIOS = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
STRAIGHT = 1e-18
FAR = 60.0


@dataclass(frozen=True)
class SeriesProjection:
    """Projection of a yearly series; arrays have shape (horizon,), in units of the series.

    `median`, `lower` and `upper` are quantiles of the predictive distribution of the observed
    value. `level_ratio` and `trend_ratio` are the posterior means of the variances of level and
    slope over that of the noise.
    """

    year: NDArray[np.int64]
    median: FloatArray
    lower: FloatArray
    upper: FloatArray
    level_ratio: float
    trend_ratio: float


@dataclass(frozen=True)
class _Mixture:
    """Predictive distribution: Student's t components (c, horizon) with weights (c,)."""

    mean: FloatArray
    scale: FloatArray
    weight: FloatArray
    freedom: int

    def quantile(self, probability: float) -> FloatArray:
        """Quantile at each step, shape (horizon,)."""
        return np.array([self._at(step, probability) for step in range(self.mean.shape[1])])

    def _at(self, step: int, probability: float) -> float:
        mean, scale = self.mean[:, step], self.scale[:, step]

        def excess(value: float) -> float:
            below = stats.t.cdf((value - mean) / scale, self.freedom)
            return float(self.weight @ below) - probability

        reach = FAR * scale.max()
        return float(optimize.brentq(excess, mean.min() - reach, mean.max() + reach))


def project_series(
    values: ArrayLike,
    years: ArrayLike,
    *,
    horizon: int,
    level: float = 0.90,
    scale: Scale = "identity",
    level_ratios: Sequence[float] = LEVEL_RATIOS,
    trend_ratios: Sequence[float] = TREND_RATIOS,
) -> SeriesProjection:
    """Project a yearly series up to four years ahead.

    Local linear trend y_t = m_t + e_t, m_t = m_{t-1} + b_{t-1} + u_t, b_t = b_{t-1} + v_t with
    var(u) = q s2, var(v) = r s2, var(e) = s2 and exact diffuse start. For each (q, r) of a grid the
    Kalman filter gives S, the sum of squared standardised one-step errors, and the predictive
    distribution is Student's t with n - 2 degrees of freedom and scale sqrt(F S / (n - 2)) (s2
    integrated out under 1/s2). Components are weighted by their marginal likelihood,
    prod F_t^{-1/2} S^{-(n - 2) / 2}, under equal prior weights on the grid. Plugging in maximum
    likelihood variances instead would cover about 75 % at nominal 90 % with 8-12 years.

    Args:
        values: Observed values, shape (n,).
        years: Their years, whole numbers in ascending order, shape (n,); gaps are allowed and are
            treated as not observed.
        horizon: Years ahead of the last one, from 1 to 4.
        level: Nominal coverage of the interval.
        scale: Scale on which the trend is local: "log" for positive values, "logit" for shares
            between 0 and 1.
        level_ratios: Grid of q, not negative.
        trend_ratios: Grid of r, not negative.

    Returns:
        Median and interval for each year ahead.

    Raises:
        InvalidInput: If malformed, fewer than six years, years not ascending, horizon out of range,
            an unknown scale or values outside its domain, or a series on a straight line (which has
            no variance to learn from).

    Source:
        Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, Cambridge;
        Durbin and Koopman (2012), Time Series Analysis by State Space Methods, Oxford (exact
        diffuse start, integration over variances).
    """
    series = checks.real_vector(values, argument="values")
    when = _ascending(years)
    checks.same_length(values=series, years=when)
    checks.at_least(series, FEWEST_YEARS, argument="values")
    checks.confidence_level(level)
    if not 1 <= horizon <= FURTHEST:
        raise InvalidInput("horizon", f"must lie between 1 and {FURTHEST}, found {horizon!r}")
    transformed = _to_scale(series, scale)
    checks.not_constant(transformed, argument="values")
    _not_straight(transformed, when)
    grid = _grid(level_ratios, trend_ratios)
    full = np.full(int(when[-1] - when[0]) + 1 + horizon, np.nan)
    full[when - when[0]] = transformed
    mixture = _predict(full, grid, series.size, horizon)
    tail = (1.0 - level) / 2.0
    return SeriesProjection(
        year=when[-1] + np.arange(1, horizon + 1),
        median=_from_scale(mixture.quantile(0.5), scale),
        lower=_from_scale(mixture.quantile(tail), scale),
        upper=_from_scale(mixture.quantile(1.0 - tail), scale),
        level_ratio=float(mixture.weight @ grid[:, 0]),
        trend_ratio=float(mixture.weight @ grid[:, 1]),
    )


def _predict(full: FloatArray, grid: FloatArray, observed: int, horizon: int) -> _Mixture:
    model = UnobservedComponents(full, level="lltrend", use_exact_diffuse=True)
    past = full.size - horizon
    seen = np.flatnonzero(np.isfinite(full))
    mean, scale = np.empty((len(grid), horizon)), np.empty((len(grid), horizon))
    log_weight = np.empty(len(grid))
    freedom = observed - 2
    for row, (level_ratio, trend_ratio) in enumerate(grid):
        result = model.filter(np.array([1.0, level_ratio, trend_ratio]), return_ssm=True)
        used = seen[seen >= result.nobs_diffuse]
        variance = result.forecasts_error_cov[0, 0]
        squares = float((result.forecasts_error[0, used] ** 2 / variance[used]).sum())
        log_weight[row] = -0.5 * (np.log(variance[used]).sum() + freedom * np.log(squares))
        mean[row] = result.forecasts[0, past:]
        scale[row] = np.sqrt(variance[past:] * squares / freedom)
    return _Mixture(mean, scale, special.softmax(log_weight), freedom)


def _grid(level_ratios: Sequence[float], trend_ratios: Sequence[float]) -> FloatArray:
    q = checks.counts(level_ratios, argument="level_ratios")
    r = checks.counts(trend_ratios, argument="trend_ratios")
    return np.array(np.meshgrid(q, r, indexing="ij")).reshape(2, -1).T


def _ascending(years: ArrayLike) -> NDArray[np.int64]:
    when = np.asarray(years)
    if when.ndim != 1 or when.dtype.kind not in "iu":
        raise InvalidInput("years", "must be a vector of whole numbers")
    back = np.flatnonzero(np.diff(when.astype(np.int64)) <= 0)
    if back.size:
        raise InvalidInput("years", "must be ascending", (int(back[0]) + 1,))
    return when.astype(np.int64)


def _to_scale(series: FloatArray, scale: Scale) -> FloatArray:
    if scale not in get_args(Scale):
        raise InvalidInput("scale", f"must be one of {get_args(Scale)}, found {scale!r}")
    if scale == "identity":
        return series
    wrong = series <= 0 if scale == "log" else (series <= 0) | (series >= 1)
    if wrong.any():
        domain = "above 0" if scale == "log" else "strictly between 0 and 1"
        position = int(np.flatnonzero(wrong)[0])
        raise InvalidInput("values", f"must be {domain} on the {scale} scale", (position,))
    return np.log(series) if scale == "log" else special.logit(series)


def _from_scale(values: FloatArray, scale: Scale) -> FloatArray:
    if scale == "log":
        return np.exp(values)
    return special.expit(values) if scale == "logit" else values


def _not_straight(series: FloatArray, when: NDArray[np.int64]) -> None:
    """A perfect line would give intervals of no width, a promise no series can make."""
    centred = when - when.mean()
    slope = centred @ series / (centred @ centred)
    residual = series - series.mean() - slope * centred
    if residual @ residual <= STRAIGHT * ((series - series.mean()) ** 2).sum():
        raise InvalidInput("values", "lie on a straight line: there is no variance to learn from")
