"""The chapter for the Relazione sociale: its headings, tables, maps, spaces and notes, in order.

What belongs here is what the chapter says, as plain records; how a DOCX or an ODT holds them is in
the two modules beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from will_pipeline.atlas.model import Area, IndicatorLine, Theme
from will_pipeline.atlas.words import (
    INDICATOR_STATES,
    NO_BREAK,
    OUTCOMES,
    between,
    day,
    kind,
    likely_place,
    list_words,
    short_unit,
)
from will_pipeline.italian import number
from will_pipeline.kit import maps, sentences
from will_pipeline.kit.papers import alternative, persons_of
from will_pipeline.kit.town import Town

NONE = "–"
TABLE_SAYS = (
    "Per gli indici, 100 è la media della città.",
    "Fra parentesi c'è l'intervallo del numero. Dove manca, l'intervallo non c'è.",
    "La lettera dice quanto il numero è affidabile: A di più, B in parte, C poco.",
)
HOW_TO_READ = (
    "Le tabelle dicono dove un bisogno è più probabile. Non dicono chi lo ha.",
    "Un'area è sopra o sotto la media solo se tutto l'intervallo lo è.",
    sentences.NOT_PEOPLE,
    "Gli spazi vuoti sono per l'analisi ragionata: i numeri da soli non spiegano il perché.",
)
NOTHING_DELIVERED = (
    "Quante persone seguono i servizi non si sa: il comune non ha ancora dato questo numero."
)
NO_PLACES = "Per questa città non ci sono dati sui servizi e sui luoghi."
PROMPTS = (
    "Che cosa spiega queste differenze? Che cosa è cambiato negli ultimi anni?",
    "Quali servizi rispondono già, dove non arrivano, e perché?",
    "Quali priorità ne vengono per il piano?",
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 3."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of text."""

    text: str


