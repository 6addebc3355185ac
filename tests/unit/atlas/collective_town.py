"""The collective side of the two small towns: persons, basins, places, voices, twins, scenario.

Borgo Prova has handed files in; Marina Prova has not.
"""

from datetime import date

import polars as pl

BORGO, MARINA = "099001", "099002"
Q1, Q2, Q5, A1 = f"{BORGO}.Q01", f"{BORGO}.Q02", f"{BORGO}.Q05", f"{MARINA}.A01"
HOSTILE = "<script>alert(1)</script>"


def collective_tables() -> dict[str, pl.DataFrame]:
    """Tables with the columns of their contracts that the pages read."""
    return {
        "bisogno_latente": pl.DataFrame(
            [
                _persons(Q1, "giovani", 120.4, served=40),
                _persons(Q1, "solitudine", 310.0, state="riservata"),
                _persons(Q2, "giovani", 80.0),
                _persons(Q5, "giovani", None),
            ],
            infer_schema_length=None,
        ),
        "bacino": pl.DataFrame(
            {
                "bacino_id": [f"{BORGO}.B-giovani-01"],
                "dimensione": ["giovani"],
                "nome": ["Centro storico e Molino"],
                "persone_attese": [200.4],
                "persone_inf": [150.0],
                "persone_sup": [260.0],
                "soglia": [150.0],
                "contiguo": [False],
                "n_aree": [3],
                "aree_senza_numero": [1],
                "nota": [HOSTILE],
            }
        ),
        "bacino_area": pl.DataFrame(
            {"bacino_id": [f"{BORGO}.B-giovani-01"] * 3, "area_id": [Q1, Q2, Q5]}
        ),
        "accesso_presidi": pl.DataFrame(
            [
                _access(Q1, "biblioteca", 2, 0.16, 410.0),
                _access(Q1, "casa_della_comunita", 1, 0.08, 900.0, state="parziale"),
                _access(Q1, "scuola_primaria", None, None, None, state="non_disponibile"),
            ],
            infer_schema_length=None,
        ),
        "voce_territorio": pl.DataFrame(
            {
                "voce_id": ["v1", "v2"],
                "area_id": [Q1, Q1],
                "dimensione": ["solitudine", None],
                "data_tavolo": [date(2026, 3, 12), date(2026, 5, 2)],
                "tipo_attore": ["terzo_settore", "sanita"],
                "esito": ["conferma", "propone"],
                "sintesi": ["La sera non passa l'autobus.", HOSTILE],
                "risorsa_indicata": ["Oratorio", None],
            }
        ),
        "area_simile": pl.DataFrame(
            {
                "area_id": [Q1, Q1],
                "simile_id": [A1, A1],
                "posto": [1, 2],
                "tratti_comuni": ["più anziani di 75 anni e più", "meno famiglie numerose"],
                "indicatori_usati": [8, 8],
            }
        ),
        "proiezione": pl.DataFrame(
            [
                _scenario(Q1, "solitudine", 402.0, None),
                _scenario(Q2, "giovani", None, "C'è una sola struttura per età."),
                _scenario(Q2, "solitudine", None, "C'è una sola struttura per età."),
            ],
            infer_schema_length=None,
        ),
        "valutazione": pl.DataFrame(
            {
                "pro_com": [BORGO],
                "misura": ["Doposcuola"],
                "lettura": ["Nulla di chiaro."],
            }
        ),
        "ripartizione": pl.DataFrame(
            {"pro_com": [BORGO], "titolo": ["Ore di educatori"], "lettura": ["È un esercizio."]}
        ),
    }


def _persons(
    area: str, need: str, expected: float | None, *, served: int | None = None, state: str = ""
) -> dict[str, object]:
    known = expected is not None and served is not None
    return {
        "area_id": area, "dimensione": need, "anno": 2024, "attesi": expected,
        "attesi_inf": None if expected is None else expected - 30,
        "attesi_sup": None if expected is None else expected + 30,
        "stato_attesi": "soppresso" if expected is None else "valido",
        "serviti": served, "anno_serviti": 2025 if known else None,
        "latenti": expected - served if known else None,
        "eccedenza": 0.0 if known else None,
        "latenti_inf": 50.0 if known else None, "latenti_sup": 110.0 if known else None,
        "stato_copertura": state or ("nota" if known else "non nota"),
    }  # fmt: skip


def _access(
    area: str, kind: str, number: int | None, rate: float | None, away: float | None,
    *, state: str = "valido",
) -> dict[str, object]:  # fmt: skip
    return {
        "area_id": area, "tipo": kind, "numero": number, "per_mille": rate,
        "distanza_media_m": away, "non_collocati": 7, "stato": state,
        "motivo": None if state == "valido" else "Senza coordinate.", "fonte_id": "censimento",
    }  # fmt: skip


def _scenario(area: str, need: str, persons: float | None, reason: str | None) -> dict[str, object]:
    return {
        "area_id": area, "dimensione": need, "anno": 2035, "anno_base": 2025, "persone": persons,
        "inf": None if persons is None else persons - 80,
        "sup": None if persons is None else persons + 90,
        "stato": "non_disponibile" if persons is None else "valido", "motivo": reason,
        "nota": None,
    }  # fmt: skip
