"""Rows of `controllo`: what was seen, and whether it stops a publication."""

from typing import Any

import polars as pl
import pytest

from will_pipeline.contracts.conform import conform
from will_pipeline.contracts.model import TableContract
from will_pipeline.contracts.validation import Finding
from will_pipeline.mart.controls import control_rows

Tables = dict[str, pl.DataFrame]
NOTHING = pl.DataFrame(
    schema={
        "indicatore_id": pl.String,
        "area_id": pl.String,
        "numeratore": pl.Float64,
        "denominatore": pl.Float64,
    }
)


ALL_THERE = pl.DataFrame(schema={"indicatore_id": pl.String, "motivo": pl.String})


def rows(
    tables: Tables,
    *findings: Finding,
    impossible: pl.DataFrame = NOTHING,
    unavailable: pl.DataFrame = ALL_THERE,
) -> pl.DataFrame:
    return control_rows(tables, findings, impossible, unavailable)


def with_persons(tables: Tables, *values: float) -> Tables:
    """The mart with expected persons of every indicator of persons, 100 in the town."""
    names = tables["dim_indicatore"].filter(
        (pl.col("ruolo") == "persone") & (pl.col("unita") != "%")
    )["indicatore_id"]
    shown = values or (100.0, 60.0, 40.0)
    facts = tables["fatto_indicatore"].sort("area_id")
    persons = [
        facts.with_columns(
            indicatore_id=pl.lit(name), valore=pl.Series(shown), valore_comune=pl.lit(100.0)
        )
        for name in names
    ]
    return tables | {"fatto_indicatore": pl.concat([facts, *persons])}


def only(found: pl.DataFrame, control: str) -> dict[str, dict[str, Any]]:
    chosen = found.filter(pl.col("controllo") == control)
    return {row["oggetto"]: row for row in chosen.iter_rows(named=True)}


def test_good_content_passes_every_control(
    tables: Tables, contracts: dict[str, TableContract]
) -> None:
    found = conform(rows(with_persons(tables)), contracts["controllo"])
    assert set(found["esito"]) == {"superato"}
    assert set(found["controllo"]) == {
        "somma_residenti", "indice_in_ogni_area", "conteggi_possibili",
        "indicatore_disponibile", "persone_in_ogni_area", "somma_persone",
        "presidi_nelle_aree", "presidi_concordi",
    }  # fmt: skip


def test_a_finding_becomes_a_row_with_its_message(tables: Tables) -> None:
    found = rows(
        tables,
        Finding("dim_area", "limiti", "I numeri stanno nei limiti.", 0, ""),
        Finding("dim_area", "chiave_unica", "Chiave unica.", 2, "area_id=x"),
    )
    good, bad = only(found, "limiti")["dim_area"], only(found, "chiave_unica")["dim_area"]
    assert (good["esito"], good["gravita"], good["valore"]) == ("superato", "errore", 0.0)
    assert (bad["esito"], bad["gravita"], bad["valore"]) == ("fallito", "errore", 2.0)
    assert bad["messaggio"].endswith("Righe che violano la regola: 2; per esempio area_id=x")


def test_areas_that_do_not_make_their_city_stop_the_publication(tables: Tables) -> None:
    fewer = tables["dim_area"].with_columns(
        popolazione=pl.when(pl.col("codice") == 2).then(1999).otherwise("popolazione")
    )
    row = only(rows(tables | {"dim_area": fewer}), "somma_residenti")["034027.Q"]
    assert (row["esito"], row["gravita"], row["valore"]) == ("fallito", "errore", -1.0)
    assert row["messaggio"] == "Le aree di livello Q contano 4999 residenti, il comune 5000."


def test_a_ranked_area_without_an_index_is_a_warning(tables: Tables) -> None:
    fewer = tables["fatto_indice"].filter(
        (pl.col("dimensione") != "giovani") | (pl.col("area_id") != "034027.Q02")
    )
    found = only(rows(tables | {"fatto_indice": fewer}), "indice_in_ogni_area")
    assert found["giovani"]["esito"] == "fallito"
    assert found["giovani"]["gravita"] == "avviso"
    assert found["giovani"]["messaggio"] == "Aree in graduatoria senza indice: 1 su 2."
    assert found["mobilita"]["esito"] == "superato"


@pytest.mark.parametrize("numerator", [-1.0, 12.0])
def test_a_count_that_cannot_be_is_a_warning_with_both_numbers(
    tables: Tables, contracts: dict[str, TableContract], numerator: float
) -> None:
    impossible = pl.DataFrame(
        {
            "indicatore_id": ["giovani_non_studenti"],
            "area_id": ["034027.Q01"],
            "numeratore": [numerator],
            "denominatore": [10.0],
        }
    )
    found = conform(rows(tables, impossible=impossible), contracts["controllo"])
    row = only(found, "conteggi_possibili")["giovani_non_studenti in 034027.Q01"]
    assert (row["esito"], row["gravita"]) == ("fallito", "avviso")
    assert (row["valore"], row["soglia"]) == (numerator, 10.0)


@pytest.mark.parametrize(("west", "outcome"), [(60.1, "superato"), (60.4, "fallito")])
def test_persons_of_areas_that_do_not_make_their_city_stop_the_publication(
    tables: Tables, west: float, outcome: str
) -> None:
    found = only(rows(with_persons(tables, 100.0, west, 40.0)), "somma_persone")
    row = found["neet_15_29 in 034027.Q"]
    assert (row["esito"], row["gravita"]) == (outcome, "errore")
    assert row["valore"] == pytest.approx(west - 60)


def test_a_level_with_a_withheld_area_is_not_summed(tables: Tables) -> None:
    full = with_persons(tables)
    hidden = full["fatto_indicatore"].with_columns(
        valore=pl.when(pl.col("area_id") != "034027.Q02").then("valore")
    )
    assert only(rows(full | {"fatto_indicatore": hidden}), "somma_persone") == {}


def test_what_the_figures_cannot_give_is_a_warning_with_its_reason(tables: Tables) -> None:
    missing = pl.DataFrame({"indicatore_id": ["neet_15_29"], "motivo": ["manca P60"]})
    found = rows(with_persons(tables), unavailable=missing)
    row = only(found, "indicatore_disponibile")["neet_15_29"]
    assert (row["esito"], row["gravita"]) == ("fallito", "avviso")
    assert row["messaggio"] == "Non disponibile, mai zero: manca P60."
    assert "neet_15_29" not in only(found, "persone_in_ogni_area")


def test_a_ranked_area_without_persons_is_a_warning(tables: Tables) -> None:
    found = only(rows(tables), "persone_in_ogni_area")["isolati_65"]
    assert (found["esito"], found["gravita"]) == ("fallito", "avviso")
    assert found["messaggio"] == "Aree in graduatoria senza persone stimate: 2 su 2."


@pytest.mark.parametrize(
    ("position", "control"),
    [
        ("fuori_da_ogni_area", "presidi_nelle_aree"),
        ("area_indicata_discorde", "presidi_concordi"),
    ],
)
def test_a_place_that_stands_elsewhere_is_named_and_does_not_stop_the_publication(
    tables: Tables, position: str, control: str
) -> None:
    odd = tables["presidio"].with_columns(posizione=pl.lit(position))
    row = only(rows(tables | {"presidio": odd}), control)["034027"]
    assert (row["esito"], row["gravita"], row["valore"]) == ("fallito", "avviso", 1.0)
    assert "Biblioteca di prova" in row["messaggio"]
