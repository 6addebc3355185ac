"""Kinds of estimators: what the specification table may say about how a number is made.

Only the shape of the data belongs here; `estimators` and `persons` know how to compute it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

EXPRESSIONS = frozenset(
    {
        "numerator",
        "denominator",
        "expected",
        "structure",
        "structure_base",
        "population",
        "excess",
        "base",
        "reference_numerator",
        "reference_denominator",
    }
)
"""Fields of an estimator that hold arithmetic over ISTAT's codes."""
COUNTS_OF_PERSONS = frozenset({"observed_count", "synthetic", "missing_parity"})
"""Kinds whose values are persons: an area is never above or below its city by its size."""
LEARN_FROM_POOL = frozenset({"net_of_structure", "synthetic"})


class Frozen(BaseModel):
    """A record of the specification: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ShrunkRate(Frozen):
    """Rate shrunk towards its city by a beta-binomial prior."""

    kind: Literal["shrunk_rate"]
    numerator: str
    denominator: str


class ObservedShare(Frozen):
    """Observed share, not shrunk."""

    kind: Literal["observed_share"]
    numerator: str
    denominator: str


class ObservedRatio(Frozen):
    """Observed ratio of a count to a quantity that does not contain it, times one hundred."""

    kind: Literal["observed_ratio"]
    numerator: str
    denominator: str


class ObservedCount(Frozen):
    """Observed count of persons, with the population it belongs to."""

    kind: Literal["observed_count"]
    numerator: str
    denominator: str


class ShrunkStandardised(Frozen):
    """Indirectly age-standardised rate, shrunk towards its city by a beta-binomial prior.

    `expected` applies published rates by age to the counts of the area; `standard` names the
    source of those rates.
    """

    kind: Literal["shrunk_standardised"]
    numerator: str
    denominator: str
    expected: str
    standard: str


class NetOfStructure(Frozen):
    """Shrunk rate net of what the share of one population group explains."""

    kind: Literal["net_of_structure"]
    numerator: str
    denominator: str
    structure: str
    structure_base: str


class OverConcentration(Frozen):
    """Excess of a location quotient over one, never negative."""

    kind: Literal["over_concentration"]
    numerator: str
    denominator: str


class RateGap(Frozen):
    """Rate of a reference group minus that of a group, each shrunk towards its city."""

    kind: Literal["rate_gap"]
    reference_numerator: str
    reference_denominator: str
    numerator: str
    denominator: str


class MissingParity(Frozen):
    """Persons of a group whom its gap from a reference group leaves out, never negative."""

    kind: Literal["missing_parity"]
    reference_numerator: str
    reference_denominator: str
    numerator: str
    denominator: str


class Separation(Frozen):
    """Isolation of a group over the sections of the area, beyond that of a random placement."""

    kind: Literal["separation"]
    numerator: str
    denominator: str


class FromContext(Frozen):
    """Value of the whole city, taken from a harmonised table of context."""

    kind: Literal["context"]


class Unavailable(Frozen):
    """Nothing yet: what the counts in use cannot give, with the reason.

    Attributes:
        reason: why, in Italian.
        from_year: first census that gives it, where one does.
        source: key of the source that would tell it, where it is not the census.
    """

    kind: Literal["unavailable"]
    reason: str = Field(min_length=1)
    from_year: int | None = None
    source: str | None = None


class NetOfExcess(Frozen):
    """Share once every person of a group beyond the city's share is taken out, one for one."""

    kind: Literal["net_of_excess"]
    numerator: str
    denominator: str
    excess: str
    base: str


class Prior(Frozen):
    """Weight of a signal that no published figure lets one estimate, with its uncertainty."""

    weight: float
    error: float = Field(gt=0)


class Signal(Frozen):
    """What tilts the risk of an area: an indicator of the specification, or a rate of its own.

    With a prior the weight is the prior's; without one it is estimated.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    estimator: Annotated[ShrunkRate | NetOfExcess, Field(discriminator="kind")] | None = None
    prior: Prior | None = None


class Exposed(Frozen):
    """A group of exposed residents; `published` names its rate where rates by group exist."""

    name: str
    population: str
    published: str | None = None


class ProvincialLevel(Frozen):
    """Level of the province: mean of the last years of a series of the BES of territories."""

    kind: Literal["provincial"]
    series: str


class MacroAreaLevel(Frozen):
    """Level of the macro-area, and rates by group, of the surveillance of older people.

    Attributes:
        measure: which measure of the source.
        rate_error: standard error of a published rate in percentage points, a documented prior.
        heterogeneity: unexplained variation between areas (log scale), a documented prior.
    """

    kind: Literal["macro_area"]
    measure: str
    rate_error: float = Field(gt=0)
    heterogeneity: float = Field(gt=0)


class Synthetic(Frozen):
    """Expected persons: structure of the area, tilt of its signals, level of a benchmark."""

    kind: Literal["synthetic"]
    exposed: tuple[Exposed, ...] = Field(min_length=1)
    signals: tuple[Signal, ...] = Field(min_length=1)
    level: Annotated[ProvincialLevel | MacroAreaLevel, Field(discriminator="kind")]
    inflation: float = Field(default=1.5, ge=1)

    @model_validator(mode="after")
    def _weights_come_from_one_place(self) -> Synthetic:
        with_prior = sum(signal.prior is not None for signal in self.signals)
        needed = len(self.signals) if self.level.kind == "macro_area" else 0
        if with_prior != needed:
            raise ValueError(f"{needed} signals must have a prior weight, found {with_prior}")
        return self


class SyntheticShare(Frozen):
    """The persons of a synthetic indicator over the exposed residents, per hundred."""

    kind: Literal["synthetic_share"]
    of: str


Estimator = Annotated[
    ShrunkRate
    | ObservedShare
    | ObservedRatio
    | ObservedCount
    | ShrunkStandardised
    | NetOfStructure
    | OverConcentration
    | RateGap
    | MissingParity
    | Separation
    | FromContext
    | Unavailable
    | Synthetic
    | SyntheticShare,
    Field(discriminator="kind"),
]
NOT_FROM_COUNTS = frozenset({"context", "unavailable", "synthetic", "synthetic_share"})
