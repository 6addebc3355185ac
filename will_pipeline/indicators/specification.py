"""The specification table of themes and indicators, read from one YAML file per theme.

An indicator is defined here by data alone (formula, estimator, words); the estimators that the
files name live in `estimators`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

SPECIFICATION_FOLDER = Path(__file__).parent / "specification"
LEAST_INDICATORS_OF_A_FULL_THEME = 3
LEAST_RESIDENTS = 250
"""Floor of ISTAT's sub-municipal index of social discomfort (IDISE)."""

Role = Literal["indice", "persone", "esposizione", "contesto"]
Tier = Literal["osservato", "derivato", "eb", "sintetico", "modellato", "proxy"]


class SpecificationFault(ValueError):
    """A specification file that does not define its indicators."""

    def __init__(self, file: str, rule: str) -> None:
        self.file, self.rule = file, rule
        super().__init__(f"specification {file}: {rule}")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ShrunkRate(_Frozen):
    """Rate shrunk towards its city by a beta-binomial prior."""

    kind: Literal["shrunk_rate"]
    numerator: str
    denominator: str


class ObservedShare(_Frozen):
    """Observed share, not shrunk."""

    kind: Literal["observed_share"]
    numerator: str
    denominator: str


class ObservedRatio(_Frozen):
    """Observed ratio of a count to a quantity that does not contain it, times one hundred."""

    kind: Literal["observed_ratio"]
    numerator: str
    denominator: str


class ObservedCount(_Frozen):
    """Observed count of persons, with the population it belongs to."""

    kind: Literal["observed_count"]
    numerator: str
    denominator: str


class ShrunkStandardised(_Frozen):
    """Indirectly age-standardised rate, shrunk towards its city by a gamma-Poisson prior.

    `expected` applies published rates by age to the counts of the area; `standard` names the
    source of those rates.
    """

    kind: Literal["shrunk_standardised"]
    numerator: str
    denominator: str
    expected: str
    standard: str


class NetOfStructure(_Frozen):
    """Shrunk rate net of what the share of one population group explains."""

    kind: Literal["net_of_structure"]
    numerator: str
    denominator: str
    structure: str
    structure_base: str


class OverConcentration(_Frozen):
    """Excess of a location quotient over one, never negative."""

    kind: Literal["over_concentration"]
    numerator: str
    denominator: str


class FromContext(_Frozen):
    """Value of the whole city, taken from a harmonised table of context."""

    kind: Literal["context"]


Estimator = Annotated[
    ShrunkRate
    | ObservedShare
    | ObservedRatio
    | ObservedCount
    | ShrunkStandardised
    | NetOfStructure
    | OverConcentration
    | FromContext,
    Field(discriminator="kind"),
]


class Indicator(_Frozen):
    """One indicator: the words planners read and the estimator that makes its numbers."""

    indicatore_id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    nome: str
    nome_breve: str
    name_en: str
    ruolo: Role
    unita: str
    polarita: Literal[-1, 0, 1]
    comparabilita: Literal["tra_comuni", "entro_comune"]
    tipo: Tier
    formula: str
    numeratore_def: str | None = None
    denominatore_def: str | None = None
    come_si_legge: str
    cosa_non_dice: str
    soglia_riservatezza: int = Field(default=LEAST_RESIDENTS, ge=0)
    decimali: int = Field(ge=0, le=4)
    estimator: Estimator


class Theme(_Frozen):
    """One of the four needs, in words."""

    dimensione: str = Field(pattern=r"^[a-z][a-z_]*$")
    nome: str
    name_en: str
    profilo: str
    profile_en: str
    domanda: str
    descrizione: str
    cosa_non_dice: str
    ordine: int = Field(ge=1)
    motivo_parziale: str | None = None
    domande_per_il_tavolo: tuple[str, ...] = Field(min_length=1)


class ThemeFile(_Frozen):
    """One file: a theme (none for the general context) and its indicators."""

    theme: Theme | None = None
    indicators: tuple[Indicator, ...] = Field(min_length=1)


class Specification:
    """All themes and indicators, in order of presentation."""

    def __init__(self, files: Mapping[str, ThemeFile]) -> None:
        self._files = sorted(
            files.values(), key=lambda file: 99 if file.theme is None else file.theme.ordine
        )
        identifiers = [indicator.indicatore_id for _, indicator in self._pairs()]
        repeated = sorted({name for name in identifiers if identifiers.count(name) > 1})
        if repeated:
            raise SpecificationFault("*", f"indicators defined twice: {repeated}")
        for theme in self.themes:
            few = len(self.index_indicators(theme.dimensione)) < LEAST_INDICATORS_OF_A_FULL_THEME
            if few != (theme.motivo_parziale is not None):
                raise SpecificationFault(
                    theme.dimensione, "a theme of fewer than three index indicators says why"
                )

    def _pairs(self) -> list[tuple[str | None, Indicator]]:
        return [
            (None if file.theme is None else file.theme.dimensione, indicator)
            for file in self._files
            for indicator in file.indicators
        ]

    @cached_property
    def themes(self) -> tuple[Theme, ...]:
        """The needs, in order of presentation."""
        return tuple(file.theme for file in self._files if file.theme is not None)

    @cached_property
    def indicators(self) -> dict[str, Indicator]:
        """Indicators by identifier."""
        return {indicator.indicatore_id: indicator for _, indicator in self._pairs()}

    @cached_property
    def theme_of(self) -> dict[str, str | None]:
        """Theme of every indicator; none for the general context."""
        return {indicator.indicatore_id: theme for theme, indicator in self._pairs()}

    @cached_property
    def from_census(self) -> tuple[Indicator, ...]:
        """Indicators estimated from the counts of areas."""
        return tuple(i for i in self.indicators.values() if i.estimator.kind != "context")

    @cached_property
    def from_context(self) -> tuple[Indicator, ...]:
        """Indicators of the whole city, taken from the table of context."""
        return tuple(i for i in self.indicators.values() if i.estimator.kind == "context")

    def index_indicators(self, theme: str) -> tuple[Indicator, ...]:
        """Indicators that enter the index of `theme`, in the order of the file."""
        return tuple(
            indicator
            for name, indicator in self._pairs()
            if name == theme and indicator.ruolo == "indice"
        )

    def is_partial(self, theme: str) -> bool:
        """Whether `theme` has too few indicators to give a profile by itself."""
        return len(self.index_indicators(theme)) < LEAST_INDICATORS_OF_A_FULL_THEME


def load_specification(folder: Path = SPECIFICATION_FOLDER) -> Specification:
    """Read the specification table.

    Args:
        folder: folder with one YAML file per theme.

    Raises:
        SpecificationFault: malformed YAML, an unknown field, an indicator defined twice or a
            partial theme that does not say why.
    """
    files = {}
    for file in sorted(folder.glob("*.yaml")):
        try:
            files[file.stem] = ThemeFile.model_validate(yaml.safe_load(file.read_text("utf-8")))
        except (yaml.YAMLError, ValidationError) as problem:
            raise SpecificationFault(file.name, str(problem)) from problem
    return Specification(files)


def theme_rows(specification: Specification) -> pl.DataFrame:
    """Rows of `dim_dimensione`."""
    return pl.DataFrame(
        [
            {
                **theme.model_dump(exclude={"profilo", "profile_en", "domande_per_il_tavolo"}),
                "parziale": specification.is_partial(theme.dimensione),
            }
            for theme in specification.themes
        ],
        schema_overrides={"motivo_parziale": pl.String},
        infer_schema_length=None,
    )
