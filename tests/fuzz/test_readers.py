"""No reader ends in anything but rows or a refusal of ours, whatever bytes it is given."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import REGRESSIONS, accepts, spoilt, targets
from tests.unit.readers.test_catalogue import PRODUCTS

# A geometry that a driver cannot read is told as a warning, then refused by the reader.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
NAMES = sorted(targets())
SECONDS = 20.0
"""No call may take longer: these samples are read in far less than one."""


@pytest.mark.parametrize("name", NAMES)
def test_any_bytes_are_refused_or_read(name: str) -> None:
    target = targets()[name]

    @settings(max_examples=4)
    @given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
    def check(content: bytes) -> None:
        accepts(target, content)

    check()


@pytest.mark.parametrize("name", NAMES)
def test_spoilt_samples_are_refused_or_read_in_time(name: str) -> None:
    target = targets()[name]
    chance = random.Random(name)  # noqa: S311  (a seeded play, no secret)
    begun = time.monotonic()
    for sample in target.samples:
        for _ in range(4):
            accepts(target, spoilt(sample, chance))
    assert time.monotonic() - begun < SECONDS


@pytest.mark.parametrize("path", sorted(REGRESSIONS.glob("*.bin")), ids=lambda path: path.name)
def test_what_once_broke_a_reader_does_not_break_it_again(path: object) -> None:
    name = path.name.partition("__")[0]  # type: ignore[attr-defined]
    if name not in targets():
        pytest.skip("the official files of this reader are not on this machine")
    accepts(targets()[name], path.read_bytes())  # type: ignore[attr-defined]


def test_every_kind_of_reader_is_among_the_targets() -> None:
    kinds = {name.partition("-")[0] for name in NAMES}
    assert {"file", "portale", "consegna", "mappa", "idise", "xml", "correzioni"} <= kinds
    assert len(PRODUCTS) > 20
