"""Normalisation: put indicators measured in different units on one scale before aggregating them.

Every scale here is oriented so that a higher normalised value is more of the phenomenon measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from will_pipeline.statistics import checks
from will_pipeline.statistics.checks import FloatArray, InvalidInput

Polarity = Literal["+", "-"]

AMPI_CENTRE = 100.0
AMPI_RANGE = 60.0


@dataclass(frozen=True)
class Goalposts:
    """Fixed range of one indicator, in its own unit, with the reference at its middle.

    Normalised values are 60 (x - minimum) / (maximum - minimum) + 70, or their complement to 200
    where polarity is "-": the reference scores exactly 100, the pool lies roughly in 70-130. Kept
    fixed between releases, a score moves only when the figures of its own area move.

    Attributes:
        minimum: Value scored 70 (130 with polarity "-").
        maximum: Value scored 130 (70 with polarity "-").
        reference: Value scored 100; the middle of the range by construction.
        polarity: "+" if a higher value is more need, "-" if it is less.

    Source:
        Mazziotta, M. and Pareto, A. (2016), On a generalized non-compensatory composite index for
        measuring socio-economic phenomena, Social Indicators Research 127.
    """

    minimum: float
    maximum: float
    reference: float
    polarity: Polarity = "+"

    def __post_init__(self) -> None:
        """Refuse an empty range, an off-centre reference or an unknown polarity."""
        signs([self.polarity])
        if not self.minimum < self.maximum:
            raise InvalidInput(
                "maximum", f"must exceed the minimum {self.minimum!r}, found {self.maximum!r}"
            )
        middle = (self.minimum + self.maximum) / 2
        scale = max(abs(self.minimum), abs(self.maximum))
        if not abs(self.reference - middle) <= 1e-9 * scale:
            raise InvalidInput(
                "reference", f"must be the middle {middle!r} of the range, found {self.reference!r}"
            )

    @classmethod
    def from_pool(
        cls, values: ArrayLike, polarity: Polarity, *, reference: float | None = None
    ) -> Self:
        """Set goalposts from the areas (and years) of a pool.

        The half range is half the distance between the extremes of the pool.

        Args:
            values: The indicator over the whole pool, shape (n,), in its own unit.
            polarity: "+" if a higher value is more need, "-" if it is less.
            reference: Value to score 100; the plain mean of the pool where None.

        Returns:
            Goalposts centred on the reference.

        Raises:
            InvalidInput: If the pool is malformed or constant.

        Source:
            Mazziotta and Pareto (2016), as in the class.
        """
        pool = checks.not_constant(checks.real_vector(values, argument="values"), argument="values")
        half_range = float(pool.max() - pool.min()) / 2
        centre = float(pool.mean()) if reference is None else float(reference)
        return cls(centre - half_range, centre + half_range, centre, polarity)

    @property
    def half_range(self) -> float:
        """Distance from the reference to either goalpost, worth 30 points."""
        return (self.maximum - self.minimum) / 2

    def with_reference(self, reference: float) -> Self:
        """Move the range, unchanged in width, onto another reference (a city's own value).

        Args:
            reference: Value to score 100, in the indicator's unit.

        Returns:
            Goalposts centred on it.

        Raises:
            InvalidInput: If the reference is not finite.

        Source:
            Mazziotta and Pareto (2016), as in the class.
        """
        half_range = self.half_range
        return replace(
            self,
            minimum=reference - half_range,
            maximum=reference + half_range,
            reference=reference,
        )

    def normalise(self, values: ArrayLike) -> FloatArray:
        """Normalise the indicator, 100 +- 30 (x - reference) / half range.

        Args:
            values: The indicator per area, shape (n,), in its own unit.

        Returns:
            Points, shape (n,).

        Raises:
            InvalidInput: If the vector is malformed.

        Source:
            Mazziotta and Pareto (2016), as in the class.
        """
        clean = checks.real_vector(values, argument="values")
        points = (clean - self.reference) * (AMPI_RANGE / 2 / self.half_range)
        return AMPI_CENTRE + points if self.polarity == "+" else AMPI_CENTRE - points


def signs(polarity: Sequence[str]) -> FloatArray:
    """Turn polarities into +1 and -1.

    Args:
        polarity: "+" or "-" per indicator, length m.

    Returns:
        Array of shape (m,).

    Raises:
        InvalidInput: If a polarity is neither.
    """
    for position, sign in enumerate(polarity):
        if sign not in ("+", "-"):
            raise InvalidInput("polarity", f'must be "+" or "-", found {sign!r}', (position,))
    return np.array([1.0 if sign == "+" else -1.0 for sign in polarity])


def goalpost_scores(values: ArrayLike, goalposts: Sequence[Goalposts]) -> FloatArray:
    """Normalise every indicator by its goalposts.

    Args:
        values: Indicators in their own units, shape (n, m).
        goalposts: One per indicator, length m.

    Returns:
        Normalised values in points, shape (n, m).

    Raises:
        InvalidInput: If the matrix is malformed or its width differs from the goalposts'.

    Source:
        Mazziotta and Pareto (2016), as in `Goalposts`.
    """
    matrix = checks.real_matrix(values, argument="values", columns=len(goalposts))
    return np.column_stack([goalposts[j].normalise(matrix[:, j]) for j in range(len(goalposts))])


def z_scores(
    values: ArrayLike,
    *,
    polarity: Sequence[str] | None = None,
    mean: float = 0.0,
    standard_deviation: float = 1.0,
    ddof: Literal[0, 1] = 1,
) -> FloatArray:
    """Standardise every indicator over the areas given.

    Args:
        values: Indicators, shape (n, m).
        polarity: "+" or "-" per indicator; all "+" where None.
        mean: Mean of the result.
        standard_deviation: Standard deviation of the result, in points.
        ddof: 1 divides by n - 1 (sample), 0 by n (population).

    Returns:
        Array of shape (n, m).

    Raises:
        InvalidInput: If the matrix is malformed, an indicator constant, or lengths differ.

    Source:
        OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 5.
    """
    matrix = checks.not_constant(checks.real_matrix(values, argument="values"), argument="values")
    sign = _signs_for(matrix, polarity)
    spread = matrix.std(axis=0, ddof=ddof)
    return mean + standard_deviation * sign * (matrix - matrix.mean(axis=0)) / spread


def min_max(
    values: ArrayLike,
    *,
    polarity: Sequence[str] | None = None,
    lower: float = 0.0,
    upper: float = 100.0,
) -> FloatArray:
    """Rescale every indicator to the range of the areas given.

    Args:
        values: Indicators, shape (n, m).
        polarity: "+" or "-" per indicator; all "+" where None.
        lower: Value of the least area.
        upper: Value of the greatest area.

    Returns:
        Array of shape (n, m).

    Raises:
        InvalidInput: If the matrix is malformed, an indicator constant, or lengths differ.

    Source:
        OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 5.
    """
    matrix = checks.not_constant(checks.real_matrix(values, argument="values"), argument="values")
    oriented = matrix * _signs_for(matrix, polarity)
    least = oriented.min(axis=0)
    return lower + (upper - lower) * (oriented - least) / (oriented.max(axis=0) - least)


def ranks(values: ArrayLike) -> FloatArray:
    """Rank areas with 1 as the highest value; ties share their mean rank.

    Args:
        values: One score per area, shape (n,).

    Returns:
        Ranks of shape (n,), from 1 to n.

    Raises:
        InvalidInput: If the vector is malformed.

    Source:
        Kendall, M. G. (1945), The treatment of ties in ranking problems, Biometrika 33.
    """
    clean = checks.real_vector(values, argument="values")
    # Slow to import, and most who normalise never rank.
    from scipy import stats  # noqa: PLC0415

    return np.asarray(stats.rankdata(-clean, method="average"), dtype=np.float64)


def inverse_hyperbolic_sine(values: ArrayLike) -> FloatArray:
    """Compress a long tail: ln(x + sqrt(x^2 + 1)), defined at zero and below.

    Args:
        values: Matrix of indicators, shape (n, m).

    Returns:
        Array of shape (n, m).

    Raises:
        InvalidInput: If the matrix is malformed.

    Source:
        Burbidge, J. B., Magee, L. and Robb, A. L. (1988), JASA 83; used by the UK Output Area
        Classification (Gale et al. 2016, Journal of Spatial Information Science 12).
    """
    return np.asarray(np.arcsinh(checks.real_matrix(values, argument="values")))


def _signs_for(matrix: FloatArray, polarity: Sequence[str] | None) -> FloatArray:
    if polarity is None:
        return np.ones(matrix.shape[1])
    if len(polarity) != matrix.shape[1]:
        raise InvalidInput(
            "polarity",
            f"must have one entry per indicator ({matrix.shape[1]}), found {len(polarity)}",
        )
    return signs(polarity)
