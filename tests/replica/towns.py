"""Generated towns with the codes of the real cities: their sections, residents and polygons.

Codes and names of areas are those of the 2011 census, and each area has about its residents; who
lives there, which sections there are and where their borders run is made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import numpy as np
import polars as pl
import shapely

from will_pipeline.example.census import count
from will_pipeline.example.residents import residents
from will_pipeline.example.towns import Neighbourhood, Town

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "data" / "raw" / "figures"
SEED = 20_261_126
PERSONS_PER_SECTION = 100
UNINHABITED = 12
"""Sections nobody lives in: they have a polygon and no figures."""

HOMELESS = 8_888_881
"""Number of the section that has figures and no polygon."""

REGIONS = {"01": "Piemonte", "03": "Lombardia", "05": "Veneto", "08": "Emilia-Romagna"}


@dataclass(frozen=True)
class Area:
    """One area of a town: its code, name and residents."""

    code: int
    residents: int
    name: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Place:
    """A town to generate."""

    pro_com: str
    name: str
    province: str
    region: str
    centre: tuple[float, float]
    surface_km2: float
    census_areas: tuple[Area, ...]
    sub_municipal: tuple[Area, ...] = ()

    @property
    def number(self) -> int:
        return int(self.pro_com)


RAVENNA = Place(
    pro_com="039014",
    name="Ravenna",
    province="Ravenna",
    region="08",
    centre=(755_000.0, 4_923_000.0),
    surface_km2=653.8,
    census_areas=tuple(Area(code, 5_200 + 900 * code) for code in range(1, 7)),
    sub_municipal=tuple(
        Area(code, persons, name, "Circoscrizione")
        for code, persons, name in (
            (1, 16_000, "Centro Urbano"),
            (2, 18_000, "Darsena"),
            (3, 16_100, "Mare"),
        )
    ),
)
"""A ninth town, which no embedded figure speaks of."""


def places(figures: Path = FIGURES) -> list[Place]:
    """The eight cities and the ninth, with the areas that the embedded figures give them."""

    def table(key: str) -> pl.DataFrame:
        return pl.read_parquet(figures / f"{key}.parquet")

    lower, upper = table("istat_censimento_2011_ace_citta"), table("istat_censimento_2011_asc")
    codes = {name: code for code, name in REGIONS.items()}
    found = []
    for row in table("istat_confini_comuni").sort("pro_com").iter_rows(named=True):
        own = pl.col("pro_com") == row["pro_com"]
        areas = lower.filter(own).sort("ace")
        shape = gpd.GeoSeries([shapely.from_wkb(row["geometry_wkb"])], crs=4326).to_crs(32632)
        parts = upper.filter(own).sort("asc_code")
        found.append(
            Place(
                pro_com=row["pro_com"],
                name=areas["comune"][0],
                province=areas["province"][0],
                region=codes[areas["region"][0]],
                centre=(float(shape.centroid.x.iloc[0]), float(shape.centroid.y.iloc[0])),
                surface_km2=row["area_km2"],
                census_areas=tuple(Area(*pair) for pair in areas.select("ace", "P1").iter_rows()),
                sub_municipal=tuple(
                    Area(*each)
                    for each in parts.select("asc_code", "P1", "asc_name", "asc_type").iter_rows()
                ),
            )
        )
    return [*found, RAVENNA]


@dataclass(frozen=True)
class Cell:
    """What one census area and one sub-municipal area have in common."""

    ace: int
    asc: int | None
    residents: int
    sections: int


class GeneratedTown:
    """The residents of a place, section by section."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.cells = list(_cells(place))

    @cached_property
    def sections(self) -> pl.DataFrame:
        """Counts of the 2011 layout by section: `number`, `ace`, `asc`, then the variables."""
        people = self._people
        homes = self._homes
        spread = Town(self.place.name, self.place.pro_com, self.place.name, homes)
        counts = count(spread, people).rename({"code": "number"}).drop("ace")
        return self.numbers.join(counts, on="number", maintain_order="left")

    @cached_property
    def numbers(self) -> pl.DataFrame:
        """Sections in the order of their polygons: `number`, `ace`, `asc`; the last has none."""
        rows = [(cell.ace, cell.asc) for cell in self.cells for _ in range(cell.sections)]
        frame = pl.DataFrame(rows, schema={"ace": pl.Int64, "asc": pl.Int64}, orient="row")
        order = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
        last = order == pl.len()
        return frame.with_columns(
            number=pl.when(last).then(pl.lit(HOMELESS, dtype=pl.Int64)).otherwise(order)
        )

    @cached_property
    def _homes(self) -> tuple[Neighbourhood, ...]:
        numbers = iter(self.numbers["number"].to_list())
        return tuple(
            Neighbourhood(
                next(numbers), "", cell.ace, 0, 0.0, 0.0, foreign=place.foreign,
                hardship=place.hardship, rent=place.rent, storeys=place.storeys,
            )
            for place, cell in zip(self._town.neighbourhoods, self.cells, strict=True)
            for _ in range(cell.sections)
        )  # fmt: skip

    @cached_property
    def _town(self) -> Town:
        generator = np.random.default_rng([SEED, self.place.number])
        return Town(
            self.place.name,
            self.place.pro_com,
            self.place.name,
            tuple(
                Neighbourhood(
                    code,
                    "",
                    cell.ace,
                    cell.residents,
                    0.0,
                    0.0,
                    young=float(generator.uniform(0.7, 1.6)),
                    old=float(generator.uniform(0.7, 1.6)),
                    foreign=float(generator.uniform(0.03, 0.25)),
                    hardship=float(generator.uniform(-0.6, 1.2)),
                    alone=float(generator.uniform(0.8, 1.4)),
                    rent=float(generator.uniform(0.08, 0.5)),
                    storeys=float(generator.uniform(0.0, 1.0)),
                )
                for code, cell in enumerate(self.cells)
            ),
        )

    @property
    def _people(self) -> pl.DataFrame:
        """Every resident with the number of the section, which each has at least one of."""
        generator = np.random.default_rng([SEED, self.place.number, 1])
        # Not kept: a million residents are needed once.
        people = residents.__wrapped__(self._town)
        ends = np.cumsum([cell.sections for cell in self.cells])
        numbers = self.numbers["number"].to_numpy()
        chosen = []
        for cell, end in zip(self.cells, ends, strict=True):
            own = np.arange(end - cell.sections, end)
            free = generator.integers(0, cell.sections, cell.residents - cell.sections)
            chosen.append(numbers[np.concatenate([own, own[free]])])
        return people.with_columns(code=pl.Series(np.concatenate(chosen)))

    def polygons(self) -> np.ndarray:
        """Polygons (EPSG:32632) of the numbered sections, then of those nobody lives in.

        Sections follow a curve that fills the plane, so that the areas they make up are whole;
        corners are moved a little, the same for all who share them.
        """
        count_ = self.numbers.height - 1 + UNINHABITED
        side = float(np.sqrt(self.place.surface_km2 * 1e6 / count_))
        cells = np.array([_on_curve(step) for step in range(count_)])
        cells -= np.round(cells.mean(axis=0)).astype(int)
        generator = np.random.default_rng([SEED, self.place.number, 2])
        span = 2 * np.abs(cells).max() + 4
        moved = generator.uniform(-0.28, 0.28, (span, span, 2))
        corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
        at = cells[:, None, :] + corners[None, :, :]
        points = (at + moved[at[..., 0], at[..., 1]]) * side + np.array(self.place.centre)
        return np.asarray(shapely.polygons(np.round(points, 3)))


