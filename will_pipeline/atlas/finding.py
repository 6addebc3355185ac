"""Finding one area by what a person types, and its sheet as plain text.

Names are compared without accents and capitals; nothing is guessed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from will_pipeline.atlas import words
from will_pipeline.atlas.model import Area, Atlas, City, Level
from will_pipeline.atlas.sheet import three_sentences
from will_pipeline.italian import number


@dataclass(frozen=True, slots=True)
class Found:
    """An area with the city and the level it belongs to."""

    release: str
    city: City
    level: Level
    area: Area

    @property
    def name(self) -> str:
        """Name of the area with that of its city."""
        return f"{self.area.row['nome']}, {self.city.row['nome']}"

    def summary(self) -> dict[str, Any]:
        """The first side of the sheet as texts, in the words of the atlas."""
        area, row = self.area, self.area.row
        return {
            "area_id": row["area_id"],
            "nome": row["nome"],
            "comune": self.city.row["nome"],
            "livello": self.level.singular,
            "residenti": number(_real(row["popolazione"])),
            "famiglie": number(_real(row["famiglie"])),
            "confini": row["edizione_confini"],
            "in_breve": list(three_sentences(area)),
            "bisogni": [_need(score) for score in area.scores],
            "profilo": _profile(area),
            "persone_stimate": [_persons(self.area, row) for row in area.collective.persons],
            "rilascio": self.release,
        }

    def data(self) -> dict[str, Any]:
        """The same side of the sheet for machines: numbers as numbers, estimates called so."""
        area, row = self.area, self.area.row
        return {
            **self.summary(),
            "residenti": row["popolazione"],
            "famiglie": row["famiglie"],
            "bisogni": [_need_data(score) for score in area.scores],
            "persone_stimate": [_persons_data(area, each) for each in area.collective.persons],
        }


def find_areas(atlas: Atlas, asked: str) -> list[Found]:
    """Areas that a text names: by code, by whole name, else by every word of it.

    Args:
        atlas: what `views.build_atlas` gives.
        asked: code, name, or name with city; capitals and accents do not count.

    Returns:
        One area where the text is clear, more where it is not, none where nothing has that name.
    """
    wanted = _plain(asked)
    every = [
        Found(atlas.release, city, level, area)
        for city in atlas.cities
        for level in city.levels
        for area in level.areas
    ]
    tests = (
        lambda each: _plain(str(each.area.row["area_id"])) == wanted,
        lambda each: _plain(str(each.area.row["nome"])) == wanted,
        lambda each: set(wanted.split()) <= set(_plain(each.name).split()),
    )
    for test in tests if wanted else ():
        found = [each for each in every if test(each)]
        if found:
            return found
    return []


def _plain(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text)
    letters = (letter for letter in bare if not unicodedata.combining(letter))
    return " ".join("".join(letters).casefold().replace(",", " ").split())


def _need(score: Any) -> dict[str, str]:
    value = score.value
    if value is None:
        return {"bisogno": score.theme.name, "motivo": score.reason}
    return {
        "bisogno": score.theme.name,
        "indice": number(value.index, 1),
        "intervallo": words.between(value.low, value.high),
        "lettura": words.standing(value),
        "posto": words.likely_place(value.first_place, value.last_place, value.ranked),
    }


def _need_data(score: Any) -> dict[str, object]:
    value = score.value
    if value is None:
        return {**_need(score), "indice": None}
    return {
        **_need(score),
        "indice": value.index,
        "intervallo": [value.low, value.high],
        "anno": value.year,
    }


def _profile(area: Area) -> str:
    if area.profile is None:
        return "nessuno"
    label = str(area.profile.row["etichetta"])
    if area.profile.reason:
        return f"{label}: {area.profile.reason}"
    if area.profile.membership is None:
        return label
    caution = words.profile_caution(str(area.profile.row["profilo_id"]), area.scores)
    told = f"{label}, in {number(area.profile.membership * 100)} simulazioni su 100"
    return f"{told} ({caution})" if caution else told


def _persons(area: Area, row: Any) -> dict[str, str]:
    names = {score.theme.key: score.theme.name for score in area.scores}
    ends = words.between(_real(row["attesi_inf"]), _real(row["attesi_sup"]), 0)
    return {
        "bisogno": names[str(row["dimensione"])],
        "chi": words.PEOPLE[str(row["dimensione"])],
        "stima": number(_real(row["attesi"])),
        "intervallo": ends,
        "anno": str(row["anno"]),
    }


def _persons_data(area: Area, row: Any) -> dict[str, object]:
    return {
        **_persons(area, row),
        "stima": _real(row["attesi"]),
        "intervallo": [_real(row["attesi_inf"]), _real(row["attesi_sup"])],
        "anno": row["anno"],
    }


def _real(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
