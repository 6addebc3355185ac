"""The typology of a vintage as it is frozen: its groups, its scale, and how stable it proved.

Reading and writing the tracked table belongs here; fitting it is `freezing_typology`, using it
`typology`.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from will_pipeline.statistics.cluster_stability import PUBLISHABLE_STABILITY
from will_pipeline.statistics.clustering import Typology
from will_pipeline.statistics.outliers import FrozenTreatment
from will_pipeline.yaml_text import parse_yaml

Floats = NDArray[np.float64]
FROZEN_FOLDER = Path(__file__).parent / "frozen"
IDENTIFIER = "tipologia_"
FILE_NAME = "typology_{edition}.yaml"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TypologyFault(ValueError):
    """A frozen typology that cannot be read or does not agree with itself."""

    def __init__(self, file: str, rule: str) -> None:
        self.file, self.rule = file, rule
        super().__init__(f"frozen typology {file}: {rule}")


class Pool(_Record):
    """Which areas the typology was found in."""

    least_residents_of_town: int
    most_residents_of_town: int
    least_residents_of_area: int
    towns: int
    areas: int

    @property
    def in_words(self) -> str:
        """The range of towns in Italian, e.g. `da 50 a 250 mila residenti`."""
        least, most = (
            number // 1_000
            for number in (self.least_residents_of_town, self.most_residents_of_town)
        )
        return f"da {least} a {most} mila residenti"


class TriedNumber(_Record):
    """Stability of one number of groups: adjusted Rand index over the resamples."""

    clusters: int
    mean: float
    lower: float
    upper: float


class Scale(_Record):
    """Treatment and scale of one indicator: no limit where a bound is absent."""

    indicatore_id: str
    centre: float
    deviation: float = Field(gt=0)
    lower: float | None = None
    upper: float | None = None
    log: int = 0
    offset: float = 0.0

    @property
    def treatment(self) -> FrozenTreatment:
        """The treatment the pool had."""
        return FrozenTreatment(
            -np.inf if self.lower is None else self.lower,
            np.inf if self.upper is None else self.upper,
            self.log,
            self.offset,
        )


class Group(_Record):
    """One group of areas: its name, centroid (standard deviations) and plain means."""

    profilo_id: str = Field(pattern=rf"^{IDENTIFIER}[0-9]+$")
    etichetta: str
    label_en: str
    areas: int
    centroid: tuple[float, ...]
    mean: tuple[float, ...]

    @property
    def number(self) -> int:
        """Number of the group, kept over editions."""
        return int(self.profilo_id.removeprefix(IDENTIFIER))


class FrozenTypology(_Record):
    """One edition, by the vintage of its indicators."""

    edition: str
    seed: int
    starts: int
    resamples: int
    pool: Pool
    stability: tuple[TriedNumber, ...]
    within: float = Field(gt=0)
    indicators: tuple[Scale, ...] = Field(min_length=1)
    groups: tuple[Group, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        width = len(self.indicators)
        if any(len(g.centroid) != width or len(g.mean) != width for g in self.groups):
            raise ValueError("every group has one centroid and one mean for each indicator")
        if len({g.profilo_id for g in self.groups}) != len(self.groups):
            raise ValueError("groups have different identifiers")
        if sum(g.areas for g in self.groups) != self.pool.areas:
            raise ValueError("the areas of the groups are those of the pool")
        if len(self.groups) not in {tried.clusters for tried in self.stability}:
            raise ValueError("the stability of the published number of groups is among those tried")
        return self

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Identifiers of the indicators, in order."""
        return tuple(scale.indicatore_id for scale in self.indicators)

    @cached_property
    def stable(self) -> TriedNumber:
        """Stability of the published number of groups."""
        return next(tried for tried in self.stability if tried.clusters == len(self.groups))

    @property
    def exploratory(self) -> bool:
        """Whether the groups are too unstable to be published as a typology."""
        return self.stable.mean < PUBLISHABLE_STABILITY

    @cached_property
    def typology(self) -> Typology:
        """Centroids and scale as the statistics take them."""
        return Typology(
            indicators=self.names,
            centre=np.array([scale.centre for scale in self.indicators]),
            scale=np.array([scale.deviation for scale in self.indicators]),
            centroids=np.array([group.centroid for group in self.groups]),
            size=np.array([group.areas for group in self.groups]),
            within=self.within,
        )

    def treat(self, values: Floats) -> Floats:
        """Treat values as the pool was, any shape ending in m."""
        return np.stack(
            [scale.treatment.apply(values[..., j]) for j, scale in enumerate(self.indicators)],
            axis=-1,
        )

    def standardise(self, values: Floats) -> Floats:
        """Published values, any shape ending in m, on the scale of the centroids."""
        return np.asarray((self.treat(values) - self.typology.centre) / self.typology.scale)


def frozen_file(edition: str, folder: Path = FROZEN_FOLDER) -> Path:
    """File of an edition, whether it exists or not."""
    return folder / FILE_NAME.format(edition=edition)


def load_typology(edition: str, folder: Path = FROZEN_FOLDER) -> FrozenTypology:
    """Read the typology of an edition.

    Raises:
        FileNotFoundError: the edition was never frozen.
        TypologyFault: the file is malformed or does not agree with itself.
    """
    file = frozen_file(edition, folder)
    try:
        return FrozenTypology.model_validate(parse_yaml(file.read_text("utf-8")))
    except (yaml.YAMLError, ValidationError) as problem:
        raise TypologyFault(file.name, str(problem)) from problem


def save_typology(typology: FrozenTypology, folder: Path = FROZEN_FOLDER) -> Path:
    """Write the typology of an edition, the same bytes for the same content."""
    file = frozen_file(typology.edition, folder)
    content = typology.model_dump(mode="json", exclude_defaults=True)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=None)
    file.write_text(text, "utf-8")
    return file
