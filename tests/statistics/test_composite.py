"""Published and worked numbers of the aggregations, and their invariants."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from will_pipeline.statistics.checks import InvalidInput
from will_pipeline.statistics.composite import (
    Penalty,
    ampi,
    arithmetic,
    exponential_ranks,
    exponential_scores,
    geometric,
    mpi,
    nested_mean,
    penalised_mean,
    z_sum,
)
from will_pipeline.statistics.normalise import Goalposts, min_max

TOY = np.array([[10.0, 5, 2], [20, 5, 8], [30, 15, 4], [40, 25, 6]])
TOY_PLUS = [72.672414, 104.222689, 103.272358, 126.903974]
TOY_MINUS = [72.327586, 94.110644, 101.727642, 124.762693]
IOD_WEIGHTS = [0.225, 0.225, 0.135, 0.135, 0.093, 0.093, 0.093]
IOD_DOMAINS = [
    "Income_rank",
    "Employment_rank",
    "Education_rank",
    "Health_rank",
    "Crime_rank",
    "Housing_and_Services_rank",
    "Environment_rank",
]
points = st.floats(70, 130)
profiles = st.lists(points, min_size=2, max_size=8)


def toy_goalposts() -> list[Goalposts]:
    return [Goalposts.from_pool(TOY[:, j], "+") for j in range(3)]


def test_ampi_gives_the_worked_numbers() -> None:
    np.testing.assert_allclose(ampi(TOY, toy_goalposts()), TOY_PLUS, atol=1e-6)
    np.testing.assert_allclose(ampi(TOY, toy_goalposts(), penalty="-"), TOY_MINUS, atol=1e-6)


def test_ampi_reproduces_the_published_toy(shared: Path) -> None:
    toy = pd.read_csv(shared / "oracles" / "ampi" / "toy_ampi_by_hand.csv")
    values = toy[["x1", "x2", "x3"]].to_numpy()
    goalposts = [Goalposts.from_pool(values[:, j], "+") for j in range(3)]
    np.testing.assert_allclose(ampi(values, goalposts), toy["ampi_plus"], atol=1e-6)
    np.testing.assert_allclose(ampi(values, goalposts, penalty="-"), toy["ampi_minus"], atol=1e-6)


def test_mpi_reproduces_the_european_regions(shared: Path) -> None:
    folder = shared / "oracles" / "ampi"
    values = pd.read_csv(folder / "EU_NUTS1.csv")[["roads", "trains"]].to_numpy()
    published = pd.read_csv(folder / "EU_NUTS1_mpi_expected.csv")
    plus, minus = mpi(values, ["-", "+"]), mpi(values, ["-", "+"], penalty="-")
    np.testing.assert_allclose(plus, published["MPI_plus"], atol=1e-6)
    np.testing.assert_allclose(minus, published["MPI_minus"], atol=1e-6)


def test_exponential_ranks_give_the_score_of_one_english_area() -> None:
    ranks = [[33730, 33708, 33755, 33108, 33698, 29220, 244]]
    transformed = exponential_scores(ranks, total=33_755)
    np.testing.assert_allclose(
        transformed[0], [0.0175, 0.0323, 0.0007, 0.4400, 0.0390, 3.2730, 89.9298], atol=5e-5
    )
    score = exponential_ranks(ranks, total=33_755, weights=IOD_WEIGHTS)
    assert score[0] == pytest.approx(8.742, abs=0.001)


def test_exponential_ranks_reproduce_the_english_indices(shared: Path) -> None:
    areas = pd.read_csv(shared / "oracles" / "iod" / "fixture_iod2025_400_lsoa.csv")
    result = exponential_ranks(areas[IOD_DOMAINS].to_numpy(), total=33_755, weights=IOD_WEIGHTS)
    np.testing.assert_allclose(result, areas["IMD_score"], atol=0.001)


def test_exponential_transformation_at_its_landmarks() -> None:
    assert exponential_scores(1, total=1000) == pytest.approx(100.0)
    # Published landmarks: R = 0.9, 0.5 and 0.1.
    np.testing.assert_allclose(
        exponential_scores([2, 6, 10], total=10), [50.43, 15.65, 2.39], atol=0.005
    )


def test_nested_mean_reproduces_the_whole_asem_index(shared: Path) -> None:
    folder = shared / "oracles" / "coinr"
    meta = pd.read_csv(folder / "ASEM_iMeta.csv").dropna(subset=["Level"]).set_index("iCode")
    treated = pd.read_csv(folder / "ASEM_stage_Treated.csv").set_index("uCode")
    published = pd.read_csv(folder / "ASEM_stage_Aggregated.csv").set_index("uCode")
    codes = list(treated.columns)
    directions = ["+" if meta.loc[code, "Direction"] > 0 else "-" for code in codes]
    scores = nested_mean(
        min_max(treated.to_numpy(), polarity=directions),
        codes=codes,
        parents=meta["Parent"].dropna().to_dict(),
        weights=meta.loc[meta["Parent"].notna(), "Weight"].to_dict(),
    )
    assert set(scores) == set(published.columns) - set(codes)
    for code, score in scores.items():
        np.testing.assert_allclose(score, published.loc[treated.index, code], atol=1e-10)
    index = pd.Series(scores["Index"], index=treated.index)
    assert index["CHE"] == pytest.approx(68.38372424, abs=1e-8)


def test_geometric_and_weighted_means_by_hand() -> None:
    assert geometric([1, 2, 3]) == pytest.approx(6 ** (1 / 3))
    assert geometric([1, 2, 3], weights=[0.25, 0.25, 0.5]) == pytest.approx(18**0.25)
    assert arithmetic([1, 2, 3], weights=[0.25, 0.25, 0.5]) == pytest.approx(2.25)


def test_z_sum_has_mean_zero_and_follows_polarity() -> None:
    result = z_sum(TOY, ["+", "+", "+"])
    assert result.mean() == pytest.approx(0.0)
    np.testing.assert_allclose(z_sum(TOY, ["-", "-", "-"]), -result)


@given(profiles, st.data())
def test_ampi_plus_grows_with_each_indicator(profile: list[float], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(profile) - 1))
    raised = list(profile)
    raised[position] = data.draw(st.floats(profile[position], 130))
    before, after = penalised_mean([profile, raised])
    assert after >= before - 1e-9


@given(profiles)
def test_penalty_brackets_the_mean_and_vanishes_in_balance(profile: list[float]) -> None:
    mean = arithmetic(profile)
    assert penalised_mean(profile, penalty="-") <= mean + 1e-9
    assert penalised_mean(profile, penalty="+") >= mean - 1e-9
    balanced = penalised_mean([profile[0]] * 4)
    assert balanced == pytest.approx(profile[0])


@given(profiles, st.randoms(use_true_random=False))
def test_order_of_indicators_does_not_matter(profile: list[float], random: Random) -> None:
    shuffled = list(profile)
    random.shuffle(shuffled)
    assert penalised_mean(shuffled) == pytest.approx(float(penalised_mean(profile)))
    assert geometric(shuffled) == pytest.approx(float(geometric(profile)))


def test_equal_weights_are_the_unweighted_index() -> None:
    weighted = ampi(TOY, toy_goalposts(), weights=[1 / 3] * 3)
    np.testing.assert_allclose(weighted, ampi(TOY, toy_goalposts()))


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: penalised_mean([100.0, np.nan]), r"normalised\[1\]: must be finite"),
        (lambda: penalised_mean([100.0, 90.0], weights=[0.6, 0.6]), "sum to one"),
        (lambda: penalised_mean([100.0, 90.0], weights=[1.5, -0.5]), "negative"),
        (lambda: penalised_mean([100.0, 90.0], weights=[1.0]), "2 entries"),
        (lambda: penalised_mean([100.0, 90.0], penalty=cast("Penalty", "plus")), "penalty"),
        (lambda: penalised_mean([-5.0, 1.0]), "above zero"),
        (lambda: penalised_mean([100.0], ddof=1), "ddof"),
        (lambda: penalised_mean(100.0), "shape"),
        (lambda: geometric([1.0, 0.0]), r"normalised\[1\]: must be above zero"),
        (lambda: exponential_scores([0], total=10), r"ranks\[0\]"),
        (lambda: exponential_scores([11], total=10), r"ranks\[0\]"),
        (lambda: exponential_ranks([[1, 2]], total=2, weights=[1.0]), "1 columns"),
        (lambda: mpi([[1.0, 2.0], [1.0, 3.0]], ["+", "+"]), "constant"),
    ],
)
def test_broken_input_is_named(call: Callable[[], object], rule: str) -> None:
    with pytest.raises(InvalidInput, match=rule):
        call()


@pytest.mark.parametrize(
    ("codes", "parents", "weights", "rule"),
    [
        (["a", "b"], {"a": "top"}, {"a": 1.0}, "no entry for 'b'"),
        (["a", "b"], {"a": "top", "b": "top"}, {"a": 1.0}, "positive weight to 'b'"),
        (["a", "a"], {"a": "top"}, {"a": 1.0}, "unique"),
        (
            ["a", "b"],
            {"a": "x", "b": "x", "x": "y", "y": "x"},
            {"a": 1.0, "b": 1.0, "x": 1.0, "y": 1.0},
            "never completes",
        ),
    ],
)
def test_broken_hierarchies_are_named(
    codes: list[str], parents: dict[str, str], weights: dict[str, float], rule: str
) -> None:
    with pytest.raises(InvalidInput, match=rule):
        nested_mean([[1.0, 2.0]], codes=codes, parents=parents, weights=weights)
