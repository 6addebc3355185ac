"""Lines on profiles for `will controlla` and the page of the method."""

from __future__ import annotations

import polars as pl
import pytest

from tests.unit.needs.conftest import typology
from will_pipeline.documentation.profile_page import PAGE, profile_page
from will_pipeline.needs.report import profile_report

Tables = dict[str, pl.DataFrame]


@pytest.fixture
def tables() -> Tables:
    facts = [
        ("034027.Q01", "regola", "giovani", None),
        ("034027.Q02", "regola", "giovani", None),
        ("028060.A01", "regola", "nessuno", None),
        ("028060.A00", "regola", "non_classificata", "meno di 1.000 residenti"),
        ("034027.Q01", "tipologia", "tipologia_1", None),
    ]
    labels = {"giovani": "Giovani in bilico", "nessuno": "Nessuno", "tipologia_1": "Alto"}
    return {
        "fatto_profilo": pl.DataFrame(
            facts, schema=["area_id", "modello", "profilo_id", "motivo"], orient="row"
        ),
        "dim_profilo": pl.DataFrame(
            list(labels.items()), schema=["profilo_id", "etichetta"], orient="row"
        ),
        "area_simile": pl.DataFrame({"area_id": ["034027.Q01"] * 2 + ["028060.A01"]}),
        "dim_area": pl.DataFrame(
            {"area_id": ["034027.Q01", "028060.A01"], "pro_com": ["034027", "028060"]}
        ),
        "dim_comune": pl.DataFrame({"pro_com": ["034027", "028060"], "nome": ["Parma", "Padova"]}),
    }


def test_the_report_counts_areas_groups_stability_and_twins(
    tables: Tables, indicators: tuple[str, ...]
) -> None:
    assert profile_report(tables, typology(indicators)) == [
        "Profili per regola: 3 aree classificate, 1 senza profilo (meno di 1.000 residenti: 1).",
        "  Giovani in bilico: 2",
        "  Nessuno: 1",
        "Tipologia: 1 area classificata, 0 senza profilo.",
        "  Alto: 1",
        "Gruppi cercati in 30 aree di censimento di 3 città italiane da 50 a 250 mila residenti; "
        "stabilità su 3 ricampionamenti:",
        "  2 gruppi: 0,800 (tra 0,700 e 0,900), scelto",
        "  3 gruppi: 0,500 (tra 0,400 e 0,600)",
        "Verdetto: pubblicata. Con 2 gruppi la stabilità è 0,800, la soglia è 0,750.",
        "Aree simili: 2 aree ne hanno, in 2 città (Padova 1, Parma 1).",
    ]


def test_below_the_gate_the_verdict_says_exploratory(
    tables: Tables, indicators: tuple[str, ...]
) -> None:
    lines = profile_report(tables, typology(indicators, stability=0.7))
    assert (
        "Verdetto: esplorativa. Con 2 gruppi la stabilità è 0,700, sotto la soglia 0,750." in lines
    )


def test_the_page_says_the_same_lines_whatever_the_order_of_rows(
    tables: Tables, indicators: tuple[str, ...]
) -> None:
    frozen = typology(indicators)
    page = profile_page(tables, frozen)[PAGE]
    for line in profile_report(tables, frozen):
        assert line.strip() in page
    assert "| `tipologia_1` | Alto | 15 | 1 |" in page
    turned = {name: table[::-1] for name, table in tables.items()}
    assert profile_page(turned, frozen)[PAGE] == page
