"""The embedded figures as a resource, and the factory of the raw assets.

A raw asset is passthrough: verified bytes become a table of the same shape, nothing else.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import dagster as dg
import polars as pl

from will_pipeline.errors import SourceFault
from will_pipeline.orchestration.warehouse import Warehouse
from will_pipeline.sources.descriptor import Descriptor
from will_pipeline.sources.embedded import read_embedded, without_rows
from will_pipeline.sources.online import OnlineTable, OnlineTables
from will_pipeline.sources.overlay import Overlay
from will_pipeline.sources.pins import Pin, read_pin

OWNER = "team:dati"
NOTHING_YET = "nessuna"
RETRY = dg.RetryPolicy(max_retries=2, delay=1, backoff=dg.Backoff.EXPONENTIAL)
"""Only raw assets try again: what comes after them fails the same way every time."""
EMBEDDED_POOL = "fonte_inclusa"
NIGHT_MISSED = timedelta(hours=26)
"""Age of a table that the schedule should have made again by now."""


class Figures(dg.ConfigurableResource):
    """The folder of embedded figures, and those of the tables that replace some of them.

    Attributes:
        folder: folder that holds `<key>.parquet` and `<key>.pin.json`.
        overlay: folder of the tables of a run on other cities; none where empty.
        online: folder of the tables made of what was downloaded; none where empty or absent.
    """

    folder: str
    overlay: str = ""
    online: str = ""

    def read(self, source: Descriptor) -> pl.DataFrame:
        """Read one source, verified against its seal and its description."""
        if not self.has(source):
            return without_rows(source)
        folder, overlay = Path(self.folder), self._overlay()
        if overlay:
            return overlay.read(source, folder)
        table = self._table(source)
        return table.read() if table else read_embedded(source, folder)

    def pin(self, source: Descriptor) -> Pin:
        """Read the seal of one source.

        Raises:
            SourceFault: there is no seal, as for a source that was never downloaded (see `has`).
        """
        folder, overlay = Path(self.folder), self._overlay()
        if overlay:
            return overlay.pin(source, folder)
        table = self._table(source)
        return table.pin() if table else read_pin(source.key, folder)

    def has(self, source: Descriptor) -> bool:
        """Whether there are figures of one source: some come from downloads alone."""
        known = bool(self._table(source)) and not self.overlay
        return known or not source.is_only_online

    def version(self, source: Descriptor) -> str:
        """Digest of the figures of one source; a word of its own where there are none yet."""
        return self.pin(source).sha256 if self.has(source) else NOTHING_YET

    def describe(self, source: Descriptor) -> Descriptor:
        """Description of one source as this run uses it."""
        overlay, table = self._overlay(), self._table(source)
        if overlay:
            return overlay.describe(source)
        return table.source if table else source

    def year_of(self, key: str, embedded: int) -> int:
        """Year of a register of a day: that of its copy, or of the figures that ship with it."""
        state = OnlineTables(Path(self.online)).state(key) if self.online else None
        taken = None if state is None or state.table is None else state.taken_on
        return embedded if taken is None or self.overlay else taken.year

    def mark(self, source: Descriptor) -> str:
        """Why an older copy of one source is in use, in Italian; empty where it is up to date."""
        state = OnlineTables(Path(self.online)).state(source.key) if self.online else None
        return "" if state is None else state.mark

    def _table(self, source: Descriptor) -> OnlineTable | None:
        return OnlineTables(Path(self.online)).table(source) if self.online else None

    def _overlay(self) -> Overlay | None:
        return Overlay(Path(self.overlay)) if self.overlay else None


def pool_of(source: Descriptor) -> str:
    """Pool of a raw asset: that of the host its source is asked at, in letters Dagster takes."""
    return EMBEDDED_POOL if source.live is None else f"fonte_{source.live.host}"


def raw_asset(source: Descriptor) -> dg.AssetsDefinition:
    """The asset that brings one source into the layer `raw` of the warehouse."""

    @dg.asset(
        key=["raw", source.key],
        group_name="raw",
        description=f"{source.title}. {source.description}",
        owners=[OWNER],
        kinds={"parquet", "duckdb"},
        tags={"livello": source.level, "cadenza": source.cadence},
        retry_policy=RETRY,
        pool=pool_of(source),
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=NIGHT_MISSED),
        metadata={
            "ente": source.producer,
            "licenza": dg.MetadataValue.text(f"{source.licence.name} ({source.licence.url})"),
            "fonte": dg.MetadataValue.url(source.url),
            "data_riferimento": source.reference_date,
        },
    )
    def asset(warehouse: Warehouse, figures: Figures) -> dg.MaterializeResult:
        try:
            frame = figures.read(source)
        except SourceFault as fault:
            # The same bytes are as bad at the next attempt: only passing faults are tried again.
            raise dg.Failure(str(fault), allow_retries=False) from fault
        described = {column.name: column.it for column in source.columns}
        family = "" if source.variable_columns is None else source.variable_columns.it
        words = {name: described.get(name, family) for name in frame.columns}
        return warehouse.store(
            f"raw.{source.key}", frame, descriptions=words, version=figures.version(source)
        )

    return asset
