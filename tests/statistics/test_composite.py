"""Published and worked numbers of the aggregations, and their invariants."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import cast, get_args

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
from will_pipeline.statistics.normalise import Goalposts, Polarity, z_scores

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
# One indicator far from all the others is where the penalty pulls hardest, and a wrong one shows.
apart = st.builds(
    lambda own, rest, others: [own] + [rest] * others,
    st.one_of(st.sampled_from([70.0, 125.0]), points),
    st.sampled_from([70.0, 130.0]),
    st.integers(1, 7),
)
profiles = st.one_of(apart, st.lists(points, min_size=2, max_size=8))


def toy_goalposts() -> list[Goalposts]:
    return [Goalposts.from_pool(TOY[:, j], "+") for j in range(3)]


def test_ampi_gives_the_worked_numbers() -> None:
    np.testing.assert_allclose(ampi(TOY, toy_goalposts()), TOY_PLUS, atol=1e-6)
    np.testing.assert_allclose(ampi(TOY, toy_goalposts(), penalty="-"), TOY_MINUS, atol=1e-6)


def test_penalised_mean_gives_the_published_unit_of_europe_2020() -> None:
    normalised = [149.553571, 154.841160]
    assert penalised_mean(normalised, penalty="-") == pytest.approx(152.151441, abs=1e-6)
    assert penalised_mean(normalised) == pytest.approx(152.243291, abs=1e-6)


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
    standard = z_scores(values, polarity=["-", "+"], mean=100, standard_deviation=10)
    np.testing.assert_allclose(standard, published[["roads", "trains"]], atol=1e-6)
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


@pytest.mark.parametrize(
    ("domain", "parts", "weights"),
    [
        ("Education", ["children_and_young_people", "adult_skills"], [0.5, 0.5]),
        ("Housing_and_Services", ["geographical_barriers", "wider_barriers"], [0.5, 0.5]),
        ("Environment", ["indoors", "outdoors"], [0.7, 0.3]),
    ],
)
def test_exponential_ranks_reproduce_the_domains_of_the_english_indices(
    shared: Path, domain: str, parts: list[str], weights: list[float]
) -> None:
    areas = pd.read_csv(shared / "oracles" / "iod" / "fixture_iod2025_400_lsoa.csv")
    ranks = areas[[f"{part}_rank" for part in parts]].to_numpy()
    result = exponential_ranks(ranks, total=33_755, weights=weights)
    np.testing.assert_allclose(result, areas[f"{domain}_score"], atol=0.001)


def test_exponential_transformation_at_its_landmarks() -> None:
    assert exponential_scores(1, total=1000) == pytest.approx(100.0)
    # Published landmarks: R = 0.9, 0.5 and 0.1.
    np.testing.assert_allclose(
        exponential_scores([2, 6, 10], total=10), [50.43, 15.65, 2.39], atol=0.005
    )


@given(st.integers(1, 9), st.integers(0, 1_000))
def test_equal_values_have_exactly_their_own_value_as_mean(indicators: int, seed: int) -> None:
    weights = np.random.default_rng(seed).dirichlet(np.ones(indicators))
    for mean in (arithmetic, geometric, penalised_mean):
        assert mean([100.0] * indicators) == 100.0
        assert mean([100.0] * indicators, weights=weights) == 100.0


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
    # Its slope is w (1 + 2 (x - M) / M - V / M^2); with V at most (130 - M)(M - 70) and x at least
    # 70 that is no less than w (9100 - 60 M) / M^2, and so than w / 13 up to a mean of 130.
    mass = np.array(data.draw(st.lists(st.floats(0.05, 1), min_size=len(profile), max_size=20)))
    weights = mass[: len(profile)] / mass[: len(profile)].sum()
    position = data.draw(st.integers(0, len(profile) - 1))
    raised = list(profile)
    step = data.draw(st.one_of(st.sampled_from([0.01, 1.0]), st.floats(0, 1)))
    raised[position] += step * (130 - profile[position])
    gain = weights[position] * (raised[position] - profile[position])
    before, after = penalised_mean([profile, raised], weights=weights)
    assert after - before >= gain / 13 - 1e-9
    before, after = penalised_mean([profile, raised])
    assert after - before >= (raised[position] - profile[position]) / len(profile) / 13 - 1e-9


@given(st.floats(1, 500), st.lists(st.floats(0, 1), min_size=2, max_size=8), st.data())
def test_ampi_plus_grows_wherever_no_indicator_is_twice_another(
    least: float, parts: list[float], data: st.DataObject
) -> None:
    profile = [least * (1 + part) for part in parts]
    position = data.draw(st.integers(0, len(profile) - 1))
    raised = list(profile)
    raised[position] = data.draw(st.floats(profile[position], 2 * least))
    before, after = penalised_mean([profile, raised])
    assert after >= before - 1e-9 * least


def test_ampi_plus_may_fall_where_an_indicator_is_far_below_the_others() -> None:
    # Raising the one good indicator takes away more imbalance than it adds need.
    before, after = penalised_mean([[40.0, 130, 130, 130], [50.0, 130, 130, 130]])
    assert after < before


def test_ampi_minus_falls_with_an_indicator_already_far_ahead() -> None:
    before, after = penalised_mean([[70.0] * 5 + [120], [70.0] * 5 + [130]], penalty="-")
    assert after < before


@given(st.integers(2, 30), st.integers(1, 6), st.integers(0, 10_000), st.data())
def test_index_of_the_reference_is_one_hundred_in_any_unit_and_order(
    areas: int, indicators: int, seed: int, data: st.DataObject
) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(50, 20, (areas, indicators))
    polarity: list[Polarity] = [data.draw(st.sampled_from(["+", "-"])) for _ in range(indicators)]
    scale, shift = generator.uniform(0.01, 100, indicators), generator.normal(0, 50, indicators)
    order = generator.permutation(areas)
    posts = [Goalposts.from_pool(values[:, j], polarity[j]) for j in range(indicators)]
    moved = values * scale + shift
    rescaled = [Goalposts.from_pool(moved[:, j], polarity[j]) for j in range(indicators)]
    reference = np.array([[post.reference for post in posts]])
    weights = generator.dirichlet(np.ones(indicators))
    for penalty in get_args(Penalty):
        scores = ampi(values, posts, penalty=penalty)
        assert ampi(reference, posts, penalty=penalty).tolist() == [100.0]
        assert ampi(reference, posts, penalty=penalty, weights=weights).tolist() == [100.0]
        np.testing.assert_array_equal(ampi(values[order], posts, penalty=penalty), scores[order])
        np.testing.assert_allclose(ampi(moved, rescaled, penalty=penalty), scores, rtol=1e-8)


@given(st.integers(2, 30), st.integers(2, 6), st.integers(0, 10_000))
def test_mpi_and_z_sum_ignore_units_and_follow_the_rows(
    areas: int, indicators: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(50, 20, (areas, indicators))
    polarity = ["+", "-"] * indicators
    moved = values * generator.uniform(0.01, 100, indicators) + generator.normal(size=indicators)
    order = generator.permutation(areas)
    for index in (mpi, z_sum):
        scores = index(values, polarity[:indicators])
        np.testing.assert_allclose(index(moved, polarity[:indicators]), scores, atol=1e-7)
        again = index(values[order], polarity[:indicators])
        np.testing.assert_allclose(again, scores[order], atol=1e-9)


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
        (lambda: penalised_mean([-5.0, 1.0]), "normalised: must have a mean"),
        (lambda: penalised_mean([[1.0, 1.0], [-5.0, 1.0]]), r"normalised\[1\]: must have a mean"),
        (lambda: arithmetic([[1.0, 2.0]], weights=[[0.5, 0.6]]), r"weights\[0\]: must sum to one"),
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
        (["a", "b"], dict.fromkeys("ab", "top"), {"a": 1, "b": np.nan}, "finite and positive"),
        (["a", "b"], dict.fromkeys("ab", "top"), {"a": 1, "b": np.inf}, "finite and positive"),
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
