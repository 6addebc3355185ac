"""Civic numbers of the cities asked for, with coordinates good, missing or out of the country."""

import pytest

from tests.unit.readers.census_tables import zipped
from will_pipeline.errors import SourceFault
from will_pipeline.readers.anncsu import civic_numbers, civic_numbers_of_regions

NAME = "INDIR_LOMB_20260602.csv"
HEADER = (
    "CODICE_COMUNE;CODICE_ISTAT;PROGRESSIVO_NAZIONALE;CODICE_COMUNALE;ODONIMO;LOCALITA';"
    "PROGRESSIVO_ACCESSO;CIVICO;ESPONENTE;COORD_X_COMUNE;COORD_Y_COMUNE;QUOTA;METODO"
)
ROWS = (
    "A794;016024;1;01;VIA ROMA;;11;1;;9,66951;45,69798;;3",
    "A794;016024;1;01;VIA ROMA;;12;1;A;;;;",
    "A794;016024;1;01;VIA ROMA;;13;3;;1550000,5;5060000,1;;3",
    "F205;015146;2;01;VIA PO;;14;7;;9,19;45,46;;3",
)


def table(*rows: str, header: str = HEADER) -> bytes:
    return "\r\n".join((header, *rows, "")).encode()


def test_reads_the_numbers_of_a_city() -> None:
    found = civic_numbers({"INDIR_LOMB.zip": zipped({NAME: table(*ROWS)})}, cities=["016024"])
    shown = found.select("pro_com", "access_id", "number", "exponent", "longitude", "coordinates")
    assert shown.rows() == [
        ("016024", "11", 1, None, 9.66951, "observed"),
        ("016024", "12", 1, "A", None, "missing"),
        ("016024", "13", 3, None, 1550000.5, "outside"),
    ]


def test_reads_commas_between_quoted_cells_the_same() -> None:
    lines = (HEADER, *ROWS)
    quoted = [",".join(f'"{cell}"' for cell in line.split(";")) for line in lines]
    same = civic_numbers({NAME: table(*quoted[1:], header=quoted[0])})
    assert same.equals(civic_numbers({NAME: table(*ROWS)}))


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (table(*ROWS, header=HEADER.replace("ODONIMO", "STRADA")), "colonna ODONIMO"),
        (table(ROWS[0], "A794;016024;1"), "riga 3: 3 campi, l'intestazione ne ha 13"),
        (table(ROWS[0].replace("9,66951", "est")), "'est' non è un numero"),
        (table(ROWS[0], ROWS[0]), "comune 016024, accesso 11: l'accesso è ripetuto"),
        (table(ROWS[3]), "manca il codice 016024"),
        (table(ROWS[0].replace("VIA ROMA", "")), "colonna street: il valore manca"),
    ],
)
def test_refuses_a_broken_file(content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        civic_numbers({NAME: content}, cities=["016024"])


def test_files_of_regions_are_read_together_and_a_city_in_none_has_no_row() -> None:
    files = {"a/lomb/indirizzi.csv": table(*ROWS), "a/vene/indirizzi.csv": table(ROWS[3])}
    found = civic_numbers_of_regions(files, cities=["016024", "028060"])
    assert found["pro_com"].to_list() == ["016024"] * 3
    with pytest.raises(SourceFault, match="accesso 14: l'accesso è ripetuto"):
        civic_numbers_of_regions(files, cities=["015146"])
