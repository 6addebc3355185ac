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
        "bacini_completi", "bacini_sopra_soglia", "persone_come_nei_fatti",
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


def test_an_area_outside_every_basin_stops_the_publication(tables: Tables) -> None:
    full = with_persons(tables)
    fewer = full["bacino_area"].filter(
        (pl.col("area_id") != "034027.Q02") | ~pl.col("bacino_id").str.contains("giovani")
    )
    found = only(rows(full | {"bacino_area": fewer}), "bacini_completi")
    assert {name: row["esito"] for name, row in found.items()} == {
        "giovani": "fallito", "solitudine": "superato", "mobilita": "superato",
        "nuove_generazioni": "superato",
    }  # fmt: skip
    assert (found["giovani"]["valore"], found["giovani"]["gravita"]) == (1.0, "errore")


def test_a_city_with_persons_and_no_basin_at_all_stops_the_publication(tables: Tables) -> None:
    full = with_persons(tables)
    none = {name: full[name].clear() for name in ("bacino", "bacino_area")}
    found = only(rows(full | none), "bacini_completi")
    assert all(row["esito"] == "fallito" and row["valore"] == 2 for row in found.values())


def test_a_need_without_persons_has_no_basin_and_says_why(tables: Tables) -> None:
    without = {name: tables[name].clear() for name in ("bacino", "bacino_area")}
    row = only(rows(tables | without), "bacini_completi")["nuove_generazioni"]
    assert row["esito"] == "superato"
    assert row["messaggio"] == "Nessun bacino: le persone non si stimano sulle cifre in uso."


def test_a_city_below_the_threshold_is_a_warning(tables: Tables) -> None:
    higher = tables["bacino"].with_columns(
        soglia=pl.when(pl.col("dimensione") == "mobilita").then(500.0).otherwise("soglia")
    )
    found = only(rows(with_persons(tables) | {"bacino": higher}), "bacini_sopra_soglia")
    assert (found["mobilita"]["esito"], found["mobilita"]["gravita"]) == ("fallito", "avviso")
    assert found["giovani"]["esito"] == "superato"


@pytest.mark.parametrize(
    ("table", "column"), [("bacino_area", "persone_attese"), ("bisogno_latente", "attesi")]
)
def test_persons_that_differ_from_the_facts_stop_the_publication(
    tables: Tables, table: str, column: str
) -> None:
    full = with_persons(tables)
    moved = full[table].with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(pl.col(column) + 0.1).otherwise(column)
        .alias(column)
    )  # fmt: skip
    found = only(rows(full | {table: moved}), "persone_come_nei_fatti")
    assert {name: row["valore"] for name, row in found.items() if row["esito"] == "fallito"} == {
        table: 1.0
    }
