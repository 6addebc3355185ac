"""The sections of 2021: read as they are, or refused with file, row and rule."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.errors import SourceFault
from will_pipeline.readers.istat_sections_2021 import (
    COUNTS,
    area_totals,
    municipality_totals,
    sections,
)

HEADER = "SEZ21_ID,PRO_COM,SEZ21,DEN_ASC1,COD_TIPO_S,POP21,FAM21,ABI21,EDI21"
ROW = "340270000001,34027,1,Centro,1,177,109,144,23"
OTHER = "340270000002,34027,2,Nord,1,76,39,52,9"
HOMELESS = "340278888888,34027,8888888,Centro,100,330,270,0,0"


def text(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def read(*lines: str) -> pl.DataFrame:
    return sections({"parma.csv": text(HEADER, *lines)})


@pytest.fixture(scope="module")
def shapefile(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A table in the producer's first release: codes of areas, no dwellings and buildings."""
    folder = tmp_path_factory.mktemp("shapefile")
    columns: Mapping[str, list[int]] = {
        "PRO_COM": [63049, 63049, 63049],
        "SEZ21": [2, 1, 8_888_888],
        "SEZ21_ID": [630490000002, 630490000001, 630498888888],
        "COD_TIPO_S": [1, 6, 100],
        "COM_ASC1": [63049002, 63049001, 63049001],
        "COM_ASC2": [63049030, 63049030, 63049030],
        "COM_ASC3": [0, 0, 0],
        "POP21": [42, 17, 90],
        "FAM21": [20, 10, 60],
    }
    frame = pl.DataFrame(columns).to_pandas()
    pyogrio.write_dataframe(frame, folder / "R15_21_WGS84.dbf", driver="ESRI Shapefile")
    return {part.name: part.read_bytes() for part in folder.iterdir()}


def test_codes_are_text_and_counts_are_integers() -> None:
    row = "10010000007,1001,7,,2,0,0,3,1"
    assert read(ROW, row).to_dicts() == [
        {
            "section_id": "0010010000007",
            "pro_com": "001001",
            "section": 7,
            "section_type": 2,
            "is_fictitious": False,
            "asc1": None,
            "asc2": None,
            "asc3": None,
            "asc1_name": None,
            "residents": 0,
            "households": 0,
            "dwellings": 3,
            "buildings": 1,
        },
        {
            "section_id": "0340270000001",
            "pro_com": "034027",
            "section": 1,
            "section_type": 1,
            "is_fictitious": False,
            "asc1": None,
            "asc2": None,
            "asc3": None,
            "asc1_name": "Centro",
            "residents": 177,
            "households": 109,
            "dwellings": 144,
            "buildings": 23,
        },
    ]


def test_a_shapefile_gives_the_same_columns(shapefile: dict[str, bytes]) -> None:
    frame = sections(shapefile)
    assert frame.schema == read(ROW).schema
    assert frame["section"].to_list() == [1, 2, 8_888_888]
    assert frame["residents"].to_list() == [17, 42, 90]
    assert frame["asc1"].to_list() == [63049001, 63049002, 63049001]
    assert frame.select("asc3", "asc1_name", "dwellings").null_count().row(0) == (3, 3, 3)
    assert area_totals(frame, area="asc2")["sections"].to_list() == [2]


def test_missing_counts_do_not_become_zero(shapefile: dict[str, bytes]) -> None:
    town = municipality_totals(sections(shapefile))
    assert town.row(0, named=True) == {
        "pro_com": "063049",
        "sections": 3,
        "residents": 149,
        "households": 90,
        "dwellings": None,
        "buildings": None,
    }


@pytest.mark.parametrize(
    ("number", "fictitious"),
    [(8_888_880, False), (8_888_881, True), (8_888_889, True), (8_888_890, False),
     (9_999_997, False), (9_999_998, True), (9_999_999, True)],
)  # fmt: skip
def test_fictitious_sections_count_in_the_municipality_only(number: int, fictitious: bool) -> None:
    frame = read(ROW, OTHER, f"{34027 * 10**7 + number},34027,{number},Centro,1,330,270,0,0")
    assert frame["is_fictitious"].to_list() == [False, False, fictitious]
    centre = area_totals(frame).filter(pl.col("asc1_name") == "Centro")
    assert centre["residents"].to_list() == [177 if fictitious else 507]
    assert municipality_totals(frame)["residents"].to_list() == [583]


