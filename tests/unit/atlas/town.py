"""A hand-made mart of two small towns with every state an area can be in.

Borgo Prova has quartieri and census areas; Quartiere 3 misses one need, Quartiere 4 is small,
Quartiere 5 has few cases and Quartiere 6 carries a hostile name. Marina Prova has census areas
only.
"""

from datetime import date

import polars as pl

from tests.unit.atlas.collective_town import collective_tables
from will_pipeline.geography.tiles import tile_schema

HOSTILE = '<img src=x onerror="alert(1)">'
FORMULA = '=HYPERLINK("https://evil.example","apri")'
BORGO, MARINA = "099001", "099002"
THEMES = (
    ("giovani", "Giovani in bilico", "Young people"),
    ("solitudine", "Solitudine", "Loneliness"),
    ("mobilita", "Strade in salita", "Social mobility"),
    ("nuove_generazioni", "Nuove generazioni", "New generations"),
)
# area_id, pro_com, level, code, name, residents
AREAS = (
    (f"{BORGO}.C", BORGO, "C", None, "Borgo Prova", 31080),
    (f"{BORGO}.Q01", BORGO, "Q", 1, "Centro storico", 12500),
    (f"{BORGO}.Q02", BORGO, "Q", 2, "Molino", 9400),
    (f"{BORGO}.Q03", BORGO, "Q", 3, "Stazione", 6100),
    (f"{BORGO}.Q04", BORGO, "Q", 4, "Colle", 900),
    (f"{BORGO}.Q05", BORGO, "Q", 5, "Cascine", 180),
    (f"{BORGO}.Q06", BORGO, "Q", 6, HOSTILE, 2000),
    (f"{BORGO}.A01", BORGO, "A", 1, "Area di censimento 1", 18000),
    (f"{BORGO}.A02", BORGO, "A", 2, "Area di censimento 2", 13080),
    (f"{MARINA}.C", MARINA, "C", None, "Marina Prova", 8000),
    (f"{MARINA}.A00", MARINA, "A", 0, "Area di censimento 0", 400),
    (f"{MARINA}.A01", MARINA, "A", 1, FORMULA, 7600),
)
VALUES = {
    f"{BORGO}.Q01": (97.2, 3, 6),
    f"{BORGO}.Q02": (104.2, 1, 3),
    f"{BORGO}.Q03": (100.4, 2, 5),
    f"{BORGO}.Q06": (127.6, 1, 1),
    f"{BORGO}.A01": (98.5, 1, 2),
    f"{BORGO}.A02": (102.0, 1, 2),
    f"{MARINA}.A01": (99.0, 1, 1),
}
TEXT, REAL, WHOLE = pl.String, pl.Float64, pl.Int64


def town_tables() -> dict[str, pl.DataFrame]:
    """Tables of the mart with the columns of their contracts that the atlas reads."""
    areas = _areas()
    return collective_tables() | {
        "dim_comune": pl.DataFrame(
            {
                "pro_com": [MARINA, BORGO],
                "nome": ["Marina Prova", "Borgo Prova"],
                "sigla": ["MP", "BP"],
                "regione": ["Regione Prova", "Regione Prova"],
                "provincia": ["Prova", "Prova"],
                "popolazione": [8123, 31500],
                "popolazione_anno": [2023, 2023],
            }
        ),
        "dim_area": areas,
        "area_geometria": tile_schema(areas).with_columns(fonte_id=pl.lit("censimento")),
        "dim_dimensione": pl.DataFrame(
            [_theme(place, *theme) for place, theme in enumerate(THEMES)]
        ),
        "dim_indicatore": _indicators(),
        "fatto_indicatore": _facts(),
        "fatto_indice": _indices(),
        "dim_profilo": _profiles(),
        "fatto_profilo": _profile_facts(),
        "dim_fonte": _sources(),
        "controllo": pl.DataFrame(
            {
                "controllo": ["chiave_unica", "somma_residenti"],
                "oggetto": ["dim_area", "dim_area"],
                "esito": ["superato", "fallito"],
                "gravita": ["errore", "avviso"],
                "messaggio": ["0 chiavi ripetute", "residenti diversi dalla somma"],
                "valore": [0.0, 1.0],
                "soglia": [0.0, 0.0],
            }
        ),
        "mart_info": pl.DataFrame(
            {
                "chiave": ["rilascio", "licenza", "impronta"],
                "valore": ["2026.11.1", "CC BY 4.0", "c" * 64],
                "descrizione": ["Numero del rilascio", "Licenza dei dati", "Impronta"],
            }
        ),
    }


