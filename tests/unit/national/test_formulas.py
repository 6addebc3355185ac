"""Rates and indices over the country, on areas whose figures are known."""

from __future__ import annotations

import polars as pl
import pytest

from will_pipeline.indicators.specification import load_specification
from will_pipeline.national.formulas import Formula, Formulas, indices, national_formulas, rates
from will_pipeline.readers.census_layouts import codes


def areas(**columns: list) -> pl.DataFrame:
    count = len(columns["P1"])
    keys = {"area_id": [f"00000{n}.C" for n in range(count)], "pro_com": ["0"] * count}
    return pl.DataFrame({**keys, "level": ["C"] * count, **columns})


def test_the_country_has_twenty_rates_of_codes_that_exist() -> None:
    formulas = national_formulas(load_specification(vintage=2011))
    assert len(formulas.rates) == len({rate.name for rate in formulas.rates}) == 20
    assert set(formulas.codes) <= set(codes(2011))
    assert {"giovani", "solitudine", "mobilita"} <= formulas.themes.keys()


def test_small_uncounted_and_impossible_are_missing_and_told_apart() -> None:
    formulas = Formulas((Formula("x", "P2", "P3"),), {})
    found = rates(areas(P1=[500, 249, None, 300], P2=[1, 1, None, 1], P3=[4, 4, None, 0]), formulas)
    assert found["stato"].to_list() == ["osservato", "oscurato", "mancante", "osservato"]
    assert found["tasso_x"].to_list() == [25.0, None, None, None]


def test_an_area_at_the_mean_of_the_pool_scores_one_hundred() -> None:
    formulas = Formulas(
        (Formula("x", "P2", "P1"), Formula("y", "P3", "P1")), {"t": (("x", 1), ("y", -1))}
    )
    table = rates(
        areas(P1=[1000, 1000, 1000, None], P2=[10, 20, 30, None], P3=[30, 20, 10, None]), formulas
    )
    found = indices(table, formulas, pool=pl.Series([True] * 4))["indice_t"].to_list()
    assert found[1] == pytest.approx(100)
    assert found[0] == pytest.approx(70)
    assert found[2] == pytest.approx(130)
    assert found[3] is None
