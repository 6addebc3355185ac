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
from will_pipeline.italian import shortest
from will_pipeline.mart.news import ABOUT_RELEASES, OF_DELIVERY, SEPARATOR
from will_pipeline.mart.overrides import Override, Overrides
from will_pipeline.sources.documents import load_document

CHECK = "salto_dal_rilascio_precedente"
BANDS_FILE = Path(__file__).with_name("bands.yaml")
TOLD = 5
PRESENT = "valori presenti"
_KEY = ("indicatore_id", "area_id", "anno", "gruppo")
_TOWN_CODE = 6
NAMES_TOWN = ("pro_com", "area_id", "area_da", "valutazione_id")
"""Columns that begin with the code of a municipality."""

Tables = Mapping[str, pl.DataFrame]


class Bands(BaseModel):
    """How far a number may go from the release before.

    Attributes:
        value: Largest relative change of the value of a city, for the same year.
        least: Change in the indicator's own unit below which a value has not jumped.
        indicators: Bands of single indicators, in place of `value`.
        rows: Largest share of the rows of a table that may go.
        missing: Largest share of the values of an indicator in a city that may become missing.
        least_rows: Rows, or values, below which a loss is no jump.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float = Field(gt=0)
    least: float = Field(ge=0)
    indicators: dict[str, float] = {}
    rows: float = Field(gt=0, lt=1)
    missing: float = Field(gt=0, lt=1)
    least_rows: int = Field(ge=1)

    def lost(self, before: int, after: int, share: float) -> bool:
        """Whether going from `before` to `after` loses more than a share, and enough to count."""
        gone = before - after
        return gone >= self.least_rows and gone > share * before


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
        return f"«{self.subject}» passa da {shortest(self.before, 2)} a {shortest(self.after, 2)}"


@dataclass(frozen=True)
class Facts:
    """A table of values.

    Attributes:
        table: its name.
        areas: the table of its areas.
        own: columns of its key beyond those of every table of values.
    """

    table: str
    areas: str
    own: tuple[str, ...] = ()

    @property
    def key(self) -> list[str]:
        """Columns of the key, in the order of a subject."""
        return [*_KEY, *self.own]

    def subject(self, row: Mapping[str, object]) -> str:
        """How an override names a row."""
        return SEPARATOR.join(str(row[each]) for each in self.key)


FACTS = (
    Facts("fatto_indicatore", "dim_area"),
    Facts("fatto_annata", "area_edizione", ("anno_struttura",)),
)


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

    Only what both releases have is compared, and the same year: a new year, area or indicator is no
    jump. Values are those of whole cities; values that became missing are counted in every area of
    a city. Rows that a municipality withdrew with its deliveries are no loss.

    Args:
        current: published tables of the new release.
        previous: those of the release before.
        contracts: contracts of the tables.
        bands: the bands.

    Returns:
        The jumps, by their subject.
    """
    found = _rows(current, previous, contracts, bands)
    for facts in FACTS:
        if {facts.table, facts.areas} <= current.keys() & previous.keys():
            found += _values(facts, current, previous, bands)
            found += _missing(facts, current, previous, bands)
    return sorted(found, key=lambda jump: jump.subject)


def _values(facts: Facts, current: Tables, previous: Tables, bands: Bands) -> list[Jump]:
    now, then = (_cities(facts, tables) for tables in (current, previous))
    both = now.join(then, on=facts.key, suffix="_prima")
    band = pl.col("indicatore_id").replace_strict(
        bands.indicators, default=bands.value, return_dtype=pl.Float64
    )
    moved = (pl.col("valore") - pl.col("valore_prima")).abs()
    beyond = both.filter(moved > bands.least, moved > band * pl.col("valore_prima").abs())
    return [
        Jump(facts.subject(row), row["valore_prima"], row["valore"])
        for row in beyond.sort(facts.key).iter_rows(named=True)
    ]


def _cities(facts: Facts, tables: Tables) -> pl.DataFrame:
    cities = tables[facts.areas].filter(pl.col("livello") == "C").select("area_id")
    found = tables[facts.table].join(cities, on="area_id", how="semi")
    return found.select(*facts.key, "valore").drop_nulls("valore")


def _missing(facts: Facts, current: Tables, previous: Tables, bands: Bands) -> list[Jump]:
    now, then = (tables[facts.table].select(*facts.key, "valore") for tables in (current, previous))
    counted = (
        then.drop_nulls("valore")
        .join(now, on=facts.key, suffix="_dopo")
        .group_by("indicatore_id", town=pl.col("area_id").str.head(_TOWN_CODE))
        .agg(before=pl.len(), after=pl.col("valore_dopo").count())
        .sort("indicatore_id", "town")
    )
    return [
        Jump(SEPARATOR.join((PRESENT, facts.table, indicator, town)), before, after)
        for indicator, town, before, after in counted.iter_rows()
        if bands.lost(before, after, bands.missing)
    ]


def _rows(
    current: Tables, previous: Tables, contracts: Mapping[str, TableContract], bands: Bands
) -> list[Jump]:
    jumps = []
    sources = _withdrawn(current, previous)
    towns = sorted({source[-_TOWN_CODE:] for source in sources})
    for name, contract in contracts.items():
        if name in ABOUT_RELEASES or name not in previous:
            continue
        now, then = current[name], previous[name]
        if "fonte_id" in then.columns:
            then = then.filter(~pl.col("fonte_id").is_in(sources))
        if contract.from_deliveries:
            now, then = (_without(table, towns) for table in (now, then))
        if bands.lost(then.height, now.height, bands.rows):
            jumps.append(Jump(f"righe{SEPARATOR}{name}", then.height, now.height))
    return jumps


def _withdrawn(current: Tables, previous: Tables) -> list[str]:
    """Deliveries of the release before that the new one has no longer."""
    now, then = (set(tables["dim_fonte"]["fonte_id"]) for tables in (current, previous))
    return sorted(source for source in then - now if source.startswith(OF_DELIVERY))


def _without(table: pl.DataFrame, towns: list[str]) -> pl.DataFrame:
    """Rows that speak of no municipality among those."""
    column = next(name for name in NAMES_TOWN if name in table.columns)
    return table.filter(~pl.col(column).str.head(_TOWN_CODE).is_in(towns))


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
