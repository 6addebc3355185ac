"""Embedded figures other than the census: published values found where they should be."""

from pathlib import Path

import polars as pl
import pytest

from will_pipeline.sources.descriptor import load_source
from will_pipeline.sources.embedded import read_embedded
from will_pipeline.sources.embedding import embed

ROOT = Path(__file__).resolve().parents[2]
CITIES = {"016024", "013075", "108033", "003106", "034027", "035033", "028060", "029041"}
KEYS = [
    "agenzia_cinque_per_mille",
    "eligendo_affluenza",
    "iccu_biblioteche",
    "istat_bes_confronti",
    "istat_bes_indicatori",
    "istat_bes_territori",
    "istat_bilancio_2025",
    "istat_cittadinanza_2025",
    "istat_neet_regioni",
    "istat_popolazione",
    "istat_soddisfazione_vita",
    "istat_stranieri",
    "istat_unita_territoriali",
    "mef_irpef_cap",
    "mef_irpef_comuni",
    "mim_scuole",
    "opencivitas_spesa",
]


def table(key: str) -> pl.DataFrame:
    """Read one embedded table with every check of its descriptor."""
    descriptor = load_source(ROOT / "assets" / "raw" / f"{key}.source.yaml")
    return read_embedded(descriptor, ROOT / "data" / "raw" / "figures")


def cell(frame: pl.DataFrame, column: str, **where: str | int) -> float:
    """Take the one cell of a column where the other columns have these values."""
    return frame.filter(**where)[column].item()


@pytest.mark.parametrize("key", KEYS)
def test_the_embedded_table_is_what_the_official_files_say(
    key: str, shared: Path, tmp_path: Path
) -> None:
    descriptor = load_source(ROOT / "assets" / "raw" / f"{key}.source.yaml")
    embed(descriptor, shared / "figures", tmp_path)
    again = pl.read_parquet(tmp_path / descriptor.parquet_name)
    assert again.equals(table(key))


@pytest.mark.parametrize(
    ("province", "series"),
    [
        ("ITC46", [16.9, 14.4, 18.5, 16.3, 12.8, 11.3, 8.4]),
        ("ITC42", [12.2, 15.2, 17.1, 17.6, 13.8, 9.9, 10.0]),
        ("IT108", [12.9, 17.0, 17.8, 18.6, 16.2, 10.6, 7.6]),
        ("ITC15", [15.7, 11.0, 20.3, 20.2, 18.1, 14.2, 16.1]),
        ("ITD36", [12.6, 11.1, 12.8, 17.0, 12.4, 8.3, 6.1]),
        ("ITD52", [14.0, 12.9, 16.0, 16.3, 10.9, 8.4, 10.9]),
        ("ITD53", [12.6, 12.2, 15.4, 16.4, 11.6, 10.4, 9.1]),
        ("ITD37", [19.7, 13.1, 22.2, 26.3, 23.4, 17.5, 12.8]),
    ],
)
def test_neet_of_the_eight_provinces(province: str, series: list[float]) -> None:
    neet = table("istat_bes_territori").filter(
        province_code=province, indicator_code="02IST006-N22", sex="T"
    )
    assert neet.sort("year")["year"].to_list() == list(range(2018, 2025))
    assert neet.sort("year")["value"].to_list() == series


def test_neet_of_italy() -> None:
    neet = table("istat_bes_confronti").filter(
        territory_code="IT", indicator_code="02IST006-N22", sex="T"
    )
    assert neet.sort("year")["value"].to_list() == [23.2, 22.1, 23.7, 23.1, 19.0, 16.1, 15.2]


def test_every_indicator_is_described() -> None:
    described = set(table("istat_bes_indicatori")["indicator_code"])
    assert described == set(table("istat_bes_territori")["indicator_code"])
    assert {"02IST006-N22", "02IST010P", "02IST011P", "03LAV006P-N22"} <= described


def test_mean_taxable_income_2023() -> None:
    income = table("mef_irpef_comuni").filter(item="taxable_income", year=2023)
    means = income.select("pro_com", mean=pl.col("amount_eur") / pl.col("frequency"))
    assert {code: round(mean) for code, mean in means.rows()} == {
        "108033": 34199,
        "016024": 33044,
        "028060": 30487,
        "034027": 30032,
        "013075": 28332,
        "003106": 27567,
        "035033": 27199,
        "029041": 25695,
    }


def test_postal_codes_of_the_four_cities() -> None:
    counts = table("mef_irpef_cap").group_by("pro_com").agg(pl.col("cap").n_unique())
    assert dict(counts.rows()) == {"016024": 9, "028060": 21, "034027": 6, "035033": 4}


