"""What the invented municipality hands in, and what is hidden in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import shapely

from will_pipeline.example.deliveries import (
    COVERAGE,
    EXERCISES,
    MEASURES,
    TOO_SMALL,
    as_csv,
    deliveries,
    in_need,
    measure_series,
    places,
    service_users,
    write_deliveries,
)
from will_pipeline.example.shapes import municipality_table
from will_pipeline.example.testimony import VOICES
from will_pipeline.example.towns import BORGO, TOWNS

TRACKED = Path(__file__).parents[3] / "esempi" / "borgo_inventato" / "consegne"


def test_the_tracked_files_are_those_that_the_generator_makes(tmp_path: Path) -> None:
    write_deliveries(tmp_path)
    made = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*.csv")}
    kept = {p.relative_to(TRACKED): p.read_bytes() for p in TRACKED.rglob("*.csv")}
    assert set(made) == set(kept)
    assert [str(name) for name in made if made[name] != kept[name]] == []


def test_files_are_written_as_an_italian_spreadsheet_would() -> None:
    told = deliveries()
    assert as_csv(told["utenti_servizi.csv"]).decode().startswith("area;bisogno;anno;utenti\nQ01;")
    assert b";s\xc3\xac\n" in as_csv(told["misure.aree.csv"])
    assert b"12/03/2026" in as_csv(told["voce_tavolo.csv"])
    assert b"45,8" in as_csv(told["misure.serie.csv"])


def test_services_follow_the_share_that_was_planted() -> None:
    last = service_users(BORGO).filter(pl.col("anno") == 2025)
    true = in_need(BORGO).with_columns(
        area=pl.format("Q{}", pl.col("code").cast(pl.String).str.zfill(2))
    )
    both = last.join(true, left_on=["area", "bisogno"], right_on=["area", "theme"])
    assert both.height == 33
    for code, theme, persons, users in both.select("code", "bisogno", "persons", "utenti").rows():
        planted = COVERAGE[theme][code]
        error = np.sqrt(persons * min(planted, 1) * (1 - min(planted, 1)))
        assert abs(users - planted * persons) <= 4 * error + 1, (theme, code)


def test_nobody_is_counted_where_somebody_could_be_recognised() -> None:
    for name in ("utenti_servizi.csv", "misure.serie.csv", "ripartizione.aree.csv"):
        assert f"Q{TOO_SMALL:02d}" not in deliveries()[name]["area"].to_list()


def test_services_follow_more_persons_than_expected_in_one_area_only() -> None:
    above = [(theme, code) for theme, by in COVERAGE.items() for code, c in by.items() if c > 1]
    assert above == [("solitudine", 6)]


def test_one_place_stands_outside_the_town_and_one_has_no_coordinates() -> None:
    found = places(BORGO)
    whole = shapely.from_wkb(municipality_table(TOWNS)["geometry_wkb"][0])
    placed = found.drop_nulls("lon")
    inside = shapely.contains_xy(whole, placed["lon"].to_numpy(), placed["lat"].to_numpy())
    assert placed.filter(~pl.Series(inside))["nome"].to_list() == ["Colonia estiva fuori comune"]
    without = found.filter(pl.col("lon").is_null())
    assert without["area"].to_list() == ["Q09"]
    assert without["lat"].null_count() == without.height == 1


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.code)
def test_a_plain_difference_in_differences_finds_the_planted_effect(measure) -> None:
    series = measure_series(BORGO).filter(pl.col("misura") == measure.code)
    means = series.group_by(
        "area",
        treated=pl.col("area").str.slice(1).cast(pl.Int64).is_in(measure.treated),
        after=pl.col("anno") >= measure.start,
    ).agg(pl.col("valore").mean())
    change = means.pivot(on="after", index=["area", "treated"], values="valore").with_columns(
        change=pl.col("true") - pl.col("false")
    )
    groups = {key[0]: group["change"] for key, group in change.group_by("treated")}
    effect = groups[True].mean() - groups[False].mean()
    error = np.sqrt(sum(group.var() / group.len() for group in groups.values()))
    assert abs(effect - measure.effect) < 3 * error


def test_every_exercise_splits_today_what_it_will_split_tomorrow() -> None:
    for *_, budget, floor, today in EXERCISES:
        assert sum(today) == budget
        assert floor * len(today) <= budget


def test_tables_confirm_contradict_add_and_propose() -> None:
    assert {voice.outcome for voice in VOICES} == {"conferma", "contraddice", "integra", "propone"}
