"""The reader of the sections of 2021 on the official files of Parma and Napoli.

Neither ships with the project: the tests skip where they are absent. All comparisons are exact.
"""

import csv
from pathlib import Path

import polars as pl
import pyogrio
import pytest

from will_pipeline.readers.istat_sections_2021 import (
    COUNTS,
    area_totals,
    municipality_totals,
    sections,
)

PARMA = "oracles/parma_2021/parma_sezioni_2021.csv"
NAPOLI = "formats/napoli/R15_21_SHP"
POPULATION = Path(__file__).parents[2] / "data" / "raw" / "figures" / "istat_popolazione.parquet"


@pytest.fixture(scope="module")
def parma(shared: Path) -> pl.DataFrame:
    path = shared / PARMA
    if not path.is_file():
        pytest.skip("the sections of Parma are absent")
    return sections({path.name: path.read_bytes()})


@pytest.fixture(scope="module")
def napoli(shared: Path) -> pl.DataFrame:
    folder = shared / NAPOLI
    if not folder.is_dir():
        pytest.skip("the shapefile of Napoli is absent")
    return sections({path.name: path.read_bytes() for path in folder.iterdir()})


def test_parma_has_1667_sections_of_which_1320_are_inhabited(parma: pl.DataFrame) -> None:
    assert parma["section_id"].n_unique() == parma.height == 1667
    assert parma["pro_com"].unique().to_list() == ["034027"]
    assert (parma["residents"] > 0).sum() == 1320


def test_parma_has_the_official_population_of_1_january_2022(parma: pl.DataFrame) -> None:
    official = pl.read_parquet(POPULATION).filter(
        (pl.col("pro_com") == "034027") & (pl.col("year") == 2022) & (pl.col("sex") == "T")
    )
    town = municipality_totals(parma).row(0, named=True)
    assert [town["residents"]] == official["population"].to_list() == [195_436]
    assert (town["households"], town["dwellings"], town["buildings"]) == (92_324, 106_971, 20_775)


def test_people_without_a_home_are_in_the_total_of_parma_only(parma: pl.DataFrame) -> None:
    apart = parma.filter("is_fictitious")
    assert apart.select("section_id", "asc1_name", *COUNTS).rows() == [
        ("0340278888888", "Parma Centro", 330, 270, 0, 0)
    ]
    centre = area_totals(parma).filter(pl.col("asc1_name") == "Parma Centro")
    assert centre.select("sections", "residents").rows() == [(201, 20_121 - 330)]


def test_the_thirteen_quartieri_add_up_to_parma(parma: pl.DataFrame, shared: Path) -> None:
    expected: dict[str, int] = {}
    with (shared / PARMA).open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            people = 0 if row["SEZ21"] == "8888888" else int(row["POP21"])
            expected[row["DEN_ASC1"]] = expected.get(row["DEN_ASC1"], 0) + people
    quartieri = area_totals(parma)
    assert quartieri.height == 13
    assert dict(quartieri.select("asc1_name", "residents").iter_rows()) == expected
    assert quartieri["sections"].sum() == 1666
    whole = municipality_totals(parma).select(COUNTS).row(0)
    apart = parma.filter("is_fictitious").select(COUNTS).row(0)
    summed = quartieri.select(COUNTS).sum().row(0)
    assert tuple(a + b for a, b in zip(summed, apart, strict=True)) == whole


def test_napoli_reads_from_the_shapefile(napoli: pl.DataFrame) -> None:
    assert napoli.height == 5726
    assert napoli["pro_com"].unique().to_list() == ["063049"]
    assert napoli.filter("is_fictitious").select("section", "residents").rows() == [
        (8_888_888, 6596)
    ]
    town = municipality_totals(napoli).row(0, named=True)
    assert (town["residents"], town["households"]) == (921_142, 374_555)
    # This release of the table says nothing of dwellings and buildings.
    assert (town["dwellings"], town["buildings"]) == (None, None)


def test_the_cells_of_napoli_are_those_a_geographic_driver_reads(
    napoli: pl.DataFrame, shared: Path
) -> None:
    names = {"SEZ21": "section", "POP21": "residents", "FAM21": "households", "COM_ASC2": "asc2"}
    _, arrow = pyogrio.read_arrow(
        shared / NAPOLI / "R15_21_WGS84.shp", read_geometry=False, columns=list(names)
    )
    theirs = pl.DataFrame(pl.from_arrow(arrow)).rename(names).sort("section")
    assert napoli.select(theirs.columns).equals(theirs)


def test_levels_of_napoli_are_found_in_the_data(napoli: pl.DataFrame) -> None:
    ten = area_totals(napoli, area="asc1")
    assert ten["asc1"].to_list() == list(range(63049001, 63049011))
    assert ten["residents"].sum() == 921_142 - 6596
    assert area_totals(napoli, area="asc2").height == 30
    assert napoli["asc3"].null_count() == napoli.height
