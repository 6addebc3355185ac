"""What an area or a group of areas is like, in words: signals of need and strengths.

Words come from the specification table and from numbers by rule; no group is named by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from will_pipeline.indicators.specification import (
    Indicator,
    Specification,
    SpecificationFault,
    Theme,
    Traits,
)

Floats = NDArray[np.float64]
NOTABLE = 0.5
"""Standard deviations from the mean of comparable towns from which a trait is worth a word."""
NOTABLE_IN_CITY = 1 / 3
"""The same from the own city, whose areas differ less than those of all the towns."""
LISTED = 4
ORDINARY = ("Vicino alla media delle città simili", "Close to the average of similar towns")


@dataclass(frozen=True)
class Trait:
    """An indicator on which an area stands apart: by how much, and whether that is a need."""

    indicator: Indicator
    z: float

    @property
    def is_need(self) -> bool:
        """Whether it stands on the side of more need."""
        return self.z * self.indicator.polarita > 0

    def words(self, *, english: bool = False) -> str:
        """The trait in Italian or in English, lower case, without article."""
        said = traits_of(self.indicator)
        if english:
            return said.high if self.z > 0 else said.low
        return said.alto if self.z > 0 else said.basso


def traits_of(indicator: Indicator) -> Traits:
    """Words of an indicator.

    Raises:
        SpecificationFault: the indicator has no words for its traits.
    """
    if indicator.tratti is None:
        raise SpecificationFault(indicator.indicatore_id, "a comparable indicator needs `tratti`")
    return indicator.tratti


def notable(
    indicators: Sequence[Indicator], z: Floats, *, threshold: float = NOTABLE
) -> list[Trait]:
    """Traits from a threshold on, the strongest first; missing values are none.

    Args:
        indicators: the m indicators.
        z: distance from a reference in standard deviations among comparable towns, shape (m,).
        threshold: least distance of a trait.
    """
    found = [
        Trait(indicator, float(value))
        for indicator, value in zip(indicators, z, strict=True)
        if np.abs(value) >= threshold
    ]
    return sorted(found, key=lambda trait: -abs(trait.z))


def shared(indicators: Sequence[Indicator], one: Floats, other: Floats) -> list[Trait]:
    """Traits that two areas have in common on the same side, the strongest common ones first.

    Args:
        indicators: the m indicators.
        one: distance of an area from its city in standard deviations, shape (m,).
        other: the same for the other area.
    """
    common = np.where(np.sign(one) == np.sign(other), np.minimum(np.abs(one), np.abs(other)), 0.0)
    return notable(indicators, np.sign(one) * common, threshold=NOTABLE_IN_CITY)


def listed(traits: Sequence[Trait]) -> str:
    """The first traits in Italian, divided by semicolons; empty where there are none."""
    return "; ".join(trait.words() for trait in traits[:LISTED])


def names(specification: Specification, centroids: Sequence[Floats]) -> list[tuple[str, str]]:
    """Name groups by what sets them apart: their strongest signal of need and strongest strength.

    The two are of different themes; where one side has nothing to say, the other gives both. Groups
    that would share a name take a further trait each, and a number when their traits are over.

    Args:
        specification: the specification table.
        centroids: distance of each group from the mean in standard deviations, over the comparable
            indicators, shape (m,) each.

    Returns:
        Italian and English name of each group, all different.
    """
    ordered = [_for_a_name(specification, z) for z in centroids]
    used = [min(2, len(traits)) for traits in ordered]
    while True:
        named = [_name(traits[:number]) for traits, number in zip(ordered, used, strict=True)]
        again = [
            place
            for place, name in enumerate(named)
            if named.count(name) > 1 and used[place] < len(ordered[place])
        ]
        if not again:
            return _numbered(named)
        for place in again:
            used[place] += 1


def description(specification: Specification, z: Floats, *, towns: str, exploratory: bool) -> str:
    """Describe a group of areas in Italian: signals of need, strengths, and what it is not.

    Args:
        specification: the specification table.
        z: centroid over the comparable indicators, shape (m,).
        towns: which towns the group was found in, e.g. `da 50 a 250 mila residenti`.
        exploratory: whether the groups are too unstable to be more than a hint.
    """
    traits = notable(specification.comparable, z)
    needs = listed([trait for trait in traits if trait.is_need])
    strengths = listed([trait for trait in traits if not trait.is_need])
    parts = [
        f"Aree che si somigliano, in città {towns}.",
        f"Segnali di bisogno: {needs}." if needs else "Nessun segnale di bisogno è alto.",
        f"Punti di forza: {strengths}." if strengths else "Nessun punto di forza spicca.",
        "Il confronto è con le altre città simili.",
        "Il profilo descrive l'area, non le persone.",
    ]
    if exploratory:
        parts.insert(0, "È un'ipotesi: con altre aree il gruppo cambia.")
    return " ".join(parts)


def themes_of(specification: Specification, traits: Sequence[Trait]) -> list[Theme]:
    """Themes the traits belong to, in order of presentation."""
    own = {specification.theme_of[trait.indicator.indicatore_id] for trait in traits}
    return [theme for theme in specification.themes if theme.dimensione in own]


def _for_a_name(specification: Specification, z: Floats) -> list[Trait]:
    """Traits in the order they enter a name."""
    traits = notable(specification.comparable, z)
    needs = [trait for trait in traits if trait.is_need]
    strengths = [trait for trait in traits if not trait.is_need]
    first = (needs or strengths)[:1]
    after = strengths if needs else []
    second = _of_another_theme(specification, first, after) or _of_another_theme(
        specification, first, traits
    )
    chosen = first + second
    return chosen + [trait for trait in traits if trait not in chosen]


def _of_another_theme(
    specification: Specification, first: list[Trait], traits: list[Trait]
) -> list[Trait]:
    own = {specification.theme_of[trait.indicator.indicatore_id] for trait in first}
    return [t for t in traits if specification.theme_of[t.indicator.indicatore_id] not in own][:1]


def _name(traits: Sequence[Trait]) -> tuple[str, str]:
    if not traits:
        return ORDINARY
    italian = [trait.words() for trait in traits]
    english = [trait.words(english=True) for trait in traits]
    return _joined(italian, " e "), _joined(english, " and ")


def _joined(words: list[str], last: str) -> str:
    text = words[0] if len(words) == 1 else ", ".join(words[:-1]) + last + words[-1]
    return text[0].upper() + text[1:]


def _numbered(named: list[tuple[str, str]]) -> list[tuple[str, str]]:
    result = []
    for place, name in enumerate(named):
        before = named[:place].count(name)
        result.append(
            name if not before else (f"{name[0]} ({before + 1})", f"{name[1]} ({before + 1})")
        )
    return result