def test_areas_of_two_municipalities_with_one_name_stay_apart() -> None:
    frame = read(ROW, "350330000001,35033,1,Centro,1,5,2,2,1")
    assert area_totals(frame).select("pro_com", "residents").rows() == [
        ("034027", 177),
        ("035033", 5),
    ]


def test_cities_are_chosen() -> None:
    files = {"a.csv": text(HEADER, ROW, "350330000001,35033,1,Centro,1,5,2,2,1")}
    assert sections(files, cities=["035033"])["residents"].to_list() == [5]
    with pytest.raises(SourceFault, match="manca il codice 016024"):
        sections(files, cities=["016024"])


@pytest.mark.parametrize(
    ("content", "where", "rule"),
    [
        (b"", "", "il file è vuoto"),
        (b"<html></html>", "", "è una pagina web"),
        (text(HEADER), "", "c'è l'intestazione ma nessuna riga"),
        (text(HEADER.replace("POP21", "POP23"), ROW), "colonna POP21", "la colonna manca"),
        (text(HEADER, ROW.replace("177", "")), "riga 2, colonna residents", "il valore manca"),
        (text(HEADER, ROW.replace("144", "")), "riga 2, colonna dwellings", "il valore manca"),
        (text(HEADER, ROW.replace("177", "x")), "riga 2, colonna residents", "il valore 'x'"),
        (text(HEADER, ROW, OTHER.replace("76", "-7")), "riga 3, sezione 340270000002", "un cont"),
        (text(HEADER, ROW.replace("23", "-1")), "riga 2, sezione 340270000001", "un conteggio"),
        (text(HEADER, ROW.replace(",34027,", ",34028,")), "riga 2, sezione 340270000001", "SEZ21"),
        (text(HEADER, ROW.replace(",1,C", ",2,C")), "riga 2, sezione 340270000001", "SEZ21_ID"),
        (text(HEADER, ROW.replace("34027", "0")), "riga 2, sezione 1", "il codice di comune"),
        (text(HEADER, ROW.replace(",1,C", ",0,C")), "riga 2, sezione 340270000001", "il numero"),
        (text(HEADER, ROW, ROW), "riga 3", "chiave ripetuta"),
        (
            text(HEADER.replace("DEN_ASC1", "COM_ASC1"), ROW.replace("Centro", "35033001")),
            "riga 2, sezione 340270000001",
            "l'area asc1 non è del comune",
        ),
    ],
)
def test_a_malformed_table_is_refused_with_its_place(content: bytes, where: str, rule: str) -> None:
    with pytest.raises(SourceFault) as caught:
        sections({"parma.csv": content})
    assert caught.value.file == "parma.csv"
    assert caught.value.where.startswith(where)
    assert caught.value.rule.startswith(rule)


def test_no_table_and_a_section_in_two_files_are_refused() -> None:
    with pytest.raises(SourceFault, match="nessuna tabella"):
        sections({"R08.shp": b"x"})
    rule = r"file b\.csv, riga 3: sezione 0340270000001 già letta in a\.csv"
    with pytest.raises(SourceFault, match=rule):
        sections({"a.csv": text(HEADER, ROW), "b.csv": text(HEADER, OTHER, ROW)})


