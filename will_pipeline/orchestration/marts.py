"""Resources of the published layer: the settings of the estimates, the shelf, the clock.

What a run may differ in is configuration here, so that tests and the command line build the same
graph with other values.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg

from will_pipeline.indicators.estimates import Settings
from will_pipeline.mart.overrides import NONE, Overrides, load_overrides
from will_pipeline.mart.retention import KEPT
from will_pipeline.mart.shelf import Shelf

ROME = ZoneInfo("Europe/Rome")


class EstimationSettings(dg.ConfigurableResource):
    """Seed, draws and level of every interval of a run."""

    seed: int = Settings.seed
    draws: int = Settings.draws
    level: float = Settings.level

    def value(self) -> Settings:
        """The settings as the library takes them."""
        return Settings(draws=self.draws, level=self.level, seed=self.seed)


class MartShelf(dg.ConfigurableResource):
    """The folder where releases are published.

    Attributes:
        folder: folder of the marts.
        now: time of the run, ISO 8601 with its time zone; the clock of Rome where empty.
        notice: what every reader must see first, in Italian; nothing where empty.
        notice_en: the same in English.
        keep: how many of the newest releases stay; what a channel leads to stays in any case.
        sheets: whether the atlas has the printed sheet of every area, which takes the longest.
        overrides: file of the overrides of checks; none where empty.
    """

    folder: str
    now: str = ""
    notice: str = ""
    notice_en: str = ""
    keep: int = KEPT
    sheets: bool = True
    overrides: str = ""

    def shelf(self) -> Shelf:
        """The shelf of releases."""
        return Shelf(Path(self.folder))

    def time(self) -> datetime:
        """Time of the run."""
        return datetime.fromisoformat(self.now) if self.now else datetime.now(ROME)

    def let_through(self) -> Overrides:
        """What somebody confirmed although a check stops it."""
        return load_overrides(Path(self.overrides)) if self.overrides else NONE

    def confirmed_jumps(self) -> Overrides | None:
        """The same for jumps between releases; invented figures may jump as they like."""
        return None if self.notice else self.let_through()

    def notices(self) -> tuple[str, str] | None:
        """The notice in Italian and in English, none where the figures need none."""
        return (self.notice, self.notice_en) if self.notice else None
