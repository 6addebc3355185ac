"""Context of the municipalities, from hand-made tables of every source."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.indicators.context import context_facts, context_rows

HERE, ELSEWHERE = "034027", "015146"
SCHOOLS = [
    (HERE, "SCUOLA PRIMARIA", None),
    (HERE, "SCUOLA PRIMARIA", "NORMALE"),
    (HERE, "ISTITUTO COMPRENSIVO", None),
    (HERE, "LICEO SCIENTIFICO", "SPEC. PER CARCERARI"),
    (ELSEWHERE, "SCUOLA PRIMARIA", None),
]


@pytest.fixture
def raw() -> dict[str, pl.DataFrame]:
    return {
        "istat_bilancio_2025": pl.DataFrame(
            {
                "pro_com": [HERE, HERE, ELSEWHERE],
                "year": [2025, 2025, 2025],
                "sex": ["T", "F", "T"],
                "population_start": [200_000, 104_000, 1_400_000],
            }
        ),
        "istat_bes_territori": pl.DataFrame(
            {
                "province_code": ["ITD52"] * 4 + ["ITC45"],
                "indicator_code": [
                    "02IST006-N22", "02IST006-N22", "03LAV003P-N22", "XX", "02IST006-N22",
                ],
                "sex": ["T", "F", "T", "T", "T"],
                "year": [2024, 2024, 2023, 2024, 2024],
                "value": [9.5, 11.0, None, 1.0, 12.0],
            }
        ),
        "istat_soddisfazione_vita": pl.DataFrame(
            {
                "province_code": ["ITD52"],
                "year": [2023],
                "share_8_10": [50.5],
                "persons_8": [100],
                "persons_9": [70],
                "persons_10": [32],
                "persons_total": [400],
            }
        ),
        "mef_irpef_comuni": pl.DataFrame(
            {
                "pro_com": [HERE, HERE],
                "year": [2023, 2023],
                "item": ["taxable_income", "pensions"],
                "amount_eur": [3_000_000, 1],
                "frequency": [100, 1],
            }
        ),
        "istat_cittadinanza_2025": pl.DataFrame(
            {
                "pro_com": [HERE, HERE],
                "year": [2025, 2025],
                "sex": ["T", "M"],
                "population_start": [30_000, 15_000],
                "citizenship_acquisitions": [900, 400],
            }
        ),
        "eligendo_affluenza": pl.DataFrame(
            {
                "pro_com": [HERE] * 3,
                "consultation": ["politiche_2022", "europee_2024", "referendum_2020"],
                "last_day": [date(2022, 9, 25), date(2024, 6, 9), date(2020, 9, 21)],
                "electors": [1000, 1000, 1000],
                "voters": [640, 500, 100],
            }
        ),
        "mim_scuole": pl.DataFrame(
            SCHOOLS, schema=["pro_com", "school_type", "feature"], orient="row"
        ).with_columns(school_year=pl.lit("2025/26")),
        "iccu_biblioteche": pl.DataFrame({"pro_com": [HERE] * 4}),
        "agenzia_cinque_per_mille": pl.DataFrame(
            {"pro_com": [HERE] * 3, "third_sector": [True, True, False], "year": [2022] * 3}
        ),
        "opencivitas_spesa": pl.DataFrame(
            {"pro_com": [HERE], "year": [2022], "historical_per_resident_eur": [812.5]}
        ),
    }  # fmt: skip


@pytest.fixture
def rows(raw: dict[str, pl.DataFrame]) -> pl.DataFrame:
    cities = pl.DataFrame({"pro_com": [HERE], "province_code": ["ITD52"]})
    return context_rows(raw, cities)


def row(rows: pl.DataFrame, indicator: str) -> dict[str, Any]:
    return rows.filter(pl.col("indicator_id") == indicator).row(0, named=True)


@pytest.mark.parametrize(
    ("indicator", "said"),
    [
        ("residenti", (2025, 200_000, None, None)),
        ("neet_provincia", (2024, 9.5, None, None)),
        ("occupazione_giovanile_provincia", (2023, None, None, None)),
        ("soddisfazione_vita_provincia", (2023, 50.5, 202, 400)),
        ("reddito_imponibile_medio", (2023, 30_000, 3_000_000, 100)),
        ("stranieri_residenti", (2025, 15, 30_000, 200_000)),
        ("acquisizioni_cittadinanza", (2025, 30, 900, 30_000)),
        ("affluenza_politiche", (2022, 64, 640, 1000)),
        ("affluenza_europee", (2024, 50, 500, 1000)),
        ("scuole", (2025, 0.1, 2, 200_000)),
        ("biblioteche", (2017, 0.2, 4, 200_000)),
        ("enti_terzo_settore", (2022, 0.1, 2, 200_000)),
        ("spesa_servizi_pro_capite", (2022, 812.5, None, None)),
    ],
)
def test_every_source_gives_its_row(
    rows: pl.DataFrame, indicator: str, said: tuple[float | None, ...]
) -> None:
    found = row(rows, indicator)
    shown = [found[name] for name in ("year", "value", "numerator", "denominator")]
    for value, owed in zip(shown, said, strict=True):
        assert value == (None if owed is None else pytest.approx(owed))


def test_only_the_cities_asked_for_and_nothing_else(rows: pl.DataFrame) -> None:
    assert set(rows["pro_com"]) == {HERE}
    assert rows.height == 13
    conform(rows, load_contracts("core")["municipality_context"])


def test_facts_of_context_have_no_interval_and_no_comparison(rows: pl.DataFrame) -> None:
    facts = conform(context_facts(rows), load_contracts("mart")["fatto_indicatore"])
    assert set(facts["area_id"]) == {f"{HERE}.C"}
    for name in ("ic_inf", "ic_sup", "affidabilita", "indice_100", "lettura", "nota"):
        assert facts[name].null_count() == facts.height
    states = dict(facts.select("indicatore_id", "stato").iter_rows())
    assert states.pop("occupazione_giovanile_provincia") == "non_disponibile"
    assert set(states.values()) == {"valido"}
    assert (facts["anno"] == facts["anno_struttura"]).all()


def test_a_register_that_was_not_read_counts_no_city_as_having_none(
    raw: dict[str, pl.DataFrame],
) -> None:
    municipalities = pl.DataFrame({"pro_com": [HERE], "province_code": ["ITD52"]})
    unread = raw | {"iccu_biblioteche": raw["iccu_biblioteche"].clear()}
    found = context_rows(unread, municipalities)["indicator_id"].to_list()
    assert "biblioteche" not in found
    assert "scuole" in found


def test_a_register_of_another_year_says_so(raw: dict[str, pl.DataFrame]) -> None:
    municipalities = pl.DataFrame({"pro_com": [HERE], "province_code": ["ITD52"]})
    schools = raw["mim_scuole"].with_columns(school_year=pl.lit("2026/27"))
    found = context_rows(raw | {"mim_scuole": schools}, municipalities, library_year=2026)
    years = dict(found.select("indicator_id", "year").iter_rows())
    assert (years["scuole"], years["biblioteche"]) == (2026, 2026)
    assert years["enti_terzo_settore"] == 2022
