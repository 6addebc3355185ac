"""Sections cut out of the real areas of 2011: read back, they add up to the official figures."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.unit.readers.census_tables import KEYS, as_csv
from will_pipeline.indicators.areas import areas_of_sections, evaluate
from will_pipeline.readers import census_layouts
from will_pipeline.readers.census_identities import IDENTITIES, differences
from will_pipeline.readers.census_rows import engine_rows
from will_pipeline.readers.istat_census_2011 import areas
from will_pipeline.readers.istat_census_2021 import definitions
from will_pipeline.readers.istat_census_sections import sections, totals

SEED = 20_111_009
CITIES = {"016024", "013075", "108033", "003106", "034027", "035033", "028060", "029041"}


@pytest.fixture(scope="module")
def census_areas(shared: Path) -> pl.DataFrame:
    folder = shared / "figures" / "census_2011" / "ace"
    if not folder.is_dir():
        pytest.skip("the census tables of 2011 are absent")
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}
    return areas(files, cities=sorted(CITIES))


def cut_in_sections(census_areas: pl.DataFrame) -> dict[str, bytes]:
    """Every area cut in sections that add up to it, one file a region."""
    generator = np.random.default_rng(SEED)
    regions: dict[str, list[dict[str, object]]] = {}
    for number, row in enumerate(census_areas.iter_rows(named=True), start=1):
        town = int(row["pro_com"])
        pieces = {
            code: generator.multinomial(row[code], [0.5, 0.3, 0.2])
            for code in census_layouts.codes(2011)
        }
        for piece in range(3):
            section = 10 * number + piece
            keys = {"CODREG": 0, "REGIONE": row["region"], "CODPRO": town // 1000}
            keys |= {"PROVINCIA": row["province"], "CODCOM": town % 1000, "COMUNE": row["comune"]}
            keys |= {"PROCOM": town, "SEZ2011": town * 10_000_000 + section, "NSEZ": section}
            keys |= {"ACE": row["ace"], "CODLOC": 10001, "CODASC": ""}
            counts = {code: int(values[piece]) for code, values in pieces.items()}
            regions.setdefault(row["region"], []).append(keys | counts)
    columns = [*KEYS[2011], *census_layouts.codes(2011)]
    return {
        f"R{number:02}_indicatori_2011_sezioni.csv": as_csv(rows, columns)
        for number, rows in enumerate(regions.values(), start=1)
    }


def test_sections_add_up_to_the_69_official_areas_on_all_140_variables(
    census_areas: pl.DataFrame,
) -> None:
    table = sections(cut_in_sections(census_areas), vintage=2011, cities=sorted(CITIES))
    variables = list(census_layouts.codes(2011))
    added = totals(table, key=["pro_com", "ace"])
    assert (added.height, len(variables)) == (69, 140)
    official = census_areas.sort("pro_com", "ace").select("pro_com", "ace", *variables)
    assert added.select("pro_com", "ace", *variables).equals(official)
    towns = totals(table, key=["pro_com"]).select("pro_com", "P1")
    assert dict(towns.iter_rows())["034027"] == 175_895


def test_the_layouts_are_those_of_the_official_record_layouts(shared: Path) -> None:
    folder = shared / "figures"
    layout = folder / "census_2011" / "tracciato_2011_sezioni.csv"
    if not layout.is_file():
        pytest.skip("the record layouts are absent")
    lines = layout.read_text(encoding="cp1252").splitlines()[1:]
    published = [line.split(";")[0].strip() for line in lines if line.strip()]
    assert published == [*KEYS[2011], *census_layouts.codes(2011)]
    later = definitions(
        {
            path.name: path.read_bytes()
            for path in (
                folder / "census_2021" / "tracciato_2021_sezioni.csv",
                folder / "census_2021" / "agid_censimento_vars_2023.json",
            )
        }
    )
    codes_2021 = later.filter(vintage=2021)["code"].to_list()
    assert codes_2021 == list(census_layouts.codes(2021))
    codes_2023 = later.filter(vintage=2023)["code"].to_list()
    assert set(codes_2023) == set(census_layouts.codes(2023))


def test_the_engine_finds_the_official_rates_from_sections(census_areas: pl.DataFrame) -> None:
    table = sections(cut_in_sections(census_areas), vintage=2011, cities=sorted(CITIES))
    counted = areas_of_sections(engine_rows(table, level="ace"))
    official = census_areas.with_columns(
        pl.format("{}.A{}", "pro_com", pl.col("ace").cast(pl.String).str.zfill(2)).alias("area_id")
    ).sort("area_id")
    alone = evaluate(official, "PF3 / PF1")
    frame = counted.frame.filter(pl.col("area_id").is_in(official["area_id"].to_list()))
    found = evaluate(frame.sort("area_id"), "PF3 / PF1")
    assert np.array_equal(found, alone)
    # Published: 26.8 per cent in area 0 of Rovigo, 54.2 in area 1 of Reggio nell'Emilia.
    rates = dict(zip(official["area_id"], alone.round(3), strict=True))
    assert (rates["029041.A00"], rates["035033.A01"]) == (0.268, 0.542)


def test_every_identity_of_2011_holds_in_every_official_area(census_areas: pl.DataFrame) -> None:
    named = census_areas.with_columns(area=pl.format("{}.A{}", "pro_com", "ace"))
    found = differences(named, vintage=2011, key="area")
    assert found["compared"].to_list() == [69] * len(IDENTITIES[2011])
    assert found["broken"].sum() == 0
