"""Residents by age: the row of totals is compared with the ages and never added to them."""

import pytest

from tests.unit.readers.census_tables import zipped
from will_pipeline.errors import SourceFault
from will_pipeline.readers.istat_posas import population_by_age, totals

NAME = "POSAS_2025_it_Comuni.csv"
TITLE = '"Popolazione residente per età e sesso al 1° gennaio 2025"'
HEADER = '"Codice comune";"Comune";"Età";"Celibi";"Totale maschi";"Totale femmine";"Totale"'


def rows_of(code: str, ages: int = 101) -> list[str]:
    rows = [f'"{code}";"Novara";{age};1;{age};2;{age + 2}' for age in range(ages)]
    men = sum(range(ages))
    return [*rows, f'"{code}";"Novara";999;;{men};{2 * ages};{men + 2 * ages}']


def sheet(*rows: str, title: str = TITLE) -> bytes:
    note = '"Nota: lo stato civile è in corso di validazione."'
    return "\n".join((title, HEADER, *(rows or rows_of("003106")), note, "")).encode("utf-8-sig")


def test_reads_every_age_once_out_of_the_archive() -> None:
    content = sheet(*rows_of("003106"), *rows_of("016024"))
    table = population_by_age({"POSAS.zip": zipped({NAME: content})}, cities=["003106"])
    assert table.height == 3 * 101
    assert table.filter(sex="T")["persons"].sum() == 5050 + 202
    last = table.filter(sex="F", age_from=100).row(0)
    assert last == ("003106", "Novara", 2025, "F", 100, None, 2)
    assert table.filter(sex="M", age_from=7)["age_to"].to_list() == [7]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("gennaio 2025", "gennaio 2024", "il titolo non è dell'anno"),
        ("Totale femmine", "Femmine", "colonna Totale femmine"),
        (";7;1;7;2;9", ";7;1;7;2;10", "maschi e femmine non fanno il totale"),
        (";7;1;7;2;9", ";7;1;8;2;10", "le età sommano 5051, il totale dice 5050"),
        (";7;1;7;2;9", ";8;1;7;2;9", "chiave ripetuta"),
        (";7;1;7;2;9", ";101;1;7;2;9", "l'età non è fra 0 e 100"),
        (";7;1;7;2;9", ";7;1;;2;9", "colonna M: il valore manca"),
        (";7;1;7;2;9", ";7;1;7;2;1.234", "'1.234' non è un numero intero"),
        ('"003106"', '"003107"', "manca il codice 003106"),
    ],
)
def test_refuses_a_broken_file(old: str, new: str, rule: str) -> None:
    content = sheet().decode("utf-8-sig").replace(old, new).encode()
    with pytest.raises(SourceFault, match=rule):
        population_by_age({NAME: content}, cities=["003106"])


def test_refuses_a_municipality_without_an_age() -> None:
    with pytest.raises(SourceFault, match="comune 003106: 100 età invece di 101"):
        population_by_age({NAME: sheet(*rows_of("003106", ages=100))})


def test_takes_the_year_from_the_title_where_the_name_has_none() -> None:
    assert set(population_by_age({"posas.csv": sheet()})["year"]) == {2025}


def test_files_of_several_years_give_one_row_a_year() -> None:
    before = sheet(title=TITLE.replace("2025", "2024"))
    found = totals({"p/y2024/posas.csv": before, "p/y2025/posas.csv": sheet()}, cities=["003106"])
    assert found.rows() == [
        ("003106", 2024, "T", 5252, None),
        ("003106", 2025, "T", 5252, None),
    ]
    with pytest.raises(SourceFault, match=r"l'anno 2025 è già in a/posas\.csv"):
        totals({"a/posas.csv": sheet(), "b/posas.csv": sheet()})
