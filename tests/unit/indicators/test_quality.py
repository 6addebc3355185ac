"""The quality report says what the published rows say, and nothing where they say nothing."""

import polars as pl
import pytest

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.indicators.quality import CRITERIA, quality_rows
from will_pipeline.indicators.specification import load_specification

TEXT = {"fonte_id": "prova", "gruppo": "totale", "anno": 2020, "anno_struttura": 2011}
HALF = 1.6448536269514722
AREAS = pl.DataFrame(
    {
        "area_id": ["1.C", "1.A1", "1.A2", "1.Q1", "1.Q2", "2.C", "2.A1", "2.A2"],
        "pro_com": ["1"] * 5 + ["2"] * 3,
        "livello": ["C", "A", "A", "Q", "Q", "C", "A", "A"],
    }
)
CARD: dict[str, object] = {
    "indicatore_id": "tasso", "dimensione": "giovani", "ruolo": "indice", "tipo": "eb",
    "unita": "%", "comparabilita": "tra_comuni",
}  # fmt: skip


def fact(
    area: str,
    value: float | None,
    cases: float | None = None,
    base: float | None = None,
    *,
    state: str = "valido",
    grade: str | None = None,
    deviation: float | None = None,
    indicator: str = "tasso",
) -> dict[str, object]:
    around = None if deviation is None or value is None else deviation * HALF
    return {
        **TEXT,
        "indicatore_id": indicator,
        "area_id": area,
        "valore": value,
        "numeratore": cases,
        "denominatore": base,
        "ic_inf": None if around is None or value is None else value - around,
        "ic_sup": None if around is None or value is None else value + around,
        "stato": state,
        "affidabilita": grade,
    }


RATES = [
    fact("1.C", 20.0, 40, 200),
    fact("1.A1", 10.0, 10, 100, grade="A", deviation=1.0),
    fact("1.A2", 30.0, 30, 100, grade="B", deviation=6.0),
    fact("1.Q1", 12.0, 6, 50, grade="A", deviation=0.6),
    fact("1.Q2", 24.0, 34, 150, grade="C", deviation=9.6),
    fact("2.C", 50.0, 50, 100),
    fact("2.A1", None, state="soppresso"),
    fact("2.A2", 48.0, state="valido", grade="A", deviation=2.4),
]


def report(facts: list[dict[str, object]], card: dict[str, object] | None = None) -> pl.DataFrame:
    cards = pl.DataFrame([card or CARD])
    return quality_rows(pl.DataFrame(facts, infer_schema_length=None), cards, AREAS)


def measure(rows: pl.DataFrame, name: str) -> dict[str, object]:
    return rows.row(by_predicate=pl.col("misura") == name, named=True)


@pytest.fixture(scope="module")
def rates() -> pl.DataFrame:
    return report(RATES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aree_pubblicate", 100 * 5 / 6),
        ("aree_soppresse", 100 / 6),
        ("aree_mancanti", 0.0),
        # Relative errors are 10, 20, 5, 40 and 5 %.
        ("cv_mediano", 10.0),
        ("aree_grado_a", 60.0),
        ("aree_grado_b", 20.0),
        ("aree_grado_c", 20.0),
        ("anni_struttura_livello", 9.0),
        ("anni_dal_piu_recente", 9.0),
        ("comuni_coperti", 2.0),
        ("anni_pubblicati", 1.0),
        # Only city 1 shows all its counts; both levels add up to 40.
        ("scarto_somma_aree", 0.0),
        # Weighted means 20 (census areas) and (12 x 50 + 24 x 150) / 200 = 21 (districts).
        ("scarto_fra_livelli", 100 * 1 / 20.5),
    ],
)
def test_measures_are_those_of_the_published_rows(
    rates: pl.DataFrame, name: str, value: float
) -> None:
    assert measure(rates, name)["valore"] == pytest.approx(value, abs=1e-4)


def test_rows_fit_their_contract_and_every_criterion_speaks(rates: pl.DataFrame) -> None:
    contract = load_contracts("mart")["qualita_indicatore"]
    assert conform(rates, contract).height == rates.height
    assert tuple(rates["criterio"].unique(maintain_order=True)) == CRITERIA
    assert contract.column("criterio").allowed == CRITERIA
    assert rates.select(contract.key).is_unique().all()
    assert (rates["testo"].str.len_chars() > 10).all()


def test_a_sum_that_does_not_come_back_is_told() -> None:
    broken = [*RATES[:2], fact("1.A2", 30.0, 26, 100, deviation=6.0), *RATES[3:]]
    assert measure(report(broken), "scarto_somma_aree")["valore"] == pytest.approx(10.0)


def test_persons_add_up_by_their_values_not_by_their_observed_counts() -> None:
    persons = [
        fact("1.C", 100.0), fact("1.A1", 40.0), fact("1.A2", 60.0), fact("1.Q1", 55.0),
        fact("1.Q2", 50.0),
    ]  # fmt: skip
    shipped = load_specification().indicators["neet_15_29"]
    given = {"unita": shipped.unita, "ruolo": shipped.ruolo, "tipo": shipped.tipo}
    rows = report(persons, CARD | given)
    assert measure(rows, "scarto_somma_aree")["valore"] == pytest.approx(5.0)
    assert measure(rows, "scarto_fra_livelli")["valore"] == pytest.approx(100 * 5 / 102.5, abs=1e-4)
    assert "Stima" in str(measure(rows, "natura")["testo"])


def test_what_concerns_whole_cities_only_has_no_measure_of_areas() -> None:
    rows = report(
        [fact("1.C", 20.0), fact("2.C", None, state="non_disponibile")],
        CARD | {"ruolo": "contesto", "dimensione": None, "tipo": "osservato"},
    )
    for name in ("cv_mediano", "aree_grado_a", "scarto_somma_aree", "scarto_fra_livelli"):
        assert measure(rows, name)["valore"] is None
        assert measure(rows, name)["unita"] is None
    assert measure(rows, "aree_mancanti")["valore"] == 50.0
    assert measure(rows, "comuni_coperti")["valore"] == 1.0


def test_an_indicator_that_is_not_available_has_no_error_and_no_sum() -> None:
    rows = report([fact(str(row["area_id"]), None, state="non_disponibile") for row in RATES])
    assert measure(rows, "aree_mancanti")["valore"] == 100.0
    for name in ("cv_mediano", "aree_grado_a", "scarto_somma_aree", "scarto_fra_livelli"):
        assert measure(rows, name)["valore"] is None


def test_zero_has_no_relative_error() -> None:
    rows = report([fact("1.C", 0.0, 0, 9), fact("1.A1", 0.0, 0, 9, deviation=1.0)])
    assert measure(rows, "cv_mediano")["valore"] is None


def test_the_order_of_the_facts_is_not_content(rates: pl.DataFrame) -> None:
    assert report(RATES[::-1]).equals(rates)
