"""Registry of Parma: counts only, small ones hidden, nobody's cell in a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.errors import SourceFault
from will_pipeline.readers.parma_anagrafe import population

HEADER = "Quartiere;SEZ21;Cittad;ETA;Sesso;Ncomp;Relpar;Tipores"


def registry(*rows: str, header: str = HEADER) -> dict[str, bytes]:
    return {"popolazione_2025.csv": "\n".join((header, *rows, "")).encode()}


def people(count: int, row: str) -> list[str]:
    return [row] * count


ALONE = "Pablo;12;Italia;83;F;1;1;1"
FAMILY = "Pablo;12;Italia;84;F;3;1;1"


def read(*rows: str, **options: int) -> list[tuple[object, ...]]:
    table = population(registry(*rows), year=2025, italian=["Italia"], **options)
    return table.drop("pro_com", "year").rows()


def test_adds_residents_up_by_class() -> None:
    foreign = people(7, "Pablo;12;Albania;3;M;4;2;1")
    oldest = people(5, "Pablo;12;Italia;101;M;2;1;1")
    assert read(*people(6, ALONE), *people(9, FAMILY), *foreign, *oldest) == [
        ("Pablo", 0, 4, "M", "straniera", 7, 0, "observed"),
        ("Pablo", 80, 84, "F", "italiana", 15, 6, "observed"),
        ("Pablo", 85, None, "M", "italiana", 5, 0, "observed"),
    ]


def test_who_needs_no_citizenship_gives_no_codes() -> None:
    rows = registry(*people(6, ALONE), *people(7, "Pablo;12;Albania;83;F;4;2;1"))
    table = population(rows, year=2025, italian=None, least=1)
    assert table.select("age_from", "persons").rows() == [(80, 13)]
    with pytest.raises(SourceFault, match="nessun residente italiano"):
        population(rows, year=2025, italian=["Francia"])


def test_hides_small_counts_and_what_would_tell_them() -> None:
    assert read(*people(4, ALONE)) == [("Pablo", 80, 84, "F", "italiana", None, None, "suppressed")]
    assert read(*people(20, FAMILY), *people(2, ALONE))[0][5:] == (22, None, "suppressed")
    assert read(*people(2, FAMILY), *people(20, ALONE))[0][5:] == (22, None, "suppressed")


def test_people_in_institutions_never_live_alone() -> None:
    assert read(*people(6, "Pablo;12;Italia;83;F;1;1;2"))[0][5:] == (6, 0, "observed")
    assert read(*people(6, "Pablo;12;Italia;83;F;319;1;2"))[0][5:] == (6, 0, "observed")


def test_an_impossible_age_is_unknown_and_still_a_resident() -> None:
    rows = read(*people(6, "Pablo;12;Italia;-1;F;2;1;1"))
    assert rows == [("Pablo", None, None, "F", "italiana", 6, 0, "observed")]


@given(ages=st.lists(st.integers(-1, 110), min_size=1, max_size=60))
def test_no_resident_is_lost_and_no_small_count_is_told(ages: list[int]) -> None:
    rows = [f"Pablo;12;Italia;{age};{'MF'[age % 2]};{1 + age % 3};1;1" for age in ages]
    told = population(registry(*rows), year=2025, italian=["Italia"])
    everything = population(registry(*rows), year=2025, italian=["Italia"], least=1)
    assert everything["persons"].sum() == len(ages)
    assert told.height == everything.height
    for name in ("persons", "living_alone"):
        assert told[name].drop_nulls().is_between(1, 4).sum() == 0


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("Pablo;12;Italia;83;X;1;1;1", "riga 2, colonna Sesso: codice di sesso sconosciuto"),
        (";12;Italia;83;F;1;1;1", "riga 2, colonna Quartiere: il valore manca"),
        ("Pablo;;Italia;83;F;1;1;1", "colonna SEZ21: non è un numero di sezione"),
        ("Pablo;12;Italia;83;F;Maria Rossi;1;1", "colonna Ncomp: il valore non è un numero"),
        ("Pablo;12;Italia;83", "riga 2: 4 campi, l'intestazione ne ha 8"),
        ("Pablo;12;Albania;83;F;1;1;1", "nessun residente italiano"),
    ],
)
def test_refuses_a_broken_row_without_repeating_it(row: str, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule) as caught:
        read(row)
    assert "Maria Rossi" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_refuses_a_missing_column_and_an_empty_registry() -> None:
    for files, rule in (
        (registry(ALONE, header=HEADER.replace("Ncomp", "N")), "colonna Ncomp"),
        (registry(), "nessun residente"),
    ):
        with pytest.raises(SourceFault, match=rule):
            population(files, year=2025, italian=["Italia"])
