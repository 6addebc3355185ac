"""Planted effects recovered, none invented, trends and few areas noticed, rows within contract."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.needs.measure_town import (
    START,
    TOWN,
    YEARS,
    area_ids,
    baseline,
    delivered,
    series,
)
from will_pipeline.contracts.catalogue import load_contracts
from will_pipeline.contracts.conform import conform, empty
from will_pipeline.indicators.estimators import Settings
from will_pipeline.needs.comparison import Baseline, Delivered
from will_pipeline.needs.evaluation import Evaluations, evaluate_measures
from will_pipeline.statistics.difference_in_differences import event_study, two_by_two

SETTINGS = Settings()
CORE, MART = load_contracts("core"), load_contracts("mart")


def noise(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def evaluated(what: Delivered, before: Baseline | None = None) -> Evaluations:
    return evaluate_measures(what, before or baseline(), settings=SETTINGS)


def only(result: Evaluations) -> dict[str, object]:
    assert result.measures.height == 1
    return result.measures.row(0, named=True)


def together(*some: Delivered) -> Delivered:
    return Delivered(
        pl.concat(each.measures for each in some),
        pl.concat(each.members for each in some),
        pl.concat(each.outcomes for each in some),
    )


@pytest.mark.parametrize(
    ("effect", "higher_is", "state"),
    [
        (-6.0, "peggio", "va_meglio"),
        (6.0, "peggio", "va_peggio"),
        (6.0, "meglio", "va_meglio"),
        (-6.0, "meglio", "va_peggio"),
        (0.0, "peggio", "non_distinguibile"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_a_planted_effect_is_recovered_and_none_is_not(
    effect: float, higher_is: str, state: str, named: bool
) -> None:
    row = only(
        evaluated(delivered(series(noise(), effect=effect), higher_is=higher_is, named=named))
    )
    assert row["stato"] == state
    assert row["ic_inf"] <= effect <= row["ic_sup"]
    assert row["confronto"] == ("indicato" if named else "abbinato")


def test_the_numbers_are_those_of_the_statistics() -> None:
    values = series(noise(2), effect=-2.0)
    row = only(result := evaluated(delivered(values)))
    treated, years = np.arange(12) < 4, np.array(YEARS)
    plain = two_by_two(
        values.ravel(),
        treated=np.repeat(treated, 8),
        after=np.tile(years >= START, 12),
        area=np.repeat(np.arange(12), 8),
    )
    assert row["effetto"] == pytest.approx(plain.estimate)
    assert row["errore_standard"] == pytest.approx(plain.standard_error)
    assert row["valore_prima"] == pytest.approx(values[:4, years < START].mean())
    events = event_study(
        values.ravel(),
        treated=np.repeat(treated, 8),
        period=np.tile(years, 12),
        area=np.repeat(np.arange(12), 8),
        start=START,
    )
    lines = result.years.sort("anno")
    assert lines.filter("riferimento")["anno"].to_list() == [events.reference]
    others = lines.filter(~pl.col("riferimento"))
    assert others["anno"].to_list() == events.period.tolist()
    np.testing.assert_allclose(others["differenza"], events.estimate)


def test_paths_that_differ_before_the_start_give_no_conclusion() -> None:
    row = only(result := evaluated(delivered(series(noise(), drift=2.0))))
    assert row["stato"] == "tendenze_diverse"
    assert row["p_tendenze"] < 0.10
    assert row["effetto"] is row["ic_inf"] is row["effetto_minimo_rilevabile"] is None
    assert result.years.height == len(YEARS)


@pytest.mark.parametrize(("areas", "treated"), [(6, 3), (6, 2), (12, 1), (4, 2)])
def test_too_few_areas_give_no_conclusion(areas: int, treated: int) -> None:
    values = series(noise(), areas=areas, treated=treated, effect=-50.0)
    row = only(result := evaluated(delivered(values, treated=treated), baseline(areas)))
    assert (row["stato"], row["effetto"]) == ("poche_aree", None)
    assert (row["aree"], row["aree_confronto"]) == (treated, areas - treated)
    assert result.years.is_empty()


@pytest.mark.parametrize("kept", [(2021, 2022, 2023), (2018, 2019, 2020), (2022, 2023)])
def test_short_series_give_no_conclusion(kept: tuple[int, ...]) -> None:
    what = delivered(series(noise()))
    short = replace(what, outcomes=what.outcomes.filter(pl.col("year").is_in(kept)))
    assert only(evaluated(short))["stato"] == "serie_corta"


def test_two_years_before_and_one_after_are_enough() -> None:
    what = delivered(series(noise(), effect=-8.0))
    short = replace(what, outcomes=what.outcomes.filter(pl.col("year").is_in((2020, 2021, 2022))))
    assert only(evaluated(short))["stato"] == "va_meglio"


def test_a_measure_without_any_outcome_gives_no_conclusion() -> None:
    what = delivered(series(noise()))
    row = only(evaluated(replace(what, outcomes=what.outcomes.clear())))
    assert (row["stato"], row["aree"], row["valore_prima"]) == ("serie_corta", 0, None)


def test_areas_of_two_levels_give_no_conclusion() -> None:
    before = baseline()
    first = area_ids(12)[0]
    mixed = before.areas.with_columns(
        livello=pl.when(pl.col("area_id") == first).then(pl.lit("A")).otherwise("livello")
    )
    row = only(evaluated(delivered(series(noise())), replace(before, areas=mixed)))
    assert row["stato"] == "livelli_misti"


def test_an_area_with_a_hole_is_left_out_and_named() -> None:
    what, ids = delivered(series(noise(), areas=13, effect=-6.0)), area_ids(13)
    hole = (pl.col("year") == 2020) & pl.col("area_id").is_in([ids[0], ids[12]])
    result = evaluated(replace(what, outcomes=what.outcomes.filter(~hole)), baseline(13))
    row = only(result)
    assert (row["aree"], row["aree_confronto"], row["aree_escluse"]) == (3, 8, 2)
    left = result.areas.filter(pl.col("ruolo") == "esclusa")
    assert left["area_id"].to_list() == [ids[0], ids[12]]
    assert left["motivo"].unique().to_list() == ["mancano anni della serie"]


@pytest.mark.parametrize("height", [0.0, 1_000.0])
def test_the_outcome_of_an_area_under_the_floor_moves_nothing(height: float) -> None:
    before, ids = baseline(14), area_ids(14)
    tiny = before.areas.with_columns(
        popolazione=pl.when(pl.col("area_id") == ids[0]).then(249).otherwise("popolazione")
    )
    given = delivered(series(noise(), areas=14))
    moved = given.outcomes.with_columns(
        value=pl.when(pl.col("area_id") == ids[0]).then(height).otherwise("value")
    )
    small = replace(before, areas=tiny)
    plain, result = evaluated(given, small), evaluated(replace(given, outcomes=moved), small)
    assert result.measures.equals(plain.measures)
    left = result.areas.filter(pl.col("area_id") == ids[0]).row(0, named=True)
    assert left["ruolo"] == "esclusa"
    assert "meno di 250 residenti" in left["motivo"]


def test_chosen_areas_are_of_the_same_city_and_level_and_explained() -> None:
    before, ids = baseline(14), area_ids(14)
    elsewhere = before.areas.with_columns(
        pro_com=pl.when(pl.col("area_id") == ids[13]).then(pl.lit("999002")).otherwise("pro_com"),
        livello=pl.when(pl.col("area_id") == ids[12]).then(pl.lit("A")).otherwise("livello"),
    )
    result = evaluated(
        delivered(series(noise(), areas=14), named=False), replace(before, areas=elsewhere)
    )
    roles = dict(result.areas.select("area_id", "ruolo").iter_rows())
    assert not {ids[12], ids[13], f"{TOWN}.C"} & set(roles)
    assert [roles[each] for each in ids[:4]] == ["misura"] * 4
    assert set(roles.values()) == {"misura", "confronto", "non_scelta"}
    chosen = result.areas.filter(pl.col("ruolo") == "confronto")
    assert chosen["distanza"].max() <= 1.5
    passed_over = result.areas.filter(pl.col("ruolo") == "non_scelta")
    assert set(passed_over["motivo"]) <= {
        "altre aree sono più simili",
        "troppo diversa dalle aree con la misura",
    }


def test_areas_with_another_measure_on_the_same_need_are_not_chosen() -> None:
    values = series(noise(), areas=14)
    first = delivered(values, named=False)
    other = delivered(values, measure_id=f"{TOWN}-altra", treated=0)
    busy = area_ids(14)[5]
    other = replace(
        other,
        members=other.members.filter(pl.col("area_id") == busy).with_columns(treated=pl.lit(True)),
    )
    result = evaluated(together(first, other), baseline(14))
    row = result.areas.filter(
        (pl.col("area_id") == busy) & (pl.col("valutazione_id") == f"{TOWN}-prova")
    ).row(0, named=True)
    assert row["ruolo"] == "esclusa"
    assert "un'altra misura" in row["motivo"]
    elsewhere = replace(other, measures=other.measures.with_columns(theme=pl.lit("mobilita")))
    apart = evaluated(together(first, elsewhere), baseline(14)).areas
    assert "esclusa" not in apart.filter(pl.col("valutazione_id") == f"{TOWN}-prova")["ruolo"]


def test_groups_that_stay_apart_are_told() -> None:
    before = baseline(14)
    ids = area_ids(14)
    needier = before.indices.with_columns(
        indice=pl.col("indice") + pl.when(pl.col("area_id").is_in(ids[:4])).then(8.0).otherwise(0.0)
    )
    what = delivered(series(noise(), areas=14), named=False)
    row = only(evaluated(what, replace(before, indices=needier)))
    assert row["squilibrio_prima"] > row["squilibrio_dopo"] > 0.5
    assert row["lettura"].endswith("erano diverse da queste già prima.")
    assert "diverse da queste" not in only(evaluated(what, before))["lettura"]


def test_without_indices_the_outcome_before_alone_is_matched() -> None:
    before = baseline()
    bare = replace(before, indices=before.indices.clear(), profiles=before.profiles.clear())
    row = only(evaluated(delivered(series(noise(), effect=-6.0), named=False), bare))
    assert (row["confronto"], row["stato"]) == ("abbinato_esito", "va_meglio")


def test_a_treated_area_without_a_baseline_is_left_out() -> None:
    before, ids = baseline(), area_ids(12)
    lacking = replace(before, profiles=before.profiles.filter(pl.col("area_id") != ids[0]))
    result = evaluated(delivered(series(noise()), named=False), lacking)
    assert only(result)["aree"] == 3
    assert dict(result.areas.select("area_id", "motivo").iter_rows())[ids[0]] == (
        "mancano indici o profilo prima della misura"
    )


def test_nothing_delivered_is_nothing_evaluated() -> None:
    nothing = Delivered(
        *(empty(CORE[name]) for name in ("measure", "measure_area", "measure_outcome"))
    )
    result = evaluated(nothing)
    for name, frame in (
        ("valutazione", result.measures),
        ("valutazione_area", result.areas),
        ("valutazione_anno", result.years),
    ):
        assert conform(frame, MART[name]).is_empty()


@settings(max_examples=8)
@given(st.integers(0, 100_000), st.booleans())
def test_the_order_of_rows_does_not_matter(seed: int, named: bool) -> None:
    what = delivered(series(noise(seed), areas=14, effect=1.5), named=named)
    before = baseline(14)

    def shuffled(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.sample(fraction=1, shuffle=True, seed=seed)

    other = evaluated(
        Delivered(shuffled(what.measures), shuffled(what.members), shuffled(what.outcomes)),
        Baseline(*(shuffled(each) for each in (before.areas, before.indices, before.profiles))),
    )
    plain = evaluated(what, before)
    assert plain.measures.equals(other.measures)
    assert plain.areas.equals(other.areas)
    assert plain.years.equals(other.years)


def test_another_measure_moves_no_number() -> None:
    first = delivered(series(noise(1)))
    second = delivered(series(noise(2)), measure_id=f"{TOWN}-altra", theme="mobilita")
    both = evaluated(together(second, first)).measures
    assert both.filter(pl.col("valutazione_id") == f"{TOWN}-prova").equals(
        evaluated(first).measures
    )
