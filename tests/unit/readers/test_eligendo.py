"""Turnout: three layouts, one table; a rate that is not voters over electors is refused."""

from datetime import date

import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.eligendo import turnout

EUROPEAN = 'desc,ele_t,perc,vot_t,perc_r,CODICE ISTAT\nBERGAMO,93025,"62,93",58540,"70,24",016024\n'
GENERAL = "CODICE ISTAT,comune,elettori,%h23,voti_h23\n016024,BERGAMO,87220,73.32,63953\n"
REFERENDUM = 'ele_t,vot_t_com4,perc_com4,codice_istat\n74885,45604,"60,90",3106\n'
EUROPEAN_NAME = "affluenza/europee_2024_affluenza_comuni.csv"


def test_reads_the_three_layouts() -> None:
    files = {
        EUROPEAN_NAME: EUROPEAN.encode(),
        "affluenza/politiche_2022_affluenza_comuni.csv": GENERAL.encode(),
        "affluenza/referendum_2026_affluenza_comuni.csv": REFERENDUM.encode(),
    }
    assert turnout(files).rows() == [
        ("016024", "europee_2024", date(2024, 6, 9), 93025, 58540, 62.93),
        ("016024", "politiche_2022", date(2022, 9, 25), 87220, 63953, 73.32),
        ("003106", "referendum_2026", date(2026, 3, 23), 74885, 45604, 60.9),
    ]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (EUROPEAN, "<html></html>", "pagina web"),
        ("vot_t", "votanti", "colonna vot_t"),
        ("58540", "58.540", "riga 2, colonna voters"),
        ("62,93", "26,93", "non è il rapporto fra votanti ed elettori"),
        (",016024", ",013075", "manca il codice 016024"),
    ],
)
def test_refuses_a_broken_file(old: str, new: str, rule: str) -> None:
    with pytest.raises(SourceFault, match=rule):
        turnout({EUROPEAN_NAME: EUROPEAN.replace(old, new).encode()}, cities=["016024"])


def test_refuses_an_unknown_consultation() -> None:
    with pytest.raises(SourceFault, match="consultazione sconosciuta: 'comunali_2025'"):
        turnout({"comunali_2025_affluenza_comuni.csv": EUROPEAN.encode()})
