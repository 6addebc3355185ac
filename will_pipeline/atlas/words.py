"""Italian numbers and phrases that planners read in the atlas.

Every sentence about a number is made here, so that pages, drawings and accessible names agree.
"""

from collections.abc import Sequence
from datetime import date

from will_pipeline.atlas.model import Score, Value
from will_pipeline.italian import number

NO_BREAK = "\u00a0"

INDICATOR_STATES = {
    "soppresso": "pochi casi: non pubblicato",
    "soppresso_secondario": "non pubblicato per proteggere un'area più piccola",
    "non_disponibile": "dato mancante",
    "non_applicabile": "non si applica",
}

TIERS = {
    "osservato": "dato della fonte",
    "derivato": "rapporto fra dati della fonte",
    "eb": "stabilizzato",
    "sintetico": "stima sintetica",
    "modellato": "stima da modello",
    "proxy": "misura indiretta",
}

READINGS = {
    "sopra": "sopra la città",
    "sotto": "sotto la città",
    "non_distinguibile": "non distinguibile",
}

CAUTIONS = {
    "sopra": "sopra la città, ma fuori dal profilo",
    "sotto": "sotto la città",
    "non_distinguibile": "non distinguibile dalla città",
}
"""What is said of a need that the profile and the index do not tell alike."""

OUTCOMES = {
    "conferma": "Conferma i numeri",
    "contraddice": "Contraddice i numeri",
    "integra": "Aggiunge qualcosa",
    "propone": "Propone",
}

KINDS = {
    "altro": "Altri luoghi",
    "centro_anziani": "Centro per anziani",
    "centro_famiglie": "Centro per le famiglie",
    "centro_giovani": "Centro per giovani",
    "ente_terzo_settore": "Ente del terzo settore",
    "mensa_emporio": "Mensa o emporio",
    "scuola_infanzia": "Scuola dell'infanzia",
    "scuola_secondaria_primo_grado": "Scuola secondaria di primo grado",
    "scuola_secondaria_secondo_grado": "Scuola secondaria di secondo grado",
}
"""Codes whose words are more than the code without its underscores."""

ACCENTED = {"comunita": "comunità", "sanita": "sanità"}
"""Words of codes that lost their accent."""


PEOPLE = {
    "giovani": "giovani di 15-29 anni che non studiano e non lavorano",
    "solitudine": "persone di 65 anni e più a rischio di isolamento sociale",
    "mobilita": "residenti di 10-14 anni con competenza numerica non adeguata",
    "nuove_generazioni": "persone che mancano alla parità di occupazione",
}
"""Who the persons estimated for each need are, as their indicators are called."""


def kind(code: str) -> str:
    """Turn a code of a list into words: `centro_anziani` becomes `Centro per anziani`."""
    if code in KINDS:
        return KINDS[code]
    told = " ".join(ACCENTED.get(word, word) for word in code.split("_"))
    return told[:1].upper() + told[1:]


def short_unit(unit: str) -> bool:
    """Say whether a unit is short enough to follow every number of a column."""
    return len(unit) <= 9


def with_unit(value: float | None, unit: str, decimals: int) -> str:
    """Write a number with its unit, kept on one line; a long unit is left to the row's heading."""
    if value is None:
        return "–"
    text = number(value, decimals)
    return f"{text}{NO_BREAK}{unit}" if unit and short_unit(unit) else text


def between(low: float | None, high: float | None, decimals: int = 1) -> str:
    """Write an interval as `tra … e …`; an absent end gives an empty text."""
    if low is None or high is None:
        return ""
    first, last = number(low, decimals), number(high, decimals)
    if first == last:
        return f"circa {first}"
    return f"tra {first} e {last}"


def ordinal_with_article(place: int) -> str:
    """Write a place with its article, elided where Italian elides it: `il 3º`, `l'8º`, `l'11º`."""
    elided = place in {8, 11} or 80 <= place <= 89 or 800 <= place <= 899
    return f"l'{place}º" if elided else f"il {place}º"


def likely_place(first: int | None, last: int | None, ranked: int | None) -> str:
    """Write the likely place in the city as a range, never as a bare rank.

    Args:
        first: first end of the 5-95 % range of the place.
        last: other end of the range.
        ranked: areas of the same city and level in the ranking.

    Returns:
        For example `tra il 3º e il 9º posto su 13`; empty where there is no place.
    """
    if first is None or last is None or ranked is None:
        return ""
    if first == 1 and last == ranked:
        return f"qualunque posto su {ranked}"
    if first == last:
        return f"intorno {_to(ordinal_with_article(first))} posto su {ranked}"
    return f"tra {ordinal_with_article(first)} e {ordinal_with_article(last)} posto su {ranked}"


