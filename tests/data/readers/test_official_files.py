"""The readers on official files: exact figures, published by others or added up another way."""

import csv
import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from will_pipeline.readers.istat_sdmx_flows import observations
from will_pipeline.readers.istat_territorial_tables import localities, sub_municipal_areas
from will_pipeline.readers.mef_irpef import ITEMS, municipalities, postal_codes
from will_pipeline.readers.territory_crosswalk import place

YEARS = (2021, 2022, 2023)


def folder_of(shared: Path, name: str) -> Path:
    folder = shared / name
    if not folder.is_dir():
        pytest.skip(f"the folder {name} is absent")
    return folder


def files_of(folder: Path, pattern: str = "*.csv") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob(pattern))}


@pytest.fixture(scope="module")
def incomes(shared: Path) -> pl.DataFrame:
    return municipalities(files_of(folder_of(shared, "figures/irpef_comuni")))


def test_income_tables_have_every_municipality_of_every_year(incomes: pl.DataFrame) -> None:
    found = incomes.group_by("year").agg(pl.col("pro_com").n_unique()).sort("year").rows()
    # Rows of each file less its closing row of unassigned taxpayers.
    assert found == [(2021, 7904), (2022, 7900), (2023, 7896)]
    assert incomes.height == sum(towns for _, towns in found) * len(ITEMS)


def test_mean_incomes_of_2023_are_those_published(incomes: pl.DataFrame) -> None:
    mean = incomes.filter(year=2023, item="taxable_income").select(
        "pro_com", (pl.col("amount_eur") / pl.col("frequency")).round(0).cast(pl.Int64)
    )
    expected = {
        "108033": 34_199, "016024": 33_044, "028060": 30_487, "034027": 30_032,
        "013075": 28_332, "003106": 27_567, "035033": 27_199, "029041": 25_695,
    }  # fmt: skip
    assert {town: dict(mean.iter_rows())[town] for town in expected} == expected


@pytest.mark.parametrize("year", YEARS)
def test_income_sums_are_those_of_the_file_cell_by_cell(
    shared: Path, incomes: pl.DataFrame, year: int
) -> None:
    folder = folder_of(shared, "figures/irpef_comuni")
    path = next(folder.glob(f"*_{year}.csv"))
    with path.open(encoding="cp1252", newline="") as stream:
        header, *rows = csv.reader(stream, delimiter=";")
    code = header.index("Codice Istat Comune")
    for item, heading in ITEMS.items():
        for half, column in (
            ("Frequenza", "frequency"),
            ("Ammontare in euro", "amount_eur"),
        ):
            place_of = header.index(f"{heading} - {half}")
            cells = [row[place_of] for row in rows if int(row[code])]
            read = incomes.filter(year=year, item=item)[column]
            assert read.sum() == sum(int(cell) for cell in cells if cell)
            assert read.null_count() == sum(not cell for cell in cells)


def test_postal_codes_of_the_four_cities(shared: Path) -> None:
    table = postal_codes(files_of(folder_of(shared, "figures/irpef_cap")))
    latest = table.filter(year=2021).unique(["pro_com", "cap"])
    counted = Counter(latest["pro_com"])
    cities = ("016024", "028060", "034027", "035033")
    assert [counted[town] for town in cities] == [9, 21, 6, 4]
    assert set(table["year"]) == {2019, 2020, 2021}


def test_residents_and_foreign_residents_are_those_published(shared: Path) -> None:
    folder = folder_of(shared, "figures/sdmx")
    residents = observations(
        files_of(folder, "istat_22_289.csv"), flow="22_289", years=[2023], territories=["028060"]
    )
    assert residents["value"].to_list() == [207_112]
    foreign = observations(files_of(folder, "istat_29_316_FJAN.csv"), flow="29_316")
    totals = foreign.filter(level="comune", year=2025, is_total=True)
    expected = {"028060": 34_113, "034027": 34_021, "035033": 28_749, "108033": 14_938}
    assert {town: dict(totals.select("territory", "value").iter_rows())[town]
            for town in expected} == expected  # fmt: skip


def test_every_code_of_the_official_codelist_is_a_place(shared: Path) -> None:
    path = folder_of(shared, "figures/registri") / "CL_ITTER107.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        codes = [row["code"] for row in csv.DictReader(stream)]
    levels = Counter(found.level for found in map(place, codes) if found is not None)
    assert levels.total() == len(codes) == 11_578
    assert (levels["provincia"], levels["regione"]) == (113, 22)


def test_the_eight_provinces_have_the_codes_of_the_service(shared: Path) -> None:
    path = folder_of(shared, "figures/registri") / "istat_unita_territoriali.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    eurostat = {row["Codice Comune (alfanumerico)"]: row["Codice NUTS3 2024"] for row in rows}
    service = {
        "016024": "ITC46", "013075": "ITC42", "108033": "IT108", "003106": "ITC15",
        "034027": "ITD52", "035033": "ITD53", "028060": "ITD36", "029041": "ITD37",
    }  # fmt: skip
    resolved = {town: place(eurostat[town]) for town in service}
    assert {town: found and found.code for town, found in resolved.items()} == service


def test_the_two_levels_of_napoli_are_kept_apart(shared: Path) -> None:
    files = files_of(folder_of(shared, "formats/napoli/R15_21_TAB"))
    table = sub_municipal_areas(files)
    napoli = table.filter(pro_com="063049")
    assert dict(napoli.group_by("level").len().iter_rows()) == {1: 10, 2: 30}
    assert set(napoli.filter(level=1)["kind"]) == {"Municipalità"}
    first = napoli.filter(code=1).sort("level")["name"].to_list()
    assert first[1] == "San Ferdinando"
    assert first[0] != first[1]


def test_the_localities_of_campania_are_all_read(shared: Path) -> None:
    table = localities(files_of(folder_of(shared, "formats/napoli/R15_21_TAB")))
    assert table.height == 3_604
    assert table["name"].str.contains("\0", literal=True).sum() == 0


def test_the_labels_of_2023_are_127(shared: Path) -> None:
    path = folder_of(shared, "figures/census_2021") / "agid_censimento_vars_2023.json"
    assert len(json.loads(path.read_text("utf-8"))) == 127
