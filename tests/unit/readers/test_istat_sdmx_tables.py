"""Flows asked for whole: only what the table is about is kept, and two figures are one too many."""

import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.istat_sdmx_tables import life_satisfaction, neet_by_region

LIFE = "DATAFLOW,FREQ,REF_AREA,INDICATOR,GENDER,LIFE_SATISF,TIME_PERIOD,OBS_VALUE,OBS_STATUS"
NEET = "DATAFLOW,FREQ,REF_AREA,DATA_TYPE,SEX,AGE,TIME_PERIOD,OBS_VALUE,OBS_STATUS"


def life(*cells: str) -> dict[str, bytes]:
    rows = [f"IT1:DF_DCSS_BEST_PPC_2_GC(1.0),A,{each},e" for each in cells]
    return {"risposta.csv": "\n".join([LIFE, *rows, ""]).encode()}


def scores(area: str, *persons: float) -> list[str]:
    codes = ("SA_8", "SA_9", "SA_10", "ALL")
    return [f"{area},X,T,{code},2024,{n}" for code, n in zip(codes, persons, strict=True)]


PARMA = scores("ITD52", 100.0, 50.0, 25.0, 400.0)


def test_scores_become_one_row_a_province() -> None:
    others = [*scores("034027", 1, 2, 3, 9), "ITD52,X,1,SA_8,2024,60", "ITD52,X,T,SA_0,2024,9"]
    assert life_satisfaction(life(*PARMA, *others)).rows() == [
        ("ITD52", "Parma", 2024, 100.0, 50.0, 25.0, 400.0, 43.75)
    ]


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        (PARMA[:3], "manca un voto o il totale"),
        ([*PARMA, *scores("ITD53", 1, 1, 1, 4)[:2]], "territorio ITD53.*manca un voto"),
        ([*PARMA, "ITD52,Y,T,SA_8,2024,101"], "territorio ITD52, anno 2024: ci sono due cifre"),
    ],
)
def test_a_table_that_is_not_whole_is_refused(cells: list[str], rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        life_satisfaction(life(*cells))


def neet(*cells: str) -> dict[str, bytes]:
    rows = [f"IT1:172_931_DF_DCCV_NEET1_11(1.0),A,{each}," for each in cells]
    return {"risposta.csv": "\n".join([NEET, *rows, ""]).encode()}


def test_only_the_class_and_the_regions_asked_for_are_kept() -> None:
    answer = neet(
        "ITD5,NEET_I,9,Y18-29,2023,12.5", "ITD5,NEET_I,1,Y18-29,2023,10.0",
        "ITD5,NEET_I,9,Y15-34,2023,14.0", "ITD5,NEET,9,Y18-29,2023,70",
        "IT,NEET_I,9,Y18-29,2023,20",
    )  # fmt: skip
    table = neet_by_region(answer, age_class="Y18-29")
    assert table.select("region", "sex", "year", "share").rows() == [
        ("Emilia-Romagna", "M", 2023, 10.0),
        ("Emilia-Romagna", "T", 2023, 12.5),
    ]
    with pytest.raises(SourceFault, match="manca la classe Y15-29"):
        neet_by_region(answer, age_class="Y15-29")
