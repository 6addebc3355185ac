"""Text tables: what is read is what is written, and what is not a table is refused by name."""

import polars as pl
import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.tabular import (
    LINE,
    Origin,
    as_numbers,
    only_codes,
    only_file,
    read_table,
    require_unique,
    text_of,
)

ORIGIN = Origin("prova", "prova.csv")
COLUMNS = {"Codice": "code", "Valore": "value"}


def test_reads_only_the_columns_asked_for_with_their_lines() -> None:
    table = read_table(
        b"\xef\xbb\xbfAltro,Codice,Valore\nx, 01 ,3\n\ny,02,\n", ORIGIN, columns=COLUMNS
    )
    assert table.rows() == [("01", "3", 2), ("02", None, 4)]
    assert table.columns == ["code", "value", LINE]


def test_drops_title_lines_closing_note_and_empty_trailing_columns() -> None:
    content = b'"Titolo"\nCodice;Valore; ;\n01;3;;\n"Note: fine"\n'
    table = read_table(
        content, ORIGIN, columns=COLUMNS, separator=";", title_lines=1, note_prefix="Note:"
    )
    assert table.select("code", "value").rows() == [("01", "3")]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "vuoto"),
        (b"\n  <!DOCTYPE html><html></html>", "pagina web"),
        (b"<HTML><body>Errore</body></HTML>", "pagina web"),
        (b"Codice,Valore\n", "nessuna riga"),
        (b"Codice,Importo\n1,2\n", "colonna Valore: la colonna manca"),
        (b"Codice,Valore\n1\n", "riga 2: 1 campi"),
        (b"Codice,Valore\n1,2,3\n", "riga 2: 3 campi"),
        (b"Codice,Valore\n1,\xe8\n", "il testo non"),
    ],
)
def test_refuses_what_is_not_the_table(content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rf"^prova, file prova\.csv.*{rule}"):
        read_table(content, ORIGIN, columns=COLUMNS)


def test_reads_the_encoding_it_is_told() -> None:
    assert text_of("città".encode("cp1252"), ORIGIN, encoding="cp1252") == "città"


def numbers(*cells: str | None) -> pl.DataFrame:
    return pl.DataFrame(
        {"value": cells, LINE: range(2, 2 + len(cells))}, schema_overrides={"value": pl.String}
    )


def test_a_missing_number_stays_missing() -> None:
    table = as_numbers(numbers("12", None, "7.0"), ["value"], ORIGIN)
    assert table["value"].to_list() == [12, None, 7]
    assert table["value"].dtype == pl.Int64


def test_reads_the_decimal_comma() -> None:
    table = as_numbers(numbers("62,93"), ["value"], ORIGIN, integer=False, decimal_comma=True)
    assert table["value"].to_list() == [62.93]


@pytest.mark.parametrize("cell", ["n.d.", "1.5", "1.234.567", "62.000", "NaN", "inf", "12 persone"])
def test_refuses_a_cell_that_is_not_a_whole_number(cell: str) -> None:
    with pytest.raises(SourceFault, match=r"riga 3, colonna value: il valore .* non è un numero"):
        as_numbers(numbers("1", cell), ["value"], ORIGIN)


def test_refuses_a_repeated_key_and_a_missing_code() -> None:
    table = pl.DataFrame({"pro_com": ["016024", "016024"], LINE: [2, 3]})
    with pytest.raises(SourceFault, match="riga 3: chiave ripetuta: pro_com=016024"):
        require_unique(table, ["pro_com"], ORIGIN)
    with pytest.raises(SourceFault, match="manca il codice 013075"):
        only_codes(table, ["016024", "013075"], ORIGIN)
    assert only_codes(table, None, ORIGIN).height == 2


def test_refuses_another_number_of_files() -> None:
    with pytest.raises(SourceFault, match="trovati 2"):
        only_file({"a": b"", "b": b""}, "prova")
