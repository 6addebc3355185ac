"""Areas in several censuses: what is carried over a bridge, compared, or left alone."""

from __future__ import annotations

import polars as pl
import pytest

from tests.unit.indicators import country
from tests.unit.indicators import sections as made
from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Settings
from will_pipeline.indicators.levels import Evidence
from will_pipeline.indicators.over_time import FACTS, SERIES, carried, series_rows, vintage_facts

SETTINGS = Settings(draws=100)
TOWN = made.TOWNS[0]
POOL = made.pool()


def town() -> pl.DataFrame:
    """All in an area: the few without a home would make another share its counts."""
    return made.towns().filter((pl.col("pro_com") == TOWN) & pl.col("area_id").is_not_null())


def recent() -> pl.DataFrame:
    placed = town().with_columns(
        pl.col("area_id") + "@2021", counted=pl.lit(value=True), source_id=pl.lit("agid")
    )
    return pl.concat(
        placed.with_columns(vintage=pl.lit(year, dtype=pl.Int32)) for year in (2021, 2023)
    )


def of_2011() -> pl.DataFrame:
    """The same residents, told with the codes that 2011 has too."""
    names = sorted(set(made.LAYOUTS[2011]) & set(town().columns))
    parts = town().group_by("area_id").agg(pl.col(names).sum())
    whole = parts.select(pl.lit(f"{TOWN}.C").alias("area_id"), pl.col(names).sum())
    told = pl.concat([whole, parts]).with_columns(
        pro_com=pl.lit(TOWN), level=pl.col("area_id").str.slice(7, 1)
    )
    return told.sort("area_id")


COUNTS = of_2011()
AREAS = COUNTS.select("area_id", "pro_com", "level", residents="P1", source_id=pl.lit("istat"))
NAMES = [f"{TOWN}.A{code:02d}" for code in range(1, made.AREAS + 1)]


def bridge(*rows: tuple[str, str, float]) -> pl.DataFrame:
    kept = rows or tuple((name, f"{name}@2021", 1.0) for name in NAMES)
    return pl.DataFrame(kept, schema=["area_from", "area_to", "population_weight"], orient="row")


DIVIDED = bridge(
    (NAMES[0], f"{NAMES[0]}@2021", 0.6),
    (NAMES[0], f"{NAMES[1]}@2021", 0.4),
    *((name, f"{name}@2021", 1.0) for name in NAMES[1:]),
)


def series(over: pl.DataFrame) -> pl.DataFrame:
    return series_rows(
        recent(), areas=AREAS, counts=COUNTS, bridge=over, pool=POOL, settings=SETTINGS
    )


@pytest.fixture(scope="module")
def whole() -> pl.DataFrame:
    return series(bridge())


@pytest.fixture(scope="module")
def divided() -> pl.DataFrame:
    return series(DIVIDED)


def elderly(rows: pl.DataFrame, year: int) -> pl.DataFrame:
    own = (pl.col("indicatore_id") == "anziani_75") & (pl.col("anno") == year)
    return rows.filter(own & pl.col("area_id").str.contains("@")).sort("area_id")


def test_whole_areas_keep_their_figures_over_the_bridge(whole: pl.DataFrame) -> None:
    parts = COUNTS.filter(pl.col("level") == "A")
    shares = (100 * parts["P29"] / parts["P1"]).round(2)
    found = elderly(whole, 2011)
    assert found["valore"].to_list() == pytest.approx(shares.to_list(), abs=0.01)
    assert found["tramite_ponte"].all()
    assert not found["stimato"].any()
    assert found["fonte_id"].unique().to_list() == ["istat"]


def test_the_same_people_twice_are_no_change_with_an_interval_of_its_own(
    whole: pl.DataFrame,
) -> None:
    found = elderly(whole, 2011)
    assert found["variazione"].abs().max() == 0
    # Draws shared by two censuses would leave no width at all.
    assert (found["variazione_inf"] < -0.1).all()
    assert (found["variazione_sup"] > 0.1).all()
    assert found["lettura"].unique().to_list() == ["non_distinguibile"]
    assert elderly(whole, 2023)["variazione"].null_count() == made.AREAS


def test_parts_of_a_divided_area_are_estimates_without_a_reading(divided: pl.DataFrame) -> None:
    found = elderly(divided, 2011)
    assert found["stimato"].to_list() == [True, True, *[False] * (made.AREAS - 2)]
    assert found["lettura"].head(2).null_count() == 2
    assert found["variazione"].null_count() == 0
    assert not elderly(divided, 2023)["stimato"].any()


def test_people_carried_over_a_bridge_are_as_many_as_before() -> None:
    old = AreaCounts(COUNTS.with_columns(residents="P1"), 250)
    found = carried(old, DIVIDED, POOL, SETTINGS).areas.frame
    before = COUNTS.filter(pl.col("level") == "A")
    after = found.filter(pl.col("level") == "A")
    assert after["P1"].sum() == pytest.approx(before["P1"].sum())
    assert after["PF1"].sum() == pytest.approx(before["PF1"].sum())


