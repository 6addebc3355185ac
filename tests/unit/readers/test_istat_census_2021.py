"""The variables of the permanent census: what the two lists say together, and broken lists."""

import pytest

from will_pipeline.errors import SourceFault
from will_pipeline.readers.istat_census_2021 import definitions

LAYOUT = (
    "NOME_CAMPO;DEFINIZIONE\r\nCODREG;Codice\r\nP1;Popolazione  residente - totale \r\n"
    "ST2_B;Femmine\r\nIT10;Occupati italiani\r\n"
)
CODES = '{"P1": "Totale", "IT10": "Occ.", "EM5": "Nati", "A3": "Vuote"}'


def read(layout: str = LAYOUT, codes: str = CODES):
    return definitions({"tracciato.csv": layout.encode(), "elenco.json": codes.encode()})


def test_each_vintage_has_its_own_codes_and_the_words_of_the_layout() -> None:
    rows = read().select("vintage", "code", "position", "universe", "definition").rows()
    assert rows == [
        (2021, "P1", 1, "popolazione", "Popolazione residente - totale"),
        (2021, "ST2_B", 2, "stranieri", "Femmine"),
        (2021, "IT10", 3, "italiani", "Occupati italiani"),
        (2023, "P1", 1, "popolazione", "Popolazione residente - totale"),
        (2023, "IT10", 2, "italiani", "Occupati italiani"),
        (2023, "A3", 3, "abitazioni", None),
        (2023, "EM5", 4, "popolazione", None),
    ]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"layout": LAYOUT.replace("DEFINIZIONE", "ALTRO")}, "DEFINIZIONE"),
        ({"layout": LAYOUT + "P1;Ancora\r\n"}, "chiave ripetuta"),
        ({"layout": LAYOUT + "P2;\r\n"}, "il valore manca"),
        ({"layout": "<html>"}, "pagina web"),
        ({"layout": "NOME_CAMPO;DEFINIZIONE\r\nCODREG;Codice\r\n"}, "nessuna variabile"),
        ({"codes": "{"}, "non è JSON"),
        ({"codes": '["P1"]'}, "non è un elenco di codici"),
        ({"codes": '{"P1": "a", "P1": "b"}'}, "codice ripetuto"),
        ({"codes": '{"E3": "Edifici"}'}, "E3"),
        ({"codes": '{"P999": "Altro"}'}, "nessun codice è nel tracciato"),
        ({"codes": '{"P1": "a", "x": "b"}'}, "non è una variabile"),
    ],
)
def test_a_broken_list_is_refused(broken: dict[str, str], said: str) -> None:
    with pytest.raises(SourceFault, match=said):
        read(**broken)


@pytest.mark.parametrize("files", [{}, {"a.csv": LAYOUT.encode()}, {"a.csv": b"", "b.csv": b""}])
def test_both_lists_are_needed(files: dict[str, bytes]) -> None:
    with pytest.raises(SourceFault, match="atteso un solo file"):
        definitions(files)
