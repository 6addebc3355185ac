"""The plain sentences of the kit and of the report, made from the numbers and their uncertainty.

Only wording belongs here: every function takes records and gives Italian text of Gulpease 60 or
more, which never blames an area and never calls an estimate a count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from will_pipeline.atlas.model import Area, Score
from will_pipeline.atlas.words import PEOPLE, between, count, list_words
from will_pipeline.italian import number

MOST_NAMED = 6
"""Areas named one by one in a sentence; with more of them only their number is told."""
SCHEME = "Il disegno è uno schema, non una mappa: ogni riquadro è un'area."
MAP = "Più il colore è scuro, più il bisogno stimato è alto."
NO_SHAPES = "Per quest'area non c'è un disegno: i numeri sono nella tabella."
PARTIAL = "Questo bisogno è misurato solo in parte: i dati da soli non bastano."
NOT_PEOPLE = "L'indice descrive l'area, non le persone che ci vivono."

Scored = Sequence[tuple[Area, Score]]


def picture(scores: Scored) -> list[str]:
    """Say how the areas of a city stand on one need: above, below, not distinguishable, without.

    Args:
        scores: areas of one level with their state on the need.

    Returns:
        One sentence per group that is not empty, in that order.
    """
    groups: dict[str, list[str]] = {"sopra": [], "sotto": [], "non_distinguibile": [], "": []}
    for area, score in scores:
        groups[score.value.reading if score.value else ""].append(str(area.row["nome"]))
    sentences = [
        _standing(groups["sopra"], "sopra"),
        _standing(groups["sotto"], "sotto"),
        _near(groups["non_distinguibile"], len(scores)),
        _without(groups[""]),
    ]
    return [sentence for sentence in sentences if sentence]


def persons(row: Mapping[str, object] | None) -> str:
    """Say how many persons of the city are estimated to be in a need.

    Args:
        row: row of `bisogno_latente` for the whole city; none where there is no estimate.
    """
    if row is None or row["attesi"] is None:
        return "Quante persone siano, in tutta la città, non si può dire con questi dati."
    told = between(_float(row["attesi_inf"]), _float(row["attesi_sup"]), 0)
    size = number(_float(row["attesi"]))
    interval = f" ({told})" if told and not told.startswith("circa") else ""
    who = PEOPLE[str(row["dimensione"])]
    return f"In città sono {size} {who}{interval}. È una stima del {row['anno']}, non un conteggio."


def row_reading(score: Score) -> str:
    """Say in a cell of a table where an area stands."""
    value = score.value
    if value is None:
        return f"nessun indice: {score.reason}"
    if value.reading == "non_distinguibile":
        return "non supera" if value.low == value.high else "non si distingue"
    return value.reading


def voices(statements: int) -> str:
    """Say how many statements of the table a release holds."""
    if not statements:
        return "Il tavolo non ha ancora detto la sua: qui c'è lo spazio per farlo."
    there = "c'è" if statements == 1 else "ci sono"
    return f"Finora {there} {count(statements, 'osservazione', 'osservazioni')} dal tavolo."


def _standing(names: Sequence[str], side: str) -> str:
    if not names:
        return ""
    verb = "1 area sta" if len(names) == 1 else f"{len(names)} aree stanno"
    return f"{verb} {side} la media della città. {_named(names)}".strip()


def _near(names: Sequence[str], areas: int) -> str:
    if not names:
        return ""
    if len(names) == areas:
        return "Nessuna area si distingue dalla media della città: le differenze sono piccole."
    verb = "1 area non si distingue" if len(names) == 1 else f"{len(names)} aree non si distinguono"
    return f"{verb} dalla media della città. {_named(names)}".strip()


def _without(names: Sequence[str]) -> str:
    if not names:
        return ""
    verb = "1 area è senza" if len(names) == 1 else f"{len(names)} aree sono senza"
    return f"{verb} indice. {_named(names)} Non vuol dire che lì manchi il bisogno."


def _named(names: Sequence[str]) -> str:
    if len(names) > MOST_NAMED:
        return "I nomi sono nella tabella."
    return f"{'È' if len(names) == 1 else 'Sono'} {list_words(names)}."


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
