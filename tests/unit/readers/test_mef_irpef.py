"""Income tax tables: frequencies and amounts by item, blanks kept as suppressed."""

import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.mef_irpef import ITEMS, municipalities, postal_codes

IDENTITY = ["Anno di imposta", "Codice Istat Comune", "Denominazione Comune", "Numero contribuenti"]
PAIRS = [f"{h} - {half}" for h in ITEMS.values() for half in ("Frequenza", "Ammontare in euro")]
NAME = "Redditi_2023.csv"


def line(code: str, year: str = "2023", taxpayers: str = "100", **cells: str) -> list[str]:
    values = [cells.get(f"{item}_{half}", "5") for item in ITEMS for half in ("n", "eur")]
    return [year, code, "CITTÀ", taxpayers, *values]


def table(*lines: list[str], header: list[str] | None = None) -> bytes:
    rows = [header or IDENTITY + PAIRS, *lines]
    # Official files close the header with blank columns and rows with one separator too many.
    return "\r\n".join(";".join([*row, " ", ""]) for row in rows).encode("cp1252")


def test_gives_one_row_per_item_with_suppressed_cells_missing() -> None:
    first = line("16024", taxable_income_n="90", taxable_income_eur="2700000")
    second = line("013075", class_up_to_0_n="", class_up_to_0_eur="")
    closing = ["2023", "0", "Mancante/errata", "9", *[""] * len(PAIRS)]
    result = municipalities({NAME: table(first, second, closing)})
    assert result.height == 2 * len(ITEMS)
    income = result.filter(pro_com="016024", item="taxable_income").row(0, named=True)
    assert income == {
        "pro_com": "016024",
        "municipality": "CITTÀ",
        "year": 2023,
        "taxpayers": 100,
        "item": "taxable_income",
        "frequency": 90,
        "amount_eur": 2_700_000,
        "status": "observed",
    }
    hidden = result.filter(pro_com="013075", item="class_up_to_0").row(0, named=True)
    assert (hidden["frequency"], hidden["amount_eur"], hidden["status"]) == (
        None,
        None,
        "suppressed",
    )


def test_reads_postal_codes_and_several_years() -> None:
    header = ["CAP", *IDENTITY, *PAIRS]
    files = {
        f"{year}.csv": table(["24121", *line("016024", year=year)], header=header)
        for year in ("2020", "2021")
    }
    result = postal_codes(files, cities=["016024"])
    assert set(result["year"]) == {2020, 2021}
    assert set(result["cap"]) == {"24121"}


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"<html>Servizio non disponibile</html>", "pagina web"),
        (table(line("016024"), header=[*IDENTITY, *PAIRS[:-1], "Altro"]), "la colonna manca"),
        (table(line("016024", net_tax_n="molti")), "riga 2, colonna net_tax:n: il valore 'molti'"),
        (table(line("016024", net_tax_n="")), "frequenza senza l'ammontare"),
        (table(line("016024"), line("016024")), "chiave ripetuta"),
        (table(line("034027")), "manca il codice 016024"),
    ],
)
def test_refuses_a_broken_file(content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        municipalities({NAME: content}, cities=["016024"])