def _areas() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "area_id": area_id,
                "pro_com": town,
                "livello": level,
                "codice": code,
                "nome": name,
                "edizione_confini": "censimento 2011",
                "popolazione": residents,
                "famiglie": residents // 2,
                "residuale": level == "A" and code == 0,
                "in_graduatoria": level != "C" and residents >= 1000,
                "fonte_id": "censimento",
            }
            for area_id, town, level, code, name, residents in AREAS
        ]
    )


def _theme(place: int, key: str, name: str, name_en: str) -> dict[str, object]:
    partial = key == "nuove_generazioni"
    return {
        "dimensione": key,
        "nome": name,
        "name_en": name_en,
        "domanda": f"Dove è più probabile: {name.lower()}?",
        "descrizione": f"Che cosa si intende per {name.lower()}.",
        "cosa_non_dice": f"Non dice chi sono le persone ({name.lower()}).",
        "ordine": place + 1,
        "parziale": partial,
        "motivo_parziale": "Un solo indicatore nel 2011." if partial else None,
    }


def _indicators() -> pl.DataFrame:
    cards = (
        ("disoccupazione", "Tasso di disoccupazione", "mobilita", "indice", "%", 1, "eb", 1),
        ("occupazione_femminile", "Occupazione femminile", "mobilita", "indice", "%", -1, "eb", 1),
        ("anziani_75", "Residenti oltre i 75 anni", "solitudine", "indice", "%", 1, "osservato", 1),
        ("neet_15_29", "Giovani fuori da scuola e lavoro", "giovani", "persone", "persone", 1,
         "sintetico", 0),
        ("sovraconcentrazione", "Concentrazione oltre la media", "nuove_generazioni", "indice",
         "volte la media della città", 1, "proxy", 2),
        ("eta_media", "Età media", None, "contesto", "anni", 0, "derivato", 1),
    )  # fmt: skip
    return pl.DataFrame(
        [
            {
                "indicatore_id": key,
                "nome": name,
                "nome_breve": name,
                "dimensione": theme,
                "ruolo": role,
                "comparabilita": "entro_comune" if tier == "proxy" else "tra_comuni",
                "unita": unit,
                "polarita": polarity,
                "tipo": tier,
                "formula": "(P60 - P61) / P60",
                "come_si_legge": "Si legge così.",
                "cosa_non_dice": "Non dice il perché.",
                "metodo": "Bayes empirico.",
                "soglia_riservatezza": 250,
                "decimali": decimals,
            }
            for key, name, theme, role, unit, polarity, tier, decimals in cards
        ]
    )


def _fact(
    area_id: str, indicator: str, state: str = "valido", **given: object
) -> dict[str, object]:
    row: dict[str, object] = {
        "area_id": area_id,
        "indicatore_id": indicator,
        "anno": 2011,
        "gruppo": "totale",
        "valore": None,
        "numeratore": None,
        "denominatore": None,
        "ic_inf": None,
        "ic_sup": None,
        "stato": state,
        "affidabilita": None,
        "anno_struttura": 2011,
        "valore_comune": 6.4,
        "indice_100": None,
        "lettura": None,
        "nota": None,
        "fonte_id": "censimento",
    }
    return {**row, **given}


