"""The typology by night: nearest frozen group, how surely, and who stays outside."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.unit.needs.conftest import MakeFacts, areas_of, laid_out, typology, withheld
from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.indicators.estimators import Settings
from will_pipeline.indicators.specification import Specification
from will_pipeline.needs.frozen_typology import FrozenTypology
from will_pipeline.needs.published import PublishedValues
from will_pipeline.needs.typology import UNCLASSIFIED, assign_typology, typology_rows

SETTINGS = Settings(draws=200, seed=3)
LEVELS = {"001001.A01": "A", "001001.A02": "A", "001002.Q01": "Q", "001002.Q02": "Q"}
PLACES = {"001001.A01": 1.2, "001001.A02": -0.9, "001002.Q01": 0.01, "001002.Q02": 1.0}


def assigned(
    frozen: FrozenTypology, published: PublishedValues, specification: Specification, **left: str
) -> dict[str, dict[str, object]]:
    rows = assign_typology(frozen, published, specification, left, year=2011, settings=SETTINGS)
    conform(rows, load_contracts("mart")["fatto_profilo"])
    return {row["area_id"]: row for row in rows.iter_rows(named=True)}


def test_every_area_goes_to_the_nearest_group_with_its_second(
    frozen: FrozenTypology, specification: Specification, make_facts: MakeFacts
) -> None:
    published = laid_out(make_facts(PLACES), areas_of(LEVELS), frozen.names)
    rows = assigned(frozen, published, specification)
    assert {area: row["profilo_id"] for area, row in rows.items()} == {
        "001001.A01": "tipologia_1", "001001.A02": "tipologia_2",
        "001002.Q01": "tipologia_1", "001002.Q02": "tipologia_1",
    }  # fmt: skip
    assert rows["001001.A01"]["secondo_profilo_id"] == "tipologia_2"
    assert {row["modello"] for row in rows.values()} == {"tipologia"}
    # On a centroid the area is sure of its group, halfway between two it is not.
    assert rows["001002.Q02"]["appartenenza"] > 0.999
    assert rows["001002.Q02"]["stabilita"] == 1.0
    assert rows["001002.Q01"]["appartenenza"] == pytest.approx(0.5, abs=0.06)
    assert 0.3 < rows["001002.Q01"]["stabilita"] < 0.9


def test_a_withheld_or_missing_value_leaves_the_area_outside_with_the_reason(
    frozen: FrozenTypology, specification: Specification, make_facts: MakeFacts
) -> None:
    facts = withheld(make_facts(PLACES), "001001.A01", "anziani_75", "affollamento")
    lost = (pl.col("area_id") == "001002.Q01") & (pl.col("indicatore_id") == "disoccupazione")
    published = laid_out(facts.filter(~lost), areas_of(LEVELS), frozen.names)
    rows = assigned(frozen, published, specification, **{"001003.A00": "meno di 1.000 residenti"})
    hidden, gone = rows["001001.A01"], rows["001002.Q01"]
    assert hidden["profilo_id"] == gone["profilo_id"] == UNCLASSIFIED
    assert hidden["motivo"] == "non pubblicato per riservatezza: Anziani 75+, Affollamento"
    assert gone["motivo"] == "dato mancante: Disoccupazione"
    assert rows["001003.A00"]["motivo"] == "meno di 1.000 residenti"
    assert hidden["appartenenza"] is hidden["stabilita"] is hidden["secondo_profilo_id"] is None


def test_what_is_withheld_has_no_part_in_what_is_published(
    frozen: FrozenTypology, specification: Specification, make_facts: MakeFacts
) -> None:
    # The producer's own number differs; what is published, a withheld value, does not.
    told = []
    for secret in (5.0, -5.0):
        z = np.full(len(frozen.names), 0.4)
        z[frozen.names.index("anziani_75")] = secret
        facts = withheld(make_facts({**PLACES, "001001.A01": z}), "001001.A01", "anziani_75")
        told.append(
            assigned(frozen, laid_out(facts, areas_of(LEVELS), frozen.names), specification)
        )
    assert told[0] == told[1]


def test_an_area_more_changes_nothing_in_the_others(
    frozen: FrozenTypology, specification: Specification, make_facts: MakeFacts
) -> None:
    few = assigned(
        frozen, laid_out(make_facts(PLACES), areas_of(LEVELS), frozen.names), specification
    )
    more = assigned(
        frozen,
        laid_out(
            make_facts({"001001.A00": 9.0, **PLACES}),
            areas_of({"001001.A00": "A", **LEVELS}),
            frozen.names,
        ),
        specification,
    )
    assert {area: more[area] for area in few} == few


def test_the_order_of_rows_is_not_content(
    frozen: FrozenTypology, specification: Specification, make_facts: MakeFacts
) -> None:
    facts, areas = make_facts(PLACES), areas_of(LEVELS)
    turned = laid_out(facts[::-1], areas[::-1], frozen.names)
    straight = laid_out(facts, areas, frozen.names)
    assert assigned(frozen, turned, specification) == assigned(frozen, straight, specification)


def test_values_of_other_indicators_are_refused(
    frozen: FrozenTypology, specification: Specification, make_facts: MakeFacts
) -> None:
    published = laid_out(make_facts(PLACES), areas_of(LEVELS), frozen.names[::-1])
    with pytest.raises(ValueError, match="different indicators"):
        assigned(frozen, published, specification)


@pytest.mark.parametrize(("stability", "exploratory"), [(0.75, False), (0.749, True)])
def test_below_the_gate_the_groups_are_exploratory_and_say_so(
    specification: Specification, indicators: tuple[str, ...], stability: float, exploratory: bool
) -> None:
    rows = typology_rows(specification, typology(indicators, stability=stability))
    published = conform(rows, load_contracts("mart")["dim_profilo"])
    assert set(published["esplorativo"]) == {exploratory}
    assert set(published["k"]) == {2}
    assert set(published["stabilita"]) == {stability}
    for row in published.filter(pl.col("profilo_id") != UNCLASSIFIED).iter_rows(named=True):
        assert ("ipotesi" in row["descrizione"]) == exploratory


def test_groups_speak_of_needs_and_strengths(
    specification: Specification, frozen: FrozenTypology
) -> None:
    rows = {row["profilo_id"]: row for row in typology_rows(specification, frozen).to_dicts()}
    high, low = rows["tipologia_1"], rows["tipologia_2"]
    # Women's employment is the one indicator that is a need where it is low.
    assert high["tratti_giu"] == "occupazione_femminile"
    assert "occupazione_femminile" not in high["tratti_su"]
    assert low["tratti_su"] == "occupazione_femminile"
    assert "Punti di forza: molte donne al lavoro." in high["descrizione"]
    assert "Segnali di bisogno: poche donne al lavoro." in low["descrizione"]
    for row in (high, low):
        assert row["descrizione"].endswith("Il profilo descrive l'area, non le persone.")
        assert row["domande_per_il_tavolo"].endswith("?")