def test_a_broken_shapefile_is_refused(shapefile: dict[str, bytes]) -> None:
    name = next(part for part in shapefile if part.endswith(".dbf"))
    whole = shapefile[name]
    for content, rule in (
        (b"x" * 10, "non è una tabella dBASE leggibile"),
        (whole[:-40], "il file è troncato"),
        (whole[:4] + bytes(4) + whole[8:], "nessuna riga"),
        (whole.replace(b"FAM21", b"FAM23"), "la colonna manca"),
        (b"\xff" * 31 + whole[31:], "il file è troncato"),
        (whole.replace(b"FAM21", bytes(5)), "non è una tabella dBASE leggibile"),
        (whole.replace(b" 42", b"4x2"), "il valore '4x2' non è un numero intero"),
        (whole.replace(b" 42", b"4.5"), "il valore '4.5' non è un numero intero"),
        (whole.replace(b" 42", b"   "), "il valore manca"),
        (whole.replace(b" 42", b"***"), "il valore manca"),
    ):
        with pytest.raises(SourceFault, match=rule):
            sections({name: content})


def test_a_deleted_record_is_no_row_and_names_follow_their_encoding(
    shapefile: dict[str, bytes], tmp_path: Path
) -> None:
    name = next(part for part in shapefile if part.endswith(".dbf"))
    whole = bytearray(shapefile[name])
    whole[int.from_bytes(whole[8:10], "little")] = ord("*")
    assert sections({name: bytes(whole)})["section"].to_list() == [1, 8_888_888]

    table = pl.read_csv(text(HEADER, ROW.replace("Centro", "Città"))).to_pandas()
    pyogrio.write_dataframe(
        table, tmp_path / "a.dbf", driver="ESRI Shapefile", encoding="ISO-8859-1"
    )
    content = (tmp_path / "a.dbf").read_bytes()
    assert sections({"a.DBF": content, "A.cpg": b"ISO-8859-1\n"})["asc1_name"][0] == "Città"
    with pytest.raises(SourceFault, match="colonna DEN_ASC1: il testo non è UTF-8"):
        sections({"a.dbf": content})
    with pytest.raises(SourceFault, match="il testo non è latino"):
        sections({"a.dbf": content, "a.cpg": b"latino"})


def test_totals_by_an_area_that_is_not_there_are_refused() -> None:
    with pytest.raises(SourceFault, match="non è una colonna di aree"):
        area_totals(read(ROW), area="section_type")
    with pytest.raises(SourceFault, match="la sezione 0340270000001 non ha l'area"):
        area_totals(read(ROW), area="asc1")


@given(st.permutations([ROW, OTHER, HOMELESS]))
def test_rows_may_come_in_any_order(rows: list[str]) -> None:
    assert read(*rows).equals(read(ROW, OTHER, HOMELESS))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 500)), min_size=1, max_size=20))
def test_areas_and_fictitious_sections_add_up_to_the_municipality(
    found: list[tuple[int, int]],
) -> None:
    rows = [
        f"{340270000000 + n},34027,{n},Area {area},1,{people},{people // 2},{people},1"
        for n, (area, people) in enumerate(found, start=1)
    ]
    frame = read(*rows, HOMELESS)
    whole = municipality_totals(frame).select(COUNTS).row(0)
    apart = frame.filter("is_fictitious").select(COUNTS).row(0)
    areas = area_totals(frame).select(COUNTS).sum().row(0)
    assert tuple(a + b for a, b in zip(areas, apart, strict=True)) == whole


@given(st.binary(max_size=200))
def test_no_bytes_pass_in_silence(noise: bytes) -> None:
    for name in ("a.csv", "a.dbf"):
        with pytest.raises(SourceFault):
            sections({name: noise})


@given(st.data(), st.binary(min_size=1, max_size=1))
def test_one_changed_byte_is_refused_or_still_a_whole_table(
    shapefile: dict[str, bytes], data: st.DataObject, byte: bytes
) -> None:
    name = next(part for part in shapefile if part.endswith(".dbf"))
    whole = shapefile[name]
    place = data.draw(st.integers(0, len(whole) - 1))
    try:
        frame = sections({name: whole[:place] + byte + whole[place + 1 :]})
    except SourceFault:
        return
    required = ["section_id", "pro_com", "section", "section_type", "residents", "households"]
    assert frame.select(required).null_count().sum_horizontal().item() == 0
    assert 1 <= frame.height <= 3
