"""Freezing: which areas make the pool, and which numbers groups take over from before."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from will_pipeline.indicators.specification import Specification, load_specification
from will_pipeline.needs import freezing_typology
from will_pipeline.needs.freezing_typology import (
    LEAST_TOWN,
    MOST_TOWN,
    Plan,
    comparable_areas,
    freeze_typology,
)
from will_pipeline.needs.frozen_typology import FrozenTypology

FEW = Plan(candidates=(3,), starts=4, resamples=3, resample_starts=2)
TOWNS, AREAS = 12, 6
KINDS = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])


def counts(**towns: list[int]) -> pl.DataFrame:
    rows = [
        {"pro_com": town, "code": code, "P1": residents}
        for town, areas in towns.items()
        for code, residents in enumerate(areas)
    ]
    return pl.DataFrame(rows)


def test_the_pool_is_the_census_areas_of_comparable_towns() -> None:
    found = comparable_areas(
        counts(
            small=[0, LEAST_TOWN - 1],
            least=[900, 999, LEAST_TOWN - 1_899],
            most=[5_000, MOST_TOWN - 6_000, 1_000],
            large=[0, MOST_TOWN + 1],
        )
    )
    assert found.filter("in_pool")["area_id"].to_list() == ["least.A2", "most.A1", "most.A2"]
    # The ring and the small areas stay in the total of their town.
    whole = found.filter(pl.col("level") == "C")
    assert dict(whole.select("area_id", "residents").iter_rows()) == {
        "least.C": LEAST_TOWN, "most.C": MOST_TOWN,
    }  # fmt: skip


@pytest.fixture
def two() -> Specification:
    """A specification whose comparable indicators are two."""

    class Two(Specification):
        def __init__(self) -> None:
            self._files = load_specification()._files

        @property
        def comparable(self):  # type: ignore[override]
            return load_specification().comparable[-2:]

    return Two()


def pooled(monkeypatch: pytest.MonkeyPatch, centres: np.ndarray, *, seed: int = 1) -> None:
    """Let the pool hold areas around the given centres, whatever the counts are."""
    noise = np.random.default_rng(seed).normal(size=(TOWNS * AREAS, 2))
    values = centres[np.arange(TOWNS * AREAS) % len(centres)] + noise
    areas = pl.DataFrame({"pro_com": np.repeat([f"{k:06d}" for k in range(TOWNS)], AREAS)})
    monkeypatch.setattr(freezing_typology, "pool_values", lambda *_: (areas, values))


def frozen(
    two: Specification, previous: FrozenTypology | None = None, **plan: object
) -> FrozenTypology:
    return freeze_typology(
        two, pl.DataFrame(), edition="2051", plan=Plan(**{**vars(FEW), **plan}), previous=previous
    )


def places(typology: FrozenTypology) -> dict[str, tuple[float, ...]]:
    return {group.profilo_id: tuple(np.round(group.mean)) for group in typology.groups}


def test_groups_keep_their_numbers_when_they_come_back_in_another_order(
    monkeypatch: pytest.MonkeyPatch, two: Specification
) -> None:
    pooled(monkeypatch, KINDS)
    first = frozen(two)
    assert [group.number for group in first.groups] == [1, 2, 3]
    swapped = first.model_copy(
        update={
            "groups": tuple(
                group.model_copy(update={"profilo_id": f"tipologia_{number}"})
                for group, number in zip(first.groups, (7, 2, 5), strict=True)
            )
        }
    )
    again = frozen(two, previous=swapped)
    assert places(again) == places(swapped)
    assert [group.number for group in again.groups] == [2, 5, 7]


def test_a_group_more_takes_a_number_never_used(
    monkeypatch: pytest.MonkeyPatch, two: Specification
) -> None:
    pooled(monkeypatch, KINDS)
    first = frozen(two)
    pooled(monkeypatch, np.vstack([KINDS, [[9.0, 9.0]]]))
    more = frozen(two, previous=first, candidates=(4,))
    assert [group.number for group in more.groups] == [1, 2, 3, 4]
    new = places(more)["tipologia_4"]
    assert len(set(places(more).values()) & set(places(first).values())) >= 2
    assert new not in places(first).values()


def test_other_indicators_give_other_numbers(
    monkeypatch: pytest.MonkeyPatch, two: Specification
) -> None:
    pooled(monkeypatch, KINDS)
    first = frozen(two)
    scale = first.indicators[0].model_copy(update={"indicatore_id": "altro"})
    strange = first.model_copy(update={"indicators": (scale, first.indicators[1])})
    assert [g.number for g in frozen(two, previous=strange).groups] == [4, 5, 6]


def test_the_finest_stable_number_is_published_whatever_the_order_of_the_areas(
    monkeypatch: pytest.MonkeyPatch, two: Specification
) -> None:
    pooled(monkeypatch, KINDS)
    found = frozen(two, candidates=(2, 3, 6))
    assert len(found.groups) == 3
    assert not found.exploratory
    assert [tried.clusters for tried in found.stability] == [2, 3, 6]
    areas, values = freezing_typology.pool_values(two, pl.DataFrame())
    monkeypatch.setattr(freezing_typology, "pool_values", lambda *_: (areas[::-1], values[::-1]))
    assert frozen(two, candidates=(2, 3, 6)) == found
