"""SDMX answers: municipalities kept, other territories left out, other measures refused."""

import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.istat_sdmx import (
    foreign_residents,
    life_satisfaction,
    neet_by_region,
    population,
)

POPULATION = (
    "DATAFLOW,FREQ,REF_AREA,DATA_TYPE,SEX,AGE,MARITAL_STATUS,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n"
    "IT1:22_289(1.0),A,016024,JAN,9,TOTAL,99,2022-01-01,119476.0,\n"
    "IT1:22_289(1.0),A,016024,JAN,9,TOTAL,99,2023-01-01,119809.0,p\n"
    "IT1:22_289(1.0),A,ITC46,JAN,9,TOTAL,99,2022-01-01,1102997.0,\n"
)
SATISFACTION = (
    "REF_AREA\tTIME_PERIOD\tsa_8\tsa_9\tsa_10\tall\tquota_8_10\n"
    "IT108\t2024\t2.5\t1\t0.5\t8\t50.00\n"
)
NEET = (
    "ITTER107,Territory,TIPO_DATO_FOL,SEXISTAT1,ETA1,TIME,Value,Flag Codes\n"
    "ITC4,Lombardia,NEET_I,9,Y18-29,2023,12.5,\n"
)


def test_keeps_the_municipalities_of_a_mixed_answer() -> None:
    result = population({"a.csv": POPULATION.encode()}, cities=["016024"])
    assert result.rows() == [
        ("016024", 2022, "T", 119476, None),
        ("016024", 2023, "T", 119809, "p"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (POPULATION, "<html>400 Bad Request</html>", "pagina web"),
        ("OBS_VALUE", "VALUE", "colonna OBS_VALUE"),
        ("119809.0", "NaN", "riga 3, colonna value"),
        (",TOTAL,99,2023", ",Y15,99,2023", "riga 3, colonna age: atteso solo TOTAL"),
        ("2023-01-01", "2023-06-01", "non è un 1° gennaio"),
        ("2023-01-01", "2022-01-01", "chiave ripetuta"),
        ("016024", "013075", "manca il codice 016024"),
        ("JAN,9,TOTAL,99,2023", "JAN,8,TOTAL,99,2023", "sesso sconosciuto: '8'"),
    ],
)
def test_refuses_a_broken_answer(old: str, new: str, rule: str) -> None:
    content = POPULATION.replace(old, new).encode()
    with pytest.raises(SourceFault, match=rule):
        population({"a.csv": content}, cities=["016024"])


def test_foreign_residents_are_another_measure() -> None:
    with pytest.raises(SourceFault, match="atteso solo FJAN, trovato 'JAN'"):
        foreign_residents({"a.csv": POPULATION.encode()})
    content = POPULATION.replace("JAN", "FJAN").encode()
    assert foreign_residents({"a.csv": content})["foreign_population"].to_list() == [119476, 119809]


def test_life_satisfaction_names_the_province() -> None:
    result = life_satisfaction({"a.tsv": SATISFACTION.encode()})
    assert result.row(0) == ("IT108", "Monza e della Brianza", 2024, 2.5, 1.0, 0.5, 8.0, 50.0)
    with pytest.raises(SourceFault, match="territorio sconosciuto: 'ITC4D'"):
        life_satisfaction({"a.tsv": SATISFACTION.replace("IT108", "ITC4D").encode()})


def test_neet_names_the_region_and_refuses_other_measures() -> None:
    result = neet_by_region({"a.csv": NEET.encode()})
    assert result.row(0) == ("ITC4", "Lombardia", "Y18-29", "T", 2023, 12.5, None)
    with pytest.raises(SourceFault, match="atteso solo NEET_I"):
        neet_by_region({"a.csv": NEET.replace("NEET_I", "NEET").encode()})
    with pytest.raises(SourceFault, match="non è un numero"):
        neet_by_region({"a.csv": NEET.replace("12.5", "12;5").encode()})