def _cells(place: Place) -> Iterator[Cell]:
    """Cross the two levels so that both keep their residents, as if laid along one line."""
    lower = [[area.code, area.residents] for area in place.census_areas]
    upper: list[list[int | None]] = [[area.code, area.residents] for area in place.sub_municipal]
    upper = upper or [[None, sum(area.residents for area in place.census_areas)]]
    one = two = 0
    while one < len(lower) and two < len(upper):
        shared = min(int(lower[one][1]), int(upper[two][1] or 0))
        if shared:
            asc = upper[two][0]
            yield Cell(lower[one][0], asc, shared, max(shared // PERSONS_PER_SECTION, 1))
        lower[one][1] -= shared
        upper[two][1] = int(upper[two][1] or 0) - shared
        one, two = one + (lower[one][1] == 0), two + (upper[two][1] == 0)


def _on_curve(step: int, order: int = 6) -> tuple[int, int]:
    """Where a step of Hilbert's curve is (Hilbert 1891)."""
    x = y = 0
    for level in range(order):
        side = 1 << level
        right, up = 1 & (step // 2), 1 & (step ^ (step // 2))
        if up == 0:
            if right == 1:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        x, y = x + side * right, y + side * up
        step //= 4
    return x, y


def generate(chosen: Sequence[Place] | None = None) -> dict[str, GeneratedTown]:
    """Towns by code."""
    return {place.pro_com: GeneratedTown(place) for place in (chosen or places())}