@dataclass(frozen=True, slots=True)
class Space:
    """Lines left empty under a question, for who writes the report."""

    prompt: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption and one row of headings.

    Attributes:
        caption: what it holds.
        header: headings.
        rows: cells as text.
        numeric: positions of the columns of numbers.
        notes: what stands under it, each with the sign that its cells carry.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: bytes of a PNG, its caption and the text in its place."""

    png: bytes
    caption: str
    alternative: str


Block = Heading | Paragraph | Space | Table | Picture


@dataclass(frozen=True, slots=True)
class Chapter:
    """The chapter: title, one line under it, blocks."""

    title: str
    subtitle: str
    blocks: tuple[Block, ...]


def chapter(town: Town) -> Chapter:
    """Write the chapter of a city.

    Args:
        town: the city.

    Returns:
        Demand, supply, space for the reasoned analysis, notes with sources, in this order.
    """
    blocks = [
        *([Paragraph(town.notice)] if town.notice else []),
        Heading(1, "Come si legge"),
        *map(Paragraph, HOW_TO_READ),
        *_demand(town),
        *_supply(town),
        *_analysis(town),
        *_notes(town),
    ]
    subtitle = (
        f"Capitolo per la Relazione sociale. Rilascio {town.atlas.release}, "
        f"dati del {list_words(_years(town))}."
    )
    return Chapter(f"{town.name}: bisogni e servizi nelle aree della città", subtitle, (*blocks,))


def _demand(town: Town) -> Iterator[Block]:
    yield Heading(1, "Gli indicatori della domanda")
    yield from map(Paragraph, TABLE_SAYS)
    for theme in town.themes:
        partial = " (misura parziale)" if theme.partial else ""
        yield Heading(2, f"{theme.name}{partial}")
        yield Paragraph(theme.question)
        yield Paragraph(theme.description)
        for sentence in sentences.picture(town.scores(theme)):
            yield Paragraph(sentence)
        yield Paragraph(sentences.persons(persons_of(town, theme)))
        if town.level.box:
            yield _map(town, theme)
        yield _index_table(town, theme)
        yield from _indicator_table(town, theme)
    yield from _persons(town)


def _map(town: Town, theme: Theme) -> Picture:
    drawn = sentences.SCHEME if town.level.schematic else sentences.MAP
    patterns = "Puntini: non si distingue. Tratti: nessun indice. Bianco con un punto: manca."
    return Picture(
        maps.png_map(town.level.box, town.scores(theme)),
        f"{theme.name}, {town.level.title.lower()}. {drawn} {patterns}",
        alternative(town, theme),
    )


def _index_table(town: Town, theme: Theme) -> Table:
    rows = []
    for area, score in town.scores(theme):
        value, told = score.value, sentences.row_reading(score)
        if value is None:
            rows.append((_named(area), NONE, NONE, told, NONE))
            continue
        interval = between(value.low, value.high)
        place = likely_place(value.first_place, value.last_place, value.ranked)
        rows.append((_named(area), number(value.index, 1), interval, told, place or NONE))
    header = ("Area", "Indice", "Intervallo", "Rispetto alla città", "Posto probabile")
    return Table(f"Indice: {theme.name}", header, tuple(rows), frozenset({1}))


def _indicator_table(town: Town, theme: Theme) -> Iterator[Table]:
    """The indicators of a need, one column each, as the areas and the city have them."""
    areas = town.every_area
    lines = {str(area.row["area_id"]): _lines(area, theme) for area in areas}
    cards = {key: line.card for found in lines.values() for key, line in found.items()}
    if not cards:
        return
    header = ["Area"]
    for card in cards.values():
        unit = str(card["unita"])
        header.append(f"{card['nome_breve']} ({unit})" if short_unit(unit) else f"{card['nome']}")
    notes: dict[str, int] = {}
    rows = [
        (_named(area), *(_figure(lines[str(area.row["area_id"])].get(key), notes) for key in cards))
        for area in areas
    ]
    numeric = frozenset(range(1, len(header)))
    under = tuple(f"[{place}] {_sentence(note)}" for note, place in notes.items())
    yield Table(f"Indicatori: {theme.name}", tuple(header), tuple(rows), numeric, under)


def _lines(area: Area, theme: Theme) -> dict[str, IndicatorLine]:
    return {
        str(line.card["indicatore_id"]): line
        for group in area.groups
        if group.key == theme.key
        for line in group.lines
        if line.card["ruolo"] == "indice"
    }


def _figure(line: IndicatorLine | None, notes: dict[str, int]) -> str:
    """A number with the letter of its reliability, its interval and the sign of its note.

    Args:
        line: indicator of an area; none where the area has no row.
        notes: notes told so far with their places; a new one is added.
    """
    if line is None:
        return NONE
    fact = line.fact
    if fact["stato"] != "valido":
        return _signed(INDICATOR_STATES[str(fact["stato"])], fact["nota"], notes)
    decimals = int(_float(line.card["decimali"]) or 0)
    value, low, high = (_float(fact[name]) for name in ("valore", "ic_inf", "ic_sup"))
    told = [number(value, decimals), *([str(fact["affidabilita"])] if fact["affidabilita"] else [])]
    told = [NO_BREAK.join(told)]
    if low is not None and high is not None:
        # A narrow cell breaks before the interval, never in it.
        told.append(f"({number(low, decimals)}{NO_BREAK}–{NO_BREAK}{number(high, decimals)})")
    return _signed(" ".join(told), fact["nota"], notes)


def _signed(told: str, note: object, notes: dict[str, int]) -> str:
    if not note:
        return told
    # Square brackets: in round ones there are intervals and codes of areas.
    return f"{told} [{notes.setdefault(str(note), len(notes) + 1)}]"


def _sentence(note: str) -> str:
    return f"{note[:1].upper()}{note[1:].rstrip('.')}."


def _persons(town: Town) -> Iterator[Block]:
    yield Heading(2, "Quante persone")
    rows, served = [], False
    for area in town.every_area:
        for row in area.collective.persons:
            known = row["stato_copertura"] == "nota"
            served = served or known
            rows.append(
                (
                    _named(area),
                    _theme_name(town, row["dimensione"]),
                    number(_float(row["attesi"])),
                    between(_float(row["attesi_inf"]), _float(row["attesi_sup"]), 0) or NONE,
                    number(_float(row["serviti"])) if known else "non noto",
                )
            )
    if not rows:
        yield Paragraph(sentences.persons(None))
        return
    yield Paragraph("Sono persone stimate, non un elenco: nessuno le ha contate.")
    if not served:
        yield Paragraph(NOTHING_DELIVERED)
    header = ("Area", "Bisogno", "Persone stimate", "Intervallo", "Seguite dai servizi")
    yield Table("Persone stimate, area per area", header, tuple(rows), frozenset({2}))


def _supply(town: Town) -> Iterator[Block]:
    yield Heading(1, "Gli indicatori dell'offerta")
    rows = [
        (
            _named(area),
            kind(str(row["tipo"])),
            f"{'almeno ' if row['stato'] == 'parziale' else ''}{number(_float(row['numero']))}",
            number(_float(row["per_mille"]), 2),
            number(_float(row["distanza_media_m"])),
        )
        for area in town.every_area
        for row in (*area.collective.places, *area.collective.absent)
    ]
    if not rows:
        yield Paragraph(NO_PLACES)
        return
    yield Paragraph("Un numero dice che un luogo c'è, non quanto è aperto né quanto è usato.")
    header = ("Area", "Tipo", "Quanti", "Ogni mille residenti", "Distanza media (metri)")
    yield Table("Servizi e luoghi, area per area", header, tuple(rows), frozenset({2, 3, 4}))


def _analysis(town: Town) -> Iterator[Block]:
    yield Heading(1, "L'analisi ragionata")
    yield from _voices(town)
    for theme in town.themes:
        yield Heading(2, theme.name)
        yield from map(Space, (*town.questions.get(theme.key, ()), PROMPTS[0]))
    yield Heading(2, "Nell'insieme")
    yield from map(Space, PROMPTS[1:])


def _voices(town: Town) -> Iterator[Block]:
    found = [(area, row) for area in town.all_levels for row in area.collective.voices]
    yield Paragraph(sentences.voices(len(found)))
    if found:
        rows = tuple(
            (
                _named(area),
                _theme_name(town, row["dimensione"]) if row["dimensione"] else NONE,
                OUTCOMES[str(row["esito"])],
                str(row["sintesi"]),
                day(row["data_tavolo"]),  # type: ignore[arg-type]
            )
            for area, row in found
        )
        header = ("Area", "Bisogno", "Il tavolo", "Che cosa ha detto", "Giorno")
        yield Table("La voce del tavolo", header, rows, frozenset())


def _notes(town: Town) -> Iterator[Block]:
    yield Heading(1, "Note e fonti")
    yield Heading(2, "Che cosa questi dati non dicono")
    for theme in town.themes:
        yield Paragraph(f"{theme.name}. {theme.limits}")
    yield Heading(2, "Le fonti")
    used = _sources(town)
    rows = tuple(
        (
            str(row["titolo"]),
            str(row["ente"]),
            str(row["data_riferimento"] or NONE),
            str(row["licenza"] or NONE),
        )
        for row in town.atlas.sources
        if str(row["fonte_id"]) in used
    )
    header = ("Fonte", "Chi la produce", "Si riferisce a", "Licenza")
    yield Table("Fonti dei numeri di questo capitolo", header, rows, frozenset())
    yield Paragraph(f"Come citare: will-pipeline, rilascio {town.atlas.release}, {town.name}.")


def _sources(town: Town) -> frozenset[str]:
    areas = town.every_area
    return frozenset(
        str(each)
        for area in areas
        for each in (
            area.row["fonte_id"],
            *(line.fact["fonte_id"] for group in area.groups for line in group.lines),
            *_identifiers((*area.collective.places, *area.collective.absent)),
        )
    )


def _identifiers(rows: Iterable[Mapping[str, object]]) -> Iterator[object]:
    return (row["fonte_id"] for row in rows)


def _named(area: Area) -> str:
    name, code = str(area.row["nome"]), area.row["codice"]
    if area.row["livello"] == "C":
        return f"{name} (tutta la città)"
    return name if code is None or str(code) in name else f"{name} ({code})"


def _theme_name(town: Town, key: object) -> str:
    return next((theme.name for theme in town.themes if theme.key == key), str(key))


def _years(town: Town) -> list[str]:
    years = {
        score.value.year
        for theme in town.themes
        for _, score in town.scores(theme)
        if score.value is not None
    }
    return [str(year) for year in sorted(years)]


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
