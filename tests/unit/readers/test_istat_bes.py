"""Bes dei territori: conventional signs are not numbers, provinces are not regions."""

import io
from typing import Any

import openpyxl
import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.istat_bes import indicators, provinces, references

HEADER = ["DOMINIO", "CODICE", "INDICATORE", "SESSO", "TERRITORIO", "UNITA_MISURA", "FONTE"]
HEADER += ["V2022", "V2023", "V2024", "NOTA", "W_GEO"]


def row(territory: str, place: str, *values: Any, sex: str = "Totale") -> list[Any]:
    return ["Istruzione", "02IST006-N22", "NEET", sex, territory, "Valori percentuali", "Istat",
            *values, None, place]  # fmt: skip


MONZA = row("Monza e della Brianza", "01-04-025", "16,2", "....", 7.6)
ITALY = row("Italia", "90-00-000", "19,0", "-", None)


def book(*rows: list[Any], header: list[str] = HEADER, sheet: str | None = None) -> bytes:
    workbook = openpyxl.Workbook()
    page = workbook.create_sheet(sheet or "Indicatori_per_provincia_sesso", 0)
    for line in (header, *rows):
        page.append(line)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def metadata(definition: str | None = "Giovani che non lavorano e non studiano.") -> bytes:
    header = ["Dominio", "Tipo", "Num.", "Cod. indicatore", "Indicatore", "Definizione"]
    line = ["Istruzione", "Bes", "02-06", "02IST006-N22", "NEET", definition]
    return book(line, header=header, sheet="Bes dei territori metadati_it")


def test_separates_provinces_from_larger_territories() -> None:
    content = {"bes.xlsx": book(MONZA, ITALY)}
    assert provinces(content).select("province_code", "year", "value", "status").rows() == [
        ("IT108", 2022, 16.2, "observed"),
        ("IT108", 2023, None, "unknown"),
        ("IT108", 2024, 7.6, "observed"),
    ]
    assert references(content).select("territory_code", "year", "value", "status").rows() == [
        ("IT", 2022, 19.0, "observed"),
        ("IT", 2023, None, "no_case"),
    ]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"<html>Accesso negato</html>", "non è un file XLSX"),
        (book(MONZA, sheet="Foglio1"), "manca il foglio"),
        (book(MONZA, header=["X", *HEADER[1:]]), "colonna DOMINIO: la colonna manca"),
        (book(row("Monza e della Brianza", "01-04-025", "n.d.", 1, 2)), "riga 2, V2022.*'n.d.'"),
        (book(row("Brianza", "01-04-025", 1, 2, 3)), "territorio sconosciuto: 'Brianza'"),
        (book(row("Como", "01-04-015", 1, 2, 3, sex="Altro")), "sesso sconosciuto"),
        (book(MONZA, MONZA), "chiave ripetuta: IT108"),
        (book(ITALY), "nessuna riga"),
    ],
)
def test_refuses_a_broken_workbook(content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        provinces({"bes.xlsx": content})


def test_joins_each_indicator_with_its_definition() -> None:
    result = indicators({"a.xlsx": book(MONZA), "b.xlsx": metadata()})
    assert result.row(0, named=True) == {
        "indicator_code": "02IST006-N22",
        "name": "NEET",
        "domain": "Istruzione",
        "kind": "Bes",
        "unit": "Valori percentuali",
        "source": "Istat",
        "definition": "Giovani che non lavorano e non studiano.",
        "note": None,
    }
    with pytest.raises(SourceFault, match="servono il file dei dati e quello dei metadati"):
        indicators({"a.xlsx": book(MONZA)})
