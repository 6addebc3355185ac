"""The table of the simulation is read as it is, or refused."""

import pytest

from will_pipeline.indicators.measured_coverage import CoverageFault, read_coverage

TABLE = """# Title

| Estimator | Simulated world | Coverage % | ± |
|---|---|---:|---:|
| Rates | many areas | 89.9 | 0.2 |
| Rates | few areas | 91.0 | 0.3 |
| Counts | many areas | 75.1 | 0.3 |
"""


def test_rows_are_found_by_estimator_and_world() -> None:
    found = read_coverage(TABLE)
    assert found.of("Counts", "many areas") == 75.1
    assert found.range_of("Rates") == (89.9, 91.0)


@pytest.mark.parametrize("ask", [("Counts", "few areas"), ("Other", "many areas")])
def test_a_row_that_was_not_measured_is_an_error(ask: tuple[str, str]) -> None:
    with pytest.raises(CoverageFault, match=ask[1]):
        read_coverage(TABLE).of(*ask)
    with pytest.raises(CoverageFault, match="Other"):
        read_coverage(TABLE).range_of("Other")


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("nothing", "no table"),
        (TABLE.replace("75.1", "many"), "no percentage"),
        (TABLE.replace("75.1", "751"), "no percentage"),
        (TABLE.replace("few areas", "many areas"), "twice"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(page: str, said: str) -> None:
    with pytest.raises(CoverageFault, match=said):
        read_coverage(page)
