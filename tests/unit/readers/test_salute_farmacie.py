"""Pharmacies: open ones only, a dash is missing, spellings of a town are one town."""

import json
from typing import Any

import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.salute_farmacie import pharmacies

TOWNS = {"Reggio nell'Emilia": "035033", "Bergamo": "016024"}


def row(code: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "cod_farmacia": code, "descrizione_farmacia": "COMUNALE 1", "indirizzo": "VIA PO 1",
        "cap": "42121", "comune": "REGGIO NELL`EMILIA", "regione": "EMILIA ROMAGNA",
        "latitudine": "44,698", "longitudine": "10,63", "data_fine_validita": "-",
        "descrizione_tipologia": "Ordinaria", "p_iva": "01234567890",
    } | more  # fmt: skip


def register(*rows: Any) -> dict[str, bytes]:
    return {"FRM_FARMA_5.json": json.dumps(rows).encode()}


BERGAMO = row("9", comune="BERGAMO", latitudine="-", longitudine="-", cap="24121")


def test_reads_open_pharmacies_without_their_tax_number() -> None:
    closed = row("2", data_fine_validita="31/12/2020")
    far = row("3", latitudine="10,63", longitudine="44,698")
    table = pharmacies(register(row(), BERGAMO, closed, far), municipalities=TOWNS)
    shown = table.select("pharmacy_code", "pro_com", "latitude", "coordinates").rows()
    assert shown == [
        ("1", "035033", 44.698, "observed"),
        ("3", "035033", 10.63, "outside"),
        ("9", "016024", None, "missing"),
    ]
    assert "01234567890" not in str(table.rows())


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([], "l'elenco è vuoto"),
        ([1], "non è un elenco di oggetti"),
        ([row(), row(), BERGAMO], "farmacia 1: la farmacia è ripetuta"),
        ([row()], "nessuna farmacia del comune 016024"),
        ([row(latitudine="nord"), BERGAMO], "'nord' non è un numero"),
        ([row(comune={"nome": "Parma"}), BERGAMO], "riga 1, campo comune: .*altri campi"),
        ([{"cod_farmacia": "1"}], "campo descrizione_farmacia: il campo manca in ogni riga"),
    ],
)
def test_refuses_a_broken_register(rows: list[Any], rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        pharmacies(register(*rows), municipalities=TOWNS)
