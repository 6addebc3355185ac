"""A mart of one town, two of its areas and one indicator, and the contracts that publish it.

A second town, without areas of its own, is there to be resembled.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from will_pipeline.contracts.catalogue import load_contracts, load_views
from will_pipeline.contracts.conform import conform, empty
from will_pipeline.contracts.dictionary import dictionary_rows
from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.indicators.methods import indicator_rows
from will_pipeline.indicators.quality import quality_rows
from will_pipeline.indicators.specification import load_specification, theme_rows
from will_pipeline.mart.news import news_rows
from will_pipeline.mart.release import info_rows
from will_pipeline.mart.shelf import Shelf, Statement
from will_pipeline.needs.profiles import profile_rows

TOWN = "034027"
AREAS = (
    (f"{TOWN}.C", "C", None, "Parma", 5000),
    (f"{TOWN}.Q01", "Q", 1, "Centro", 3000),
    (f"{TOWN}.Q02", "Q", 2, "Colle", 2000),
)
OTHER_TOWN = "028060"
RESEMBLED = (f"{OTHER_TOWN}.C", "C", None, "Padova", 7000)
TRACE = {"numeratore": 40.0, "denominatore": 500.0, "ic_inf": 7.0, "ic_sup": 9.0}


@pytest.fixture(scope="session")
def contracts() -> dict[str, TableContract]:
    return load_contracts("mart")


@pytest.fixture(scope="session")
def views() -> dict[str, ViewContract]:
    return load_views()


@pytest.fixture(scope="session")
def statement() -> Statement:
    return Statement("2026.11.1", "0" * 64, "2026-11-23T02:30:00+01:00", "1.0.0")


@pytest.fixture(scope="session")
def tables(
    contracts: dict[str, TableContract], views: dict[str, ViewContract], statement: Statement
) -> dict[str, pl.DataFrame]:
    specification = load_specification()
    made = {
        "mart_info": info_rows(statement, seed=1, draws=10),
        "dim_comune": _town(),
        "dim_area": _areas(),
        "area_geometria": _shapes(),
        "dim_dimensione": theme_rows(specification),
        "dim_indicatore": indicator_rows(specification),
        "fatto_indicatore": _facts(),
        "fatto_indice": _indices(),
        "fatto_profilo": _profiles(),
        "qualita_indicatore": quality_rows(_facts(), indicator_rows(specification), _areas()),
        "dim_profilo": profile_rows(specification, _profiles()),
        "dim_fonte": _sources(),
        "controllo": _checks(),
        "dizionario": dictionary_rows(contracts.values(), views.values()),
        "novita": news_rows({}, None, contracts, release="2026.11.1", before=None),
        "proiezione": _scenarios(),
        "serie_citta": _series(),
        "presidio": _places(),
        "accesso_presidi": _access(),
        "profilo_tratto": _traits(),
        "area_simile": _twins(),
        "bacino": _basins(),
        "bacino_area": _basin_areas(),
        "bisogno_latente": _latent(),
        "qualita_presidi": _place_quality(),
    }
    nothing_delivered = {
        name: empty(contract) for name, contract in contracts.items() if contract.from_deliveries
    }
    return nothing_delivered | {
        name: conform(frame, contracts[name]) for name, frame in made.items()
    }


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "marts")


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 24, 2, 30, tzinfo=ZoneInfo("Europe/Rome"))


def _town() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "pro_com": [TOWN, OTHER_TOWN], "nome": ["Parma", "Padova"], "sigla": ["PR", "PD"],
            "regione": ["Emilia-Romagna", "Veneto"], "provincia": ["Parma", "Padova"],
            "codice_provincia_istat": ["ITD52", "ITD36"], "popolazione": [5100, 7000],
            "popolazione_anno": [2025, 2025],
            "uri": [f"urn:istat:comune:{town}" for town in (TOWN, OTHER_TOWN)],
        }
    )  # fmt: skip


def _areas() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "area_id": area_id, "area_stabile_id": area_id, "pro_com": area_id[:6],
                "livello": level, "codice": code, "nome": name,
                "area_superiore_id": None if level == "C" else f"{TOWN}.C",
                "edizione_confini": "censimento 2011", "valido_dal": date(2011, 10, 9),
                "valido_al": None, "popolazione": residents, "famiglie": residents // 2,
                "superficie_km2": 1.5, "residuale": False, "in_graduatoria": level != "C",
                "fonte_id": "prova",
            }
            for area_id, level, code, name, residents in (*AREAS, RESEMBLED)
        ]
    )  # fmt: skip


def _shapes() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "area_id": area_id, "geom_wkb": None, "lon": None, "lat": None,
                "riquadro": "0 0 10 10", "path_svg": "M0 0H1V1Z", "etichetta_x": 0.5,
                "etichetta_y": 0.5, "schematica": True, "fonte_id": "prova",
            }
            for area_id, *_ in AREAS
        ]
    )  # fmt: skip


def _fact(area_id: str, **given: Any) -> dict[str, Any]:
    whole = area_id.endswith(".C")
    return {
        "area_id": area_id, "indicatore_id": "disoccupazione", "anno": 2011, "gruppo": "totale",
        "valore": 8.0, **TRACE, "stato": "valido", "affidabilita": "A", "anno_struttura": 2011,
        "valore_comune": 8.0, "indice_100": None if whole else 100.0,
        "lettura": None if whole else "non_distinguibile", "fonte_id": "prova", "nota": None,
        **given,
    }  # fmt: skip


def _facts() -> pl.DataFrame:
    return pl.DataFrame([_fact(area_id) for area_id, *_ in AREAS], infer_schema_length=None)


def _indices() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "area_id": area_id, "dimensione": theme, "anno": 2011, "metodo": "ampi_citta",
                "indice": 101.0, "ic_inf": 98.5, "ic_sup": 103.0, "rango_min": 1, "rango_max": 2,
                "n_aree": 2, "p_quinto_alto": 0.5, "p_terzo_alto": 0.6,
                "p_terzo_basso": 0.1, "classe": 3,
                "n_indicatori": number, "parziale": number < 3,
            }
            for area_id, level, *_ in AREAS
            if level != "C"
            for theme, number in (
                ("giovani", 3), ("solitudine", 3), ("mobilita", 5), ("nuove_generazioni", 1),
            )
        ]
    )  # fmt: skip


def _profiles() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "area_id": area_id, "anno": 2011, "modello": "regola", "profilo_id": "giovani",
                "appartenenza": 0.6, "secondo_profilo_id": "nessuno", "stabilita": 0.2,
                "punti_di_forza": "mobilita", "motivo": None,
            }
            for area_id, level, *_ in AREAS
            if level != "C"
        ],
        schema_overrides={"motivo": pl.String},
    )  # fmt: skip


def _traits() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "profilo_id": ["giovani"], "indicatore_id": ["disoccupazione"], "media_z": [0.4],
            "media_valore": [8.0], "aree": [2],
        }
    )  # fmt: skip


def _twins() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "area_id": [f"{TOWN}.Q01"], "simile_id": [RESEMBLED[0]], "posto": [1],
            "distanza": [0.3], "indicatori_usati": [11], "tratti_comuni": ["molta disoccupazione"],
        }
    )  # fmt: skip


def _sources() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "fonte_id": ["prova"], "titolo": ["Censimento di prova"], "ente": ["Ente"],
            "url": ["https://www.istat.it/"], "licenza": ["CC BY 4.0"],
            "licenza_uri": ["https://creativecommons.org/licenses/by/4.0/"],
            "attribuzione": ["Fonte: Ente"], "data_riferimento": ["2011-10-09"],
            "scaricato_il": [date(2026, 11, 23)], "sha256": ["a" * 64], "byte": [10],
            "aggiornata": [True], "problemi_noti": pl.Series([None], dtype=pl.String),
        }
    )  # fmt: skip


def _checks() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "controllo": ["chiave_unica"], "oggetto": ["dim_area"], "esito": ["superato"],
            "gravita": ["errore"], "messaggio": ["Chiave unica."], "valore": [0.0],
            "soglia": [0.0],
        }
    )  # fmt: skip


def _scenarios() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "area_id": area_id, "dimensione": "giovani", "anno": 2035, "scenario": "dieci_anni",
                "persone": 50.0, "inf": 40.0, "sup": 60.0, "esposti_base": 480.0, "esposti": 500.0,
                "tasso": 10.0, "indicatore_id": "neet_15_29_quota", "anno_base": 2025,
                "metodo": "coorti", "riportato": False, "errore_prova": 18.4,
                "prova": "pubblicata", "stato": "valido", "motivo": None, "nota": "Uno scenario.",
            }
            for area_id, *_ in AREAS
        ],
        schema_overrides={"motivo": pl.String},
    )  # fmt: skip


def _series() -> pl.DataFrame:
    common = {
        "area_id": f"{TOWN}.C", "indicatore_id": "neet_provincia", "ambito": "provincia",
        "stato": "valido", "proiettata": True, "motivo": None, "fonte_id": "prova",
    }  # fmt: skip
    blank = dict.fromkeys(("inf", "sup", "metodo", "prove", "errore_prova", "errore_fermo"))
    return pl.DataFrame(
        [
            {
                **common, **blank, "anno": 2024, "natura": "osservato", "anni_avanti": 0,
                "valore": 10.9, "copertura_prova": None, "errore_proprio": None,
            },
            {
                **common, "anno": 2025, "natura": "proiettato", "anni_avanti": 1, "valore": 9.8,
                "inf": 5.3, "sup": 17.6, "metodo": "tendenza_locale", "prove": 47,
                "errore_prova": 2.1, "errore_fermo": 2.0, "copertura_prova": 100.0,
                "errore_proprio": 3.3,
            },
        ],
        infer_schema_length=None,
        schema_overrides={"motivo": pl.String},
    )  # fmt: skip


def _places() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "presidio_id": ["prova.1"], "pro_com": [TOWN], "area_id": [f"{TOWN}.Q01"],
            "area_censimento_id": [None], "tipo": ["biblioteca"], "nome": ["Biblioteca di prova"],
            "ente": [None], "indirizzo": ["Via Roma 1"], "lon": [10.33], "lat": [44.8],
            "coordinate": ["fonte"], "posizione": ["nell_area"], "fonte_id": ["prova"],
            "verificato_il": [None],
        },
        schema_overrides={
            "area_censimento_id": pl.String, "ente": pl.String, "verificato_il": pl.Date,
        },
    )  # fmt: skip


def _place_quality() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "pro_com": [TOWN], "fonte_id": ["prova"], "misura": ["coordinate"],
            "esito": ["fonte"], "numero": [1], "quota": [100.0],
        },
    )  # fmt: skip


def _access() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "area_id": area_id, "tipo": "biblioteca", "numero": number,
                "per_mille": 1000 * number / residents, "distanza_media_m": 640.0,
                "non_collocati": 0, "residenti_anno": 2011, "stato": "valido", "motivo": None,
                "fonte_id": "prova",
            }
            for number, (area_id, *_, residents) in zip((1, 1, 0), AREAS, strict=True)
        ],
        schema_overrides={"motivo": pl.String},
    )  # fmt: skip


THEMES = ("giovani", "solitudine", "mobilita", "nuove_generazioni")
PERSONS = {f"{TOWN}.C": 100.0, f"{TOWN}.Q01": 60.0, f"{TOWN}.Q02": 40.0}


def _basins() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "bacino_id": f"{TOWN}.B-{theme}-01", "pro_com": TOWN, "dimensione": theme,
                "livello": "Q", "anno": 2011, "nome": "Parma, tutta la città",
                "persone_attese": 100.0, "persone_inf": 80.0, "persone_sup": 120.0, "soglia": 70.0,
                "p_soglia": 0.98, "contiguo": True, "metodo": "contiguita", "n_aree": 2,
                "aree_senza_numero": 0, "nota": None,
            }
            for theme in THEMES
        ],
        schema_overrides={"nota": pl.String},
    )  # fmt: skip


def _basin_areas() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "bacino_id": f"{TOWN}.B-{theme}-01", "area_id": area_id,
                "persone_attese": PERSONS[area_id], "stato": "valido",
            }
            for theme in THEMES
            for area_id, level, *_ in AREAS
            if level != "C"
        ]
    )  # fmt: skip


def _latent() -> pl.DataFrame:
    unknown = (
        "latenti", "latenti_inf", "latenti_sup", "eccedenza", "divario_equita", "divario_inf",
        "divario_sup", "copertura", "copertura_inf", "copertura_sup", "copertura_eb",
        "copertura_comune",
    )  # fmt: skip
    return pl.DataFrame(
        [
            {
                "area_id": area_id, "dimensione": theme, "anno": 2011, "attesi": persons,
                "attesi_inf": persons - 10, "attesi_sup": persons + 10, "stato_attesi": "valido",
                "stato_copertura": "non nota", "motivo_copertura": "Il comune non ha dato il file.",
            }
            for theme in THEMES
            for area_id, persons in PERSONS.items()
        ]
    ).with_columns(
        *(pl.lit(None, dtype=pl.Float64).alias(name) for name in unknown),
        *(pl.lit(None, dtype=pl.Int32).alias(name) for name in ("serviti", "anno_serviti")),
    )  # fmt: skip