def test_residents_and_foreign_residents() -> None:
    residents = table("istat_popolazione").filter(year=2023)
    assert dict(residents.select("pro_com", "population").rows()) == {
        "028060": 207_112,
        "034027": 197_018,
        "035033": 170_451,
        "108033": 122_369,
        "016024": 119_809,
        "003106": 101_797,
        "013075": 83_691,
        "029041": 50_089,
    }
    foreign = table("istat_stranieri").filter(year=2025)
    assert dict(foreign.select("pro_com", "foreign_population").rows()) == {
        "028060": 34_113,
        "034027": 34_021,
        "035033": 28_749,
        "016024": 19_441,
        "003106": 15_747,
        "108033": 14_938,
        "013075": 12_323,
        "029041": 5_581,
    }


def test_the_foreign_balance_starts_from_the_foreign_residents() -> None:
    start = table("istat_cittadinanza_2025").filter(sex="T").select("pro_com", "population_start")
    counted = table("istat_stranieri").filter(year=2025).select("pro_com", "foreign_population")
    assert dict(start.rows()) == dict(counted.rows())


def test_balance_and_acquisitions_of_citizenship_2025() -> None:
    balance = table("istat_bilancio_2025")
    assert cell(balance, "population_end", pro_com="016024", sex="T") == 120_629
    citizenship = table("istat_cittadinanza_2025")
    acquired = [
        cell(citizenship, "citizenship_acquisitions", pro_com="016024", sex=sex) for sex in "MFT"
    ]
    assert acquired == [452, 480, 932]
    assert cell(citizenship, "citizenship_acquisitions", pro_com="029041", sex="T") == 178


def test_turnout_of_the_european_election() -> None:
    turnout = table("eligendo_affluenza").filter(consultation="europee_2024")
    assert dict(turnout.select("pro_com", "turnout").rows()) == {
        "016024": 62.93,
        "029041": 61.69,
        "035033": 62.04,
        "013075": 45.12,
        "108033": 52.66,
        "003106": 53.62,
        "028060": 55.69,
        "034027": 52.43,
    }


@pytest.mark.parametrize(
    ("key", "rows"),
    [("mim_scuole", 1126), ("iccu_biblioteche", 417), ("agenzia_cinque_per_mille", 2057)],
)
def test_local_registers_cover_the_eight_cities(key: str, rows: int) -> None:
    frame = table(key)
    assert frame.height == rows
    assert set(frame["pro_com"]) == CITIES


def test_no_electronic_address_nor_tax_code_is_left() -> None:
    for key in ("mim_scuole", "iccu_biblioteche", "agenzia_cinque_per_mille"):
        text = table(key).select(pl.col(pl.String))
        for column in text:
            assert not column.str.contains("@").any(), (key, column.name)
            personal = column.str.contains(r"\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b")
            assert not personal.any(), (key, column.name)


def test_spending_of_monza_and_rovigo() -> None:
    spending = table("opencivitas_spesa")
    assert cell(spending, "historical_per_resident_eur", pro_com="108033") == 810.44
    assert cell(spending, "difference_percent", pro_com="029041") == -7.17


def test_life_satisfaction_and_regional_neet() -> None:
    assert cell(table("istat_soddisfazione_vita"), "share_8_10", province_code="ITD37") == 49.80
    neet = table("istat_neet_regioni")
    assert cell(neet, "share", region_code="ITC1", sex="T") == pytest.approx(14.15977)


def test_territorial_units_bridge_the_two_codes_of_monza() -> None:
    units = table("istat_unita_territoriali")
    monza = units.filter(pro_com="108033").row(0, named=True)
    assert (monza["province_code"], monza["nuts3_2024"]) == ("IT108", "ITC4D")
    assert (monza["belfiore"], monza["municipality"]) == ("F704", "Monza")


def test_the_typed_rates_are_the_embedded_ones(tmp_path: Path) -> None:
    descriptor = load_source(ROOT / "assets" / "raw" / "iss_passi_argento.source.yaml")
    embed(descriptor, ROOT / "will_pipeline" / "readers" / "typed", tmp_path)
    again = pl.read_parquet(tmp_path / descriptor.parquet_name)
    assert again.equals(table("iss_passi_argento"))


def test_isolation_rates() -> None:
    rates = table("iss_passi_argento").filter(measure="isolation")
    assert cell(rates, "percent", breakdown="total") == 14
    assert cell(rates, "percent", level="85+") == 32
