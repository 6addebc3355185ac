"""What the page *Pesi* needs to compute an index again with other weights, in the browser.

Points of every indicator from the published values and the frozen goalposts; an area whose index
cannot be rebuilt from published numbers is left out, and counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from will_pipeline.atlas import words
from will_pipeline.atlas.model import Area, Atlas, City, IndicatorLine, Level, Theme
from will_pipeline.indicators.goalposts import CITY_METHOD, Frozen
from will_pipeline.statistics.composite import penalised_mean
from will_pipeline.statistics.normalise import Goalposts

ROUNDING = 0.25
"""Points by which an index rebuilt from rounded values may differ from the published one."""
FEWEST_INDICATORS, FEWEST_AREAS = 2, 2
POINT_DECIMALS = 3
PAST_THE_CUT = 1e-4


def weighed_levels(atlas: Atlas, frozen: Frozen) -> list[dict[str, object]]:
    """Levels of the cities with the needs whose weights can be changed.

    Args:
        atlas: what the pages show.
        frozen: goalposts and class cuts in use.

    Returns:
        For every city and level with such a need: its name and, by need, indicators, class cuts,
        areas with their points and how many areas are left out.
    """
    found: list[dict[str, object]] = []
    for city in atlas.cities:
        for level in city.levels:
            needs = [
                need
                for place, theme in enumerate(atlas.themes)
                if (need := _need(level, theme, place, frozen)) is not None
            ]
            if needs:
                found.append(
                    {"id": _key(city, level), "nome": _name(city, level), "bisogni": needs}
                )
    return found


def _key(city: City, level: Level) -> str:
    return f"{city.row['pro_com']}.{level.key}"


def _name(city: City, level: Level) -> str:
    return f"{city.row['nome']}, {level.title.lower()}"


def _need(level: Level, theme: Theme, place: int, frozen: Frozen) -> dict[str, object] | None:
    cuts = frozen.cuts.get((theme.key, CITY_METHOD))
    lines = {area.row["area_id"]: _entering(area, theme) for area in level.areas}
    names = max(lines.values(), key=len, default=())
    posts = [frozen.goalposts.get(str(line.card["indicatore_id"])) for line in names]
    if cuts is None or len(names) < FEWEST_INDICATORS or None in posts:
        return None
    rows = []
    for area in level.areas:
        points = _points(lines[area.row["area_id"]], frozen.goalposts)
        value = area.scores[place].value
        if value is None or len(points) != len(names):
            continue
        nudge = _nudge(float(penalised_mean([points])[0]), value.class_number, cuts)
        rebuilt = float(penalised_mean([points])[0]) + nudge
        if max(abs(rebuilt - value.index), abs(nudge)) > ROUNDING:
            continue
        rows.append(
            {
                "nome": area.row["nome"],
                "pagina": area.address,
                "punti": points,
                "scarto": nudge,
                "indice": words.number(value.index, 1),
                "distinta": value.told_class is not None,
            }
        )
    if len(rows) < FEWEST_AREAS:
        return None
    return {
        "id": theme.key,
        "nome": theme.name,
        "indicatori": [line.card["nome_breve"] for line in names],
        "tagli": list(cuts),
        "aree": rows,
        "escluse": len(level.areas) - len(rows),
    }


def _nudge(rebuilt: float, published: int, cuts: Sequence[float]) -> float:
    """What brings an index rebuilt from rounded values back to its published class; mostly zero."""
    edges = (-math.inf, *cuts, math.inf)
    low, high = edges[published - 1], edges[published]
    if low < rebuilt <= high:
        return 0.0
    target = low + PAST_THE_CUT if rebuilt <= low else high
    return round(target - rebuilt, 6)


def _entering(area: Area, theme: Theme) -> tuple[IndicatorLine, ...]:
    return tuple(
        line
        for group in area.groups
        if group.key == theme.key
        for line in group.lines
        if line.card["ruolo"] == "indice" and isinstance(line.fact["valore"], float)
    )


def _points(lines: Sequence[IndicatorLine], posts: Mapping[str, Goalposts]) -> list[float]:
    """Points of an area on the scale of its city, where the city itself has 100."""
    found: list[float] = []
    for line in lines:
        city, here = line.fact["valore_comune"], line.fact["valore"]
        if not isinstance(city, float) or not isinstance(here, float):
            return []
        post = posts[str(line.card["indicatore_id"])].with_reference(city)
        found.append(round(float(post.normalise([here])[0]), POINT_DECIMALS))
    return found
