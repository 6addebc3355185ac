"""A contract that takes back a promise needs a new MAJOR version."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from will_pipeline.contracts.catalogue import CONTRACT_VERSION, load_contracts, load_views
from will_pipeline.contracts.compatibility import (
    PUBLISHED,
    ContractBroken,
    check_compatible,
    promises,
)


@pytest.fixture(scope="module")
def now() -> dict[str, Any]:
    return promises(load_contracts("mart").values(), load_views().values(), "1.4.0")


def columns(told: dict[str, Any], table: str) -> dict[str, Any]:
    return told["tables"][table]["columns"]


def test_the_contract_keeps_what_was_promised_to_readers() -> None:
    told = promises(load_contracts("mart").values(), load_views().values())
    check_compatible(json.loads(PUBLISHED.read_text("utf-8")), told)
    assert told["contract"] == CONTRACT_VERSION


def test_additions_and_words_are_no_break(now: dict[str, Any]) -> None:
    after = copy.deepcopy(now)
    columns(after, "dim_area")["novita"] = {"type": "VARCHAR", "unit": None, "english": "news"}
    after["tables"]["nuova"] = {"english": "fresh", "key": ["a"], "columns": {}}
    check_compatible(now, after)


@pytest.mark.parametrize("what", ["table", "view", "removed", "renamed", "type", "unit", "key"])
def test_a_promise_taken_back_is_named(now: dict[str, Any], what: str) -> None:
    after = copy.deepcopy(now)
    area = columns(after, "dim_area")
    if what == "table":
        del after["tables"]["dim_area"]
    elif what == "view":
        del after["tables"]["v_quintili"]
    elif what == "removed":
        del area["nome"]
    elif what == "renamed":
        area["denominazione"] = area.pop("nome")
    elif what == "key":
        after["tables"]["dim_area"]["key"] = ["codice"]
    else:
        area["popolazione"][what] = "altro"
    with pytest.raises(ContractBroken, match=r"2\.0\.0") as caught:
        check_compatible(now, after)
    assert len(caught.value.broken) == 1
    assert "dim_area" in str(caught.value) or "v_quintili" in str(caught.value)
    check_compatible(now, {**after, "contract": "2.0.0"})
