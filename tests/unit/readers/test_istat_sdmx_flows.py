"""Answers of any dataflow: codes and not labels, one system of places, totals apart."""

import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.istat_sdmx_flows import FLOWS, observations, require_parts

FLOW = "DF_DCSS_FAMIGLIE_TV_1"
HEADER = "DATAFLOW,FREQ,REF_AREA,INDICATOR,NUM_MEMB,TIME_PERIOD,OBS_VALUE,OBS_STATUS,NOTE_DS"
ROWS = (
    "IT1:DF_DCSS_FAMIGLIE_TV_1(1.0),A,016024,NPHH_AV,N1,2022,24681,,",
    "IT1:DF_DCSS_FAMIGLIE_TV_1(1.0),A,016024,NPHH_AV,TOTAL,2022,58012,,",
    "IT1:DF_DCSS_FAMIGLIE_TV_1(1.0),A,016024,NPHH_AV,N1,2023,24790,p,",
    "IT1:DF_DCSS_FAMIGLIE_TV_1(1.0),A,ITD5,NPHH_AV,N1,2022,,,",
)


def answer(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *rows, "")).encode()


def test_reads_codes_with_totals_apart_and_blanks_missing() -> None:
    table = observations({"a.csv": answer(*ROWS)}, flow=FLOW)
    assert table.rows() == [
        ("016024", "comune", "NPHH_AV", "N1", False, 2022, 24681.0, None),
        ("016024", "comune", "NPHH_AV", "N1", False, 2023, 24790.0, "p"),
        ("016024", "comune", "NPHH_AV", "TOTAL", True, 2022, 58012.0, None),
        ("ITD5", "regione", "NPHH_AV", "N1", False, 2022, None, None),
    ]


def test_leaves_out_the_period_too_many_and_asks_for_each_of_those_wanted() -> None:
    table = observations({"a.csv": answer(*ROWS)}, flow=FLOW, years=[2022])
    assert set(table["year"]) == {2022}
    with pytest.raises(SourceFault, match="manca l'anno 2021"):
        observations({"a.csv": answer(*ROWS)}, flow=FLOW, years=[2021, 2022])


def test_reads_codes_and_labels_as_codes() -> None:
    header = HEADER.replace("REF_AREA", "REF_AREA: Territory").replace(
        "NUM_MEMB", "NUM_MEMB: Members"
    )
    rows = [row.replace("016024", '"016024: Bergamo, city"').replace(",N1,", ",N1: 1 member,")
            for row in ROWS]  # fmt: skip
    labelled = observations({"a.csv": answer(*rows, header=header)}, flow=FLOW)
    assert labelled.equals(observations({"a.csv": answer(*ROWS)}, flow=FLOW))


def test_keeps_the_territories_asked_for_in_any_system_of_codes() -> None:
    table = observations({"a.csv": answer(*ROWS)}, flow=FLOW, territories=["ITH5"])
    assert table["territory"].to_list() == ["ITD5"]


def test_monza_under_its_dead_code_is_monza() -> None:
    dead = [row.replace("016024", "015149") for row in ROWS]
    table = observations({"a.csv": answer(*dead)}, flow=FLOW, territories=["108033"])
    assert set(table["territory"]) == {"108033"}
    both = [ROWS[0].replace("016024", "108033"), ROWS[0].replace("016024,NPHH_AV,N1,2022,24681",
            "015149,NPHH_AV,N1,2022,")]  # fmt: skip
    assert observations({"a.csv": answer(*both)}, flow=FLOW)["value"].to_list() == [24681.0]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (answer(), "nessuna riga"),
        (b"<html>Bad Request - Invalid URL</html>", "pagina web"),
        (answer(ROWS[0].replace("FAMIGLIE_TV_1", "FAMIGLIE_TV_2")), "atteso DF_DCSS_FAMIGLIE_TV_1"),
        (answer(ROWS[0], header=HEADER.replace("NUM_MEMB", "MEMB")), "colonna NUM_MEMB"),
        (answer(ROWS[0].replace("24681", "120.923")), "'120.923' non è un numero intero"),
        (answer(ROWS[0].replace(",24681", ',"120,923"')), "'120,923' non è un numero intero"),
        (answer(ROWS[0].replace("2022", "2022-Q1")), "'2022-Q1' non è un anno"),
        (answer(ROWS[0].replace("016024", "XYZ")), "codice di territorio sconosciuto: XYZ"),
        (answer(*ROWS, ROWS[0].replace("016024", "ITH3")), "due sistemi di codici insieme"),
        (answer(ROWS[0], ROWS[0]), "chiave ripetuta"),
        (
            answer(f"{ROWS[0]},F", f"{ROWS[0]},M", header=f"{HEADER},CITIZENSHIP"),
            "colonna CITIZENSHIP: dimensione non prevista",
        ),
    ],
)
def test_refuses_a_broken_answer(content: bytes, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        observations({"a.csv": content}, flow=FLOW)


def test_refuses_a_flow_that_nobody_described() -> None:
    with pytest.raises(SourceFault, match="flusso sconosciuto: X"):
        observations({"a.csv": answer(*ROWS)}, flow="X")


def test_totals_that_are_not_the_sum_of_their_parts_are_refused() -> None:
    header = HEADER.replace("INDICATOR,NUM_MEMB", "DATA_TYPE,SEX")
    rows = [f"IT1:29_316(1.0),A,016024,FJAN,{sex},2025-01-01,{value},," for sex, value in
            (("1", 9_000), ("2", 10_441), ("9", 19_441))]  # fmt: skip
    table = observations({"a.csv": answer(*rows, header=header)}, flow="29_316")
    require_parts(table, dimension="sex", total="9", source="istat_stranieri")
    wrong = answer(*rows[:2], rows[2].replace("19441", "19442"), header=header)
    table = observations({"a.csv": wrong}, flow="29_316")
    with pytest.raises(SourceFault, match="territorio 016024, anno 2025, colonna sex: le parti"):
        require_parts(table, dimension="sex", total="9", source="istat_stranieri")


def test_every_flow_keeps_its_totals_among_its_dimensions() -> None:
    assert all(set(flow.totals) <= set(flow.dimensions) for flow in FLOWS.values())
