"""City series: what is carried on, how far, and how wrong the method would have been."""

from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform
from will_pipeline.contracts.model import TableContract
from will_pipeline.needs.city_series import Track, city_series_rows, rolling_errors
from will_pipeline.statistics.structural_series import project_series

TOWN, PROVINCE = "034027", "ITD52"
NEET = "02IST006-N22"
VALUES = [14.0, 12.9, 16.0, 16.3, 10.9, 8.4, 10.9]
PEERS = {PROVINCE: VALUES, "ITC45": VALUES[::-1], "ITF33": [30.0] * 7, "IT108": VALUES}


@cache
def contract() -> TableContract:
    return load_contracts("mart")["serie_citta"]


def provinces() -> pl.DataFrame:
    return pl.DataFrame(
        [
            (code, NEET, "T", 2018 + place, value)
            for code, values in PEERS.items()
            for place, value in enumerate(values)
        ],
        schema=["province_code", "indicator_code", "sex", "year", "value"],
        orient="row",
    )


def context(values: list[float | None], indicator: str = "neet_provincia") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "pro_com": TOWN,
            "indicator_id": indicator,
            "year": list(range(2018, 2018 + len(values))),
            "value": values,
            "source_id": "istat_bes_territori",
        },
        schema_overrides={"value": pl.Float64},
    )


def series(given: pl.DataFrame, **more: Any) -> pl.DataFrame:
    residents = {"pro_com": [TOWN] * 2, "year": [2022, 2023], "population": [100, 110]}
    rows = city_series_rows(
        given,
        more.get("provinces", provinces()),
        pl.DataFrame(residents),
        pl.DataFrame({"pro_com": [TOWN], "province_code": [PROVINCE]}),
    )
    return conform(rows, contract())


def of(rows: pl.DataFrame, indicator: str, nature: str) -> list[dict[str, Any]]:
    chosen = (pl.col("indicatore_id") == indicator) & (pl.col("natura") == nature)
    return rows.filter(chosen).sort("anno").to_dicts()


def test_seven_years_are_carried_three_on_as_the_model_says() -> None:
    rows = series(context(VALUES))
    ahead = of(rows, "neet_provincia", "proiettato")
    said = project_series(
        np.array(VALUES) / 100, np.arange(2018, 2025), horizon=3, scale="logit", level=0.9
    )
    assert [row["anno"] for row in ahead] == [2025, 2026, 2027]
    for name, values in (("valore", said.median), ("inf", said.lower), ("sup", said.upper)):
        assert [row[name] for row in ahead] == pytest.approx(list(100 * values), abs=5e-4)
    assert [row["valore"] for row in of(rows, "neet_provincia", "osservato")] == VALUES


def test_the_error_is_measured_on_the_macro_areas_of_the_cities() -> None:
    first, second, _ = of(series(context(VALUES)), "neet_provincia", "proiettato")
    # ITD52 alone: ITC45, ITF33 and IT108 are elsewhere.
    assert first["prove"] == 1
    assert first["errore_prova"] == first["errore_proprio"]
    assert first["errore_fermo"] == pytest.approx(abs(8.4 - 10.9))
    assert (second["prove"], second["errore_prova"]) == (0, None)


def test_an_origin_learns_nothing_from_the_years_it_is_asked_for() -> None:
    years = np.arange(2018, 2026)
    track = Track("x", years, np.array([*VALUES, 12.0]))
    errors = rolling_errors([track], "logit")
    assert errors["ahead"].to_list() == [1, 2, 1]
    said = project_series(np.array(VALUES[:6]) / 100, years[:6], horizon=2, scale="logit")
    assert errors["error"][:2].to_list() == pytest.approx(
        [abs(100 * said.median[0] - 10.9), abs(100 * said.median[1] - 12.0)]
    )
    assert errors["still"][:2].to_list() == pytest.approx([abs(8.4 - 10.9), abs(8.4 - 12.0)])


def test_a_gap_in_the_years_counts_as_years_ahead() -> None:
    years = np.array([2015, 2016, 2017, 2018, 2019, 2020, 2022])
    errors = rolling_errors([Track("x", years, np.array(VALUES))], "logit")
    assert errors["ahead"].to_list() == [2]


@pytest.mark.parametrize(
    ("given", "indicator", "reason"),
    [
        (context(VALUES[:6]), "neet_provincia", "ha 6 anni. Ne servono 7"),
        (context([*VALUES[:6], None]), "neet_provincia", "ha 6 anni. Ne servono 7"),
        (context([20e3, 21e3, 22e3], "reddito_imponibile_medio"), "reddito_imponibile_medio", "3"),
        (context([10.0] * 7), "neet_provincia", "è piatta"),
    ],
)
def test_a_series_that_is_not_carried_on_says_why(
    given: pl.DataFrame, indicator: str, reason: str
) -> None:
    rows = series(given)
    assert of(rows, indicator, "proiettato") == []
    observed = of(rows, indicator, "osservato")
    assert len(observed) == given.height
    assert all(reason in row["motivo"] and not row["proiettata"] for row in observed)


def test_a_year_without_a_value_stays_missing() -> None:
    rows = of(series(context([*VALUES, None])), "neet_provincia", "osservato")
    assert (rows[-1]["stato"], rows[-1]["valore"]) == ("non_disponibile", None)


def test_residents_come_from_both_sources() -> None:
    rows = of(series(context([105.0], "residenti")), "residenti", "osservato")
    assert [(row["anno"], row["fonte_id"]) for row in rows] == [
        (2018, "istat_bes_territori"),
        (2022, "istat_popolazione"),
        (2023, "istat_popolazione"),
    ]


def test_the_order_of_the_rows_changes_nothing() -> None:
    given = context(VALUES)
    turned = series(given.reverse(), provinces=provinces().reverse())
    assert_frame_equal(turned, series(given))
