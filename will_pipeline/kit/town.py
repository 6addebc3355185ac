"""One city of a published mart as its kit and its report tell it.

What belongs here is picking the city and its level from the open mart; words, drawings and files
are made beside it from these records.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from will_pipeline.atlas import collective, views
from will_pipeline.atlas.model import Area, Atlas, City, Level, Score, Theme
from will_pipeline.domande.places import Unknown, find
from will_pipeline.indicators.specification import load_specification


@dataclass(frozen=True, slots=True)
class Town:
    """A city with the level at which its table works.

    Attributes:
        atlas: the whole release, for sources and needs.
        city: the city.
        level: its quarters where it has them, else its census areas.
        questions: questions for the table by need.
        notice: what to know before reading the numbers, as an invented release says; else empty.
    """

    atlas: Atlas
    city: City
    level: Level
    questions: dict[str, tuple[str, ...]]
    notice: str = ""

    @property
    def name(self) -> str:
        """Name of the city."""
        return str(self.city.row["nome"])

    @property
    def pro_com(self) -> str:
        """ISTAT code of the city."""
        return str(self.city.row["pro_com"])

    @property
    def themes(self) -> tuple[Theme, ...]:
        """The needs, in order of presentation."""
        return self.atlas.themes

    @property
    def every_area(self) -> tuple[Area, ...]:
        """Areas of the level, then the whole city."""
        whole = self.city.whole
        return self.level.areas if whole is None else (*self.level.areas, whole)

    @property
    def all_levels(self) -> tuple[Area, ...]:
        """Areas of every level, then the whole city: a table may speak of any of them."""
        within = tuple(area for level in self.city.levels for area in level.areas)
        return within if self.city.whole is None else (*within, self.city.whole)

    def scores(self, theme: Theme) -> list[tuple[Area, Score]]:
        """Areas of the level with their state on one need."""
        place = self.themes.index(theme)
        return [(area, area.scores[place]) for area in self.level.areas]


def read_atlas(mart: duckdb.DuckDBPyConnection) -> Atlas:
    """Read everything the pages of the atlas show from an open mart."""
    return views.build_atlas(_tables(mart), release=released(mart))


def read_town(mart: duckdb.DuckDBPyConnection, given: str) -> Town:
    """Read a city.

    Args:
        mart: an open mart.
        given: name, slug or ISTAT code of the city, in any form of writing.

    Raises:
        Unknown: no city is called so, or it has no areas; the text is the rule, in Italian.
    """
    name = find(mart, "comune", given)
    atlas = read_atlas(mart)
    city = next(each for each in atlas.cities if each.row["nome"] == name)
    if not city.levels:
        raise Unknown(f"la città «{name}» non ha aree in questo rilascio")
    return Town(atlas, city, city.levels[0], _questions(), told(mart, "avviso"))


def released(mart: duckdb.DuckDBPyConnection) -> str:
    """Number of the release that a mart holds."""
    return told(mart, "rilascio")


def told(mart: duckdb.DuckDBPyConnection, key: str) -> str:
    """What a mart says of itself under a key of `mart_info`; empty where it says nothing."""
    rows = mart.execute("SELECT valore FROM mart_info WHERE chiave = ?", [key]).fetchall()
    return str(rows[0][0]) if rows else ""


def _tables(mart: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    wanted = {**views.REQUIRED, **collective.REQUIRED}
    return {
        name: mart.sql(f'FROM "{name}"').pl().select(*columns) for name, columns in wanted.items()
    }


def _questions() -> dict[str, tuple[str, ...]]:
    """Questions for the table by need, as the cards of the needs ask them."""
    themes = load_specification().themes
    return {theme.dimensione: theme.domande_per_il_tavolo for theme in themes}
