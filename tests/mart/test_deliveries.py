"""What readers of the mart learn of deliveries: a source, a control, the words of a table."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform, empty
from will_pipeline.contracts.model import TableContract
from will_pipeline.mart.controls import control_rows
from will_pipeline.mart.deliveries import (
    delivery_controls,
    delivery_sources,
    territory_statements,
)

TOWN = "034027"
USED = {"sha256": "b" * 64, "bytes": 1834, "rows": 24, "accepted_on": date(2026, 11, 2)}
UNUSED = {"sha256": None, "bytes": None, "rows": 0, "accepted_on": None}
FAULTS = "\n".join(f"utenti_servizi.csv, riga {row}: difetto." for row in range(2, 7))


@pytest.fixture(scope="module")
def core() -> dict[str, TableContract]:
    return load_contracts("core")


@pytest.fixture
def towns() -> pl.DataFrame:
    return pl.DataFrame({"pro_com": [TOWN], "name": ["Parma"], "uri": [f"urn:istat:comune:{TOWN}"]})


def delivered(core: dict[str, TableContract], **given: Any) -> pl.DataFrame:
    row = {
        "pro_com": TOWN, "kind": "utenti_servizi", "file": "utenti_servizi.csv", **USED,
        "state": "accolta", "message": None, "period": "2024 - 2025",
        "source_id": f"consegna_utenti_servizi_{TOWN}", **given,
    }  # fmt: skip
    return conform(pl.DataFrame([row], schema=empty(core["delivery"]).schema), core["delivery"])


def test_a_delivery_in_use_is_a_source_with_licence_checksum_and_day(
    core: dict[str, TableContract], contracts: dict[str, TableContract], towns: pl.DataFrame
) -> None:
    found = conform(delivery_sources(delivered(core), towns), contracts["dim_fonte"])
    [row] = found.to_dicts()
    assert row["fonte_id"] == "consegna_utenti_servizi_034027"
    assert row["titolo"] == "Persone seguite dai servizi, Parma"
    assert row["ente"] == "Comune di Parma"
    assert row["licenza"] == "CC BY 4.0"
    assert (row["sha256"], row["byte"]) == ("b" * 64, 1834)
    assert (row["scaricato_il"], row["data_riferimento"]) == (date(2026, 11, 2), "2024 - 2025")
    assert row["aggiornata"] is True
    assert row["problemi_noti"] is None


@pytest.mark.parametrize("kind", ["confini_sezioni", "conteggi_sezioni"])
def test_sections_are_the_producer_s_whoever_hands_them_in(
    kind: str, core: dict[str, TableContract], towns: pl.DataFrame
) -> None:
    [row] = delivery_sources(delivered(core, kind=kind), towns).to_dicts()
    assert (row["ente"], row["licenza"]) == ("ISTAT", "CC BY 3.0 IT")
    assert row["attribuzione"].endswith("file consegnato dal Comune di Parma")


def test_a_last_good_one_is_marked_with_day_and_reason(
    core: dict[str, TableContract], towns: pl.DataFrame
) -> None:
    deliveries = delivered(core, state="ultima_buona", message=FAULTS)
    [row] = delivery_sources(deliveries, towns).to_dicts()
    assert row["aggiornata"] is False
    assert row["problemi_noti"].startswith(
        "L'ultimo file non è stato accolto: restano i dati accolti il 02/11/2026. "
        "utenti_servizi.csv, riga 2: difetto."
    )
    assert "riga 5" not in row["problemi_noti"]
    assert "will consegne elenco" in row["problemi_noti"]


def test_data_without_years_refer_to_the_day_they_were_accepted(
    core: dict[str, TableContract], towns: pl.DataFrame
) -> None:
    [row] = delivery_sources(delivered(core, period=None), towns).to_dicts()
    assert row["data_riferimento"] == "2026-11-02"


def test_a_refused_delivery_is_no_source_but_a_warning(
    core: dict[str, TableContract], contracts: dict[str, TableContract], towns: pl.DataFrame
) -> None:
    deliveries = delivered(core, **UNUSED, state="rifiutata", message="x.csv: il file è vuoto.")
    assert delivery_sources(deliveries, towns).is_empty()
    [row] = conform(delivery_controls(deliveries, towns), contracts["controllo"]).to_dicts()
    assert (row["controllo"], row["esito"], row["gravita"]) == (
        "consegna_accolta", "fallito", "avviso",
    )  # fmt: skip
    assert row["messaggio"] == (
        "Persone seguite dai servizi, Parma. Il file non è stato accolto e non ci sono dati in "
        "uso. x.csv: il file è vuoto."
    )


def test_an_accepted_delivery_passes_its_control(
    core: dict[str, TableContract], towns: pl.DataFrame
) -> None:
    [row] = delivery_controls(delivered(core), towns).to_dicts()
    assert (row["esito"], row["valore"]) == ("superato", 24.0)
    assert row["messaggio"] == "Persone seguite dai servizi, Parma. Righe in uso: 24."


def test_files_of_no_delivery_are_told_too(
    core: dict[str, TableContract], towns: pl.DataFrame
) -> None:
    deliveries = delivered(
        core,
        **UNUSED,
        kind="non_riconosciuta",
        state="rifiutata",
        message="a.csv: no.",
        period=None,
    )
    [row] = delivery_controls(deliveries, towns).to_dicts()
    assert row["messaggio"].startswith("File di nessuna consegna, Parma. ")


def test_nothing_delivered_adds_nothing_to_the_mart(
    core: dict[str, TableContract], towns: pl.DataFrame, tables: dict[str, pl.DataFrame]
) -> None:
    nothing = empty(core["delivery"])
    whole = pl.concat(
        [tables["dim_fonte"], delivery_sources(nothing, towns)], how="vertical_relaxed"
    )
    assert whole.equals(tables["dim_fonte"])
    assert delivery_controls(nothing, towns).is_empty()
    assert territory_statements(empty(core["table_statement"])).is_empty()


def test_controls_of_deliveries_stand_beside_the_others(
    core: dict[str, TableContract],
    contracts: dict[str, TableContract],
    towns: pl.DataFrame,
    tables: dict[str, pl.DataFrame],
) -> None:
    no_counts = pl.DataFrame(schema={"indicatore_id": pl.String, "area_id": pl.String})
    no_reasons = pl.DataFrame(schema={"indicatore_id": pl.String, "motivo": pl.String})
    others = control_rows(tables, [], no_counts, no_reasons)
    both = pl.concat([others, delivery_controls(delivered(core), towns)], how="vertical_relaxed")
    assert conform(both, contracts["controllo"]).height == others.height + 1


def test_the_voice_of_a_table_keeps_its_words_and_its_source(
    core: dict[str, TableContract], contracts: dict[str, TableContract]
) -> None:
    said = '<img src=x onerror=alert(1)> =HYPERLINK("x")'
    row = {
        "statement_id": f"{TOWN}-3", "pro_com": TOWN, "area_id": f"{TOWN}.Q01", "theme": None,
        "table_date": date(2026, 3, 12), "actor": "abitanti", "outcome": "propone",
        "summary": said, "resource": None,
    }  # fmt: skip
    statements = pl.DataFrame([row], schema=empty(core["table_statement"]).schema)
    found = conform(territory_statements(statements), contracts["voce_territorio"])
    assert found.rows() == [
        (f"{TOWN}-3", f"{TOWN}.Q01", None, date(2026, 3, 12), "abitanti", "propone", said, None,
         f"consegna_voce_tavolo_{TOWN}")
    ]  # fmt: skip
