"""Areas of one municipality, as people write them: code, long code or exact name.

What belongs here is finding the area meant, and helping who wrote one that is not there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

import polars as pl

from will_pipeline.deliveries.problems import BadValue, quoted

WITH_ARTICLE = {"C": "il comune", "Q": "un quartiere", "A": "un'area di censimento"}
_SUGGESTIONS = 3
_LIKENESS, _SWAPPED = 0.6, 1.0
_NUMBERED = re.compile(r"([A-Z])([0-9]+)")


class Areas:
    """Areas of a municipality.

    Attributes:
        sections: its census sections, as numbers; empty where nobody knows them.
    """

    def __init__(self, rows: pl.DataFrame, *, pro_com: str, town: str) -> None:
        """Keep the areas of one municipality.

        Args:
            rows: rows of `core.area`: `area_id`, `pro_com`, `level`, `name`, `residents`.
            pro_com: ISTAT code of the municipality.
            town: its name.
        """
        mine = rows.filter(pl.col("pro_com") == pro_com).sort("area_id")
        self.pro_com, self.town = pro_com, town
        self.sections: frozenset[int] = frozenset()
        self.level = dict(mine.select("area_id", "level").iter_rows())
        self.name = dict(mine.select("area_id", "name").iter_rows())
        self.residents = dict(mine.select("area_id", "residents").iter_rows())
        self._forms = {area: self._written(area) for area in self.level}
        self._called: dict[str, list[str]] = {}
        for area, forms in self._forms.items():
            for form in forms:
                self._called.setdefault(form, []).append(area)

    def find(self, text: str, levels: Iterable[str]) -> str:
        """Find the area that a cell names.

        Args:
            text: `Q04`, `034027.Q04`, the exact name, or code and name as in the template's list.
            levels: levels that the column may name.

        Returns:
            The `area_id`.

        Raises:
            BadValue: no area of the municipality, or more than one, is called so; or its level
                is not one of those asked for.
        """
        allowed = tuple(levels)
        meant = self._called.get(_same(text), [])
        fitting = [area for area in meant if self.level[area] in allowed]
        if len(fitting) == 1:
            return fitting[0]
        if len(fitting) > 1:
            raise BadValue(f"più aree di {self.town} si chiamano così; scrivi il codice.")
        if meant:
            words = " o ".join(WITH_ARTICLE[level] for level in allowed)
            rule = f"qui serve {words}."
            raise BadValue(rule, f"{quoted(text)}non va bene: {rule}")
        rule, listing = f"non è un'area di {self.town}", self.listing(allowed)
        ending = f" Le aree della città: {listing}." if listing else ""
        raise BadValue(
            f"{rule}.{ending}",
            f"{quoted(text)}{rule}{self._nearest(text, allowed)}.{ending}",
        )

    def short(self, area: str) -> str:
        """Code of an area within its municipality, as in `Q04`."""
        return area.split(".", 1)[1]

    def entry(self, area: str) -> str:
        """Code and name of an area, as the template's lists show them."""
        return f"{self.short(area)} - {self.name[area]}"

    def of_levels(self, levels: Iterable[str]) -> list[str]:
        """Areas of some levels, in the order of the levels."""
        return [area for level in levels for area in self.level if self.level[area] == level]

    def listing(self, levels: Iterable[str]) -> str:
        """Codes of the areas of some levels, runs shortened: `Q01-Q13, A00-A04, A07`."""
        return ", ".join(_runs([self.short(area) for area in self.of_levels(levels)]))

    def _written(self, area: str) -> set[str]:
        forms = (area, self.short(area), self.name[area], self.entry(area))
        return {_same(form) for form in forms}

    def _nearest(self, text: str, levels: tuple[str, ...]) -> str:
        meant = _same(text)[:80]
        likeness = {
            area: max(_likeness(meant, form) for form in self._forms[area])
            for area in self.of_levels(levels)
        }
        # Where letters were only swapped, other areas would be noise.
        least = _SWAPPED if _SWAPPED in likeness.values() else _LIKENESS
        close = [area for area in likeness if likeness[area] >= least]
        areas = sorted(close, key=lambda area: (-likeness[area], area))[:_SUGGESTIONS]
        if not areas:
            return ""
        return "; forse " + " o ".join(f"{self.short(a)} ({self.name[a]})" for a in areas)


def _likeness(meant: str, form: str) -> float:
    """How close two words are; the same letters in another order are the closest of typos."""
    if sorted(meant) == sorted(form):
        return _SWAPPED
    return difflib.SequenceMatcher(None, meant, form).ratio()


def _same(text: str) -> str:
    return " ".join(text.casefold().split())


def _runs(codes: list[str]) -> list[str]:
    runs: list[list[str]] = []
    for code in codes:
        if runs and _follows(runs[-1][-1], code):
            runs[-1].append(code)
        else:
            runs.append([code])
    return [run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]


def _follows(before: str, after: str) -> bool:
    one, two = _NUMBERED.fullmatch(before), _NUMBERED.fullmatch(after)
    return bool(one and two and one[1] == two[1] and int(two[2]) == int(one[2]) + 1)
