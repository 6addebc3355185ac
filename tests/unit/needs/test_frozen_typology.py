"""The frozen table: what it must agree on, and that writing and reading lose nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from will_pipeline.indicators.goalposts import BASE_EDITION
from will_pipeline.indicators.specification import Specification
from will_pipeline.needs.frozen_typology import (
    FrozenTypology,
    TypologyFault,
    load_typology,
    save_typology,
)
from will_pipeline.needs.traits import names


def test_what_is_written_is_what_is_read(frozen: FrozenTypology, tmp_path: Path) -> None:
    file = save_typology(frozen, tmp_path)
    assert load_typology(frozen.edition, tmp_path) == frozen
    before = file.read_bytes()
    assert save_typology(load_typology(frozen.edition, tmp_path), tmp_path).read_bytes() == before


def test_treatment_comes_before_the_scale(frozen: FrozenTypology) -> None:
    first = frozen.indicators[0].model_copy(update={"upper": 28.0})
    limited = frozen.model_copy(update={"indicators": (first, *frozen.indicators[1:])})
    z = limited.standardise(np.full((1, len(frozen.names)), 40.0))
    assert z[0, 0] == pytest.approx(2.0)
    assert z[0, 1] == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"within": 0.0}, "within"),
        ({"stability": []}, "among those tried"),
        ({"unknown": 1}, "unknown"),
        ({"groups": "same"}, "different identifiers"),
        ({"groups": "short"}, "one centroid"),
        ({"groups": "fewer"}, "of the pool"),
    ],
)
def test_a_table_that_does_not_agree_with_itself_is_named_with_its_rule(
    frozen: FrozenTypology, tmp_path: Path, changed: dict[str, Any], rule: str
) -> None:
    content = frozen.model_dump(mode="json")
    groups = content["groups"]
    if changed.get("groups") == "same":
        groups[1]["profilo_id"] = groups[0]["profilo_id"]
    elif changed.get("groups") == "short":
        groups[1]["centroid"] = groups[1]["centroid"][1:]
    elif changed.get("groups") == "fewer":
        groups[1]["areas"] -= 1
    else:
        content |= changed
    (tmp_path / "typology_2051.yaml").write_text(yaml.safe_dump(content), "utf-8")
    with pytest.raises(TypologyFault, match=rule) as fault:
        load_typology("2051", tmp_path)
    assert fault.value.file == "typology_2051.yaml"


def test_an_edition_that_was_never_frozen_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_typology("1861", tmp_path)


def test_the_tracked_edition_names_its_groups_by_the_rule(specification: Specification) -> None:
    tracked = load_typology(BASE_EDITION)
    assert tracked.names == tuple(card.indicatore_id for card in specification.comparable)
    made = names(specification, [np.array(group.centroid) for group in tracked.groups])
    assert made == [(group.etichetta, group.label_en) for group in tracked.groups]
    assert tracked.resamples == 200
    assert tracked.starts >= 200
    stable = [tried.clusters for tried in tracked.stability if tried.mean >= 0.75]
    assert len(tracked.groups) == max(stable)
