"""The collective side of the pages: what is told, what is withheld, what nobody knows."""

from __future__ import annotations

import re

import polars as pl
import pytest

from tests.unit.atlas.collective_town import HOSTILE, Q1, Q2, Q5
from will_pipeline.atlas import words
from will_pipeline.atlas.static import render_atlas

CITY = "citta/borgo-prova.html"


def section(pages: dict[str, str], area: str, name: str) -> str:
    page = pages[f"area/{area}.html"]
    found = re.search(rf'<section aria-labelledby="{name}">.*?</section>', page, re.DOTALL)
    return "" if found is None else re.sub(r"\s+", " ", found[0])


def test_persons_come_with_interval_and_with_who_is_followed(pages: dict[str, str]) -> None:
    told = section(pages, Q1, "persone")
    assert "<strong>120</strong>" in told
    assert "tra 90 e 150" in told
    assert "40 <small>nel 2025</small>" in told
    assert "80 <small>tra 50 e 110</small>" in told
    assert "non pubblicato per riservatezza" in told
    assert "Sono persone stimate, non un elenco" in told


def test_more_followed_than_expected_is_told(tables: dict[str, pl.DataFrame]) -> None:
    more = tables["bisogno_latente"].with_columns(
        eccedenza=pl.when(pl.col("serviti").is_not_null()).then(155.4)
    )
    page = render_atlas({**tables, "bisogno_latente": more}, release="1")[f"area/{Q1}.html"]
    assert "seguite in più di quelle attese: 155" in page.decode()


def test_what_the_city_has_not_told_is_not_zero(pages: dict[str, str]) -> None:
    told = section(pages, Q2, "persone")
    assert "non noto: il comune non ha dato questo numero" in told
    assert not re.search(r"<td[^>]*>0", told)


def test_withheld_persons_say_so_and_keep_their_basin(pages: dict[str, str]) -> None:
    told = section(pages, Q5, "persone")
    assert f"Giovani in bilico: {words.under_floor(250)}." in told
    assert "Centro storico e Molino" in told
    assert "1 area non ha un numero pubblicato" in told
    assert "non è detto che si tocchino" in told


def test_places_have_number_rate_and_distance_or_a_reason(pages: dict[str, str]) -> None:
    told = section(pages, Q1, "presidi")
    assert re.search(r"Biblioteca</th><td[^>]*>2</td><td[^>]*>0,16</td><td[^>]*>410</td>", told)
    assert re.search(r"Casa della comunità</th><td[^>]*>almeno 1</td>", told)
    assert "Scuola primaria (7). Senza coordinate." in told
    assert section(pages, Q2, "presidi") == ""


def test_kinds_without_a_place_are_told_in_words_and_leave_the_table(tables) -> None:
    one = tables["accesso_presidi"].row(0, named=True)
    none = [
        {**one, "tipo": "palestra", "numero": 0, "distanza_media_m": 1240.0},
        {**one, "tipo": "farmacia", "numero": 0, "distanza_media_m": None},
        {**one, "tipo": "oratorio", "numero": 0, "stato": "parziale", "motivo": "È un minimo."},
    ]
    added = pl.DataFrame(none, schema=tables["accesso_presidi"].schema)
    places = pl.concat([tables["accesso_presidi"], added])
    page = render_atlas({**tables, "accesso_presidi": places}, release="1")[f"area/{Q1}.html"]
    told = section({f"area/{Q1}.html": page.decode()}, Q1, "presidi")
    assert "ce ne sono:</strong> farmacia, palestra (il più vicino a 1.240 metri).</p>" in told
    assert "il conto non è completo:</strong> oratorio" in told
    assert not re.search(r"<td[^>]*>(almeno )?0</td>", told)


def test_kinds_whose_area_is_unknown_share_one_reason(tables) -> None:
    row = tables["accesso_presidi"].filter(pl.col("tipo") == "scuola_primaria")
    places = pl.concat(
        [tables["accesso_presidi"], row.with_columns(tipo=pl.lit("scuola_infanzia"))]
    )
    page = render_atlas({**tables, "accesso_presidi": places}, release="1")[f"area/{Q1}.html"]
    told = section({f"area/{Q1}.html": page.decode()}, Q1, "presidi")
    assert "Scuola dell&#39;infanzia (7), scuola primaria (7). Senza coordinate." in told