def test_a_count_that_an_old_area_lacks_is_lacking_in_every_area_it_reaches() -> None:
    holed = COUNTS.with_columns(PF8=pl.when(pl.col("area_id") != NAMES[0]).then("PF8"))
    old = AreaCounts(holed.with_columns(residents="P1"), 0)
    found = carried(old, DIVIDED, POOL, SETTINGS).areas.frame.filter(pl.col("level") == "A")
    assert found["PF8"].is_null().to_list() == [True, True, *[False] * (made.AREAS - 2)]


def test_another_formula_or_a_measure_against_the_city_is_never_subtracted(
    whole: pl.DataFrame,
) -> None:
    alike = whole.filter(pl.col("anno") < pl.col("ultimo_anno"))
    both = alike.group_by("anno", "indicatore_id").agg(pl.col("confrontabile").all())
    told = {(year, name): same for year, name, same in both.iter_rows()}
    assert told[2011, "famiglie_numerose"]
    assert told[2021, "bassa_istruzione"]
    assert not told[2011, "bassa_istruzione"]
    assert not told[2021, "separazione_residenziale"]
    assert alike.filter(~pl.col("confrontabile"))["variazione"].null_count() == (
        alike.filter(~pl.col("confrontabile")).height
    )


def test_a_small_area_stays_hidden_in_every_census() -> None:
    small = recent().filter(
        (pl.col("area_id") != f"{NAMES[0]}@2021")
        | (pl.int_range(pl.len()).over("vintage", "area_id") < 1)
    )
    assert small.filter(pl.col("area_id") == f"{NAMES[0]}@2021")["P1"].max() < 250
    rows = series_rows(
        small, areas=AREAS, counts=COUNTS, bridge=bridge(), pool=POOL, settings=SETTINGS
    )
    found = elderly(rows, 2023)
    assert found["stato"][0] == "soppresso"
    assert found["valore"][0] is None
    assert elderly(rows, 2011)["variazione"][0] is None


def known() -> Evidence:
    series_of_provinces = pl.concat(
        country.series().with_columns(indicator_code=pl.lit(name))
        for name in ("02IST006-N22", "02IST010P")
    )
    return country.evidence(pool=POOL, series=series_of_provinces)


def with_a_small_group(year: int) -> pl.DataFrame:
    """In one census a few residents are in no area, and an area shares its counts with them."""
    lone = recent().filter(pl.col("vintage") == year).head(1)
    counts = [name for name, kind in lone.schema.items() if kind.is_integer() and name != "vintage"]
    few = lone.with_columns(
        *((pl.col(name) // 3).alias(name) for name in counts),
        area_id=pl.lit(None, dtype=pl.String),
    )
    assert 0 < few["P1"][0] < 250
    return pl.concat([recent(), few], how="vertical_relaxed")


@pytest.mark.parametrize("year", [2021, 2023])
def test_a_value_shared_with_a_small_group_is_an_estimate_and_has_no_reading(year: int) -> None:
    sections = with_a_small_group(year)
    notes = vintage_facts(sections, known(), SETTINGS).filter(
        (pl.col("indicatore_id") == "anziani_75") & pl.col("nota").is_not_null()
    )
    shared = notes["area_id"].unique().to_list()
    assert notes["anno"].unique().to_list() == [year]
    assert len(shared) == 1
    rows = series_rows(
        sections, areas=AREAS, counts=COUNTS, bridge=bridge(), pool=POOL, settings=SETTINGS
    )
    found = elderly(rows, year)
    assert found.filter("stimato")["area_id"].to_list() == shared
    assert found.filter("stimato")["stato"].to_list() == ["valido"]
    # The change to the latest census is one of an estimate, whichever of the two is shared.
    before = elderly(rows, 2021)
    assert before.filter(pl.col("lettura").is_null())["area_id"].to_list() == shared
    assert before["variazione"].null_count() == 0


def test_figures_say_their_census_and_their_source() -> None:
    rows = vintage_facts(recent(), known(), SETTINGS)
    own = rows.filter(pl.col("indicatore_id") == "anziani_75")
    assert own.select("anno_struttura", "fonte_id").unique().sort("anno_struttura").rows() == [
        (2021, "agid"), (2023, "agid"),
    ]  # fmt: skip
    assert set(rows.columns) == set(FACTS.names())


def test_without_later_censuses_there_is_nothing_to_tell() -> None:
    none = recent().clear()
    assert vintage_facts(none, country.evidence(), SETTINGS).is_empty()
    rows = series_rows(
        none, areas=AREAS, counts=COUNTS, bridge=bridge().clear(), pool=POOL, settings=SETTINGS
    )
    assert rows.is_empty()
    assert rows.columns == SERIES.names()
