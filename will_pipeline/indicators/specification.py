"""The specification table of themes and indicators, read from one YAML file per theme.

An indicator is defined here by data alone (formula and estimator of each census vintage, words);
the estimators that the files name live in `estimators`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

import polars as pl
import yaml
from pydantic import Field, ValidationError

from will_pipeline.indicators.kinds import (
    EXPRESSIONS,
    LEARN_FROM_POOL,
    NOT_FROM_COUNTS,
    Estimator,
    Frozen,
    NetOfExcess,
    ShrunkRate,
    ShrunkStandardised,
    Signal,
    Synthetic,
    SyntheticShare,
)
from will_pipeline.indicators.vintages import BASE_VINTAGE, VintageFault, resolved, vintages_of
from will_pipeline.yaml_text import parse_yaml

SPECIFICATION_FOLDER = Path(__file__).parent / "specification"
LEAST_INDICATORS_OF_A_FULL_THEME = 3
LEAST_RESIDENTS = 250
"""Floor of ISTAT's sub-municipal index of social discomfort (IDISE)."""

_CODE = re.compile(r"[A-Za-z_]\w*")

Role = Literal["indice", "persone", "esposizione", "contesto"]
Tier = Literal["osservato", "derivato", "eb", "sintetico", "modellato", "proxy"]


class SpecificationFault(ValueError):
    """A specification file that does not define its indicators."""

    def __init__(self, file: str, rule: str) -> None:
        self.file, self.rule = file, rule
        super().__init__(f"specification {file}: {rule}")


class Traits(Frozen):
    """How an area is said to be where an indicator is much higher or lower than elsewhere."""

    alto: str
    basso: str
    high: str
    low: str


class Indicator(Frozen):
    """One indicator in one vintage: the words planners read, the estimator that makes its numbers.

    `formule_annate` says its formula in every vintage.
    """

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
    formule_annate: str | None = None
    numeratore_def: str | None = None
    denominatore_def: str | None = None
    come_si_legge: str
    cosa_non_dice: str
    soglia_riservatezza: int = Field(default=LEAST_RESIDENTS, ge=0)
    tratti: Traits | None = None
    decimali: int = Field(ge=0, le=4)
    estimator: Estimator


class Theme(Frozen):
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


class ThemeFile(Frozen):
    """One file: a theme (none for the general context) and its indicators."""

    theme: Theme | None = None
    indicators: tuple[Indicator, ...] = Field(min_length=1)


