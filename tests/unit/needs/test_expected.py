"""Expected persons are gathered as they are published, with the draws behind them."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from will_pipeline.indicators.estimators import Estimate
from will_pipeline.indicators.specification import load_specification
from will_pipeline.needs.expected import expected_persons, persons_indicators

AREAS = pl.DataFrame(
    {
        "area_id": ["1.A00", "1.A01", "1.C"],
        "pro_com": ["1"] * 3,
        "level": ["A", "A", "C"],
        "name": ["Resto", "Uno", "Città"],
        "residents": [100, 5_000, 5_100],
    }
)


def fact(area: str, indicator: str, value: float | None, **given: Any) -> dict[str, Any]:
    return {
        "area_id": area, "indicatore_id": indicator, "anno": 2024, "gruppo": "totale",
        "valore": value, "denominatore": 400.0, "ic_inf": value, "ic_sup": value,
        "stato": "soppresso" if value is None else "valido", **given,
    }  # fmt: skip


def estimate(value: list[float], exposed: list[float]) -> Estimate:
    flat = np.array(value)
    return Estimate(
        value=flat, lower=flat, upper=flat, deviation=flat, scale=flat, numerator=flat,
        denominator=np.array(exposed), city=flat, draws=np.arange(6.0).reshape(2, 3),
        impossible=np.zeros(3, dtype=bool),
    )  # fmt: skip


def gathered(*facts: dict[str, Any]) -> Any:
    return expected_persons(
        load_specification(),
        pl.DataFrame(facts, infer_schema_length=None),
        AREAS,
        ["1.C", "1.A01", "1.A00"],
        {
            "isolati_65": estimate([52, 50, 2], [520, 500, 20]),
            "disoccupazione": estimate([1, 1, 1], [9, 9, 9]),
        },
    )


def test_every_theme_has_one_indicator_of_persons() -> None:
    found = {
        theme: card.indicatore_id
        for theme, card in persons_indicators(load_specification()).items()
    }
    assert found == {
        "giovani": "neet_15_29",
        "solitudine": "isolati_65",
        "mobilita": "competenze_inadeguate",
        "nuove_generazioni": "mancata_parita",
    }


def test_only_persons_are_taken_in_their_latest_year() -> None:
    found = gathered(
        fact("1.A01", "isolati_65", 49.0, anno=2021),
        fact("1.A01", "isolati_65", 50.0),
        fact("1.A01", "isolati_65", 30.0, gruppo="maschi"),
        fact("1.A01", "isolati_65_quota", 10.0),
        fact("1.A01", "disoccupazione", 8.0),
        fact("1.A00", "isolati_65", None),
        fact("1.A01", "mancata_parita", None, stato="non_disponibile"),
    )
    assert found.frame.select("area_id", "dimensione", "anno", "attesi", "stato").rows() == [
        ("1.A00", "solitudine", 2024, None, "soppresso"),
        ("1.A01", "nuove_generazioni", 2024, None, "non_disponibile"),
        ("1.A01", "solitudine", 2024, 50.0, "valido"),
    ]
    assert found.draws("solitudine", ["1.A00", "1.C"]).tolist() == [[2.0, 0.0], [5.0, 3.0]]


def test_a_number_rounded_beside_a_withheld_one_tells_its_step() -> None:
    found = gathered(
        fact("1.A01", "isolati_65", 50.0, denominatore=None),
        fact("1.C", "isolati_65", 52.0, denominatore=None),
    )
    # Thirty exposed residents are worth three persons here: steps of five.
    assert found.frame.select("area_id", "step").rows() == [("1.A01", 5.0), ("1.C", None)]


def test_draws_of_what_is_unknown_are_refused() -> None:
    found = gathered(fact("1.A01", "isolati_65", 50.0))
    with pytest.raises(KeyError):
        found.draws("giovani", ["1.A01"])
    with pytest.raises(KeyError):
        found.draws("solitudine", ["1.A09"])