def _to(place: str) -> str:
    return f"al{place}" if place.startswith("l'") else f"a{place.removeprefix('i')}"


def index_reading(low: float, high: float) -> str:
    """Say whether an index interval lies above, below or across the reference 100.

    Args:
        low: lower end of the interval.
        high: upper end of the interval.

    Returns:
        `sopra`, `sotto` or `non_distinguibile`, the vocabulary of the mart.
    """
    if low > 100:
        return "sopra"
    if high < 100:
        return "sotto"
    return "non_distinguibile"


def indicator_reading(reading: str | None, polarity: int) -> str:
    """Say where an indicator stands against the city and what that means for the need."""
    if reading is None:
        return ""
    phrase = READINGS[reading]
    if reading == "non_distinguibile" or polarity == 0:
        return phrase
    more = (reading == "sopra") == (polarity > 0)
    return f"{phrase}: {'più' if more else 'meno'} bisogno"


def under_floor(floor: int) -> str:
    """Say why an area under the confidentiality floor has no number of its own."""
    return f"meno di {number(floor)} residenti, quindi i suoi numeri non si pubblicano"


def count(value: int, singular: str, plural: str) -> str:
    """Write a count with its noun in the right number."""
    return f"{number(value)} {singular if value == 1 else plural}"


def day(value: date | None) -> str:
    """Write a date as day/month/year."""
    return "–" if value is None else f"{value.day:02d}/{value.month:02d}/{value.year}"


def list_words(words: Sequence[str]) -> str:
    """Join words with commas and a final `e`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} e {words[-1]}"


def spoken(name: str, score: Score) -> str:
    """Write the accessible name of an area in a map: the same words and numbers as the table."""
    value = score.value
    if value is None:
        return f"{name}: {score.reason}"
    return (
        f"{name}: indice {number(value.index, 1)}, {between(value.low, value.high)}; "
        f"{standing(value)}"
    )


def standing(value: Value) -> str:
    """Say where an index stands against the city, with its class where a difference shows.

    A class is a difference from the city: where the interval holds 100 there is none to name.
    """
    if value.told_class is not None:
        return f"{READINGS[value.reading]}, classe {value.told_class} di 5"
    return "non supera la città" if value.low == value.high else "non distinguibile dalla città"


def profile_caution(profile_id: str, scores: Sequence[Score]) -> str:
    """Say where the profile of an area and its indices do not tell the same.

    A profile says that a need is likely among the highest third of the city; the interval of the
    index may still hold the average of the city, or lie below it. A need above the average may be
    outside the highest third, and so outside the profile.

    Args:
        profile_id: needs of the profile joined by `+`, as in dim_profilo.
        scores: scores of the area.

    Returns:
        For example `Solitudine: non distinguibile dalla città`; empty where the needs of the
        profile, and no others, are above the city.
    """
    named = set(profile_id.split("+"))
    told: dict[str, list[str]] = {}
    for score in scores:
        if score.value is None:
            continue
        within, reading = score.theme.key in named, score.value.reading
        if within is not (reading == "sopra"):
            said = CAUTIONS[reading]
            told.setdefault(said, []).append(score.theme.name)
    return "; ".join(f"{list_words(names)}: {said}" for said, names in told.items())


def nearest(metres: float | None) -> str:
    """Write how far the nearest place lies, in brackets; empty where nobody knows."""
    return "" if metres is None else f" (il più vicino a {number(metres)} metri)"


def sentence(score: Score) -> str:
    """Say in plain words where an area stands on one need and how sure that is."""
    value = score.value
    if value is None:
        return f"Nessun indice ({score.reason})."
    interval = f"L'indice è {number(value.index, 1)} ({between(value.low, value.high)})."
    if value.reading == "sopra":
        reading = "Il bisogno stimato è sopra la media della città."
    elif value.reading == "sotto":
        reading = "Il bisogno stimato è sotto la media della città."
    elif value.low == value.high:
        reading = "Il bisogno stimato non supera la media della città."
    else:
        reading = "La differenza dalla media della città non si distingue dal caso."
    place = likely_place(value.first_place, value.last_place, value.ranked)
    return f"{reading} {interval}" + (f" Posto probabile: {place}." if place else "")
