"""Pages of the indicators: what they say, what they leave out, what is left of old ones."""

from pathlib import Path

import polars as pl
import pytest

from will_pipeline.documentation.__main__ import read_mart, write_pages
from will_pipeline.documentation.indicator_pages import INDEX_PAGE, indicator_pages

Tables = dict[str, pl.DataFrame]


def test_every_indicator_has_a_page_and_a_plot_where_it_has_values(tables: Tables) -> None:
    assert set(indicator_pages(tables)) == {
        INDEX_PAGE, "tasso.md", "tasso.svg", "intero.md", "intero.svg", "muto.md",
    }  # fmt: skip


def test_a_page_says_formula_source_vintages_nature_and_limits(tables: Tables) -> None:
    page = indicator_pages(tables)["tasso.md"]
    for said in (
        "`100 × a | b`", "Censimento (Ente)", "livello del 2020, struttura del 2011",
        "stabilizzato (`eb`)", "Non dice perché.", "Ogni cento, quanti.", "Come sempre.",
        "sotto 250 residenti", "Bisogno uno", "- Numeratore: Casi.",
    ):  # fmt: skip
        assert said in page
    assert "Altra" not in page


def test_a_page_shows_the_formula_of_every_vintage(tables: Tables) -> None:
    page = indicator_pages(tables)["tasso.md"]
    assert "| 2011 | `100 × a \\| b` |" in page
    assert "| 2021 e 2023 | non disponibile |" in page
    cards = tables["dim_indicatore"].with_columns(formule_annate=pl.lit(None, dtype=pl.String))
    assert (
        "Annata | Formula" not in indicator_pages({**tables, "dim_indicatore": cards})["tasso.md"]
    )


def test_numbers_are_the_published_ones_of_the_newest_year(tables: Tables) -> None:
    page = indicator_pages(tables)["tasso.md"]
    # Alfa comes first: city 4, areas 5 and 6. Zeta: city 0, one area left, the other is withheld.
    rows = [line for line in page.splitlines() if line.startswith(("| Alfa", "| Zeta"))]
    assert rows == [
        "| Alfa | 4,0 | 2 | 5,5 | 5,0 | 6,0 |",
        "| Zeta | 0,0 | 1 | 1,0 | 1,0 | 1,0 |",
    ]
    assert "77,7" not in page


def test_quality_comes_in_the_order_of_the_criteria(tables: Tables) -> None:
    page = indicator_pages(tables)["tasso.md"]
    found = [
        line for line in page.splitlines() if line.endswith(("Tante. |", "Tardi. |", "Cieca. |"))
    ]
    assert found == [
        "| Rilevanza | `r` | 12,3 % | Tante. |",
        "| Tempestività | `t` | 1 anno | Tardi. |",
        "| Coerenza | `c` | – | Cieca. |",
    ]
    assert "Vecchia" not in page


def test_an_indicator_without_values_says_so_and_has_no_plot(tables: Tables) -> None:
    page = indicator_pages(tables)["muto.md"]
    assert "nessuna area ha un valore" in page
    assert ".svg" not in page


def test_the_general_context_comes_last_in_the_index(tables: Tables) -> None:
    index = indicator_pages(tables)[INDEX_PAGE]
    places = [index.index(heading) for heading in ("Bisogno uno", "Bisogno due", "## Contesto")]
    assert places == sorted(places)
    assert "[Prova](intero.md)" in index


def test_the_order_of_rows_is_not_content(tables: Tables) -> None:
    turned = {name: table[::-1] for name, table in tables.items()}
    assert indicator_pages(turned) == indicator_pages(tables)


def test_a_table_that_is_not_there_is_named(tables: Tables) -> None:
    del tables["qualita_indicatore"]
    with pytest.raises(KeyError, match="qualita_indicatore"):
        indicator_pages(tables)


def test_pages_of_indicators_that_are_no_more_are_removed(tmp_path: Path) -> None:
    (tmp_path / "vecchio.md").write_text("x", "utf-8")
    (tmp_path / "vecchio.svg").write_text("x", "utf-8")
    (tmp_path / "altro.txt").write_text("x", "utf-8")
    write_pages({"nuovo.md": "testo\n"}, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"nuovo.md", "altro.txt"}


def test_without_a_mart_the_command_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make run"):
        read_mart(tmp_path)