class Specification:
    """All themes and indicators of one vintage, in order of presentation."""

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
        self._check_references()

    def _check_references(self) -> None:
        for name, card in self.indicators.items():
            estimator = card.estimator
            if isinstance(estimator, SyntheticShare) and not isinstance(
                getattr(self.indicators.get(estimator.of), "estimator", None), Synthetic
            ):
                raise SpecificationFault(name, f"{estimator.of} is no synthetic indicator")
            if isinstance(estimator, Synthetic):
                for signal in estimator.signals:
                    if not isinstance(self.rate_of(signal), ShrunkRate | ShrunkStandardised):
                        self._check_own_rate(name, signal)

    def _check_own_rate(self, name: str, signal: Signal) -> None:
        if signal.prior is None or not isinstance(signal.estimator, NetOfExcess):
            raise SpecificationFault(name, f"the signal {signal.name} has no rate that can be used")

    def rate_of(self, signal: Signal) -> object | None:
        """Estimator of a signal: its own, or that of the indicator it names; none if unknown."""
        if signal.estimator is not None:
            return signal.estimator
        named = self.indicators.get(signal.name)
        return None if named is None else named.estimator

    def codes(self, identifier: str) -> frozenset[str]:
        """ISTAT's codes that an indicator needs, those of its signals included."""
        estimator = self.indicators[identifier].estimator
        if isinstance(estimator, SyntheticShare):
            return self.codes(estimator.of)
        found = frozenset(
            code
            for expression in _expressions(estimator.model_dump())
            for code in _CODE.findall(expression)
        )
        if isinstance(estimator, Synthetic):
            named = [signal.name for signal in estimator.signals if signal.estimator is None]
            found = found.union(*(self.codes(name) for name in named))
        return found

    def missing(
        self, identifier: str, areas: Collection[str], pool: Collection[str]
    ) -> tuple[str, ...]:
        """Codes an indicator needs and a table does not have, in order.

        Args:
            identifier: the indicator.
            areas: columns of the counts of the areas.
            pool: columns of the national table, for estimators that learn from it.
        """
        needed = self.codes(identifier)
        kind = self.indicators[identifier].estimator.kind
        absent = needed - set(areas)
        if kind in LEARN_FROM_POOL or kind == "synthetic_share":
            absent |= (needed | {"P1"}) - set(pool)
        return tuple(sorted(absent))

    def check_codes(self, known: Collection[str], *, vintage: int) -> None:
        """Check every formula against the official record layout of the vintage.

        Args:
            known: codes of the layout.
            vintage: year of the census, for the fault.

        Raises:
            SpecificationFault: a formula uses a code that the layout does not have.
        """
        for name in self.indicators:
            unknown = sorted(self.codes(name) - set(known))
            if unknown:
                raise SpecificationFault(
                    name, f"codes not in the record layout of {vintage}: {unknown}"
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
        return tuple(i for i in self.indicators.values() if i.estimator.kind not in NOT_FROM_COUNTS)

    @cached_property
    def synthetic(self) -> tuple[Indicator, ...]:
        """Indicators that estimate persons in a condition."""
        return tuple(i for i in self.indicators.values() if i.estimator.kind == "synthetic")

    @cached_property
    def unavailable(self) -> tuple[Indicator, ...]:
        """Indicators that the counts in use cannot give."""
        return tuple(i for i in self.indicators.values() if i.estimator.kind == "unavailable")

    @cached_property
    def from_context(self) -> tuple[Indicator, ...]:
        """Indicators of the whole city, taken from the table of context."""
        return tuple(i for i in self.indicators.values() if i.estimator.kind == "context")

    def index_indicators(self, theme: str) -> tuple[Indicator, ...]:
        """Indicators that enter the index of `theme`, in the order of the file."""
        return tuple(
            indicator
            for name, indicator in self._pairs()
            if name == theme
            and indicator.ruolo == "indice"
            and indicator.estimator.kind != "unavailable"
        )

    @cached_property
    def comparable(self) -> tuple[Indicator, ...]:
        """Index indicators that compare areas of different cities, in order of presentation."""
        return tuple(
            indicator
            for theme in self.themes
            for indicator in self.index_indicators(theme.dimensione)
            if indicator.comparabilita == "tra_comuni"
        )

    def is_partial(self, theme: str) -> bool:
        """Whether `theme` has too few indicators to give a profile by itself."""
        return len(self.index_indicators(theme)) < LEAST_INDICATORS_OF_A_FULL_THEME


def _expressions(node: object) -> Iterator[str]:
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name in EXPRESSIONS and isinstance(value, str):
                yield value
            else:
                yield from _expressions(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _expressions(value)


def load_specification(
    folder: Path = SPECIFICATION_FOLDER,
    *,
    vintage: int = BASE_VINTAGE,
    layouts: Mapping[int, Collection[str]] | None = None,
) -> Specification:
    """Read the specification table of one census vintage.

    Args:
        folder: folder with one YAML file per theme.
        vintage: year of the census.
        layouts: codes of the official record layout of each vintage, to check every formula of
            every vintage against; None where the layouts are not at hand.

    Raises:
        SpecificationFault: malformed YAML, an unknown field, an indicator defined twice, a
            partial theme that does not say why, a vintage without formulas or without layout, or
            a code that the layout of its vintage does not have.
    """
    documents = {file.name: _document(file) for file in sorted(folder.glob("*.yaml"))}
    try:
        vintages = vintages_of(list(documents.values())) or (vintage,)
    except VintageFault as problem:
        raise SpecificationFault("*", str(problem)) from problem
    if vintage not in vintages:
        raise SpecificationFault("*", f"no formulas of {vintage}; there are {list(vintages)}")
    if layouts is not None:
        for year in vintages:
            if year not in layouts:
                raise SpecificationFault("*", f"no record layout of {year}")
            _resolved(documents, year, vintages).check_codes(layouts[year], vintage=year)
    return _resolved(documents, vintage, vintages)


def _document(file: Path) -> object:
    try:
        return parse_yaml(file.read_text("utf-8"))
    except yaml.YAMLError as problem:
        raise SpecificationFault(file.name, str(problem)) from problem


def _resolved(
    documents: Mapping[str, object], vintage: int, vintages: tuple[int, ...]
) -> Specification:
    files = {}
    for name, document in documents.items():
        try:
            files[name] = ThemeFile.model_validate(resolved(document, vintage, vintages))
        except (VintageFault, ValidationError) as problem:
            raise SpecificationFault(name, str(problem)) from problem
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
