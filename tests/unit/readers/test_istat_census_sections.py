"""Sections of every vintage: identifiers keep their zeros, blanks stay missing, sums reconcile."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.readers.census_tables import KEYS, as_csv, as_workbook, section, zipped
from will_pipeline.errors import SourceFault
from will_pipeline.readers.census_cells import CellFault, whole
from will_pipeline.readers.census_layouts import VINTAGES, codes
from will_pipeline.readers.istat_census_sections import sections, totals

NAMES = {
    2011: "R08_indicatori_2011_sezioni.csv",
    2021: "R08_indicatori_2021_sezioni.xlsx",
    2023: "R08_Emilia-Romagna_2023_sezioni.xlsx",
}


def file_of(vintage: int, *rows: dict[str, object], columns: list[str] | None = None) -> bytes:
    header = columns or [*KEYS[vintage], *codes(vintage)]
    return (as_csv if vintage == 2011 else as_workbook)(rows, header)


@pytest.mark.parametrize("vintage", VINTAGES)
def test_reads_a_region_out_of_its_archive(vintage: int) -> None:
    rows = [
        section(vintage, 2, area=3, P1=10, P2=4),
        section(vintage, 1, town=1001, area=0, P1=7),
        section(vintage, 8_888_888 if vintage != 2011 else 8_888_881, area=3, P1=5),
    ]
    archive = zipped({f"Sezioni di Censimento/{NAMES[vintage]}": file_of(vintage, *rows)})
    table = sections({"dati.zip": archive}, vintage=vintage)
    level = "asc" if vintage == 2011 else "asc1"
    shown = table.select("section_id", "pro_com", "section", "is_fictitious", level, "P1")
    assert shown.rows() == [
        ("0010010000001", "001001", 1, False, None, 7),
        ("0340270000002", "034027", 2, False, 3, 10),
        (f"034027{rows[2]['SEZ2011' if vintage == 2011 else 'SEZ21_ID']}"[:6]
         + ("8888881" if vintage == 2011 else "8888888"), "034027",
         8_888_881 if vintage == 2011 else 8_888_888, True, 3, 5),
    ]  # fmt: skip
    assert table.columns[-len(codes(vintage)) :] == list(codes(vintage))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_reads_2011_in_either_encoding_the_same(encoding: str) -> None:
    columns = [*KEYS[2011], *codes(2011)]
    content = as_csv([section(2011, 1, P1=3)], columns, encoding=encoding)
    assert sections({NAMES[2011]: content}, vintage=2011)["P1"].to_list() == [3]


def test_blank_cells_are_missing_and_sections_without_any_count_are_told() -> None:
    blank = section(2021, 2) | dict.fromkeys(codes(2021))
    partly = section(2021, 3, P1=4) | {"P2": None}
    table = sections({NAMES[2021]: file_of(2021, section(2021, 1, P1=6, P2=2), blank, partly)},
                     vintage=2021)  # fmt: skip
    assert table.select("has_counts", "P1", "P2").rows() == [
        (True, 6, 2), (False, None, None), (True, 4, None),
    ]  # fmt: skip
    added = totals(table, key=["pro_com"]).row(0, named=True)
    assert (added["sections"], added["sections_without_counts"]) == (3, 1)
    assert (added["P1"], added["P2"]) == (10, None)


def test_a_zero_census_area_is_kept_and_a_zero_sub_municipal_area_is_none() -> None:
    table = sections({NAMES[2011]: file_of(2011, section(2011, 1, area=0))}, vintage=2011)
    assert table.select("ace", "asc").rows() == [(0, None)]


def test_fictitious_sections_count_only_where_asked() -> None:
    rows = [section(2011, 1, area=1, P1=5), section(2011, 8_888_881, area=1, P1=2)]
    table = sections({NAMES[2011]: file_of(2011, *rows)}, vintage=2011)
    both = [
        totals(table, key=["pro_com", "asc"], with_fictitious=w)["P1"][0] for w in (True, False)
    ]
    assert both == [7, 5]


def test_the_row_of_totals_is_reconciled_and_never_a_section() -> None:
    total = dict.fromkeys(KEYS[2023]) | {"CODREG": "Totale"} | dict.fromkeys(codes(2023), 0)
    good = file_of(2023, section(2023, 1, P1=5), total | {"P1": 5})
    assert sections({NAMES[2023]: good}, vintage=2023).height == 1
    bad = file_of(2023, section(2023, 1, P1=5), total | {"P1": 6})
    with pytest.raises(SourceFault, match=r"totali dice 6 residenti, .* sommano 5"):
        sections({NAMES[2023]: bad}, vintage=2023)


@given(columns=st.permutations([*KEYS[2011], *codes(2011), "NUOVA"]))
def test_the_order_of_the_columns_and_new_ones_change_nothing(columns: list[str]) -> None:
    rows = [section(2011, n, area=n, P1=n, ST1=2 * n) | {"NUOVA": 9} for n in (1, 2)]
    shuffled = sections({NAMES[2011]: file_of(2011, *rows, columns=columns)}, vintage=2011)
    assert shuffled.equals(sections({NAMES[2011]: file_of(2011, *rows)}, vintage=2011))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"P1": "120.923"}, "riga 2, colonna P1: il valore '120.923' non è un numero intero"),
        ({"P1": "120,923"}, "riga 2, colonna P1: il valore '120,923' non è un numero intero"),
        ({"P1": -3}, "riga 2: un conteggio è negativo"),
        ({"SEZ2011": 340280000001}, "SEZ2011 non è fatto del comune e della sezione"),
        ({"SEZ2011": ""}, "manca il codice"),
    ],
)
def test_refuses_a_broken_row(change: dict[str, object], rule: str) -> None:
    content = file_of(2011, section(2011, 1) | change)
    with pytest.raises(SourceFault, match=rule) as caught:
        sections({NAMES[2011]: content}, vintage=2011)
    assert caught.value.file == NAMES[2011]


def test_refuses_an_area_of_another_municipality() -> None:
    content = file_of(2021, section(2021, 1) | {"COM_ASC1": 35033001})
    with pytest.raises(SourceFault, match="l'area COM_ASC1 non è del comune"):
        sections({NAMES[2021]: content}, vintage=2021)


def test_refuses_a_renamed_column_and_says_which_are_new() -> None:
    columns = ["POP1" if name == "P1" else name for name in [*KEYS[2021], *codes(2021)]]
    content = file_of(2021, section(2021, 1) | {"POP1": 3}, columns=columns)
    with pytest.raises(SourceFault, match="manca la colonna P1; colonne nuove: POP1"):
        sections({NAMES[2021]: content}, vintage=2021)


def test_refuses_repeated_sections_and_absent_cities() -> None:
    content = file_of(2011, section(2011, 1), section(2011, 1))
    with pytest.raises(SourceFault, match="sezione 0340270000001: la sezione è ripetuta"):
        sections({NAMES[2011]: content}, vintage=2011)
    with pytest.raises(SourceFault, match="manca il codice 016024"):
        sections({NAMES[2011]: file_of(2011, section(2011, 1))}, vintage=2011, cities=["016024"])


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("dati.zip", b"PK\x03\x04 rotto", "l'archivio è troncato o rovinato"),
        ("dati.zip", zipped({"altro.csv": b"a"}), "nessun file risponde a"),
        (NAMES[2021], b"<html>manutenzione</html>", "non è un foglio di calcolo"),
        (NAMES[2021], as_workbook([], ["A"]), "nessun foglio ha la colonna SEZ21_ID"),
        (NAMES[2021], as_workbook([], [*KEYS[2021], *codes(2021)]), "nessuna sezione"),
    ],
)
def test_refuses_what_is_not_the_table(name: str, content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        sections({name: content}, vintage=2021)


def test_refuses_a_sum_over_sections_without_an_area() -> None:
    table = sections({NAMES[2011]: file_of(2011, section(2011, 1, area=""))}, vintage=2011)
    with pytest.raises(SourceFault, match="non ha pro_com o asc"):
        totals(table, key=["pro_com", "asc"])


@given(number=st.integers(0, 10**12))
def test_a_whole_number_is_read_alike_from_text_and_from_spreadsheets(number: int) -> None:
    assert whole(str(number)) == whole(number) == whole(f" {number}.0 ") == number
    assert whole(float(number)) == number


@pytest.mark.parametrize(
    "cell", ["1.5", 1.5, "1 200", "1.000.000", True, "٣", "n.d.", float("nan")]
)
def test_anything_else_is_refused(cell: object) -> None:
    with pytest.raises(CellFault):
        whole(cell)


def test_keeps_its_types_where_no_section_is_kept_from_a_region() -> None:
    other = NAMES[2011].replace("R08", "R01")
    files = {
        NAMES[2011]: file_of(2011, section(2011, 1)),
        other: file_of(2011, section(2011, 1, town=3106)),
    }
    table = sections(files, vintage=2011, cities=["003106"])
    assert table["pro_com"].to_list() == ["003106"]
    assert table.schema["P1"] == pl.Int64


def test_notes_after_the_last_section_are_no_sections() -> None:
    blank = dict.fromkeys([*KEYS[2021], *codes(2021)])
    note = blank | {"CODREG": "Fonte: Istat, Censimento permanente"}
    content = file_of(2021, section(2021, 1, P1=5), blank, note)
    assert sections({NAMES[2021]: content}, vintage=2021)["P1"].to_list() == [5]
    cut = blank | {"CODREG": 8}
    with pytest.raises(SourceFault, match="riga 3: manca il codice"):
        sections({NAMES[2021]: file_of(2021, section(2021, 1), cut)}, vintage=2021)


@pytest.mark.parametrize("vintage", VINTAGES)
def test_reads_files_under_the_names_of_the_archive_of_snapshots(vintage: int) -> None:
    name = "r08_sezioni.csv" if vintage == 2011 else "r08_sezioni.xlsx"
    table = sections({name: file_of(vintage, section(vintage, 1, P1=4))}, vintage=vintage)
    assert table["P1"].to_list() == [4]
    with pytest.raises(SourceFault, match="nessun file risponde a"):
        sections({NAMES[vintage].replace(str(vintage), "1991"): b"a"}, vintage=vintage)
