"""What the two printed sides of an area say: sentences, what is cut to fit, numbered sources.

The sheet shows the numbers of the area page; its own words are here, its look in `scheda.html`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from will_pipeline.atlas import words
from will_pipeline.atlas.model import Area, Atlas, City, IndicatorGroup, Level, Row, Score
from will_pipeline.italian import number

FOLDER = "schede"
MOST_TWINS = 3
VOICE_LETTERS = 160
"""Letters of a statement that the tightest sheet still shows."""


@dataclass(frozen=True, slots=True)
class Fit:
    """One way of filling the two sides.

    Attributes:
        name: class of the style sheet, from the widest letters to the smallest.
        voices: statements of the table that are shown.
        letters: letters of a statement that are shown; none where all are.
        context: whether indicators of context and of exposure are shown.
    """

    name: str
    voices: int
    letters: int | None
    context: bool


FITS = (
    Fit("ampia", 6, None, context=True),
    Fit("fitta", 6, None, context=True),
    Fit("fitta", 4, VOICE_LETTERS, context=True),
    Fit("fitta", 3, VOICE_LETTERS, context=False),
)
"""From the roomiest to the tightest: the first that fits two sides is printed."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A statement of the table as the sheet shows it; `cut` where the page has more of it."""

    row: Row
    text: str
    cut: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """One area on two sides.

    Attributes:
        fit: how the two sides are filled.
        sentences: three plain sentences on the area.
        groups: indicators shown.
        left_out: how many indicators are on the page of the area only.
        voices: statements shown.
        more_voices: how many statements are on the page of the area only.
        sources: sources shown, in the order of their numbers.
        reference: number of a source by identifier.
        questions: questions for the table, one by one.
    """

    city: City
    level: Level
    area: Area
    fit: Fit
    sentences: tuple[str, str, str]
    groups: tuple[IndicatorGroup, ...]
    left_out: int
    voices: tuple[Voice, ...]
    more_voices: int
    sources: tuple[Row, ...]
    reference: Mapping[str, int]
    questions: tuple[str, ...]

    @property
    def twins(self) -> tuple[Row, ...]:
        """The most similar areas of other cities."""
        return self.area.collective.twins[:MOST_TWINS]


def sheet_path(area: Area) -> str:
    """Path of the PDF of an area inside the atlas."""
    return f"{FOLDER}/{area.row['area_id']}.pdf"


def sheets(atlas: Atlas, city: City, level: Level, area: Area) -> Iterator[Sheet]:
    """The sheet of an area, once for every way of filling the two sides."""
    told = three_sentences(area)
    for fit in FITS:
        groups = area.groups if fit.context else tuple(_needs_only(area.groups))
        sources = _sources(atlas, area, groups)
        statements = area.collective.voices
        yield Sheet(
            city=city,
            level=level,
            area=area,
            fit=fit,
            sentences=told,
            groups=groups,
            left_out=_lines(area.groups) - _lines(groups),
            voices=tuple(_voice(row, fit.letters) for row in statements[: fit.voices]),
            more_voices=max(0, len(statements) - fit.voices),
            sources=sources,
            reference={str(row["fonte_id"]): place for place, row in enumerate(sources, start=1)},
            questions=() if area.profile is None else _questions(area.profile.row),
        )


def three_sentences(area: Area) -> tuple[str, str, str]:
    """Say in three plain sentences where an area stands, how many persons, how sure that is."""
    if not any(score.value for score in area.scores):
        reason = area.small_reason or area.scores[0].reason
        return (
            f"Qui non calcoliamo indici: {reason}.",
            _persons(area),
            "Un numero che non c'è non vuol dire zero.",
        )
    return _standing(area.scores), _persons(area), _certainty(area.scores)


def _standing(scores: Sequence[Score]) -> str:
    above, below = _names(scores, "sopra"), _names(scores, "sotto")
    if above and below:
        return (
            f"Qui il bisogno è sopra la media della città per {_listed(above)}. "
            f"È sotto la media per {_listed(below)}."
        )
    if above:
        return f"Qui il bisogno è sopra la media della città per {_listed(above)}."
    if below:
        return (
            f"Qui il bisogno è sotto la media della città per {_listed(below)}. "
            "Nessun bisogno è chiaramente sopra."
        )
    return "Qui nessun bisogno si vede sopra o sotto la media della città."


def _persons(area: Area) -> str:
    known = area.collective.persons
    if not known:
        return "Di quest'area non pubblichiamo persone stimate."
    most = max(known, key=lambda row: float(str(row["attesi"])))
    names = {score.theme.key: score.theme.name for score in area.scores}
    count = number(_real(most["attesi"]))
    ends = words.between(_real(most["attesi_inf"]), _real(most["attesi_sup"]), 0)
    opening = "Il numero più grande è per" if len(known) > 1 else "Il numero che c'è è per"
    theme = str(most["dimensione"])
    return f"{opening} «{names[theme]}»: circa {count} {words.PEOPLE[theme]}. Stima: {ends}."


def _certainty(scores: Sequence[Score]) -> str:
    unsure = [
        score.theme.name
        for score in scores
        if score.value is not None
        and score.value.reading == "non_distinguibile"
        and score.value.low != score.value.high
    ]
    absent = [score.theme.name for score in scores if score.value is None]
    if unsure:
        return f"Per {_listed(unsure)} la differenza dalla città può essere dovuta al caso."
    if absent:
        return f"Per {_listed(absent)} qui non c'è un indice: non vuol dire zero."
    return "Dove diciamo sopra o sotto, il caso da solo non basta a spiegarlo."


def _names(scores: Sequence[Score], reading: str) -> list[str]:
    return [
        score.theme.name
        for score in scores
        if score.value is not None and score.value.reading == reading
    ]


def _listed(names: Sequence[str]) -> str:
    return words.list_words([f"«{name}»" for name in names])


def _needs_only(groups: Sequence[IndicatorGroup]) -> Iterator[IndicatorGroup]:
    for group in groups:
        kept = tuple(line for line in group.lines if line.card["ruolo"] in {"indice", "persone"})
        if kept:
            yield IndicatorGroup(group.key, group.title, kept)


def _lines(groups: Sequence[IndicatorGroup]) -> int:
    return sum(len(group.lines) for group in groups)


def _sources(atlas: Atlas, area: Area, groups: Sequence[IndicatorGroup]) -> tuple[Row, ...]:
    used = [str(line.fact["fonte_id"]) for group in groups for line in group.lines]
    places = (*area.collective.places, *area.collective.absent)
    used += [str(row["fonte_id"]) for row in places]
    used.append(str(area.row["fonte_id"]))
    cards = {str(row["fonte_id"]): row for row in atlas.sources}
    return tuple(cards[key] for key in dict.fromkeys(used) if key in cards)


def _voice(row: Row, letters: int | None) -> Voice:
    text = str(row["sintesi"])
    if letters is None or len(text) <= letters:
        return Voice(row, text, cut=False)
    return Voice(row, text[:letters].rsplit(" ", 1)[0] + "…", cut=True)


def _questions(profile: Row) -> tuple[str, ...]:
    text = str(profile["domande_per_il_tavolo"] or "")
    return tuple(f"{part.strip()}?" for part in text.split("?") if part.strip())


def _real(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
