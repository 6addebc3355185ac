"""Rule-based profiles of collective need: which needs of an area stand out, and how surely.

A profile is the set of needs more likely than not to be in the top third of the city, beside the
strengths of its areas; it describes the area, never the people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.indicators.specification import Specification, Theme

MODEL = "regola"
NO_NEED = "nessuno"
UNCLASSIFIED = "non_classificata"
THRESHOLD = 0.5
NO_NEED_QUESTION = "Quali bisogni vede chi vive qui, che i numeri non mostrano?"
WHO_KEEPS_IT_SO = "Che cosa funziona già qui, e chi lo tiene in piedi?"


@dataclass(frozen=True)
class TopThird:
    """Whether each area is in the top third of its city, draw by draw, for one need.

    Attributes:
        theme: the need.
        partial: whether the need has too few indicators to give a profile by itself.
        membership: shape (draws, n); columns of areas without an index hold False.
        lowest: the same for the third of the city with least need, shape (draws, n).
        known: areas that have an index for this need, shape (n,).
    """

    theme: str
    partial: bool
    membership: NDArray[np.bool_]
    lowest: NDArray[np.bool_]
    known: NDArray[np.bool_]


def profile_id(themes: Sequence[str]) -> str:
    """Identifier of the profile of a set of needs, in order of presentation."""
    return "+".join(themes) if themes else NO_NEED


def possible_profiles(specification: Specification) -> list[tuple[Theme, ...]]:
    """Every set of needs that can be a profile: a partial need never stands alone."""
    themes = specification.themes
    sets = [chosen for size in range(len(themes) + 1) for chosen in combinations(themes, size)]
    return [
        chosen
        for chosen in sets
        if not chosen or not all(specification.is_partial(theme.dimensione) for theme in chosen)
    ]


def assign_profiles(
    area_ids: Sequence[str], evidence: Sequence[TopThird], unranked: Mapping[str, str], *, year: int
) -> pl.DataFrame:
    """Rows of `fatto_profilo`.

    The assigned set holds the needs with probability above one half of being in the top third; a
    partial need joins it only beside a full one. Membership is the share of draws with exactly the
    assigned set; stability is
    the distance of the most uncertain probability from a coin toss. Strengths are the full needs
    with probability above one half of being in the third of the city with least need.

    Args:
        area_ids: identifiers of the n areas of the evidence.
        evidence: one entry per need, in order of presentation.
        unranked: areas left out, with the reason (Italian).
        year: year of the indicators.

    Returns:
        One row per area of `area_ids` and `unranked`.

    Raises:
        ValueError: the evidence and the identifiers disagree in length.
    """
    if any(need.membership.shape[1] != len(area_ids) for need in evidence):
        raise ValueError("evidence and identifiers disagree in length")
    partial = np.array([need.partial for need in evidence])
    codes = 2 ** np.arange(len(evidence))
    draws = np.stack([need.membership for need in evidence], axis=-1)
    drawn: NDArray[np.intp] = np.asarray(_without_lone_partial(draws, partial) @ codes)
    probability = draws.mean(axis=0)
    standing_out = np.asarray(probability > THRESHOLD)
    lowest = np.stack([need.lowest for need in evidence], axis=-1).mean(axis=0)
    strong = np.asarray((lowest > THRESHOLD) & ~partial)
    assigned = np.asarray(_without_lone_partial(standing_out, partial) @ codes)
    known = np.asarray(np.stack([need.known for need in evidence], axis=-1).all(axis=1))
    names = {
        int(code): profile_id([need.theme for j, need in enumerate(evidence) if code & (1 << j)])
        for code in range(2 ** len(evidence))
    }
    rows: list[dict[str, object]] = []
    for position, area_id in enumerate(area_ids):
        if not known[position]:
            missing = [need.theme for need in evidence if not need.known[position]]
            rows.append(_unclassified(area_id, f"manca l'indice di: {', '.join(missing)}", year))
            continue
        own = int(assigned[position])
        shares = np.bincount(drawn[:, position], minlength=len(names)) / drawn.shape[0]
        others = np.where(np.arange(shares.size) == own, -1.0, shares)
        second = int(others.argmax())
        rows.append(
            {
                "area_id": area_id,
                "anno": year,
                "modello": MODEL,
                "profilo_id": names[own],
                "appartenenza": float(shares[own]),
                "secondo_profilo_id": names[second] if others[second] > 0 else None,
                "stabilita": float(np.abs(2 * probability[position] - 1).min()),
                "punti_di_forza": ", ".join(
                    need.theme
                    for need, is_strong in zip(evidence, strong[position], strict=True)
                    if is_strong
                )
                or None,
                "motivo": None,
            }
        )
    rows += [_unclassified(area_id, reason, year) for area_id, reason in unranked.items()]
    text = {"motivo": pl.String, "punti_di_forza": pl.String}
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides=text)


def unranked_areas(areas: pl.DataFrame) -> dict[str, str]:
    """Areas that get no profile, with the reason in Italian.

    Args:
        areas: `area_id`, `level`, `ranked`; municipalities are not areas of themselves and are
            left out.
    """
    small = areas.filter((pl.col("level") != "C") & ~pl.col("ranked"))["area_id"]
    return dict.fromkeys(small.to_list(), "meno di 1.000 residenti")


def profile_rows(specification: Specification, assigned: pl.DataFrame) -> pl.DataFrame:
    """Rows of `dim_profilo`: every possible profile in words, and the class of areas without one.

    Args:
        specification: themes, with the words of their profiles.
        assigned: rows of `fatto_profilo` by this rule, for the mean stability of each profile and
            the strengths that most of its areas have.
    """
    possible = possible_profiles(specification)
    stability = dict(assigned.group_by("profilo_id").agg(pl.col("stabilita").mean()).iter_rows())
    strengths = _usual_strengths(specification, assigned)
    rows = [
        _profile_row(chosen, strengths.get(_identifier(chosen), ()), specification)
        for chosen in possible
    ]
    rows.append(
        {
            "profilo_id": UNCLASSIFIED,
            "etichetta": "Non classificata",
            "label_en": "Not classified",
            "descrizione": "Area senza profilo: il motivo è accanto a ogni area.",
            "tratti_su": None,
            "tratti_giu": None,
            "domande_per_il_tavolo": "Che cosa sanno di quest'area i servizi che la conoscono?",
        }
    )
    common = {"modello": MODEL, "k": len(possible), "esplorativo": False}
    return pl.DataFrame(
        [{**row, **common, "stabilita": stability.get(str(row["profilo_id"]))} for row in rows],
        infer_schema_length=None,
        schema_overrides={"stabilita": pl.Float64},
    )


def _without_lone_partial(
    flags: NDArray[np.bool_], partial: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    full = (flags & ~partial).any(axis=-1, keepdims=True)
    return np.asarray(flags & (~partial | full))


def _unclassified(area_id: str, reason: str, year: int) -> dict[str, object]:
    return {
        "area_id": area_id,
        "anno": year,
        "modello": MODEL,
        "profilo_id": UNCLASSIFIED,
        "appartenenza": None,
        "secondo_profilo_id": None,
        "stabilita": None,
        "punti_di_forza": None,
        "motivo": reason,
    }


def _identifier(chosen: Sequence[Theme]) -> str:
    return profile_id([theme.dimensione for theme in chosen])


def _usual_strengths(
    specification: Specification, assigned: pl.DataFrame
) -> dict[str, tuple[Theme, ...]]:
    """Needs that are strengths in more than half of the areas of each profile."""
    found: dict[str, tuple[Theme, ...]] = {}
    for (profile,), areas in assigned.group_by("profilo_id"):
        told = [str(text or "").split(", ") for text in areas["punti_di_forza"]]
        found[str(profile)] = tuple(
            theme
            for theme in specification.themes
            if sum(theme.dimensione in own for own in told) > areas.height / 2
        )
    return found


def _profile_row(
    chosen: tuple[Theme, ...], strengths: tuple[Theme, ...], specification: Specification
) -> dict[str, object]:
    names = [theme.dimensione for theme in chosen]
    questions = [question for theme in chosen for question in theme.domande_per_il_tavolo]
    needs = _listed([theme.nome for theme in chosen], " e ")
    return {
        "profilo_id": profile_id(names),
        "etichetta": _listed([theme.profilo for theme in chosen], " e ")
        or "Nessun bisogno spicca sulla città",
        "label_en": _listed([theme.profile_en for theme in chosen], " and ")
        or "No need stands out from the city",
        "descrizione": (
            f"In evidenza: {needs}. In più di metà delle prove l'area è nel terzo della città con "
            "più bisogno. Anche così la differenza dalla media della città può "
            "non distinguersi dal caso: lo dice l'intervallo di ogni indice. "
            f"{strengths_in_words(strengths)}Il profilo descrive l'area, non le persone."
            if chosen
            else "Per nessuno dei bisogni misurati per intero l'area è, in più di metà delle "
            "prove, nel terzo della città con più bisogno. Un bisogno misurato in parte, da solo, "
            f"non dà profilo. {strengths_in_words(strengths)}"
            "Non vuol dire che qui nessuno abbia bisogno."
        ),
        "tratti_su": ", ".join(names) or None,
        "tratti_giu": ", ".join(theme.dimensione for theme in strengths) or None,
        "domande_per_il_tavolo": " ".join(
            [*questions, WHO_KEEPS_IT_SO] if strengths and questions else questions
        )
        or NO_NEED_QUESTION,
    }


def strengths_in_words(strengths: Sequence[Theme]) -> str:
    """The sentence on the strengths of a profile, with a final space; empty if there are none."""
    if not strengths:
        return ""
    named = _listed([theme.nome for theme in strengths], " e ")
    return f"Punti di forza: qui di solito il bisogno è basso. Si tratta di: {named}. "


def _listed(words: list[str], last: str) -> str:
    lowered = [
        word if position == 0 else word[0].lower() + word[1:] for position, word in enumerate(words)
    ]
    if len(lowered) < 2:
        return "".join(lowered)
    return ", ".join(lowered[:-1]) + last + lowered[-1]
