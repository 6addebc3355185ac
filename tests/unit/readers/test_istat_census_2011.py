"""The 2011 census CSV: read as it is, or refused with file, row, column and rule."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.errors import SourceFault
from will_pipeline.readers.istat_census_2011 import areas, definitions, subareas

HEADER = "CODREG;REGIONE;CODPRO;PROVINCIA;CODCOM;COMUNE;PROCOM;ACE;P1;A44;PF3"
ROW = "3;Lombardia;16;Bergamo;24;Bergamo;16024;1;10;900;4"
SUB_HEADER = HEADER.replace("ACE", "CODASC;NOMEASC;TIPOASC")
LAYOUT = "Nome Campo;Definizione\r\nCODREG;Codice\r\nP1;Popolazione; totale\r\nA46;In affitto\r\n"


def text(*lines: str) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


def test_codes_are_text_counts_are_integers_and_names_keep_their_accents() -> None:
    aosta = "2;Valle d\x92Aosta;7;Aosta;3;Città;7003;0;5;400;1".encode("latin-1")
    frame = areas({"R02.csv": HEADER.encode() + b"\r\n" + aosta, "R03.csv": text(HEADER, ROW)})
    assert frame.to_dicts()[0] == {
        "pro_com": "007003",
        "ace": 0,
        "comune": "Città",
        "province": "Aosta",
        "region": "Valle d’Aosta",
        "P1": 5,
        "A44": 400,
        "PF3": 1,
    }
    assert frame["pro_com"].to_list() == ["007003", "016024"]
    assert frame.schema["P1"] == pl.Int64


def test_variables_and_cities_are_chosen() -> None:
    other = "1;Piemonte;3;Novara;106;Novara;3106;1;7;700;2"
    files = {"R01.csv": text(HEADER, other), "R03.csv": text(HEADER, ROW)}
    frame = areas(files, variables=["PF3", "P1"], cities=["003106"])
    assert frame.columns[-2:] == ["PF3", "P1"]
    assert frame.rows() == [("003106", 1, "Novara", "Novara", "Piemonte", 2, 7)]
    with pytest.raises(SourceFault, match="nessuna riga per i comuni 034027"):
        areas(files, cities=["034027", "003106"])
    with pytest.raises(SourceFault, match="variabili assenti: P99"):
        areas(files, variables=["P99"])


def test_subareas_carry_code_name_and_type() -> None:
    row = "5;Veneto;28;Padova;60;Padova;28060;1;Centro;Circoscrizione;10;900;4"
    frame = subareas({"R05.csv": text(SUB_HEADER, row)})
    assert frame.row(0)[:4] == ("028060", 1, "Centro", "Circoscrizione")


def test_same_area_number_in_two_cities_is_no_duplicate() -> None:
    other = ROW.replace("Bergamo;24;Bergamo;16024", "Bergamo;219;Treviglio;16219")
    assert areas({"R03.csv": text(HEADER, ROW, other)}).height == 2


@pytest.mark.parametrize(
    ("content", "where", "rule"),
    [
        (b"<!DOCTYPE html><html></html>", "", "è una pagina HTML o XML, non un CSV"),
        (b"\r\n", "", "il file è vuoto"),
        (text(HEADER), "riga 1", "nessuna riga dopo l'intestazione"),
        (text(HEADER.replace("ACE", "SEZ"), ROW), "riga 1", "intestazione inattesa"),
        (text(HEADER.replace(";", ","), ROW), "riga 1", "intestazione inattesa"),
        (text(HEADER.replace("P1", "Q1"), ROW), "riga 1", "'Q1' non è una variabile censuaria"),
        (text(HEADER.replace("PF3", "P1"), ROW), "riga 1", "una colonna è ripetuta"),
        (text(HEADER, ROW, ROW + ";9"), "riga 3", "12 colonne, attese 11"),
        (text(HEADER, ROW.rsplit(";", 1)[0]), "riga 2", "10 colonne, attese 11"),
        (text(HEADER, ROW[:-1] + ".."), "riga 2, colonna PF3", "'..' non è un numero intero"),
        (text(HEADER, ROW[:-1] + "9" * 20), "riga 2, colonna PF3", "'99999999999999999999' non"),
        (text(HEADER, ROW[:-1]), "riga 2, colonna PF3", "'' non è un numero intero"),
        (text(HEADER, ROW.replace("900", "9,5")), "riga 2, colonna A44", "'9,5' non è un numero"),
        (text(HEADER, ROW.replace("16024", "16025")), "riga 2, colonna PROCOM", "16025 non è"),
        (text(HEADER, ROW.replace("Lombardia", " ")), "riga 2, colonna REGIONE", "nome assente"),
        (text(HEADER, ROW, ROW), "riga 3", "area 16024/1 già letta in R03.csv"),
        (text(HEADER, ROW).replace(b"dia", b"\x81"), "riga 2", "un byte non è cp1252"),
        (
            text(HEADER, ROW).replace(b"dia", "dìa".encode()),
            "",
            "è codificato in UTF-8, il produttore usa cp1252",
        ),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(content: bytes, where: str, rule: str) -> None:
    with pytest.raises(SourceFault) as caught:
        areas({"R03.csv": content})
    assert (caught.value.file, caught.value.where) == ("R03.csv", where)
    assert caught.value.rule.startswith(rule)


def test_files_of_one_table_have_one_header() -> None:
    other = text(HEADER.replace("PF3", "PF4"), "1;Piemonte;3;Novara;106;Novara;3106;1;7;700;2")
    with pytest.raises(SourceFault, match=r"file R03\.csv, riga 1: colonne diverse"):
        areas({"R01.csv": other, "R03.csv": text(HEADER, ROW)})
    with pytest.raises(SourceFault, match="nessun file"):
        areas({})


@given(st.binary(max_size=200))
def test_no_bytes_pass_in_silence(noise: bytes) -> None:
    with pytest.raises(SourceFault):
        areas({"R03.csv": noise})


@given(st.integers(min_value=0), st.binary(min_size=1, max_size=1))
def test_one_changed_byte_is_refused_or_still_a_whole_table(place: int, byte: bytes) -> None:
    good = text(HEADER, ROW)
    place %= len(good)
    try:
        frame = areas({"R03.csv": good[:place] + byte + good[place + 1 :]})
    except SourceFault:
        return
    assert frame.null_count().sum_horizontal().item() == 0
    assert frame.width == 8
    assert frame.height >= 1


def test_layout_gives_code_place_universe_and_definition() -> None:
    assert definitions({"tracciato.csv": LAYOUT.encode()}).rows() == [
        ("P1", 1, "popolazione", "Popolazione; totale"),
        ("A46", 2, "famiglie", "In affitto"),
    ]


@pytest.mark.parametrize(
    ("content", "where", "rule"),
    [
        (LAYOUT.replace("Nome Campo", "Campo"), "riga 1", "intestazione inattesa"),
        (LAYOUT + "P1;Ancora\r\n", "riga 5", "codice P1 ripetuto"),
        (LAYOUT + "P2;\r\n", "riga 5", "definizione assente"),
        (LAYOUT + "P2\r\n", "riga 5", "definizione assente"),
        ("Nome Campo;Definizione\r\nCODREG;Codice", "", "nessuna variabile definita"),
    ],
)
def test_a_malformed_layout_is_refused(content: str, where: str, rule: str) -> None:
    with pytest.raises(SourceFault) as caught:
        definitions({"tracciato.csv": content.encode()})
    assert (caught.value.where, caught.value.rule) == (where, rule)
