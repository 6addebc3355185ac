"""Sub-municipal areas and localities out of UTF-16 tables: levels apart, codes with their zeros."""

import pytest

from tests.unit.readers.census_tables import zipped
from will_pipeline.errors import SourceFault
from will_pipeline.readers.istat_territorial_tables import localities, sub_municipal_areas

HEADER = "COD_REG\tCOD_UTS\tPRO_COM\tCOM_ASC_1\tCOD_ASC_1\tCOD_ASC_T_1\tDEN_ASC_1\tTIPO_ASC_1"
FIRST = "01\t3\t3106\t3106011\t11\t011\tCittà\tQuartiere"
NAME = "ASC1_R01_21.csv"
SECOND_NAME = "ASC2_R01_21.csv"
SECOND = "01\t3\t3106\t3106011\t11\t11\tAltra zona\tZona"
LOC = "COD_REG\tPRO_COM\tLOC21_ID\tTIPO_LOC\tNOME\n1\t3106\t310610001\t1\tNovara"


def utf16(*lines: str) -> bytes:
    return "\r\n".join((*lines, "")).encode("utf-16")


def test_the_same_number_at_two_levels_is_two_areas() -> None:
    second = HEADER.replace("_1", "2")
    files = {
        "TAB.zip": zipped({f"TAB/{NAME}": utf16(HEADER, FIRST), "TAB/R01_21.ods": b"x"}),
        SECOND_NAME: utf16(second, SECOND),
    }
    assert sub_municipal_areas(files, cities=["003106"]).rows() == [
        (1, "003106", 11, "011", "Città", "Quartiere"),
        (2, "003106", 11, "11", "Altra zona", "Zona"),
    ]


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        HEADER.replace("_1", "1"),
        HEADER.replace("COD_ASC_T_1", "COD_ASC1_T").replace("_1", "1"),
    ],
)
def test_reads_every_spelling_of_the_columns(header: str) -> None:
    assert sub_municipal_areas({NAME: utf16(header, FIRST)})["label"].to_list() == ["011"]


def test_reads_localities() -> None:
    table = localities({"LOC_R01_21.csv": utf16(*LOC.split("\n"))})
    assert table.rows() == [("00310610001", "003106", 1, "Novara")]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (f"{HEADER}\n{FIRST}".encode(), "il testo non è UTF-16: manca il segno iniziale"),
        (f"{HEADER}\n{FIRST}".encode("utf-16-le"), "manca il segno iniziale"),
        (utf16(HEADER, FIRST)[:-1], "il testo non è UTF-16 o è troncato"),
        (utf16(HEADER), "nessuna riga"),
        (utf16(HEADER.replace("DEN_ASC_1", "NOME"), FIRST), "colonna DEN_ASC_1"),
        (utf16(HEADER, FIRST, FIRST), "comune 003106, livello 1, area 11: l'area è ripetuta"),
        (utf16(HEADER, FIRST.replace("3106011", "3105011")), "non è fatto del comune"),
        (utf16(HEADER, FIRST.replace("3106011", "3.106")), "'3.106' non è un numero intero"),
        (utf16(HEADER, FIRST.replace("Città", "")), "colonna name: il valore manca"),
    ],
)
def test_refuses_a_broken_table(content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        sub_municipal_areas({NAME: content})


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("310610001", "310510001", "LOC21_ID non è fatto del comune"),
        ("\t1\tNovara", "\t7\tNovara", "il tipo di località non è fra 1 e 4"),
    ],
)
def test_refuses_broken_localities(old: str, new: str, rule: str) -> None:
    content = utf16(*LOC.replace(old, new).split("\n"))
    with pytest.raises(SourceFault, match=rule):
        localities({"LOC_R01_21.csv": content})