def _facts() -> pl.DataFrame:
    rows = [
        _fact(
            area_id,
            "disoccupazione",
            valore=7.9,
            numeratore=512.0,
            denominatore=6480.0,
            ic_inf=7.4,
            ic_sup=8.4,
            affidabilita="A",
            indice_100=123.4,
            lettura="sopra",
        )
        for area_id in VALUES
    ]
    rows += [
        _fact(
            f"{BORGO}.Q02", "disoccupazione", anno=2001, valore=99.9, ic_inf=99.0, ic_sup=100.0
        ),
        _fact(
            f"{BORGO}.Q02", "occupazione_femminile", valore=41.0, ic_inf=40.0, ic_sup=42.0,
            valore_comune=55.0, lettura="sotto", affidabilita="B",
        ),
        _fact(
            f"{BORGO}.Q02", "neet_15_29", anno=2019, valore=1310.0, ic_inf=1100.0, ic_sup=1500.0,
            valore_comune=4100.0, affidabilita="C", lettura="non_distinguibile",
        ),
        _fact(f"{BORGO}.Q03", "anziani_75", "non_disponibile"),
        _fact(f"{BORGO}.Q03", "eta_media", "non_applicabile"),
        _fact(f"{BORGO}.Q05", "disoccupazione", "soppresso"),
        _fact(f"{BORGO}.Q05", "anziani_75", "soppresso_secondario"),
        _fact(f"{BORGO}.C", "disoccupazione", valore=6.4, ic_inf=6.2, ic_sup=6.6),
    ]  # fmt: skip
    types = {"valore": REAL, "numeratore": REAL, "denominatore": REAL, "ic_inf": REAL,
             "ic_sup": REAL, "affidabilita": TEXT, "lettura": TEXT, "nota": TEXT}  # fmt: skip
    return pl.DataFrame(rows, schema_overrides=types, infer_schema_length=None)


def _indices() -> pl.DataFrame:
    rows = []
    for area_id, (index, first, last) in VALUES.items():
        for theme, _, _ in THEMES:
            if area_id == f"{BORGO}.Q03" and theme == "solitudine":
                continue
            rows += [
                {
                    "area_id": area_id,
                    "dimensione": theme,
                    "anno": 2011,
                    "metodo": method,
                    "indice": index,
                    "ic_inf": index - 2.5,
                    "ic_sup": index + 2.5,
                    "rango_min": first,
                    "rango_max": last,
                    "n_aree": 6,
                    "classe": max(1, min(5, int((index - 95) // 3) + 1)),
                    "n_indicatori": 1 if theme == "nuove_generazioni" else 3,
                    "parziale": theme == "nuove_generazioni",
                }
                for method in ("ampi_citta", "ampi")
            ]
    rows += [
        {**rows[0], "area_id": f"{BORGO}.C", "metodo": "ampi", "indice": 101.0, "ic_inf": 100.5,
         "ic_sup": 101.5, "rango_min": None, "rango_max": None, "n_aree": None}
    ]  # fmt: skip
    types = {"rango_min": WHOLE, "rango_max": WHOLE, "n_aree": WHOLE}
    return pl.DataFrame(rows, schema_overrides=types, infer_schema_length=None)


def _profiles() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "profilo_id": ["giovani", "nessuno", "non_classificata"],
            "etichetta": ["Giovani in bilico", "Nella media", "Non classificata"],
            "descrizione": ["Giovani nel terzo alto.", "Nessun bisogno spicca.", "Senza profilo."],
            "domande_per_il_tavolo": ["Dove si trovano i ragazzi?", "Che cosa manca?", ""],
            "esplorativo": [False, False, False],
        }
    )


def _profile_facts() -> pl.DataFrame:
    rows = []
    for area_id, _, level, _, _, residents in AREAS:
        if level == "C":
            continue
        small = residents < 1000
        rows.append(
            {
                "area_id": area_id,
                "anno": 2011,
                "modello": "regola",
                "profilo_id": "non_classificata" if small else "giovani",
                "appartenenza": None if small else 0.64,
                "secondo_profilo_id": None if small else "nessuno",
                "stabilita": None if small else 0.4,
                "motivo": "meno di 1.000 residenti" if small else None,
            }
        )
    return pl.DataFrame(rows, schema_overrides={"appartenenza": REAL}, infer_schema_length=None)


def _sources() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "fonte_id": ["censimento", "ostile"],
            "titolo": ["Censimento 2011", HOSTILE],
            "ente": ["ISTAT", FORMULA],
            "url": ["https://www.istat.it/", "javascript:alert(1)"],
            "licenza": ["CC-BY-4.0", "CC-BY-4.0"],
            "licenza_uri": ["https://creativecommons.org/licenses/by/4.0/"] * 2,
            "attribuzione": ["Fonte: ISTAT, Censimento 2011", "Fonte: prova"],
            "data_riferimento": ["2011-10-09", "2011"],
            "scaricato_il": [date(2026, 11, 23), date(2026, 11, 22)],
            "sha256": ["a" * 64, "b" * 64],
            "byte": [84211, 12],
            "aggiornata": [True, False],
            "problemi_noti": [None, "prova"],
        }
    )
