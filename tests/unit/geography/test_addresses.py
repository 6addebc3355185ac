"""Addresses: the ways streets are written are one, ties are never decided."""

import polars as pl
import pytest

from will_pipeline.geography.addresses import geocode, match_rate, split_address, street_name

PARMA = "034027"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("V.le Sta. Lucia", "VIALE SANTA LUCIA"),
        ("P.zza Garibaldi", "Piazza  Garibaldi"),
        ("Via Cefalù", "VIA CEFALU'"),
        ("v. Roma", "Via Roma"),
        ("Via XXV Aprile", "Via 25 Aprile"),
        ("B.go del Correggio", "BORGO DEL CORREGGIO"),
    ],
)
def test_ways_of_writing_a_street_are_one(one: str, other: str) -> None:
    assert street_name(one) == street_name(other)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Via Roma 12", ("via roma", 12, None)),
        ("Via Roma, n. 12/A", ("via roma", 12, "a")),
        ("Via Roma 12 bis", ("via roma", 12, "bis")),
        ("Via Roma 12 - 43121 Parma", ("via roma", 12, None)),
        ("Via 25 Aprile", ("via 25 aprile", None, None)),
        ("Via 25 Aprile 3", ("via 25 aprile", 3, None)),
        ("Via Roma snc", ("via roma snc", None, None)),
        ("", ("", None, None)),
    ],
)
def test_the_civic_number_is_told_from_the_street(
    text: str, parts: tuple[str, int | None, str | None]
) -> None:
    assert split_address(text) == parts


@pytest.fixture
def register() -> pl.DataFrame:
    rows = [
        ("VIA GIUSEPPE GARIBALDI", 1, None, 10.1, 44.1),
        ("VIA GIUSEPPE GARIBALDI", 1, "A", 10.2, 44.2),
        ("VIA GIUSEPPE GARIBALDI", 3, "B", 10.3, 44.3),
        ("VIA ANITA ROSSI", 5, None, 10.4, 44.4),
        ("VIA CARLO ROSSI", 5, None, 10.5, 44.5),
        ("VIA SAN MICHELE", 7, None, 10.6, 44.6),
        ("VIA SAN MICHELE", 7, None, 10.61, 44.6),
        ("VIA LUNGA", 9, None, 10.7, 44.7),
        ("VIA LUNGA", 9, None, 10.70001, 44.7),
        ("VIALE BIANCHI", 2, None, 10.8, 44.8),
    ]
    columns = ["street", "number", "letter", "lon", "lat"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(pro_com=pl.lit(PARMA))


@pytest.mark.parametrize(
    ("address", "outcome", "lon"),
    [
        ("Via Giuseppe Garibaldi 1", "civico", 10.1),
        ("via G. Garibaldi, 1/A", "civico", 10.2),
        ("Via Garibaldi 1", "civico", 10.1),
        ("Via Garibaldi 3", "civico_senza_esponente", 10.3),
        ("Via Garibaldi 30", "civico_ignoto", None),
        ("Via Garibaldi", "senza_civico", None),
        ("Via Rossi 5", "strada_ambigua", None),
        ("Via Mario Rossi 5", "strada_ignota", None),
        ("Via S. Michele 7", "civico_ambiguo", None),
        ("Via Lunga 9", "civico", 10.7),
        ("Via Bianchi 2", "strada_ignota", None),
        ("Via Inesistente 2", "strada_ignota", None),
    ],
)
def test_an_address_ends_where_the_register_has_it_or_nowhere(
    register: pl.DataFrame, address: str, outcome: str, lon: float | None
) -> None:
    asked = pl.DataFrame({"address_id": ["x"], "pro_com": [PARMA], "address": [address]})
    assert geocode(asked, register).select("outcome", "lon").row(0) == (outcome, lon)


def test_the_rate_counts_every_address_and_cities_do_not_mix(register: pl.DataFrame) -> None:
    asked = pl.DataFrame(
        {
            "address_id": ["a", "b", "c", "d"],
            "pro_com": [PARMA, PARMA, PARMA, "016024"],
            "address": ["Via Lunga 9", "Via Lunga 10", None, "Via Lunga 9"],
        }
    )
    ended = geocode(asked, register)
    assert ended["outcome"].to_list() == [
        "civico",
        "civico_ignoto",
        "strada_ignota",
        "strada_ignota",
    ]
    rate = match_rate(ended)
    assert rate.filter(pl.col("pro_com") == PARMA)["addresses"].sum() == 3
    assert rate.filter(pl.col("outcome") == "civico")["found_share"].to_list() == [
        pytest.approx(1 / 3)
    ]
    assert geocode(asked.reverse(), register.reverse()).equals(ended)


def test_an_address_twice_is_refused(register: pl.DataFrame) -> None:
    asked = pl.DataFrame({"address_id": ["a", "a"], "pro_com": [PARMA] * 2, "address": ["", ""]})
    with pytest.raises(ValueError, match="ripetuto"):
        geocode(asked, register)
