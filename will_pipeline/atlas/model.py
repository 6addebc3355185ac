"""What a page of the atlas shows, as plain values.

Frozen records only: how they are computed from the mart lives in `views`, how they look in the
templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from will_pipeline.atlas.collective import Actions, Collective
    from will_pipeline.atlas.drawing import Scale

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Theme:
    """One of the needs, as described in dim_dimensione.

    `comparable` is false where an indicator of its index holds only within one city.
    """

    key: str
    name: str
    name_en: str
    question: str
    description: str
    limits: str
    partial: bool
    partial_reason: str
    comparable: bool


@dataclass(frozen=True, slots=True)
class Value:
    """An index with its interval; `reading` is in the vocabulary of the mart."""

    index: float
    low: float
    high: float
    reading: str
    class_number: int
    first_place: int | None
    last_place: int | None
    ranked: int | None
    partial: bool
    year: int

    @property
    def told_class(self) -> int | None:
        """The class, where the interval leaves 100 out; a class is a difference from the city."""
        return None if self.reading == "non_distinguibile" else self.class_number

    @property
    def mark(self) -> str:
        """Class of the style sheet: `c1` to `c5`, or `near` where no difference can be told."""
        return "near" if self.told_class is None else f"c{self.told_class}"


@dataclass(frozen=True, slots=True)
class Score:
    """The state of one need in one area.

    `drawing` is `valido`, `piccola`, `soppresso` or `mancante`; only `valido` has a value.
    `pool` is the same need against the areas of all cities, for comparable needs.
    """

    theme: Theme
    drawing: str
    reason: str
    value: Value | None
    pool: Value | None

    @property
    def mark(self) -> str:
        """Class of the style sheet: that of the value, `withheld` or `missing`."""
        if self.value is not None:
            return self.value.mark
        return "missing" if self.drawing == "mancante" else "withheld"


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """One indicator in one area, with the card of the indicator and its source."""

    card: Row
    fact: Row
    source_title: str


@dataclass(frozen=True, slots=True)
class IndicatorGroup:
    """The indicators of one need, or of the general context."""

    key: str
    title: str
    lines: tuple[IndicatorLine, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile of one area."""

    row: Row
    membership: float | None
    second_label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Shape:
    """The outline of an area with its label; `figure` says if the value fits below the name."""

    path: str
    x: float
    y: float
    lines: tuple[str, ...]
    size: int
    figure: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A source in use although its latest file was not good.

    Attributes:
        kind: kind of delivery, or `fonte` for a source of the figures.
        row: row of dim_fonte, whose `problemi_noti` says since when and why.
    """

    kind: str
    row: Row


@dataclass(frozen=True, slots=True)
class Area:
    """One area of a city."""

    row: Row
    address: str
    scores: tuple[Score, ...]
    groups: tuple[IndicatorGroup, ...]
    profile: Profile | None
    shape: Shape | None
    small_reason: str
    collective: Collective
    kept: tuple[Kept, ...]
    under_floor: bool


@dataclass(frozen=True, slots=True)
class Level:
    """The areas of a city at one level, which share one drawing; a scale per need in `scales`."""

    key: str
    title: str
    singular: str
    anchor: str
    box: str
    schematic: bool
    areas: tuple[Area, ...]
    scales: tuple[Scale, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many indicator values of a city are published, withheld or missing."""

    published: int
    withheld: int
    missing: int


@dataclass(frozen=True, slots=True)
class City:
    """One municipality with its levels."""

    row: Row
    address: str
    levels: tuple[Level, ...]
    whole: Area | None
    coverage: Coverage
    theme_areas: Mapping[str, int]
    actions: Actions
    kept: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Atlas:
    """Everything the pages need."""

    release: str
    themes: tuple[Theme, ...]
    cities: tuple[City, ...]
    sources: tuple[Row, ...]
    checks: tuple[Row, ...]
    info: tuple[Row, ...]
    indicators: tuple[Row, ...]
    years: tuple[str, ...]
