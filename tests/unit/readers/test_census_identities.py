"""Totals compared with their parts: what is missing is not compared, what differs is told."""

import polars as pl
import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.census_identities import IDENTITIES, differences
from will_pipeline.readers.census_layouts import codes


def test_tells_where_a_total_is_not_the_sum_of_its_parts() -> None:
    table = pl.DataFrame({"area": ["a", "b", "c"]} | {code: [0, 0, 0] for code in codes(2023)})
    table = table.with_columns(
        pl.Series("ST1", [3, 5, 9]), pl.Series("EM5", [1, 1, None]), pl.Series("EM6", [2, 2, 2])
    )
    found = differences(table, vintage=2023, key="area").filter(parts="EM5+EM6").row(0)
    assert found == ("ST1", "EM5+EM6", 2, 1, 2, "b")


@pytest.mark.parametrize("vintage", IDENTITIES)
def test_every_identity_is_over_variables_of_its_layout(vintage: int) -> None:
    named = {name for total, parts in IDENTITIES[vintage] for name in (total, *parts)}
    assert named <= set(codes(vintage))


def test_refuses_unknown_vintages_and_absent_variables() -> None:
    with pytest.raises(SourceFault, match="nessuna identità per il 1991"):
        differences(pl.DataFrame({"area": ["a"]}), vintage=1991, key="area")
    with pytest.raises(SourceFault, match="colonna P1: la colonna manca"):
        differences(pl.DataFrame({"area": ["a"]}), vintage=2011, key="area")
