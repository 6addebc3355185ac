"""Traits in words: thresholds, both sides, names that set groups apart."""

from __future__ import annotations

import numpy as np
import pytest

from will_pipeline.indicators.specification import Specification, SpecificationFault
from will_pipeline.needs.traits import ORDINARY, listed, names, notable, shared, traits_of


def z(specification: Specification, **values: float) -> np.ndarray:
    return np.array([values.get(card.indicatore_id, 0.0) for card in specification.comparable])


def test_traits_start_at_half_a_deviation_and_the_strongest_comes_first(
    specification: Specification,
) -> None:
    found = notable(
        specification.comparable,
        z(specification, anziani_75=0.5, disoccupazione=-2.0, affollamento=0.49),
    )
    assert listed(found) == "poca disoccupazione; molti anziani di 75 anni e più"
    assert [trait.is_need for trait in found] == [False, True]


def test_few_women_in_work_is_a_need_and_many_a_strength(specification: Specification) -> None:
    for value, need in ((-1.0, True), (1.0, False)):
        (trait,) = notable(specification.comparable, z(specification, occupazione_femminile=value))
        assert trait.is_need == need


def test_shared_traits_are_on_the_same_side_and_as_strong_as_the_weaker(
    specification: Specification,
) -> None:
    one = z(
        specification, anziani_75=2.0, disoccupazione=0.6, affollamento=-1.0, bassa_istruzione=1
    )
    other = z(specification, anziani_75=0.5, disoccupazione=0.9, affollamento=1.0)
    other[[card.indicatore_id for card in specification.comparable].index("bassa_istruzione")] = (
        np.nan
    )
    assert listed(shared(specification.comparable, one, other)) == (
        "molta disoccupazione; molti anziani di 75 anni e più"
    )


def test_a_group_is_named_by_its_strongest_need_and_its_strongest_strength(
    specification: Specification,
) -> None:
    centroids = [
        z(specification, anziani_75=1.5, vedovi_separati_divorziati=1.4, disoccupazione=-0.6),
        z(specification, disoccupazione=1.5, affollamento=-1.4, anziani_75=-0.6),
        z(specification, giovani_non_studenti=0.9, anziani_75=0.7),
        z(specification, disoccupazione=-0.9, anziani_75=-0.7),
        z(specification),
    ]
    assert names(specification, centroids) == [
        ("Molti anziani di 75 anni e più e poca disoccupazione",
         "Many people aged 75 and over and low unemployment"),
        ("Molta disoccupazione e pochi anziani di 75 anni e più",
         "High unemployment and few people aged 75 and over"),
        ("Pochi giovani che studiano e molti anziani di 75 anni e più",
         "Few young people in education and many people aged 75 and over"),
        ("Poca disoccupazione e pochi anziani di 75 anni e più",
         "Low unemployment and few people aged 75 and over"),
        ORDINARY,
    ]  # fmt: skip


def test_groups_that_would_share_a_name_take_a_further_trait_or_a_number(
    specification: Specification,
) -> None:
    same = {"anziani_75": 1.5, "disoccupazione": -0.8}
    centroids = [
        z(specification, **same, affollamento=0.6),
        z(specification, **same, bassa_istruzione=0.6),
        z(specification, **same),
        z(specification),
        z(specification),
    ]
    found = [italian for italian, _ in names(specification, centroids)]
    assert found[0] == "Molti anziani di 75 anni e più, poca disoccupazione e poco spazio in casa"
    assert found[1].endswith("e pochi diplomi e lauree")
    assert found[2] == "Molti anziani di 75 anni e più e poca disoccupazione"
    assert found[3:] == [ORDINARY[0], f"{ORDINARY[0]} (2)"]


def test_every_comparable_indicator_has_words_and_one_without_is_named(
    specification: Specification,
) -> None:
    for card in specification.comparable:
        said = traits_of(card)
        assert len({said.alto, said.basso, said.high, said.low}) == 4
    with pytest.raises(SpecificationFault, match="anziani_75"):
        traits_of(specification.indicators["anziani_75"].model_copy(update={"tratti": None}))