def delivered(tables: dict[str, pl.DataFrame], kind: str, town: str) -> dict[str, pl.DataFrame]:
    """The tables with one delivery whose last file was refused."""
    row = {
        **tables["dim_fonte"].row(0, named=True),
        "fonte_id": f"consegna_{kind}_{town}",
        "titolo": "Utenti dei servizi, Borgo Prova",
        "aggiornata": False,
        "problemi_noti": "L'ultimo file non è stato accolto: restano i dati accolti il 12/03/2026. "
        "utenti.csv, riga 4: anno fuori periodo.",
    }
    added = pl.DataFrame([row], schema=tables["dim_fonte"].schema)
    return {**tables, "dim_fonte": pl.concat([tables["dim_fonte"], added])}


def test_data_of_the_last_good_delivery_say_since_when_and_why(tables) -> None:
    pages = {
        path: content.decode()
        for path, content in render_atlas(
            delivered(tables, "utenti_servizi", "099001"), release="1"
        ).items()
        if not path.endswith(".woff2")
    }
    told = section(pages, Q1, "persone")
    assert "Dati dell'ultima consegna buona." in told
    assert "restano i dati accolti il 12/03/2026" in told
    assert "riga 4: anno fuori periodo" in told
    assert 'href="../fonti.html#fonte-consegna_utenti_servizi_099001"' in told
    assert "12/03/2026. utenti.csv" in pages[CITY]
    assert "ultima consegna" not in pages["citta/marina-prova.html"]
    assert "ultima consegna" not in pages["area/099002.A01.html"]


def test_pages_whose_deliveries_are_all_good_are_not_marked(pages: dict[str, str]) -> None:
    areas = [path for path in pages if path.startswith(("area/", "citta/"))]
    assert not [path for path in areas if "ultima consegna" in pages[path]]


def test_figures_of_the_last_good_copy_are_marked_row_by_row(tables) -> None:
    old = tables["dim_fonte"].with_columns(
        aggiornata=pl.col("fonte_id") != "censimento", problemi_noti=pl.lit("Non risponde.")
    )
    page = render_atlas({**tables, "dim_fonte": old}, release="1")[f"area/{Q2}.html"].decode()
    row = page.partition('data-indicator="disoccupazione"')[2].partition("</tr>")[0]
    assert "ultima copia buona" in row
    assert "Non risponde." in section({f"area/{Q2}.html": page}, Q2, "indicatori")


def test_voices_stand_on_the_sheet_the_latest_first(pages: dict[str, str]) -> None:
    told = section(pages, Q1, "voce")
    assert "2 osservazioni dai tavoli di quartiere." in told
    assert told.index("Propone") < told.index("Conferma i numeri")
    assert "su Solitudine: «La sera non passa l&#39;autobus.» Risorsa indicata: Oratorio." in told
    assert "Terzo settore, 12/03/2026" in told
    assert "Sanità, 02/05/2026" in told


def test_twins_lead_to_the_sheets_of_other_cities(pages: dict[str, str]) -> None:
    told = section(pages, Q1, "simili")
    assert 'href="../area/099002.A01.html"' in told
    assert "Marina Prova</a>: più anziani di 75 anni e più" in told


def test_a_scenario_is_called_so_and_its_lack_is_told_once(pages: dict[str, str]) -> None:
    told = section(pages, Q1, "scenario")
    assert "2035: circa 402 persone stimate (tra 322 e 492)." in told
    assert "È uno scenario" in told
    without = section(pages, Q2, "scenario")
    assert without.count("C&#39;è una sola struttura per età.") == 1


def test_measures_and_allocations_stand_on_the_page_of_the_city(pages: dict[str, str]) -> None:
    assert "<strong>Doposcuola</strong>. Nulla di chiaro." in pages[CITY]
    assert "<strong>Ore di educatori</strong>. È un esercizio." in pages[CITY]
    assert "Le misure valutate" not in pages["citta/marina-prova.html"]


def test_words_of_municipalities_never_become_markup(pages: dict[str, str]) -> None:
    assert not [path for path, text in pages.items() if HOSTILE in text]
    assert "&lt;script&gt;" in section(pages, Q1, "voce")


def test_a_missing_table_is_named(tables: dict[str, pl.DataFrame]) -> None:
    fewer = {name: frame for name, frame in tables.items() if name != "bacino"}
    with pytest.raises(ValueError, match="manca la tabella bacino"):
        render_atlas(fewer, release="1")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("centro_anziani", "Centro per anziani"),
        ("ente_terzo_settore", "Ente del terzo settore"),
        ("casa_della_comunita", "Casa della comunità"),
        ("biblioteca", "Biblioteca"),
        ("", ""),
    ],
)
def test_codes_become_words(code: str, told: str) -> None:
    assert words.kind(code) == told
