"""Jumps between two releases: values of whole cities, and rows of tables, beyond declared bands.

A unit that changed or a table that lost its rows is seen here before readers see it; who confirms
that a jump is right writes an override.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from will_pipeline.contracts.model import TableContract
from will_pipeline.italian import number
from will_pipeline.mart.news import ABOUT_RELEASES, SEPARATOR
from will_pipeline.mart.overrides import Override, Overrides
from will_pipeline.sources.documents import load_document

CHECK = "salto_dal_rilascio_precedente"
BANDS_FILE = Path(__file__).with_name("bands.yaml")
TOLD = 5
_KEY = ["indicatore_id", "area_id", "anno", "gruppo"]

Tables = Mapping[str, pl.DataFrame]


class Bands(BaseModel):
    """How far a number may go from the release before.

    Attributes:
        value: Largest relative change of the value of a city, for the same year.
        least: Change in the indicator's own unit below which a value has not jumped.
        indicators: Bands of single indicators, in place of `value`.
        rows: Largest share of the rows of a table that may go.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float = Field(gt=0)
    least: float = Field(ge=0)
    indicators: dict[str, float] = {}
    rows: float = Field(gt=0, lt=1)


@dataclass(frozen=True)
class Jump:
    """One number beyond its band.

    Attributes:
        subject: what jumped, as an override names it.
        before: its value in the release before.
        after: its value now.
    """

    subject: str
    before: float
    after: float

    def told(self) -> str:
        """The jump in Italian."""
        return f"«{self.subject}» passa da {number(self.before, 2)} a {number(self.after, 2)}"


class JumpRefused(RuntimeError):
    """Numbers jumped and nobody confirmed them; the text says in Italian what to do."""

    def __init__(self, jumps: list[Jump], over: list[Override]) -> None:
        named = "; ".join(jump.told() for jump in jumps[:TOLD])
        more = f"; e altri {len(jumps) - TOLD}" if len(jumps) > TOLD else ""
        ended = f" Deroghe scadute: {len(over)}." if over else ""
        super().__init__(
            f"{CHECK}: {named}{more}. Niente è pubblicato finché una persona non conferma il salto "
            f"in assets/deroghe.yaml.{ended}"
        )
        self.jumps = jumps


def load_bands(path: Path = BANDS_FILE) -> Bands:
    """Read the declared bands.

    Args:
        path: the YAML file.

    Raises:
        SourceFault: the file breaks the model.
    """
    return load_document(path, "bande", Bands)


def find_jumps(
    current: Tables, previous: Tables, contracts: Mapping[str, TableContract], bands: Bands
) -> list[Jump]:
    """Numbers of a release beyond their bands.

    Only what both releases have is compared, whole cities and the same year: a new year, area or
    indicator is no jump.

    Args:
        current: published tables of the new release.
        previous: those of the release before.
        contracts: contracts of the tables.
        bands: the bands.

    Returns:
        The jumps, by their subject.
    """
    found = [*_values(current, previous, bands), *_rows(current, previous, contracts, bands)]
    return sorted(found, key=lambda jump: jump.subject)


def _values(current: Tables, previous: Tables, bands: Bands) -> list[Jump]:
    both = _cities(current).join(_cities(previous), on=_KEY, suffix="_prima")
    band = pl.col("indicatore_id").replace_strict(
        bands.indicators, default=bands.value, return_dtype=pl.Float64
    )
    moved = (pl.col("valore") - pl.col("valore_prima")).abs()
    beyond = both.filter(moved > bands.least, moved > band * pl.col("valore_prima").abs())
    return [
        Jump(SEPARATOR.join(str(row[each]) for each in _KEY), row["valore_prima"], row["valore"])
        for row in beyond.sort(_KEY).iter_rows(named=True)
    ]


def _cities(tables: Tables) -> pl.DataFrame:
    cities = tables["dim_area"].filter(pl.col("livello") == "C").select("area_id")
    facts = tables["fatto_indicatore"].join(cities, on="area_id", how="semi")
    return facts.select(*_KEY, "valore").drop_nulls("valore")


def _rows(
    current: Tables, previous: Tables, contracts: Mapping[str, TableContract], bands: Bands
) -> list[Jump]:
    jumps = []
    for name, contract in contracts.items():
        # Municipalities may withdraw what they handed in.
        if name in ABOUT_RELEASES or contract.from_deliveries or name not in previous:
            continue
        before, after = previous[name].height, current[name].height
        if after < before * (1 - bands.rows):
            jumps.append(Jump(f"righe{SEPARATOR}{name}", before, after))
    return jumps


def confirmed(jumps: list[Jump], overrides: Overrides, *, today: date) -> str:
    """What readers are told of the jumps that somebody confirmed.

    Args:
        jumps: the jumps of a release.
        overrides: the overrides of the project.
        today: the day of the run.

    Returns:
        Sentences in Italian, nothing where no number jumped.

    Raises:
        JumpRefused: a jump has no override, or one that is over.
    """
    refused, over, told = list[Jump](), list[Override](), list[str]()
    for jump in jumps:
        override = overrides.of(CHECK, jump.subject)
        if override is not None and today <= override.scade:
            told.append(f"Confermato: {jump.told()}. {override.told()}")
            continue
        refused.append(jump)
        over += [] if override is None else [override]
    if refused:
        raise JumpRefused(refused, over)
    return " ".join(told)
