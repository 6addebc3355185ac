"""Published tables of two towns and three indicators, small enough to read a page whole."""

import polars as pl
import pytest

TOWNS = ("099001", "099002")
CARD = {
    "nome": "Prova", "nome_breve": "Prova", "name_en": "Trial", "dimensione": "uno",
    "ruolo": "indice", "unita": "%", "polarita": 1, "comparabilita": "tra_comuni", "tipo": "eb",
    "formula": "100 × a | b",
    "formule_annate": "2011: 100 × a | b; 2021 e 2023: non disponibile",
    "numeratore_def": "Casi", "denominatore_def": "Residenti",
    "come_si_legge": "Ogni cento, quanti.", "cosa_non_dice": "Non dice perché.",
    "metodo": "Come sempre.", "soglia_riservatezza": 250, "decimali": 1,
}  # fmt: skip
FACT = {
    "gruppo": "totale", "stato": "valido", "anno": 2020, "anno_struttura": 2011, "fonte_id": "f",
}  # fmt: skip


@pytest.fixture
def tables() -> dict[str, pl.DataFrame]:
    areas = [
        (f"{town}.{tail}", town, tail[0]) for town in TOWNS for tail in ("C", "A1", "A2", "Q1")
    ]
    facts = [
        {**FACT, "indicatore_id": "tasso", "area_id": area, "valore": float(place)}
        for place, (area, _, _) in enumerate(areas)
    ]
    facts[2] |= {"stato": "soppresso", "valore": None}
    facts += [
        {**FACT, "indicatore_id": "tasso", "area_id": "099001.C", "valore": 77.7, "anno": 2019},
        {
            **FACT, "indicatore_id": "intero", "area_id": "099001.C", "valore": 1_234.0,
            "anno_struttura": 2020,
        },
        {
            **FACT, "indicatore_id": "muto", "area_id": "099001.A1", "valore": None,
            "stato": "non_disponibile",
        },
    ]  # fmt: skip
    return {
        "dim_comune": pl.DataFrame({"pro_com": TOWNS, "nome": ["Zeta", "Alfa"]}),
        "dim_area": pl.DataFrame(areas, schema=["area_id", "pro_com", "livello"], orient="row"),
        "dim_dimensione": pl.DataFrame(
            {"dimensione": ["uno", "due"], "nome": ["Bisogno uno", "Bisogno due"], "ordine": [1, 2]}
        ),
        "dim_indicatore": pl.DataFrame(
            [
                CARD | {"indicatore_id": "tasso"},
                CARD
                | {
                    "indicatore_id": "intero", "dimensione": None, "ruolo": "contesto",
                    "unita": "persone", "decimali": 0, "soglia_riservatezza": 0,
                    "numeratore_def": None, "denominatore_def": None,
                },
                CARD | {"indicatore_id": "muto", "dimensione": "due", "ruolo": "persone"},
            ],
            infer_schema_length=None,
        ),
        "dim_fonte": pl.DataFrame(
            {
                "fonte_id": ["f", "altra"], "titolo": ["Censimento", "Altra"],
                "ente": ["Ente", "Ente"], "data_riferimento": ["2011", "2011"],
                "licenza": ["CC BY", "CC BY"], "licenza_uri": ["https://l.example"] * 2,
                "url": ["https://f.example", "https://a.example"],
            }
        ),
        "fatto_indicatore": pl.DataFrame(facts, infer_schema_length=None),
        "qualita_indicatore": pl.DataFrame(
            {
                "indicatore_id": ["tasso"] * 4, "anno": [2020, 2020, 2020, 2019],
                "criterio": ["coerenza", "tempestivita", "rilevanza", "rilevanza"],
                "misura": ["c", "t", "r", "r"], "valore": [None, 1.0, 12.345, 99.0],
                "unita": [None, "anni", "%", "%"],
                "testo": ["Cieca.", "Tardi.", "Tante.", "Vecchia."],
            }
        ),
    }  # fmt: skip
