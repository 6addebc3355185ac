"""Italian sentences about what another allocation would change, and for whom it is not sure.

Every sentence about an allocation is made here; it is an exercise, and says so.
"""

from __future__ import annotations

from will_pipeline.atlas.words import count, number

PROPORTIONAL, MAX_MIN, LINEAR = "proporzionale", "max_min", "lineare"
LATENT, EXPECTED = "latenti", "attesi"

OUTSIDE = "il bisogno stimato non è pubblicato: l'area tiene la quantità di oggi"

_HAVE = ("avrebbe", "avrebbero")
_RULES = {
    PROPORTIONAL: "dare a tutti il minimo e il resto secondo il bisogno",
    MAX_MIN: "alzare il più possibile chi ha meno per persona in bisogno",
    LINEAR: "ridurre il bisogno scoperto senza togliere più del",
}
_BASES = {
    LATENT: "Il bisogno è quello che i servizi oggi non vedono, stimato.",
    EXPECTED: "Il bisogno è quello atteso, stimato: non si sa quanti sono già seguiti.",
}


def reading(
    *,
    rule: str,
    basis: str,
    gaining: int,
    losing: int,
    unsure: int,
    moved: float,
    outside: int,
    loss: float | None,
    totals: tuple[float, float],
) -> str:
    """Say what the exercise would change.

    Args:
        rule: rule of the exercise.
        basis: which estimate of need it uses.
        gaining: areas with more than today.
        losing: areas with less than today.
        unsure: areas where the intervals of need do not say whether they gain or lose.
        moved: share of the quantity that would change area.
        outside: areas that keep what they have.
        loss: greatest share an area may lose, where the rule bounds it.
        totals: quantity of today and quantity shared.
    """
    bound = f" {number(100 * loss)} % a un'area" if loss is not None else ""
    parts = [
        f"È un esercizio, non una scelta. La regola è {_RULES[rule]}{bound}.",
        _BASES[basis],
        f"{_areas(gaining, *_HAVE)} di più; {_areas(losing, *_HAVE).lower()} di meno. "
        f"Quota che cambierebbe area: {number(100 * moved)} %.",
    ]
    today, budget = totals
    if today != budget:
        digits = 0 if today.is_integer() and budget.is_integer() else 2
        parts.append(f"Oggi se ne danno {number(today, digits)}, qui {number(budget, digits)}.")
    if unsure:
        parts.append(
            f"Per {count(unsure, 'area', 'aree')} non è sicuro se sia di più o di meno: "
            "le stime hanno un margine."
        )
    if outside:
        parts.append(
            f"{_areas(outside, 'resta', 'restano')} fuori e tiene quanto ha oggi."
            if outside == 1
            else f"{_areas(outside, 'resta', 'restano')} fuori e tengono quanto hanno oggi."
        )
    return " ".join(parts)


def floors_too_high(areas: int, floor: float, budget: float, unit: str) -> str:
    """Say that the least quantities do not fit in the budget."""
    digits = 0 if all(float(value).is_integer() for value in (floor, budget)) else 2
    return (
        f"il minimo di {number(floor, digits)} {unit} per {count(areas, 'area', 'aree')} fa "
        f"{number(areas * floor, digits)}, più di quanto c'è da dividere ({number(budget, digits)})"
    )


def not_done(fault: str) -> str:
    """Say that an exercise cannot be done, and why."""
    return f"L'esercizio non si può fare: {fault}."


def _areas(value: int, singular: str, plural: str) -> str:
    if value == 0:
        return f"Nessuna area {singular}"
    return f"{count(value, 'area', 'aree')} {singular if value == 1 else plural}"
