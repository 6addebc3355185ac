"""What the question on change over time calls the numbers of areas, and what it says of them."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest

from will_pipeline.domande.catalogue import ask, load_questions

Tables = dict[str, pl.DataFrame]
AREA, SHARED = "034027.Q01@2021", "034027.Q02@2021"
QUESTION = 4
NEEDED = ("dim_comune", "dim_area", "dim_indicatore", "serie_citta", "fatto_indice")


def asked(tables: Tables, *rows: dict[str, object]) -> pl.DataFrame:
    plain = {
        "stato": "valido", "valore": 8.0, "ic_inf": 7.0, "ic_sup": 9.0, "tramite_ponte": False,
        "stimato": False, "ultimo_anno": 2023, "confrontabile": True, "variazione": None,
        "lettura": None,
    }  # fmt: skip
    told = {
        **{name: tables[name] for name in NEEDED},
        "serie_storica": pl.DataFrame(
            [plain | row for row in rows],
            schema_overrides={"variazione": pl.Float64, "lettura": pl.String},
        ),
        "area_edizione": pl.DataFrame(
            {
                "area_id": [AREA, SHARED],
                "nome": ["Centro", "Colle"],
                "livello": ["Q", "Q"],
                "pro_com": ["034027"] * 2,
            }
        ),
    }
    with duckdb.connect() as mart:
        for name, frame in told.items():
            mart.register("incoming", frame)
            mart.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')
        answer = ask(mart, load_questions()[QUESTION], None)
    return answer.filter(pl.col("dove").is_in(["Centro", "Colle"])).sort("dove", "che_cosa", "anno")


def test_numbers_are_called_what_their_card_calls_them(tables: Tables) -> None:
    cards = tables["dim_indicatore"].filter(pl.col("ruolo") == "indice")
    kinds = {kind: name for name, kind in cards.select("indicatore_id", "tipo").iter_rows()}
    assert "eb" in kinds
    found = asked(
        tables,
        *({"area_id": AREA, "indicatore_id": name, "anno": 2023} for name in kinds.values()),
    )
    names = dict(cards.select("indicatore_id", "nome").iter_rows())
    assert dict(found.select("che_cosa", "natura").iter_rows()) == {
        names[name]: kind for kind, name in kinds.items()
    }
    assert found["nota"].null_count() == found.height


@pytest.mark.parametrize("shared_in", [2021, 2023])
def test_a_shared_number_is_an_estimate_in_words_too(tables: Tables, shared_in: int) -> None:
    cards = tables["dim_indicatore"].filter(
        (pl.col("ruolo") == "indice") & (pl.col("tipo") == "eb")
    )
    common = {"area_id": SHARED, "indicatore_id": cards["indicatore_id"][0]}
    found = asked(
        tables,
        {**common, "anno": 2021, "variazione": -1.5, "stimato": shared_in == 2021},
        {**common, "anno": 2023, "stimato": shared_in == 2023},
    )
    natures = dict(found.select("anno", "natura").iter_rows())
    assert natures == {year: "stimato" if year == shared_in else "eb" for year in (2021, 2023)}
    note = found["nota"][0]
    assert "stima" in note
    assert "piccolo gruppo" in note
    assert "sceso" not in note
    assert (found["nota"][1] is not None) == (shared_in == 2023)
