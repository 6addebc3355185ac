"""The attack reads the censuses after 2011 too, and knows every table that counts persons."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

from tests.mart.publisher import publish_residents
from tests.unit.indicators import country
from tests.unit.indicators import sections as made
from will_pipeline.contracts.conform import conform
from will_pipeline.contracts.model import TableContract
from will_pipeline.indicators.estimates import Settings
from will_pipeline.indicators.over_time import vintage_facts
from will_pipeline.mart.disclosure_audit import (
    BELOW_FLOOR,
    BOUNDED,
    EARLIER,
    SUBTRACTED,
    audit_mart,
)
from will_pipeline.mart.published_counts import ATTACKED, NEEDED, NOT_ATTACKED, read_needed
from will_pipeline.mart.release import Disclosed

Tables = dict[str, pl.DataFrame]
Contracts = dict[str, TableContract]
LATER = ("area_edizione", "ponte_aree", "fatto_annata", "serie_storica")
RESIDENTS = {"C": 5000, "A01": 2000, "A02": 1600, "A03": 1300, "A00": 100}
COUNTS = {"C": 400.0, "A01": 160.0, "A02": 140.0, "A03": 95.0, "A00": 3.0}
EXPOSED = {"C": 3000.0, "A01": 1200.0, "A02": 960.0, "A03": 834.0, "A00": 6.0}
SMALL = "034027.A00@2021"


def key(name: str) -> str:
    return "034027.C" if name == "C" else f"034027.{name}@2021"


def later(
    tables: Tables,
    contracts: Contracts,
    *,
    withheld: frozenset[str] = frozenset(),
    shared: frozenset[str] = frozenset(),
    year: int = 2023,
) -> Tables:
    """The mart of the fixtures with a later census of one city, cut in four areas."""
    source = tables["dim_fonte"]["fonte_id"][0]
    areas = [
        {
            "area_id": key(name), "area_stabile_id": key(name), "pro_com": "034027",
            "livello": name[0], "codice": None if name == "C" else int(name[1:]), "nome": name,
            "edizione_confini": "censimento 2021", "valido_dal": "2021-12-31",
            "assegnazione": None if name == "C" else "codice", "popolazione": residents,
            "famiglie": residents // 2, "anno": 2023, "fonte_id": source,
        }
        for name, residents in RESIDENTS.items()
    ]  # fmt: skip
    facts = [
        {
            "area_id": key(name), "indicatore_id": "disoccupazione", "anno": year,
            "gruppo": "totale", "valore": None if name in withheld else 50.0,
            "numeratore": None if name in withheld | shared else COUNTS[name],
            "denominatore": None if name in withheld | shared else EXPOSED[name],
            "stato": "soppresso" if name in withheld else "valido", "anno_struttura": year,
            "fonte_id": source, "nota": "condiviso" if name in shared else None,
        }
        for name in RESIDENTS
    ]  # fmt: skip
    blank = pl.lit(None)
    fact_columns = [column.name for column in contracts["fatto_annata"].columns]
    told = pl.DataFrame(facts, infer_schema_length=None)
    told = told.with_columns(
        blank.alias(name) for name in fact_columns if name not in told.columns
    ).select(fact_columns)
    frames = {
        "area_edizione": pl.DataFrame(areas, infer_schema_length=None).with_columns(
            pl.col("valido_dal").str.to_date()
        ),
        "fatto_annata": told,
    }
    return tables | {name: conform(frame, contracts[name]) for name, frame in frames.items()}


def found(tables: Tables, earlier: Tables | None = None) -> set[tuple[str, str, str]]:
    findings = audit_mart(tables, earlier, floor=250).findings
    return {(each.kind, each.table, each.area) for each in findings}


def test_three_of_six_in_a_small_area_are_found_and_nothing_is_published(
    tmp_path: Path, tables: Tables, contracts: Contracts
) -> None:
    open_ = later(tables, contracts)
    assert (BELOW_FLOOR, "fatto_annata", SMALL) in found(open_)
    told = {each.what: each.lower for each in audit_mart(open_).findings if each.area == SMALL}
    voce = "disoccupazione 2023 totale (censimento 2023)"
    assert told == {f"numeratore di {voce}": 3.0, f"denominatore di {voce}": 6.0}
    with pytest.raises(Disclosed, match=r"034027\.A00@2021"):
        publish_residents(tmp_path / "marts", open_, 5100)
    assert not (tmp_path / "marts" / "latest").exists()


def test_one_withheld_area_of_a_later_census_comes_back_by_difference(
    tables: Tables, contracts: Contracts
) -> None:
    alone = later(tables, contracts, withheld=frozenset({"A00"}))
    difference = "034027.C − 034027.A01@2021 − 034027.A02@2021 − 034027.A03@2021"
    assert found(alone) == {
        (BOUNDED, "fatto_annata", SMALL),
        (SUBTRACTED, "fatto_annata", difference),
    }
    beside = later(tables, contracts, withheld=frozenset({"A00"}), shared=frozenset({"A03"}))
    assert found(beside) == set()
    assert audit_mart(beside).attacked == 4


def test_an_earlier_release_of_the_same_census_alone_is_attacked_together(
    tables: Tables, contracts: Contracts
) -> None:
    new = later(tables, contracts, withheld=frozenset({"A00"}), shared=frozenset({"A03"}))
    old = later(tables, contracts, withheld=frozenset({"A03"}), shared=frozenset({"A02"}))
    assert (EARLIER, "fatto_annata", SMALL) in found(new, old)
    # Persons of 2021 are not those of 2023.
    other = later(
        tables, contracts, withheld=frozenset({"A03"}), shared=frozenset({"A02"}), year=2021
    )
    assert found(new, other) == set()


def test_a_rate_of_the_series_gives_back_a_count_that_the_facts_keep(
    tables: Tables, contracts: Contracts
) -> None:
    cards = tables["dim_indicatore"].filter(
        (pl.col("unita") == "%") & (pl.col("tipo") == "derivato")
    )
    name = cards["indicatore_id"][0]
    kept = later(tables, contracts)
    kept["fatto_annata"] = kept["fatto_annata"].with_columns(
        indicatore_id=pl.lit(name),
        numeratore=pl.lit(None, pl.Float64),
        valore=pl.lit(None, pl.Float64),
        denominatore=pl.when(pl.col("area_id") == SMALL).then(6.0),
    )
    row = {
        "area_id": SMALL, "indicatore_id": name, "anno": 2023, "valore": 50.0, "ic_inf": 40.0,
        "ic_sup": 60.0, "stato": "valido", "tramite_ponte": False, "stimato": False,
        "ultimo_anno": 2023, "confrontabile": True, "variazione": None, "variazione_inf": None,
        "variazione_sup": None, "lettura": None, "fonte_id": tables["dim_fonte"]["fonte_id"][0],
    }  # fmt: skip
    for estimated in (False, True):
        series = pl.DataFrame([row | {"stimato": estimated}])
        kept["serie_storica"] = conform(series, contracts["serie_storica"])
        assert ((BELOW_FLOOR, "serie_storica", SMALL) in found(kept)) == (not estimated)


@pytest.mark.parametrize("absent", LATER)
def test_empty_and_absent_tables_are_no_fault(
    tables: Tables, contracts: Contracts, absent: str
) -> None:
    assert all(tables[name].is_empty() for name in LATER)
    assert found(tables) == set()
    with duckdb.connect() as mart:
        for name in set(NEEDED) - {absent}:
            if name in tables:
                mart.register("incoming", tables[name])
                mart.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')
        older = read_needed(mart)
    assert absent not in older
    assert found(older) == set()
    new = later(tables, contracts, withheld=frozenset({"A00"}), shared=frozenset({"A03"}))
    assert found(new, older) == set()


SETTINGS = Settings(draws=30)


def censuses(tables: Tables, *, small: bool, outside: tuple[int, ...]) -> Tables:
    """A made city whose last area may be small, with a few outside all areas in some censuses."""
    town = made.towns().filter(pl.col("pro_com") == made.TOWNS[0])
    last = pl.col("area_id") == f"{made.TOWNS[0]}.A06"
    if small:
        town = town.filter(
            ~last.fill_null(value=False) | (pl.int_range(pl.len()).over("area_id") < 1)
        )
    placed = town.with_columns(
        pl.col("area_id") + "@2021", counted=pl.lit(value=True), source_id=pl.lit("agid")
    )
    sections = pl.concat(
        # Fewer persons two years before, so that the residents differ.
        placed.filter(pl.lit(year == 2023) | (pl.int_range(pl.len()) % 9 != 0)).with_columns(
            vintage=pl.lit(year, dtype=pl.Int32)
        )
        for year in (2021, 2023)
    ).filter(pl.col("area_id").is_not_null() | pl.col("vintage").is_in(outside))
    series = pl.concat(
        country.series().with_columns(indicator_code=pl.lit(name))
        for name in ("02IST006-N22", "02IST010P")
    )
    evidence = country.evidence(pool=made.pool(), series=series)
    newest = sections.filter(pl.col("vintage") == 2023)
    whole = newest.with_columns(area_id=pl.lit(f"{made.TOWNS[0]}.C"))
    areas = (
        pl.concat([whole, newest.filter(pl.col("area_id").is_not_null())])
        .group_by("area_id", "pro_com")
        .agg(popolazione=pl.col("P1").sum())
        .with_columns(livello=pl.col("area_id").str.slice(7, 1), anno=pl.lit(2023, pl.Int32))
        .sort("area_id")
    )
    assert (areas["popolazione"].min() < 250) == small  # type: ignore[operator]
    return tables | {
        "area_edizione": areas,
        "fatto_annata": vintage_facts(sections, evidence, SETTINGS),
    }


@pytest.mark.parametrize(
    ("small", "outside"), [(True, (2021, 2023)), (True, ()), (False, (2021,)), (False, (2023,))]
)
def test_what_the_pipeline_publishes_of_later_censuses_stands_the_attack(
    tables: Tables, small: bool, outside: tuple[int, ...]
) -> None:
    audit = audit_mart(censuses(tables, small=small, outside=outside))
    assert audit.findings == ()
    assert audit.unsettled == ()
    assert audit.attacked > 20


def by_area(contract: TableContract) -> bool:
    keys = ("dim_area.area_id", "area_edizione.area_id")
    return any(column.references in keys for column in contract.columns) or contract.table in (
        "dim_area",
        "area_edizione",
    )


def tells_counts(contract: TableContract) -> bool:
    return any(
        column.name in ("numeratore", "denominatore")
        or column.unit in ("persone", "famiglie")
        or (column.type in ("INTEGER", "BIGINT") and "anno" not in column.name)
        for column in contract.columns
    )


def test_every_table_that_counts_by_area_is_attacked_or_says_why_not(contracts: Contracts) -> None:
    counting = {name for name, each in contracts.items() if by_area(each) and tells_counts(each)}
    assert {"fatto_annata", "fatto_indicatore", "bisogno_latente"} <= counting
    assert counting <= {*ATTACKED, *NOT_ATTACKED}, counting - {*ATTACKED, *NOT_ATTACKED}
    assert not set(ATTACKED) & set(NOT_ATTACKED)
    assert set(ATTACKED) <= set(NEEDED)
    assert {*ATTACKED, *NOT_ATTACKED} <= set(contracts)
