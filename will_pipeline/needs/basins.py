"""Basins of demand: areas of one city put together until a service would find enough persons.

A basin is made of what is published and of nothing finer: withheld areas take part, their numbers
do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.cities import catalogue
from will_pipeline.cities.catalogue import City
from will_pipeline.errors import SourceFault
from will_pipeline.indicators.areas import Floats
from will_pipeline.indicators.goalposts import CITY_METHOD
from will_pipeline.italian import shortest
from will_pipeline.needs.basin_graph import (
    BasinGraph,
    connected,
    graph_by_borders,
    graph_by_profile,
)
from will_pipeline.needs.expected import VALID, ExpectedPersons
from will_pipeline.statistics.regionalisation import demand_basins

DEFAULT_MINIMUM: Mapping[str, float] = {
    "giovani": 300.0,
    "solitudine": 500.0,
    "mobilita": 300.0,
    "nuove_generazioni": 300.0,
}
"""Expected persons a basin must reach where the city sets no number: a convention. With one person
in ten taking part they are groups of thirty and fifty, which a service can be planned for."""
BY_BORDERS, BY_PROFILE, WHOLE_CITY = "contiguita", "profilo", "citta_intera"
FINEST_FIRST = ("Q", "A")
NAMED_AREAS = 3
BELOW = (
    "Nella città intera le persone attese sono meno della soglia: il bacino è tutta la città, "
    "e non raggiunge la massa critica."
)
SHAPELESS = "Mancano sia i confini sia gli indici delle aree: il bacino è tutta la città."
_BASIN = {
    "bacino_id": pl.String,
    "pro_com": pl.String,
    "dimensione": pl.String,
    "livello": pl.String,
    "anno": pl.Int64,
    "nome": pl.String,
    "persone_attese": pl.Float64,
    "persone_inf": pl.Float64,
    "persone_sup": pl.Float64,
    "soglia": pl.Float64,
    "p_soglia": pl.Float64,
    "contiguo": pl.Boolean,
    "metodo": pl.String,
    "n_aree": pl.Int64,
    "aree_senza_numero": pl.Int64,
    "nota": pl.String,
}
_MEMBER = {
    "bacino_id": pl.String,
    "area_id": pl.String,
    "persone_attese": pl.Float64,
    "stato": pl.String,
}


@dataclass(frozen=True)
class DemandBasins:
    """Rows of `bacino` and of `bacino_area`."""

    basins: pl.DataFrame
    members: pl.DataFrame


@dataclass(frozen=True)
class _Town:
    """The areas of one city and level for one theme, sorted by identifier.

    Attributes:
        city: the city.
        theme: the theme.
        areas: rows of the expected persons.
        minimum: least persons of a basin.
    """

    city: City
    theme: str
    areas: pl.DataFrame
    minimum: float

    @property
    def names(self) -> list[str]:
        """Identifiers of the areas."""
        return self.areas["area_id"].to_list()

    @property
    def mass(self) -> Floats:
        """Published persons by area; a withheld number weighs nothing here, and is not filled."""
        return self.areas["attesi"].fill_null(0.0).to_numpy()


def least_persons(city: City, theme: str) -> float:
    """Expected persons a basin of `theme` must reach in `city`: its own number or the default."""
    return city.basin_minimum.get(theme, DEFAULT_MINIMUM.get(theme, max(DEFAULT_MINIMUM.values())))


def demand_rows(
    expected: ExpectedPersons,
    indices: pl.DataFrame,
    outlines: pl.DataFrame,
    cities: Sequence[City],
    *,
    level: float,
) -> DemandBasins:
    """Divide every city into basins of demand, theme by theme.

    One level a city: neighbourhoods where it has them, else census areas. Where every area has a
    boundary, basins are made of areas that border on each other; elsewhere, of areas of the same
    city that are alike in the indices of the needs. Areas without an index (the smallest ones) have
    no say in it: they follow the area they border on most, or the least populous one.

    A theme whose persons are not published anywhere in a city has no basin there.

    Args:
        expected: expected persons, as published, with their draws.
        indices: rows of `fatto_indice`.
        outlines: `area_id`, `geom_wkb`, `schematic`.
        cities: the cities, with their minimum number of persons by theme.
        level: nominal level of the intervals.

    Returns:
        The basins of every city and theme: a complete partition of its areas, each basin above the
        minimum unless the city as a whole is below it.

    Raises:
        SourceFault: a city sets a minimum for something that is no theme with persons, or an
            outline is no polygon.

    Source:
        `demand_basins` of `will_pipeline.statistics.regionalisation` (Duque, Anselin and Rey 2012).
    """
    _check_minimums(cities, expected.themes)
    profiles = _profiles(indices)
    found = [
        _basins_of(town, expected, profiles, outlines, level=level)
        for city in sorted(cities, key=lambda each: each.pro_com)
        for town in _towns(expected, city)
    ]
    return DemandBasins(
        pl.DataFrame([row for rows, _ in found for row in rows], schema=_BASIN, orient="row"),
        pl.DataFrame([row for _, rows in found for row in rows], schema=_MEMBER, orient="row"),
    )


def _check_minimums(cities: Sequence[City], themes: Sequence[str]) -> None:
    for city in cities:
        for theme in sorted(set(city.basin_minimum) - set(themes)):
            rule = f"'{theme}' non è un bisogno con persone stimate: {', '.join(themes)}"
            raise SourceFault(catalogue.SOURCE, f"{city.slug}.yaml", "campo basin_minimum", rule)


def _towns(expected: ExpectedPersons, city: City) -> Iterator[_Town]:
    own = expected.frame.filter(pl.col("pro_com") == city.pro_com)
    levels = set(own["level"])
    level = next((name for name in FINEST_FIRST if name in levels), None)
    for theme in expected.themes:
        areas = own.filter((pl.col("level") == level) & (pl.col("dimensione") == theme))
        if areas["attesi"].is_not_null().any():
            yield _Town(city, theme, areas.sort("area_id"), least_persons(city, theme))


def _profiles(indices: pl.DataFrame) -> pl.DataFrame:
    """Indices of every area by need, the needs that are measured in full only."""
    full = indices.filter((pl.col("metodo") == CITY_METHOD) & ~pl.col("parziale"))
    latest = full.filter(pl.col("anno") == pl.col("anno").max().over("area_id", "dimensione"))
    return latest.sort("dimensione").pivot("dimensione", index="area_id", values="indice")


def _basins_of(
    town: _Town,
    expected: ExpectedPersons,
    profiles: pl.DataFrame,
    outlines: pl.DataFrame,
    *,
    level: float,
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    graph = _graph(town, profiles, outlines)
    label, method, note = _divide(town, graph)
    rows: list[dict[str, object]] = []
    members: list[dict[str, object]] = []
    first_seen = list(dict.fromkeys(label.tolist()))
    for number, basin in enumerate(first_seen, start=1):
        inside = np.flatnonzero(label == basin)
        areas = town.areas[inside]
        identifier = f"{town.city.pro_com}.B-{town.theme}-{number:02d}"
        persons = round(float(areas["attesi"].sum()), 1)
        lower, upper, reached = _spread(areas, expected, town, persons, level)
        rows.append(
            {
                "bacino_id": identifier,
                "pro_com": town.city.pro_com,
                "dimensione": town.theme,
                "livello": areas["level"][0],
                "anno": areas.select(pl.col("anno").max()).item(),
                "nome": _name(areas, town, whole=len(first_seen) == 1),
                "persone_attese": persons,
                "persone_inf": lower,
                "persone_sup": upper,
                "soglia": town.minimum,
                "p_soglia": reached,
                "contiguo": connected(inside, graph.borders),
                "metodo": method,
                "n_aree": areas.height,
                "aree_senza_numero": areas["attesi"].null_count(),
                "nota": note,
            }
        )
        members += [
            {"bacino_id": identifier, "area_id": area, "persone_attese": value, "stato": status}
            for area, value, status in areas.select("area_id", "attesi", "stato").iter_rows()
        ]
    return rows, members


def _graph(town: _Town, profiles: pl.DataFrame, outlines: pl.DataFrame) -> BasinGraph:
    scores = (
        town.areas.select("area_id")
        .join(profiles, on="area_id", how="left", maintain_order="left")
        .drop("area_id")
        .to_numpy()
        .astype(np.float64)
    )
    residents = town.areas["residents"].to_numpy().astype(np.float64)
    drawn = town.areas.select("area_id").join(
        outlines.filter(~pl.col("schematic") & pl.col("geom_wkb").is_not_null()), on="area_id"
    )
    if drawn.height < town.areas.height:
        return graph_by_profile(scores, residents)
    return graph_by_borders(
        town.names, scores, residents, drawn, town.mass, crs=town.city.crs, minimum=town.minimum
    )


def _divide(town: _Town, graph: BasinGraph) -> tuple[NDArray[np.intp], str, str | None]:
    whole = np.zeros(len(town.names), dtype=np.intp)
    if town.mass.sum() < town.minimum:
        return whole, WHOLE_CITY, BELOW
    if graph.profile is None:
        return whole, WHOLE_CITY, SHAPELESS
    mass = np.bincount(graph.unit, weights=town.mass, minlength=len(graph.profile))
    found = demand_basins(graph.profile, mass, graph.pairs, minimum=town.minimum)
    return found.label[graph.unit], BY_BORDERS if graph.drawn else BY_PROFILE, None


def _spread(
    areas: pl.DataFrame, expected: ExpectedPersons, town: _Town, persons: float, level: float
) -> tuple[float, float, float | None]:
    """Ends of the interval of the sum, and the probability that it reaches the minimum.

    Only areas with a published number are summed, draw by draw: errors they share do not average
    out, errors of their own do. The ends are in whole persons, outwards; where an area is rounded
    they are in its steps, and there is no probability: both would tell what the rounding hides.
    """
    counted = areas.filter(pl.col("stato") == VALID)["area_id"].to_list()
    summed = expected.draws(town.theme, counted).sum(axis=1)
    lower, upper = np.quantile(summed, [(1 - level) / 2, (1 + level) / 2])
    steps = areas["step"].drop_nulls().to_list()
    step = max([1.0, *steps])
    reached = None if steps else round(float((summed >= town.minimum).mean()), 2)
    return (
        float(np.floor(min(lower, persons) / step) * step),
        float(np.ceil(max(upper, persons) / step) * step),
        reached,
    )


def _name(areas: pl.DataFrame, town: _Town, *, whole: bool) -> str:
    if whole and areas.height > 1:
        return f"{town.city.name}, tutta la città"
    ordered = areas.sort(["residents", "area_id"], descending=[True, False])["name"].to_list()
    if len(ordered) == 1:
        return str(ordered[0])
    if len(ordered) <= NAMED_AREAS:
        return f"{', '.join(ordered[:-1])} e {ordered[-1]}"
    others = len(ordered) - NAMED_AREAS + 1
    return f"{', '.join(ordered[: NAMED_AREAS - 1])} e altre {others} aree"


def basin_report(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """Lines in Italian on the basins of every city and theme, for people who check a release.

    Args:
        tables: `bacino`, `dim_comune` and `dim_dimensione`, by name.

    Returns:
        One line per city and theme with basins, and one per theme without any.
    """
    basins = tables["bacino"].join(tables["dim_comune"].select("pro_com", citta="nome"), "pro_com")
    lines = []
    for theme, name in tables["dim_dimensione"].sort("ordine").select("dimensione", "nome").rows():
        own = basins.filter(pl.col("dimensione") == theme)
        if own.is_empty():
            lines.append(f"{name}: nessun bacino, le persone non si stimano sulle cifre in uso.")
        lines += [
            _line(city, name, own.filter(pl.col("citta") == city))
            for city in own["citta"].unique().sort()
        ]
    return lines


def _line(city: str, theme: str, basins: pl.DataFrame) -> str:
    how = {BY_BORDERS: "per confine", BY_PROFILE: "per profilo", WHOLE_CITY: "città intera"}
    number, smallest = basins.height, basins.sort("persone_attese", "bacino_id").row(0, named=True)
    below = basins.filter(pl.col("persone_attese") < pl.col("soglia")).height
    verdict = "sotto la soglia" if below else "sopra la soglia"
    return (
        f"{city}, {theme}: {number} {'bacino' if number == 1 else 'bacini'} "
        f"({how[smallest['metodo']]}), il più piccolo di {shortest(smallest['persone_attese'])} "
        f"persone attese, {verdict} di {shortest(smallest['soglia'])}."
    )
