"""Rows by vintage: they take the place of what the card says, and none is guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from tests.unit.indicators.sections import LAYOUTS
from will_pipeline.indicators.specification import (
    Specification,
    SpecificationFault,
    load_specification,
)
from will_pipeline.indicators.vintages import (
    VintageFault,
    layout_codes,
    resolved,
    vintages_of,
)

YEARS = (2011, 2021, 2023)
RATE = {"kind": "shrunk_rate", "numerator": "P6", "denominator": "P1"}
GONE = {"kind": "unavailable", "reason": "non si pubblica più"}
CARD = {
    "indicatore_id": "uno",
    "nome": "Uno",
    "cosa_non_dice": "Il perché.",
    "vintages": [
        {"years": [2011], "formula": "P6 / P1", "estimator": RATE},
        {"years": [2021, 2023], "formula": "x", "cosa_non_dice": "Manca.", "estimator": GONE},
    ],
}


def indicator(card: dict[str, Any], vintage: int) -> dict[str, Any]:
    document = {"indicators": [card]}
    found = resolved(document, vintage, vintages_of([document]))
    return found["indicators"][0]  # type: ignore[index]


def test_a_row_takes_the_place_of_what_the_card_says() -> None:
    first, last = indicator(CARD, 2011), indicator(CARD, 2023)
    assert (first["nome"], last["nome"]) == ("Uno", "Uno")
    assert (first["cosa_non_dice"], last["cosa_non_dice"]) == ("Il perché.", "Manca.")
    assert (first["estimator"], last["estimator"]) == (RATE, GONE)
    assert "vintages" not in first


def test_every_vintage_tells_the_formulas_of_all() -> None:
    told = "2011: P6 / P1; 2021 e 2023: non disponibile"
    assert {indicator(CARD, year)["formule_annate"] for year in YEARS} == {told}
    flat = {"indicatore_id": "due", "formula": "P29 / P1", "estimator": RATE}
    document = {"indicators": [CARD, flat]}
    both = resolved(document, 2011, vintages_of([document]))["indicators"]  # type: ignore[index]
    assert both[1]["formule_annate"] == "2011, 2021 e 2023: P29 / P1"


def test_context_has_one_formula_and_no_vintage() -> None:
    flat = {"indicatore_id": "due", "formula": "a / b", "estimator": {"kind": "context"}}
    assert "formule_annate" not in resolved({"indicators": [flat]}, 2011, YEARS)["indicators"][0]  # type: ignore[index]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"years": [2011], "estimator": RATE}], "uno: no formula for 2021"),
        ([{"years": [2011, 2021], "estimator": RATE}] * 2, "uno: 2 rows for 2021"),
        ([{"years": "2011", "estimator": RATE}], "uno: every row"),
        ([{"estimator": RATE}], "uno: every row"),
        ([{"years": ["2021"], "estimator": RATE}], "uno: every row"),
        ("2011", "uno: every row"),
    ],
)
def test_rows_that_cannot_be_put_together_are_named(rows: object, said: str) -> None:
    with pytest.raises(VintageFault, match=said):
        resolved({"indicators": [CARD | {"vintages": rows}]}, 2021, YEARS)


def test_layouts_are_told_apart_by_vintage() -> None:
    later = pl.DataFrame({"vintage": [2021, 2023, 2023], "code": ["P1", "P1", "EM5"]})
    found = layout_codes(pl.DataFrame({"code": ["P1", "P6"]}), later)
    assert found == {2011: ["P1", "P6"], 2021: ["P1"], 2023: ["P1", "EM5"]}


@pytest.fixture(scope="module", params=YEARS)
def shipped(request: pytest.FixtureRequest) -> Specification:
    return load_specification(vintage=request.param)


def test_every_shipped_vintage_loads_and_says_the_same_formulas(shipped: Specification) -> None:
    base = load_specification()
    assert list(shipped.indicators) == list(base.indicators)
    for name, card in shipped.indicators.items():
        assert card.formule_annate == base.indicators[name].formule_annate
        assert (card.formule_annate is None) == (card.estimator.kind == "context")
        assert (card.ruolo, card.polarita) == (
            base.indicators[name].ruolo,
            base.indicators[name].polarita,
        )


def test_a_vintage_never_given_is_refused() -> None:
    with pytest.raises(SpecificationFault, match="no formulas of 2001"):
        load_specification(vintage=2001)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The shipped files in a folder of their own."""
    for file in (Path(load_specification.__globals__["SPECIFICATION_FOLDER"])).glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
    return tmp_path


def test_a_code_of_another_vintage_is_an_error_at_load(copied: Path) -> None:
    load_specification(copied, layouts=LAYOUTS)
    file = copied / "mobilita.yaml"
    file.write_text(file.read_text("utf-8").replace('numerator: "P103"', 'numerator: "P61"'))
    load_specification(copied, layouts={**LAYOUTS, 2021: {*LAYOUTS[2021], "P61"},
                                        2023: {*LAYOUTS[2023], "P61"}})  # fmt: skip
    with pytest.raises(SpecificationFault, match=r"occupazione_femminile.*2021.*P61"):
        load_specification(copied, layouts=LAYOUTS)


def test_a_vintage_without_a_layout_is_an_error_at_load(copied: Path) -> None:
    with pytest.raises(SpecificationFault, match="no record layout of 2023"):
        load_specification(copied, layouts={2011: LAYOUTS[2011], 2021: LAYOUTS[2021]})


def test_a_new_vintage_is_new_rows_and_no_new_code(copied: Path) -> None:
    for file in copied.glob("*.yaml"):
        document = yaml.safe_load(file.read_text("utf-8"))
        cards = [document.get("theme") or {}, *document["indicators"]]
        for row in (row for card in cards for row in card.get("vintages", ())):
            if 2023 in row["years"]:
                row["years"].append(2031)
        file.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    found = load_specification(copied, vintage=2031, layouts=LAYOUTS | {2031: LAYOUTS[2023]})
    assert found.indicators["giovani_stranieri"].formula == "ST22"
    assert "2021, 2023 e 2031: ST22" in str(found.indicators["giovani_stranieri"].formule_annate)
