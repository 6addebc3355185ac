"""The embedded figures as a resource, and the factory of the raw assets.

A raw asset is passthrough: verified bytes become a table of the same shape, nothing else.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import polars as pl

from will_pipeline.orchestration.warehouse import Warehouse
from will_pipeline.sources.descriptor import DTYPES, Descriptor
from will_pipeline.sources.embedded import read_embedded
from will_pipeline.sources.online import OnlineTable, OnlineTables
from will_pipeline.sources.overlay import Overlay
from will_pipeline.sources.pins import Pin, read_pin

OWNER = "team:dati"
NOTHING_YET = "nessuna"


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
            return pl.DataFrame(
                schema={column.name: DTYPES[column.type] for column in source.columns}
            )
        folder, overlay = Path(self.folder), self._overlay()
        if overlay:
            return overlay.read(source, folder)
        table = self._table(source)
        return table.read() if table else read_embedded(source, folder)

    def has(self, source: Descriptor) -> bool:
        """Whether there is a table of one source; some wait for the first download."""
        waits = source.embedding is None and source.online is not None
        return not waits or self._table(source) is not None

    def version(self, source: Descriptor) -> str:
        """Digest of the table of one source; a word of its own where there is none yet."""
        return self.pin(source).sha256 if self.has(source) else NOTHING_YET

    def pin(self, source: Descriptor) -> Pin:
        """Read the seal of one source."""
        folder, overlay = Path(self.folder), self._overlay()
        if overlay:
            return overlay.pin(source, folder)
        table = self._table(source)
        return table.pin() if table else read_pin(source.key, folder)

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


def raw_asset(source: Descriptor) -> dg.AssetsDefinition:
    """The asset that brings one source into the layer `raw` of the warehouse."""

    @dg.asset(
        key=["raw", source.key],
        group_name="raw",
        description=f"{source.title}. {source.description}",
        owners=[OWNER],
        kinds={"parquet", "duckdb"},
        tags={"livello": source.level, "cadenza": source.cadence},
        metadata={
            "ente": source.producer,
            "licenza": dg.MetadataValue.text(f"{source.licence.name} ({source.licence.url})"),
            "fonte": dg.MetadataValue.url(source.url),
            "data_riferimento": source.reference_date,
        },
    )
    def asset(warehouse: Warehouse, figures: Figures) -> dg.MaterializeResult:
        frame = figures.read(source)
        described = {column.name: column.it for column in source.columns}
        family = "" if source.variable_columns is None else source.variable_columns.it
        words = {name: described.get(name, family) for name in frame.columns}
        return warehouse.store(
            f"raw.{source.key}", frame, descriptions=words, version=figures.version(source)
        )

    return asset
