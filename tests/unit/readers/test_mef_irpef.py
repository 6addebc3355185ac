"""Income tax tables: frequencies and amounts by item, blanks kept as suppressed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def headings(year: int) -> list[str]:
    """Header of a tax year, as the producer wrote it then."""
    code = "Codice Istat" if 2008 <= year <= 2011 else "Codice Istat Comune"
    amount = "Ammontare" if 2008 <= year <= 2014 else "Ammontare in euro"
    names = dict(ITEMS)
    if year <= 2007:
        # One year has two spaces before the dash.
        names["employment_income"] = "Reddito da lavoro dipendente" + " " * (year == 2006)
    pairs = [f"{name} - {half}" for name in names.values() for half in ("Frequenza", amount)]
    stray = [" "] if year >= 2023 else []
    identity = ["Anno di imposta", "Codice catastale", code, "Denominazione Comune"]
    return [*identity, "Numero contribuenti", *pairs, *stray]


def of_year(year: int, *, order: list[int] | None = None) -> bytes:
    """Two municipalities in a tax year; Monza has its old code before 2008."""
    header = headings(year)
    rows = []
    for belfiore, code, name in (("F704", "15149" if year < 2008 else "108033", "MONZA"),
                                 ("A794", "16024", "BERGAMO")):  # fmt: skip
        values = [str(year), belfiore, code, name, "100"]
        values += [str(place) for place in range(2 * len(ITEMS))]
        rows.append(values + [""] * (len(header) - len(values)))
    places = [place for place in order or range(100) if place < len(header)]
    table = [header, *rows]
    return "\r\n".join(";".join(row[place] for place in places) for row in table).encode("cp1252")


@pytest.mark.parametrize("year", range(2000, 2025))
def test_reads_the_header_of_every_year(year: int) -> None:
    result = municipalities({f"{year}.csv": of_year(year)}, cities=["108033", "016024"])
    assert result.height == 2 * len(ITEMS)
    assert set(result["year"]) == {year}
    work = result.filter(pro_com="108033", item="employment_income").row(0, named=True)
    assert (work["frequency"], work["amount_eur"]) == (2, 3)


@given(year=st.integers(2000, 2022), order=st.permutations(range(100)))
def test_the_order_of_the_columns_changes_nothing(year: int, order: list[int]) -> None:
    shuffled = municipalities({"a.csv": of_year(year, order=order)})
    assert shuffled.equals(municipalities({"a.csv": of_year(year)}))


def without(year: int, item: str) -> bytes:
    table = [line.split(";") for line in of_year(year).decode("cp1252").split("\r\n")]
    kept = [n for n, name in enumerate(table[0]) if not name.startswith(ITEMS[item])]
    return "\r\n".join(";".join(row[n] for n in kept) for row in table).encode("cp1252")


def test_an_item_of_today_may_be_absent_only_in_the_older_years() -> None:
    older = municipalities({"2005.csv": without(2005, "class_over_120000")})
    assert "class_over_120000" not in set(older["item"])
    assert older.height == 2 * (len(ITEMS) - 1)
    with pytest.raises(SourceFault, match="oltre 120000 euro - Frequenza: la colonna manca"):
        municipalities({"2018.csv": without(2018, "class_over_120000")})
    with pytest.raises(SourceFault, match="Reddito imponibile - Frequenza: la colonna manca"):
        municipalities({"2005.csv": without(2005, "taxable_income")})


def test_refuses_a_heading_in_two_spellings() -> None:
    both = of_year(2010).replace(b"Codice catastale", b"Codice Istat Comune")
    with pytest.raises(SourceFault, match="la colonna è due volte"):
        municipalities({"2010.csv": both})


@pytest.mark.parametrize("cell", ["120.923", "120,923"])
def test_a_dot_or_a_comma_in_an_amount_is_never_guessed(cell: str) -> None:
    with pytest.raises(SourceFault, match=f"il valore '{cell}' non è un numero intero"):
        municipalities({NAME: table(line("016024", net_tax_eur=cell))})


def test_a_hidden_frequency_of_a_published_zero_is_suppressed() -> None:
    content = table(line("016024", partnership_income_n="", partnership_income_eur="0"))
    row = municipalities({NAME: content}).filter(item="partnership_income").row(0, named=True)
    assert (row["frequency"], row["amount_eur"], row["status"]) == (None, 0, "suppressed")


def test_postal_codes_keep_their_zeros_and_may_hide_their_taxpayers() -> None:
    content = table(["9132", *line("92009", taxpayers="")], header=["CAP", *IDENTITY, *PAIRS])
    row = postal_codes({NAME: content}).row(0, named=True)
    assert (row["pro_com"], row["cap"], row["taxpayers"]) == ("092009", "09132", None)
