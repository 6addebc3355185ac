"""The attack on a published mart: it finds what a weak rule leaves, and nothing where none is."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from will_pipeline.cli.main import app
from will_pipeline.documentation.readability import gulpease
from will_pipeline.mart.database import DATABASE_FILE
from will_pipeline.mart.disclosure_audit import (
    BELOW_FLOOR,
    BOUNDED,
    EARLIER,
    SUBTRACTED,
    audit_mart,
)
from will_pipeline.mart.disclosure_page import audit_lines, confidentiality_page
from will_pipeline.mart.published_counts import NEEDED

Tables = dict[str, pl.DataFrame]
CITY, OTHERS = "034027.C", ("A01", "A02", "A03", "A00")
RESIDENTS = {"C": 5000, "A01": 2000, "A02": 1600, "A03": 1300, "A00": 100}
COUNTS = {"C": 400.0, "A01": 160.0, "A02": 140.0, "A03": 95.0, "A00": 5.0}
EXPOSED = {"C": 3000.0, "A01": 1200.0, "A02": 960.0, "A03": 790.0, "A00": 50.0}


def world(
    tables: Tables,
    *,
    withheld: set[str],
    shared: set[str] = frozenset(),  # type: ignore[assignment]
    more: dict[str, tuple[int, float]] | None = None,
) -> Tables:
    """A city cut in census areas, and in other areas given as residents and count."""
    area, fact = tables["dim_area"].head(1), tables["fatto_indicatore"].head(1)
    extra = more or {}
    residents = RESIDENTS | {name: each[0] for name, each in extra.items()}
    counts = COUNTS | {name: each[1] for name, each in extra.items()}
    areas, facts = [], []
    for name, number in residents.items():
        key = f"034027.{name}"
        areas.append(
            area.with_columns(
                area_id=pl.lit(key),
                livello=pl.lit(name[0]),
                popolazione=pl.lit(number, pl.Int64),
            )
        )
        kept, mixed = name in withheld, name in shared
        facts.append(
            fact.with_columns(
                area_id=pl.lit(key),
                stato=pl.lit("soppresso" if kept else "valido"),
                nota=pl.lit("condiviso" if mixed else None, pl.String),
                valore=pl.lit(None if kept else 8.0, pl.Float64),
                numeratore=pl.lit(None if kept or mixed else counts[name], pl.Float64),
                denominatore=pl.lit(
                    None if kept or mixed else EXPOSED.get(name, number * 0.6), pl.Float64
                ),
            )
        )
    return {
        "mart_info": tables["mart_info"],
        "dim_indicatore": tables["dim_indicatore"],
        "dim_comune": tables["dim_comune"],
        "dim_area": pl.concat(areas, how="vertical_relaxed"),
        "fatto_indicatore": pl.concat(facts, how="vertical_relaxed"),
    }


def found(tables: Tables, earlier: Tables | None = None) -> set[tuple[str, str]]:
    return {(each.kind, each.area) for each in audit_mart(tables, earlier).findings}


def test_one_withheld_area_comes_back_by_difference(tables: Tables) -> None:
    audit = audit_mart(world(tables, withheld={"A00"}))
    assert {(each.kind, each.area) for each in audit.findings} == {
        (BOUNDED, "034027.A00"),
        (SUBTRACTED, "034027.C − 034027.A01 − 034027.A02 − 034027.A03"),
    }
    told = {each.what.split()[0]: (each.lower, each.upper) for each in audit.findings}
    assert told["numeratore"] == pytest.approx((5, 5))
    assert told["denominatore"] == pytest.approx((50, 50))


def test_a_second_area_that_keeps_its_counts_protects_it(tables: Tables) -> None:
    audit = audit_mart(world(tables, withheld={"A00"}, shared={"A03"}))
    assert audit.findings == ()
    assert audit.attacked == 4
    # The small group can have from none to all that both have, and never more than its residents.
    assert audit.narrowest == pytest.approx(100)


def test_an_area_under_the_floor_that_publishes_is_found(tables: Tables) -> None:
    assert (BELOW_FLOOR, "034027.A00") in found(world(tables, withheld=set()))


def test_two_levels_that_differ_by_a_small_group_are_found(tables: Tables) -> None:
    whole = {"Q01": (3700, 303.0), "Q02": (1300, 97.0)}
    kept = world(tables, withheld={"A00"}, shared={"A03"}, more=whole)
    assert (SUBTRACTED, "034027.Q01 − 034027.A01 − 034027.A02") in found(kept)
    apart = {"Q01": (3700, 290.0), "Q02": (1300, 110.0)}
    # With fewer persons than its parts together, the neighbourhood cannot hold them.
    assert found(world(tables, withheld={"A00"}, shared={"A03"}, more=apart)) == set()


def test_a_difference_of_which_no_count_is_known_gives_nothing_back(tables: Tables) -> None:
    whole = {"Q01": (3700, 1.0), "Q02": (1300, 97.0)}
    kept = world(tables, withheld={"A00"}, shared={"A03", "Q02"}, more=whole)
    other = pl.col("area_id") == "034027.Q01"
    facts = kept["fatto_indicatore"].with_columns(
        indicatore_id=pl.when(other).then(pl.lit("anziani_75")).otherwise("indicatore_id")
    )
    assert found(kept | {"fatto_indicatore": facts}) == set()


def test_an_earlier_release_tells_what_the_new_one_keeps(tables: Tables) -> None:
    new = world(tables, withheld={"A00"}, shared={"A03"})
    assert found(new, new) == set()
    old = world(tables, withheld={"A03"}, shared={"A02"})
    assert (EARLIER, "034027.A00") in found(new, old)


def test_what_an_earlier_release_told_of_others_is_used_too(tables: Tables) -> None:
    new = world(tables, withheld={"A00"}, shared={"A03"})
    old = world(tables, withheld={"A00"}, shared={"A02"})
    # Each release is safe alone; together they leave one unknown.
    assert found(old) == found(new) == set()
    assert (BOUNDED, "034027.A00") in found(new, old)


def test_a_difference_of_areas_that_cross_is_of_no_group(tables: Tables) -> None:
    kept = world(
        tables, withheld={"A00"}, shared={"A03"}, more={"Q01": (3700, 303.0), "Q02": (1300, 97.0)}
    )
    whose = ["034027.Q01", "034027.A01", "034027.A02"]
    residents = [3700, 1900, 1700]
    group = pl.DataFrame({"area_id": whose, "P1": residents, "P34": [40, 20, 15]})
    crossing = group.with_columns(P34=pl.Series([34, 20, 15]))
    lesson = (SUBTRACTED, "034027.Q01 − 034027.A01 − 034027.A02")
    assert lesson in {(one.kind, one.area) for one in audit_mart(kept, exact=group).findings}
    audit = audit_mart(kept, exact=crossing)
    assert lesson not in {(one.kind, one.area) for one in audit.findings}
    assert audit.crossing == 1
    # Nothing is taken back of an area whose counts are not at hand.
    assert lesson in {
        (one.kind, one.area) for one in audit_mart(kept, exact=crossing.head(2)).findings
    }


def test_releases_that_contradict_each_other_are_attacked_one_at_a_time(tables: Tables) -> None:
    new = world(tables, withheld={"A00"}, shared={"A03"})
    other = world(tables, withheld=set(), shared={"A00", "A02"})
    facts = other["fatto_indicatore"].with_columns(numeratore=pl.col("numeratore") * 3)
    assert (BOUNDED, "034027.A00") not in found(new, other | {"fatto_indicatore": facts})


def test_an_area_drawn_anew_between_releases_leaves_a_small_group(tables: Tables) -> None:
    new = world(tables, withheld={"A00"}, shared={"A03"})
    old = world(tables, withheld={"A00"}, shared={"A03"})
    moved = pl.col("area_id") == "034027.A01"
    old["dim_area"] = old["dim_area"].with_columns(
        popolazione=pl.when(moved).then(1900).otherwise("popolazione")
    )
    old["fatto_indicatore"] = old["fatto_indicatore"].with_columns(
        numeratore=pl.when(moved).then(153.0).otherwise("numeratore"),
        denominatore=pl.when(moved).then(1140.0).otherwise("denominatore"),
    )
    assert (SUBTRACTED, "034027.A01 − 034027.A01 (prima)") in found(new, old)


@pytest.mark.parametrize(("beside", "empty"), [(26.0, True), (20.0, False)])
def test_an_estimate_that_comes_back_counts_only_if_it_tells_something(
    tables: Tables, beside: float, empty: bool
) -> None:
    kept = world(tables, withheld={"A00"}, shared={"A03"})
    expected = {"C": 100.0, "A01": 40.0, "A02": 32.0, "A03": beside, "A00": None}
    row = tables["bisogno_latente"].head(1)
    kept["bisogno_latente"] = pl.concat(
        row.with_columns(
            area_id=pl.lit(f"034027.{name}"),
            attesi=pl.lit(value, pl.Float64),
            stato_attesi=pl.lit("soppresso" if value is None else "valido"),
        )
        for name, value in expected.items()
    )
    audit = audit_mart(kept)
    # The city's hundred persons over its five thousand residents make two of a hundred.
    assert audit.stand_ins == empty
    assert bool(audit.findings) == (not empty)


def test_the_page_tells_rule_floors_what_is_kept_and_the_attack(tables: Tables) -> None:
    kept = world(tables, withheld={"A00"}, shared={"A03"})
    hostile = kept["dim_indicatore"].with_columns(
        nome=pl.when(pl.col("indicatore_id") == "disoccupazione")
        .then(pl.lit("<img onerror>|"))
        .otherwise("nome")
    )
    kept["dim_indicatore"] = hostile
    page = confidentiality_page(kept, audit_mart(kept)).decode()
    assert "meno di 250 residenti" in page
    assert "| aree di censimento | l'area ha meno residenti della soglia" in page
    assert "Aree che dividono i conteggi con un piccolo gruppo: 1." in page
    assert "Numeri riservati che si ricavano: nessuno." in page
    assert "&lt;img onerror>\\|" in page
    assert "<img" not in page
    for code in kept["dim_indicatore"]["indicatore_id"]:
        assert f"| `{code}` |" in page
    sentences = page.split("## Le soglie")[0].split("# Riservatezza")[1]
    assert gulpease(sentences) >= 60
    for line in audit_lines(audit_mart(kept)):
        assert line in page


def write(folder: Path, tables: Tables) -> Path:
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / DATABASE_FILE)) as mart:
        for name in set(NEEDED) & set(tables):
            mart.register("incoming", tables[name])
            mart.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming')
    return folder


def test_the_command_says_what_it_finds_and_ends_with_one(tmp_path: Path, tables: Tables) -> None:
    shut = write(tmp_path / "chiuso", tables)
    ran = CliRunner().invoke(app, ["riservatezza", "--mart", str(shut)])
    assert ran.exit_code == 0, ran.output
    assert "Numeri riservati che si ricavano: nessuno." in ran.stdout
    under = pl.col("area_id") == "034027.Q02"
    small = tables["dim_area"].with_columns(
        popolazione=pl.when(under).then(200).otherwise("popolazione"),
        in_graduatoria=pl.col("in_graduatoria") & ~under,
    )
    broken = write(tmp_path / "aperto", {**tables, "dim_area": small})
    ran = CliRunner().invoke(app, ["riservatezza", "--mart", str(broken)])
    assert ran.exit_code == 1
    assert "034027.Q02" in ran.stdout
    assert "pubblicato sotto la soglia" in ran.stdout
    ran = CliRunner().invoke(
        app, ["riservatezza", "--mart", str(shut), "--prima", str(broken), "--json"]
    )
    told = json.loads(ran.stdout)
    assert told["rilasci"] == ["2026.11.1", "2026.11.1"]
    ran = CliRunner().invoke(app, ["riservatezza", "--mart", str(tmp_path / "niente")])
    assert ran.exit_code == 1
    assert "will esegui" in ran.stderr
