"""Data that the scripts of the atlas read: the list of areas, and what is compared between them.

Every text and number is made here, in the words of the pages; the scripts only choose and draw.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from will_pipeline.atlas import words
from will_pipeline.atlas.model import Area, Atlas, City, Level, Score, Value


def script(name: str, content: object) -> bytes:
    """A script that gives `content` to the page as `window.<name>`.

    A script and not a file of data, because a page opened from the disk may not fetch one.
    """
    return f"window.{name} = {json.dumps(content, separators=(',', ':'))};\n".encode()


def compared_areas(atlas: Atlas) -> dict[str, object]:
    """What the page *Confronta* shows of every area, by city and in the order of the pages."""
    return {
        "bisogni": [
            {"nome": theme.name, "confrontabile": theme.comparable} for theme in atlas.themes
        ],
        "gruppi": [
            {"nome": f"{city.row['nome']}, {level.title.lower()}", "aree": [
                _compared(city, level, area) for area in level.areas
            ]}
            for city in atlas.cities
            for level in city.levels
        ],
    }  # fmt: skip


def _compared(city: City, level: Level, area: Area) -> dict[str, object]:
    persons = {str(row["dimensione"]): row for row in area.collective.persons}
    return {
        "id": area.row["area_id"],
        "nome": area.row["nome"],
        "citta": city.row["nome"],
        "pagina": area.address,
        "livello": level.singular,
        "residenti": words.number(_number(area.row["popolazione"])),
        "profilo": "nessuno" if area.profile is None else str(area.profile.row["etichetta"]),
        "bisogni": [_score(score, persons.get(score.theme.key)) for score in area.scores],
    }


def _score(score: Score, persons: Mapping[str, object] | None) -> dict[str, object]:
    told: dict[str, object] = {
        "segno": score.mark,
        "citta": _value(score.value) or {"motivo": score.reason},
    }
    if score.pool is not None:
        told["tutte"] = _value(score.pool)
    if persons is not None:
        count = words.number(_number(persons["attesi"]))
        ends = (_number(persons["attesi_inf"]), _number(persons["attesi_sup"]))
        told["persone"] = f"{count} ({words.between(*ends, 0)})"
    return told


def _value(value: Value | None) -> dict[str, object] | None:
    if value is None:
        return None
    return {
        "indice": words.number(value.index, 1),
        "intervallo": words.between(value.low, value.high),
        "lettura": words.standing(value),
        "numeri": [value.low, value.index, value.high],
        "segno": value.mark,
    }


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"Atlante: atteso un numero, trovato {value!r}.")
    return float(value)
