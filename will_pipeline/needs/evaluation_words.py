"""Italian sentences that say what the data of a measure can and cannot show.

Every sentence about an evaluation is made here, one for each outcome that an evaluation can have.
"""

from __future__ import annotations

from math import floor, log10

from will_pipeline.atlas.words import count, number

BETTER, WORSE, UNCLEAR = "va_meglio", "va_peggio", "non_distinguibile"
TRENDS_DIFFER, FEW_AREAS = "tendenze_diverse", "poche_aree"
SHORT_SERIES, MIXED_LEVELS = "serie_corta", "livelli_misti"
CONCLUSIVE = (BETTER, WORSE, UNCLEAR)
STATES = (*CONCLUSIVE, TRENDS_DIFFER, FEW_AREAS, SHORT_SERIES, MIXED_LEVELS)

LARGE_SHARE = 0.20
"""Above this share of the starting value only a large effect could have been seen."""

UNLIKE = 0.5
"""Mean difference of the groups before the measure, in standard deviations, worth saying."""

STILL_UNLIKE = "Attenzione: le aree di confronto erano diverse da queste già prima."

_NO_ANSWER = {
    TRENDS_DIFFER: (
        "Già prima della misura queste aree e quelle di confronto andavano in modo diverso. "
        "Così la differenza di dopo non dice se la misura ha mosso qualcosa."
    ),
    SHORT_SERIES: (
        "La serie è troppo corta. Servono almeno due anni prima della misura e uno dopo. "
        "Per ora non si può dire se la misura ha mosso qualcosa."
    ),
    MIXED_LEVELS: (
        "Le aree indicate sono di livelli diversi e si coprono fra loro. "
        "Servono aree di uno stesso livello. Per ora non si può dire nulla."
    ),
}


def seen(
    state: str, effect: float, low: float, high: float, *, unit: str, areas: int, compared: int
) -> str:
    """Say that a change was seen, in which direction, how large, and what it does not prove.

    Args:
        state: `va_meglio` or `va_peggio`.
        effect: difference of change, in units of the outcome.
        low: lower end of its interval.
        high: upper end.
        unit: unit of the outcome.
        areas: areas with the measure.
        compared: areas of comparison.
    """
    digits = decimals(high - low)
    ends = sorted((abs(low), abs(high)))
    more = "in più" if effect > 0 else "in meno"
    better = "meglio" if state == BETTER else "peggio"
    return (
        f"Con la misura l'esito è andato {better} che nelle aree di confronto: "
        f"{number(abs(effect), digits)} {unit} {more} (tra {number(ends[0], digits)} e "
        f"{number(ends[1], digits)}). Le aree con la misura sono {areas}, quelle di confronto "
        f"{compared}. Per puro caso si vede così tanto al massimo 5 volte su 100. Non è la prova "
        "che la causa sia la misura: altro può essere partito insieme."
    )


def not_seen(detectable: float, start: float, *, unit: str, areas: int, compared: int) -> str:
    """Say that no change can be told from chance, and which changes could not have been seen.

    Args:
        detectable: smallest effect that the comparison sees four times in five.
        start: mean outcome of the areas before the measure.
        unit: unit of the outcome.
        areas: areas with the measure.
        compared: areas of comparison.
    """
    size = f"{number(detectable, decimals(detectable))} {unit}"
    few = f"Con {count(areas, 'area', 'aree')} e {compared} di confronto"
    if detectable > LARGE_SHARE * abs(start):
        return (
            "La differenza con le aree di confronto non si distingue dal caso. "
            f"{few} si vedono solo effetti grandi, da {size} in su. "
            "Un effetto più piccolo può esserci e qui non si vede. "
            "Non vuol dire che la misura non serve."
        )
    return (
        "La differenza con le aree di confronto non si distingue dal caso. "
        f"{few} un effetto da {size} in su di solito si vede. "
        "Se un effetto c'è, è probabile che sia più piccolo. "
        "Non vuol dire che la misura non serve."
    )


def no_answer(state: str, *, areas: int, compared: int) -> str:
    """Say why an evaluation cannot answer.

    Args:
        state: one of the outcomes without an answer.
        areas: areas with the measure that have a complete series.
        compared: areas of comparison.
    """
    if state == FEW_AREAS:
        return (
            f"Le aree sono troppo poche: {areas} con la misura e {compared} di confronto. "
            "Con questi numeri anche il caso dà differenze grandi. "
            "Non si può dire se la misura ha mosso qualcosa."
        )
    return _NO_ANSWER[state]


def decimals(width: float) -> int:
    """Decimals that show two significant figures of a width, at most three."""
    return max(0, min(3, 1 - floor(log10(width)))) if width > 0 else 0
