"""How a source stands today: where its copy comes from, how old it is, on which terms.

What belongs here is reading what is already written down; nothing is asked to anybody.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from will_pipeline.sources.archive import Archive
from will_pipeline.sources.descriptor import Descriptor

State = Literal[
    "inclusa", "consegna", "mai_provata", "mai_riuscita", "aggiornata", "ultima_buona", "bloccata"
]
WORDS: dict[State, str] = {
    "inclusa": "Inclusa nel progetto",
    "consegna": "Consegnata dai comuni",
    "mai_provata": "Dal vivo, mai provata",
    "mai_riuscita": "Dal vivo, mai riuscita",
    "aggiornata": "Dal vivo, aggiornata",
    "ultima_buona": "Dal vivo, in uso l'ultima copia buona",
    "bloccata": "Dal vivo, bloccata a mano",
}


@dataclass(frozen=True)
class Standing:
    """How a source stands.

    Attributes:
        key: Key of the source.
        title: Title in Italian.
        producer: Who publishes it.
        licence: Name of its licence.
        licence_url: Where its terms are.
        state: Where its copy comes from and how the latest refresh ended.
        taken_on: Day the copy in use was first taken; none where there is none.
        days: Days since the source last confirmed it.
        old: Whether they are more than the source is believed for.
        reason: Why the latest refresh failed, in Italian.
        hint: What may have happened, in Italian.
    """

    key: str
    title: str
    producer: str
    licence: str
    licence_url: str
    state: State
    taken_on: date | None
    days: int | None
    old: bool
    reason: str = ""
    hint: str = ""

    @property
    def state_in_words(self) -> str:
        """The state and, where there is one, the reason, in Italian."""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{WORDS[self.state]}: {self.reason}{hint}" if self.reason else WORDS[self.state]

    def told(self) -> dict[str, Any]:
        """The same for other programs, with Italian names."""
        names = {
            "key": "fonte",
            "title": "titolo",
            "producer": "produttore",
            "licence": "licenza",
            "licence_url": "indirizzo_licenza",
            "state": "stato",
            "taken_on": "presa_il",
            "days": "giorni_dalla_conferma",
            "old": "vecchia",
            "reason": "motivo",
            "hint": "indizio",
        }
        given = asdict(self)
        given["taken_on"] = None if self.taken_on is None else self.taken_on.isoformat()
        return {names[name]: value for name, value in given.items()}


def standing(source: Descriptor, archive: Archive, *, now: datetime) -> Standing:
    """Tell how a source stands.

    Args:
        source: Its description.
        archive: The archive of live sources.
        now: The instant, UTC.

    Returns:
        Its state, age and terms.
    """
    state, taken, confirmed = _embedded(source)
    reason = hint = ""
    if source.live is not None:
        state, taken, confirmed = _live(source.key, archive)
        attempt = archive.attempt(source.key)
        if attempt is not None and state in ("mai_riuscita", "ultima_buona"):
            reason, hint = attempt.reason, attempt.hint
    days = None if confirmed is None else (now.date() - confirmed).days
    return Standing(
        key=source.key,
        title=source.title,
        producer=source.producer,
        licence=source.licence.name,
        licence_url=source.licence.url,
        state=state,
        taken_on=taken,
        days=days,
        old=source.live is not None and days is not None and days > source.live.fresh_days,
        reason=reason,
        hint=hint,
    )


def _embedded(source: Descriptor) -> tuple[State, date | None, date | None]:
    if source.cadence == "drop_in":
        return "consegna", None, None
    return "inclusa", source.retrieved, source.retrieved


def _live(key: str, archive: Archive) -> tuple[State, date | None, date | None]:
    attempt, pointer, good = archive.attempt(key), archive.pointer(key), archive.last_good(key)
    if good is None:
        return "mai_provata" if attempt is None else "mai_riuscita", None, None
    named = pointer is not None and pointer.snapshot == good.id
    confirmed = pointer.checked_at if pointer is not None and named else good.taken_at
    state: State = "aggiornata"
    if pointer is not None and pointer.pinned:
        state = "bloccata"
    elif not named or (attempt is not None and attempt.outcome == "ultima_buona"):
        state = "ultima_buona"
    return state, good.taken_at.date(), confirmed.date()
