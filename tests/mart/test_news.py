"""The difference between two releases: exactly what changed, and why."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.contracts.conform import conform
from will_pipeline.contracts.model import TableContract
from will_pipeline.mart.news import (
    DELIVERED,
    FIRST,
    METHOD,
    NO_COMPARISON,
    NOT_ACCEPTED,
    changed_sources,
    news_page,
    news_rows,
)

Tables = Mapping[str, pl.DataFrame]
FACT = "034027.Q01 · disoccupazione · 2011 · totale"


def news(now: Tables, then: Tables | None, contracts: dict[str, TableContract]) -> pl.DataFrame:
    rows = news_rows(now, then, contracts, release="2026.11.2", before="2026.11.1")
    return conform(rows, contracts["novita"])


def with_value(tables: Tables, value: float) -> Tables:
    facts = tables["fatto_indicatore"].with_columns(
        valore=pl.when(pl.col("area_id") == "034027.Q01").then(value).otherwise("valore")
    )
    return {**tables, "fatto_indicatore": facts}


def with_source(tables: Tables, digest: str) -> Tables:
    return {**tables, "dim_fonte": tables["dim_fonte"].with_columns(sha256=pl.lit(digest))}


def test_a_first_release_and_one_after_a_damaged_one_say_so(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    first = news_rows(tables, None, contracts, release="2026.11.1", before=None)
    assert first.select("oggetto", "chiave", "tipo", "motivo").rows() == [
        ("rilascio", "2026.11.1", "aggiunto", FIRST)
    ]
    assert news(tables, None, contracts)["motivo"].to_list() == [NO_COMPARISON]


def test_equal_releases_differ_in_their_number_alone(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    rows = news(tables, tables, contracts)
    assert rows["oggetto"].to_list() == ["rilascio"]
    assert "Nessuna riga delle tabelle è cambiata." in news_page(rows).decode()


def test_one_changed_figure_is_one_row_with_before_after_and_its_source(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    now = with_source(with_value(tables, 8.5), "b" * 64)
    rows = news(now, tables, contracts).filter(pl.col("oggetto") == "fatto_indicatore")
    assert rows.rows(named=True) == [
        {
            "oggetto": "fatto_indicatore", "chiave": FACT, "area_id": "034027.Q01",
            "indicatore_id": "disoccupazione", "anno": 2011, "tipo": "modificato",
            "prima": "valore = 8.0", "dopo": "valore = 8.5",
            "motivo": "È cambiata la fonte «Censimento di prova».",
        }
    ]  # fmt: skip


def test_without_a_changed_source_the_reason_is_the_program(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    rows = news(with_value(tables, 8.5), tables, contracts)
    assert set(rows["motivo"]) == {METHOD}


def test_a_refused_delivery_is_told_as_such_and_not_as_a_changed_source(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    sources = tables["dim_fonte"].with_columns(aggiornata=pl.lit(value=False))
    refused = pl.DataFrame({"controllo": "consegna_accolta", "oggetto": ["prova", "altra"]})
    checks = pl.concat([tables["controllo"], refused], how="diagonal")
    rows = news({**tables, "dim_fonte": sources, "controllo": checks}, tables, contracts)
    kept = NOT_ACCEPTED.format("«Censimento di prova»")
    assert dict(rows.select("chiave", "motivo").iter_rows()) == {
        "2026.11.2": kept,
        "prova": kept,
        "consegna_accolta · prova": DELIVERED,
        "consegna_accolta · altra": DELIVERED,
    }
    assert "È cambiata la fonte" not in news_page(rows).decode()


def test_rows_that_come_and_go_are_mirror_images(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    fewer = {**tables, "fatto_profilo": tables["fatto_profilo"].head(1)}
    added = news(tables, fewer, contracts).filter(pl.col("oggetto") == "fatto_profilo")
    removed = news(fewer, tables, contracts).filter(pl.col("oggetto") == "fatto_profilo")
    assert added.select("chiave", "tipo", pl.col("prima"), told="dopo").rows() == [
        ("034027.Q02 · 2011 · regola", "aggiunto", None, removed["prima"].item())
    ]
    assert removed.select("tipo", "dopo").rows() == [("rimosso", None)]


def test_a_new_table_is_all_new_and_a_new_column_is_no_change(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    older = {name: frame for name, frame in tables.items() if name != "dim_profilo"}
    older["dim_comune"] = older["dim_comune"].drop("uri")
    rows = news(tables, older, contracts)
    assert set(rows["oggetto"]) == {"rilascio", "dim_profilo"}
    assert rows.filter(pl.col("oggetto") == "dim_profilo")["tipo"].unique().to_list() == [
        "aggiunto"
    ]


@given(values=st.lists(st.one_of(st.none(), st.floats(0, 100)), min_size=3, max_size=3))
def test_exactly_the_rows_that_differ_are_told(
    tables: Tables, contracts: dict[str, TableContract], values: list[float | None]
) -> None:
    facts = tables["fatto_indicatore"]
    now = {
        **tables,
        "fatto_indicatore": facts.with_columns(valore=pl.Series(values, dtype=pl.Float64)),
    }
    told = news_rows(now, tables, contracts, release="2", before="1")
    changed = [
        area
        for area, old, new in zip(facts["area_id"], facts["valore"], values, strict=True)
        if old != new
    ]
    assert told.filter(pl.col("oggetto") == "fatto_indicatore")["area_id"].to_list() == changed


@pytest.mark.parametrize(
    ("now", "then", "said"),
    [
        (["a", "b"], ["a", "b"], []),
        (["a", "c"], ["a", "b"], ["f2"]),
        (["a"], ["a", "b"], ["f2"]),
    ],
)
def test_sources_that_changed_came_or_went(
    now: list[str], then: list[str], said: list[str]
) -> None:
    def frame(digests: list[str]) -> pl.DataFrame:
        names = [f"f{place}" for place in range(1, len(digests) + 1)]
        return pl.DataFrame({"fonte_id": names, "sha256": digests, "aggiornata": True})

    assert changed_sources(frame(now), frame(then)) == said


def test_the_page_of_a_first_release_says_that_it_is_the_first(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    page = news_page(news_rows(tables, None, contracts, release="2026.11.1", before=None)).decode()
    assert FIRST in page
    assert "Nessuna riga" not in page


def test_one_row_is_told_as_one(tables: Tables, contracts: dict[str, TableContract]) -> None:
    page = news_page(news(with_value(tables, 9.9), tables, contracts)).decode()
    assert "## fatto_indicatore: 1 riga\n" in page
