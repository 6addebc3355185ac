"""Demographic balances: one row per sex, the total checked against its parts."""

import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.istat_demo import balance, foreign_balance

ITEMS = [
    "Popolazione censita al 1° gennaio",
    "Nati vivi",
    "Morti",
    "Saldo naturale",
    "Immigrati da altro comune",
    "Emigrati per altro comune",
    "Saldo migratorio interno",
    "Immigrati dall'estero",
    "Emigrati per l'estero",
    "Saldo migratorio con l'estero",
    "Unità in più/meno dovute a variazioni territoriali",
    "Popolazione al 31 dicembre",
]
OTHER = ["Iscritti in anagrafe per altri motivi", "Cancellati dall'anagrafe per altri motivi"]
SEXES = ("Maschi", "Femmine", "Totale")


def sheet(
    *, foreign: bool = False, year: int = 2025, code: str = "016024", total: int = 20
) -> bytes:
    items = [*ITEMS, "Acquisizioni della cittadinanza italiana"] if foreign else ITEMS
    form = "{} (v) - {}" if foreign else "{} - {} (v)"
    header = ["Codice comune", "Comune"]
    cells = [code, "Bergamo"]
    for sex, number in zip(SEXES, (12, 8, total), strict=True):
        header += [f"{item} - {sex}" for item in items] + [form.format(i, sex) for i in OTHER]
        cells += [str(number)] * (len(items) + len(OTHER))
    lines = [
        f'"Bilancio demografico al 31 dicembre {year}"',
        ";".join(f'"{name}"' for name in [*header, "Informazioni"]),
        ";".join([*cells, '"p"']),
        '"Note: p = dato provvisorio."',
    ]
    return ("\ufeff" + "\n".join(lines)).encode()


def test_gives_one_row_per_sex() -> None:
    result = balance({"P2.csv": sheet()}, year=2025, cities=["016024"])
    assert result.select("sex", "year", "population_end", "cancelled_other").rows() == [
        ("M", 2025, 12, 12),
        ("F", 2025, 8, 8),
        ("T", 2025, 20, 20),
    ]
    assert set(result["information"]) == {"p"}


def test_foreign_balance_has_acquisitions_of_citizenship() -> None:
    result = foreign_balance({"P3.csv": sheet(foreign=True)}, year=2025)
    assert result["citizenship_acquisitions"].to_list() == [12, 8, 20]
    with pytest.raises(SourceFault, match="Acquisizioni della cittadinanza"):
        foreign_balance({"P2.csv": sheet()}, year=2025)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"<!DOCTYPE html>", "pagina web"),
        (sheet(year=2024), "il titolo non è del 2025"),
        (sheet(total=21), "riga 3, voce population_start: maschi e femmine non fanno il totale"),
        (sheet(code="013075"), "manca il codice 016024"),
        (sheet().replace(b"016024;Bergamo;12", b"016024;Bergamo;dodici"), "non è un numero intero"),
    ],
)
def test_refuses_a_broken_file(content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        balance({"P2.csv": content}, year=2025, cities=["016024"])
