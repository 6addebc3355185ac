"""Corrections: applied where they are expected, loud where they are not."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from will_pipeline.errors import SourceFault
from will_pipeline.sources.corrections import Corrections, correct, load_corrections

TODAY = date(2026, 11, 25)
TABLE = pl.DataFrame(
    {
        "pro_com": ["034027", "034027", "035033"],
        "year": [2020, 2021, 2020],
        "persons": [10, None, 30],
        "share": [0.1, 0.2, 0.3],
        "name": ["Parma", "Parma", "Reggio"],
    }
)


def a_correction(**given: Any) -> dict[str, Any]:
    return {
        "key": {"pro_com": "034027", "year": 2020},
        "column": "persons",
        "expect": 10,
        "becomes": 11,
        "reason": "Errata corrige del produttore.",
        "reference": "https://www.istat.it/errata",
        "author": "Ufficio statistica",
        "expires": "2027-06-30",
        **given,
    }


def of(*corrections: dict[str, Any]) -> Corrections:
    return Corrections.model_validate({"source": "prova", "corrections": list(corrections)})


def test_only_the_named_cell_changes() -> None:
    made = correct(TABLE, of(a_correction()), today=TODAY)
    assert made["persons"].to_list() == [11, None, 30]
    assert made.drop("persons").equals(TABLE.drop("persons"))
    assert made.schema == TABLE.schema


@pytest.mark.parametrize(
    ("given", "column", "values"),
    [
        ({"key": {"pro_com": "034027", "year": 2021}, "expect": None}, "persons", [10, 11, 30]),
        ({"becomes": None}, "persons", [None, None, 30]),
        ({"column": "name", "expect": "Parma", "becomes": "PARMA"}, "name", None),
        ({"column": "share", "expect": 0.1, "becomes": 0.5}, "share", [0.5, 0.2, 0.3]),
        ({"expires": "2026-11-25"}, "persons", [11, None, 30]),
    ],
)
def test_missing_cells_and_every_type_can_be_corrected(
    given: dict[str, Any], column: str, values: list[Any] | None
) -> None:
    made = correct(TABLE, of(a_correction(**given)), today=TODAY)
    assert made[column].to_list() == (values or ["PARMA", "Parma", "Reggio"])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"expect": 9}, "la fonte dice 10 e non 9: va riletta"),
        ({"expect": None}, "la fonte dice 10 e non None"),
        ({"expires": "2026-11-24"}, "è scaduta il 24/11/2026"),
        ({"key": {"pro_com": "034027"}}, "trova 2 righe invece di una"),
        ({"key": {"pro_com": "999999"}}, "trova 0 righe invece di una"),
        ({"column": "people"}, "la fonte non ha la colonna people"),
        ({"key": {"comune": "034027"}}, "la fonte non ha la colonna comune"),
        ({"becomes": "undici"}, "non è del tipo della sua colonna"),
        ({"key": {"pro_com": 34027, "year": 2020}}, "non è del tipo della sua colonna"),
    ],
)
def test_a_correction_that_no_longer_fits_stops_its_source(
    given: dict[str, Any], told: str
) -> None:
    with pytest.raises(SourceFault, match=told) as caught:
        correct(TABLE, of(a_correction(**given)), today=TODAY)
    assert caught.value.file == "prova.corrections.yaml"
    assert caught.value.where.startswith("correzione 1")


def test_the_same_cell_cannot_be_corrected_twice_by_mistake() -> None:
    with pytest.raises(SourceFault, match="la fonte dice 11 e non 10"):
        correct(TABLE, of(a_correction(), a_correction()), today=TODAY)


def test_a_file_is_read_or_refused_and_none_is_no_correction(tmp_path: Path) -> None:
    assert load_corrections("prova", tmp_path).corrections == ()
    path = tmp_path / "prova.corrections.yaml"
    content = {"source": "prova", "corrections": [a_correction()]}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert load_corrections("prova", tmp_path) == of(a_correction())
    path.write_text(yaml.safe_dump({**content, "source": "altra"}), encoding="utf-8")
    with pytest.raises(SourceFault, match="parla di 'altra'"):
        load_corrections("prova", tmp_path)
    for field in ("reason", "expires", "expect", "author"):
        without = {name: value for name, value in a_correction().items() if name != field}
        path.write_text(yaml.safe_dump({"source": "prova", "corrections": [without]}))
        with pytest.raises(SourceFault, match=f"corrections.0.{field}: campo obbligatorio"):
            load_corrections("prova", tmp_path)
