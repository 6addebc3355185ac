"""Agreement with outside measures: worked by hand, and refused where it would mislead."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.indicators.validation import agreement, compare_with_idise

# Four districts of one city, three of another; the fifth of the first has no IDISE.
SCORES = {"111111": [110.0, 105.0, 95.0, 90.0, 100.0], "222222": [120.0, 100.0, 80.0]}
IDISE = {"111111": [108.0, 109.0, 97.0, 93.0], "222222": [90.0, 100.0, 110.0]}


def made_up_indices() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "area_id": f"{city}.Q{place:02d}", "dimensione": theme, "anno": 2011,
                "metodo": method, "indice": score, "rango_min": rank, "rango_max": rank + 1,
            }
            for city, scores in SCORES.items()
            for theme in ("giovani", "solitudine")
            for method in ("ampi_citta", "ampi")
            for place, score in enumerate(scores, start=1)
            for rank in (1 + sum(other > score for other in scores),)
        ]
    )  # fmt: skip


def made_up_idise() -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"area_id": f"{city}.Q{place:02d}", "idise": value}
            for city, values in IDISE.items()
            for place, value in enumerate(values, start=1)
        ]
    )


def test_agreement_worked_by_hand() -> None:
    found = agreement(np.array([4.0, 3, 2, 1]), np.array([3.0, 4, 2, 1]))
    # Ranks differ by one in two places: 1 - 6 x 2 / (4 x 15); five pairs agree, one does not.
    assert found.n == 4
    assert found.spearman == pytest.approx(0.8)
    assert found.kendall == pytest.approx(4 / 6)
    assert found.pearson == pytest.approx(0.8)


def test_places_known_to_one_side_only_are_left_out() -> None:
    found = agreement(np.array([1.0, 2, np.nan, 3, 9]), np.array([2.0, 4, 7, 6, np.nan]))
    assert (found.n, found.pearson) == (3, pytest.approx(1.0))


def test_too_few_places_or_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 places"):
        agreement(np.array([1.0, 2, np.nan]), np.array([1.0, 2, 3]))
    with pytest.raises(ValueError, match="places"):
        agreement(np.ones(3), np.ones(4))


def test_what_does_not_vary_agrees_with_nothing() -> None:
    assert np.isnan(agreement(np.ones(4), np.arange(4.0)).spearman)


@given(st.lists(st.integers(-99, 99), min_size=3, max_size=9, unique=True))
def test_ranks_do_not_hear_of_scale_and_turn_with_direction(values: list[int]) -> None:
    ours = np.array(values, dtype=float)
    assert agreement(ours, ours**3).spearman == pytest.approx(1.0)
    assert agreement(ours, -ours).kendall == pytest.approx(-1.0)


def test_idise_is_compared_within_each_city_need_by_need() -> None:
    found = compare_with_idise(made_up_idise(), made_up_indices())
    rows = {(row["pro_com"], row["dimensione"]): row for row in found.summary.to_dicts()}
    assert len(rows) == 4
    assert rows["111111", "giovani"]["n"] == 4
    assert rows["111111", "giovani"]["spearman"] == pytest.approx(0.8)
    assert rows["222222", "solitudine"]["spearman"] == pytest.approx(-1.0)
    assert rows["222222", "solitudine"]["livello"] == "Q"


def test_every_area_shows_both_ranks_and_whether_theirs_is_likely() -> None:
    found = compare_with_idise(made_up_idise(), made_up_indices()).places
    young = found.filter((pl.col("dimensione") == "giovani") & (pl.col("pro_com") == "111111"))
    assert young["our_rank"].to_list() == [1, 2, 3, 4]
    assert young["their_rank"].to_list() == [2, 1, 3, 4]
    assert young["rank_gap"].to_list() == [-1, 1, 0, 0]
    # The published ranges of places are 1-2, 2-3, 4-5 and 5-6: the fifth area ranks third.
    assert young["within_range"].to_list() == [True, False, False, False]


def test_areas_without_an_index_are_named_and_missing_values_are_not_zero() -> None:
    extra = pl.DataFrame({"area_id": ["111111.Q99", "222222.Q03"], "idise": [100.0, None]})
    table = pl.concat([made_up_idise().filter(pl.col("area_id") != "222222.Q03"), extra])
    found = compare_with_idise(table, made_up_indices())
    assert found.unmatched == ("111111.Q99", "222222.Q03")
    few = found.summary.filter(pl.col("pro_com") == "222222")
    assert few["n"].to_list() == [2, 2]
    assert few["spearman"].null_count() == 2


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pl.DataFrame({"area_id": ["111111.Q01"]}), "idise"),
        (pl.DataFrame({"area_id": ["111111.Q01"] * 2, "idise": [1.0, 2.0]}), "ripetute"),
        (pl.DataFrame({"area_id": ["Q01"], "idise": [1.0]}), "Q01"),
    ],
)
def test_a_table_that_cannot_be_compared_is_refused(table: pl.DataFrame, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compare_with_idise(table, made_up_indices())
