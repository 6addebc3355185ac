"""Our signals against what others published: vulnerability (ISTAT) and fragility (region).

None of the compared tables ships with the project. The agreement measured here is the one that
`docs/method/validazione.md` states, row by row.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import openpyxl
import polars as pl
import pytest

from will_pipeline.indicators.areas import Floats, evaluate
from will_pipeline.indicators.specification import load_specification
from will_pipeline.indicators.validation import agreement
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import read_embedded

ROOT = Path(__file__).parents[2]
STATED = ROOT / "docs" / "method" / "validazione.md"
IVSM = "oracles/ivsm/ivsm_published_excerpts.csv"
FRAGILITY = (
    "figures/fragilita_rer/Dati-Fragilita-2023-Indicatori-elementari-comunali-e-provinciali.xlsx"
)
VERCELLI, PARMA, REGGIO = "002158", "034027", "035033"
# Our signal, the published indicator, and the sign that agreement has.
WITH_IVSM = (
    ("famiglie_numerose", "fam_numerose", 1),
    ("disoccupazione", "disagio_economico", 1),
    ("occupazione_femminile", "disagio_economico", -1),
    ("cerca_primo_lavoro", "giovani_fuori", 1),
    ("non_occupazione_15_64", "giovani_fuori", 1),
    ("anziani_75", "disagio_assistenza", 1),
)
NOT_AGREEING = (
    ("affollamento", "affollamento"),
    ("giovani_non_studenti", "giovani_fuori"),
    ("vedovi_separati_divorziati", "disagio_assistenza"),
    ("famiglie_unipersonali_corrette", "disagio_assistenza"),
)
WITH_FRAGILITY = (
    ("anziani_75", "demind1", 1),
    ("affitto", "econind1", 1),
    ("disoccupazione", "econind3", 1),
    ("bassa_istruzione", "econind2", -1),
    ("famiglie_unipersonali_corrette", "socind1", 1),
    ("vedovi_separati_divorziati", "socind1", 1),
    ("bassa_istruzione", "socind4", -1),
)
STRONG = 0.75


@pytest.fixture(scope="module")
def census() -> pl.DataFrame:
    source = load_sources(ROOT / "assets" / "raw")["istat_censimento_2011_ace"]
    return read_embedded(source, ROOT / "data" / "raw" / "figures")


def signals(census: pl.DataFrame, by: str) -> dict[str, dict[str, float]]:
    """Crude value of every signal in every place, from the formulas of the specification."""
    counts = census.select(pl.selectors.matches(r"^(P|ST|PF|A)\d+$")).columns
    places = census.group_by(place=by).agg(pl.col(counts).sum())
    found = {}
    for card in load_specification().from_census:
        top = evaluate(places, card.estimator.numerator)  # type: ignore[union-attr]  # never context
        base = evaluate(places, card.estimator.denominator)  # type: ignore[union-attr]  # as above
        found[card.indicatore_id] = dict(zip(places["place"], 100 * top / base, strict=True))
    return found


@pytest.fixture(scope="module")
def vulnerability(shared: Path) -> dict[str, dict[str, float]]:
    table = pl.read_csv(shared / IVSM, schema_overrides={"procom": pl.String}).filter(
        (pl.col("year") == 2011) & (pl.col("level") != "nazione")
    )
    places = table.with_columns(place=pl.coalesce("procom", "name"))
    elementary = ("fam_numerose", "disagio_economico", "affollamento", "giovani_fuori",
                  "disagio_assistenza")  # fmt: skip
    return {name: dict(places.select("place", name).iter_rows()) for name in elementary}


@pytest.fixture(scope="module")
def fragility(shared: Path) -> dict[str, dict[str, float]]:
    book = openpyxl.load_workbook(shared / FRAGILITY, read_only=True)
    rows = list(book["indicatori elementari comuni"].iter_rows(values_only=True))
    book.close()
    names = [str(name) for name in rows[1]]
    kept = [dict(zip(names, row, strict=True)) for row in rows[2:] if row[1]]
    return {
        name: {str(row["cod_com"]): float(row[name]) for row in kept}
        for name in names
        if name.startswith(("demind", "econind", "socind"))
    }


@pytest.fixture(scope="module")
def around(census: pl.DataFrame) -> dict[str, dict[str, float]]:
    """Signals of the regions (their towns with census areas) and of Vercelli."""
    regions, towns = signals(census, "region"), signals(census, "pro_com")
    return {name: found | {VERCELLI: towns[name][VERCELLI]} for name, found in regions.items()}


@pytest.fixture(scope="module")
def towns(census: pl.DataFrame) -> dict[str, dict[str, float]]:
    return signals(census.filter(pl.col("region") == "Emilia-Romagna"), "pro_com")


def paired(ours: Mapping[str, float], theirs: Mapping[str, float]) -> tuple[Floats, Floats]:
    places = sorted(set(ours) & set(theirs))
    return np.array([ours[p] for p in places]), np.array([theirs[p] for p in places])


def is_stated(ours: str, theirs: str, found: tuple[Floats, Floats]) -> bool:
    """Whether the page has this row with these numbers."""
    measured = agreement(*found)
    numbers = [f"{value:.2f}".replace(".", ",").replace("-", "−") for value in
               (measured.pearson, measured.spearman)]  # fmt: skip
    row = f"| `{ours}` | `{theirs}` | {measured.n} | {' | '.join(numbers)} |"
    return row in STATED.read_text("utf-8")


@pytest.mark.parametrize(("ours", "theirs", "sign"), WITH_IVSM)
def test_signals_follow_the_vulnerability_of_regions(
    around: dict[str, dict[str, float]],
    vulnerability: dict[str, dict[str, float]],
    ours: str,
    theirs: str,
    sign: int,
) -> None:
    found = paired(around[ours], vulnerability[theirs])
    assert sign * agreement(*found).pearson > STRONG
    assert is_stated(ours, theirs, found)


@pytest.mark.parametrize(("ours", "theirs"), NOT_AGREEING)
def test_signals_that_measure_something_else_are_stated_too(
    around: dict[str, dict[str, float]],
    vulnerability: dict[str, dict[str, float]],
    ours: str,
    theirs: str,
) -> None:
    found = paired(around[ours], vulnerability[theirs])
    assert abs(agreement(*found).pearson) < STRONG
    assert is_stated(ours, theirs, found)


def test_large_households_of_vercelli_are_the_published_ones(
    around: dict[str, dict[str, float]], vulnerability: dict[str, dict[str, float]]
) -> None:
    ours, theirs = around["famiglie_numerose"], vulnerability["fam_numerose"]
    assert ours[VERCELLI] == pytest.approx(theirs[VERCELLI], abs=0.05)


@pytest.mark.parametrize(("ours", "theirs", "sign"), WITH_FRAGILITY)
def test_signals_of_2011_follow_the_fragility_of_2023(
    towns: dict[str, dict[str, float]],
    fragility: dict[str, dict[str, float]],
    ours: str,
    theirs: str,
    sign: int,
) -> None:
    found = paired(towns[ours], fragility[theirs])
    assert found[0].size == 31
    assert sign * agreement(*found).spearman > 0.4
    assert is_stated(ours, theirs, found)


@pytest.mark.parametrize(("ours", "theirs", "sign"), WITH_FRAGILITY)
def test_parma_and_reggio_stand_as_in_the_regional_study(
    towns: dict[str, dict[str, float]],
    fragility: dict[str, dict[str, float]],
    ours: str,
    theirs: str,
    sign: int,
) -> None:
    here = towns[ours][PARMA] - towns[ours][REGGIO]
    there = fragility[theirs][PARMA] - fragility[theirs][REGGIO]
    assert np.sign(here) == sign * np.sign(there)


def test_rents_keep_their_level_after_eight_years(
    towns: dict[str, dict[str, float]], fragility: dict[str, dict[str, float]]
) -> None:
    for town in (PARMA, REGGIO):
        assert towns["affitto"][town] == pytest.approx(fragility["econind1"][town], abs=4.0)


def test_income_is_the_one_of_the_regional_study(fragility: dict[str, dict[str, float]]) -> None:
    source = load_sources(ROOT / "assets" / "raw")["mef_irpef_comuni"]
    table = read_embedded(source, ROOT / "data" / "raw" / "figures").filter(
        (pl.col("item") == "taxable_income") & (pl.col("year") == 2023)
    )
    mean = dict(table.select("pro_com", pl.col("amount_eur") / pl.col("frequency")).iter_rows())
    for town in (PARMA, REGGIO):
        assert mean[town] == pytest.approx(fragility["econind2"][town], abs=0.01)
