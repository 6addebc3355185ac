"""Overrides of the checks that stop a publication: who answers for one, why, and until when.

What belongs here is their file and what they do to rows of `controllo`; whether to write one is a
decision of people, reviewed like any other change of the repository.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from will_pipeline.errors import SourceFault
from will_pipeline.sources.documents import load_document

SOURCE = "deroghe"
FAILED, ERROR, WARNING = "fallito", "errore", "avviso"
UNUSED = "deroga_senza_effetto"
Text = Annotated[str, Field(min_length=1)]


class Override(BaseModel):
    """One check that may fail on one object, for a time.

    Attributes:
        controllo: Name of the check, as in the table `controllo` or in the message of a refusal.
        oggetto: The object, to the letter.
        motivo: Why, in Italian; it is published.
        autore: Who answers for it; it is published.
        scade: Last day on which it holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    controllo: Text
    oggetto: Text
    motivo: Annotated[str, Field(min_length=10)]
    autore: Text
    scade: date

    def told(self) -> str:
        """The sentence readers find beside what was let through."""
        return f"Deroga di {self.autore} fino al {self.scade:%d/%m/%Y}: {self.motivo}"


class Overrides(BaseModel):
    """The overrides of a project."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    deroghe: tuple[Override, ...] = ()

    def of(self, check: str, subject: str) -> Override | None:
        """The override of one check on one object, over or not.

        Args:
            check: name of the check.
            subject: the object.
        """
        for each in self.deroghe:
            if (each.controllo, each.oggetto) == (check, subject):
                return each
        return None


NONE = Overrides()


def load_overrides(path: Path) -> Overrides:
    """Read the overrides of a project.

    Args:
        path: the YAML file; no file is no override.

    Raises:
        SourceFault: the file breaks the model, or names the same check and object twice.
    """
    if not path.is_file():
        return NONE
    found = load_document(path, SOURCE, Overrides)
    seen = set[tuple[str, str]]()
    for each in found.deroghe:
        key = (each.controllo, each.oggetto)
        if key in seen:
            rule = "lo stesso controllo sullo stesso oggetto c'è due volte"
            raise SourceFault(SOURCE, path.name, f"{each.controllo}, {each.oggetto}", rule)
        seen.add(key)
    return found


def overridden(controls: pl.DataFrame, overrides: Overrides, *, today: date) -> pl.DataFrame:
    """Rows of `controllo` with the overrides that hold.

    A failed error with an override becomes a failed warning that carries author, end and reason;
    an override that is over changes nothing but the message, and one that meets no failed check is
    told as a warning, so that none stays forgotten.

    Args:
        controls: rows of `controllo`.
        overrides: the overrides.
        today: the day of the run.

    Returns:
        The same rows in the same order, then one row an override without effect.
    """
    rows = controls.to_dicts()
    used = set[Override]()
    for row in rows:
        found = overrides.of(row["controllo"], row["oggetto"])
        if found is None or row["esito"] != FAILED or row["gravita"] != ERROR:
            continue
        used.add(found)
        if today > found.scade:
            told = f"La deroga di {found.autore} è scaduta il {found.scade:%d/%m/%Y}."
        else:
            row["gravita"], told = WARNING, found.told()
        row["messaggio"] = f"{row['messaggio']} {told}"
    checks = set(controls["controllo"])
    idle = [each for each in overrides.deroghe if each not in used and each.controllo in checks]
    rows += [_idle(each) for each in idle]
    return pl.DataFrame(rows, schema=controls.schema)


def _idle(override: Override) -> dict[str, object]:
    return {
        "controllo": UNUSED,
        "oggetto": f"{override.controllo}, {override.oggetto}",
        "esito": FAILED,
        "gravita": WARNING,
        "messaggio": f"Il controllo è superato e la deroga va tolta. {override.told()}",
        "valore": None,
        "soglia": None,
    }
