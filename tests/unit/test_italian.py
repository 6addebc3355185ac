"""Numbers written in Italian: halves go up on the digits that are shown, everywhere the same."""

import pytest

from will_pipeline.italian import number, shortest


@pytest.mark.parametrize(
    ("value", "decimals", "told"),
    [
        (38.15, 1, "38,2"), (2420.5, 0, "2.421"), (0.5, 0, "1"), (1.5, 0, "2"), (2.5, 0, "3"),
        (-2.5, 0, "\u22123"), (-0.04, 1, "0,0"), (0.97, 2, "0,97"),
        (1234567.891, 2, "1.234.567,89"),
        (1e-9, 1, "0,0"), (12, 1, "12,0"), (0.125, 2, "0,13"), (None, 1, "–"),
        (float("nan"), 0, "–"),
    ],
)  # fmt: skip
def test_a_number_is_written_as_italians_do(value: float | None, decimals: int, told: str) -> None:
    assert number(value, decimals) == told


def test_decimals_that_say_nothing_are_left_out() -> None:
    assert [shortest(each) for each in (250.0, 250.04, 1250.25)] == ["250", "250", "1.250,3"]
